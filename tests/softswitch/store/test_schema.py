"""Migrations are applied in order, once, and are not changed afterwards."""

import sqlite3
import stat
from pathlib import Path

import pytest

from softswitch.store import schema
from softswitch.store.errors import MigrationFault, StoreUnavailable

FIRST = schema.Migration(
    number=1, name="0001_a.sql", sql="CREATE TABLE a (x INTEGER); -- one\nINSERT INTO a VALUES (7);"
)
SECOND = schema.Migration(number=2, name="0002_b.sql", sql="ALTER TABLE a ADD COLUMN y TEXT DEFAULT ';';")


def test_schema_sql_is_the_outcome_of_all_migrations() -> None:
    """It is kept for readers and must not drift."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, schema.shipped_migrations(), 0.0)
    written = Path(schema.__file__).with_name("schema.sql").read_text(encoding="utf-8")
    assert schema.describe(connection) == written


@pytest.mark.parametrize("change", ["UPDATE journal SET at = 0.0", "DELETE FROM journal"])
def test_the_journal_only_grows(change: str) -> None:
    """Nobody takes back what was forced, not with the file in hand either."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, schema.shipped_migrations(), 0.0)
    row = (1, "e1", 5.0, "ActionForced", "c1", "1001", "{}")
    connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        connection.execute(change)
    assert connection.execute("SELECT * FROM journal").fetchall() == [row]


def test_migrations_are_applied_in_order_and_only_once(tmp_path: Path) -> None:
    """A later program adds only what is new; data stays."""
    path = tmp_path / "x.db"
    schema.prepare(path, 1.0, (FIRST,))
    schema.prepare(path, 2.0, (FIRST, SECOND))
    schema.prepare(path, 3.0, (FIRST, SECOND))
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(7, ";")]
    assert connection.execute("SELECT number, applied_at FROM migrations").fetchall() == [(1, 1.0), (2, 2.0)]
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_migration_that_was_edited_is_a_fault(tmp_path: Path) -> None:
    """Nobody knows what such a database holds."""
    path = tmp_path / "x.db"
    schema.prepare(path, 1.0, (FIRST,))
    with pytest.raises(MigrationFault, match="changed"):
        schema.prepare(
            path, 1.0, (schema.Migration(number=1, name="0001_a.sql", sql="CREATE TABLE a (z TEXT);"),)
        )


def test_a_database_of_a_newer_program_is_a_fault(tmp_path: Path) -> None:
    """An older program keeps its hands off."""
    path = tmp_path / "x.db"
    schema.prepare(path, 1.0, (FIRST, SECOND))
    with pytest.raises(MigrationFault, match="newer"):
        schema.prepare(path, 1.0, (FIRST,))


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Its first statement is undone with the second."""
    path = tmp_path / "x.db"
    broken = schema.Migration(
        number=2, name="0002_b.sql", sql="CREATE TABLE b (x);\nINSERT INTO nowhere VALUES (1);"
    )
    with pytest.raises(MigrationFault, match="nowhere"):
        schema.prepare(path, 1.0, (FIRST, broken))
    schema.prepare(path, 1.0, (FIRST, SECOND))


def test_a_statement_without_an_end_is_a_fault() -> None:
    """A forgotten semicolon must not lose the statement silently."""
    with pytest.raises(MigrationFault):
        schema.statements("CREATE TABLE a (x);\nCREATE TABLE b (x)")
    assert schema.statements("-- only words\n") == ()


def test_migrations_are_numbered_without_a_gap(tmp_path: Path) -> None:
    """A file that is missing or misnamed is found at the start."""
    (tmp_path / "0001_a.sql").write_text("")
    (tmp_path / "0003_c.sql").write_text("")
    with pytest.raises(MigrationFault):
        schema.shipped_migrations(tmp_path)


def test_a_database_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    """A folder in its place, a file that is no database."""
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "text.db").write_text("this is not a database, not even nearly" * 50)
    for name in ("folder.db", "text.db"):
        with pytest.raises(StoreUnavailable):
            schema.prepare(tmp_path / name, 1.0)
