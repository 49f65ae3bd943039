"""What agents and supervisors do with a call; none of it changes a projected row."""

from dataclasses import dataclass


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
class HoldReminded:
    """The agent was reminded of a caller who has been on hold for `held_s` seconds."""

    at: float
    call_id: str
    agent: str
    held_s: float


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
class AnswerRefused:
    """A phone did not answer when the bar asked it to, and rings on.

    `cause` is `refused` by the phone with `sip_status`, or `timeout`: it said nothing, or did nothing.
    """

    at: float
    call_id: str
    agent: str
    cause: str
    sip_status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsSent:
    """The agent pressed `count` keys towards whom they talk with.

    Which ones is written nowhere: they may be a password.
    """

    at: float
    call_id: str
    agent: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpExtended:
    """An agent's wrap-up takes `seconds` longer; one that only the agent ends has no time to be longer than."""

    at: float
    agent: str
    seconds: int


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
class CallSentToFlow:
    """The caller goes through a call flow while the agent waits, and comes back."""

    at: float
    call_id: str
    agent: str
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBackFromFlow:
    """Nobody waits for the flow any more; `cause` is `completed`, `taken_back` by the agent, or `moved_on` by the flow."""

    at: float
    call_id: str
    agent: str
    cause: str


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
