"""Work that is done once a day at a time of this machine's zone, and never twice at once."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import structlog

from softswitch.clock import Alarm as Deadline
from softswitch.clock import Clock

log = structlog.get_logger(__name__)

PUT_OFF_S: Final = 600.0

Outcome = TypeVar("Outcome")


def seconds_until(time_of_day: str, wall: float) -> float:
    """Seconds from a wall time to the next `HH:MM` of this machine's zone.  Pure."""
    hour, minute = map(int, time_of_day.split(":"))
    now = datetime.fromtimestamp(wall).astimezone()
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return ((then if then > now else then + timedelta(days=1)) - now).total_seconds()


class DailyWork(Generic[Outcome]):
    """Does `work` daily at `at` (`HH:MM`, empty = never by itself), and whenever it is told to `begin`."""

    def __init__(
        self,
        work: Callable[[], Coroutine[Any, Any, Outcome]],
        *,
        name: str,
        at: str,
        clock: Clock,
        may_begin: Callable[[], bool] = lambda: True,
    ) -> None:
        """Nothing happens before `open`; while it is due and not `may_begin`, it is put off for `PUT_OFF_S`."""
        self._work = work
        self._name = name
        self._at = at
        self._clock = clock
        self._may_begin = may_begin
        self._next: Deadline | None = None
        self._task: asyncio.Task[Outcome] | None = None

    def open(self) -> None:
        """Wait for the time of day."""
        if self._at:
            now = self._clock.wall()
            moment = now + seconds_until(self._at, now)
            self._next = self._clock.at_wall(moment, lambda: self._look(moment), is_kept=True)

    def _look(self, moment: float) -> None:
        if self._clock.wall() < moment:
            self.open()  # the clock was set, or the loop woke a moment early
        else:
            self._due()

    async def close(self) -> None:
        """Begin no more, and stop what is being done."""
        if self._next is not None:
            self._next.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _due(self) -> None:
        if not self._may_begin():
            log.info("daily_work.put_off", work=self._name)
            self._next = self._clock.at(self._clock.now() + PUT_OFF_S, self._due, is_kept=True)
            return
        self.open()
        self.begin()

    def begin(self) -> "asyncio.Task[Outcome] | None":
        """Do it now, and return the work; None when it is being done already."""
        if self._task is not None and not self._task.done():
            return None
        self._task = asyncio.create_task(self._work(), name=self._name)
        return self._task
