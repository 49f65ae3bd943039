"""Work of the night comes once a day at its time, by whatever clock the machine has then."""

import asyncio
from datetime import datetime

from softswitch.clock import Clock
from softswitch.operations.daily_work import DailyWork
from tests.softswitch.sip.stepped_clock import SteppedLoop

HOUR_S, DAY_S = 3_600.0, 86_400.0
MIDNIGHT = datetime(2026, 11, 27).astimezone().timestamp()


class Night:
    """Work at 02:00 on a machine whose clock shows midnight, until the test sets it."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.loop, self.ahead_s = SteppedLoop(), ahead_s
        self.clock = Clock(self.loop, lambda: MIDNIGHT + self.ahead_s + self.loop.hands, self.loop.time)
        self.done_at: list[float] = []
        self.daily = DailyWork(self._work, name="night", at="02:00", clock=self.clock)
        self.daily.open()

    async def _work(self) -> None:
        self.done_at.append(self.loop.hands)

    def set(self, by_s: float) -> None:
        """Set the clock; somebody reads it."""
        self.ahead_s += by_s
        self.clock.wall()

    async def pass_to(self, moment: float) -> None:
        """Let it become later, and let what begins come to its end."""
        self.loop.turn_to(moment)
        await asyncio.gather(*[task for task in asyncio.all_tasks() if task.get_name() == "night"])


async def test_a_clock_that_is_set_forward_over_the_time_makes_it_due_now_and_once() -> None:
    night = Night()
    await night.pass_to(1.5 * HOUR_S)
    night.set(HOUR_S)
    for moment in (1.5 * HOUR_S, 10 * HOUR_S, DAY_S + HOUR_S, 1.5 * DAY_S):
        await night.pass_to(moment)
    assert night.done_at == [1.5 * HOUR_S, DAY_S + HOUR_S]


async def test_a_clock_that_is_set_back_makes_it_wait_for_its_time() -> None:
    night = Night()
    await night.pass_to(HOUR_S)
    night.set(-HOUR_S)
    await night.pass_to(3 * HOUR_S - 1)
    assert night.done_at == []
    await night.pass_to(3 * HOUR_S)
    assert night.done_at == [3 * HOUR_S]


async def test_a_clock_that_was_years_ahead_does_not_put_it_off_for_years() -> None:
    night = Night(ahead_s=4 * 365 * DAY_S)
    night.set(-4 * 365 * DAY_S)
    await night.pass_to(2 * HOUR_S)
    assert night.done_at == [2 * HOUR_S]
    await night.daily.close()
