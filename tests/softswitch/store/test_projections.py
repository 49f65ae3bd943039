"""What follows from entries: the call record, the talks, the agents' intervals, the recordings."""

from dataclasses import replace

import pytest
from hypothesis import given

from softswitch.store.entries import (
    AgentStateChanged,
    CallAnswered,
    CallConnected,
    CallDialled,
    CallOffered,
    CallQueued,
    CallRequeued,
    CallRerouted,
    ClockSet,
    EndReason,
    Entry,
    OfferAccepted,
    RecordingStarted,
    RecordingState,
)
from softswitch.store.projections import Key, Subject, key_of, keys_of, project
from softswitch.store.rows import CallRow, IntervalRow, RecordingRow, Row, SegmentRow
from tests.softswitch.store.samples import any_entries, arrived, at, closed, ended, whole_call


class Book:
    """All rows by primary key and the newest of each subject: what the tables would hold."""

    def __init__(self, *entries: Entry) -> None:
        """Fold the entries, numbered from 1."""
        self.newest: dict[Key, Row] = {}
        self.segments: dict[int, SegmentRow] = {}
        self.intervals: dict[int, IntervalRow] = {}
        for seq, entry in enumerate(entries, start=1):
            for row in project(entry, seq, self.newest.get):
                self.newest[key_of(row)] = row
                if isinstance(row, SegmentRow):
                    self.segments[row.number] = row
                if isinstance(row, IntervalRow):
                    self.intervals[row.seq] = row

    def call(self, call_id: str = "c1") -> CallRow:
        """The row of a call."""
        row = self.newest[Key(Subject.CALL, call_id)]
        assert isinstance(row, CallRow)
        return row

    def recording(self, recording_id: str) -> RecordingRow:
        """The row of a recording."""
        row = self.newest[Key(Subject.RECORDING, recording_id)]
        assert isinstance(row, RecordingRow)
        return row


def test_a_whole_call_has_every_time_and_duration() -> None:
    """Queued at 5, offered last at 30, answered at 33, connected at 34, ended at 90."""
    call = Book(*whole_call()).call()
    assert (call.arrived_at, call.answered_at, call.queued_at) == (100.0, 101.0, 105.0)
    assert (call.offered_at, call.connected_at, call.ended_at) == (130.0, 134.0, 190.0)
    assert (call.wait_s, call.ring_s, call.talk_s) == (29.0, 3.0, 56.0)
    assert (call.agent, call.extension, call.queue, call.offers) == ("1001", "8001", "general", 2)
    assert (call.ended_by, call.end_reason, call.sip_status, call.q850_cause) == (
        "caller",
        "completed",
        200,
        16,
    )


def test_a_call_has_a_row_from_its_invite() -> None:
    """What has not happened is None."""
    call = Book(arrived()).call()
    assert call.arrived_at == 100.0
    assert call.ended_at is None and call.wait_s is None and call.talk_s is None


def test_a_call_that_went_round_is_one_of_the_trunk_that_carried_it() -> None:
    """What befell somebody who was asked meanwhile changes nothing of the caller's own trunk."""
    dialled = CallDialled(
        at=100.0, call_id="c1", agent="1001", extension="8001", trunk="city", caller="12345", called="139"
    )
    round_it = CallRerouted(
        at=103.0, call_id="c1", former="city", trunk="reserve", number="139", sip_status=408
    )
    assert Book(dialled, round_it).call().trunk == "reserve"
    assert Book(dialled, replace(round_it, former="third")).call().trunk == "city"


def test_an_abandoned_call_waited_until_its_end() -> None:
    """Nobody answered: waiting ends with the call, there is no ring and no talk."""
    call = Book(
        arrived(),
        CallQueued(at=105.0, call_id="c1", queue="q", position=1),
        ended(at=125.0, reason=EndReason.ABANDONED),
    ).call()
    assert (call.wait_s, call.ring_s, call.talk_s) == (20.0, None, None)


