"""Entries for the store's tests: one whole call, and strategies for any sequence of entries."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from softswitch.store.entries import (
    AgentReturned,
    AgentStateChanged,
    AlarmAcknowledged,
    AlarmCallEnded,
    AlarmCleared,
    AlarmRaised,
    AnswerRefused,
    BusinessChanged,
    CallAnswered,
    CallArrived,
    CallConnected,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRequeued,
    CallRerouted,
    CallWidened,
    ClockSet,
    DifferenceHealed,
    DigitsSent,
    EndedBy,
    EndReason,
    Entry,
    OfferAccepted,
    OfferEnded,
    ProcessLost,
    RecordingClosed,
    RecordingDeleted,
    RecordingStarted,
    RecordingState,
    TrunkStateChanged,
    VoicemailCalledBack,
    VoicemailDiscarded,
    VoicemailHandedOver,
    VoicemailHandled,
    VoicemailStarted,
    WrapUpExtended,
)
from softswitch.store.writer import Store

CALLER, HOTLINE = "+8651012345678", "12345"


async def open_store(folder: Path, wall: Callable[[], float] = lambda: 9_000.0, **options: object) -> Store:
    """A store in a folder of the test."""
    return await Store.open(folder / "hotline.db", key_path=folder / "recording.key", wall=wall, **options)  # type: ignore[arg-type]


def arrived(call_id: str = "c1", at: float = 100.0) -> CallArrived:
    """A call from the trunk."""
    return CallArrived(at=at, call_id=call_id, trunk="city", caller=CALLER, called=HOTLINE, sip_call_id="x@y")


def ended(call_id: str = "c1", at: float = 190.0, reason: EndReason = EndReason.COMPLETED) -> CallEnded:
    """The caller hangs up."""
    return CallEnded(
        at=at, call_id=call_id, ended_by=EndedBy.CALLER, end_reason=reason, sip_status=200, q850_cause=16
    )


def closed(
    recording_id: str = "r1", call_id: str = "c1", at: float = 191.0, sha: str = "ab" * 32
) -> RecordingClosed:
    """A recording of 90 seconds."""
    return RecordingClosed(
        at=at,
        recording_id=recording_id,
        call_id=call_id,
        path=f"/data/{recording_id}.wav",
        frames=4500,
        duration_s=90.0,
        size_bytes=1_440_058,
        sha256=sha,
        state=RecordingState.DONE,
        left_dbfs=-20.5,
        right_dbfs=None,
    )


def whole_call(call_id: str = "c1", start: float = 100.0, agent: str = "1001") -> tuple[Entry, ...]:
    """Arrived at 0, answered 1, queued 5, offered in vain 10, offered 30, accepted 33, connected 34, ended 90 seconds after."""
    recording_id = f"r-{call_id}"
    return (
        arrived(call_id, start),
        CallAnswered(at=start + 1, call_id=call_id),
        RecordingStarted(
            at=start + 1, recording_id=recording_id, call_id=call_id, path=f"/data/{recording_id}.wav"
        ),
        CallQueued(at=start + 5, call_id=call_id, queue="general", position=3),
        CallOffered(at=start + 10, call_id=call_id, agent="1009", extension="8009", offer=f"{call_id}-1"),
        OfferEnded(at=start + 25, call_id=call_id, offer=f"{call_id}-1", agent="1009", cause="ring_timeout"),
        CallOffered(at=start + 30, call_id=call_id, agent=agent, extension="8001", offer=f"{call_id}-2"),
        OfferAccepted(at=start + 33, call_id=call_id, offer=f"{call_id}-2", agent=agent),
        CallConnected(at=start + 34, call_id=call_id, agent=agent, extension="8001"),
        ended(call_id, start + 90),
        closed(recording_id, call_id, start + 91),
    )


_times = st.floats(min_value=0, max_value=2e9, allow_nan=False)
_ids = st.sampled_from(["c1", "c2", "c3"])
_agents = st.sampled_from(["1001", "1002"])
_texts = st.text(max_size=12)
_seats = st.sampled_from(["8001", "8002"])
_levels = st.none() | st.floats(min_value=-96, max_value=0)

_any_entry: st.SearchStrategy[Entry] = st.one_of(
    st.builds(
        CallArrived, at=_times, call_id=_ids, trunk=_texts, caller=_texts, called=_texts, presented=_texts
    ),
    st.builds(CallAnswered, at=_times, call_id=_ids),
    st.builds(CallQueued, at=_times, call_id=_ids, queue=_texts, position=st.integers(1, 300)),
    st.builds(CallWidened, at=_times, call_id=_ids, queue=_texts, lowered_by=st.integers(1, 100)),
    st.builds(CallOffered, at=_times, call_id=_ids, agent=_agents, extension=_seats, offer=_texts),
    st.builds(OfferEnded, at=_times, call_id=_ids, offer=_texts, agent=_agents, cause=_texts),
    st.builds(OfferAccepted, at=_times, call_id=_ids, offer=_texts, agent=_agents),
    st.builds(CallConnected, at=_times, call_id=_ids, agent=_agents, extension=_seats),
    st.builds(CallRequeued, at=_times, call_id=_ids, cause=_texts),
    st.builds(
        CallRerouted,
        at=_times,
        call_id=_ids,
        former=_texts,
        trunk=_texts,
        number=_texts,
        sip_status=st.integers(0, 699),
    ),
    st.builds(
        CallEnded,
        at=_times,
        call_id=_ids,
        ended_by=st.sampled_from(EndedBy),
        end_reason=st.sampled_from(EndReason),
        sip_status=st.integers(0, 699),
        q850_cause=st.none() | st.integers(1, 127),
    ),
    st.builds(
        AnswerRefused, at=_times, call_id=_ids, agent=_agents, cause=_texts, sip_status=st.integers(0, 699)
    ),
    st.builds(DigitsSent, at=_times, call_id=_ids, agent=_agents, count=st.integers(1, 64)),
    st.builds(WrapUpExtended, at=_times, agent=_agents, seconds=st.integers(1, 3600)),
    st.builds(RecordingStarted, at=_times, recording_id=_ids, call_id=_ids, path=_texts),
    st.builds(
        RecordingClosed,
        at=_times,
        recording_id=_ids,
        call_id=_ids,
        path=_texts,
        frames=st.integers(0, 10**9),
        duration_s=_times,
        size_bytes=st.integers(0, 2**40),
        sha256=st.sampled_from(["", "aa" * 32, "bb" * 32]),
        state=st.sampled_from(RecordingState),
        left_dbfs=_levels,
        right_dbfs=_levels,
    ),
    st.builds(AgentReturned, at=_times, agent=_agents, extension=st.none() | _seats, away_s=_times),
    st.builds(
        AgentStateChanged,
        at=_times,
        agent=_agents,
        extension=st.none() | _seats,
        presence=st.sampled_from(["logged_out", "ready", "not_ready", "wrap_up"]),
        activity=st.sampled_from(["idle", "ringing", "talking"]),
        reason=_texts,
    ),
    st.builds(TrunkStateChanged, at=_times, trunk=_texts, up=st.booleans(), cause=_texts),
    st.builds(AlarmRaised, at=_times, alarm=_texts, detail=_texts),
    st.builds(AlarmCleared, at=_times, alarm=_texts, subject=_texts),
    st.builds(AlarmAcknowledged, at=_times, alarm=_texts, subject=_texts, by=_texts),
    st.builds(AlarmCallEnded, at=_times, person=_texts, number=_texts, alarms=_texts, outcome=_texts),
    st.builds(DifferenceHealed, at=_times, what=_texts, subject=_texts, detail=_texts),
    st.builds(
        ClockSet,
        at=_times,
        by_s=st.floats(min_value=-1e6, max_value=1e6),
        call_id=st.none() | _ids,
        recording_id=st.none() | _ids,
        agent=st.none() | _agents,
    ),
    st.builds(ProcessLost, at=_times, process=_texts),
    st.builds(VoicemailStarted, at=_times, voicemail_id=_ids, call_id=_ids, box=_texts, caller=_texts),
    st.builds(VoicemailHandled, at=_times, voicemail_id=_ids, by=_texts, note=_texts),
    st.builds(VoicemailDiscarded, at=_times, voicemail_id=_ids, call_id=_ids),
    st.builds(
        VoicemailHandedOver,
        at=_times,
        voicemail_id=_ids,
        contact_id=_texts,
        queue=_texts,
        agent=st.just("") | _agents,
        by=_texts,
    ),
    st.builds(VoicemailCalledBack, at=_times, voicemail_id=_ids, call_id=_ids, agent=_agents, by=_texts),
    st.builds(RecordingDeleted, at=_times, recording_id=_ids, call_id=_ids, reason=_texts),
    st.builds(
        BusinessChanged,
        at=_times,
        version=st.integers(1, 5),
        by=_texts,
        reason=_texts,
        changes=st.lists(
            st.tuples(
                st.sampled_from(["agents", "queues"]),
                _agents,
                st.none(),
                st.none() | st.dictionaries(_texts, _texts, max_size=2),
            )
        ).map(json.dumps),
    ),
)
any_entry = _any_entry
any_entries = st.lists(_any_entry, max_size=40)


def at(entry: Entry, moment: float) -> Entry:
    """The entry at another time."""
    return replace(entry, at=moment)
