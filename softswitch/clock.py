"""The one place where control reads the time and arms a timer.

Every machine asks for deadlines here; they lie in one heap, and the event loop holds exactly one armed timer:
that of the earliest.  So ten thousand deadlines cost one handle, and a test can turn the hands itself by giving
a loop of its own (`TimerLoop`).

Most deadlines are spans and go by the monotonic clock, which nobody sets.  Those of a calendar (a queue opens at 08:30)
are asked for `at_wall`, and looked at again when the wall clock is set.
"""

import asyncio
import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Protocol

import structlog

log = structlog.get_logger(__name__)

AGAIN_S = 1.0
SET_S = 0.5
"""By so much a wall clock does not drift from the monotonic one, which follows the same oscillator: it was set."""
_READ_WITHIN_S = 0.1
"""Two readings further apart than that (the process stood still in between) say nothing of one another."""
_FEWEST_TO_SWEEP = 64


class TimerHandle(Protocol):
    """What an event loop gives for an armed timer."""

    def cancel(self) -> None:
        """Disarm it."""


class TimerLoop(Protocol):
    """The part of an event loop that a clock needs."""

    def time(self) -> float:
        """Return monotonic seconds."""

    def call_at(self, when: float, callback: Callable[..., object], *args: Any) -> TimerHandle:
        """Call back at a monotonic time."""


class Alarm:
    """A deadline that was asked for.  `cancel` is idempotent; an alarm that rang is over."""

    __slots__ = ("_callback", "_on_cancelled", "deadline", "follows_wall", "is_kept")

    def __init__(
        self,
        deadline: float,
        callback: Callable[[], object],
        on_cancelled: Callable[[], None],
        *,
        is_kept: bool = False,
        follows_wall: bool = False,
    ) -> None:
        self._callback: Callable[[], object] | None = callback
        self._on_cancelled = on_cancelled
        self.deadline = deadline
        self.is_kept = is_kept
        self.follows_wall = follows_wall

    @property
    def is_pending(self) -> bool:
        """Whether it will still ring."""
        return self._callback is not None

    def cancel(self) -> None:
        """Take the deadline back."""
        if self._callback is not None:
            self._callback = None
            self._on_cancelled()

    def ring(self) -> None:
        """Call back, unless it was cancelled or rang before; one that is kept and fails is pending again."""
        callback, self._callback = self._callback, None
        if callback is None:
            return
        try:
            callback()
        except BaseException:
            if self.is_kept:
                self._callback = callback
            raise


