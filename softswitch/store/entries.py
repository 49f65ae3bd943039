"""What the journal holds: facts about calls, agents, recordings and the machine.  Past tense, frozen.

`at` is wall-clock time in seconds since 1970 (UTC).  An entry is written once: those with a natural identity
(`entry_id`) are ignored when they come a second time, so a restarted process may report what it finds.
"""

from dataclasses import dataclass
from enum import StrEnum


class EndedBy(StrEnum):
    """Who ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"


class EndReason(StrEnum):
    """Why a call ended."""

    COMPLETED = "completed"  # talked with an agent, then somebody hung up
    SERVED = "served"  # by the call flow: a message was left, or the flow came to its end
    ABANDONED = "abandoned"  # the caller left before an agent answered
    QUEUE_FULL = "queue_full"
    REJECTED = "rejected"  # not allowed in
    NO_ROUTE = "no_route"  # the dialled number leads nowhere
    NO_CHANNEL = "no_channel"  # all channels of the trunk are busy
    FAILED = "failed"  # signalling or media could not be set up
    MEDIA_LOST = "media_lost"  # the media plane died
    CRASH = "crash"  # found without an end after a restart
    FORCED = "forced"  # a supervisor hung it up
    SHUTDOWN = "shutdown"  # the system was stopped in good order


class RecordingState(StrEnum):
    """What became of a recording's file."""

    OPEN = "open"
    DONE = "done"
    INCOMPLETE = "incomplete"  # a write failed on the way (disk full)
    CRASH = "crash"  # the writer died; the file was repaired


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """An INVITE came in.  Numbers are in the normal form; `presented` is what the caller asked to show."""

    at: float
    call_id: str
    trunk: str
    caller: str
    called: str
    presented: str = ""
    diversion: str = ""
    sip_call_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """The trunk leg was answered (200): the caller hears us and the recording runs."""

    at: float
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued:
    """The caller stands in a queue; `position` 1 is next."""

    at: float
    call_id: str
    queue: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered:
    """An agent's phone is being rung for this call."""

    at: float
    call_id: str
    agent: str
    extension: str
    offer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded:
    """An offer came to nothing; `cause` is `ring_timeout`, `declined`, `busy`, `contact_left`…"""

    at: float
    call_id: str
    offer: str
    agent: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted:
    """The agent answered the ringing phone; what follows before `CallConnected` is the announced number."""

    at: float
    call_id: str
    offer: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConnected:
    """Caller and agent hear each other from now on."""

    at: float
    call_id: str
    agent: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequeued:
    """The agent's leg was lost; the caller waits again with the arrival time kept."""

    at: float
    call_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDialled:
    """An agent dials: the agent's own phone rings first.  `caller` is the number that the called is shown.

    `trunk` is empty for a call to another seat.
    """

    at: float
    call_id: str
    agent: str
    extension: str
    trunk: str
    caller: str
    called: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld:
    """The agent put the caller on hold: the caller hears music."""

    at: float
    call_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRetrieved:
    """The agent took the caller back from hold."""

    at: float
    call_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyMuted:
    """An agent is heard by nobody from now on."""

    at: float
    call_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyUnmuted:
    """An agent is heard again."""

    at: float
    call_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultStarted:
    """The agent asks somebody else while the caller is held; `kind` is `agent`, `queue` or `number`."""

    at: float
    call_id: str
    agent: str
    kind: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered:
    """Whom the agent asks has answered; `to` is an agent or a number."""

    at: float
    call_id: str
    agent: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultFailed:
    """A consult came to nothing or was given up: the caller is back with the agent."""

    at: float
    call_id: str
    agent: str
    to: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred:
    """The agent handed the caller over, and left; `kind` and `to` say to whom."""

    at: float
    call_id: str
    agent: str
    kind: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFailed:
    """The target did not take the caller: back to the agent, or into the queue when the agent has left."""

    at: float
    call_id: str
    agent: str
    to: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallConferenced:
    """Caller, agent and whom the agent had asked all talk together."""

    at: float
    call_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyDropped:
    """A party left a call that goes on; `agent` is who dropped it, empty when it left by itself."""

    at: float
    call_id: str
    agent: str
    leg_id: str
    role: str
    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDataChanged:
    """The data attached to a call (随路数据) is this from now on; `data` is JSON."""

    at: float
    call_id: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionStarted:
    """A supervisor is in a call; `mode` is `monitor`, `whisper` or `barge`."""

    at: float
    call_id: str
    supervisor: str
    mode: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionChanged:
    """A supervisor in a call takes part in another way."""

    at: float
    call_id: str
    supervisor: str
    mode: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionEnded:
    """A supervisor left a call, or never answered."""

    at: float
    call_id: str
    supervisor: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIntercepted:
    """A supervisor took the caller over from `agent`."""

    at: float
    call_id: str
    supervisor: str
    agent: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionForced:
    """Somebody made others do something: `agent` or the call is whom, `detail` is JSON of what else was asked.

    These entries are the ledger of forced actions.
    """

    at: float
    who: str
    action: str
    agent: str | None
    call_id: str | None
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The call is over.  `sip_status` 0 and `q850_cause` None when there was none."""

    at: float
    call_id: str
    ended_by: EndedBy
    end_reason: EndReason
    sip_status: int = 0
    q850_cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    """A recording's file is about to be opened at `path` (`<path>.part` until it is closed)."""

    at: float
    recording_id: str
    call_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSegmentStarted:
    """Whose voices are on a recording's channels from now on: agents by their id, others by their number.

    Several are separated by blanks; both are empty while the recording is paused.
    """

    at: float
    recording_id: str
    call_id: str
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused:
    """A recording holds silence from now on."""

    at: float
    recording_id: str
    call_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingResumed:
    """A paused recording holds the voices again."""

    at: float
    recording_id: str
    call_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingClosed:
    """A recording's file stands at `path`.  Levels are RMS in dBFS, None for digital silence."""

    at: float
    recording_id: str
    call_id: str
    path: str
    frames: int
    duration_s: float
    size_bytes: int
    sha256: str
    state: RecordingState
    left_dbfs: float | None = None
    right_dbfs: float | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """An agent's presence, activity or seat changed; `extension` is None without a seat.

    `call_id` is the call that rings or talks there, None without one.
    """

    at: float
    agent: str
    extension: str | None
    presence: str
    activity: str
    reason: str = ""
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkStateChanged:
    """A trunk came up or went down."""

    at: float
    trunk: str
    up: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    """Something needs a person; `alarm` is a stable name (`disk_low`, `trunk_down`…), `subject` which of them."""

    at: float
    alarm: str
    detail: str
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared:
    """The alarm's cause is gone."""

    at: float
    alarm: str
    detail: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged:
    """Somebody looks after an alarm that stands."""

    at: float
    alarm: str
    subject: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceHealed:
    """Two parts did not agree for a while, and were brought together: `what` is a stable name (`stray_leg`…)."""

    at: float
    what: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLost:
    """One of our processes died unasked (`cell-7`, `plane-1`…)."""

    at: float
    process: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStarted:
    """The caller entered a call flow, in the version of the business that stood then."""

    at: float
    call_id: str
    flow: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered:
    """The caller answered a survey by a key (满意度); `answer` is what the key means."""

    at: float
    call_id: str
    name: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailStarted:
    """A message is about to be recorded; its sound is the recording of the same id."""

    at: float
    voicemail_id: str
    call_id: str
    box: str
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailHandled:
    """Somebody dealt with a message."""

    at: float
    voicemail_id: str
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessChanged:
    """The hotline's business has a new `version`: all of `changes`, or none of them.

    `changes` is JSON: a list of `[kind, id, before, after]`, where a document that was not there, or is no more, is
    null.  `by` is who asked for it, `reason` what they said of it.
    """

    at: float
    version: int
    by: str
    reason: str
    changes: str


