"""Half-hour sums: each call counts once, whatever becomes of it, and growing sums equal those of a fresh fold."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings

from softswitch.store import schema
from softswitch.store.entries import (
    CallArrived,
    CallConnected,
    CallEnded,
    CallQueued,
    EndedBy,
    EndReason,
    Entry,
)
from softswitch.store.half_hours import NAMES, TEST_LINE, Sums, share_of
from softswitch.store.rebuild import compare, rebuild
from softswitch.store.rows import CallRow
from tests.softswitch.store.samples import any_entries, open_store, whole_call

MIDDAY = 1_700_049_600.0  # a multiple of 1800


def waiting(**changes: object) -> CallRow:
    values = {
        "call_id": "c1",
        "trunk": "city",
        "caller": "1",
        "called": "12345",
        "presented": "",
        "diversion": "",
        "sip_call_id": "",
        "arrived_at": MIDDAY,
        "last_at": MIDDAY,
        "queue": "hotline",
        "queued_at": MIDDAY + 1,
        **changes,
    }
    return CallRow(**values)  # type: ignore[arg-type]


def sums(path: Path) -> dict[tuple[str, int], Sums]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT queue, began_at, {', '.join(NAMES)} FROM half_hours").fetchall()  # noqa: S608
    return {(row[0], row[1]): Sums(**dict(zip(NAMES, row[2:], strict=True))) for row in rows}


def test_a_call_that_never_stood_in_a_line_adds_nothing() -> None:
    assert share_of(waiting(queue=None, queued_at=None)) is None
    assert share_of(waiting(trunk=TEST_LINE)) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Sums(offered=1)),
        (
            {"connected_at": 5.0, "wait_s": 2.5, "ring_s": 1.0, "talk_s": 60.0, "requeues": 1},
            Sums(offered=1, answered=1, wait_ms=2500, ring_ms=1000, talk_ms=60_000, requeues=1),
        ),
        (
            {"ended_at": 5.0, "end_reason": "abandoned", "wait_s": 30.0},
            Sums(offered=1, abandoned=1, abandon_ms=30_000),
        ),
        ({"ended_at": 5.0, "end_reason": "queue_full", "wait_s": 0.1}, Sums(offered=1, refused=1)),
        ({"ended_at": 5.0, "end_reason": "crash", "wait_s": 9.0}, Sums(offered=1, lost=1)),
    ],
    ids=["waits", "answered", "abandoned", "refused", "lost"],
)
def test_a_call_is_exactly_one_of_these(changes: dict[str, object], expected: Sums) -> None:
    share = share_of(waiting(**changes))
    assert share == (("hotline", int(MIDDAY)), expected)


async def test_sums_of_the_half_hour_in_which_the_caller_first_waited(tmp_path: Path) -> None:
    """A call that ends in the next half hour still belongs to its own; one that is moved belongs to its new queue."""
    store = await open_store(tmp_path)
    entries: list[Entry] = [
        CallArrived(at=MIDDAY + 1798, call_id="late", trunk="city", caller="1", called="2"),
        CallQueued(at=MIDDAY + 1799, call_id="late", queue="a", position=1),
        CallConnected(at=MIDDAY + 1805, call_id="late", agent="1001", extension="8001"),
        CallArrived(at=MIDDAY, call_id="moved", trunk="city", caller="1", called="2"),
        CallQueued(at=MIDDAY, call_id="moved", queue="a", position=1),
    ]
    for entry in entries:
        store.record(entry)
    await store.committed()
    assert sums(tmp_path / "hotline.db")["a", int(MIDDAY)].offered == 2
    store.record(CallQueued(at=MIDDAY + 5, call_id="moved", queue="b", position=1))
    store.record(
        CallEnded(
            at=MIDDAY + 1900,
            call_id="late",
            ended_by=EndedBy.CALLER,
            end_reason=EndReason.COMPLETED,
        )
    )
    await store.close()
    assert sums(tmp_path / "hotline.db") == {
        ("a", int(MIDDAY)): Sums(offered=1, answered=1, wait_ms=6000, talk_ms=95_000),
        ("b", int(MIDDAY)): Sums(offered=1),
    }
    assert compare(tmp_path / "hotline.db") == ()


async def test_a_half_hour_that_nobody_is_left_in_is_gone(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    store.record(CallArrived(at=MIDDAY, call_id="c", trunk="city", caller="1", called="2"))
    store.record(CallQueued(at=MIDDAY, call_id="c", queue="a", position=1))
    await store.committed()
    store.record(CallQueued(at=MIDDAY + 5, call_id="c", queue="b", position=1))
    await store.close()
    assert list(sums(tmp_path / "hotline.db")) == [("b", int(MIDDAY))]


@settings(deadline=None, max_examples=25)
@given(any_entries)
def test_whatever_happened_growing_sums_equal_those_of_a_fresh_fold(entries: list[Entry]) -> None:
    """Written in two transactions that fall anywhere, and folded again in one."""
    import asyncio  # noqa: PLC0415  hypothesis calls a plain function

    async def write(folder: Path) -> None:
        store = await open_store(folder)
        for number, entry in enumerate(entries):
            store.record(entry)
            if number == len(entries) // 2:
                await store.committed()
        await store.close()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(write(folder))
        assert compare(folder / "hotline.db") == ()
        before = sums(folder / "hotline.db")
        rebuild(folder / "hotline.db")
        assert sums(folder / "hotline.db") == before


async def test_what_was_written_before_the_table_was_there_is_summed_up_by_the_same_rules(
    tmp_path: Path,
) -> None:
    """A database of the program before this one, opened by this one."""
    store = await open_store(tmp_path)
    for number in range(5):
        for entry in whole_call(f"c{number}", start=MIDDAY + 700.3 * number):
            store.record(entry)
    await store.close()
    path = tmp_path / "hotline.db"
    grown = sums(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE half_hours")
        connection.execute("DELETE FROM migrations WHERE number = 4")
    schema.prepare(path, 1.0)
    assert sums(path) == grown
    assert compare(path) == ()
