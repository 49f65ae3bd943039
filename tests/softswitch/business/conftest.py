"""A business on a real database, with the machine of the example city."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from api.event_stream import EventStream
from api.ports import Ports
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import from_file
from softswitch.business.whole import Machine
from softswitch.store.business import StoredVersions
from softswitch.store.reader import Reader
from softswitch.store.writer import Store
from tests.api.city import Agents, Calls, Health, Recordings
from tests.softswitch.store.samples import open_store

CONFIG = Path(__file__).parents[3] / "config"
MACHINE = Machine(
    trunks=frozenset({"city"}),
    prompts=frozenset(path.stem for path in (CONFIG / "prompts" / "zh").glob("*.wav")),
    music=frozenset({"waiting"}),
)
NOW = 1_780_000_000.0


def city_file() -> dict[str, Any]:
    """The example business that is shipped."""
    found: dict[str, Any] = json.loads((CONFIG / "business" / "city.json").read_text(encoding="utf-8"))
    return found


async def make_desk(store: Store, folder: Path) -> tuple[BusinessDesk, Reader]:
    """A desk over a store whose database lies in a folder."""
    reader = await Reader.open(folder / "hotline.db", store.committed)
    return BusinessDesk(store, StoredVersions(reader), MACHINE, lambda: NOW), reader


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BusinessDesk]:
    """The example city, seeded: version 1."""
    async with AsyncExitStack() as stack:
        store = await open_store(tmp_path)
        stack.push_async_callback(store.close)
        made, reader = await make_desk(store, tmp_path)
        stack.push_async_callback(reader.close)
        await made.open(from_file(city_file()))
        yield made


Taken = list[tuple[int, list[str]]]


@pytest.fixture
def taken(desk: BusinessDesk) -> Taken:
    """What the running system was told of: versions, and documents that changed."""
    found: Taken = []
    desk.take = lambda _business, changes, version: found.append(
        (version, [f"{change.kind}/{change.id}" for change in changes])
    )
    return found


def ports_with(folder: Path, **more: Any) -> Ports:
    """The ports of a hotline in memory, whose recordings lie in a folder, with more of them over real parts."""
    return Ports(
        agents=Agents(),
        calls=Calls(),
        recordings=Recordings(folder),
        health=Health(),
        events=EventStream("s", lambda: 0.0, dict),
        **more,
    )
