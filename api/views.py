"""What the HTTP interface shows of the softswitch: frozen snapshots, one class a resource.

JSON names are the field names.  A `WallTime` (seconds since 1970, UTC) is shown as ISO 8601 with its zone;
a field that ends in `_s` is a duration in seconds.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, NewType, TypeVar

from api.call_index import Concern

WallTime = NewType("WallTime", float)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent (工号) now.  `extension` and `call_id` are null without a seat or a call.

    `wrap_up_until` is when a timed wrap-up ends by itself, and null without one.

    `pending_presence` is what was asked for during a call and holds from its end.  `allowed` names the operations that
    the state allows now, as the last parts of their paths (`hold`, `wrap-up/end`…).
    """

    agent_id: str
    name: str
    extension: str | None
    presence: str
    activity: str
    reason: str
    pending_presence: str | None
    reachable: bool
    call_id: str | None
    queues: tuple[str, ...]
    since: WallTime | None
    wrap_up_until: WallTime | None = None
    muted: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueView:
    """Whether somebody can be asked or given a call: no more of them than that."""

    agent_id: str
    name: str
    extension: str | None
    presence: str
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """One party of a call that runs; `role` is `customer`, `agent`, `consultee` or `supervisor`.

    `supervising` is null, or the mode of a supervisor: `monitor`, `whisper`, `barge`.
    """

    leg_id: str
    role: str
    agent_id: str | None
    number: str
    state: str
    held: bool
    muted: bool
    supervising: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One call from its INVITE on; what has not happened yet is null.

    `queued_at` is the first, `offered_at` the last, `connected_at` the first of its kind.  `wait_s` runs from
    queued to connected (or to the end), `ring_s` from the last offer to the agent's answer, `talk_s` is the sum of the
    talks with agents.  `dial_result` says what came of an outgoing call.  `parties`, `held` and `recording_paused` are those of a call that runs, `data` is what is attached to it (随路数据).
    """

    call_id: str
    trunk: str
    caller: str
    called: str
    presented: str
    diversion: str
    sip_call_id: str
    queue: str | None
    agent: str | None
    extension: str | None
    arrived_at: WallTime
    answered_at: WallTime | None
    queued_at: WallTime | None
    offered_at: WallTime | None
    connected_at: WallTime | None
    ended_at: WallTime | None
    wait_s: float | None
    ring_s: float | None
    talk_s: float | None
    offers: int
    requeues: int
    ended_by: str | None
    end_reason: str | None
    sip_status: int | None
    q850_cause: int | None
    parties: tuple[PartyView, ...] = ()
    held: bool = False
    recording_paused: bool = False
    data: dict[str, Any] = field(default_factory=dict)
    dial_result: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentView:
    """One talk of a call with one agent; `ended_at` is null while it lasts."""

    agent: str
    extension: str
    began_at: WallTime
    ended_at: WallTime | None
    duration_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry of the journal; `seq` grows over the whole journal."""

    seq: int
    at: WallTime
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingView:
    """A recording; `state` is `open` while it is being written, then `done`, `incomplete` or `crash`.

    Levels are RMS in dBFS of the caller's (left) and the agent's (right) channel, null for digital silence.
    """

    recording_id: str
    call_id: str
    state: str
    started_at: WallTime
    closed_at: WallTime | None
    duration_s: float | None
    frames: int | None
    size_bytes: int | None
    sha256: str | None
    left_dbfs: float | None
    right_dbfs: float | None
    fault: str
    caller: str
    called: str
    agents: tuple[str, ...]
    path: str = field(metadata={"hidden": True})  # where the file is; never shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """A call with its talks, its recordings and everything that the journal holds of it."""

    call: CallView
    segments: tuple[SegmentView, ...]
    recordings: tuple[str, ...]
    events: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list; hand `next_cursor` in as `cursor` for the following part, null at the end."""

    items: tuple[Item, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part of the system (`edge`, `nursery`, `plane-1`, `store`…) and what is wrong with it."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """Whether the process lives and whether it may be sent calls; `reasons` says why not."""

    live: bool
    ready: bool
    reasons: tuple[str, ...]
    version: str
    parts: tuple[PartView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedActionView:
    """One entry of the ledger: who did what to whom (an agent, a call), when and why.

    `detail` is what was asked beside the reason, such as the mode of listening or the new queue.
    """

    seq: int
    at: WallTime
    who: str
    action: str
    agent: str | None
    call_id: str | None
    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """A numbered event of the live stream; `data` holds JSON values only, `concern` says whom it is for."""

    number: int
    at: WallTime
    kind: str
    data: dict[str, Any]
    concern: Concern = field(default=Concern(), metadata={"hidden": True})
