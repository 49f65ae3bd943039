"""Kinds of days: the published arrangement, the years beyond it, and what operators replace."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.calendars.days import Day, DayKind, Days, DaySource, is_published

PUBLISHED = Days({})
FIRST_UNKNOWN = next(year for year in range(2026, 2100) if not is_published(year))
"""The year that the library does not know yet: the next one, most of the time."""


def test_national_day_of_2026_is_as_the_state_council_announced() -> None:
    """1 to 7 October off; the Sunday before and the Saturday after are worked."""
    kinds = {day.date: day.kind for day in PUBLISHED.year(2026)}
    assert [kinds[date(2026, 10, number)] for number in range(1, 8)] == [DayKind.HOLIDAY] * 7
    assert kinds[date(2026, 9, 20)] is DayKind.MAKE_UP
    assert kinds[date(2026, 10, 10)] is DayKind.MAKE_UP
    assert kinds[date(2026, 10, 11)] is DayKind.WEEKEND
    assert PUBLISHED.day(date(2026, 10, 1)) == Day(
        date=date(2026, 10, 1), kind=DayKind.HOLIDAY, name="国庆节", source=DaySource.NOTICE
    )


def test_a_year_that_is_not_published_has_its_weekends_and_fixed_holidays() -> None:
    """The library raises for it; no call and no deadline may."""
    days = PUBLISHED.year(FIRST_UNKNOWN)
    assert len(days) in (365, 366)
    assert {day.source for day in days} == {DaySource.RULE}
    holidays = {(day.date.month, day.date.day) for day in days if day.kind is DayKind.HOLIDAY}
    assert holidays == {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
    rest = [day for day in days if day.kind is DayKind.WEEKEND]
    assert all(day.date.weekday() >= 5 for day in rest)
    assert len(rest) > 98


@pytest.mark.parametrize("year", [1, 1970, 2003, 2150, 9999])
def test_no_year_breaks_anything(year: int) -> None:
    assert len(PUBLISHED.year(year)) in (365, 366)
    assert PUBLISHED.worked_day_after(date(year, 12, 31), 1) >= date(year, 12, 31)


def test_the_alarm_stands_from_november_until_the_year_is_entered() -> None:
    before, year = FIRST_UNKNOWN - 1, FIRST_UNKNOWN
    assert PUBLISHED.missing_year(date(before, 10, 31)) is None
    assert PUBLISHED.missing_year(date(before, 11, 1)) == year
    assert PUBLISHED.missing_year(date(year, 1, 1)) == year
    confirmed = Days({}, frozenset({year}))
    assert confirmed.missing_year(date(before, 11, 1)) is None
    assert confirmed.missing_year(date(year, 1, 1)) is None


def test_an_operator_replaces_any_day() -> None:
    """A flood makes a Sunday a working day; whatever the library says."""
    sunday = date(2026, 10, 4)
    flood = Day(date=sunday, kind=DayKind.MAKE_UP, name="防汛", source=DaySource.OPERATOR)
    days = Days({sunday: flood})
    assert days.day(sunday) == flood
    assert days.is_worked(sunday)
    assert not PUBLISHED.is_worked(sunday)


def test_a_time_limit_runs_over_a_holiday_in_working_days() -> None:
    """Three working days from Tuesday, 29 September 2026: 30 September, 8 and 9 October."""
    assert PUBLISHED.worked_day_after(date(2026, 9, 29), 3) == date(2026, 10, 9)
    assert PUBLISHED.worked_days_between(date(2026, 9, 29), date(2026, 10, 10)) == 4
    assert PUBLISHED.worked_day_after(date(2026, 10, 3), 0) == date(2026, 10, 8)
    assert PUBLISHED.worked_day_after(date(2026, 10, 8), 0) == date(2026, 10, 8)
    with pytest.raises(ValueError, match="negative"):
        PUBLISHED.worked_day_after(date(2026, 10, 8), -1)


@given(
    start=st.dates(date(2020, 1, 1), date(2029, 12, 31)),
    count=st.integers(1, 60),
    replaced=st.dictionaries(
        st.dates(date(2020, 1, 1), date(2030, 6, 30)), st.sampled_from(DayKind), max_size=20
    ),
)
def test_counting_working_days_and_going_so_many_on_are_inverse(
    start: date, count: int, replaced: dict[date, DayKind]
) -> None:
    """Against a plain walk, over ten years of which some are not published."""
    days = Days({day: Day(date=day, kind=kind, source=DaySource.OPERATOR) for day, kind in replaced.items()})
    end = days.worked_day_after(start, count)
    assert days.is_worked(end)
    assert days.worked_days_between(start, end) == count
    assert days.worked_days_between(end, start) == -count
    walked, seen = start, 0
    while seen < count:
        walked += timedelta(days=1)
        seen += days.day(walked).kind in (DayKind.WORKDAY, DayKind.MAKE_UP)
    assert walked == end
