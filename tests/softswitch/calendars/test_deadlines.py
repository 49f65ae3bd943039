"""Time limits by the hours of a service: examples of 2026, and a slow plain walk over ten years."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.calendars.days import DayKind, Days
from softswitch.calendars.deadlines import ALWAYS, after_days, after_minutes
from softswitch.calendars.hours import WEEKDAYS, DifferentDay, Hours
from softswitch.calendars.opening import Opening, local, midnight
from tests.softswitch.calendars.services import at, is_plainly_open, services

OFFICE: dict[str, Any] = dict.fromkeys(WEEKDAYS[:5], ("08:30-12:00", "13:30-17:30"))
NIGHT: dict[str, Any] = dict.fromkeys(WEEKDAYS, ("00:00-06:00", "22:00-24:00"))


def opening(**hours: Any) -> Opening:
    """A service over the published calendar."""
    return Opening(Hours(id="h", **hours), Days({}))


@pytest.mark.parametrize(
    ("accepted", "minutes", "ends"),
    [
        ("2026-11-27T09:00:00", 60, "2026-11-27T10:00:00"),
        ("2026-11-27T11:30:00", 60, "2026-11-27T14:00:00"),  # over lunch
        ("2026-11-27T11:30:00", 30, "2026-11-27T12:00:00"),  # up to the closing itself
        ("2026-11-27T20:00:00", 240, "2026-11-30T14:00:00"),  # accepted at night, before a weekend
        ("2026-11-27T20:00:00", 0, "2026-11-30T08:30:00"),
        ("2026-11-27T09:00:30", 0, "2026-11-27T09:00:30"),
        ("2026-09-30T16:30:00", 120, "2026-10-08T09:30:00"),  # over National Day
        ("2026-10-09T17:00:00", 60, "2026-10-10T09:00:00"),  # the Saturday that is worked for it
    ],
)
def test_minutes_run_while_the_service_is_open(accepted: str, minutes: int, ends: str) -> None:
    assert after_minutes(opening(**OFFICE), at(accepted), minutes) == at(ends)


@pytest.mark.parametrize(
    ("accepted", "days", "ends"),
    [
        ("2026-09-29T16:30:00", 3, "2026-10-09T17:30:00"),
        ("2026-09-29T23:00:00", 3, "2026-10-09T17:30:00"),  # whatever the hour of that date
        ("2026-10-09T09:00:00", 1, "2026-10-10T17:30:00"),
        ("2026-10-03T09:00:00", 1, "2026-10-08T17:30:00"),
        ("2026-11-27T09:00:00", 0, "2026-11-27T17:30:00"),
        ("2026-11-27T17:30:00", 0, "2026-11-30T17:30:00"),  # it is over by then
        ("2026-11-28T09:00:00", 0, "2026-11-30T17:30:00"),
    ],
)
def test_days_end_when_the_service_closes(accepted: str, days: int, ends: str) -> None:
    assert after_days(opening(**OFFICE), at(accepted), days) == at(ends)


def test_who_is_on_duty_on_holidays_has_no_working_day_by_it_but_working_minutes() -> None:
    """Saturdays and holidays with hours: people may call, and the law's working days (工作日) are what they were."""
    counter = opening(**OFFICE, saturday=("09:00-12:00",), holiday=("10:00-12:00",))
    assert after_days(counter, at("2026-09-29T16:30:00"), 3) == at("2026-10-09T17:30:00")
    assert after_days(counter, at("2026-11-27T16:30:00"), 1) == at("2026-11-30T17:30:00")
    assert after_minutes(counter, at("2026-09-30T16:30:00"), 120) == at("2026-10-01T11:00:00")
    assert after_minutes(counter, at("2026-11-27T16:30:00"), 120) == at("2026-11-28T10:00:00")


def test_a_service_that_observes_no_holidays_has_minutes_on_them_and_no_working_day() -> None:
    own = opening(**OFFICE, observes_holidays=False)
    assert after_days(own, at("2026-09-29T16:30:00"), 2) == at("2026-10-08T17:30:00")
    assert after_minutes(own, at("2026-09-30T16:30:00"), 120) == at("2026-10-01T09:30:00")


def test_a_shift_over_midnight_ends_in_the_morning() -> None:
    night = opening(**NIGHT)
    assert after_days(night, at("2026-11-26T23:00:00"), 1) == at("2026-11-28T06:00:00")
    assert after_minutes(night, at("2026-11-26T23:00:00"), 7 * 60) == at("2026-11-27T06:00:00")
    assert after_minutes(night, at("2026-11-26T23:00:00"), 7 * 60 + 1) == at("2026-11-27T22:01:00")