def test_the_phone_rang_until_it_was_answered_or_else_until_the_talk() -> None:
    """An answer whose talk never began counts for nothing once another agent answers."""
    first = (
        arrived(),
        CallQueued(at=105.0, call_id="c1", queue="q", position=1),
        CallOffered(at=110.0, call_id="c1", agent="1001", extension="8001", offer="o1"),
        OfferAccepted(at=112.0, call_id="c1", offer="o1", agent="1001"),
    )
    again = (
        CallRequeued(at=113.0, call_id="c1", cause="agent_leg_lost"),
        CallOffered(at=120.0, call_id="c1", agent="1002", extension="8002", offer="o2"),
        OfferAccepted(at=125.0, call_id="c1", offer="o2", agent="1002"),
        CallConnected(at=127.0, call_id="c1", agent="1002", extension="8002"),
    )
    later = OfferAccepted(at=150.0, call_id="c1", offer="o3", agent="1003")
    assert Book(*first).call().ring_s == 2.0
    assert Book(*first, *again, later).call().ring_s == 5.0
    without_word = Book(*first[:3], CallConnected(at=114.0, call_id="c1", agent="1001", extension="8001"))
    assert without_word.call().ring_s == 4.0


def test_a_requeued_call_keeps_its_first_times_and_sums_its_talks() -> None:
    """The agent's leg is lost after 10 s; another agent talks for 7 s."""
    book = Book(
        arrived(),
        CallQueued(at=105.0, call_id="c1", queue="q", position=1),
        CallConnected(at=110.0, call_id="c1", agent="1001", extension="8001"),
        CallRequeued(at=120.0, call_id="c1", cause="agent_leg_lost"),
        CallQueued(at=120.0, call_id="c1", queue="q", position=1),
        CallConnected(at=123.0, call_id="c1", agent="1002", extension="8002"),
        ended(at=130.0),
    )
    call = book.call()
    assert (call.queued_at, call.connected_at, call.wait_s, call.talk_s) == (105.0, 110.0, 5.0, 17.0)
    assert (call.requeues, call.segments, call.agent) == (1, 2, "1002")
    assert [(s.agent, s.duration_s) for s in book.segments.values()] == [("1001", 10.0), ("1002", 7.0)]


def test_a_handed_over_call_ends_one_talk_and_begins_the_next() -> None:
    """Connected twice without a gap: two segments that touch."""
    book = Book(
        arrived(),
        CallConnected(at=110.0, call_id="c1", agent="1001", extension="8001"),
        CallConnected(at=115.0, call_id="c1", agent="1002", extension="8002"),
        ended(at=130.0),
    )
    assert [(s.began_at, s.ended_at) for s in book.segments.values()] == [(110.0, 115.0), (115.0, 130.0)]
    assert book.call().talk_s == 20.0


def test_a_wall_clock_that_was_set_back_gives_no_negative_time() -> None:
    """Ended before it was connected: the talk is 0 s."""
    book = Book(arrived(), CallConnected(at=110.0, call_id="c1", agent="1", extension="8001"), ended(at=50.0))
    assert book.call().talk_s == 0.0


def test_entries_of_unknown_or_ended_calls_change_nothing() -> None:
    """They stay in the journal, no row appears and none is reopened."""
    assert project(CallAnswered(at=1.0, call_id="nobody"), 1, Book().newest.get) == ()
    book = Book(arrived(), ended(), CallAnswered(at=300.0, call_id="c1"))
    assert book.call().answered_at is None
    assert project(arrived(at=400.0), 9, book.newest.get) == ()


def state(at: float, presence: str, activity: str = "idle", reason: str = "") -> AgentStateChanged:
    """A state of agent 1001 at seat 8001."""
    return AgentStateChanged(
        at=at, agent="1001", extension="8001", presence=presence, activity=activity, reason=reason
    )


def test_an_agents_intervals_touch_and_end_with_the_log_out() -> None:
    """Ready 10 s, talking 20 s, logged out: no interval is open."""
    book = Book(
        state(100.0, "ready"),
        state(110.0, "ready", "talking"),
        state(130.0, "logged_out"),
        state(200.0, "logged_out"),
    )
    spans = [(i.activity, i.began_at, i.ended_at, i.duration_s) for i in book.intervals.values()]
    assert spans == [("idle", 100.0, 110.0, 10.0), ("talking", 110.0, 130.0, 20.0)]


