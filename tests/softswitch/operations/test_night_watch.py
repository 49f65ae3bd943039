"""Once a night the records are compared with the journal, by a process of its own."""

import asyncio
import sqlite3
from datetime import datetime
from pathlib import Path

from softswitch.clock import Clock
from softswitch.operations.alarms import AlarmKind
from softswitch.operations.daily_work import seconds_until
from softswitch.operations.night_watch import AT, NightWatch
from tests.softswitch.store.samples import open_store, whole_call


def local(hour: int, minute: int) -> float:
    return datetime(2026, 11, 27, hour, minute).astimezone().timestamp()


def test_the_night_is_the_next_half_past_three() -> None:
    assert seconds_until(AT, local(3, 29)) == 60
    assert seconds_until(AT, local(3, 30)) == 24 * 3600
    assert seconds_until(AT, local(23, 30)) == 4 * 3600


async def watch_over(folder: Path) -> tuple[NightWatch, list[tuple[AlarmKind, str, str]]]:
    """Three calls that were written down, and a watch over them."""
    store = await open_store(folder)
    for number in range(3):
        for entry in whole_call(f"c{number}", start=1000.0 * number):
            store.record(entry)
    await store.close()
    raised: list[tuple[AlarmKind, str, str]] = []
    watch = NightWatch(
        folder / "hotline.db",
        folder / "recording.key",
        Clock(asyncio.get_running_loop()),
        lambda kind, subject, detail: raised.append((kind, subject, detail)),
    )
    return watch, raised


async def test_what_agrees_raises_nothing(tmp_path: Path) -> None:
    watch, raised = await watch_over(tmp_path)
    await watch.compare()
    assert not raised
    assert watch.rounds == 1


async def test_a_changed_record_and_a_broken_chain_are_alarms_of_their_own(tmp_path: Path) -> None:
    watch, raised = await watch_over(tmp_path)
    connection = sqlite3.connect(tmp_path / "hotline.db")
    connection.execute("UPDATE calls SET talk_s = 1 WHERE call_id = 'c1'")
    connection.execute("UPDATE recordings SET sha256 = 'ff' WHERE call_id = 'c2'")
    connection.commit()
    connection.close()
    await watch.compare()
    assert [(kind, subject) for kind, subject, _ in raised] == [
        (AlarmKind.RECORDS_DIFFER, "projections"),
        (AlarmKind.RECORDS_DIFFER, "recording_chain"),
    ]
    assert "calls" in raised[0][2]


async def test_it_stops_in_the_middle_and_leaves_no_process(tmp_path: Path) -> None:
    watch, _ = await watch_over(tmp_path)
    watch.open()
    watch.begin()
    await asyncio.sleep(0.05)
    await watch.close()
    assert watch.rounds == 0
