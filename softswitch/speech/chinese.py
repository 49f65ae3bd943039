"""Numbers, amounts, dates and times as a Chinese speaker reads them: names of recorded prompts.  Pure."""

from datetime import date, time
from decimal import Decimal
from typing import Final

from softswitch.speech.values import fen_of

NUMBER_MOST: Final = 10**12 - 1

TWO_OF: Final = "n_2_liang"
"""两: two of something, in place of 二."""
_MYRIADS: Final = ((10**8, "n_100000000"), (10**4, "n_10000"), (1, ""))
_PLACES: Final = ((1000, "n_1000"), (100, "n_100"), (10, "n_10"), (1, ""))

PIECES: Final = frozenset(
    (
        *(f"n_{number}" for number in range(11)),
        *(name for _, name in (*_MYRIADS, *_PLACES) if name),
        *("unit_year", "unit_month", "unit_day", "unit_hour", "unit_sharp"),
        *("unit_yuan", "unit_jiao", "unit_fen", "point", "minus", TWO_OF),
    )
)
"""Every prompt of which these readings are made."""


def number(value: int) -> tuple[str, ...]:
    """A whole number of at most 12 digits (十二, 一百零五, 两千二百, 三万零二十); one zero is read for any run of empty places."""
    if value < 0:
        return ("minus", *number(-value))
    words: list[str] = []
    skipped = False
    for size, name in _MYRIADS:
        group, value = divmod(value, size)
        if group == 0:
            skipped = skipped or bool(words)
            continue
        if words and (skipped or group < 1000):
            words.append("n_0")
        skipped = False
        if group == 2 and name and not words:
            words.append(TWO_OF)
        else:
            words += _group(group, leads=not words)
        if name:
            words.append(name)
    return tuple(words) or ("n_0",)


def _group(rest: int, *, leads: bool) -> list[str]:
    """1 to 9999; ten that leads the whole number has no one before it."""
    words: list[str] = []
    skipped = False
    for size, name in _PLACES:
        figure, rest = divmod(rest, size)
        if figure == 0:
            skipped = bool(words)
            continue
        if skipped:
            words.append("n_0")
            skipped = False
        if not (size == 10 and figure == 1 and leads and not words):
            words.append(TWO_OF if size == 1000 and figure == 2 else f"n_{figure}")
        if name:
            words.append(name)
    return words


def decimal(value: Decimal) -> tuple[str, ...]:
    """A number with decimals, which are read one by one (三点零五)."""
    whole, _, places = f"{abs(value):f}".partition(".")
    sign = ("minus",) if value < 0 else ()
    after = ("point", *figures(places)) if places else ()
    return (*sign, *number(int(whole)), *after)


def figures(text: str) -> tuple[str, ...]:
    """Digits one by one, one as yī: of years and decimals, not of telephone numbers."""
    return tuple(f"n_{figure}" for figure in text)


def amount(value: Decimal) -> tuple[str, ...]:
    """Money in yuan, rounded to the fen (三百零五元二角, 十二元零五分, 两元)."""
    fen = fen_of(value)
    sign = ("minus",) if fen < 0 else ()
    yuan, rest = divmod(abs(fen), 100)
    jiao, fen = divmod(rest, 10)
    words = [*sign]
    if yuan or not rest:
        words += [*counted(yuan), "unit_yuan"]
    if jiao:
        words += [f"n_{jiao}", "unit_jiao"]
    if fen:
        words += [*(["n_0"] if yuan and not jiao else []), f"n_{fen}", "unit_fen"]
    return tuple(words)


def counted(value: int) -> tuple[str, ...]:
    """A number before what it counts: two alone is liǎng."""
    return (TWO_OF,) if value == 2 else number(value)


def day(value: date) -> tuple[str, ...]:
    """二〇二六年十一月二十八日: the year figure by figure."""
    year = figures(f"{value.year:04d}")
    return (*year, "unit_year", *number(value.month), "unit_month", *number(value.day), "unit_day")


def clock(value: time) -> tuple[str, ...]:
    """两点零五分, 十四点整: by 24 hours."""
    hour = (*counted(value.hour), "unit_hour")
    if value.minute == 0:
        return (*hour, "unit_sharp")
    zero = ("n_0",) if value.minute < 10 else ()
    return (*hour, *zero, *number(value.minute), "unit_fen")
