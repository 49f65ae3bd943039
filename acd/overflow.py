"""Overflow (排队溢出): when a contact goes elsewhere instead of waiting on, and where to.

Rules are data of a queue, looked at in order; the first whose conditions all hold is followed.  When they are looked
at: as the contact comes and nobody can take it at once, when its wait reaches a rule's, when an agent of the queue
comes or goes or the queue opens or closes, and when a target that had no room has some.
"""

from dataclasses import dataclass
from enum import StrEnum

from acd.agent_state import AgentCondition
from acd.checks import check_at_least, check_named
from acd.errors import InvalidValue


class TargetKind(StrEnum):
    """Where a contact can go.  A queue is the engine's own; the others are for the shell, which may refuse."""

    QUEUE = "queue"
    FLOW = "flow"  # an IVR flow
    VOICEMAIL = "voicemail"
    EXTERNAL = "external"  # a number outside
    BUSY = "busy"
    CALLBACK = "callback"


NAMED = frozenset({TargetKind.QUEUE, TargetKind.FLOW, TargetKind.EXTERNAL})
"""Targets of which there are several, so that a name must be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One target: its kind and, where there are several, its name or number."""

    kind: TargetKind
    name: str = ""

    def __post_init__(self) -> None:
        """Check that a name is given where one is needed."""
        if self.kind in NAMED:
            check_named(self, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overflow:
    """One rule: contacts of these `strategies` (numbers, none for all) and levels go to `target` when all hold.

    `waited_s`: it has waited so long in this queue.  `longest_wait_s`: somebody in the queue has, when it comes.
    `waiting`: more than so many wait, itself not counted, when it comes.  `expected_wait_s`: its expected wait (the
    middle of the band) is longer, when it comes.  `agents_all`: every agent of the queue who is logged in is in one of
    these conditions; an empty list for nobody logged in.  `is_closed`: the queue is outside its hours.

    A target queue keeps the arrival and the need, without the skills where `drops_skills`.  A contact goes to each
    queue `most_visits` times at most, the one that it was given to counted.
    """

    target: Target
    waited_s: float | None = None
    longest_wait_s: float | None = None
    waiting: int | None = None
    expected_wait_s: float | None = None
    agents_all: tuple[AgentCondition, ...] | None = None
    is_closed: bool = False
    strategies: tuple[int, ...] = ()
    least_level: int | None = None
    most_level: int | None = None
    drops_skills: bool = False
    most_visits: int = 1

    def __post_init__(self) -> None:
        """Check the ranges, and that the rule can hold."""
        check_at_least(
            self,
            0,
            waited_s=self.waited_s,
            longest_wait_s=self.longest_wait_s,
            waiting=self.waiting,
            expected_wait_s=self.expected_wait_s,
        )
        check_at_least(self, 1, most_visits=self.most_visits)
        if (
            self.least_level is not None
            and self.most_level is not None
            and self.most_level < self.least_level
        ):
            raise InvalidValue(type(self).__name__, "most_level", self.most_level, "least_level or more")
        if self.waited_s is not None and self.is_for_newcomers:
            raise InvalidValue(type(self).__name__, "waited_s", self.waited_s, "no rule for who just came")

    @property
    def is_for_newcomers(self) -> bool:
        """Whether it is looked at only when a contact comes."""
        return not (self.longest_wait_s is None and self.waiting is None and self.expected_wait_s is None)

    @property
    def regards_agents(self) -> bool:
        """Whether agents who come and go can make it hold."""
        return self.agents_all is not None or self.is_closed

    def is_for(self, level: int, strategy: int) -> bool:
        """Whether the rule is for contacts of a level and a strategy number."""
        return (
            (not self.strategies or strategy in self.strategies)
            and (self.least_level is None or level >= self.least_level)
            and (self.most_level is None or level <= self.most_level)
        )
