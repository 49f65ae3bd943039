"""What follows from a journal entry: pure functions from (rows, entry) to the rows that changed.

They are total: an entry that does not fit (a call that is unknown or has ended) changes nothing.  Nothing else
writes the projected tables, so folding the whole journal gives the same rows again.

Half-hour sums follow from how these rows change (`softswitch/store/half_hours.py`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from softswitch.store.entries import (
    AgentStateChanged,
    BusinessChanged,
    CallAnswered,
    CallArrived,
    CallConnected,
    CallDialled,
    CallEnded,
    CallEntry,
    CallOffered,
    CallQueued,
    CallRequeued,
    CallRerouted,
    CallTransferred,
    ClockSet,
    Entry,
    OfferAccepted,
    OfferEnded,
    RecordingClosed,
    RecordingDeleted,
    RecordingStarted,
    RecordingState,
    VoicemailCalledBack,
    VoicemailDiscarded,
    VoicemailHandedOver,
    VoicemailHandled,
    VoicemailStarted,
)
from softswitch.store.rows import (
    BusinessRow,
    CallRow,
    IntervalRow,
    RecordingRow,
    Row,
    SegmentRow,
    VoicemailRow,
)

LOGGED_OUT = "logged_out"
"""The presence in which an agent has no interval."""


class Subject(StrEnum):
    """What a row is about; with an id it names the one row that an entry may change."""

    CALL = "call"
    SEGMENT = "segment"  # the newest talk of the call with this id
    INTERVAL = "interval"  # the newest interval of the agent with this id
    RECORDING = "recording"
    VOICEMAIL = "voicemail"
    DOCUMENT = "document"  # of the business, with the id kind/id; its new state follows from the entry alone


@dataclass(frozen=True, slots=True)
class Key:
    """The newest row of a subject."""

    subject: Subject
    id: str


Lookup = Callable[[Key], Row | None]
VoicemailEntry = (
    VoicemailStarted | VoicemailDiscarded | VoicemailHandled | VoicemailHandedOver | VoicemailCalledBack
)


def keys_of(entry: Entry) -> tuple[Key, ...]:
    """The rows that must be at hand before the entry is projected."""
    match entry:
        case RecordingStarted() | RecordingClosed() | RecordingDeleted():
            return (Key(Subject.RECORDING, entry.recording_id),)
        case AgentStateChanged():
            return (Key(Subject.INTERVAL, entry.agent),)
        case ClockSet():
            subjects = (
                (Subject.CALL, entry.call_id),
                (Subject.SEGMENT, entry.call_id),
                (Subject.RECORDING, entry.recording_id),
                (Subject.INTERVAL, entry.agent),
            )
            return tuple(Key(subject, name) for subject, name in subjects if name)
        case (
            VoicemailStarted()
            | VoicemailDiscarded()
            | VoicemailHandled()
            | VoicemailHandedOver()
            | VoicemailCalledBack()
        ):
            return (Key(Subject.VOICEMAIL, entry.voicemail_id),)
        case CallConnected() | CallRequeued() | CallTransferred() | CallEnded():
            return (Key(Subject.CALL, entry.call_id), Key(Subject.SEGMENT, entry.call_id))
        case (
            CallArrived()
            | CallDialled()
            | CallAnswered()
            | CallRerouted()
            | CallQueued()
            | CallOffered()
            | OfferEnded()
            | OfferAccepted()
        ):
            return (Key(Subject.CALL, entry.call_id),)
        case _:
            return ()


def key_of(row: Row) -> Key:
    """The key under which a row is the newest."""
    match row:
        case CallRow():
            return Key(Subject.CALL, row.call_id)
        case SegmentRow():
            return Key(Subject.SEGMENT, row.call_id)
        case IntervalRow():
            return Key(Subject.INTERVAL, row.agent)
        case RecordingRow():
            return Key(Subject.RECORDING, row.recording_id)
        case VoicemailRow():
            return Key(Subject.VOICEMAIL, row.voicemail_id)
        case BusinessRow():
            return Key(Subject.DOCUMENT, f"{row.kind}/{row.id}")


def project(entry: Entry, seq: int, rows: Lookup) -> tuple[Row, ...]:
    """The rows that the entry with number `seq` changes or adds, older before newer of the same key."""
    match entry:
        case RecordingStarted() | RecordingClosed() | RecordingDeleted():
            found = rows(Key(Subject.RECORDING, entry.recording_id))
            return _recording(entry, found if isinstance(found, RecordingRow) else None)
        case AgentStateChanged():
            interval = rows(Key(Subject.INTERVAL, entry.agent))
            return _interval(entry, seq, interval if isinstance(interval, IntervalRow) else None)
        case BusinessChanged():
            return _business(entry)
        case ClockSet():
            newest = [rows(key) for key in keys_of(entry)]
            return tuple(_in_new_time(row, entry.by_s) for row in newest if row is not None and _goes_on(row))
        case (
            VoicemailStarted()
            | VoicemailDiscarded()
            | VoicemailHandled()
            | VoicemailHandedOver()
            | VoicemailCalledBack()
        ):
            message = rows(Key(Subject.VOICEMAIL, entry.voicemail_id))
            return _voicemail(entry, message if isinstance(message, VoicemailRow) else None)
        case CallArrived() | CallDialled():
            return () if rows(Key(Subject.CALL, entry.call_id)) else (_arrived(entry),)
        case (
            CallAnswered()
            | CallRerouted()
            | CallQueued()
            | CallOffered()
            | OfferEnded()
            | OfferAccepted()
            | CallConnected()
            | CallRequeued()
            | CallTransferred()
            | CallEnded()
        ):
            call = rows(Key(Subject.CALL, entry.call_id))
            if not isinstance(call, CallRow) or call.ended_at is not None:
                return ()
            segment = rows(Key(Subject.SEGMENT, entry.call_id))
            open_segment = segment if isinstance(segment, SegmentRow) and segment.ended_at is None else None
            return _call(entry, replace(call, last_at=max(call.last_at, entry.at)), open_segment)
        case _:
            return ()


def _span(began_at: float, ended_at: float) -> float:
    """Seconds between two wall times, never negative: wall clocks are set back now and then."""
    return max(0.0, ended_at - began_at)


def _goes_on(row: Row) -> bool:
    match row:
        case CallRow() | SegmentRow() | IntervalRow():
            return row.ended_at is None
        case RecordingRow():
            return row.closed_at is None
        case _:
            return False


def _in_new_time(row: Row, by_s: float) -> Row:
    """A row that goes on, with every moment moved as the clock was: spans from there to later entries are true."""
    moments: dict[str, Any] = {
        name: moment + by_s
        for field in fields(row)
        if (name := field.name).endswith("_at") and (moment := getattr(row, name)) is not None
    }
    return replace(row, **moments)


def _arrived(entry: CallArrived | CallDialled) -> CallRow:
    if isinstance(entry, CallDialled):
        return CallRow(
            call_id=entry.call_id,
            trunk=entry.trunk,
            caller=entry.caller,
            called=entry.called,
            presented=entry.caller,
            diversion="",
            sip_call_id="",
            agent=entry.agent,
            extension=entry.extension,
            arrived_at=entry.at,
            last_at=entry.at,
        )
    return CallRow(
        call_id=entry.call_id,
        trunk=entry.trunk,
        caller=entry.caller,
        called=entry.called,
        presented=entry.presented,
        diversion=entry.diversion,
        sip_call_id=entry.sip_call_id,
        arrived_at=entry.at,
        last_at=entry.at,
    )


def _call(entry: CallEntry, call: CallRow, segment: SegmentRow | None) -> tuple[Row, ...]:
    match entry:
        case CallAnswered():
            return (replace(call, answered_at=entry.at),)
        case CallRerouted() if entry.former == call.trunk:  # not that of somebody who was asked
            return (replace(call, trunk=entry.trunk),)
        case CallQueued():
            first = entry.at if call.queued_at is None else call.queued_at
            return (replace(call, queue=entry.queue, queued_at=first),)
        case CallOffered():
            return (
                replace(
                    call,
                    offered_at=entry.at,
                    offers=call.offers + 1,
                    agent=entry.agent,
                    extension=entry.extension,
                ),
            )
        case OfferAccepted() if call.connected_at is None and call.offered_at is not None:
            return (replace(call, ring_s=_span(call.offered_at, entry.at)),)
        case CallConnected():
            return _connected(entry, call, segment)
        case CallRequeued():
            closed, after = _talk_over(entry.at, replace(call, requeues=call.requeues + 1), segment)
            return (*closed, after)
        case CallTransferred():
            if call.wait_s is None and call.queued_at is not None:  # out of the line, by an overflow rule
                call = replace(call, wait_s=_span(call.queued_at, entry.at))
            closed, after = _talk_over(entry.at, call, segment)
            return (*closed, after)
        case CallEnded():
            waited = call.wait_s
            if waited is None and call.queued_at is not None:
                waited = _span(call.queued_at, entry.at)
            ended = replace(
                call,
                ended_at=entry.at,
                wait_s=waited,
                ended_by=entry.ended_by.value,
                end_reason=entry.end_reason.value,
                sip_status=entry.sip_status or None,
                q850_cause=entry.q850_cause,
            )
            closed, after = _talk_over(entry.at, ended, segment)
            return (*closed, after)
        case _:
            return (call,)


def _connected(entry: CallConnected, call: CallRow, segment: SegmentRow | None) -> tuple[Row, ...]:
    """A talk begins; one that still ran (the call was handed over) ends at the same moment."""
    closed, call_after = _talk_over(entry.at, call, segment)
    if call.connected_at is None:
        ring_s = call.ring_s
        if ring_s is None and call.offered_at is not None:  # nobody told of the answer
            ring_s = _span(call.offered_at, entry.at)
        call_after = replace(
            call_after,
            connected_at=entry.at,
            wait_s=None if call.queued_at is None else _span(call.queued_at, entry.at),
            ring_s=ring_s,
        )
    number = call_after.segments + 1
    begun = SegmentRow(
        call_id=entry.call_id,
        number=number,
        agent=entry.agent,
        extension=entry.extension,
        began_at=entry.at,
    )
    connected = replace(call_after, segments=number, agent=entry.agent, extension=entry.extension)
    return (*closed, begun, connected)


def _talk_over(at: float, call: CallRow, segment: SegmentRow | None) -> tuple[tuple[Row, ...], CallRow]:
    """Close the running talk, if any, and add its length to the call's."""
    if segment is None:
        return (), call
    length = _span(segment.began_at, at)
    closed = replace(segment, ended_at=at, duration_s=length)
    return (closed,), replace(call, talk_s=(call.talk_s or 0.0) + length)


