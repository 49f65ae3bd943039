"""Control's watch over itself: work that stumbles is an alarm, and nothing makes the watch deaf for good."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.event_stream import EventStream
from api.standing_work import going_on
from softswitch.operations import control_room
from softswitch.operations.alarms import AlarmKind
from softswitch.operations.control_room import LOOK_EVERY_S, ControlRoom
from softswitch.settings.node import NodeSettings
from tests.softswitch.calls.node import Node
from tests.softswitch.store.samples import open_store


@dataclass
class Figures:
    """Edge, cells and plane of a node that is well, as far as the watch looks at them here."""

    is_there: bool = True
    free_slots: int = 20
    nursery_hangs: bool = False
    hung: int = 0


class Watched:
    """A room over a node, and its live stream."""

    def __init__(self, node: Node, stream: EventStream, room: ControlRoom) -> None:
        self.node, self.stream, self.room = node, stream, room

    def standing(self) -> list[tuple[AlarmKind, str]]:
        """The alarms after the next look."""
        self.node.pass_time(LOOK_EVERY_S)
        return [(alarm.kind, alarm.subject) for alarm in self.room.alarms.standing()]

    async def wait_standing(self, *wanted: tuple[AlarmKind, str]) -> None:
        async with asyncio.timeout(5):
            while self.standing() != list(wanted):
                await asyncio.sleep(0.01)


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(control_room, "BUFFER_EVENTS", 10)
    node = Node()
    store = await open_store(tmp_path)
    stream = EventStream("s", node.clock.wall, dict)
    figures: Any = Figures()
    room = ControlRoom(
        edge=figures,
        pool=figures,
        plane=figures,
        store=store,
        engine=node.dispatcher.engine,
        seats=node.seats,
        board=node.board,
        trunks=node.trunks,
        record=node.chronicle.record,
        keeper=node.keeper,
        stream=stream,
        clock=node.clock,
        node=NodeSettings(run_dir=tmp_path / "run", data_dir=tmp_path),
        keep_free_mb=0.0,
    )
    try:
        room.open()
        yield Watched(node, stream, room)
    finally:
        await room.close()
        await store.close()


async def test_work_that_stumbles_is_an_alarm_until_it_was_calm_for_a_while(watched: Watched) -> None:
    """With its name; it went on meanwhile, and a loop of control hears of nothing else by it."""
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 1:
            raise OSError(24, "no descriptor")

    await going_on(work, "cells-rounds", again_s=0.0)
    assert begun == 2
    assert watched.standing() == [(AlarmKind.WORK_STUMBLED, "cells-rounds")]
    assert "no descriptor" in watched.room.alarms.standing()[0].detail
    watched.node.pass_time(300.0)
    assert watched.standing() == []


async def test_a_deadline_whose_callback_fails_is_an_alarm_too(watched: Watched) -> None:
    """The clock tells of it (`tests/softswitch/test_clock.py`)."""
    watched.node.clock.on_fault(ValueError("broken"))
    assert watched.standing() == [(AlarmKind.WORK_STUMBLED, "deadline")]


async def test_a_watch_that_was_too_slow_for_a_burst_goes_on_hearing(watched: Watched) -> None:
    """What came in the burst is lost to it, and nothing that comes later."""
    for _ in range(30):
        watched.stream.publish("call.requeued", {"call_id": "c1"})
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    watched.stream.publish("process.lost", {"process": "cell 7", "detail": "2 legs"})
    await watched.wait_standing((AlarmKind.CELL_LOST, ""))
