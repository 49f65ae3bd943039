"""A contact that waits, is being offered or talks, as the engine keeps it."""

from typing import NamedTuple

from acd.commands import RefuseCause, ReportContact
from acd.contact_state import ContactState, ContactTrigger, next_state
from acd.levels import UNKNOWN_CALLER, CallerHistory, Gain, LevelRule, Rise, gains_of
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.overflow import Target
from acd.ranking import Key
from acd.routes import Route
from acd.skills import need_of


class Era(NamedTuple):
    """What waiting was worth until the rules of the queue changed, at `until`."""

    level_s: float | None
    priority_s: float | None
    until: float


class Ageing(NamedTuple):
    """What waiting is worth: one level more each `level_s`, one step of queue priority each `priority_s`.

    None for nothing.  What was won in the eras `before`, the oldest first, is kept, and counting begins anew where they
    end.  So all who wait when the rules change win the same from then on: nobody's place is turned about, and nobody who
    comes later wins anything sooner.
    """

    level_s: float | None = None
    priority_s: float | None = None
    before: tuple[Era, ...] = ()


TIMELESS = Ageing()
"""Waiting is worth nothing but the place in the line."""

ANY_AGENT = Route()
"""The row of a contact without a table."""


class Place:
    """Where a contact stands or would stand: a row of its table, and what is needed of its agents now."""

    __slots__ = ("ageing", "asked", "is_open", "lowered_by", "need", "queue", "route")

    def __init__(
        self,
        queue: QueueName,
        route: Route = ANY_AGENT,
        ageing: Ageing = TIMELESS,
        medium: Medium = Medium.VOICE,
    ) -> None:
        """Begin with what was asked for."""
        self.queue = queue
        self.route = route
        self.asked = need_of(route.skills, medium)
        self.ageing = ageing
        self.is_open = False  # once open it stays so until it is over
        self.lowered_by = 0
        self.need = self.asked

    @property
    def agent(self) -> AgentId | None:
        """The one agent whom the place is for, if it is."""
        return self.route.agent

    @property
    def line(self) -> tuple[QueueName, AgentId | None]:
        """Which line it is in: of the agents of a queue, or of one agent."""
        return (self.queue, self.route.agent)


class Contact:
    """One contact.  State changes through `apply` alone.

    `arrived_at` and `serial` are its place among those of its level: they stay whatever happens to it.  `place` is the
    one that counts: the first that it stands in, or the one in which it is offered or was taken.  `level` is the given
    one with what the `level_rules` add, those that held when it was given to its queue, and what waiting alone adds, its
    `rises`: changed ones turn nobody's place about.  With `is_callback` nobody is on the line: the caller is called once an agent has it.
    """

    __slots__ = (
        "agent",
        "arrived_at",
        "caller",
        "declined_by",
        "gains",
        "given",
        "given_at",
        "given_level",
        "id",
        "is_callback",
        "is_diverted",
        "let_in_despite",
        "level",
        "level_rules",
        "number",
        "offers",
        "place",
        "places",
        "refused_targets",
        "region",
        "reported",
        "rises",
        "serial",
        "standing",
        "state",
        "strategy",
        "visits",
    )

    def __init__(
        self, contact: ContactId, places: tuple[Place, ...], *, level: int, arrived_at: float, serial: int
    ) -> None:
        """Begin waiting."""
        self.id = contact
        self.places = places
        self.place = places[0]
        self.standing: tuple[Place, ...] = ()  # where it stands, or stood last
        self.level = self.given_level = level
        self.level_rules: tuple[LevelRule, ...] = ()
        self.gains: tuple[Gain, ...] = ()  # what they add for this caller
        self.rises: tuple[Rise, ...] = ()
        self.given = self.place.queue  # the queue whose limit, level and overflow rules hold
        self.given_at = arrived_at
        self.visits: dict[QueueName, int] = {}  # queues that it was given to, how often
        self.caller = UNKNOWN_CALLER
        self.strategy = 0
        self.region = ""
        self.number = ""
        self.is_callback = False
        self.let_in_despite: RefuseCause | None = (
            None  # what would have kept it out, had it not to go on at once
        )
        self.is_diverted = False  # the shell was told to take it elsewhere
        self.refused_targets: set[Target] = set()
        self.arrived_at = arrived_at
        self.serial = serial
        self.state = ContactState.WAITING
        self.offers: dict[OfferId, AgentId] = {}  # one, or several where all ring together
        self.agent: AgentId | None = None  # whom it is offered to (the first of them) or talks with
        self.declined_by: set[AgentId] = set()
        self.reported: ReportContact | None = None

    @property
    def medium(self) -> Medium:
        """What it comes by, once and for all."""
        return self.place.asked.medium

    @property
    def is_caller_there(self) -> bool:
        """Whether somebody is on the line, who can be taken elsewhere."""
        return self.medium is Medium.VOICE and not self.is_callback

    @property
    def queue(self) -> QueueName:
        """The queue where it counts."""
        return self.place.queue

    @property
    def offer(self) -> OfferId | None:
        """The running offer, the first of them if there are several."""
        return next(iter(self.offers), None)

    @property
    def arrival(self) -> Key:
        """Order among contacts that differ in nothing else: first come, first served."""
        return (self.arrived_at, self.serial)

    def judge_by(self, rules: tuple[LevelRule, ...], caller: CallerHistory) -> None:
        """From now on these rules give the level, and this is known of the caller."""
        if rules is not self.level_rules or caller is not self.caller:
            self.level_rules, self.caller, self.gains = rules, caller, gains_of(rules, caller)

    def judge(self, now: float) -> None:
        """Take the level that the rules give by now; of a contact that stands nowhere."""
        level, arrived_at = self.given_level, self.arrived_at
        for waited_s, add in self.gains:
            if arrived_at + waited_s <= now:
                level += add
        for at, add in self.rises:
            if at <= now:
                level += add
        self.level = level

    def urgency(self, ageing: Ageing, now: float) -> tuple[int, int]:
        """Return steps of queue priority won by waiting, and the level with what waiting added to it."""
        if ageing is TIMELESS:
            return 0, self.level
        level_s, priority_s, before = ageing
        if before:
            _, steps, level = self.won_in((*before, Era(level_s, priority_s, now)))
            return steps, level
        waited_s = now - self.arrived_at
        if waited_s <= 0:
            return 0, self.level
        steps = 0 if priority_s is None else int(waited_s // priority_s)
        return steps, self.level if level_s is None else self.level + int(waited_s // level_s)

    def won_in(self, eras: tuple[Era, ...]) -> tuple[float, int, int]:
        """Return when the last of these eras ended, all of them after the arrival, and steps of priority and level as they were then."""
        since, steps, level = self.arrived_at, 0, self.level
        for level_s, priority_s, until in eras:
            steps += 0 if priority_s is None else int((until - since) // priority_s)
            level += 0 if level_s is None else int((until - since) // level_s)
            since = until
        return since, steps, level

    def has_waited(self, seconds: float, now: float) -> bool:
        """Whether so many seconds have gone by.  Exact at `arrived_at + seconds`, where deadlines stand."""
        return self.arrived_at + seconds <= now

    def apply(self, trigger: ContactTrigger) -> None:
        """Change the state as the table says; raises `InvalidTransition` and changes nothing."""
        self.state = next_state(self.state, trigger)

    def __repr__(self) -> str:
        """Name, state and queue."""
        return f"<Contact {self.id} {self.state} in {self.queue}>"
