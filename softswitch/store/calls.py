"""Calls as the HTTP interface asks for them: reading queries over the projections and the journal."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.faults import Conflict, NotFound
from api.ports import CallQuery
from api.views import CallDetail, CallView, EntryView, Page, PartyView, SegmentView
from softswitch.store.pages import from_cursor, page_of, to_cursor
from softswitch.store.reader import Conditions, Reader

_LIVE = frozenset({"parties", "held", "recording_paused", "data", "dial_result"})
_SPANS = frozenset({"wait_s", "ring_s", "talk_s"})
_COLUMNS = ", ".join(
    f"round({name}, 3) AS {name}"
    if name in _SPANS
    else name  # a wall clock's nanoseconds are nobody's figure
    for name in CallView.__dataclass_fields__
    if name not in _LIVE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningCall:
    """What call control knows of a call that runs and the database does not: its parties and its data."""

    parties: tuple[PartyView, ...] = ()
    held: bool = False
    recording_paused: bool = False
    data: dict[str, Any] = field(default_factory=dict)


class StoredCalls:
    """The calls of the database; `api.ports.CallsPort`."""

    def __init__(
        self,
        reader: Reader,
        hang_up: Callable[[str, str], Awaitable[None]],
        running: Callable[[str], RunningCall | None] = lambda call_id: None,
    ) -> None:
        """`hang_up(call_id, reason)` is call control's; it raises `NotFound` or `Conflict`.

        `running(call_id)` is what call control holds of a call now, None for one that has ended.
        """
        self._reader = reader
        self._hang_up = hang_up
        self._running = running

    async def list(self, query: CallQuery) -> Page[CallView]:
        """A page of calls, newest first; `Refused("bad_cursor")`."""
        where = Conditions()
        if query.active is not None:
            where.add("ended_at IS NULL" if query.active else "ended_at IS NOT NULL")
        if query.since is not None:
            where.add("arrived_at >= ?", query.since)
        if query.until is not None:
            where.add("arrived_at < ?", query.until)
        if query.agent:
            where.add(
                "agent = ? OR EXISTS (SELECT 1 FROM segments s WHERE s.call_id = calls.call_id AND s.agent = ?)",
                query.agent,
                query.agent,
            )
        if query.number:
            where.add("caller = ? OR called = ?", query.number, query.number)
        if query.queue:
            where.add("queue = ?", query.queue)
        if query.end_reason:
            where.add("end_reason = ?", query.end_reason)
        if not query.reach.is_all:
            where.add_one_of(
                ("agent IN (?*)", query.reach.agents),
                (
                    "EXISTS (SELECT 1 FROM segments s WHERE s.call_id = calls.call_id AND s.agent IN (?*))",
                    query.reach.agents,
                ),
                ("queue IN (?*)", query.reach.queues if query.reach.sees_queued else ()),
            )
        if query.cursor:
            where.add("(arrived_at, call_id) < (?, ?)", *from_cursor(query.cursor))
        rows = await self._reader.rows(
            f"SELECT {_COLUMNS} FROM calls {where.sql} ORDER BY arrived_at DESC, call_id DESC LIMIT ?",
            [*where.values, query.limit + 1],
        )
        journaled = await self._journaled([row["call_id"] for row in rows])
        calls = [self._view(row, journaled) for row in rows]
        return page_of(calls, query.limit, lambda last: to_cursor(last.arrived_at, last.call_id))

    async def get(self, call_id: str) -> CallDetail:
        """One call with its talks, recordings and journal; `NotFound`."""
        calls = await self._reader.rows(f"SELECT {_COLUMNS} FROM calls WHERE call_id = ?", (call_id,))
        if not calls:
            raise NotFound("call", call_id)
        segments = await self._reader.rows(
            "SELECT agent, extension, began_at, ended_at, round(duration_s, 3) AS duration_s FROM segments"
            " WHERE call_id = ? ORDER BY number",
            (call_id,),
        )
        recordings = await self._reader.rows(
            "SELECT recording_id FROM recordings WHERE call_id = ? ORDER BY started_at, recording_id",
            (call_id,),
        )
        entries = await self._reader.rows(
            "SELECT seq, at, kind, data FROM journal WHERE call_id = ? ORDER BY seq", (call_id,)
        )
        return CallDetail(
            call=self._view(calls[0], await self._journaled([call_id])),
            segments=tuple(SegmentView(**row) for row in segments),
            recordings=tuple(row["recording_id"] for row in recordings),
            events=tuple(EntryView(**{**row, "data": _loaded(row["data"])}) for row in entries),
        )

    async def _journaled(self, call_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What only the journal says of calls: the data that was last attached, the result of an outgoing one."""
        marks = ", ".join("?" * len(call_ids))
        rows = await self._reader.rows(
            f"SELECT call_id, kind, data FROM journal WHERE call_id IN ({marks})"
            " AND kind IN ('CallDataChanged', 'DialResulted') ORDER BY seq",
            call_ids,
        )
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            fields, known = json.loads(row["data"]), found.setdefault(row["call_id"], {})
            if row["kind"] == "DialResulted":
                known["dial_result"] = fields["result"]
            else:
                known["data"] = json.loads(fields["data"])
        return found

    def _view(self, row: dict[str, Any], journaled: Mapping[str, dict[str, Any]]) -> CallView:
        stored = CallView(**row, **journaled.get(row["call_id"], {}))
        now = self._running(stored.call_id) if stored.ended_at is None else None
        if now is None:
            return stored
        return replace(
            stored,
            parties=now.parties,
            held=now.held,
            recording_paused=now.recording_paused,
            data=now.data,
        )

    async def hang_up(self, call_id: str, reason: str) -> None:
        """End a call by force: call control does it.  `NotFound` for a call that never was, `Conflict` for one that ended."""
        try:
            await self._hang_up(call_id, reason)
        except Conflict:
            if not await self._reader.rows("SELECT 1 AS known FROM calls WHERE call_id = ?", (call_id,)):
                raise NotFound("call", call_id) from None
            raise


def _loaded(data: str) -> dict[str, Any]:
    """The entry's fields, without the path of a file: that is the server's own business."""
    loaded: dict[str, Any] = json.loads(data)
    loaded.pop("path", None)
    return loaded
