"""The one writer: order, group commit, retries, what survives a kill."""

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from softswitch.store.entries import (
    AlarmCleared,
    AlarmRaised,
    CallAnswered,
    Entry,
    ProcessLost,
    RecordingStarted,
)
from softswitch.store.errors import EntryRefused, StateRefused, StoreClosed, StoreUnavailable
from softswitch.store.rebuild import compare
from softswitch.store.writer import FAILING_ALARM, REJECTED_ALARM, Store
from tests.softswitch.store.samples import any_entries, arrived, ended, open_store, whole_call

PROJECT = Path(__file__).parents[3]


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """What stands in the database, read by another connection."""
    connection = sqlite3.connect(folder / "hotline.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def test_what_was_committed_is_there_in_order(tmp_path: Path) -> None:
    """`committed` returns when another connection sees everything."""
    store = await open_store(tmp_path)
    for entry in whole_call():
        store.record(entry)
    await store.committed()
    assert rows(tmp_path, "SELECT kind FROM journal ORDER BY seq") == [
        (type(entry).__name__,) for entry in whole_call()
    ]
    assert rows(tmp_path, "SELECT talk_s, end_reason FROM calls") == [(56.0, "completed")]
    await store.close()


async def test_recording_never_waits_and_a_group_is_one_transaction(tmp_path: Path) -> None:
    """A hundred entries of one moment need one commit; nobody waits for `committed` and they are written anyway."""
    store = await open_store(tmp_path)
    for number in range(100):
        store.record(CallAnswered(at=1.0, call_id=f"c{number}"))
    assert store.statistics().backlog == 100
    await store.committed()
    figures = store.statistics()
    assert (figures.entries, figures.commits, figures.backlog, figures.failures) == (100, 1, 0, 0)
    assert 0 < figures.last_lag_s <= figures.worst_lag_s
    await store.close()


async def test_what_belongs_together_is_one_transaction_in_a_long_backlog_too(tmp_path: Path) -> None:
    """The second of two entries does not begin the next group, however full this one is."""
    store = await open_store(tmp_path)
    for number in range(250):
        store.record(CallAnswered(at=1.0, call_id=f"c{number}"))
    store.record(ProcessLost(at=1.0, process="cell-7"), joined=True)
    await store.committed()
    figures = store.statistics()
    assert (figures.entries, figures.commits) == (251, 1)
    await store.close()


async def test_a_group_is_committed_without_anybody_asking(tmp_path: Path) -> None:
    """Within the window and one commit."""
    store = await open_store(tmp_path)
    store.record(arrived())
    async with asyncio.timeout(5):
        while store.statistics().backlog:
            await asyncio.to_thread(lambda: None)
    assert rows(tmp_path, "SELECT count(*) FROM journal") == [(1,)]
    await store.close()


async def test_an_entry_that_happens_once_is_written_once(tmp_path: Path) -> None:
    """Also within one group, and after a restart; entries that may repeat do."""
    for _ in range(2):
        store = await open_store(tmp_path)
        for entry in (arrived(), arrived(at=105.0), ProcessLost(at=1.0, process="cell-7")):
            store.record(entry)
        await store.close()
    assert rows(tmp_path, "SELECT kind, count(*) FROM journal GROUP BY kind ORDER BY kind") == [
        ("CallArrived", 1),
        ("ProcessLost", 2),
    ]
    assert rows(tmp_path, "SELECT arrived_at FROM calls") == [(100.0,)]


async def test_an_entry_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """The caller hears of it; nothing else is lost."""
    store = await open_store(tmp_path)
    with pytest.raises(EntryRefused):
        store.record(arrived(at=float("nan")))
    with pytest.raises(StateRefused):
        store.put("dialog", "leg-1", {"body": b""})
    store.record(arrived())
    await store.close()
    assert rows(tmp_path, "SELECT count(*) FROM journal") == [(1,)]


async def test_state_survives_a_restart(tmp_path: Path) -> None:
    """The last write wins, removed keys stay away."""
    store = await open_store(tmp_path)
    store.put("binding", "8001", {"contact": "old"})
    store.put("binding", "8001", {"contact": "sip:8001@127.0.0.3", "expires_at": 12.5})
    store.put("binding", "8002", {"contact": "x"})
    await store.committed()
    store.remove("binding", "8002")
    store.remove("binding", "8003")
    await store.close()
    again = await open_store(tmp_path)
    assert again.load("binding") == {"8001": {"contact": "sip:8001@127.0.0.3", "expires_at": 12.5}}
    assert again.load("dialog") == {}
    await again.close()


async def test_two_writers_of_one_database_are_impossible(tmp_path: Path) -> None:
    """The second is refused until the first is gone."""
    store = await open_store(tmp_path)
    with pytest.raises(StoreUnavailable, match="another process"):
        await open_store(tmp_path)
    await store.close()
    await (await open_store(tmp_path)).close()


async def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    """An entry that would be lost is an error for whoever brings it."""
    store = await open_store(tmp_path)
    await store.close()
    with pytest.raises(StoreClosed):
        store.record(arrived())
    assert "backlog=0" in repr(store)


async def test_a_locked_database_delays_and_loses_nothing(tmp_path: Path) -> None:
    """One alarm is raised and cleared; entries recorded meanwhile follow in order."""
    alarms: list[AlarmRaised | AlarmCleared] = []
    failing = asyncio.Event()

    def on_alarm(alarm: AlarmRaised | AlarmCleared) -> None:
        alarms.append(alarm)
        failing.set()
        raise RuntimeError("an observer that fails must not stop the writer")

    store = await open_store(tmp_path, on_alarm=on_alarm)
    blocker = sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store.record(arrived("c1"))
    store.put("dialog", "leg-1", {"cseq": 1})
    await asyncio.wait_for(failing.wait(), 10)
    assert store.statistics().is_failing
    store.record(arrived("c2"))
    store.put("dialog", "leg-1", {"cseq": 2})
    blocker.execute("ROLLBACK")
    blocker.close()
    await asyncio.wait_for(store.committed(), 20)
    assert [(type(alarm), alarm.alarm) for alarm in alarms] == [
        (AlarmRaised, FAILING_ALARM),
        (AlarmCleared, FAILING_ALARM),
    ]
    assert rows(tmp_path, "SELECT call_id FROM journal ORDER BY seq") == [("c1",), ("c2",)]
    await store.close()
    assert (await reopened_state(tmp_path)) == {"leg-1": {"cseq": 2}}


async def reopened_state(folder: Path) -> dict[str, dict[str, Any]]:
    """The dialogs that a new process finds."""
    store = await open_store(folder)
    found = store.load("dialog")
    await store.close()
    return found


async def test_closing_while_the_disk_refuses_says_what_is_missing(tmp_path: Path) -> None:
    """Whoever waits is told, and so is whoever closes."""
    store = await open_store(tmp_path)
    blocker = sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store.record(arrived())
    waiting = asyncio.ensure_future(store.committed())
    with pytest.raises(StoreClosed) as caught:
        await store.close(timeout_s=0.1)
    assert caught.value.unwritten == 1
    with pytest.raises(StoreClosed):
        await waiting
    blocker.close()


async def test_one_entry_that_the_database_refuses_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    """It is kept in a file beside the database, with an alarm."""
    alarms: list[AlarmRaised | AlarmCleared] = []
    store = await open_store(tmp_path, on_alarm=alarms.append)
    await store.committed()
    rule = sqlite3.connect(tmp_path / "hotline.db", isolation_level=None)
    rule.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON journal WHEN new.call_id = 'bad' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    rule.close()
    store.put("dialog", "leg-1", {"cseq": 1})
    for call_id in ("c1", "bad", "c2"):
        store.record(arrived(call_id))
    await asyncio.wait_for(store.committed(), 20)
    await store.close()
    assert rows(tmp_path, "SELECT call_id FROM journal ORDER BY seq") == [("c1",), ("c2",)]
    assert [alarm.alarm for alarm in alarms] == [REJECTED_ALARM]
    [line] = (tmp_path / "hotline.rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["row"]["call_id"] == "bad"
    assert (await reopened_state(tmp_path)) == {"leg-1": {"cseq": 1}}


async def test_calls_that_a_crash_left_open_are_closed_when_the_process_was_last_alive(
    tmp_path: Path,
) -> None:
    """Live calls are left alone; open recordings of dead calls are named for repair."""
    clock = [500.0]
    store = await open_store(tmp_path, wall=lambda: clock[0])
    for entry in (
        arrived("dead", 400.0),
        RecordingStarted(at=401.0, recording_id="r1", call_id="dead", path="/data/r1.wav"),
        arrived("live", 410.0),
        RecordingStarted(at=411.0, recording_id="r2", call_id="live", path="/data/r2.wav"),
        arrived("over", 420.0),
        ended("over", 430.0),
        arrived("late", 600.0),
    ):
        store.record(entry)
    await store.close()
    clock[0] = 9000.0
    again = await open_store(tmp_path, wall=lambda: clock[0])
    assert again.last_alive_at == 500.0
    orphans = await again.close_orphans(9000.0, {"live"})
    assert orphans.calls == ("dead", "late")
    assert orphans.recordings == (("r1", "dead", "/data/r1.wav"),)
    assert (await again.close_orphans(9001.0, {"live"})).calls == ()
    await again.close()
    assert rows(
        tmp_path, "SELECT call_id, end_reason, ended_by, ended_at FROM calls ORDER BY arrived_at"
    ) == [
        ("dead", "crash", "system", 500.0),
        ("live", None, None, None),
        ("over", "completed", "caller", 430.0),
        ("late", "crash", "system", 600.0),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_entries)
def test_a_rebuild_from_the_journal_equals_the_live_projections(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    """For any entries in any order, committed in groups of three, with a restart in the middle."""
    folder = tmp_path_factory.mktemp("any")

    async def live() -> None:
        for half in (entries[: len(entries) // 2], entries[len(entries) // 2 :]):
            store = await open_store(folder)
            for number, entry in enumerate(half):
                store.record(entry)
                if number % 3 == 2:
                    await store.committed()
            await store.close()

    asyncio.run(live())
    assert compare(folder / "hotline.db") == ()


KILLED_CHILD = """
import asyncio, sys
from pathlib import Path
from tests.softswitch.store.samples import open_store, arrived, ended
async def main():
    store = await open_store(Path(sys.argv[1]))
    number = 0
    while True:
        for _ in range(7):
            number += 1
            store.record(arrived(f"c{number}"))
            store.put("live_call", f"c{number}", {"number": number})
        await store.committed()
        print(number, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("reports_before_kill", [1, 5, 20])
def test_everything_reported_committed_survives_kill_9(tmp_path: Path, reports_before_kill: int) -> None:
    """The child is killed while it writes; what it had reported is there, and the rest is whole."""
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert child.stdout is not None
    reported = 0
    for _ in range(reports_before_kill):
        reported = int(child.stdout.readline())
    child.kill()
    reported = max([reported, *(int(line) for line in child.stdout.read().split())])
    child.wait()
    child.stdout.close()
    [(count,)] = rows(tmp_path, "SELECT count(*) FROM journal")
    assert count >= reported
    assert rows(tmp_path, "SELECT count(*) FROM calls") == [(count,)]
    assert rows(tmp_path, "SELECT count(*) FROM state WHERE tbl = 'live_call'") == [(count,)]

    async def reopen() -> int:
        store = await open_store(tmp_path)
        orphans = await store.close_orphans(10_000.0, set())
        await store.close()
        return len(orphans.calls)

    assert asyncio.run(reopen()) == count
    assert compare(tmp_path / "hotline.db") == ()


FULL_DISK_CHILD = """
import asyncio, resource, sys
from pathlib import Path
from softswitch.store.entries import AlarmRaised
from tests.softswitch.store.samples import open_store, arrived
async def main():
    folder = Path(sys.argv[1])
    full = asyncio.Event()
    store = await open_store(folder, on_alarm=lambda alarm: full.set())
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    number = 0
    while not full.is_set():
        for _ in range(50):
            number += 1
            store.record(arrived(f"c{number}"))
        waiting = asyncio.ensure_future(store.committed())
        await asyncio.wait([waiting, asyncio.ensure_future(full.wait())], return_when="FIRST_COMPLETED")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await store.close()
    print(number, store.statistics().failures)
asyncio.run(main())
"""


def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path) -> None:
    """The files may not grow; once there is room everything is written."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK_CHILD, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
    )
    recorded, failures = (int(word) for word in done.stdout.splitlines()[-1].split())
    assert failures >= 1
    assert rows(tmp_path, "SELECT count(*) FROM journal") == [(recorded,)]
    assert rows(tmp_path, "SELECT count(*) FROM calls") == [(recorded,)]
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == limits


def test_the_store_is_a_state_keeper() -> None:
    """What the edge is given has the verbs that it asks for."""
    assert all(callable(getattr(Store, verb)) for verb in ("put", "remove", "load"))


async def test_what_is_put_later_is_on_the_disk_when_committed_returns(tmp_path: Path) -> None:
    """A 2xx that waits for its dialog waits for the state as it is then."""
    store = await open_store(tmp_path)
    dialog = {"phase": "early"}
    store.put_later("dialog", "leg-1", lambda: dialog)
    dialog["phase"] = "answered"
    await asyncio.wait_for(store.committed(), 10)
    assert rows(tmp_path, "SELECT value FROM state WHERE tbl = 'dialog'") == [('{"phase":"answered"}',)]
    await store.close()
