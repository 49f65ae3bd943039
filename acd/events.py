"""What the engine is told: facts, past tense, frozen.  A bad one cannot be built (`InvalidValue`).

Times are seconds on the monotonic clock that also gives `now`; durations end in `_s`.
"""

from dataclasses import dataclass
from enum import StrEnum

from acd.agent_state import AgentCondition, Presence
from acd.checks import check_at_least, check_distinct, check_finite, check_named
from acd.criteria import STRATEGIES, Routing, Selection, check_order
from acd.errors import InvalidValue
from acd.levels import UNKNOWN_CALLER, CallerHistory, LevelRule
from acd.medium import Medium, MediumCapacity, check_capacities
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.overflow import Overflow, Target
from acd.queue_priority import QueuePriority
from acd.routes import Route
from acd.shares import RegionShare, check_shares
from acd.skills import SkillLevel, Widening
from acd.stay import FloorRestored, Stay

SHORTEST_DELAY_S = 0.2
"""A declined offer is never followed sooner by another one to the same agent: a phone that always says no
must not be called in circles."""


# ---- queues ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueDefined:
    """A queue exists from now on, or its rules changed; nobody who waits is dropped or moved.

    `limit` bounds how many may wait (a caller whom a free agent can take at once never counts as waiting).
    `ring_time_s` is the life of an offer.  `wrap_up_s` follows each conversation: 0 for none, None until the agent
    ends it.  `decline_delay_s` keeps an agent from the next offer after the phone declined or was busy
    (`SHORTEST_DELAY_S` at least), `busy_delay_s` instead after it was busy, if given.  Who lets the phone ring out is not
    ready; after the first time in a row for the first of `no_answer_returns_s`, and so on, and when there is none left
    until they say so.  Who gives up and comes again within `resume_s` has the old place.  `strategy` names how to choose among free agents (`acd.strategies`).

    An agent of several queues serves those of higher `priority` first.  With ageing a contact gains a level for each
    `ageing_s` it has waited, and a step of priority for each `promotion_s`: the first bounds the wait among queues of
    equal priority, the second among all.  A contact that asks for no skills and brings no table needs the `skills` of the
    queue, as they are when it is given to it.  `widening` lowers the skill levels that are asked for with the wait; it is
    read live, what has been lowered stays so.

    `overflow` and `level_rules` are looked at in order (see there).  Nobody may join while every agent of the queue who is
    logged in is in one of the conditions `refuses_when`, nobody stays while all are in `dismisses_when`; an empty list
    means: while nobody is logged in, None: whatever the agents do.

    At most `callbacks_most` callbacks of the queue are offered or in conversation at once, whoever is free; each has an
    agent of its own, so there are never more than free agents.

    With the strategy `ring_all` up to `ring_most` agents ring together for one contact, those too who come free while
    it rings; the first to answer has it.
    """

    queue: QueueName
    limit: int = 256
    ring_time_s: float = 20.0
    wrap_up_s: float | None = 10.0
    decline_delay_s: float = 2.0
    strategy: str = "longest_idle"
    priority: int = 0
    ageing_s: float | None = None
    promotion_s: float | None = None
    skills: tuple[SkillLevel, ...] = ()
    widening: tuple[Widening, ...] = ()
    ring_most: int = 8
    overflow: tuple[Overflow, ...] = ()
    level_rules: tuple[LevelRule, ...] = ()
    busy_delay_s: float | None = None
    no_answer_returns_s: tuple[float, ...] = ()
    resume_s: float | None = None
    refuses_when: tuple[AgentCondition, ...] | None = None
    dismisses_when: tuple[AgentCondition, ...] | None = None
    callbacks_most: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_named(self, queue=self.queue)
        check_at_least(
            self, 1, ageing_s=self.ageing_s, promotion_s=self.promotion_s, ring_most=self.ring_most
        )
        check_at_least(self, 1, callbacks_most=self.callbacks_most)
        check_at_least(
            self, 0, limit=self.limit, wrap_up_s=self.wrap_up_s, decline_delay_s=self.decline_delay_s
        )
        check_distinct(self, "skills", [each.skill for each in self.skills])
        check_at_least(self, 0.1, ring_time_s=self.ring_time_s)
        check_at_least(self, 0, busy_delay_s=self.busy_delay_s, resume_s=self.resume_s)
        for seconds in self.no_answer_returns_s:
            check_at_least(self, SHORTEST_DELAY_S, no_answer_returns_s=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDefined:
    """An order in which contacts look at free agents, for the `strategy` of queues; those that have it follow at once."""

    name: str
    criteria: tuple[Routing, ...]

    def __post_init__(self) -> None:
        """Check the name, and that every criterion can decide something."""
        check_named(self, name=self.name)
        check_order(self, self.criteria)
        if self.name in STRATEGIES:
            raise InvalidValue(type(self).__name__, "name", self.name, "not that of a strategy of ours")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionDefined:
    """An order in which agents look at contacts, for the `selection` of agents; an empty name is for all others."""

    name: str
    criteria: tuple[Selection, ...]

    def __post_init__(self) -> None:
        """Check that every criterion can decide something."""
        check_order(self, self.criteria)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesDefined:
    """How the calls of some regions are shared among the agents whose `shares` have this name; counting begins anew."""

    name: str
    shares: tuple[RegionShare, ...]

    def __post_init__(self) -> None:
        """Check the name and the shares."""
        check_named(self, name=self.name)
        check_shares(self, self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitiesDefined:
    """What the agents whose `capacities` have this name may have in hand at once; an empty name is for all others.

    At most `most_in_all` contacts of whatever media; None for no such bound.  What an agent has already is left alone.
    """

    name: str
    capacities: tuple[MediumCapacity, ...]
    most_in_all: int | None = None

    def __post_init__(self) -> None:
        """Check that nothing contradicts something else."""
        check_at_least(self, 1, most_in_all=self.most_in_all)
        check_capacities(self, self.capacities, self.most_in_all)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueHoursChanged:
    """A queue opened or closed; what follows from it stands in its overflow rules.  A new one is open."""

    queue: QueueName
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePaceRestored:
    """The newest contacts that agents of a queue were done with before a restart, the oldest first.

    Each kept its agent for one of `busy_s`, of which it rang for the one of `ring_s` beside it.
    """

    queue: QueueName
    busy_s: tuple[float, ...]
    ring_s: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the ranges."""
        if len(self.busy_s) != len(self.ring_s):
            raise InvalidValue(type(self).__name__, "ring_s", self.ring_s, "as many as busy_s")
        for busy_s, ring_s in zip(self.busy_s, self.ring_s, strict=True):
            check_at_least(self, 0, busy_s=busy_s, ring_s=ring_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRemoved:
    """A queue is gone; refused (`QueueOccupied`) while contacts of it wait, are offered or talk."""

    queue: QueueName


# ---- agents ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedIn:
    """An agent sat down: `presence` is `READY`, or `NOT_READY` with a `reason`.

    `wrap_up_s` replaces that of the queues for this agent; None leaves it to the queue.  With a phone that is not
    reachable the agent is not ready, with `reason` or else `phone_lost`, whatever was asked for.  `priorities` replaces
    the priority of some of the queues; `rank` is the agent's place where a queue rings in a fixed order (`linear`), the
    smallest first.
    `selection` and `shares` name the order in which the agent looks at contacts and the shares between regions,
    `capacities` what the agent may have in hand at once.
    """

    agent: AgentId
    queues: tuple[QueueName, ...]
    presence: Presence = Presence.READY
    reason: str = ""
    wrap_up_s: float | None = None
    reachable: bool = True
    skills: tuple[SkillLevel, ...] = ()
    priorities: tuple[QueuePriority, ...] = ()
    rank: int = 0
    selection: str = ""
    shares: str = ""
    capacities: str = ""

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_named(self, agent=self.agent)
        _check_assignment(self)
        if self.presence not in (Presence.READY, Presence.NOT_READY):
            raise InvalidValue(type(self).__name__, "presence", self.presence, "ready or not_ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRestored:
    """An agent of before a restart of the control process, as the records have it.

    Times are on the new clock and may be negative.  `wrap_up_until` None with presence `WRAP_UP` is a wrap-up that the
    agent ends.  With `contact` (then also its queue and arrival) the agent talks with it.  Restore waiting contacts before
    agents, and agents by `idle_since`: each takes a call as soon as it is told of.  `since` is when the state began (None
    for now), `taken` and `talk_s` the calls since the login and the time they lasted, `no_answers` those in a row that
    rang out, `tasks` what they have in hand of other media: nothing is offered that does not go beside it.
    """

    agent: AgentId
    queues: tuple[QueueName, ...]
    presence: Presence
    reason: str = ""
    reachable: bool = True
    idle_since: float
    wrap_up_until: float | None = None
    wrap_up_s: float | None = None
    pending: Presence | None = None
    pending_reason: str = ""
    contact: ContactId | None = None
    contact_queue: QueueName | None = None
    contact_level: int = 0
    contact_arrived_at: float | None = None
    skills: tuple[SkillLevel, ...] = ()
    priorities: tuple[QueuePriority, ...] = ()
    rank: int = 0
    selection: str = ""
    shares: str = ""
    capacities: str = ""
    taken: int = 0
    talk_s: float = 0.0
    no_answers: int = 0
    since: float | None = None
    tasks: tuple["ContactRestored", ...] = ()

    def __post_init__(self) -> None:
        """Check that the fields can be true together."""
        _check_assignment(self)
        check_at_least(self, 0, taken=self.taken, talk_s=self.talk_s, no_answers=self.no_answers)
        check_distinct(self, "tasks", [self.contact or "", *(task.contact for task in self.tasks)])
        check_named(self, agent=self.agent)
        check_finite(
            self,
            since=self.since,
            idle_since=self.idle_since,
            wrap_up_until=self.wrap_up_until,
            contact_arrived_at=self.contact_arrived_at,
        )
        name = type(self).__name__
        if self.presence is Presence.LOGGED_OUT:
            raise InvalidValue(name, "presence", self.presence, "that of an agent who is logged in")
        if self.pending not in (None, Presence.READY, Presence.NOT_READY):
            raise InvalidValue(name, "pending", self.pending, "ready, not_ready or None")
        if any(task.agent != self.agent for task in self.tasks):
            raise InvalidValue(name, "tasks", self.tasks, "those of the agent")
        if self.contact is not None:
            if self.presence is Presence.WRAP_UP:
                raise InvalidValue(name, "presence", self.presence, "ready or not_ready in a conversation")
            if self.contact_queue is None:
                raise InvalidValue(name, "contact_queue", None, "the queue of the contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReassigned:
    """From now on an agent who is logged in serves these queues with these skills; a running call or wrap-up goes on."""

    agent: AgentId
    queues: tuple[QueueName, ...]
    wrap_up_s: float | None = None
    skills: tuple[SkillLevel, ...] = ()
    priorities: tuple[QueuePriority, ...] = ()
    rank: int = 0
    selection: str = ""
    shares: str = ""
    capacities: str = ""

    def __post_init__(self) -> None:
        """Check the ranges."""
        _check_assignment(self)


Assignment = AgentLoggedIn | AgentRestored | AgentReassigned
"""What says whom an agent serves."""


def _check_assignment(event: Assignment) -> None:
    check_at_least(event, 0, wrap_up_s=event.wrap_up_s)
    check_distinct(event, "skills", [each.skill for each in event.skills])
    check_distinct(event, "priorities", [each.queue for each in event.priorities])


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedOut:
    """An agent left the seat; a running offer is withdrawn.  Refused during a call."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMadeReady:
    """An agent takes calls; ends a wrap-up.  During a call it replaces the pending presence.

    Refused when the phone is not reachable.
    """

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMadeNotReady:
    """An agent takes no calls; a running offer is withdrawn.  During a call it replaces the pending presence."""

    agent: AgentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReachabilityChanged:
    """The agent's phone was lost or is back.

    Lost: not ready with `reason`, `phone_lost` where none is given, in this very call, a running offer is withdrawn, a
    conversation is left alone.  Back: only the flag changes; whether somebody sits there is for the agent to say.
    """

    agent: AgentId
    reachable: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEngaged:
    """The agent is in a call that the engine did not offer (outgoing, internal); a running offer is withdrawn."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDisengaged:
    """That call is over.

    No wrap-up follows, unless the agent came to talk with a caller of the queue `served` in it (a transfer, a caller
    taken over): then as after any conversation of that queue.
    """

    agent: AgentId
    served: QueueName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpEnded:
    """The agent ended the wrap-up early (or at last)."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpExtended:
    """The agent needs so many `seconds` more of wrap-up; one without an end stays so."""

    agent: AgentId
    seconds: float

    def __post_init__(self) -> None:
        """Check the range."""
        check_at_least(self, 0, seconds=self.seconds)


# ---- contacts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQueued:
    """A contact wants an agent of a queue; a higher `level` goes first.

    `arrived_at` None means now.  For a contact that is already here this is a move: into another queue or level, or
    out of a conversation (transfer); the time of arrival is kept unless another one is given.  A queue that is
    full or not defined answers with `RefuseContact`, and a contact that was here stays as it was.

    Only agents may serve it who have all of its `skills` at the levels given, or at those that the queue's widening
    has come down to.  With `routes` it stands in several lines at once, or waits for one agent first; the queue is
    then the one whose limit and rules hold, and `skills` stay empty (each row has its own).

    What is known of the `caller` and the number of the overflow `strategy` are for the rules of the queue, the `region`
    is for shares.  By the `number` a caller who gave up and comes again is known, where no other arrival is given.

    A contact keeps its `medium`.  One that comes as a callback has nobody on the line: whoever is offered it calls.

    With a `stay` it was in the queue before a restart: it is let in, and no rule sends it away before `FloorRestored`.
    """

    contact: ContactId
    queue: QueueName
    level: int = 0
    arrived_at: float | None = None
    skills: tuple[SkillLevel, ...] = ()
    routes: tuple[Route, ...] = ()
    caller: CallerHistory = UNKNOWN_CALLER
    strategy: int = 0
    region: str = ""
    number: str = ""
    medium: Medium = Medium.VOICE
    is_callback: bool = False
    stay: Stay | None = None

    def __post_init__(self) -> None:
        """Check the names and times."""
        check_named(self, contact=self.contact, queue=self.queue)
        if self.is_callback and self.medium is not Medium.VOICE:
            raise InvalidValue(
                type(self).__name__, "is_callback", True, "voice: only a caller is called back"
            )
        if self.routes and self.skills:
            raise InvalidValue(type(self).__name__, "skills", self.skills, "none beside routes")
        check_finite(self, arrived_at=self.arrived_at)
        check_distinct(self, "skills", [each.skill for each in self.skills])


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRestored:
    """A contact of another medium than voice that an agent had in hand before a restart, as the records have it.

    Its agent was restored before, or is by the event that it is part of.  It is theirs whatever their capacities are now.
    """

    contact: ContactId
    queue: QueueName
    agent: AgentId
    medium: Medium
    level: int = 0
    arrived_at: float

    def __post_init__(self) -> None:
        """Check the names and the time."""
        check_named(self, contact=self.contact, queue=self.queue, agent=self.agent)
        check_finite(self, arrived_at=self.arrived_at)
        if self.medium is Medium.VOICE:
            raise InvalidValue(
                type(self).__name__, "medium", self.medium, "another one: calls come with their agent"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReached:
    """The agent who has a callback reached the caller: from now on it is a call like any other."""

    contact: ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLevelChanged:
    """Somebody gave a contact another level; what the rules add is added to it."""

    contact: ContactId
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRecalled:
    """What is known of a contact's caller came to light: rules of levels look at it from now on."""

    contact: ContactId
    caller: CallerHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class DiversionRefused:
    """The shell cannot take a contact to the target of a `DivertContact`; it waits on, and other rules are looked at."""

    contact: ContactId
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLeft:
    """A contact went away (hung up, taken elsewhere); a running offer is withdrawn, a conversation is over."""

    contact: ContactId
    cause: str = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEnded:
    """The conversation is over: the agent goes to wrap-up."""

    contact: ContactId


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRequeued:
    """The agent's leg was lost in the conversation: the contact waits again, its time of arrival kept."""

    contact: ContactId


# ---- offers ------------------------------------------------------------------------------------


class DeclineCause(StrEnum):
    """Why a phone did not take an offer."""

    BUSY = "busy"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    FAILED = "failed"  # our own fault: not held against the agent, only the delay applies


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRang:
    """The phone of the offered agent began to ring."""

    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted:
    """The agent answered.  Too late (the offer is gone): ignored and counted."""

    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined:
    """The phone said no.  Too late (the offer is gone): ignored and counted."""

    offer: OfferId
    cause: DeclineCause


# ---- time --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """Nothing but time went by: what was due by `now` happens.  `Engine.advance` is this event."""


QueueEvent = (
    QueueDefined
    | QueueHoursChanged
    | QueuePaceRestored
    | QueueRemoved
    | RoutingDefined
    | SelectionDefined
    | SharesDefined
    | CapacitiesDefined
)
AgentEvent = (
    AgentLoggedIn
    | AgentRestored
    | AgentReassigned
    | AgentLoggedOut
    | AgentMadeReady
    | AgentMadeNotReady
    | AgentReachabilityChanged
    | AgentEngaged
    | AgentDisengaged
    | WrapUpEnded
    | WrapUpExtended
)
ContactEvent = (
    ContactQueued
    | ContactRestored
    | CallbackReached
    | ContactLevelChanged
    | CallerRecalled
    | DiversionRefused
    | ContactLeft
    | ContactEnded
    | ContactRequeued
)
OfferEvent = PhoneRang | OfferAccepted | OfferDeclined
Event = QueueEvent | AgentEvent | ContactEvent | OfferEvent | FloorRestored | TimePassed