def _interval(entry: AgentStateChanged, seq: int, newest: IntervalRow | None) -> tuple[Row, ...]:
    rows: list[Row] = []
    if newest is not None and newest.ended_at is None:
        before = (newest.extension, newest.presence, newest.activity, newest.reason)
        if before == (entry.extension, entry.presence, entry.activity, entry.reason):
            return ()
        rows.append(replace(newest, ended_at=entry.at, duration_s=_span(newest.began_at, entry.at)))
    if entry.presence != LOGGED_OUT:
        rows.append(
            IntervalRow(
                agent=entry.agent,
                seq=seq,
                extension=entry.extension,
                presence=entry.presence,
                activity=entry.activity,
                reason=entry.reason,
                began_at=entry.at,
            )
        )
    return tuple(rows)


def _voicemail(entry: VoicemailEntry, row: VoicemailRow | None) -> tuple[Row, ...]:
    """Whoever dealt with it last stands there."""
    if isinstance(entry, VoicemailStarted):
        fresh = VoicemailRow(
            voicemail_id=entry.voicemail_id,
            call_id=entry.call_id,
            box=entry.box,
            caller=entry.caller,
            left_at=entry.at,
            reason=entry.reason or None,
            flow=entry.flow or None,
            node=entry.node or None,
            conditions=entry.conditions or None,
        )
        return (fresh,) if row is None else ()
    return () if row is None else (_worked_on(entry, row),)