class Clock:
    """Monotonic and wall time in seconds, and deadlines in one heap behind one armed timer."""

    def __init__(
        self,
        loop: TimerLoop,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`steady` is what the wall clock is held against: a loop may keep its own time for a whole turn."""
        self._loop = loop
        self._wall = wall
        self._steady = steady
        self._lead: float | None = None  # of the wall clock over the steady one
        self._is_resumed = False
        self._heap: list[tuple[float, int, Alarm]] = []
        self._serial = 0
        self._cancelled = 0
        self._armed: TimerHandle | None = None
        self._armed_for = 0.0
        self.on_fault: Callable[[Exception], None] = lambda fault: None
        """Told of each callback that failed."""
        self.on_set: list[Callable[[float], None]] = []
        """Whoever keeps wall times: told by how many seconds the wall clock was set, before anybody reads it anew."""

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._loop.time()

    def wall(self) -> float:
        """Return seconds since the epoch, for records only.

        Nothing tells a process that the machine's clock was set, so each reading is held against the steady clock.
        """
        if self._is_resumed and self._lead is not None:
            return self._steady() + self._lead
        before, wall = self._steady(), self._wall()
        if self._steady() - before > _READ_WITHIN_S:
            return wall
        lead = wall - before
        if self._lead is None:
            self._lead = lead
        elif abs(by_s := lead - self._lead) > SET_S:
            self._lead = lead
            self._look_again()
            for hear in self.on_set:
                hear(by_s)
        return wall

    def lead(self) -> float:
        """Return by how many seconds the wall clock is ahead of the steady one: the same until it is set."""
        if self._lead is None:
            self._lead = self._wall() - self._steady()
        return self._lead

    def resume(self, lead_s: float) -> None:
        """Tell the time as a former process of the same machine told it, whose lead this was, until `catch_up`."""
        self._lead, self._is_resumed = lead_s, True

    def catch_up(self) -> None:
        """Tell the time by the wall clock from now on: whoever hears `on_set` is told if it was set in between."""
        self._is_resumed = False
        self.wall()

    def wall_at(self, moment: float) -> float:
        """Return the wall time of a monotonic one, as the two stand to each other now; it alone outlives this process."""
        return self.wall() + moment - self.now()

    def moment_of(self, wall: float) -> float:
        """Return the monotonic time of a wall time, as the two stand to each other now."""
        return self.now() + wall - self.wall()

    def at(self, deadline: float, callback: Callable[[], object], *, is_kept: bool = False) -> Alarm:
        """Call back once at a monotonic time (a deadline in the past: in the next turn of the loop).

        One that `is_kept` belongs to work that asks for its next deadline each time, and would end for ever by one fault:
        it rings again `AGAIN_S` after a callback that failed.
        """
        return self._ask(Alarm(deadline, callback, self._count_cancelled, is_kept=is_kept))

    def at_wall(self, moment: float, look: Callable[[], object], *, is_kept: bool = False) -> Alarm:
        """Call back once at a wall time, or as soon as the wall clock is set: `look` sees what time it is.  Else as `at`."""
        deadline = self.moment_of(moment)
        return self._ask(Alarm(deadline, look, self._count_cancelled, is_kept=is_kept, follows_wall=True))

    def _ask(self, alarm: Alarm) -> Alarm:
        self._push(alarm)
        if self._armed is None or alarm.deadline < self._armed_for:
            self._arm()
        return alarm

    def _push(self, alarm: Alarm) -> None:
        self._serial += 1
        heappush(self._heap, (alarm.deadline, self._serial, alarm))

    def _look_again(self) -> None:
        """The wall clock was set: what waits for a time of it is called back in the next turn."""
        alarms = [entry[2] for entry in self._heap if entry[2].is_pending]
        self._heap, self._cancelled = [], 0
        for alarm in alarms:
            if alarm.follows_wall:
                alarm.deadline = min(alarm.deadline, self.now())
            self._push(alarm)
        self._arm()

    def after(self, delay_s: float, callback: Callable[[], object]) -> Alarm:
        """Call back once `delay_s` seconds from now."""
        return self.at(self.now() + delay_s, callback)

    async def wait(self, delay_s: float) -> None:
        """Return after `delay_s` seconds: one more deadline in the heap; cancelling takes it back."""
        over = asyncio.Event()
        alarm = self.after(delay_s, over.set)
        try:
            await over.wait()
        finally:
            alarm.cancel()

    def next_deadline(self) -> float | None:
        """Return the earliest deadline that still stands."""
        self._drop_cancelled()
        return self._heap[0][0] if self._heap else None

    def _count_cancelled(self) -> None:
        self._cancelled += 1
        if self._cancelled > _FEWEST_TO_SWEEP and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].is_pending]
            heapify(self._heap)
            self._cancelled = 0

    def _drop_cancelled(self) -> None:
        while self._heap and not self._heap[0][2].is_pending:
            heappop(self._heap)
            self._cancelled = max(0, self._cancelled - 1)

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        deadline = self.next_deadline()
        if deadline is not None:
            self._armed_for = deadline
            self._armed = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._armed = None
        # A loop may wake a moment early; what it was armed for is due all the same.
        now = max(self.now(), self._armed_for)
        due: list[Alarm] = []
        while self._heap and self._heap[0][0] <= now:
            alarm = heappop(self._heap)[2]
            if alarm.is_pending:
                due.append(alarm)
            else:
                self._cancelled = max(0, self._cancelled - 1)
        for alarm in due:
            try:
                alarm.ring()
            except Exception as fault:  # one broken deadline must not silence all others
                log.exception("clock.callback_failed")
                self.on_fault(fault)
                if alarm.is_pending:
                    alarm.deadline = now + AGAIN_S
                    self._push(alarm)
        if self._armed is None:
            self._arm()

    def __repr__(self) -> str:
        return f"<Clock deadlines={len(self._heap) - self._cancelled}>"
