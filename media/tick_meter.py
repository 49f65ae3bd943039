"""How punctual the tick is and how long it works: the figures of `PlaneReported`."""

from dataclasses import dataclass
from typing import Final

LATE_S: Final = 0.010


@dataclass(frozen=True, slots=True, kw_only=True)
class TickFigures:
    """Figures over one interval; times in ms."""

    ticks: int
    late_ticks: int
    latest_ms: float
    work_p50_ms: float
    work_p99_ms: float
    work_max_ms: float


class TickMeter:
    """Notes of the ticks since the figures were last taken."""

    def __init__(self) -> None:
        self._work_s: list[float] = []
        self._late = 0
        self._latest_s = 0.0

    def note(self, lateness_s: float, work_s: float) -> None:
        """One call of `Plane.tick`: how late it began and how long it took, in seconds."""
        self._work_s.append(work_s)
        self._late += lateness_s > LATE_S
        self._latest_s = max(self._latest_s, lateness_s)

    def take(self) -> TickFigures:
        """The figures of all notes, which are then forgotten."""
        work = sorted(self._work_s)
        figures = TickFigures(
            ticks=len(work),
            late_ticks=self._late,
            latest_ms=round(self._latest_s * 1000, 3),
            work_p50_ms=_percentile_ms(work, 0.5),
            work_p99_ms=_percentile_ms(work, 0.99),
            work_max_ms=_percentile_ms(work, 1.0),
        )
        self._work_s, self._late, self._latest_s = [], 0, 0.0
        return figures


def _percentile_ms(ordered_s: list[float], share: float) -> float:
    """The value below which this share of the sorted seconds lies (nearest rank), in ms; 0 of nothing."""
    if not ordered_s:
        return 0.0
    rank = min(len(ordered_s) - 1, max(0, round(share * len(ordered_s)) - 1))
    return round(ordered_s[rank] * 1000, 3)
