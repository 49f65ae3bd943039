"""Open or closed at a moment, and when that changes: examples, and a slow plain model over ten years."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from config.binding import Binding
from softswitch.calendars.days import Day, DayKind, Days, DaySource
from softswitch.calendars.hours import WEEKDAYS, DifferentDay, Hours, ReplacedDay, YearOfDays
from softswitch.calendars.opening import Opening, days_of
from tests.softswitch.calendars.services import at, is_plainly_open, services

OFFICE = ("08:30-12:00", "13:30-17:30")
WORKING_WEEK: dict[str, Any] = dict.fromkeys(WEEKDAYS[:5], OFFICE)


def opening(**hours: Any) -> Opening:
    """A service over the published calendar."""
    return Opening(Hours(id="h", **hours), Days({}))


def test_an_office_closes_for_lunch_at_night_and_at_the_weekend() -> None:
    office = opening(**WORKING_WEEK)
    assert office.is_open(at("2026-11-27T08:30:00"))
    assert not office.is_open(at("2026-11-27T12:00:00"))
    assert office.next_change(at("2026-11-27T11:59:59")) == at("2026-11-27T12:00:00")
    assert office.next_change(at("2026-11-27T12:00:00")) == at("2026-11-27T13:30:00")
    assert office.next_change(at("2026-11-27T17:30:00")) == at("2026-11-30T08:30:00")


def test_a_holiday_closes_it_and_a_make_up_saturday_is_a_monday() -> None:
    """National Day of 2026, with 10 October worked."""
    office = opening(**WORKING_WEEK)
    assert not office.is_open(at("2026-10-01T10:00:00"))
    assert office.is_open(at("2026-10-10T10:00:00"))
    assert office.next_change(at("2026-09-30T17:30:00")) == at("2026-10-08T08:30:00")


def test_a_hotline_that_observes_no_holidays_is_open_all_the_same() -> None:
    office = opening(**WORKING_WEEK, observes_holidays=False)
    assert office.is_open(at("2026-10-01T10:00:00"))
    assert not office.is_open(at("2026-10-10T10:00:00"))


def test_a_holiday_has_hours_of_its_own_and_an_exception_goes_before_it() -> None:
    office = opening(
        **WORKING_WEEK,
        holiday=("10:00-11:00",),
        exceptions=(DifferentDay(date="2026-10-02"), DifferentDay(date="2026-10-11", open=("09:00-10:00",))),
    )
    assert office.is_open(at("2026-10-01T10:30:00"))
    assert not office.is_open(at("2026-10-02T10:30:00"))
    assert office.is_open(at("2026-10-11T09:30:00"))


def test_a_service_that_never_closes_never_changes() -> None:
    """Spans that touch at midnight are one."""
    always = opening(**dict.fromkeys((*WEEKDAYS, "holiday"), ("00:00-24:00",)))
    assert always.is_open(at("2026-10-01T00:00:00"))
    assert always.next_change(at("2026-10-01T00:00:00")) is None
    assert opening().next_change(at("2026-10-01T00:00:00")) is None


def test_a_night_service_is_open_across_midnight_without_a_change() -> None:
    night = opening(**dict.fromkeys(WEEKDAYS, ("00:00-06:00", "22:00-24:00")), observes_holidays=False)
    assert night.next_change(at("2026-11-27T23:59:00")) == at("2026-11-28T06:00:00")


def test_what_operators_entered_makes_the_calendar() -> None:
    year = YearOfDays(
        id="2027", complete=True, days=(ReplacedDay(date="2027-02-08", kind="holiday", name="春节"),)
    )
    days = days_of([year])
    assert days.day(date(2027, 2, 8)) == Day(
        date=date(2027, 2, 8), kind=DayKind.HOLIDAY, name="春节", source=DaySource.OPERATOR
    )
    assert days.is_known(2027)


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"id": "h", "monday": ["08:00-12:00", "11:00-13:00"]}, "monday"),
        ({"id": "h", "holiday": ["13:00-12:00"]}, "holiday"),
        ({"id": "h", "monday": ["8:00-12:00"]}, "monday[0]"),
        ({"id": "h", "exceptions": [{"date": "2026-02-30"}]}, "exceptions.2026-02-30.date"),
        ({"id": "h", "exceptions": [{"date": "2026-02-03"}] * 2}, "exceptions.2026-02-03"),
        ({"id": "h", "make_up_as": "someday"}, "make_up_as"),
        ({"id": "h", "mondays": []}, "mondays"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_the_place_in_both_languages(
    document: dict[str, Any], wrong: str
) -> None:
    binding = Binding()
    binding.table(Hours, document)
    assert [fault.path for fault in binding.faults] == [wrong]
    assert " / " in binding.faults[0].expected


def test_a_year_holds_its_own_days_once() -> None:
    binding = Binding()
    day = {"date": "2028-01-01", "kind": "holiday"}
    binding.table(YearOfDays, {"id": "2027", "days": [day, day]})
    assert {fault.path for fault in binding.faults} == {"days.2028-01-01"}
    assert len(binding.faults) == 2


# ---- the slow plain model --------------------------------------------------------------------------

MODEL_DAYS = 4


@settings(max_examples=40, deadline=None)
@given(services())
def test_open_hours_and_their_changes_are_those_of_a_plain_model(
    service: tuple[Hours, Days, int],
) -> None:
    """Every minute of some days anywhere in ten years is walked."""
    hours, days, when = service
    found = Opening(hours, days)
    was_open = is_plainly_open(hours, days, when)
    assert found.is_open(when) is was_open
    minute = when - when % 60 + 60
    last = minute + MODEL_DAYS * 86400
    change = next(
        (m for m in range(minute, last, 60) if is_plainly_open(hours, days, m) is not was_open), None
    )
    said = found.next_change(when)
    if change is None:
        assert said is None or said >= last
    else:
        assert said == change
