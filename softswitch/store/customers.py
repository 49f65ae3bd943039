"""Customers in the database: who they are, and who they were."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from softswitch.store.reader import Conditions, Reader

_AT_ONCE: Final = 500  # below the least limit of SQLite for parameters
_COLUMNS: Final = "c.customer_id, c.version, c.changed_at, c.changed_by, c.data"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCustomer:
    """A customer with the change that made them what they are; `data` is None for one who was removed."""

    customer_id: int
    version: int
    changed_at: float
    changed_by: str
    data: dict[str, Any] | None
    reason: str = ""


class StoredCustomers:
    """Reads what the writer committed."""

    def __init__(self, reader: Reader) -> None:
        """Ask this reader."""
        self._reader = reader

    async def newest(self) -> tuple[int, int]:
        """The number of the last change and the highest id that ever was; 0 for none."""
        [row] = await self._reader.rows(
            "SELECT coalesce(max(version), 0) AS version, coalesce(max(customer_id), 0) AS customer_id"
            " FROM customer_versions"
        )
        return row["version"], row["customer_id"]

    async def levels(self) -> dict[str, int]:
        """The level of each number whose customer has one other than 0."""
        rows = await self._reader.rows(
            "SELECT n.number, c.level FROM customers c JOIN customer_numbers n USING (customer_id)"
            " WHERE c.level <> 0"
        )
        return {row["number"]: row["level"] for row in rows}

    async def some(self, number: str, name: str, above: int, limit: int) -> list[StoredCustomer]:
        """Customers with ids above one, by id: those with a number in normal form, and with a part of a name."""
        where = Conditions()
        where.add("c.customer_id > ?", above)
        if number:
            where.add("c.customer_id IN (SELECT customer_id FROM customer_numbers WHERE number = ?)", number)
        if name:
            where.add("instr(c.name, ?) > 0", name)
        return await self._found(
            f"SELECT {_COLUMNS} FROM customers c {where.sql} ORDER BY c.customer_id LIMIT ?",
            [*where.values, limit],
        )

    async def by_ids(self, ids: Collection[int]) -> dict[int, StoredCustomer]:
        """Those who are there."""
        wanted = sorted(ids)
        found: dict[int, StoredCustomer] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            sql = f"SELECT {_COLUMNS} FROM customers c WHERE c.customer_id IN ({_marks(some)})"
            found |= {row.customer_id: row for row in await self._found(sql, some)}
        return found

    async def holders(self, fields: Collection[str]) -> dict[str, int]:
        """How many customers have a value in each of these fields of the hotline's own; none is left out."""
        sql = "SELECT count(*) AS customers FROM customers WHERE coalesce(json_extract(data, ?), '') <> ''"
        found = {one: await self._reader.rows(sql, [f'$.fields."{one}"']) for one in sorted(fields)}
        return {one: rows[0]["customers"] for one, rows in found.items() if rows[0]["customers"]}

    async def owners(self, numbers: Collection[str]) -> dict[str, int]:
        """Whose these numbers are."""
        wanted = sorted(numbers)
        found: dict[str, int] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            sql = f"SELECT number, customer_id FROM customer_numbers WHERE number IN ({_marks(some)})"
            found |= {row["number"]: row["customer_id"] for row in await self._reader.rows(sql, some)}
        return found

    async def versions_of(self, customer_id: int, below: int | None, limit: int) -> list[StoredCustomer]:
        """What a customer was, newest first; before one version when it is given."""
        return await self._found(
            "SELECT customer_id, version, at AS changed_at, by AS changed_by, reason, data"
            " FROM customer_versions WHERE customer_id = ? AND (? IS NULL OR version < ?)"
            " ORDER BY version DESC LIMIT ?",
            [customer_id, below, below, limit],
        )

    async def before(self, version: int) -> list[tuple[StoredCustomer, dict[str, Any] | None]]:
        """Whom a change made what they were then, each with what they were before it (None: nobody)."""
        rows = await self._reader.rows(
            "SELECT v.customer_id, v.version, v.at, v.by, v.reason, v.data,"
            " (SELECT o.data FROM customer_versions o WHERE o.customer_id = v.customer_id AND o.version < v.version"
            " ORDER BY o.version DESC LIMIT 1) AS older FROM customer_versions v WHERE v.version = ?",
            (version,),
        )
        return await asyncio.to_thread(_with_older, rows)  # thousands, of a file

    async def changes(self, below: int | None, limit: int) -> list[dict[str, Any]]:
        """Changes of the table with how many customers each touched, newest first."""
        return await self._reader.rows(
            "SELECT version, min(at) AS at, min(by) AS by, min(reason) AS reason, count(*) AS customers"
            " FROM customer_versions WHERE ? IS NULL OR version < ? GROUP BY version"
            " ORDER BY version DESC LIMIT ?",
            (below, below, limit),
        )

    async def _found(self, sql: str, values: list[Any]) -> list[StoredCustomer]:
        rows = await self._reader.rows(sql, values)
        return [StoredCustomer(**row | {"data": _read(row["data"])}) for row in rows]


def _read(text: str | None) -> dict[str, Any] | None:
    data: dict[str, Any] | None = None if text is None else json.loads(text)
    return data


def _marks(values: Collection[Any]) -> str:
    return ", ".join("?" * len(values))


def _with_older(rows: list[dict[str, Any]]) -> list[tuple[StoredCustomer, dict[str, Any] | None]]:
    return [
        (
            StoredCustomer(
                customer_id=row["customer_id"],
                version=row["version"],
                changed_at=row["at"],
                changed_by=row["by"],
                reason=row["reason"],
                data=_read(row["data"]),
            ),
            _read(row["older"]),
        )
        for row in rows
    ]
