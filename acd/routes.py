"""A contact's routing table (客户服务路由表): the lines that it stands in, all at once, and from when to when.

A row is for the agents of a queue or for one agent (指定座席).  Which rows are open depends on the wait, on the
contact's level and on whether the agent is there; a contact always stands somewhere.
"""

from dataclasses import dataclass
from functools import lru_cache

from acd.checks import check_at_least, check_distinct, check_named
from acd.errors import InvalidValue
from acd.names import AgentId, QueueName
from acd.skills import SkillLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row: a line to stand in.

    `queue` None is the queue that the contact was given to; its rules (ring time, wrap-up, ageing, widening) hold.
    Only agents with the `skills` may serve it there.  With `agent` only that one may, whichever queues they serve and
    before any call of a queue; such a row is left out while the agent is not logged in, and when they declined.

    It is open from `after_s` of waiting to `until_s`, for contacts of `least_level` and up.  When no row is open the
    next one is, before its time; when none is left, the last.  Of rows for the same line the last that is open counts.
    """

    queue: QueueName | None = None
    skills: tuple[SkillLevel, ...] = ()
    agent: AgentId | None = None
    after_s: float = 0.0
    until_s: float | None = None
    least_level: int | None = None

    def __post_init__(self) -> None:
        """Check the names and times."""
        for field, name in (("queue", self.queue), ("agent", self.agent)):
            if name is not None:
                check_named(self, **{field: name})
        check_at_least(self, 0, after_s=self.after_s)
        check_distinct(self, "skills", [each.skill for each in self.skills])
        if self.until_s is not None and not self.after_s < self.until_s:
            raise InvalidValue(type(self).__name__, "until_s", self.until_s, "more than after_s")


@lru_cache(maxsize=1024)
def only_row(skills: tuple[SkillLevel, ...]) -> Route:
    """The table of a contact that brought none: callers of one kind share it."""
    return Route(skills=skills)
