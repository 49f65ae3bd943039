"""What the HTTP interface needs of the softswitch, as Protocols.  The softswitch implements them.

Every method is awaited in control's loop and must return soon.  Whoever implements a port raises the faults
of `api/faults.py`; anything else becomes a 500 with an id and is logged.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from api.actors import PeoplePort
from api.business_ports import BusinessPort, CalendarsPort
from api.call_index import Concern
from api.call_list_port import CallListsPort
from api.callback_views import CallbacksPort
from api.contact_views import ContactsPort
from api.customer_views import CustomersPort
from api.decision_views import Explained, ExplainQuery, ExplanationView
from api.flow_callers_port import FlowCallersPort
from api.orders_port import OrdersPort
from api.period_figures import FiguresPort
from api.prompt_views import PromptsPort
from api.reach import EVERYTHING, Reach
from api.self_check_port import SelfCheckPort
from api.sessions import KeeperPort
from api.views import (
    AgentView,
    CallDetail,
    CallView,
    ForcedActionView,
    HealthView,
    Page,
    RecordingView,
    StreamEvent,
)
from api.voicemail_views import VoicemailsPort
from api.watch_port import WatchPort
from api.webhook_port import WebhooksPort
from api.what_if_port import WhatIfPort


class AgentsPort(Protocol):
    """Agents and what they ask for.  Each change returns the agent as it stands afterwards."""

    async def list(self) -> tuple[AgentView, ...]:
        """Every agent, by id."""
        ...

    async def get(self, agent_id: str) -> AgentView:
        """One agent; `NotFound`."""
        ...

    async def login(self, agent_id: str, extension: str, initial_state: str, reason: str) -> AgentView:
        """Sit down at a seat; `initial_state` is `ready` or `not_ready` (then with a reason).

        `NotFound` for the agent, `Refused("unknown_extension")`, `Conflict("already_logged_in")`,
        `Conflict("seat_taken")`.
        """
        ...

    async def logout(self, agent_id: str) -> AgentView:
        """Leave the seat; during a call `Conflict`."""
        ...

    async def ready(self, agent_id: str) -> AgentView:
        """Take calls; during a call it holds from its end."""
        ...

    async def not_ready(self, agent_id: str, reason: str) -> AgentView:
        """Take no calls; during a call it holds from its end."""
        ...

    async def end_wrap_up(self, agent_id: str) -> AgentView:
        """End the wrap-up early; `Conflict` when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """Which calls: `active` True for those without an end; arrival times in wall seconds, `until` exclusive.

    Newest first; `limit` of 1 to 500.  What is not within `reach` is left out.
    """

    active: bool | None = None
    since: float | None = None
    until: float | None = None
    agent: str = ""
    number: str = ""
    queue: str = ""
    end_reason: str = ""
    cursor: str = ""
    limit: int = 100
    reach: Reach = EVERYTHING


class CallsPort(Protocol):
    """Calls, past and present."""

    async def list(self, query: CallQuery) -> Page[CallView]:
        """A page of calls, newest first; `Refused("bad_cursor")`."""
        ...

    async def get(self, call_id: str) -> CallDetail:
        """One call with its journal; `NotFound`."""
        ...

    async def hang_up(self, call_id: str, reason: str) -> None:
        """End a call by force; `NotFound`, or `Conflict("call_ended")`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingQuery:
    """Which recordings: start times in wall seconds, `until` exclusive; `number` is the caller's or the called.

    Newest first; `limit` of 1 to 500.  What is not within `reach` is left out.
    """

    since: float | None = None
    until: float | None = None
    agent: str = ""
    number: str = ""
    call_id: str = ""
    cursor: str = ""
    limit: int = 100
    reach: Reach = EVERYTHING


class RecordingsPort(Protocol):
    """Recordings and where their files are."""

    async def list(self, query: RecordingQuery) -> Page[RecordingView]:
        """A page of recordings, newest first; `Refused("bad_cursor")`."""
        ...

    async def get(self, recording_id: str) -> RecordingView:
        """One recording; `NotFound`."""
        ...


class TargetKind(StrEnum):
    """What a call can be taken to."""

    AGENT = "agent"
    QUEUE = "queue"
    NUMBER = "number"
    FLOW = "flow"  # transfers only


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a consult or a transfer goes: an agent (工号), a queue by its name, a number, or a flow by its id."""

    kind: TargetKind
    to: str


class SuperviseMode(StrEnum):
    """How a supervisor is in a call."""

    MONITOR = "monitor"  # hears all, is heard by nobody
    WHISPER = "whisper"  # is heard by the agent alone
    BARGE = "barge"  # is heard by all


class HangUpTarget(StrEnum):
    """What a forced hang-up (强拆) ends."""

    CALL = "call"
    AGENT_LEG = "agent_leg"
    CUSTOMER_LEG = "customer_leg"


