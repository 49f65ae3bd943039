"""The rows of the projections: one frozen class a table, field by field as in the schema."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call from its INVITE on.  Times are wall seconds, durations seconds; what has not happened is None.

    `segments` counts the talks so far; `last_at` is the newest entry of the call.
    """

    call_id: str
    trunk: str
    caller: str
    called: str
    presented: str
    diversion: str
    sip_call_id: str
    arrived_at: float
    last_at: float
    answered_at: float | None = None
    queue: str | None = None
    queued_at: float | None = None
    offered_at: float | None = None
    connected_at: float | None = None
    ended_at: float | None = None
    wait_s: float | None = None
    ring_s: float | None = None
    talk_s: float | None = None
    agent: str | None = None
    extension: str | None = None
    offers: int = 0
    requeues: int = 0
    segments: int = 0
    ended_by: str | None = None
    end_reason: str | None = None
    sip_status: int | None = None
    q850_cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """One talk of a call with one agent; `number` counts from 1."""

    call_id: str
    number: int
    agent: str
    extension: str
    began_at: float
    ended_at: float | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow:
    """A span in which an agent's state stayed the same; `seq` is the journal entry that began it."""

    agent: str
    seq: int
    extension: str | None
    presence: str
    activity: str
    reason: str
    began_at: float
    ended_at: float | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRow:
    """A recording from before its first frame on; figures are None until it is closed."""

    recording_id: str
    call_id: str
    path: str
    state: str
    started_at: float
    closed_at: float | None = None
    duration_s: float | None = None
    frames: int | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    left_dbfs: float | None = None
    right_dbfs: float | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessRow:
    """A document of the hotline's business; `data` is JSON, None when it was removed."""

    kind: str
    id: str
    version: int
    changed_at: float
    changed_by: str
    data: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailRow:
    """A message that a caller left; nobody dealt with it while `handled_at` is None.

    `handed_*`: the last time that it was given to an agent, or to the agents of a queue.  `called_back_*`: the last call to
    whoever left it.  Once `discarded_at` its caller has spoken another one instead.  `conditions` are apart by spaces.
    """

    voicemail_id: str
    call_id: str
    box: str
    caller: str
    left_at: float
    handled_at: float | None = None
    handled_by: str | None = None
    note: str = ""
    reason: str | None = None
    flow: str | None = None
    node: str | None = None
    conditions: str | None = None
    discarded_at: float | None = None
    handed_at: float | None = None
    handed_by: str | None = None
    handed_queue: str | None = None
    handed_agent: str | None = None
    contact_id: str | None = None
    called_back_at: float | None = None
    called_back_by: str | None = None
    called_back_in: str | None = None


Row = CallRow | SegmentRow | IntervalRow | RecordingRow | BusinessRow | VoicemailRow
