"""kill -9 at any moment of an import: all of its customers or none, and what was answered stands."""

import asyncio
import random
from pathlib import Path

from api.customer_views import CustomersQuery
from softswitch.store.rebuild import compare
from tests.softswitch.business.killed import run_and_kill
from tests.softswitch.customers.conftest import make_desk
from tests.softswitch.customers.importer import CUSTOMERS
from tests.softswitch.store.samples import open_store

ROUNDS = 3


async def test_a_killed_import_is_whole_or_not_there(tmp_path: Path) -> None:
    chance = random.Random(5)
    for _ in range(ROUNDS):
        module = "tests.softswitch.customers.importer"
        answered = await run_and_kill(module, tmp_path, chance.uniform(0.0, 0.1))
        store = await open_store(tmp_path)
        desk, reader = await make_desk(store, tmp_path)
        found = (await desk.list(CustomersQuery(limit=500))).items
        assert len(found) == CUSTOMERS
        [level] = {customer.level for customer in found}
        assert {desk.level_of(customer.numbers[0]) for customer in found} == {level}
        [version] = {customer.version for customer in found}
        assert version >= answered
        await reader.close()
        await store.close()
    assert await asyncio.to_thread(compare, tmp_path / "hotline.db") == ()