class ForcedState(StrEnum):
    """What a supervisor can make of an agent."""

    READY = "ready"
    NOT_READY = "not_ready"
    LOGGED_OUT = "logged_out"


class OperationsPort(Protocol):
    """What agents and supervisors do with calls (softphone).  Each returns once it is decided, not once phones moved.

    What comes of it is told by the live stream.  All of them raise `NotFound` for an agent or a call that is not there
    and `Conflict(code, detail, state, allowed)` for what the present state does not allow; `Refused` for a target that
    cannot be right, `Denied` for a number that the seat may not call.  Who asks was checked before; the ledger of
    forced actions is written by the HTTP side once the operation has returned.
    """

    async def dial(self, agent_id: str, number: str, data: dict[str, Any], caller_id: str = "") -> str:
        """Ring the agent's phone, then the target; returns the call's id.

        An extension or an agent id is an internal call, any other number goes out by the outbound rules.  `caller_id`
        is the number to present, empty for the hotline's.  `data` becomes the call's attached data.
        """
        ...

    async def answer(self, agent_id: str) -> None:
        """Answer the call that rings at the agent's phone."""
        ...

    async def hang_up_own(self, agent_id: str) -> None:
        """The agent leaves the call; of two parties the other one's call ends too."""
        ...

    async def hold(self, agent_id: str) -> None:
        """The caller hears music."""
        ...

    async def retrieve(self, agent_id: str) -> None:
        """Take the held caller back."""
        ...

    async def mute(self, agent_id: str) -> None:
        """The agent is heard by nobody and hears on."""
        ...

    async def unmute(self, agent_id: str) -> None:
        """The agent is heard again."""
        ...

    async def send_digits(self, agent_id: str, digits: str) -> None:
        """Send DTMF (RFC 4733) to the other party; `digits` of 0-9, *, #, A-D."""
        ...

    async def consult(self, agent_id: str, target: Target) -> None:
        """Hold the caller and ring the target."""
        ...

    async def alternate(self, agent_id: str) -> None:
        """Go from the caller to the consulted or back; the other one is held."""
        ...

    async def reconnect(self, agent_id: str) -> None:
        """Drop the consulted and go back to the caller; or take the caller out of the flow."""
        ...

    async def transfer(self, agent_id: str, target: Target | None) -> None:
        """Hand the caller to the target at once, or without a target to the one who was consulted."""
        ...

    async def to_flow(self, agent_id: str, flow: str) -> None:
        """Let the caller through a call flow and back to the agent, who waits; `Refused("unknown_flow")`."""
        ...

    async def flows(self) -> dict[str, str]:
        """The flows that there are: what people call them, by id."""
        ...

    async def conference(self, agent_id: str) -> None:
        """Join the caller, the agent and the consulted."""
        ...

    async def drop(self, agent_id: str, leg_id: str) -> None:
        """Drop one party of the agent's call; `NotFound("party", …)`."""
        ...

    async def set_data(self, call_id: str, data: dict[str, Any], *, merge: bool = False) -> dict[str, Any]:
        """Replace the attached data, or merge into it (RFC 7396: null removes a name); returns what stands now.

        JSON of at most 16 kB: `TooLarge` when the result would be larger.
        """
        ...

    async def pause_recording(self, call_id: str, reason: str) -> None:
        """Record silence from now on."""
        ...

    async def resume_recording(self, call_id: str, reason: str) -> None:
        """Record again."""
        ...

    async def supervise(self, supervisor_id: str, call_id: str, mode: SuperviseMode, reason: str) -> None:
        """Ring the supervisor's phone and let it into the call; asked again it switches the mode."""
        ...

    async def stop_supervising(self, supervisor_id: str) -> None:
        """The supervisor leaves the call."""
        ...

    async def intercept(self, supervisor_id: str, call_id: str, reason: str) -> None:
        """The supervisor takes the caller; the agent goes to wrap-up."""
        ...

    async def force_hang_up(self, call_id: str, target: HangUpTarget, reason: str) -> None:
        """End the whole call or one leg of it by force (强拆)."""
        ...

    async def force_state(self, agent_id: str, state: ForcedState, reason: str) -> None:
        """Make the agent ready, not ready or signed out."""
        ...

    async def pick_up(self, agent_id: str, call_id: str, reason: str) -> None:
        """Give a waiting call to this agent next."""
        ...

    async def move(self, call_id: str, queue: str, reason: str) -> None:
        """Move a waiting call into another queue; its arrival time stays.  `Refused("unknown_queue")`."""
        ...

    async def set_level(self, call_id: str, level: int, reason: str) -> None:
        """Change the level of a waiting call; a higher one goes first."""
        ...

    async def extend_wrap_up(self, agent_id: str, seconds: int) -> None:
        """Make the wrap-up that runs longer by so many seconds."""
        ...


