"""The reading side: a connection of its own, so that a long list never delays a commit."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import aiosqlite

from api.faults import Unavailable
from softswitch.store.errors import StoreClosed, StoreUnavailable

SETTLE_MOST_S = 0.25


class Reader:
    """Reads what the writer committed.  Queries run one after the other in one thread."""

    def __init__(
        self, connection: aiosqlite.Connection, settled: Callable[[], Awaitable[None]] | None
    ) -> None:
        """Use `Reader.open`."""
        self._connection = connection
        self._settled = settled

    @classmethod
    async def open(cls, path: Path, settled: Callable[[], Awaitable[None]] | None = None) -> Self:
        """Open an existing database for reading only; `StoreUnavailable`.

        `settled` returns when all that was recorded up to now is committed (`Store.committed`): who was just told of
        an event reads no state from before it.
        """
        if not await asyncio.to_thread(path.is_file):
            raise StoreUnavailable(str(path), "no such file")
        try:
            connection = await aiosqlite.connect(_read_only(path), uri=True, isolation_level=None)
            await connection.execute_fetchall("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise StoreUnavailable(str(path), str(error)) from error
        return cls(connection, settled)

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a query by column name; `Unavailable` when the disk does not give them."""
        if self._settled is not None:
            with suppress(
                TimeoutError, StoreClosed
            ):  # a disk that hangs: what is there is better than nothing
                async with asyncio.timeout(SETTLE_MOST_S):
                    await self._settled()
        try:
            cursor = await self._connection.execute(sql, values)
            names = [column[0] for column in cursor.description]
            found = await cursor.fetchall()
            await cursor.close()
        except sqlite3.OperationalError as error:
            raise Unavailable(
                "store_unavailable", "数据库暂不可读 / the database cannot be read now"
            ) from error
        return [dict(zip(names, row, strict=True)) for row in found]

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()


def _read_only(path: Path) -> str:
    return f"{path.absolute().as_uri()}?mode=ro"


class Conditions:
    """Collects the WHERE of a query."""

    def __init__(self) -> None:
        """Begin without a condition."""
        self._parts: list[str] = []
        self.values: list[Any] = []

    def add(self, sql: str, *values: Any) -> None:
        """One more condition, joined by AND."""
        self._parts.append(f"({sql})")
        self.values.extend(values)

    def add_one_of(self, *alternatives: tuple[str, Collection[str]]) -> None:
        """One more condition: any of these, each with its list of values in place of `?*`; without a value none fits."""
        possible = [(sql, sorted(values)) for sql, values in alternatives if values]
        marked = [sql.replace("?*", ", ".join("?" * len(values))) for sql, values in possible]
        self.add(" OR ".join(marked) or "FALSE", *(value for _, values in possible for value in values))

    @property
    def sql(self) -> str:
        """The clause, empty without conditions."""
        return "WHERE " + " AND ".join(self._parts) if self._parts else ""
