"""Reading calls: filters, pages, one call with its history."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from api.faults import Conflict, NotFound, Refused
from api.ports import CallQuery, RecordingQuery
from api.reach import Reach
from softswitch.store.calls import StoredCalls
from softswitch.store.reader import Reader
from softswitch.store.recordings import StoredRecordings
from tests.softswitch.store.samples import CALLER, arrived, open_store, whole_call

HUNG_UP: list[tuple[str, str]] = []


async def hang_up(call_id: str, reason: str) -> None:
    """Call control's part: only `open` is up."""
    if call_id != "open":
        raise Conflict("call_ended", "the call has ended", "ended")
    HUNG_UP.append((call_id, reason))


@pytest.fixture
async def calls(tmp_path: Path) -> AsyncIterator[StoredCalls]:
    """Four finished calls at 0, 1000, 2000 and 3000 s, the last two of agent 1002, and one that is open at 3000 s."""
    store = await open_store(tmp_path)
    for number in range(4):
        for entry in whole_call(f"c{number}", 1000.0 * number, agent="1001" if number < 2 else "1002"):
            store.record(entry)
    store.record(arrived("open", 3000.0))
    await store.committed()
    reader = await Reader.open(tmp_path / "hotline.db")
    yield StoredCalls(reader, hang_up)
    await reader.close()
    await store.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (CallQuery(), ["open", "c3", "c2", "c1", "c0"]),
        (CallQuery(active=True), ["open"]),
        (CallQuery(active=False), ["c3", "c2", "c1", "c0"]),
        (CallQuery(since=1000.0, until=3000.0), ["c2", "c1"]),
        (CallQuery(agent="1002"), ["c3", "c2"]),
        (CallQuery(number=CALLER, until=1.0), ["c0"]),
        (CallQuery(number="12345", since=2500.0), ["open", "c3"]),
        (CallQuery(number="nobody"), []),
        (CallQuery(queue="general", until=1500.0), ["c1", "c0"]),
        (CallQuery(end_reason="completed", agent="1001"), ["c1", "c0"]),
        (CallQuery(end_reason="abandoned"), []),
        (CallQuery(agent="1002' OR 1=1 --"), []),
    ],
)
async def test_calls_are_found_newest_first(
    calls: StoredCalls, query: CallQuery, expected: list[str]
) -> None:
    """By time, agent, number, queue, why they ended, and whether they run."""
    assert [call.call_id for call in (await calls.list(query)).items] == expected


async def test_pages_follow_each_other_without_gap_or_repeat(calls: StoredCalls) -> None:
    """Also where two calls arrived in the same moment."""
    seen, cursor = [], ""
    while True:
        page = await calls.list(CallQuery(limit=2, cursor=cursor))
        seen += [call.call_id for call in page.items]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == ["open", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize("cursor", ["x", "%%%", "W10", "WzEsMl0", "bm9uZQ", "中文"])
async def test_a_cursor_that_is_not_ours_is_refused(calls: StoredCalls, cursor: str) -> None:
    """It says so and nothing else happens."""
    with pytest.raises(Refused) as caught:
        await calls.list(CallQuery(cursor=cursor))
    assert caught.value.code == "bad_cursor"


async def test_one_call_comes_with_its_talks_recordings_and_history(calls: StoredCalls) -> None:
    """Everything that the journal holds of it, in order."""
    detail = await calls.get("c1")
    assert detail.call.talk_s == 56.0
    assert [(segment.agent, segment.duration_s) for segment in detail.segments] == [("1001", 56.0)]
    assert detail.recordings == ("r-c1",)
    assert [event.kind for event in detail.events] == [type(entry).__name__ for entry in whole_call()]
    assert detail.events[3].data["position"] == 3
    with pytest.raises(NotFound):
        await calls.get("nobody")


async def test_times_that_passed_are_told_in_whole_milliseconds(tmp_path: Path) -> None:
    """Of wall times that a float holds only nearly."""
    async with AsyncExitStack() as stack:
        store = await open_store(tmp_path)
        stack.push_async_callback(store.close)
        for number, entry in enumerate(whole_call("c1", 1_700_000_000.123456)):
            store.record(replace(entry, at=entry.at + 0.0123456 * number))
        await store.committed()
        reader = await Reader.open(tmp_path / "hotline.db")
        stack.push_async_callback(reader.close)
        detail = await StoredCalls(reader, hang_up).get("c1")
        (listed,) = (await StoredCalls(reader, hang_up).list(CallQuery())).items
        assert detail.call == listed
        spans = (listed.wait_s, listed.ring_s, listed.talk_s, detail.segments[0].duration_s)
        assert all(span is not None and span > 0 and round(span, 3) == span for span in spans)


async def test_hanging_up_is_call_controls(calls: StoredCalls) -> None:
    """The request is handed on as it came."""
    await calls.hang_up("open", "abuse")
    assert HUNG_UP == [("open", "abuse")]


async def test_a_call_that_never_was_is_not_found_and_one_that_ended_a_conflict(calls: StoredCalls) -> None:
    """Call control knows only what is up; which of the two it is stands in the records."""
    with pytest.raises(Conflict):
        await calls.hang_up("c1", "abuse")
    with pytest.raises(NotFound):
        await calls.hang_up("nobody", "abuse")


async def test_what_is_not_within_reach_is_not_listed(tmp_path: Path) -> None:
    """An agent's own calls; a supervisor's queues too; nobody's for somebody without either."""
    store = await open_store(tmp_path)
    for entry in whole_call(start=1_764_000_000.0):
        store.record(entry)
    await store.committed()
    reader = await Reader.open(tmp_path / "hotline.db")
    calls, recordings = StoredCalls(reader, hang_up), StoredRecordings(reader)
    queue = (await calls.get("c1")).call.queue
    assert queue is not None
    for reach, sees_call, sees_recording in (
        (Reach(agents=frozenset({"1001", "7777"})), True, True),
        (Reach(agents=frozenset({"7777"}), queues=frozenset({queue})), False, False),
        (Reach(agents=frozenset({"7777"}), queues=frozenset({queue}), sees_queued=True), True, True),
        (Reach(), False, False),
    ):
        assert bool((await calls.list(CallQuery(reach=reach))).items) == sees_call, reach
        assert bool((await recordings.list(RecordingQuery(reach=reach))).items) == sees_recording, reach
    await reader.close()
    await store.close()
