"""An agent who is logged in, as the engine keeps it."""

from collections.abc import Mapping

from acd.agent_state import (
    IDLE_RESTARTS,
    Activity,
    AgentCondition,
    AgentTrigger,
    Presence,
    next_state,
)
from acd.commands import ReportAgent
from acd.decision import AgentFigures
from acd.medium import NO_MEDIUM, VOICE_ALONE, VOICE_ONLY, Capacities, Medium, Task
from acd.names import AgentId, ContactId, OfferId, QueueName, SkillName
from acd.skills import Need, fit

PHONE_LOST = "phone_lost"
"""Reason of an agent whose phone is not reachable."""

NO_ANSWER = "no_answer"
"""Reason of an agent who let the phone ring out."""

_OF_ACTIVITY: Mapping[Activity, AgentCondition] = {
    Activity.TALKING: AgentCondition.TALKING,
    Activity.ENGAGED: AgentCondition.ENGAGED,
}
_OF_PRESENCE: Mapping[Presence, AgentCondition] = {
    Presence.NOT_READY: AgentCondition.NOT_READY,
    Presence.WRAP_UP: AgentCondition.WRAP_UP,
}

_MOST_FITS = 256  # remembered for one agent


class _Fits(dict[Need, int | None]):
    """How well an agent fits each need that was asked for.  A dictionary, as it is asked for all kinds of callers at each
    decision: what is known already is answered without a call.
    """

    __slots__ = ("media", "skills")

    def __init__(self, skills: dict[SkillName, int], media: frozenset[Medium]) -> None:
        """Begin with nothing known of these skills and media."""
        self.skills, self.media = skills, media

    def __missing__(self, need: Need) -> int | None:
        """Work it out, and remember it."""
        if len(self) >= _MOST_FITS:
            self.clear()
        self[need] = found = fit(self.skills, need) if need.medium in self.media else None
        return found


