"""The table of customers on a real database, with two columns of the hotline's own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from softswitch.customers.customer import CustomerField
from softswitch.customers.desk import CustomerDesk
from softswitch.store.customers import StoredCustomers
from softswitch.store.reader import Reader
from softswitch.store.writer import Store
from tests.softswitch.store.samples import open_store

AREA_CODE = "0510"
NOW = 1_780_000_000.0
FIELDS = (
    CustomerField(id="village", name="村居"),
    CustomerField(id="kind", name="类别", choices=("个人", "企业")),
)


async def make_desk(store: Store, folder: Path) -> tuple[CustomerDesk, Reader]:
    """A desk over a store whose database lies in a folder."""
    reader = await Reader.open(folder / "hotline.db", store.committed)
    desk = CustomerDesk(store, StoredCustomers(reader), lambda: FIELDS, area_code=AREA_CODE, wall=lambda: NOW)
    await desk.open()
    return desk, reader


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CustomerDesk]:
    """Nobody is known yet."""
    async with AsyncExitStack() as stack:
        store = await open_store(tmp_path)
        stack.push_async_callback(store.close)
        made, reader = await make_desk(store, tmp_path)
        stack.push_async_callback(reader.close)
        yield made
