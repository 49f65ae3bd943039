"""The figures of a period, counted by the database over the calls; see `acd.metrics` for the formulas."""

from typing import Any

from acd.metrics import Counts, Formula, service_level
from api.period_figures import INTERVAL_S, FiguresQuery, FiguresView, IntervalView
from api.views import WallTime
from softswitch.store.half_hours import TEST_LINE
from softswitch.store.reader import Conditions, Reader

LEVEL = Formula.F4
"""What the wallboard shows; its text is shown too."""

_ANSWERED = "connected_at IS NOT NULL"
_ABANDONED = "connected_at IS NULL AND end_reason = 'abandoned'"


class StoredFigures:
    """The figures of the database; `api.period_figures.FiguresPort`."""

    def __init__(self, reader: Reader) -> None:
        """Ask this reader."""
        self._reader = reader

    async def figures(self, query: FiguresQuery) -> FiguresView:
        """One pass over the calls of the period, by half hour."""
        where = Conditions()
        where.add("queued_at IS NOT NULL AND arrived_at >= ?", query.since)
        where.add("trunk IS NOT ?", TEST_LINE)
        if query.until is not None:
            where.add("arrived_at < ?", query.until)
        if query.queue:
            where.add("queue = ?", query.queue)
        if not query.reach.is_all:
            queues = sorted(query.reach.queues)
            where.add(f"queue IN ({', '.join('?' * len(queues))})", *queues)
        rows = await self._reader.rows(
            f"""SELECT CAST(arrived_at / {INTERVAL_S} AS INTEGER) * {INTERVAL_S} AS began_at,
                COUNT(*) AS offered,
                SUM({_ANSWERED}) AS answered,
                SUM({_ANSWERED} AND wait_s <= ?) AS answered_in_time,
                SUM({_ABANDONED}) AS abandoned,
                SUM({_ABANDONED} AND wait_s <= ?) AS abandoned_in_time,
                SUM(end_reason = 'queue_full') AS refused,
                SUM(connected_at IS NULL AND ended_at IS NULL) AS waiting,
                SUM(CASE WHEN {_ANSWERED} THEN wait_s ELSE 0 END) AS wait_s,
                MAX(CASE WHEN {_ANSWERED} THEN wait_s END) AS longest_s
            FROM calls {where.sql} GROUP BY 1 ORDER BY 1""",
            [query.within_s, query.within_s, *where.values],
        )
        return _view(query.within_s, rows)


def _view(within_s: int, rows: list[dict[str, Any]]) -> FiguresView:
    """Sum the half hours up."""

    def total(name: str) -> int:
        return sum(row[name] or 0 for row in rows)

    counts = Counts(
        answered=total("answered"),
        answered_in_time=total("answered_in_time"),
        abandoned=total("abandoned"),
        abandoned_in_time=total("abandoned_in_time"),
        waiting=total("waiting"),
        refused=total("refused"),
    )
    ended = counts.answered + counts.abandoned
    waits = sum(row["wait_s"] or 0.0 for row in rows)
    return FiguresView(
        within_s=within_s,
        offered=total("offered"),
        answered=counts.answered,
        answered_in_time=counts.answered_in_time,
        abandoned=counts.abandoned,
        abandoned_in_time=counts.abandoned_in_time,
        waiting=counts.waiting,
        refused=counts.refused,
        service_level=service_level(counts, LEVEL),
        formula=LEVEL.value,
        abandon_rate=counts.abandoned / ended if ended else None,
        mean_wait_s=waits / counts.answered if counts.answered else None,
        longest_wait_s=max((row["longest_s"] for row in rows if row["longest_s"] is not None), default=None),
        intervals=tuple(
            IntervalView(
                began_at=WallTime(row["began_at"]),
                offered=row["offered"],
                answered=row["answered"] or 0,
                abandoned=row["abandoned"] or 0,
            )
            for row in rows
        ),
    )
