"""Rebuilds the projections from the journal, and compares them with what stands in the tables.

Both block and read the whole journal: they belong into the back office or on the command line
(`python -m softswitch.store rebuild|compare|verify DATABASE`).
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from softswitch.store.entries import Entry
from softswitch.store.journal import from_row
from softswitch.store.ledger import PROJECTED_TABLES, Ledger, newest_query, read_row

_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How many rows of a table stand only in the live projection, or only in the rebuilt one."""

    table: str
    only_live: int
    only_rebuilt: int


def rebuild(path: Path) -> int:
    """Empty the projections and fold the whole journal into them, in one transaction; returns entries read.

    A running writer waits meanwhile, and goes on with the same rows.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("BEGIN IMMEDIATE")
        for table in PROJECTED_TABLES:
            connection.execute(f"DELETE FROM {table}")
        count = _fold_all(connection, connection)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return count


def compare(path: Path) -> tuple[Difference, ...]:
    """The tables in which the live projection and a fresh one differ; none when all is well.  Writes nothing."""
    fresh = sqlite3.connect("", isolation_level=None)  # a temporary file of SQLite's own
    live = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        live.execute("BEGIN")  # one snapshot for the journal and the tables
        for (sql,) in live.execute(
            f"SELECT sql FROM sqlite_schema WHERE type = 'table' AND name IN ({_marks()})", PROJECTED_TABLES
        ).fetchall():
            fresh.execute(sql)
        fresh.execute("BEGIN")
        _fold_all(live, fresh)
        differences = []
        for table in PROJECTED_TABLES:
            only_live, only_rebuilt = _difference(live, fresh, table)
            if only_live or only_rebuilt:
                differences.append(Difference(table=table, only_live=only_live, only_rebuilt=only_rebuilt))
    finally:
        live.close()
        fresh.close()
    return tuple(differences)


def _marks() -> str:
    return ", ".join("?" * len(PROJECTED_TABLES))


def _difference(live: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> tuple[int, int]:
    """Walk both tables in the order of their primary key and count the rows that have no equal."""
    keys = [
        row[1]
        for row in sorted(live.execute(f"PRAGMA table_info({table})"), key=lambda row: row[5])
        if row[5]
    ]
    order = ", ".join(keys)
    columns = ", ".join(row[1] for row in live.execute(f"PRAGMA table_info({table})"))
    sql = f"SELECT {order}, {columns} FROM {table} ORDER BY {order}"
    left, right = live.execute(sql), fresh.execute(sql)
    only_left = only_right = 0
    a, b = left.fetchone(), right.fetchone()
    while a is not None or b is not None:
        if a == b:
            a, b = left.fetchone(), right.fetchone()
            continue
        key_a = None if a is None else a[: len(keys)]
        key_b = None if b is None else b[: len(keys)]
        take_left = key_b is None or (key_a is not None and key_a <= key_b)
        take_right = key_a is None or (key_b is not None and key_b <= key_a)
        if take_left:
            only_left += 1
            a = left.fetchone()
        if take_right:
            only_right += 1
            b = right.fetchone()
    return only_left, only_right


def _entries(connection: sqlite3.Connection) -> Iterator[tuple[int, Entry]]:
    for seq, at, kind, data in connection.execute("SELECT seq, at, kind, data FROM journal ORDER BY seq"):
        entry = from_row(kind, at, data)
        if entry is not None:
            yield seq, entry


def _fold_all(source: sqlite3.Connection, target: sqlite3.Connection) -> int:
    ledger = Ledger()
    count = 0
    batch: list[tuple[int, Entry]] = []
    for numbered in _entries(source):
        batch.append(numbered)
        if len(batch) >= _BATCH:
            count += _fold(ledger, target, batch)
            batch = []
    return count + _fold(ledger, target, batch)


def _fold(ledger: Ledger, target: sqlite3.Connection, batch: list[tuple[int, Entry]]) -> int:
    for key in ledger.missing(entry for _, entry in batch):
        found = target.execute(newest_query(key.subject), (key.id,)).fetchone()
        ledger.know(key, None if found is None else read_row(key.subject, found))
    for seq, entry in batch:
        ledger.fold(entry, seq)
    for sql, rows in ledger.statements():
        target.executemany(sql, rows)
    ledger.accept()
    return len(batch)
