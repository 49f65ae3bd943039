"""The daily check comes once a day at its time, lets callers go first, and its alarm stands until a check is well."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from api.faults import Conflict
from softswitch.calls.trunks import Trunks
from softswitch.clock import Clock
from softswitch.operations.alarms import AlarmBoard
from softswitch.operations.daily_work import PUT_OFF_S
from softswitch.operations.self_check import SLOTS_LEFT, SelfCheck
from softswitch.operations.self_check_report import Step
from softswitch.settings.self_check import SelfCheckSettings
from softswitch.store.reader import Reader
from softswitch.store.writer import Store
from tests.softswitch.calls.node import EPOCH, TRUNK, Keeper
from tests.softswitch.sip.stepped_clock import SteppedLoop

DAY_S = 86_400.0
HOUR_S = 3600.0
WELL = Step(name="trunk", is_well=True, took_ms=12)
FAILED = Step(name="tone", is_well=False, took_ms=40, detail="700 Hz")


@dataclass
class ScriptedCall:
    """Stands for the test call, which needs a whole node (`tests/e2e/test_self_check.py` has one)."""

    loop: SteppedLoop
    steps: tuple[Step, ...] = (WELL,)
    made_at: list[float] = field(default_factory=list)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def make(self) -> tuple[Step, ...]:
        self.made_at.append(self.loop.hands)
        await self.may_end.wait()
        return self.steps


@dataclass
class Desk:
    """A self-check an hour before its time, and everything that it asks."""

    loop: SteppedLoop
    call: ScriptedCall
    alarms: AlarmBoard
    free_slots: int = SLOTS_LEFT
    check: SelfCheck = field(init=False)

    async def pass_time(self, until: float) -> None:
        """Turn the hands, and let a check that begins come to its end."""
        self.loop.turn_to(until)
        await asyncio.gather(*[task for task in asyncio.all_tasks() if task.get_name() == "self-check"])

    def failures(self) -> list[str]:
        return [alarm.detail for alarm in self.alarms.standing()]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "hotline.sqlite"
    store = await Store.open(path, key_path=tmp_path / "key", wall=lambda: EPOCH, on_alarm=lambda _: None)
    reader = await Reader.open(path, store.committed)
    loop = SteppedLoop()
    clock = Clock(loop, lambda: EPOCH + loop.hands)
    desk = Desk(loop, ScriptedCall(loop), AlarmBoard(lambda _: None, Keeper(), clock.wall))
    desk.call.may_end.set()
    desk.check = SelfCheck(
        SelfCheckSettings(at=f"{datetime.fromtimestamp(EPOCH + HOUR_S).astimezone():%H:%M}", kept=2),
        node="hotline",
        data_dir=tmp_path,
        call=cast("Any", desk.call),
        alarms=desk.alarms,
        trunks=Trunks((TRUNK,)),
        free_slots=lambda: desk.free_slots,
        certificates=tuple,
        reader=reader,
        clock=clock,
    )
    desk.check.open()
    yield desk
    await desk.check.close()
    await reader.close()
    await store.close()


DUE_S = HOUR_S - EPOCH % 60
"""The check is due at a whole minute."""


async def test_it_comes_once_a_day_and_the_oldest_reports_go(desk: Desk) -> None:
    await desk.pass_time(DUE_S - 1)
    assert desk.call.made_at == []
    for day in range(3):
        await desk.pass_time(DUE_S + day * DAY_S)
        await desk.pass_time(DUE_S + day * DAY_S + HOUR_S)
    assert desk.call.made_at == [DUE_S, DUE_S + DAY_S, DUE_S + 2 * DAY_S]
    whole = await desk.check.newest("", 10)
    assert (len(whole.items), whole.next_cursor) == (2, None)
    first = await desk.check.newest("", 1)
    last = await desk.check.newest(str(first.next_cursor), 1)
    assert (first.items + last.items, last.next_cursor) == (whole.items, None)


async def test_it_is_put_off_while_callers_need_the_room_and_the_next_day_has_its_own_time(
    desk: Desk,
) -> None:
    desk.free_slots = SLOTS_LEFT - 1
    await desk.pass_time(DUE_S + 2.5 * PUT_OFF_S)
    assert desk.call.made_at == []
    desk.free_slots = SLOTS_LEFT
    await desk.pass_time(DUE_S + 3 * PUT_OFF_S - 1)
    assert desk.call.made_at == []
    await desk.pass_time(DUE_S + 3 * PUT_OFF_S)
    assert desk.call.made_at == [DUE_S + 3 * PUT_OFF_S]
    await desk.pass_time(DUE_S + DAY_S)
    assert desk.call.made_at == [DUE_S + 3 * PUT_OFF_S, DUE_S + DAY_S]
    assert desk.failures() == []


async def test_its_alarm_stands_until_a_check_is_well(desk: Desk) -> None:
    desk.call.steps = (WELL, FAILED)
    await desk.pass_time(DUE_S)
    assert desk.failures() == ["tone: 700 Hz"]
    desk.call.steps = (WELL,)
    await desk.pass_time(DUE_S + DAY_S)
    assert desk.failures() == []


async def test_who_asks_while_there_is_no_room_is_told_so_and_while_one_runs_too(desk: Desk) -> None:
    desk.free_slots = SLOTS_LEFT - 1
    assert (await desk.check.check()).fault == f"room: free_slots={SLOTS_LEFT - 1}"
    assert desk.call.made_at == []
    desk.free_slots = SLOTS_LEFT
    desk.call.may_end.clear()
    desk.loop.turn_to(DUE_S)
    with pytest.raises(Conflict) as refused:
        await desk.check.check()
    assert refused.value.code == "self_check_runs"
    desk.call.may_end.set()
    await desk.pass_time(DUE_S)
    assert desk.call.made_at == [DUE_S]


async def test_a_disk_that_takes_no_report_does_not_hide_that_the_check_failed(
    desk: Desk, tmp_path: Path
) -> None:
    """Nor does a database that gives nothing: they may be why it failed."""
    (tmp_path / "self_checks").write_text("no folder")
    with closing(sqlite3.connect(tmp_path / "hotline.sqlite")) as connection, connection:
        connection.execute("DROP TABLE half_hours")
    desk.call.steps = (FAILED,)
    await desk.pass_time(DUE_S)
    assert desk.failures() == ["tone: 700 Hz"]
    (tmp_path / "self_checks").unlink()
    await desk.pass_time(DUE_S + DAY_S)
    [view] = (await desk.check.newest("", 10)).items
    assert "数据库暂不可读" in view.text
