"""One heap of deadlines, one armed timer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from softswitch.clock import Clock


class _Handle:
    def __init__(self, when: float, callback: Callable[[], Any]) -> None:
        self.when, self.callback, self.cancelled = when, callback, False

    def cancel(self) -> None:
        self.cancelled = True


class SteppedLoop:
    """A loop whose hands the test turns."""

    def __init__(self) -> None:
        self.hands = 0.0
        self.handles: list[_Handle] = []

    def time(self) -> float:
        return self.hands

    def call_at(self, when: float, callback: Callable[..., Any], *_: Any) -> _Handle:
        self.handles.append(_Handle(when, callback))
        return self.handles[-1]

    def armed(self) -> list[_Handle]:
        return [handle for handle in self.handles if not handle.cancelled]

    def turn_to(self, when: float) -> None:
        while True:
            due = sorted((h for h in self.armed() if h.when <= when), key=lambda h: h.when)
            if not due:
                break
            self.hands = max(self.hands, due[0].when)
            due[0].cancelled = True
            due[0].callback()
        self.hands = when


def test_many_deadlines_arm_one_timer_for_the_earliest() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    for deadline in (5.0, 3.0, 9.0):
        clock.at(deadline, lambda: None)
    assert [handle.when for handle in loop.armed()] == [3.0]


def test_deadlines_ring_in_order_and_once() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    rang: list[str] = []
    clock.at(2.0, lambda: rang.append("b"))
    clock.at(1.0, lambda: rang.append("a"))
    clock.at(2.0, lambda: rang.append("c"))
    loop.turn_to(1.5)
    assert rang == ["a"]
    loop.turn_to(10.0)
    assert rang == ["a", "b", "c"]
    assert loop.armed() == []


def test_a_cancelled_alarm_does_not_ring_even_when_an_earlier_one_cancels_it_in_the_same_turn() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    rang: list[str] = []
    second = clock.at(1.0, lambda: rang.append("second"))

    def ring_first() -> None:
        rang.append("first")
        second.cancel()

    first = clock.at(0.5, ring_first)
    assert first.is_pending
    loop.hands = 2.0
    loop.turn_to(2.0)
    assert rang == ["first"]
    assert clock.next_deadline() is None


def test_a_callback_that_raises_silences_no_other() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    rang: list[str] = []

    def broken() -> None:
        raise ValueError("broken")

    clock.at(1.0, broken)
    clock.at(1.0, lambda: rang.append("next"))
    loop.turn_to(1.0)
    assert rang == ["next"]


def test_each_fault_of_a_callback_is_told() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    told: list[Exception] = []
    clock.on_fault = told.append
    fault = ValueError("broken")

    def broken() -> None:
        raise fault

    clock.at(1.0, broken)
    loop.turn_to(10.0)
    assert told == [fault], "it is over: it was asked for once"


def test_a_kept_deadline_rings_again_a_second_after_its_callback_failed() -> None:
    """As long as it fails; then its owner asks for the next one as ever."""
    loop = SteppedLoop()
    clock = Clock(loop)
    rang: list[float] = []

    def look() -> None:
        rang.append(loop.time())
        if len(rang) < 3:
            raise ValueError("broken")

    alarm = clock.at(5.0, look, is_kept=True)
    loop.turn_to(5.5)
    assert alarm.is_pending
    assert alarm.deadline == 6.0
    loop.turn_to(60.0)
    assert rang == [5.0, 6.0, 7.0]
    assert not alarm.is_pending
    assert clock.next_deadline() is None


def test_a_kept_deadline_that_failed_can_be_cancelled() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    rang: list[float] = []

    def look() -> None:
        rang.append(loop.time())
        raise ValueError("broken")

    alarm = clock.at(5.0, look, is_kept=True)
    loop.turn_to(5.5)
    alarm.cancel()
    loop.turn_to(60.0)
    assert rang == [5.0]


def test_a_callback_may_ask_for_a_new_deadline() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    rang: list[float] = []

    def again() -> None:
        rang.append(loop.time())
        if len(rang) < 3:
            clock.after(1.0, again)

    clock.after(1.0, again)
    loop.turn_to(10.0)
    assert rang == [1.0, 2.0, 3.0]


def test_cancelled_alarms_are_swept_out_of_the_heap() -> None:
    loop = SteppedLoop()
    clock = Clock(loop)
    kept = clock.at(1000.0, lambda: None)
    for _ in range(1000):
        clock.at(500.0, lambda: None).cancel()
    assert len(clock._heap) < 200
    assert kept.is_pending
    assert clock.next_deadline() == 1000.0


async def test_waiting_is_one_more_deadline_and_ends_with_its_task() -> None:
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    began = clock.now()
    await clock.wait(0.01)
    assert clock.now() >= began + 0.01
    waiting = loop.create_task(clock.wait(60.0))
    await asyncio.sleep(0)
    assert clock.next_deadline() is not None
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert clock.next_deadline() is None


def test_a_moment_and_its_wall_time_are_told_from_each_other_as_they_stand_now() -> None:
    """A wall that was stepped meanwhile moves what was written down before, and nothing else."""
    loop, wall = SteppedLoop(), [1_000.0]
    clock = Clock(loop, lambda: wall[0] + loop.hands)
    loop.hands = 5.0
    assert clock.wall_at(8.0) == 1_008.0
    assert clock.moment_of(1_008.0) == 8.0
    wall[0] += 3_600.0
    assert clock.wall_at(8.0) == 4_608.0
    assert clock.moment_of(1_008.0) == -3_592.0


def test_a_wall_clock_that_is_set_is_told_once_before_anybody_reads_it() -> None:
    """By how much, whichever way; time that passes and a drift of milliseconds are nothing."""
    steady, ahead = [50.0], [1_700_000_000.0]
    clock = Clock(SteppedLoop(), lambda: steady[0] + ahead[0], lambda: steady[0])
    told: list[float] = []
    clock.on_set.append(told.append)
    clock.wall()
    for by_s in (0.0, 0.01, 3600.0, 0.0, -7200.0):
        steady[0] += 1000.0
        ahead[0] += by_s
        assert clock.wall() == steady[0] + ahead[0]
    assert [round(by_s) for by_s in told] == [3600, -7200]


def test_a_process_that_stood_still_between_two_readings_does_not_take_that_for_a_set_clock() -> None:
    steady, told = iter([0.0, 0.0, 10.0, 17.0, 20.0, 20.0]), list[float]()
    clock = Clock(SteppedLoop(), iter([1000.0, 1017.0, 1020.0]).__next__, steady.__next__)
    clock.on_set.append(told.append)
    assert [clock.wall() for _ in range(3)] == [1000.0, 1017.0, 1020.0]
    assert told == []


class SetWall:
    """A clock whose wall is set by the test."""

    def __init__(self) -> None:
        self.loop, self.ahead_s = SteppedLoop(), 1_000.0
        self.clock = Clock(self.loop, lambda: self.loop.hands + self.ahead_s, self.loop.time)

    def set(self, by_s: float) -> None:
        self.ahead_s += by_s
        self.clock.wall()


def test_what_waits_for_a_wall_time_is_called_then_and_once() -> None:
    here, seen = SetWall(), list[float]()
    here.clock.at_wall(1_060.0, lambda: seen.append(here.clock.wall()))
    here.loop.turn_to(59.0)
    assert seen == []
    here.loop.turn_to(500.0)
    assert seen == [1_060.0]


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_what_waits_for_a_wall_time_looks_again_when_the_clock_is_set_and_nothing_else_does(
    by_s: float,
) -> None:
    here, looked, span, cancelled = SetWall(), list[float](), list[float](), list[float]()
    here.clock.after(100.0, lambda: span.append(here.loop.hands))
    here.clock.at_wall(1_200.0, lambda: looked.append(here.clock.wall()), is_kept=True)
    here.clock.at_wall(1_200.0, lambda: cancelled.append(0.0)).cancel()
    here.loop.turn_to(50.0)
    here.set(by_s)
    here.loop.turn_to(50.0)
    assert looked == [1_050.0 + by_s]
    here.loop.turn_to(99.0)
    assert span == []
    here.loop.turn_to(5_000.0)
    assert (span, looked, cancelled) == ([100.0], [1_050.0 + by_s], [])


def test_who_follows_another_process_tells_its_time_until_it_looks_itself() -> None:
    """By then everything that was left has been read; what the clock was set by is told then, and once."""
    here, told = SetWall(), list[float]()
    here.clock.on_set.append(told.append)
    here.clock.resume(1_000.0 - 3_600.0)
    here.loop.turn_to(5.0)
    assert here.clock.wall() == 1_005.0 - 3_600.0
    assert here.clock.moment_of(-2_600.0) == 0.0
    assert told == []
    here.clock.catch_up()
    assert told == [3_600.0]
    assert here.clock.wall() == 1_005.0
    assert here.clock.lead() == 1_000.0
    assert told == [3_600.0]


def test_who_follows_another_process_on_a_clock_that_nobody_set_hears_of_nothing() -> None:
    here, told = SetWall(), list[float]()
    here.clock.on_set.append(told.append)
    here.clock.resume(here.clock.lead() + 0.01)
    here.clock.catch_up()
    here.loop.turn_to(1_000.0)
    assert here.clock.wall() == 2_000.0
    assert told == []
