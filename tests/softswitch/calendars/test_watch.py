"""Queues open and close by their calendars, to the second, whatever is changed meanwhile; a missing year is told."""

from datetime import datetime
from typing import Any

import pytest

from acd.commands import Command
from acd.engine import Engine
from acd.events import Event, QueueHoursChanged
from softswitch.business.whole import Business, Machine, whole_of
from softswitch.calendars.opening import SHANGHAI
from softswitch.calendars.watch import HoursWatch
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.queue_definition import definition_of
from softswitch.clock import Clock
from tests.softswitch.sip.stepped_clock import SteppedLoop

MACHINE = Machine(trunks=frozenset(), prompts=frozenset(), music=frozenset({"waiting"}))
MORNING = datetime(2026, 11, 27, 8, 0, tzinfo=SHANGHAI).timestamp()


class Ears(Dispatcher):
    """Keeps what the engine is told of hours."""

    def __init__(self, clock: Clock) -> None:
        self.heard: list[tuple[str, bool]] = []
        super().__init__(Engine(run="t"), clock, self._ignore)

    def _ignore(self, order: Command) -> None:
        """Nobody waits here."""

    def tell(self, event: Event, at: float | None = None) -> None:
        if isinstance(event, QueueHoursChanged):
            self.heard.append((str(event.queue), event.is_open))
        super().tell(event, at)


class Watch:
    """A watch over two queues, one of them open in office hours, and a clock that the test turns."""

    def __init__(self, morning: float = MORNING) -> None:
        self.loop = SteppedLoop()
        self.clock = Clock(self.loop, lambda: morning + self.loop.hands)
        self.ears = Ears(self.clock)
        self.years: list[int | None] = []
        self.watch = HoursWatch(self.ears, self.clock, self.years.append)
        for queue in business().queues:
            self.ears.tell(definition_of(queue))

    def pass_to(self, hour: float, day: int = 0) -> None:
        """Let the clock go to a time of this day or a later one."""
        until = (hour - 8 + 24 * day) * 3600
        while (due := self.clock.next_deadline()) is not None and due <= until:
            self.loop.turn_to(max(due, self.loop.hands))
        self.loop.turn_to(until)


def business(
    spans: tuple[str, ...] = ("08:30-12:00", "13:30-17:30"), *, by_service: bool = False
) -> Business:
    """Two queues, one with hours, its own or those of its service."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    documents: dict[tuple[str, str], Any] = {
        ("hours", "office"): {"id": "office", **{day: list(spans) for day in days}},
        ("queues", "office"): {"name": "office", "hours": "" if by_service else "office"},
        ("queues", "always"): {"name": "always"},
    }
    if by_service:
        documents["services", "papers"] = {"id": "papers", "queue": "office", "hours": "office"}
    return whole_of(documents, MACHINE)


@pytest.fixture
def watched() -> Watch:
    watch = Watch()
    watch.watch.take(business())
    return watch


def test_a_queue_opens_and_closes_at_its_minutes(watched: Watch) -> None:
    assert watched.ears.heard == [("office", False)]
    watched.pass_to(8.49)
    assert len(watched.ears.heard) == 1
    watched.pass_to(8.51)
    assert watched.ears.heard[1:] == [("office", True)]
    watched.pass_to(18)
    assert [is_open for _, is_open in watched.ears.heard] == [False, True, False, True, False]


def test_the_hours_of_a_service_are_those_of_its_queue() -> None:
    watch = Watch()
    watch.watch.take(business(by_service=True))
    watch.pass_to(8.51)
    assert watch.ears.heard == [("office", False), ("office", True)]


def test_it_stays_closed_over_the_weekend(watched: Watch) -> None:
    watched.pass_to(18)
    before = len(watched.ears.heard)
    watched.pass_to(8.4, day=3)
    assert len(watched.ears.heard) == before
    watched.pass_to(8.6, day=3)
    assert watched.ears.heard[before:] == [("office", True)]


def test_new_hours_hold_at_once(watched: Watch) -> None:
    watched.watch.take(business(("07:00-20:00",)))
    assert watched.ears.heard == [("office", False), ("office", True)]
    watched.pass_to(19)
    assert len(watched.ears.heard) == 2


def test_the_year_that_is_missing_is_told_until_it_is_entered(watched: Watch) -> None:
    """Each midnight, and with every change; on this day 2027 was not published."""
    assert watched.years == [2027]
    watched.pass_to(1, day=1)
    assert set(watched.years) == {2027}
    assert len(watched.years) > 1
    entered: dict[Any, Any] = {("days", "2027"): {"id": "2027", "complete": True}}
    documents = business()
    watched.watch.take(whole_of({key: held[0] for key, held in documents._values.items()} | entered, MACHINE))
    assert watched.years[-1] is None


def test_the_next_year_is_missing_from_the_first_of_november() -> None:
    """Not on the last of October; at midnight nobody has to change anything for it."""
    watch = Watch(datetime(2026, 10, 31, 8, 0, tzinfo=SHANGHAI).timestamp())
    watch.watch.take(business())
    watch.pass_to(23.9)
    assert set(watch.years) == {None}
    watch.pass_to(0.1, day=1)
    assert watch.years[-1] == 2027
    watch.pass_to(0.1, day=62)
    assert watch.years[-1] == 2027, "and it is missing still when it has begun"


def test_a_closed_watch_is_silent(watched: Watch) -> None:
    watched.watch.close()
    watched.pass_to(9)
    assert watched.ears.heard == [("office", False)]


@pytest.mark.parametrize("years", [0, 5], ids=["an hour", "years"])
@pytest.mark.parametrize("is_forward", [True, False])
def test_a_clock_that_is_set_opens_and_closes_at_once_and_goes_on_by_its_new_time(
    years: int, is_forward: bool
) -> None:
    """A machine begins with a clock that is wrong, by hours or by years, and is set right while callers wait."""
    hours = 1.0 + 24.0 * 7 * 52 * years  # whole weeks: it is the same day of the week
    loop, ahead_s = SteppedLoop(), [0.0 if is_forward else hours * 3600]
    clock = Clock(loop, lambda: MORNING + ahead_s[0] + loop.hands, loop.time)
    ears = Ears(clock)
    for queue in business().queues:
        ears.tell(definition_of(queue))
    watch = HoursWatch(ears, clock, lambda year: None)
    watch.take(business())
    assert ears.heard == ([("office", False)] if is_forward else [])  # 8:00, or 9:00
    ahead_s[0] += (hours if is_forward else -hours) * 3600
    clock.wall()
    loop.turn_to(1.0)
    assert ears.heard[-1] == ("office", is_forward)
    known = len(ears.heard)
    loop.turn_to((3.1 if is_forward else 0.6) * 3600)  # 12:06, or 8:36
    assert ears.heard[known:] == [("office", not is_forward)]
    watch.close()
