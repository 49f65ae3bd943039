"""The two turns of the database thread that one group commit takes.

Each turn of that thread costs control's loop about 0.2 ms of wake-ups and waiting for the interpreter, so that a
statement a turn (aiosqlite's own way) would cost more than the statements themselves.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import aiosqlite

_Result = TypeVar("_Result")

Row = tuple[Any, ...]
Query = tuple[str, Row]
Statement = tuple[str, Sequence[Row]]

_IDS_AT_ONCE = 500  # below the least limit of SQLite for parameters


async def begin(
    connection: aiosqlite.Connection, event_ids: Sequence[str], queries: Sequence[Query]
) -> tuple[frozenset[str], list[Row | None]]:
    """Open a transaction; which of the ids the journal has, and the first row of each query."""
    return await _in_one_turn(connection, lambda database: _begin(database, event_ids, queries))


async def finish(connection: aiosqlite.Connection, statements: Iterable[Statement]) -> None:
    """Run statements for all of their rows, in order, and commit."""
    await _in_one_turn(connection, lambda database: _finish(database, statements))


def _begin(
    database: sqlite3.Connection, event_ids: Sequence[str], queries: Sequence[Query]
) -> tuple[frozenset[str], list[Row | None]]:
    database.execute("BEGIN IMMEDIATE")
    seen: set[str] = set()
    for start in range(0, len(event_ids), _IDS_AT_ONCE):
        some = event_ids[start : start + _IDS_AT_ONCE]
        marks = ", ".join("?" * len(some))
        found = database.execute(f"SELECT event_id FROM journal WHERE event_id IN ({marks})", some)
        seen.update(str(event_id) for (event_id,) in found)
    return frozenset(seen), [database.execute(sql, values).fetchone() for sql, values in queries]


def _finish(database: sqlite3.Connection, statements: Iterable[Statement]) -> None:
    for sql, rows in statements:
        if rows:
            database.executemany(sql, rows)
    database.execute("COMMIT")


async def _in_one_turn(
    connection: aiosqlite.Connection, work: Callable[[sqlite3.Connection], _Result]
) -> _Result:
    # aiosqlite has no public name for "run this in your thread"; a test notices when this one changes.
    turn = connection._execute(lambda: work(connection._conn))  # type: ignore[no-untyped-call]  # noqa: SLF001
    result: _Result = await turn
    return result
