"""Time limits (办理时限) by the hours of a service: so many working minutes, or so many working days up to its closing.

Pure.  Moments are wall seconds since 1970 (UTC); dates are those of China's time.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from softswitch.calendars.hours import MINUTES_OF_DAY, Hours
from softswitch.calendars.opening import Opening, local, midnight

DAYS_MOST: Final = 4000
"""A time limit that is not reached within so many days (eleven years) is never reached."""

ALWAYS: Final = Hours(
    id="always",
    monday=("00:00-24:00",),
    tuesday=("00:00-24:00",),
    wednesday=("00:00-24:00",),
    thursday=("00:00-24:00",),
    friday=("00:00-24:00",),
    saturday=("00:00-24:00",),
    sunday=("00:00-24:00",),
    holiday=("00:00-24:00",),
)
"""The hours of a service that has none: open day and night."""


def after_minutes(opening: Opening, start: float, minutes: int) -> float | None:
    """The first moment by which the service was open for so many minutes since `start`.

    0 is `start` itself, or the next opening when it is closed then.  None: it is not open long enough for that.
    """
    left = minutes * 60.0
    for day in _days_from(local(start).date()):
        begin = midnight(day)
        for first, last in opening.spans(day):
            opens, closes = max(start, begin + first * 60), begin + last * 60
            if closes > opens:
                if left <= closes - opens:
                    return opens + left
                left -= closes - opens
    return None


def after_days(opening: Opening, start: float, count: int) -> float | None:
    """When the service closes on the `count`-th of its working days after the date of `start`.

    0 is the closing of that date itself, or of the next working day when there is none of it any more.  None: the
    service has not so many working days.
    """
    first = local(start).date()
    left = count
    for day in _days_from(first):
        if not opening.is_worked(day) or (day == first and count):
            continue
        left -= 1
        closing = _closing(opening, day)
        if left <= 0 and closing > start:
            return closing
    return None


def _closing(opening: Opening, day: date) -> float:
    """When a day's last span ends; a shift that goes on over midnight ends with its part on the next date."""
    end = opening.spans(day)[-1][1]
    if end == MINUTES_OF_DAY and day < date.max:
        for first, last in opening.spans(day + timedelta(days=1))[:1]:
            if first == 0 and last < MINUTES_OF_DAY:
                end += last
    return midnight(day) + end * 60


def _days_from(first: date) -> Iterator[date]:
    count = min(DAYS_MOST, (date.max - first).days + 1)
    return (first + timedelta(days=number) for number in range(count))
