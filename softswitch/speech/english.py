"""Numbers, amounts, dates and times as an English speaker reads them: texts for a voice.  Pure."""

from datetime import date, time
from decimal import Decimal
from typing import Final

from softswitch.speech.values import fen_of

_SMALL: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SIZES: Final = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"))
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ORDINALS: Final = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def number(value: int) -> str:
    """A whole number of at most 12 digits ("three hundred and five")."""
    if value < 0:
        return f"minus {number(-value)}"
    words = []
    for size, name in _SIZES:
        group, value = divmod(value, size)
        if group:
            words.append(f"{_below_1000(group)} {name}")
    if value or not words:
        words.append(f"{'and ' if words and value < 100 else ''}{_below_1000(value)}")
    return " ".join(words)


def _below_1000(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    if not hundreds:
        return _below_100(rest)
    return f"{_SMALL[hundreds]} hundred" + (f" and {_below_100(rest)}" if rest else "")


def _below_100(value: int) -> str:
    if value < len(_SMALL):
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f"-{_SMALL[ones]}" if ones else "")


def decimal(value: Decimal) -> str:
    """A number with decimals ("three point zero five")."""
    whole, _, places = f"{abs(value):f}".partition(".")
    sign = "minus " if value < 0 else ""
    after = " point " + " ".join(_SMALL[int(figure)] for figure in places) if places else ""
    return f"{sign}{number(int(whole))}{after}"


def digits(text: str) -> str:
    """Each digit of a text for itself; what else stands in it is left out."""
    return ", ".join(_SMALL[int(figure)] for figure in text if figure in "0123456789")


def amount(value: Decimal) -> str:
    """Money in yuan, rounded to the fen ("three hundred and five yuan and twenty fen")."""
    fen = fen_of(value)
    yuan, rest = divmod(abs(fen), 100)
    parts = [f"{number(yuan)} yuan"] if yuan or not rest else []
    parts += [f"{number(rest)} fen"] if rest else []
    return ("minus " if fen < 0 else "") + " and ".join(parts)


def day(value: date) -> str:
    """November twenty-eighth, twenty twenty-six."""
    return f"{_MONTHS[value.month - 1]} {_ordinal(value.day)}, {_year(value.year)}"


def _ordinal(value: int) -> str:
    head, dash, last = _below_100(value).rpartition("-")
    ends_in_ty = last.endswith("ty")
    return f"{head}{dash}{_ORDINALS.get(last, f'{last[:-1]}ieth' if ends_in_ty else f'{last}th')}"


def _year(value: int) -> str:
    century, rest = divmod(value, 100)
    if value < 1000 or century % 10 == 0 and rest < 10:
        return number(value)
    if rest == 0:
        return f"{_below_100(century)} hundred"
    return f"{_below_100(century)} {'oh ' if rest < 10 else ''}{_below_100(rest)}"


def clock(value: time) -> str:
    """Two oh five a.m.: by twelve hours."""
    half = "a.m." if value.hour < 12 else "p.m."
    hour = _SMALL[(value.hour - 1) % 12 + 1]
    if value.minute == 0:
        return f"{hour} {half}"
    return f"{hour} {'oh ' if value.minute < 10 else ''}{_below_100(value.minute)} {half}"
