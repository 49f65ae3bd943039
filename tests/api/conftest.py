"""The city of the API's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.city import City, running_city


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    """A fresh one for each test."""
    async with running_city(tmp_path) as running:
        yield running
