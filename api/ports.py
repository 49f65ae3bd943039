"""What the HTTP interface needs of the softswitch, as Protocols.  The softswitch implements them.

Every method is awaited in control's loop and must return soon.  Whoever implements a port raises the faults
of `api/faults.py`; anything else becomes a 500 with an id and is logged.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from api.views import (
    AgentView,
    CallDetail,
    CallView,
    HealthView,
    Page,
    RecordingView,
    StreamEvent,
)


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

    Newest first; `limit` of 1 to 500.
    """

    active: bool | None = None
    since: float | None = None
    until: float | None = None
    agent: str = ""
    number: str = ""
    queue: str = ""
    cursor: str = ""
    limit: int = 100


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

    Newest first; `limit` of 1 to 500.
    """

    since: float | None = None
    until: float | None = None
    agent: str = ""
    number: str = ""
    call_id: str = ""
    cursor: str = ""
    limit: int = 100


class RecordingsPort(Protocol):
    """Recordings and where their files are."""

    async def list(self, query: RecordingQuery) -> Page[RecordingView]:
        """A page of recordings, newest first; `Refused("bad_cursor")`."""
        ...

    async def get(self, recording_id: str) -> RecordingView:
        """One recording; `NotFound`."""
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

    def subscribe(self, buffer_size: int) -> Subscription:
        """The events after the present one."""
        ...

    def resume(self, stream_id: str, after: int, buffer_size: int) -> Subscription | None:
        """The events after number `after`; None when they are not kept any more (take a snapshot)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All of them."""

    agents: AgentsPort
    calls: CallsPort
    recordings: RecordingsPort
    health: HealthPort
    events: EventsPort
