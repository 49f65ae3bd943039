"""Attached data read as what it means: a number, an amount, a day, a time.  Pure; a text that is none gives None."""

import re
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CHINA: Final = timezone(timedelta(hours=8))
"""China's time, which has no summer time."""

_NUMBER: Final = re.compile(r"-?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,6})?")


def number_of(text: str) -> Decimal | None:
    """A number of at most 12 digits and 6 decimals, with or without commas between thousands."""
    plain = text.strip()
    return Decimal(plain.replace(",", "")) if _NUMBER.fullmatch(plain) else None


def fen_of(value: Decimal) -> int:
    """An amount in yuan as fen, halves away from zero."""
    return int((value * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def day_of(text: str) -> date | None:
    """The day of an ISO 8601 date or moment; a moment with an offset is seen from China."""
    moment = _moment_of(text)
    return None if moment is None else moment.date()


def time_of(text: str) -> time | None:
    """The time of an ISO 8601 time or moment; a moment with an offset is seen from China."""
    plain = text.strip()
    if plain.isascii() and ":" in plain and "-" not in plain[:5]:
        try:
            return time.fromisoformat(plain).replace(tzinfo=None)
        except ValueError:
            return None
    moment = _moment_of(plain)
    return None if moment is None or len(plain) <= len("2026-11-28") else moment.time()


def _moment_of(text: str) -> datetime | None:
    plain = text.strip()
    if not plain.isascii():
        return None
    try:
        moment = datetime.fromisoformat(plain)
        return moment if moment.tzinfo is None else moment.astimezone(CHINA)
    except (ValueError, OverflowError):
        return None
