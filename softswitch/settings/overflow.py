"""One overflow rule of a queue (排队溢出), as settings and business documents have it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from softswitch.settings.terms import meta

LEVELS: Final = 1000
"""What can be set of a level lies between this and its negative; as a bound either means none, for what is added has no end."""

NOBODY: Final = "nobody"
CONDITIONS: Final = f"{NOBODY}|unreachable|talking|engaged|not_ready|wrap_up|ringing|resting|occupied|free"
"""What agents can be in, as `acd.agent_state.AgentCondition` has it; `nobody` alone: nobody is signed in."""


class OverflowTo(StrEnum):
    """Where callers can be taken who would wait too long."""

    QUEUE = "queue"
    FLOW = "flow"
    VOICEMAIL = "voicemail"
    EXTERNAL = "external"
    BUSY = "busy"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowSettings:
    """Callers go to `to` when all that is given holds.  The rules of a queue are looked at in order."""

    to: OverflowTo = field(metadata={"doc": "溢出目标 / where to", "example": "voicemail"})
    name: str = field(
        default="",
        metadata={"doc": "目标队列、流程或外线号码 / queue, flow or number outside; empty for the others"},
    )
    waited_s: float = field(
        default=0.0,
        metadata={"doc": "已等待,0 不限 / it has waited so long, 0 = any", "unit": "s", "minimum": 0},
    )
    longest_wait_s: float = field(
        default=0.0,
        metadata={
            "doc": "进线时队内最长等待,0 不限 / somebody has waited so long when it comes, 0 = any",
            "unit": "s",
            "minimum": 0,
        },
    )
    waiting: int = field(
        default=-1,
        metadata={
            "doc": "进线时排队人数超过,-1 不限 / more than so many wait when it comes, -1 = any",
            "minimum": -1,
        },
    )
    expected_wait_s: float = field(
        default=0.0,
        metadata={
            "doc": "进线时预计等待超过,0 不限 / it would wait longer when it comes, 0 = any",
            "unit": "s",
            "minimum": 0,
        },
    )
    when_nobody: bool = field(default=False, metadata={"doc": "无人签入时 / when nobody is signed in"})
    when_agents: tuple[str, ...] = field(
        default=(),
        metadata=meta(
            "已签入坐席全部处于所列状态(无人签入也算),空不限 / while all who are signed in are in these states (also "
            "when nobody is), empty = any",
            pattern=CONDITIONS,
        ),
    )
    when_closed: bool = field(default=False, metadata={"doc": "工作时间外 / outside the queue's hours"})
    strategies: tuple[int, ...] = field(
        default=(),
        metadata={
            "doc": "仅这些策略号(路由点的 strategy),空为全部 / for routes of these strategy numbers, empty = all",
            "minimum": 0,
            "maximum": 1000,
        },
    )
    least_level: int = field(
        default=-LEVELS,
        metadata={
            "doc": "级别下限,-1000 不限 / callers of this level or more, -1000 = any",
            "minimum": -LEVELS,
            "maximum": LEVELS,
        },
    )
    most_level: int = field(
        default=LEVELS,
        metadata={
            "doc": "级别上限,1000 不限 / callers of this level or less, 1000 = any",
            "minimum": -LEVELS,
            "maximum": LEVELS,
        },
    )

    drops_skills: bool = field(
        default=False, metadata=meta("到目标队列时不再要求技能 / asks for no skills in the other queue")
    )
    most_visits: int = field(
        default=1,
        metadata=meta(
            "同一来话最多进入目标队列的次数 / how often one caller is in that queue at most",
            minimum=1,
            maximum=9,
        ),
    )

    @property
    def level_bounds(self) -> tuple[int | None, int | None]:
        """The least and the most level of the callers that it is for; None for no bound."""
        least, most = self.least_level, self.most_level
        return (least if least > -LEVELS else None, most if most < LEVELS else None)

    def faults(self) -> Iterator[tuple[str, str]]:
        """A queue, a flow and a number outside have a name, and the conditions can hold together."""
        needs_name = self.to in (OverflowTo.QUEUE, OverflowTo.FLOW, OverflowTo.EXTERNAL)
        if needs_name != bool(self.name):
            yield "name", f"{self.to} {'需要 / needs' if needs_name else '不需要 / takes no'} name"
        if self.waited_s and (self.longest_wait_s or self.waiting >= 0 or self.expected_wait_s):
            yield (
                "waited_s",
                "与进线时的条件不能并用 / cannot stand beside longest_wait_s, waiting or expected_wait_s, which are for who just came",
            )
        if self.to is not OverflowTo.QUEUE and (self.drops_skills or self.most_visits > 1):
            key = "drops_skills" if self.drops_skills else "most_visits"
            yield key, "只用于目标队列 / is for another queue as target"
        if self.when_nobody and self.when_agents:
            yield "when_agents", "与 when_nobody 不能并用 / cannot stand beside when_nobody"
        if self.most_level < self.least_level:
            yield "most_level", "小于 / is smaller than least_level"
