"""What the engine shows of itself: frozen, a picture of one moment."""

from dataclasses import dataclass
from typing import NamedTuple

from acd.agent_state import Activity, Presence
from acd.contact_state import ContactState
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName, SkillName
from acd.skills import Need


class TaskSnapshot(NamedTuple):
    """A contact other than a call that an agent is offered (then with the offer) or has in hand."""

    contact: ContactId
    medium: Medium
    offer: OfferId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSnapshot:
    """An agent who is logged in.  Times are monotonic seconds; fields as in `ReportAgent`.

    `open_media` are those of which an offer could be made now.  `no_answers` rang out in a row.  `taken`, `talk_s` and `occupancy` count from the login to the last change of the agent's state.
    """

    agent: AgentId
    queues: tuple[QueueName, ...]
    presence: Presence
    activity: Activity
    reason: str
    pending: Presence | None
    pending_reason: str
    reachable: bool
    delayed: bool  # a declined offer keeps the next one away for a while
    contact: ContactId | None
    offer: OfferId | None
    since: float
    idle_since: float
    wrap_up_until: float | None
    skills: tuple[tuple[SkillName, int], ...] = ()
    priorities: tuple[tuple[QueueName, int], ...] = ()
    rank: int = 0
    selection: str = ""
    shares: str = ""
    taken: int = 0
    talk_s: float = 0.0
    occupancy: float = 0.0
    tasks: tuple[TaskSnapshot, ...] = ()
    open_media: tuple[Medium, ...] = ()
    capacities: str = ""
    no_answers: int = 0


class Standing(NamedTuple):
    """A line that a contact stands in: of the agents of `queue` or, by its rules, of one agent."""

    queue: QueueName
    agent: AgentId | None
    need: Need  # what the wait has come down to


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSnapshot:
    """A contact that waits, is being offered or talks.

    `given` is the queue whose rules hold, since `given_at`; it was given to each of its `visits` so often.  `lines` are those
    that it stands in, or stood in last.  `position` is its place in the first of them (in the one asked for, where a line
    was), 1 for the next; None when it does not wait.
    """

    contact: ContactId
    queue: QueueName
    given: QueueName
    level: int
    state: ContactState
    arrived_at: float
    position: int | None
    agent: AgentId | None
    offer: OfferId | None
    declined_by: tuple[AgentId, ...]
    lines: tuple[Standing, ...] = ()
    offers: tuple[OfferId, ...] = ()
    medium: Medium = Medium.VOICE
    is_callback: bool = False
    given_at: float
    visits: tuple[tuple[QueueName, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatistics:
    """One queue now.  `longest_wait_s` is 0 with nobody waiting; agents on duty are ready or in wrap-up.

    Each contact counts in one queue; `standing` are those in line here, some of whom count elsewhere.  `callbacks` of
    them are under way: offered, or with an agent.
    """

    queue: QueueName
    limit: int
    waiting: int
    standing: int
    offered: int
    connected: int
    longest_wait_s: float
    agents_on_duty: int
    agents_free: int
    callbacks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often things happened since the engine began."""

    queued: int = 0
    moved: int = 0
    requeued: int = 0
    resumed: int = 0
    restored: int = 0  # tasks of before a restart
    overflowed: int = 0
    diverted: int = 0
    refused: int = 0
    offered: int = 0
    accepted: int = 0
    declined: int = 0
    rang_out: int = 0
    withdrawn: int = 0  # by the contact's leaving or the agent's, not by the ring time
    left: int = 0
    ended: int = 0
    stale_answers: int = 0  # to offers that were gone
    events_refused: int = 0
    clock_steps_back: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """The engine now."""

    now: float
    queues: tuple[QueueStatistics, ...]
    agents: int
    deadlines: int
    tally: Tally