class Agent:
    """One agent.  State changes through `apply` alone.

    `activity`, `contact` and `offer` are those of the phone; `tasks` are the contacts of other media.
    """

    __slots__ = (
        "activity",
        "assignment",
        "bit",
        "capacities",
        "capacities_name",
        "contact",
        "counted_to",
        "figures",
        "filed",
        "fits",
        "id",
        "idle_since",
        "is_delayed",
        "no_answers",
        "occupied_s",
        "offer",
        "on_duty_s",
        "pending",
        "pending_reason",
        "presence",
        "priorities",
        "queues",
        "rank",
        "reachable",
        "reason",
        "reported",
        "selection",
        "shares",
        "since",
        "skills",
        "taken",
        "talk_s",
        "tasks",
        "turns",
        "wrap_up_s",
    )

    def __init__(self, agent: AgentId, queues: tuple[QueueName, ...], *, now: float) -> None:
        """Begin as somebody who is logged out, with a phone that is reachable."""
        self.id = agent
        self.queues = tuple(dict.fromkeys(queues))
        self.skills: dict[SkillName, int] = {}
        self.priorities: dict[QueueName, int] = {}
        self.rank = 0
        self.selection = ""  # the name of an order of criteria, empty for the default
        self.shares = ""  # the name of shares between regions, empty for none
        self.capacities = VOICE_ALONE
        self.capacities_name = ""
        self.tasks: dict[ContactId, Task] = {}  # offered or in hand
        self.assignment = 0  # counts the changes of queues, skills and capacities
        self.fits = _Fits(self.skills, self.capacities.media)
        self.turns: dict[QueueName, int] = {}  # by queue, when the last offer of it came
        self.no_answers = 0  # in a row
        self.taken = 0  # calls, since the login
        self.talk_s = 0.0
        self.on_duty_s = 0.0
        self.occupied_s = 0.0  # of the time on duty: reserved, ringing, talking, in another call, in wrap-up
        self.counted_to = now
        self.presence = Presence.LOGGED_OUT
        self.activity = Activity.IDLE
        self.reason = ""
        self.pending: Presence | None = None
        self.pending_reason = ""
        self.reachable = True
        self.is_delayed = False  # after a declined offer, for a while
        self.offer: OfferId | None = None
        self.contact: ContactId | None = None
        self.filed: AgentCondition | None = None  # the condition that the agent is counted in
        self.bit = 0  # of the attendance, while filed
        self.figures: AgentFigures | None = None  # as noted since the agent was filed among the free
        self.since = now
        self.idle_since = now
        self.wrap_up_s: float | None = None  # that of the queue
        self.reported: ReportAgent | None = None

    @property
    def state(self) -> str:
        """Both fields in words."""
        return f"{self.presence}, {self.activity}"

    @property
    def is_available(self) -> bool:
        """Whether an offer may be made now."""
        return bool(self.open_media)

    @property
    def open_media(self) -> frozenset[Medium]:
        """The media of which an offer may be made now.

        Who wants to be not ready after the call that they are in has none.
        """
        if self.presence is not Presence.READY or not self.reachable or self.is_delayed:
            return NO_MEDIUM
        is_on_phone = self.activity is not Activity.IDLE
        if self.capacities is VOICE_ALONE and not self.tasks:
            return NO_MEDIUM if is_on_phone else VOICE_ONLY
        if self.pending is Presence.NOT_READY:
            return NO_MEDIUM
        in_hand = [task.medium for task in self.tasks.values()]
        return self.capacities.open_beside([*in_hand, Medium.VOICE] if is_on_phone else in_hand)

    @property
    def condition(self) -> AgentCondition:
        """What keeps the agent from an offer, the strongest reason."""
        if not self.reachable:
            return AgentCondition.UNREACHABLE
        if self.activity is Activity.IDLE and self.presence is Presence.READY:
            if self.is_delayed:
                return AgentCondition.RESTING
            return AgentCondition.FREE if self.is_available else AgentCondition.OCCUPIED
        return _OF_ACTIVITY.get(self.activity) or _OF_PRESENCE.get(self.presence, AgentCondition.RINGING)

    @property
    def is_on_duty(self) -> bool:
        """Whether the agent takes calls, now or after what keeps them busy."""
        return self.presence is Presence.READY or self.presence is Presence.WRAP_UP

    @property
    def occupancy(self) -> float:
        """Which part of the time on duty the agent was busy, up to the last change; 0 to 1."""
        return self.occupied_s / self.on_duty_s if self.on_duty_s else 0.0

    def assign(
        self,
        queues: tuple[QueueName, ...],
        skills: dict[SkillName, int],
        priorities: dict[QueueName, int],
        rank: int,
        *,
        selection: str = "",
        shares: str = "",
    ) -> None:
        """Serve these queues with these skills; the agent must be in no file meanwhile."""
        self.queues = tuple(dict.fromkeys(queues))
        self.skills = skills
        self.priorities = priorities
        self.rank = rank
        self.selection, self.shares = selection, shares
        self.assignment += 1
        self.fits = _Fits(self.skills, self.capacities.media)

    def allow(self, name: str, capacities: Capacities) -> None:
        """Have so much in hand at once, by a rule of this name; the agent must be in no file meanwhile."""
        self.capacities_name, self.capacities = name, capacities
        self.assignment += 1
        self.fits = _Fits(self.skills, self.capacities.media)

    def fit(self, need: Need) -> int | None:
        """How well the agent's skills fit a need, None where they do not or its medium is none of the agent's."""
        return self.fits[need]

    def apply(self, trigger: AgentTrigger, now: float, reason: str = "", task: Task | None = None) -> None:
        """Change the state as the tables say; raises `InvalidTransition` and changes nothing.

        With a `task` its activity changes in place of the phone's.
        """
        was = self.activity if task is None else task.activity
        presence, activity = next_state(self.presence, was, trigger)
        self._count(now)
        self.taken += trigger is AgentTrigger.ANSWERED
        if trigger is AgentTrigger.RANG_OUT:
            self.no_answers += 1
        elif trigger is AgentTrigger.ANSWERED:
            self.no_answers = 0
        if presence is not Presence.NOT_READY:
            reason = ""
        elif not reason or (trigger is AgentTrigger.PHONE_LOST and self.presence is Presence.NOT_READY):
            reason = self.reason  # who is away already keeps the reason that was given
        is_task_taken = (
            task is not None and trigger is AgentTrigger.ANSWERED
        )  # the next one goes to somebody else first
        became_ready = presence is Presence.READY and self.presence is not Presence.READY
        if trigger in IDLE_RESTARTS or became_ready or is_task_taken:
            self.idle_since = now
        if task is not None:
            task.activity, activity = activity, self.activity
        if (presence, activity, reason) != (self.presence, self.activity, self.reason):
            self.since = now
        self.presence, self.activity, self.reason = presence, activity, reason

    def take_up(self, task: Task, now: float) -> None:
        """From now on a task is the agent's."""
        self._count(now)
        self.tasks[task.contact] = task

    def put_down(self, task: Task, now: float) -> None:
        """From now on it is not."""
        self._count(now)
        del self.tasks[task.contact]

    def _count(self, now: float) -> None:
        """Add up the time since the last change."""
        span_s, self.counted_to = now - self.counted_to, now
        is_busy = self.activity is not Activity.IDLE or bool(self.tasks)
        if is_busy or self.is_on_duty:
            self.on_duty_s += span_s
        if is_busy or self.presence is Presence.WRAP_UP:
            self.occupied_s += span_s
        if self.activity is Activity.TALKING:
            self.talk_s += span_s

    def __repr__(self) -> str:
        """Name and state."""
        return f"<Agent {self.id} {self.state}>"
