"""The one database writer: takes entries and state changes in order and commits them in groups.

`record`, `put` and `remove` never wait; one task gathers what came within a short window and writes it in one
transaction: journal, projections, recording chain and state together.  A failing disk makes the backlog grow,
raises one alarm and is tried again; nothing is dropped and nothing is raised into a call.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import aiosqlite
import structlog

from api.standing_work import going_on
from softswitch.store import chain, schema, transaction
from softswitch.store.entries import (
    AlarmCleared,
    AlarmRaised,
    CallEnded,
    EndedBy,
    EndReason,
    Entry,
    RecordingClosed,
)
from softswitch.store.errors import StoreClosed, StoreUnavailable
from softswitch.store.journal import JournalRow, cleaned, to_row
from softswitch.store.ledger import Ledger, newest_query, read_row
from softswitch.store.state import Change, StateTables

_log = structlog.get_logger(__name__)

WINDOW_S = 0.02
"""How long an entry waits for others before they are committed together."""

HEARTBEAT_S = 5.0
"""At least so often the database learns that we are alive, so that a crash has a time."""

FAILING_ALARM = "store_failing"
REJECTED_ALARM = "entry_rejected"
_RETRY_FIRST_S, _RETRY_MOST_S = 0.25, 5.0
_STORE_TABLE, _ALIVE_KEY = "_store", "alive"
_BATCH_MOST = 250
_ENVIRONMENT = (sqlite3.OperationalError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatistics:
    """How the writer does.  A lag runs from `record` to the commit, in seconds."""

    entries: int
    commits: int
    duplicates: int
    failures: int
    backlog: int
    last_lag_s: float
    worst_lag_s: float
    is_failing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """What a crash left open: calls that were closed now, recordings whose files want repair, and `discarded` messages whose
    files want to be deleted.

    Each recording is (recording id, call id, path); record its `RecordingClosed` after the repair.
    """

    calls: tuple[str, ...]
    recordings: tuple[tuple[str, str, str], ...]
    discarded: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """An entry that waits; `number` counts everything that was accepted up to it."""

    number: int
    entry: Entry
    row: JournalRow
    joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """What goes into one transaction; up to `accepted` nothing is left unwritten after it."""

    entries: tuple[_Pending, ...]
    state: tuple[Change, ...]
    accepted: int
    oldest: float


class Store:
    """The journal, its projections and the state tables of one database file."""

    def __init__(
        self,
        path: Path,
        key: bytes,
        stored_state: list[tuple[str, str, str]],
        wall: Callable[[], float],
        on_alarm: Callable[[AlarmRaised | AlarmCleared], None],
        window_s: float,
        lock: int,
    ) -> None:
        """Use `Store.open`."""
        self._lock = lock
        self._path = path
        self._key = key
        self._wall = wall
        self._on_alarm = on_alarm
        self._window_s = window_s
        self._loop = asyncio.get_running_loop()
        self._connection: aiosqlite.Connection | None = None
        self._ledger = Ledger()
        self._tables = StateTables(stored_state)
        self._pending: deque[_Pending] = deque()
        self._oldest: float | None = None
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closing = asyncio.Event()
        self._accepted = 0
        self._durable = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._last_seq = 0
        self._chain_head = (0, chain.FIRST_LINK)
        self._counts = {"entries": 0, "commits": 0, "duplicates": 0, "failures": 0}
        self._last_lag_s = 0.0
        self._worst_lag_s = 0.0
        self._is_failing = False
        self._task: asyncio.Task[None] | None = None
        alive = self._tables.load(_STORE_TABLE).get(_ALIVE_KEY, {}).get("at")
        self.last_alive_at: float | None = alive if isinstance(alive, float) else None
        """Wall time at which the process before this one was last known to live; None for a new database."""

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        key_path: Path,
        wall: Callable[[], float],
        on_alarm: Callable[[AlarmRaised | AlarmCleared], None] = lambda alarm: None,
        window_s: float = WINDOW_S,
    ) -> Self:
        """Make or migrate the database, read the state tables and start the writer.

        Raises `StoreUnavailable`, `MigrationFault` or `KeyFault`.  `on_alarm` is called in the loop; `wall`
        gives seconds since 1970.
        """
        lock = await asyncio.to_thread(schema.lock, path)
        try:
            await asyncio.to_thread(schema.prepare, path, wall())
            key = await asyncio.to_thread(chain.load_key, key_path)
            async with aiosqlite.connect(path) as connection:
                rows = await connection.execute_fetchall("SELECT tbl, key, value FROM state")
            stored = [(str(table), str(row_key), str(value)) for table, row_key, value in rows]
            store = cls(path, key, stored, wall, on_alarm, window_s, lock)
            await store._connect()
        except BaseException as error:
            os.close(lock)
            if isinstance(error, sqlite3.Error):
                raise StoreUnavailable(str(path), str(error)) from error
            raise
        store._task = asyncio.create_task(going_on(store._run, "store-writer"), name="store-writer")
        return store

    # ---- what callers use ----------------------------------------------------------------------

    def record(self, entry: Entry, *, joined: bool = False) -> None:
        """Write an entry down, in order; never waits.  `EntryRefused` for one that cannot be written.

        One that is `joined` is on the disk with the entry before it, or neither is.
        """
        sound = cleaned(entry)
        self._accept()
        self._pending.append(_Pending(number=self._accepted, entry=sound, row=to_row(sound), joined=joined))

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Set a state value of JSON types; never waits.  `StateRefused` for anything else."""
        if self._tables.put(table, key, value):
            self._accept()

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, Any]]) -> None:
        """Set the state value that `value` gives when the next commit is put together; never waits."""
        self._accept()
        self._tables.put_later(table, key, value)

    def remove(self, table: str, key: str) -> None:
        """Forget a state value; never waits."""
        if self._tables.remove(table, key):
            self._accept()

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        """A copy of a state table, with changes that are not yet on the disk."""
        return self._tables.load(table)

    async def committed(self) -> None:
        """Return once everything that was recorded before this call is on the disk.

        `StoreClosed` when the store closes without having written it.
        """
        if self._durable >= self._accepted:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((self._accepted, future))
        self._urgent.set()
        await future

    def statistics(self) -> StoreStatistics:
        """The writer's figures now."""
        return StoreStatistics(
            **self._counts,
            backlog=self._accepted - self._durable,
            last_lag_s=self._last_lag_s,
            worst_lag_s=self._worst_lag_s,
            is_failing=self._is_failing,
        )

    async def close_orphans(self, now: float, live_call_ids: Collection[str]) -> Orphans:
        """Close the calls that have no end and are not live, as `crash`; tell which recordings are open.

        `now` is wall time.  A call ends when the process was last known to live, not when it was found.
        """
        await self.committed()
        async with aiosqlite.connect(self._path) as connection:
            calls = await connection.execute_fetchall(
                "SELECT call_id, last_at FROM calls WHERE ended_at IS NULL ORDER BY arrived_at, call_id"
            )
            recordings = await connection.execute_fetchall(
                "SELECT recording_id, call_id, path FROM recordings WHERE state = 'open' ORDER BY started_at"
            )
            discarded = await connection.execute_fetchall(
                """SELECT r.recording_id, r.call_id, r.path FROM voicemails v
                JOIN recordings r ON r.recording_id = v.voicemail_id
                WHERE v.discarded_at IS NOT NULL AND r.state NOT IN ('open', 'deleted')"""
            )
        died_at = now if self.last_alive_at is None else min(now, self.last_alive_at)
        dead = [(str(call_id), float(last_at)) for call_id, last_at in calls if call_id not in live_call_ids]
        for call_id, last_at in dead:
            self.record(
                CallEnded(
                    at=max(died_at, last_at),
                    call_id=call_id,
                    ended_by=EndedBy.SYSTEM,
                    end_reason=EndReason.CRASH,
                )
            )
        await self.committed()
        left = tuple((str(a), str(b), str(c)) for a, b, c in recordings if b not in live_call_ids)
        return Orphans(
            calls=tuple(call_id for call_id, _ in dead),
            recordings=left,
            discarded=tuple((str(a), str(b), str(c)) for a, b, c in discarded),
        )

    async def close(self, timeout_s: float = 10.0) -> None:
        """Write what is left and stop; `StoreClosed` with the count of what could not be written in time."""
        self._closing.set()
        self._work.set()
        self._urgent.set()
        if self._task is not None:
            _, unfinished = await asyncio.wait({self._task}, timeout=timeout_s)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._disconnect()
        os.close(self._lock)
        unwritten = self._accepted - self._durable
        for _, future in self._waiters:
            if not future.done():
                future.set_exception(StoreClosed(unwritten))
        self._waiters.clear()
        if unwritten:
            raise StoreClosed(unwritten)

    def __repr__(self) -> str:
        """For logs."""
        return f"<Store {self._path} backlog={self._accepted - self._durable} failing={self._is_failing}>"

    # ---- the writer's task -----------------------------------------------------------------------

    def _accept(self) -> None:
        if self._closing.is_set():
            raise StoreClosed(self._accepted - self._durable)
        self._accepted += 1
        if self._oldest is None:
            self._oldest = self._loop.time()
        self._work.set()

    async def _run(self) -> None:
        while True:
            await self._gather()
            batch = self._take()
            if self._closing.is_set() and not batch.entries and not batch.state:
                return
            await self._write(batch)

    async def _gather(self) -> None:
        """Wait for work (or the heartbeat), then for company: the window, or somebody who waits."""
        if self._closing.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT_S):
                await self._work.wait()
        if (self._pending or self._tables.changes) and not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._window_s):
                    await self._urgent.wait()

    def _take(self) -> _Batch:
        """Take what waits: all of the state, and of a long backlog as much as suits one transaction."""
        entries = [self._pending.popleft() for _ in range(min(len(self._pending), _BATCH_MOST))]
        while self._pending and self._pending[0].joined:
            entries.append(self._pending.popleft())
        oldest = self._loop.time() if self._oldest is None else self._oldest
        if self._pending:
            accepted = self._pending[0].number - 1
        else:
            accepted = self._accepted
            self._oldest = None
            self._urgent.clear()
            self._work.clear()
        return _Batch(entries=tuple(entries), state=self._tables.take(), accepted=accepted, oldest=oldest)

    async def _write(self, batch: _Batch) -> None:
        """Commit a batch; try again for as long as the disk refuses, write it apart when an entry is at fault."""
        delay_s = _RETRY_FIRST_S
        first_seq = self._last_seq + 1
        while True:
            try:
                if self._connection is None:
                    await self._connect()
                    if self._last_seq >= first_seq:  # the failed COMMIT had reached the disk after all
                        self._ledger = Ledger()
                        break
                await self._commit(batch)
                break
            except Exception as error:
                self._ledger.discard()
                await self._disconnect()
                is_environment = isinstance(error, _ENVIRONMENT) or type(error) is sqlite3.DatabaseError
                if not is_environment:
                    _log.exception("store.batch_refused", entries=len(batch.entries), state=len(batch.state))
                    await self._write_apart(batch, error)
                    break
                self._fail(error)
                await self._pause(delay_s)
                delay_s = min(delay_s * 2, _RETRY_MOST_S)
        self._succeed(batch)

    async def _write_apart(self, batch: _Batch, error: Exception) -> None:
        """Write each part of a refused batch alone, and what is refused again into a file beside the database."""
        parts = [_Batch(entries=(one,), state=(), accepted=0, oldest=0.0) for one in batch.entries]
        parts += [_Batch(entries=(), state=(change,), accepted=0, oldest=0.0) for change in batch.state]
        if len(parts) > 1:
            for part in parts:
                await self._write(part)
            return
        lines = [json.dumps({"error": repr(error), "row": asdict(one.row)}) for one in batch.entries]
        lines += [json.dumps({"error": repr(error), "state": change}) for change in batch.state]
        await asyncio.to_thread(self._keep_rejected, lines)
        self._alarm(AlarmRaised(at=self._wall(), alarm=REJECTED_ALARM, detail=repr(error)))

    def _keep_rejected(self, lines: list[str]) -> None:
        target = self._path.with_suffix(".rejected.jsonl")
        try:
            with target.open("a", encoding="utf-8") as file:
                file.writelines(line + "\n" for line in lines)
        except OSError:
            _log.exception("store.rejected_lost", lines=lines)

    async def _pause(self, delay_s: float) -> None:
        over: asyncio.Future[None] = self._loop.create_future()
        timer = self._loop.call_later(delay_s, over.set_result, None)
        try:
            await over
        finally:
            timer.cancel()

    def _succeed(self, batch: _Batch) -> None:
        if batch.accepted:
            self._durable = max(self._durable, batch.accepted)
            self._last_lag_s = self._loop.time() - batch.oldest
            self._worst_lag_s = max(self._worst_lag_s, self._last_lag_s)
        if self._is_failing:
            self._is_failing = False
            _log.info("store.recovered", backlog=self._accepted - self._durable)
            self._alarm(AlarmCleared(at=self._wall(), alarm=FAILING_ALARM))
        waiting = []
        for target, future in self._waiters:
            if target > self._durable:
                waiting.append((target, future))
            elif not future.done():
                future.set_result(None)
        self._waiters = waiting
        if waiting:
            self._urgent.set()

    def _fail(self, error: Exception) -> None:
        self._counts["failures"] += 1
        if not self._is_failing:
            self._is_failing = True
            _log.error("store.failing", error=str(error), path=str(self._path))
            self._alarm(AlarmRaised(at=self._wall(), alarm=FAILING_ALARM, detail=str(error)))

    def _alarm(self, alarm: AlarmRaised | AlarmCleared) -> None:
        try:
            self._on_alarm(alarm)
        except Exception:
            _log.exception("store.alarm_callback_failed", alarm=alarm.alarm)

    # ---- the transaction -------------------------------------------------------------------------

    async def _connect(self) -> None:
        connection = await aiosqlite.connect(self._path, isolation_level=None)
        try:
            for pragma in schema.WRITER_PRAGMAS:
                await connection.execute_fetchall(pragma)
            [[seq]] = await connection.execute_fetchall("SELECT coalesce(max(seq), 0) FROM journal")
            head = await connection.execute_fetchall(
                "SELECT position, link FROM recording_chain ORDER BY position DESC LIMIT 1"
            )
        except BaseException:
            await connection.close()
            raise
        self._last_seq = int(seq)
        self._chain_head = (0, chain.FIRST_LINK)
        for position, link in head:
            self._chain_head = (int(position), str(link))
        self._connection = connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error, ValueError):
                await connection.close()  # rolls back what was not committed

    async def _commit(self, batch: _Batch) -> None:
        connection = self._connection
        if connection is None:
            raise sqlite3.OperationalError("not connected")
        ids = [one.row.event_id for one in batch.entries if one.row.event_id is not None]
        keys = self._ledger.missing(one.entry for one in batch.entries)
        known, rows = await transaction.begin(
            connection, ids, [(newest_query(key.subject), (key.id,)) for key in keys]
        )
        for key, found in zip(keys, rows, strict=True):
            self._ledger.know(key, None if found is None else read_row(key.subject, found))
        fresh = _without_duplicates(batch.entries, known)
        seq = self._last_seq
        position, link = self._chain_head
        journal, links = [], []
        for one in fresh:
            entry, row = one.entry, one.row
            seq += 1
            journal.append((seq, row.event_id, row.at, row.kind, row.call_id, row.agent_id, row.data))
            self._ledger.fold(entry, seq)
            if isinstance(entry, RecordingClosed):
                position += 1
                link = chain.next_link(self._key, link, entry.recording_id, entry.sha256)
                links.append((position, entry.recording_id, entry.sha256, link))
        await transaction.finish(
            connection,
            [
                ("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", journal),
                ("INSERT INTO recording_chain VALUES (?, ?, ?, ?)", links),
                *self._ledger.statements(),
                *self._state_statements(batch.state),
            ],
        )
        self._ledger.accept()
        self._last_seq, self._chain_head = seq, (position, link)
        self._counts["entries"] += len(fresh)
        self._counts["duplicates"] += len(batch.entries) - len(fresh)
        self._counts["commits"] += 1

    def _state_statements(self, changes: tuple[Change, ...]) -> list[transaction.Statement]:
        alive = (_STORE_TABLE, _ALIVE_KEY, json.dumps({"at": float(self._wall())}))
        kept = [(table, key, text) for table, key, text in changes if text is not None]
        gone = [(table, key) for table, key, text in changes if text is None]
        return [
            ("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", [*kept, alive]),
            ("DELETE FROM state WHERE tbl = ? AND key = ?", gone),
        ]


def _without_duplicates(entries: tuple[_Pending, ...], known: Collection[str]) -> list[_Pending]:
    """Leave out the entries whose natural identity is in the journal, or stands earlier in this batch."""
    seen = set(known)
    fresh = []
    for one in entries:
        if one.row.event_id is not None:
            if one.row.event_id in seen:
                continue
            seen.add(one.row.event_id)
        fresh.append(one)
    return fresh
