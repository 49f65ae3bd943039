"""What happens to a call: it comes, waits, is offered, is answered, ends."""

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
class CallWidened:
    """A waiting caller is asked less of: the skill levels needed in `queue` are lower by `lowered_by` from now on."""

    at: float
    call_id: str
    queue: str
    lowered_by: int


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
    """Caller and agent hear each other from now on; of a dialled call, the `agent` who dialled and whoever answered."""

    at: float
    call_id: str
    agent: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequeued:
    """The agent's leg was lost, or hung up before the talk; the caller waits again with the arrival time kept."""

    at: float
    call_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRerouted:
    """A trunk (`former`) did not take a call to `number`, with this SIP status; it goes out by `trunk`."""

    at: float
    call_id: str
    former: str
    trunk: str
    number: str
    sip_status: int


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
class CallTransferred:
    """The agent handed the caller over, and left; `kind` and `to` say to whom."""

    at: float
    call_id: str
    agent: str
    kind: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The call is over.  `sip_status` 0 and `q850_cause` None when there was none."""

    at: float
    call_id: str
    ended_by: EndedBy
    end_reason: EndReason
    sip_status: int = 0
    q850_cause: int | None = None
