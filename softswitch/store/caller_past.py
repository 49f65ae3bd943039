"""What a caller's number did before: counted in the projected calls, while the call goes on."""

import asyncio
from collections.abc import Callable

import structlog

from acd.levels import DayOfCalls
from api.faults import Unavailable
from softswitch.store.reader import Reader

log = structlog.get_logger(__name__)

DAY_S = 86_400.0

Found = Callable[[tuple[DayOfCalls, ...]], None]
"""Told of the days on which there were calls, the last first."""


class CallerPast:
    """Earlier calls by number, of the last so many days.  A disk that does not answer is told nobody's past."""

    def __init__(self, reader: Reader, days: int) -> None:
        """`reader` should be nobody else's: long lists would let callers wait."""
        self._reader = reader
        self._days = days
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, number: str, now: float, found: Found) -> None:
        """Count the calls of a number that arrived before `now` (wall seconds); `found` is told soon afterwards."""
        task = asyncio.get_running_loop().create_task(self._work(number, now, found))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def days_of(self, number: str, now: float) -> tuple[DayOfCalls, ...]:
        """How many calls were let in, and how many of them were given up in a line, day by day; `Unavailable`."""
        rows = await self._reader.rows(
            f"SELECT CAST((? - arrived_at) / {DAY_S} AS INTEGER) AS days_ago, count(*) AS calls,"
            " coalesce(sum(end_reason = 'abandoned' AND queued_at IS NOT NULL), 0) AS given_up"
            " FROM calls WHERE caller = ? AND arrived_at >= ? AND arrived_at < ? AND answered_at IS NOT NULL"
            " GROUP BY 1 ORDER BY 1",
            (now, number, now - self._days * DAY_S, now),
        )
        return tuple(
            DayOfCalls(days_ago=row["days_ago"], calls=row["calls"], abandoned=row["given_up"])
            for row in rows
        )

    async def close(self) -> None:
        """End what runs, and the reading."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()

    async def _work(self, number: str, now: float, found: Found) -> None:
        try:
            past = await self.days_of(number, now)
        except Unavailable as fault:
            log.warning("caller_past.not_read", fault=fault.code)
            return
        try:
            found(past)
        except Exception:
            log.exception("caller_past.not_told")