class Sound(Protocol):
    """A call as it sounds now: an async iterator of frames, 20 ms of A-law each, that ends with the call."""

    def __aiter__(self) -> "Sound":
        """Itself."""
        ...

    async def __anext__(self) -> bytes:
        """The next frame, 160 bytes."""
        ...

    def close(self) -> None:
        """Stop; may be called twice."""
        ...


class ListeningPort(Protocol):
    """Listening to calls without a phone."""

    async def listen(self, call_id: str, supervisor: str, reason: str) -> Sound:
        """Hear a call: `NotFound`, `Conflict` when nobody talks in it, `Unavailable`."""
        ...


class DecisionsPort(Protocol):
    """Why calls came to their agents."""

    async def explain(self, asked: Explained, query: ExplainQuery) -> ExplanationView:
        """What was decided on a call or a contact, and why it waits if it does.

        As far as it is kept; with `query.whole` from the journal, which is bounded: `Unavailable` where it takes too long.
        """
        ...


class HealthPort(Protocol):
    """How the system is."""

    async def health(self) -> HealthView:
        """The state now; must answer even when parts are gone."""
        ...


class Subscription(Protocol):
    """One reader of the live stream: an async iterator that ends when it is closed or has lost events."""

    @property
    def is_lost(self) -> bool:
        """True when the reader was too slow: its buffer overflowed and the stream ends here."""
        ...

    def __aiter__(self) -> "Subscription":
        """Itself."""
        ...

    async def __anext__(self) -> StreamEvent:
        """The next event, in order of number, none left out."""
        ...

    def close(self) -> None:
        """Stop; may be called twice."""
        ...


class EventsPort(Protocol):
    """The live stream: numbered events and a snapshot to begin with.  `api.event_stream.EventStream` is one."""

    @property
    def stream_id(self) -> str:
        """Changes with every start of the process: numbers of another stream mean nothing."""
        ...

    @property
    def number(self) -> int:
        """The number of the last event."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Everything that a screen shows, after event `number`; JSON values only."""
        ...

    def publish(self, kind: str, data: dict[str, Any]) -> StreamEvent:
        """Tell the readers of something that is in no journal; `data` must not be changed afterwards."""
        ...

    def concern_of(self, call_id: str) -> Concern | None:
        """Whom a running call concerns; None for one that is not known here any more."""
        ...

    def subscribe(self, buffer_size: int) -> Subscription:
        """The events after the present one."""
        ...

    def resume(self, stream_id: str, after: int, buffer_size: int) -> Subscription | None:
        """The events after number `after`; None when they are not kept any more (take a snapshot)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedAction:
    """What somebody made others do; `detail` is what was asked beside the reason."""

    who: str
    action: str
    agent: str | None
    call_id: str | None
    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerQuery:
    """Which forced actions: times in wall seconds, `until` exclusive.  Newest first; `limit` of 1 to 500."""

    since: float | None = None
    until: float | None = None
    who: str = ""
    agent: str = ""
    call_id: str = ""
    cursor: str = ""
    limit: int = 100
    reach: Reach = EVERYTHING


class LedgerPort(Protocol):
    """The ledger of forced actions: it only grows."""

    def record(self, action: ForcedAction) -> None:
        """Write one down, now; never waits."""
        ...

    async def list(self, query: LedgerQuery) -> Page[ForcedActionView]:
        """A page of it; `Refused("bad_cursor")`."""
        ...


class Nobody:
    """A `PeoplePort` of a server at which no person can sign in."""

    def find(self, agent_id: str) -> None:
        """Nobody."""

    def all(self) -> tuple[()]:
        """Nobody."""
        return ()


class Forgetful:
    """A `KeeperPort` of a server that keeps nothing over a restart."""

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Keep nothing."""

    def remove(self, table: str, key: str) -> None:
        """There is nothing."""

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        """Nothing."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All of them.  What has a default may be absent from a server."""

    agents: AgentsPort
    calls: CallsPort
    recordings: RecordingsPort
    health: HealthPort
    events: EventsPort
    operations: OperationsPort | None = None
    ledger: LedgerPort | None = None
    webhooks: WebhooksPort | None = None
    listening: ListeningPort | None = None
    people: PeoplePort = field(default_factory=Nobody)
    keeper: KeeperPort = field(default_factory=Forgetful)
    watch: WatchPort | None = None
    business: BusinessPort | None = None
    calendars: CalendarsPort | None = None
    voicemails: VoicemailsPort | None = None
    call_lists: CallListsPort | None = None
    callbacks: CallbacksPort | None = None
    contacts: ContactsPort | None = None
    what_if: WhatIfPort | None = None
    flow_callers: FlowCallersPort | None = None
    figures: FiguresPort | None = None
    decisions: DecisionsPort | None = None
    self_checks: SelfCheckPort | None = None
    customers: CustomersPort | None = None
    orders: OrdersPort | None = None
    prompts: PromptsPort | None = None