def test_the_same_state_again_is_not_a_new_interval() -> None:
    """A report that changes nothing leaves the interval running; another reason is a change."""
    book = Book(
        state(100.0, "not_ready", reason="lunch"),
        state(110.0, "not_ready", reason="lunch"),
        state(120.0, "not_ready", reason="meeting"),
    )
    assert [(i.reason, i.began_at) for i in book.intervals.values()] == [("lunch", 100.0), ("meeting", 120.0)]


def test_a_recording_is_open_until_it_is_closed() -> None:
    """The row exists before the first frame."""
    started = RecordingStarted(at=101.0, recording_id="r1", call_id="c1", path="/data/r1.wav")
    assert Book(started).recording("r1").state == "open"
    row = Book(started, closed()).recording("r1")
    assert (row.state, row.started_at, row.closed_at, row.frames) == ("done", 101.0, 191.0, 4500)
    assert (row.left_dbfs, row.right_dbfs) == (-20.5, None)


def test_a_recording_whose_start_was_lost_is_kept_all_the_same() -> None:
    """Its start is computed from its length; a repaired one replaces what was known."""
    assert Book(closed(at=191.0)).recording("r1").started_at == 101.0
    crashed = replace(closed(sha=""), state=RecordingState.CRASH, frames=0)
    assert Book(crashed, closed()).recording("r1").state == "done"


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
def test_a_clock_that_is_set_puts_no_hour_into_waits_and_talks(by_s: float) -> None:
    """Set while the phone rings, and again in the talk: every span is that of a call whose clock ran on."""
    entries = whole_call()
    ringing, talking, over = entries[:7], entries[7:9], entries[9:]
    was_set = ClockSet(at=131.0 + by_s, by_s=by_s, call_id="c1", recording_id="r-c1")
    later = [at(entry, entry.at + by_s) for entry in talking]
    last = [at(entry, entry.at + 2 * by_s) for entry in over]
    book = Book(*ringing, was_set, *later, at(was_set, 150.0 + 2 * by_s), *last)
    call, undisturbed = book.call(), Book(*entries).call()
    assert (call.wait_s, call.ring_s, call.talk_s) == (29.0, 3.0, 56.0)
    for name in ("arrived_at", "answered_at", "queued_at", "connected_at", "ended_at", "last_at"):
        assert getattr(call, name) == getattr(undisturbed, name) + 2 * by_s, name
    assert book.segments[1].duration_s == 56.0
    assert book.recording("r-c1").started_at == 101.0 + 2 * by_s


def test_a_clock_that_is_set_changes_nothing_that_is_over() -> None:
    """Of an agent only the state that goes on begins in the new time."""
    was_set = ClockSet(at=4000.0, by_s=3600.0, call_id="c1", recording_id="r-c1")
    assert Book(*whole_call(), was_set).call() == Book(*whole_call()).call()
    book = Book(
        state(100.0, "not_ready"),
        state(130.0, "ready"),
        ClockSet(at=3740.0, by_s=3600.0, agent="1001"),
        state(3750.0, "not_ready"),
    )
    assert [interval.duration_s for interval in book.intervals.values()] == [30.0, 20.0, None]


@given(any_entries)
def test_projection_needs_only_the_rows_that_it_names(entries: list[Entry]) -> None:
    """`keys_of` is complete: with only these rows at hand the outcome is the same."""
    newest: dict[Key, Row] = {}
    for seq, entry in enumerate(entries, start=1):
        named = {key: newest[key] for key in keys_of(entry) if key in newest}
        rows = project(entry, seq, newest.get)
        assert project(entry, seq, named.get) == rows
        newest.update({key_of(row): row for row in rows})


@given(any_entries)
def test_durations_are_never_negative(entries: list[Entry]) -> None:
    """Whatever the clock does."""
    for row in Book(*entries).newest.values():
        for name in ("wait_s", "ring_s", "talk_s", "duration_s"):
            assert (getattr(row, name, None) or 0.0) >= 0.0
