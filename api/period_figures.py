"""The figures of a period for a wallboard: how many called, how many were answered, how soon; with the formula beside."""

from dataclasses import dataclass, field
from typing import Protocol

from api.reach import EVERYTHING, Reach
from api.views import WallTime

INTERVAL_S = 1800
"""Figures are also given for each half hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresListQuery:
    """Which contacts: those who called from `from` on and before `to` and came into a queue."""

    since: WallTime = field(
        metadata={"doc": "起始时间(含) / from this time on, ISO 8601 with zone", "name": "from"}
    )
    until: WallTime | None = field(
        default=None,
        metadata={"doc": "截止时间(不含),缺省为现在 / before this time, by default now", "name": "to"},
    )
    queue: str = field(default="", metadata={"doc": "队列,空为全部 / queue, empty for all", "most": 64})
    within_s: int = field(
        default=15, metadata={"doc": "及时的秒数 / what counts as in time", "minimum": 1, "maximum": 3600}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresQuery:
    """Which contacts, for who holds the records: times in wall seconds; queues outside of `reach` are left out."""

    since: float
    until: float | None = None
    queue: str = ""
    within_s: int = 15
    reach: Reach = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalView:
    """A half hour: those who called in it and came into a queue, and what became of them."""

    began_at: WallTime
    offered: int
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FiguresView:
    """A period in figures.  Shares are of 1, null where there is nothing to divide by.

    "In time" is a wait of at most `within_s`.  `service_level` is by `formula`, in which T stands for `within_s`;
    `abandon_rate` is abandoned ÷ (answered + abandoned).
    """

    within_s: int
    offered: int
    answered: int
    answered_in_time: int
    abandoned: int
    abandoned_in_time: int
    waiting: int
    refused: int
    service_level: float | None
    formula: str
    abandon_rate: float | None
    mean_wait_s: float | None
    longest_wait_s: float | None
    intervals: tuple[IntervalView, ...]


class FiguresPort(Protocol):
    """Where the figures come from."""

    async def figures(self, query: FiguresQuery) -> FiguresView:
        """The figures of a period."""
        ...
