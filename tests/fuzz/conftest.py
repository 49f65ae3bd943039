"""What the doors of this room open is closed behind them."""

from collections.abc import Iterator

import pytest

from tests.fuzz import interface, scratch


@pytest.fixture(scope="session", autouse=True)
def _doors_closed() -> Iterator[None]:
    yield
    interface.close()
    scratch.close()