def _worked_on(
    entry: VoicemailDiscarded | VoicemailHandled | VoicemailHandedOver | VoicemailCalledBack,
    row: VoicemailRow,
) -> VoicemailRow:
    match entry:
        case VoicemailDiscarded():
            return replace(row, discarded_at=entry.at)
        case VoicemailHandled():
            return replace(row, handled_at=entry.at, handled_by=entry.by, note=entry.note)
        case VoicemailHandedOver():
            return replace(
                row,
                handed_at=entry.at,
                handed_by=entry.by,
                handed_queue=entry.queue,
                handed_agent=entry.agent or None,
                contact_id=entry.contact_id,
            )
        case VoicemailCalledBack():
            return replace(
                row, called_back_at=entry.at, called_back_by=entry.by, called_back_in=entry.call_id
            )


def _business(entry: BusinessChanged) -> tuple[Row, ...]:
    return tuple(
        BusinessRow(
            kind=kind,
            id=key,
            version=entry.version,
            changed_at=entry.at,
            changed_by=entry.by,
            data=None if after is None else json.dumps(after, separators=(",", ":")),
        )
        for kind, key, _before, after in json.loads(entry.changes)
    )


def _recording(
    entry: RecordingStarted | RecordingClosed | RecordingDeleted, row: RecordingRow | None
) -> tuple[Row, ...]:
    if isinstance(entry, RecordingDeleted):
        return () if row is None else (replace(row, state=RecordingState.DELETED.value),)
    if isinstance(entry, RecordingStarted):
        if row is not None:
            return ()
        return (
            RecordingRow(
                recording_id=entry.recording_id,
                call_id=entry.call_id,
                path=entry.path,
                state=RecordingState.OPEN.value,
                started_at=entry.at,
            ),
        )
    started_at = max(0.0, entry.at - entry.duration_s) if row is None else row.started_at
    return (
        RecordingRow(
            recording_id=entry.recording_id,
            call_id=entry.call_id if row is None else row.call_id,
            path=entry.path,
            state=entry.state.value,
            started_at=started_at,
            closed_at=entry.at,
            duration_s=entry.duration_s,
            frames=entry.frames,
            size_bytes=entry.size_bytes,
            sha256=entry.sha256,
            left_dbfs=entry.left_dbfs,
            right_dbfs=entry.right_dbfs,
            fault=entry.fault,
        ),
    )
