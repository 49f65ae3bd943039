"""The alarm for a year that nobody entered stands from 1 November until it is, as control raises it."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from softswitch.app import Control
from softswitch.business.whole import whole_of
from softswitch.calendars.opening import SHANGHAI
from softswitch.calendars.watch import HoursWatch
from softswitch.operations.alarms import AlarmBoard, AlarmKind
from tests.softswitch.calendars.test_watch import MACHINE, Watch, business
from tests.softswitch.calls.node import Keeper


def test_the_alarm_stands_from_november_until_the_year_is_entered() -> None:
    """Each look at the calendars is a look at queues that are to go, too."""
    here = Watch(datetime(2026, 10, 31, 8, 0, tzinfo=SHANGHAI).timestamp())
    alarms = AlarmBoard(lambda entry: None, Keeper(), here.clock.wall)
    looks: list[str] = []
    control: Any = object.__new__(
        Control
    )  # all of its parts need sockets; these two are what it speaks to here
    control._room = SimpleNamespace(alarms=alarms)
    control._live = SimpleNamespace(remove_queues=lambda: looks.append("queues"))
    here.watch = HoursWatch(here.ears, here.clock, control._missing_year)

    here.watch.take(business())
    assert alarms.standing() == ()
    here.pass_to(0.1, day=1)
    [alarm] = alarms.standing()
    assert (alarm.kind, alarm.detail) == (AlarmKind.HOLIDAYS_UNKNOWN, "2027")
    here.pass_to(0.1, day=2)
    assert len(alarms.standing()) == 1
    entered: dict[Any, Any] = {("days", "2027"): {"id": "2027", "complete": True}}
    documents = {key: held[0] for key, held in business()._values.items()}
    here.watch.take(whole_of(documents | entered, MACHINE))
    assert alarms.standing() == ()
    assert len(looks) > 2
