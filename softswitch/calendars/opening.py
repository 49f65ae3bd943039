"""Whether a service is open at a moment, and when that changes.  Moments are wall seconds since 1970 (UTC)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from softswitch.calendars.days import Day, DayKind, Days, DaySource
from softswitch.calendars.hours import MINUTES_OF_DAY, WEEKDAYS, Hours, Span, YearOfDays, minutes

SHANGHAI: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one zone and, since 1992, no summer time."""

LOOK_AHEAD_DAYS: Final = 400
"""A service that does not change for so long is as good as always open, or always closed."""


def local(when: float) -> datetime:
    """A moment in China's time."""
    return datetime.fromtimestamp(when, UTC).astimezone(SHANGHAI)


def midnight(day: date) -> float:
    """The beginning of a date in China's time."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp()


class Opening:
    """The hours of one service, laid over the public calendar."""

    def __init__(self, hours: Hours, days: Days) -> None:
        """Read the spans once."""
        self.hours = hours
        self._days = days
        self._observes_holidays = hours.observes_holidays
        self._week = tuple(_joined(spans) for spans in hours.week())
        self._holiday = _joined(hours.holiday)
        self._make_up = self._week[WEEKDAYS.index(hours.make_up_as)]
        self._excepted = {date.fromisoformat(each.date): _joined(each.open) for each in hours.exceptions}

    def spans(self, day: date) -> tuple[Span, ...]:
        """When the service is open on a date: minutes since midnight, in order, none touching another."""
        if day in self._excepted:
            return self._excepted[day]
        if self._observes_holidays:
            kind = self._days.day(day).kind
            if kind is DayKind.HOLIDAY:
                return self._holiday
            if kind is DayKind.MAKE_UP:
                return self._make_up
        return self._week[day.weekday()]

    def is_worked(self, day: date) -> bool:
        """Whether a date is a working day (工作日) of the public calendar on which the service is open."""
        return self._days.is_worked(day) and bool(self.spans(day))

    @property
    def never_closes(self) -> bool:
        """Whether it is open all day, whatever the day."""
        days = [*self._week, *self._excepted.values()] + ([self._holiday] if self._observes_holidays else [])
        return all(spans == ((0, MINUTES_OF_DAY),) for spans in days)

    def is_open(self, when: float) -> bool:
        """Whether the service is open at a moment."""
        moment = local(when)
        minute = moment.hour * 60 + moment.minute
        return any(start <= minute < end for start, end in self.spans(moment.date()))

    def next_change(self, when: float) -> float | None:
        """The first moment after `when` at which the service opens or closes; None when that is too far off."""
        was_open = self.is_open(when)
        for edge in self._edges(local(when).date()):
            if edge > when and self.is_open(edge) is not was_open:
                return edge
        return None

    def _edges(self, first: date) -> Iterator[float]:
        for number in range(LOOK_AHEAD_DAYS):
            day = first + timedelta(days=number)
            begin = midnight(day)
            yield begin  # the day before may have been open until 24:00
            for start, end in self.spans(day):
                yield begin + start * 60
                if end < MINUTES_OF_DAY:
                    yield begin + end * 60


def _joined(texts: Iterable[str]) -> tuple[Span, ...]:
    """Spans in order; those that touch become one."""
    joined: list[Span] = []
    for start, end in sorted(minutes(text) for text in texts):
        if joined and joined[-1][1] >= start:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def days_of(years: Iterable[YearOfDays]) -> Days:
    """The public calendar with the days that were entered for these years."""
    known = tuple(years)
    replaced = {}
    for year in known:
        for each in year.days:
            day = date.fromisoformat(each.date)
            replaced[day] = Day(date=day, kind=DayKind(each.kind), name=each.name, source=DaySource.OPERATOR)
    return Days(replaced, frozenset(int(year.id) for year in known if year.complete))
