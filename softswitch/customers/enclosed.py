"""Customers as a part of the business file: a CSV text after which the table is exactly what it says.

Its columns are those of a customer file.  Unlike there nothing is guarded or trimmed: it is written for a machine, and
what goes out and comes in again is no change.  Pure.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.business_requests import CUSTOMERS
from config.faults import Fault
from softswitch.customers.customer import TEXTS_MOST, Customer, CustomerField, Wrong, normalised, wrongs_of
from softswitch.customers.customer_file import (
    BadCell,
    Row,
    head,
    integer,
    line_of,
    numbers_in,
    read_rows,
)

LINES_MOST: Final = 50_001
"""A table of so many is read in about a second, beside the calls."""


@dataclass(slots=True, kw_only=True)
class Replacement:
    """What a text would make of the table: who changes by id (None: who is not in it any more), and every bad cell."""

    changes: dict[int, Customer | None] = field(default_factory=dict)
    made: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    bad: tuple[BadCell, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The bad cells as faults of the business file."""
        return tuple(
            Fault(
                path=".".join(part for part in (f"{CUSTOMERS}[{cell.line}]", cell.column) if part),
                value=cell.value,
                expected=cell.reason,
            )
            for cell in self.bad
        )


def enclosed(customers: Mapping[int, Customer], fields: Iterable[CustomerField]) -> str:
    """All customers as a text, by id."""
    columns = tuple(fields)
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(head(columns))
    writer.writerows(line_of(key, customers[key], columns) for key in sorted(customers))
    return target.getvalue()


def replacement(
    text: Any,
    present: Mapping[int, Customer],
    fields: Iterable[CustomerField],
    *,
    area_code: str,
    next_id: int,
) -> Replacement:
    """What a text makes of the `present` table; who has no id in it is somebody new, from `next_id` on.

    What is no text is bad, like what is wrong in one.
    """
    if not isinstance(text, str):
        return Replacement(bad=(BadCell(1, "", "", "应为 CSV 文本 / a CSV text"),))
    definitions = tuple(fields)
    rows, bad = read_rows(text, definitions, lines_most=LINES_MOST, cell=str)
    after: dict[int, Customer] = {}
    lines: dict[int, int] = {}
    holders: dict[str, int] = {}
    ids = [_id_in(row) for row in rows]
    free = max([next_id - 1, *(key for key in ids if key)]) + 1
    for row, given in zip(rows, ids, strict=True):
        customer, wrongs = _read(row, definitions, area_code)
        target = given
        if not row.cells.get("customer_id", ""):
            target, free = free, free + 1
        if target is None:
            wrongs.append(
                Wrong("customer_id", row.cells["customer_id"][:80], "应为正整数 / a whole number above 0")
            )
        elif target in lines:
            wrongs.append(Wrong("customer_id", str(target), _twice(lines[target])))
        else:
            lines[target] = row.line
        for number in customer.numbers:
            holder = holders.setdefault(number, row.line)
            if holder != row.line:
                wrongs.append(Wrong("numbers", number, _twice(holder)))
        bad += [BadCell(row.line, one.column, one.value, one.reason) for one in wrongs]
        if target is not None and not wrongs:
            after[target] = customer
    if bad:
        return Replacement(bad=tuple(sorted(bad, key=lambda cell: cell.line)))
    return _between(present, after)


def _between(present: Mapping[int, Customer], after: Mapping[int, Customer]) -> Replacement:
    found = Replacement(changes=dict.fromkeys(sorted(present.keys() - after.keys())))
    found.removed = len(found.changes)
    for key, customer in after.items():
        before = present.get(key)
        if before == customer:
            found.unchanged += 1
            continue
        found.changes[key] = customer
        if before is None:
            found.made += 1
        else:
            found.changed += 1
    return found


def _id_in(row: Row) -> int | None:
    key = row.cells.get("customer_id", "")
    return int(key) or None if key.isascii() and key.isdigit() and len(key) < 16 else None


def _read(row: Row, fields: Iterable[CustomerField], area_code: str) -> tuple[Customer, list[Wrong]]:
    level = integer(row.cells.get("level", ""))
    texts: dict[str, Any] = {name: row.cells.get(name, "") for name in TEXTS_MOST}
    customer = normalised(
        Customer(
            numbers=numbers_in(row.cells["numbers"]),
            level=level or 0,
            fields=dict(_own(row)),
            **texts,
        ),
        area_code,
    )
    wrongs = list(wrongs_of(customer, fields))
    if level is None:
        wrongs.append(Wrong("level", row.cells["level"][:80], "应为整数 / must be a whole number"))
    return customer, wrongs


def _own(row: Row) -> Iterator[tuple[str, str]]:
    for key, value in row.cells.items():
        if value and key.startswith("fields."):
            yield key.removeprefix("fields."), value


def _twice(line: int) -> str:
    return f"第{line}行也有 / stands on line {line} too"
