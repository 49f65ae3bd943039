"""The database file: how it is opened, and the numbered migrations that bring it to this program's schema.

Migrations are applied in order, each in its own transaction, and recorded with their SHA-256: one that was
edited after it ran is a fault, and so is a database that knows more migrations than this program.
`schema.sql` is the outcome of all of them, kept for readers and compared by a test.
"""

import fcntl
import hashlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from softswitch.store.errors import MigrationFault, StoreUnavailable

_FOLDER = Path(__file__).parent / "migrations"
_RECORD = """CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at REAL NOT NULL) STRICT"""

WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 2000",
)
"""A commit is on the disk when it returns, and readers never wait for the writer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Fingerprint of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped_migrations(folder: Path = _FOLDER) -> tuple[Migration, ...]:
    """The migrations of this program, by number; `NNNN_name.sql` from 0001 on without a gap."""
    found = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        if not path.name.startswith(f"{number:04d}_"):
            raise MigrationFault(path.name, f"expected a file named {number:04d}_*.sql")
        found.append(Migration(number=number, name=path.name, sql=path.read_text(encoding="utf-8")))
    return tuple(found)


def lock(path: Path) -> int:
    """Become the only writer of the database at `path`: a descriptor that holds the lock until it is closed.

    The kernel frees it when the process dies.  Raises `StoreUnavailable` while another process writes.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnavailable(str(path), str(error)) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise StoreUnavailable(str(path), "another process writes this database") from error
    return handle


def prepare(path: Path, applied_at: float, migrations: tuple[Migration, ...] | None = None) -> None:
    """Make the database at `path` if there is none (0600) and bring it up to date.  Blocks: call from a thread.

    `applied_at` is wall time, written beside each migration.
    """
    steps = shipped_migrations() if migrations is None else migrations
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(path, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(str(path), str(error)) from error
    try:
        for pragma in WRITER_PRAGMAS:
            connection.execute(pragma)
        migrate(connection, steps, applied_at)
    except sqlite3.Error as error:
        raise StoreUnavailable(str(path), str(error)) from error
    finally:
        connection.close()


def migrate(connection: sqlite3.Connection, steps: tuple[Migration, ...], applied_at: float) -> None:
    """Apply the steps that are missing; the connection must be in autocommit mode."""
    connection.execute(_RECORD)
    for step in missing(connection, steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in statements(step.sql):
                connection.execute(statement)
            connection.execute(
                "INSERT INTO migrations VALUES (?, ?, ?, ?)",
                (step.number, step.name, step.sha256, applied_at),
            )
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.execute("ROLLBACK")
            raise MigrationFault(step.name, str(error)) from error


def missing(connection: sqlite3.Connection, steps: tuple[Migration, ...]) -> tuple[Migration, ...]:
    """The steps that the database has not seen yet; reads only.

    Raises `MigrationFault` for a database that is newer than this program, or that saw another text of a step.
    """
    known = {
        number: (name, sha256)
        for number, name, sha256 in connection.execute("SELECT number, name, sha256 FROM migrations")
    }
    for number in sorted(known.keys() - {step.number for step in steps}):
        raise MigrationFault(known[number][0], "the database is newer than this program")
    for step in steps:
        if step.number in known and known[step.number][1] != step.sha256:
            raise MigrationFault(step.name, "was changed after it had been applied")
    return tuple(step for step in steps if step.number not in known)


def statements(sql: str) -> tuple[str, ...]:
    """Split a script into statements; `executescript` would commit in between."""
    found, text = [], ""
    for line in sql.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text.strip())
            text = ""
    if any(line.strip() and not line.strip().startswith("--") for line in text.splitlines()):
        raise MigrationFault(text.strip()[:40], "the last statement has no end")
    return tuple(found)


def describe(connection: sqlite3.Connection) -> str:
    """The whole schema as text: what `schema.sql` holds."""
    rows = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC, name"
    )
    return "\n\n".join(f"{sql};" for (sql,) in rows) + "\n"
