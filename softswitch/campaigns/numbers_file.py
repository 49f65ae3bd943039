"""The numbers of a call list as a CSV text: a first line that names the columns, then one number a line.

`number` (号码) is needed; every other column is data that goes with the call.  Reading never stops at a mistake.  Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from softswitch.calls.numbers import normalise
from softswitch.csv_text import bare, columns_of, first_row, numbered_rows, reader

LINES_MOST: Final = 20_001
COLUMNS_MOST: Final = 30
CELL_MOST: Final = 500
_DIGITS_MOST: Final = 20
_HEADS: Final = {"number": ("number", "号码", "电话", "手机")}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used: the first is 1."""

    line: int
    number: str
    reason: str


@dataclass(slots=True)
class NumbersFile:
    """What was read: the good numbers in normal form with their data, and every bad line."""

    numbers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)


def read_numbers(text: str, area_code: str, is_known: Callable[[str], bool]) -> NumbersFile:
    """Read a file; a number that `is_known` already, or stands there twice, is a bad line."""
    found, rows = NumbersFile(), reader(text)
    head = [bare(cell) for cell in first_row(rows)]
    place = columns_of(head, _HEADS).get("number")
    if place is None:
        reason = "第一行须有 number(号码)列 / the first line must name a column number"
        found.bad_lines.append(BadLine(1, "", reason))
        return found
    if len(head) > COLUMNS_MOST:
        reason = f"超过 {COLUMNS_MOST} 列 / more than {COLUMNS_MOST} columns"
        found.bad_lines.append(BadLine(1, "", reason))
        return found
    seen: set[str] = set()
    for line, row in numbered_rows(rows, LINES_MOST):
        if isinstance(row, str):
            found.bad_lines.append(BadLine(line, "", row))
            continue
        cells = [bare(cell) for cell in row]
        written = cells[place] if place < len(cells) else ""
        number = normalise(written, area_code)
        wrong = next(_wrongs(number, cells, head), "")
        if not wrong and (number in seen or is_known(number)):
            wrong = "号码重复 / the number stands there already"
        if wrong:
            found.bad_lines.append(BadLine(line, written[:40], wrong))
            continue
        seen.add(number)
        named = zip(head, cells, strict=False)
        data = {name: cell for at, (name, cell) in enumerate(named) if at != place and name and cell}
        found.numbers.append((number, data))
    return found


def _wrongs(number: str, cells: Sequence[str], head: Sequence[str]) -> Iterator[str]:
    digits = number.lstrip("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MOST):
        yield "不是电话号码 / is no telephone number"
    if len(cells) > len(head):
        yield "列数多于第一行 / more cells than the first line has"
    if any(len(cell) > CELL_MOST for cell in cells):
        yield f"超过 {CELL_MOST} 个字符 / a cell is longer than {CELL_MOST} characters"
    if any(ord(letter) < 32 for cell in cells for letter in cell):
        yield "含控制字符 / holds control characters"
