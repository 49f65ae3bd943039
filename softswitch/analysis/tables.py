"""Tables for a terminal, in columns that stand straight though Chinese signs are two cells wide."""

import unicodedata
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of one table: the first column to the left, figures to the right; each ends with a line break."""
    lines = [header, *rows]
    widths = [max(_width(line[column]) for line in lines) for column in range(len(header))]
    return "".join(f"{_line(line, widths)}\n" for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell + " " * (width - _width(cell)) if column == 0 else " " * (width - _width(cell)) + cell
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def percent(share: float | None, digits: int = 1) -> str:
    """A share of 1 in percent; a dash for none."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def seconds(value: float | None) -> str:
    """Seconds with one digit; a dash for none."""
    return "-" if value is None else f"{value:.1f} s"
