"""Folds journal entries into projected rows, batch by batch, and knows the SQL of those rows.

The live writer and the rebuild command use the same ledger.  It keeps the rows that may still change (open
calls, the newest interval of each agent…) in memory; a batch counts only once it is `accept`ed, so a
transaction that failed leaves no trace.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import structlog

from softswitch.store import customer_tables, half_hours
from softswitch.store.entries import CustomersChanged, Entry
from softswitch.store.projections import Key, Subject, key_of, keys_of, project
from softswitch.store.rows import (
    BusinessRow,
    CallRow,
    IntervalRow,
    RecordingRow,
    Row,
    SegmentRow,
    VoicemailRow,
)

_log = structlog.get_logger(__name__)

_TABLES: dict[type[Row], tuple[str, tuple[str, ...]]] = {
    CallRow: ("calls", ("call_id",)),
    SegmentRow: ("segments", ("call_id", "number")),
    IntervalRow: ("agent_intervals", ("agent", "seq")),
    RecordingRow: ("recordings", ("recording_id",)),
    BusinessRow: ("business", ("kind", "id")),
    VoicemailRow: ("voicemails", ("voicemail_id",)),
}
PROJECTED_TABLES = (
    *(table for table, _ in _TABLES.values()),
    half_hours.TABLE,
    *customer_tables.TABLES,
)
_COLUMNS = {cls: tuple(field.name for field in dataclasses.fields(cls)) for cls in _TABLES}
_NEWEST: dict[Subject, tuple[type[Row], str]] = {
    Subject.CALL: (CallRow, "SELECT {columns} FROM calls WHERE call_id = ?"),
    Subject.SEGMENT: (
        SegmentRow,
        "SELECT {columns} FROM segments WHERE call_id = ? ORDER BY number DESC LIMIT 1",
    ),
    Subject.INTERVAL: (
        IntervalRow,
        "SELECT {columns} FROM agent_intervals WHERE agent = ? ORDER BY seq DESC LIMIT 1",
    ),
    Subject.RECORDING: (RecordingRow, "SELECT {columns} FROM recordings WHERE recording_id = ?"),
    Subject.VOICEMAIL: (VoicemailRow, "SELECT {columns} FROM voicemails WHERE voicemail_id = ?"),
    Subject.DOCUMENT: (BusinessRow, "SELECT {columns} FROM business WHERE kind || '/' || id = ?"),
}

Statement = tuple[str, Sequence[tuple[Any, ...]]]


def newest_query(subject: Subject) -> str:
    """The SQL that reads the newest row of a subject by its id."""
    cls, sql = _NEWEST[subject]
    return sql.format(columns=", ".join(_COLUMNS[cls]))


def read_row(subject: Subject, values: Iterable[Any]) -> Row:
    """A row of `newest_query` as its class."""
    cls = _NEWEST[subject][0]
    return cls(**dict(zip(_COLUMNS[cls], values, strict=True)))


class Ledger:
    """The rows that may still change, and the batch that is being folded."""

    def __init__(self) -> None:
        """Begin with nothing in memory: rows are read when an entry needs them."""
        self._newest: dict[Key, Row | None] = {}
        self._batch: dict[Key, Row | None] = {}
        self._changed: dict[tuple[Any, ...], Row] = {}
        self._half_hours = half_hours.HalfHours()
        self._customers: list[CustomersChanged] = []

    def missing(self, entries: Iterable[Entry]) -> tuple[Key, ...]:
        """The keys whose rows must be read (`know`) before these entries are folded."""
        wanted = {key: None for entry in entries for key in keys_of(entry)}
        return tuple(key for key in wanted if key not in self._newest and key not in self._batch)

    def know(self, key: Key, row: Row | None) -> None:
        """The database's newest row of a key, None when there is none."""
        self._batch[key] = row

    def fold(self, entry: Entry, seq: int) -> None:
        """Take an entry into the batch.  A projection that fails is logged and changes nothing."""
        if isinstance(entry, CustomersChanged):
            self._customers.append(entry)
            return
        try:
            changed = project(entry, seq, self._lookup)
        except Exception:
            _log.exception("projection.failed", kind=type(entry).__name__, seq=seq)
            return
        for row in changed:
            table, primary_key = _TABLES[type(row)]
            if isinstance(row, CallRow):
                before = self._lookup(key_of(row))
                self._half_hours.change(before if isinstance(before, CallRow) else None, row)
            self._batch[key_of(row)] = row
            self._changed[(table, *(getattr(row, name) for name in primary_key))] = row

    def statements(self) -> Iterator[Statement]:
        """The batch's rows as SQL for `executemany`, one a table."""
        for cls, (table, _) in _TABLES.items():
            columns = _COLUMNS[cls]
            values = attrgetter(*columns)
            rows = [values(row) for row in self._changed.values() if type(row) is cls]
            if rows:
                marks = ", ".join("?" * len(columns))
                yield f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows
        yield from self._half_hours.statements()
        for entry in self._customers:
            yield from customer_tables.statements(entry)

    def accept(self) -> None:
        """The batch is durable: remember what may still change, forget what is finished."""
        self._newest.update(self._batch)
        for key in self._batch:
            if self._is_finished(key):
                self._newest.pop(key, None)
        self.discard()

    def discard(self) -> None:
        """The batch failed: forget it."""
        self._batch = {}
        self._changed = {}
        self._half_hours = half_hours.HalfHours()
        self._customers = []

    def _lookup(self, key: Key) -> Row | None:
        if key in self._batch:
            return self._batch[key]
        return self._newest.get(key)

    def _is_finished(self, key: Key) -> bool:
        """Only open calls, their segments, open recordings and agents' newest intervals stay in memory."""
        match key.subject:
            case Subject.INTERVAL:
                return False
            case Subject.DOCUMENT | Subject.VOICEMAIL:
                return True
            case Subject.RECORDING:
                row = self._newest.get(key)
                return not isinstance(row, RecordingRow) or row.closed_at is not None
            case _:
                call = self._newest.get(Key(Subject.CALL, key.id))
                return not isinstance(call, CallRow) or call.ended_at is not None
