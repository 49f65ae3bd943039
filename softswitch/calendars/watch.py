"""Opening hours of queues told to the distributor as they change, and the alarm for a year that nobody entered."""

from collections.abc import Callable
from datetime import timedelta

from acd.events import QueueHoursChanged
from acd.names import QueueName
from softswitch.business.whole import Business
from softswitch.calendars.opening import local, midnight
from softswitch.calls.dispatcher import Dispatcher
from softswitch.clock import Alarm, Clock

MissingYear = Callable[[int | None], None]


class HoursWatch:
    """Waits for the next moment at which a queue opens or closes, or a day begins."""

    def __init__(self, dispatcher: Dispatcher, clock: Clock, on_missing_year: MissingYear) -> None:
        """`on_missing_year` is told once a day, and after each change, which year has to be entered; None for none."""
        self._dispatcher = dispatcher
        self._clock = clock
        self._on_missing_year = on_missing_year
        self._business: Business | None = None
        self._said: dict[str, bool] = {}
        self._alarm: Alarm | None = None

    def take(self, business: Business) -> None:
        """Watch the hours of this business from now on."""
        self._business = business
        self._look()

    def close(self) -> None:
        """Watch no more."""
        self._business = None
        if self._alarm is not None:
            self._alarm.cancel()

    def _look(self) -> None:
        business = self._business
        if business is None:
            return
        now = self._clock.wall()
        today = local(now).date()
        moments = [midnight(today + timedelta(days=1))]
        said, self._said = self._said, {}
        for queue in business.queues:
            opening = business.openings.get(business.hours_of(queue))
            is_open = opening is None or opening.is_open(now)
            change = None if opening is None else opening.next_change(now)
            if change is not None:
                moments.append(change)
            if said.get(queue.name, True) is not is_open:  # the engine takes a new queue for open
                self._dispatcher.tell_late(QueueHoursChanged(queue=QueueName(queue.name), is_open=is_open))
            self._said[queue.name] = is_open
        self._on_missing_year(business.days.missing_year(today))
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._clock.at_wall(min(moments), self._look, is_kept=True)
