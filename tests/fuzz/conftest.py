"""What the doors of this room open is closed behind them."""

from collections.abc import Iterator

import pytest

from tests.fuzz import interface


@pytest.fixture(scope="session", autouse=True)
def _interface_closed() -> Iterator[None]:
    yield
    interface.close()
