"""Reading recordings: by time, agent, number and call."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.faults import NotFound
from api.ports import RecordingQuery
from softswitch.store.entries import CallConnected, CallRequeued, RecordingStarted
from softswitch.store.reader import Reader
from softswitch.store.recordings import StoredRecordings
from tests.softswitch.store.samples import CALLER, arrived, open_store, whole_call


@pytest.fixture
async def recordings(tmp_path: Path) -> AsyncIterator[StoredRecordings]:
    """Two finished ones of agents 1001 and 1002, and one still open whose call had three talks of two agents."""
    store = await open_store(tmp_path)
    for entry in (
        *whole_call("c1", 1000.0, agent="1001"),
        *whole_call("c2", 2000.0, agent="1002"),
        arrived("c3", 3000.0),
        RecordingStarted(at=3001.0, recording_id="r-c3", call_id="c3", path="/data/r-c3.wav"),
        CallConnected(at=3002.0, call_id="c3", agent="1007", extension="8001"),
        CallRequeued(at=3003.0, call_id="c3", cause="agent_leg_lost"),
        CallConnected(at=3004.0, call_id="c3", agent="1003", extension="8001"),
        CallConnected(at=3005.0, call_id="c3", agent="1007", extension="8002"),
        RecordingStarted(at=500.0, recording_id="stray", call_id="unknown", path="/data/stray.wav"),
    ):
        store.record(entry)
    await store.committed()
    reader = await Reader.open(tmp_path / "hotline.db")
    yield StoredRecordings(reader)
    await reader.close()
    await store.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (RecordingQuery(), ["r-c3", "r-c2", "r-c1", "stray"]),
        (RecordingQuery(since=1001.0, until=2001.0), ["r-c1"]),
        (RecordingQuery(agent="1002"), ["r-c2"]),
        (RecordingQuery(agent="1007"), ["r-c3"]),
        (RecordingQuery(number=CALLER), ["r-c3", "r-c2", "r-c1"]),
        (RecordingQuery(number="1"), []),
        (RecordingQuery(call_id="c2"), ["r-c2"]),
    ],
)
async def test_recordings_are_found_newest_first(
    recordings: StoredRecordings, query: RecordingQuery, expected: list[str]
) -> None:
    """By time, agent, number and call."""
    assert [one.recording_id for one in (await recordings.list(query)).items] == expected


async def test_pages_follow_each_other(recordings: StoredRecordings) -> None:
    """The cursor leads to the rest and then ends."""
    first = await recordings.list(RecordingQuery(limit=3))
    assert first.next_cursor is not None
    rest = await recordings.list(RecordingQuery(limit=3, cursor=first.next_cursor))
    assert [one.recording_id for one in rest.items] == ["stray"]
    assert rest.next_cursor is None


async def test_a_recording_names_numbers_and_agents_in_order_of_their_talks(
    recordings: StoredRecordings,
) -> None:
    """An agent who talked twice stands there once."""
    done = await recordings.get("r-c1")
    assert (done.caller, done.called, done.agents, done.state) == (CALLER, "12345", ("1001",), "done")
    running = await recordings.get("r-c3")
    assert (running.agents, running.state, running.duration_s) == (("1007", "1003"), "open", None)
    assert (await recordings.get("stray")).agents == ()
    with pytest.raises(NotFound):
        await recordings.get("r-c9")
