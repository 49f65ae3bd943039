"""What kind of day a date is: holidays and make-up workdays (调休) from `chinesecalendar`, each replaceable by hand.

The library knows the State Council's notices up to some year and raises beyond it.  For a year that it does not know,
weekends and the holidays of fixed date serve (全国年节及纪念日放假办法, as revised in November 2024), until the
notice has been entered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import chinese_calendar

ALARM_MONTH: Final = 11
"""The notice for the next year comes out in autumn: from the first of this month its absence is an alarm."""

LAST_DATE: Final = date(9999, 12, 31)

_NAMES: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
_FIXED: Final = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}


class DayKind(StrEnum):
    """What a day is for those who work by the public calendar."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # 法定节假日, with the days moved to it
    MAKE_UP = "make_up"  # 调休: a Saturday or Sunday on which people work

    @property
    def is_worked(self) -> bool:
        """Whether it counts as a working day (工作日)."""
        return self in (DayKind.WORKDAY, DayKind.MAKE_UP)


class DaySource(StrEnum):
    """Where the kind of a day comes from."""

    NOTICE = "notice"  # the published arrangement that the library holds
    RULE = "rule"  # weekends and holidays of fixed date: the arrangement is not known yet
    OPERATOR = "operator"  # entered by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One date; `name` is that of the holiday which made it what it is, empty for none."""

    date: date
    kind: DayKind
    name: str = ""
    source: DaySource


class Days:
    """The public calendar with what the operators replaced in it."""

    def __init__(self, replaced: Mapping[date, Day], confirmed_years: frozenset[int] = frozenset()) -> None:
        """`confirmed_years` are those whose arrangement the operators entered or approved as a whole."""
        self._replaced = dict(replaced)
        self._confirmed = confirmed_years

    def day(self, wanted: date) -> Day:
        """What a date is; never raises."""
        return self._replaced.get(wanted) or published_day(wanted)

    def is_worked(self, wanted: date) -> bool:
        """Whether a date is a working day (工作日)."""
        return self.day(wanted).kind.is_worked

    def year(self, year: int) -> tuple[Day, ...]:
        """Every day of a year, in order."""
        first = date(year, 1, 1)
        count = (date(year, 12, 31) - first).days + 1
        return tuple(self.day(first + timedelta(days=number)) for number in range(count))

    def is_known(self, year: int) -> bool:
        """Whether the arrangement of a year is published here or confirmed by the operators."""
        return year in self._confirmed or is_published(year)

    def missing_year(self, today: date) -> int | None:
        """The year whose arrangement has to be entered: this one, or from 1 November on the next; None for none."""
        if not self.is_known(today.year):
            return today.year
        if today.month >= ALARM_MONTH and not self.is_known(today.year + 1):
            return today.year + 1
        return None

    def worked_day_after(self, start: date, count: int) -> date:
        """The `count`-th working day after a date; 0 is the date itself, or the next working day when it is none.

        A time limit of three working days that is accepted on `start` ends with the day that this returns for 3.
        """
        if count < 0:
            raise ValueError(f"count is {count}, it cannot be negative")
        found = start
        left = count if self.is_worked(start) or count else 1
        while left and found < LAST_DATE:
            found += timedelta(days=1)
            left -= self.is_worked(found)
        return found

    def worked_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start`, up to `end` inclusive; negative when `end` is the earlier one."""
        if end < start:
            return -self.worked_days_between(end, start)
        return sum(self.is_worked(each) for each in _dates(start + timedelta(days=1), end))


def _dates(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def published_day(wanted: date) -> Day:
    """A date by the library; by weekends and fixed dates where it does not know the year."""
    try:
        is_holiday, english = chinese_calendar.get_holiday_detail(wanted)
    except NotImplementedError:
        return _ruled_day(wanted)
    name = "" if english is None else _NAMES.get(english, english)
    is_weekend = wanted.weekday() >= 5
    if is_holiday:
        kind = DayKind.HOLIDAY if name else DayKind.WEEKEND
    else:
        kind = DayKind.MAKE_UP if is_weekend else DayKind.WORKDAY
    return Day(date=wanted, kind=kind, name=name, source=DaySource.NOTICE)


def is_published(year: int) -> bool:
    """Whether the library knows the arrangement of a year."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def _ruled_day(wanted: date) -> Day:
    name = _FIXED.get((wanted.month, wanted.day), "")
    kind = DayKind.WEEKEND if wanted.weekday() >= 5 else DayKind.WORKDAY
    return Day(date=wanted, kind=DayKind.HOLIDAY if name else kind, name=name, source=DaySource.RULE)