CallEntry = (
    CallArrived
    | CallAnswered
    | CallQueued
    | CallOffered
    | OfferEnded
    | OfferAccepted
    | CallConnected
    | CallRequeued
    | CallDialled
    | CallTransferred
    | CallEnded
)
SoftphoneEntry = (
    CallHeld
    | CallRetrieved
    | PartyMuted
    | PartyUnmuted
    | ConsultStarted
    | ConsultAnswered
    | ConsultFailed
    | TransferFailed
    | CallConferenced
    | PartyDropped
    | CallDataChanged
    | SupervisionStarted
    | SupervisionChanged
    | SupervisionEnded
    | CallIntercepted
    | ActionForced
)
"""What agents and supervisors do with a call; none of it changes a projected row."""
Entry = (
    CallEntry
    | SoftphoneEntry
    | RecordingStarted
    | RecordingSegmentStarted
    | RecordingPaused
    | RecordingResumed
    | RecordingClosed
    | AgentStateChanged
    | TrunkStateChanged
    | AlarmRaised
    | AlarmCleared
    | AlarmAcknowledged
    | DifferenceHealed
    | ProcessLost
    | BusinessChanged
    | FlowStarted
    | SurveyAnswered
    | VoicemailStarted
    | VoicemailHandled
)


def entry_id(entry: Entry) -> str | None:
    """The natural identity of an entry that can happen only once; None for one that may repeat."""
    match entry:
        case CallArrived() | CallDialled() | CallAnswered() | CallEnded():
            return f"{type(entry).__name__}:{entry.call_id}"
        case RecordingStarted():
            return f"RecordingStarted:{entry.recording_id}"
        case RecordingClosed():
            return f"RecordingClosed:{entry.recording_id}:{entry.sha256}"
        case BusinessChanged():
            return f"BusinessChanged:{entry.version}"
        case VoicemailStarted():
            return f"VoicemailStarted:{entry.voicemail_id}"
        case _:
            return None
