"""One group commit in two turns of the database thread."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest

from softswitch.store import schema, transaction


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[aiosqlite.Connection]:
    """A migrated database."""
    schema.prepare(tmp_path / "hotline.db", 1.0)
    async with aiosqlite.connect(tmp_path / "hotline.db", isolation_level=None) as connection:
        yield connection


async def test_what_begin_reads_is_what_finish_left(connection: aiosqlite.Connection) -> None:
    """Ids that the journal has, the first row of each query or None."""
    entry = (1, "e1", 1.0, "kind", None, None, "{}")
    await transaction.begin(connection, [], [])
    await transaction.finish(
        connection,
        [
            ("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", [entry]),
            ("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", []),
        ],
    )
    queries = [("SELECT seq FROM journal WHERE seq = ?", (seq,)) for seq in (1, 2)]
    ids = [f"e{number}" for number in range(1200)]
    assert await transaction.begin(connection, ids, queries) == (frozenset({"e1"}), [(1,), None])


async def test_what_fails_is_raised_and_nothing_is_committed(
    connection: aiosqlite.Connection, tmp_path: Path
) -> None:
    """The writer closes such a connection, which rolls back what came before the fault."""
    await transaction.begin(connection, [], [])
    with pytest.raises(sqlite3.IntegrityError):
        await transaction.finish(
            connection,
            [
                ("INSERT INTO state VALUES (?, ?, ?)", [("a", "k", "{}")]),
                ("INSERT INTO state VALUES (?, ?, ?)", [("a", "k", "{}")]),
            ],
        )
    await connection.close()
    async with aiosqlite.connect(tmp_path / "hotline.db") as other:
        assert await other.execute_fetchall("SELECT * FROM state") == []
