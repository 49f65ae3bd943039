"""One overflow rule of a queue (排队溢出), as settings and business documents have it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LEVELS: Final = 1000
"""Levels of callers lie between this and its negative."""


class OverflowTo(StrEnum):
    """Where callers can be taken who would wait too long."""

    QUEUE = "queue"
    FLOW = "flow"
    VOICEMAIL = "voicemail"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowSettings:
    """Callers go to `to` when all that is given holds.  The rules of a queue are looked at in order."""

    to: OverflowTo = field(metadata={"doc": "溢出目标 / where to", "example": "voicemail"})
    name: str = field(default="", metadata={"doc": "目标队列或流程 / queue or flow; empty for the others"})
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
        metadata={"doc": "级别下限 / callers of this level or more", "minimum": -LEVELS, "maximum": LEVELS},
    )
    most_level: int = field(
        default=LEVELS,
        metadata={"doc": "级别上限 / callers of this level or less", "minimum": -LEVELS, "maximum": LEVELS},
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """A queue and a flow have a name, and the conditions can hold together."""
        needs_name = self.to in (OverflowTo.QUEUE, OverflowTo.FLOW)
        if needs_name != bool(self.name):
            yield "name", f"{self.to} {'需要 / needs' if needs_name else '不需要 / takes no'} name"
        if self.waited_s and (self.longest_wait_s or self.waiting >= 0 or self.expected_wait_s):
            yield (
                "waited_s",
                "与进线时的条件不能并用 / cannot stand beside longest_wait_s, waiting or expected_wait_s, which are for who just came",
            )
        if self.most_level < self.least_level:
            yield "most_level", "小于 / is smaller than least_level"
