"""Customers as a CSV file: a first line that names the columns, then one customer a line.

Only the columns that the file names change; reading never stops at a mistake.  Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from softswitch.csv_text import bare, columns_of, first_row, numbered_rows, reader
from softswitch.customers.customer import TEXTS_MOST, Customer, CustomerField, Wrong, normalised, wrongs_of

LINES_MOST: Final = 5001
_HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "customer_id": ("customer_id", "编号"),
    "numbers": ("numbers", "number", "号码", "电话"),
    "name": ("name", "姓名"),
    "level": ("level", "级别"),
    "address": ("address", "地址"),
    "unit": ("unit", "单位"),
    "notes": ("notes", "备注"),
}
_BETWEEN_NUMBERS: Final = re.compile(r"[;,、;,\n]")


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that cannot be used: line (the first is 1), column, value, and the rule that it breaks."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line: the cells of the columns that the file names, by column."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What stands in the table of those whom a file may mean: customers by id, and whose numbers are whose."""

    customers: Mapping[int, Customer]
    owners: Mapping[str, int]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a file would do: customers after it by id, those who are new among them, and every bad cell."""

    after: dict[int, Customer] = field(default_factory=dict)
    made: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadCell] = field(default_factory=list)


def read_rows(
    text: str,
    fields: Iterable[CustomerField],
    *,
    lines_most: int = LINES_MOST,
    cell: Callable[[str], str] = bare,
) -> tuple[list[Row], list[BadCell]]:
    """The lines of a file, each `cell` of them read, and what cannot be read at all."""
    rows = reader(text)
    head = [cell.strip() for cell in first_row(rows)]
    words: dict[str, tuple[str, ...]] = dict(_HEADS)
    for each in fields:
        words[f"fields.{each.id}"] = (each.id.lower(), each.name.lower())
    places = columns_of(head, words)
    bad = list(_head_faults(head, places))
    if bad:
        return [], bad
    found = []
    for line, cells in numbered_rows(rows, lines_most):
        if isinstance(cells, str):
            bad.append(BadCell(line, "", "", cells))
            continue
        if len(cells) > len(head):
            bad.append(
                BadCell(line, "", cells[len(head)][:80], "比首行多列 / has more columns than the first line")
            )
            continue
        found.append(
            Row(
                line=line,
                cells={key: cell(cells[at]) if at < len(cells) else "" for key, at in places.items()},
            )
        )
    return found, bad


def _head_faults(head: Sequence[str], places: Mapping[str, int]) -> Iterator[BadCell]:
    if "numbers" not in places:
        yield BadCell(
            1, "numbers", ",".join(head)[:80], "首行应有号码列 / the first line must name the column numbers"
        )
    for at, name in enumerate(head):
        if at not in places.values():
            reason = "没有此列,或重复 / there is no such column, or it stands there twice"
            yield BadCell(1, name[:80], name[:80], reason)


def numbers_in(cell: str) -> tuple[str, ...]:
    """The numbers of a cell: between them stand semicolons or commas; a number may have spaces."""
    return tuple(part.strip() for part in _BETWEEN_NUMBERS.split(cell) if part.strip())


def plan(
    rows: Sequence[Row], known: Known, fields: Iterable[CustomerField], *, area_code: str, next_id: int
) -> Plan:
    """What the lines would do.  A line is about the customer with its id, else about the one who has its number."""
    made = Plan()
    lines: dict[int, int] = {}
    definitions = tuple(fields)
    for row in rows:
        target, customer, wrongs = _meant(row, known, area_code)
        wrongs = [*wrongs, *wrongs_of(customer, definitions)]
        if target is None:
            target = next_id + made.made
        if target in lines:
            wrongs.append(
                Wrong(
                    "numbers",
                    "",
                    f"与第{lines[target]}行是同一客户 / line {lines[target]} is about the same customer",
                )
            )
        if wrongs:
            made.bad += [BadCell(row.line, one.column, one.value, one.reason) for one in wrongs]
            continue
        lines[target] = row.line
        before = known.customers.get(target)
        if before is None:
            made.made += 1
        elif before != customer:
            made.changed += 1
        else:
            made.unchanged += 1
        made.after[target] = customer
    made.bad += _taken_numbers(made.after, lines, known.owners)
    made.bad.sort(key=lambda cell: cell.line)
    return made


def _meant(row: Row, known: Known, area_code: str) -> tuple[int | None, Customer, list[Wrong]]:
    """Whom a line is about (None: somebody new), what they would be, and what keeps that from being told."""
    given = normalised(Customer(numbers=numbers_in(row.cells["numbers"])), area_code).numbers
    wrongs: list[Wrong] = []
    target: int | None = None
    key = row.cells.get("customer_id", "")
    owners = sorted({known.owners[number] for number in given if number in known.owners})
    if key:
        target = int(key) if key.isascii() and key.isdigit() and len(key) < 16 else None
        if target not in known.customers:
            wrongs.append(Wrong("customer_id", key[:80], "没有此客户 / there is no such customer"))
    elif len(owners) > 1:
        listed = ", ".join(str(owner) for owner in owners)
        wrongs.append(
            Wrong(
                "numbers",
                " ".join(given)[:80],
                f"属于不同客户 {listed} / belong to different customers: {listed}",
            )
        )
    elif owners:
        target = owners[0]
    before = known.customers.get(target, Customer()) if target is not None else Customer()
    values: dict[str, Any] = {name: row.cells[name] for name in TEXTS_MOST if name in row.cells}
    if "level" in row.cells:
        level = integer(row.cells["level"])
        if level is None:
            wrongs.append(Wrong("level", row.cells["level"][:80], "应为整数 / must be a whole number"))
        values["level"] = level or 0
    own = {key.partition(".")[2]: cell for key, cell in row.cells.items() if key.startswith("fields.")}
    fields = {key: value for key, value in {**before.fields, **own}.items() if value}
    return target, replace(before, numbers=given, fields=fields, **values), wrongs


def integer(text: str) -> int | None:
    """The whole number in a cell, 0 for an empty one; None for what is none."""
    if not text:
        return 0
    digits = text[1:] if text[0] in "+-" else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


def _taken_numbers(
    after: Mapping[int, Customer], lines: Mapping[int, int], owners: Mapping[str, int]
) -> Iterator[BadCell]:
    """Numbers that two customers would have."""
    holders: dict[str, int] = {}
    for target, customer in after.items():
        for number in customer.numbers:
            holder = holders.setdefault(number, target)
            if holder != target:
                text = f"第{lines[holder]}行也有此号码 / stands on line {lines[holder]} too"
                yield BadCell(lines[target], "numbers", number, text)
            owner = owners.get(number, target)
            if owner != target and owner not in after:
                text = f"号码已属客户 {owner} / the number belongs to customer {owner} already"
                yield BadCell(lines[target], "numbers", number, text)


def head(fields: Iterable[CustomerField]) -> list[str]:
    """The first line of a file that has every column."""
    return [*_HEADS, *(each.id for each in fields)]


def line_of(customer_id: int, customer: Customer, fields: Iterable[CustomerField]) -> list[str]:
    """A customer as a line of such a file."""
    return [
        str(customer_id),
        ";".join(customer.numbers),
        customer.name,
        str(customer.level),
        customer.address,
        customer.unit,
        customer.notes,
        *(customer.fields.get(each.id, "") for each in fields),
    ]
