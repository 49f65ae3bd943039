"""Days from a CSV file: `date,kind,name`, a header line, UTF-8 or GB 18030 as spreadsheets here write it.

Reading never stops at a mistake: every bad line is told, with its number and what is wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from softswitch.calendars.days import DayKind
from softswitch.calendars.hours import ReplacedDay
from softswitch.csv_text import columns_of, first_row, numbered_rows, reader

LINES_MOST: Final = 4000

_DATE_HEADS: Final = ("date", "日期")
_KIND_HEADS: Final = ("kind", "类型")
_NAME_HEADS: Final = ("name", "名称", "节日")
_KINDS: Final = {kind.value: kind.value for kind in DayKind} | {
    "工作日": "workday",
    "休息日": "weekend",
    "周末": "weekend",
    "节假日": "holiday",
    "放假": "holiday",
    "调休": "make_up",
    "上班": "make_up",
}
_LOOSE_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be used; lines count from 1, the header is line 1."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayList:
    """What a file says: the days, and the lines that say nothing that can be used."""

    days: tuple[ReplacedDay, ...]
    bad_lines: tuple[BadLine, ...]


def read_days(text: str) -> DayList:
    """The days of a CSV text, by date; of two lines for one date the second is a bad one."""
    rows = reader(text)
    head = first_row(rows)
    columns = _columns(head)
    if columns is None:
        reason = "首行应为 date,kind,name(日期,类型,名称) / the first line must name date,kind,name"
        return DayList(days=(), bad_lines=(BadLine(line=1, text=",".join(head)[:80], reason=reason),))
    found: dict[str, ReplacedDay] = {}
    bad: list[BadLine] = []
    for line, row in numbered_rows(rows, LINES_MOST):
        if isinstance(row, str):
            bad.append(BadLine(line=line, text="", reason=row))
            continue
        shown = ",".join(row)[:80]
        day = _day(row, columns)
        if isinstance(day, str):
            bad.append(BadLine(line=line, text=shown, reason=day))
        elif day.date in found:
            bad.append(BadLine(line=line, text=shown, reason="日期重复 / this date stands here twice"))
        else:
            found[day.date] = day
    return DayList(days=tuple(found[key] for key in sorted(found)), bad_lines=tuple(bad))


def _columns(head: list[str]) -> Mapping[str, int] | None:
    places = columns_of(head, {"date": _DATE_HEADS, "kind": _KIND_HEADS, "name": _NAME_HEADS})
    return places if {"date", "kind"} <= places.keys() else None


def _day(row: list[str], columns: Mapping[str, int]) -> ReplacedDay | str:
    """The day of a row, or what is wrong with it."""
    cells = {"name": ""} | {
        key: row[place].strip() if place < len(row) else "" for key, place in columns.items()
    }
    form = _LOOSE_DATE.fullmatch(cells["date"])
    if form is None:
        return "日期格式应为 2027-01-01 / the date must look like 2027-01-01"
    try:
        day = date(int(form[1]), int(form[2]), int(form[3]))
    except ValueError:
        return "没有这一天 / there is no such day"
    kind = _KINDS.get(cells["kind"].lower())
    if kind is None:
        kinds = ", ".join(_KINDS)
        return f"类型应为其一:{kinds} / the kind must be one of {kinds}"
    if len(cells["name"]) > 40:
        return "名称过长 / the name is longer than 40 characters"
    return ReplacedDay(date=day.isoformat(), kind=kind, name=cells["name"])