def test_day_and_night_the_public_calendar_says_what_a_working_day_is() -> None:
    always = Opening(ALWAYS, Days({}))
    assert after_days(always, at("2026-09-29T16:30:00"), 3) == at("2026-10-10T00:00:00")
    assert after_minutes(always, at("2026-09-30T23:30:00"), 60) == at("2026-10-01T00:30:00")


def test_what_is_never_open_has_no_time_limit_and_breaks_nothing() -> None:
    once = opening(exceptions=(DifferentDay(date="2026-11-30", open=("09:00-10:00",)),))
    for never in (opening(), once):
        assert after_minutes(never, at("2026-11-27T09:00:00"), 61) is None
        assert after_days(never, at("2026-11-27T09:00:00"), 2) is None
    assert after_days(once, at("2026-11-27T09:00:00"), 1) == at("2026-11-30T10:00:00")
    last = Opening(ALWAYS, Days({}))
    assert after_minutes(last, at("9999-12-31T12:00:00"), 60) == at("9999-12-31T13:00:00")
    assert after_minutes(last, at("9999-12-31T23:30:00"), 60) is None
    assert after_days(last, at("9999-12-30T12:00:00"), 5) is None


# ---- the slow plain walk ---------------------------------------------------------------------------

WALKED_DAYS = 4


def _walked_minutes(hours: Hours, days: Days, start: int, minutes: int) -> float | None:
    """Minute by minute; None beyond the days that are walked."""
    moment, left = start, minutes * 60
    while moment < start + WALKED_DAYS * 86400:
        step = 60 - moment % 60
        if is_plainly_open(hours, days, moment):
            if left <= step:
                return moment + left
            left -= step
        moment += step
    return None


@settings(max_examples=12, deadline=None)
@given(services(), st.integers(0, 2000))
def test_working_minutes_are_those_of_a_plain_walk(service: tuple[Hours, Days, int], minutes: int) -> None:
    hours, days, start = service
    found = after_minutes(Opening(hours, days), start, minutes)
    walked = _walked_minutes(hours, days, start, minutes)
    if walked is None:
        assert found is None or found >= start + WALKED_DAYS * 86400
    else:
        assert found == walked


def _walked_closing(hours: Hours, days: Days, day: date) -> float | None:
    """The end of the last minute in which it is open on a date, or of the night that this runs into; None for closed."""
    begin = int(midnight(day))
    minutes = [m for m in range(begin, begin + 86400, 60) if is_plainly_open(hours, days, m)]
    if not minutes:
        return None
    morning = begin + 86400
    end = minutes[-1] + 60
    while morning <= end < morning + 86400 and is_plainly_open(hours, days, end):
        end += 60
    return morning if end == morning + 86400 else end


@settings(max_examples=12, deadline=None)
@given(services(), st.integers(0, 3))
def test_working_days_are_those_of_a_plain_walk(service: tuple[Hours, Days, int], count: int) -> None:
    hours, days, start = service
    day, left, walked = local(start).date(), count, None
    for number in range(count * 2 + 4):
        closing = _walked_closing(hours, days, day + timedelta(days=number))
        kind = days.day(day + timedelta(days=number)).kind
        is_public = kind in (DayKind.WORKDAY, DayKind.MAKE_UP)
        if closing is None or not is_public or (number == 0 and count):
            continue
        left -= 1
        if left <= 0 and closing > start:
            walked = closing
            break
    found = after_days(Opening(hours, days), start, count)
    if walked is None:
        assert found is None or local(found).date() >= day + timedelta(days=count * 2 + 4)
    else:
        assert found == walked


@settings(max_examples=30, deadline=None)
@given(services(), st.integers(1, 60))
def test_who_works_each_day_ends_on_the_day_that_the_public_calendar_counts(
    service: tuple[Hours, Days, int], count: int
) -> None:
    _, days, start = service
    spans: dict[str, Any] = dict.fromkeys((*WEEKDAYS, "holiday"), ("08:30-17:30",))
    daily = Opening(Hours(id="h", **spans), days)
    end = after_days(daily, start, count)
    assert end is not None
    assert local(end).date() == days.worked_day_after(local(start).date(), count)
    assert local(end).strftime("%H:%M") == "17:30"
