"""kill -9 at any moment of a change: all of it or nothing, and what was answered stands."""

import asyncio
import random
from pathlib import Path

from softswitch.business.changes import Data, Key, applied, from_text
from softswitch.store.business import StoredVersions
from softswitch.store.customers import StoredCustomers
from softswitch.store.rebuild import compare
from tests.softswitch.business.conftest import make_desk
from tests.softswitch.business.killed import run_and_kill
from tests.softswitch.store.samples import open_store

ROUNDS = 4
CHANGER = "tests.softswitch.business.changer"


async def test_a_killed_change_is_whole_or_not_there(tmp_path: Path) -> None:
    chance = random.Random(7)
    answered = 0
    for _ in range(ROUNDS):
        answered = max(answered, await run_and_kill(CHANGER, tmp_path, chance.uniform(0.0, 0.12)))
        store = await open_store(tmp_path)
        desk, reader = await make_desk(store, tmp_path)
        await desk.open({})
        assert desk.version >= answered
        assert {agent.name for agent in desk.business.agents if agent.id == "1001"} == {str(desk.version)}
        assert {queue.limit for queue in desk.business.queues if queue.name == "consult"} == {desk.version}
        [customer] = await StoredCustomers(reader).some("", "", 0, 2)
        assert customer.data is not None
        assert customer.data["name"] == str(desk.version)
        documents: dict[Key, Data] = {}
        for entry in await StoredVersions(reader).since(0):
            documents = applied(documents, from_text(entry.changes))
        assert documents == desk._documents
        await reader.close()
        await store.close()
    assert answered > ROUNDS
    assert await asyncio.to_thread(compare, tmp_path / "hotline.db") == ()
