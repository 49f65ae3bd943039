"""Recordings as the HTTP interface asks for them: reading queries over the projections."""

from typing import Any

from api.faults import NotFound
from api.ports import RecordingQuery
from api.views import Page, RecordingView
from softswitch.store.pages import from_cursor, page_of, to_cursor
from softswitch.store.reader import Conditions, Reader

_OWN_FIELDS = tuple(
    name for name in RecordingView.__dataclass_fields__ if name not in ("caller", "called", "agents")
)
_SELECT = f"""SELECT {", ".join(f"r.{name}" for name in _OWN_FIELDS)},
    coalesce(c.caller, '') AS caller, coalesce(c.called, '') AS called,
    (SELECT group_concat(agent, char(10)) FROM
        (SELECT agent FROM segments s WHERE s.call_id = r.call_id GROUP BY agent ORDER BY min(number))) AS agents
    FROM recordings r LEFT JOIN calls c ON c.call_id = r.call_id"""


class StoredRecordings:
    """The recordings of the database; `api.ports.RecordingsPort`."""

    def __init__(self, reader: Reader) -> None:
        """Read with this connection."""
        self._reader = reader

    async def list(self, query: RecordingQuery) -> Page[RecordingView]:
        """A page of recordings, newest first; `Refused("bad_cursor")`."""
        where = Conditions()
        if query.since is not None:
            where.add("r.started_at >= ?", query.since)
        if query.until is not None:
            where.add("r.started_at < ?", query.until)
        if query.agent:
            where.add("r.call_id IN (SELECT call_id FROM segments WHERE agent = ?)", query.agent)
        if query.number:
            where.add("c.caller = ? OR c.called = ?", query.number, query.number)
        if query.call_id:
            where.add("r.call_id = ?", query.call_id)
        if not query.reach.is_all:
            where.add_one_of(
                ("r.call_id IN (SELECT call_id FROM segments WHERE agent IN (?*))", query.reach.agents),
                ("c.queue IN (?*)", query.reach.queues if query.reach.sees_queued else ()),
            )
        if query.cursor:
            where.add("(r.started_at, r.recording_id) < (?, ?)", *from_cursor(query.cursor))
        rows = await self._reader.rows(
            f"{_SELECT} {where.sql} ORDER BY r.started_at DESC, r.recording_id DESC LIMIT ?",
            [*where.values, query.limit + 1],
        )
        recordings = [_view(row) for row in rows]
        return page_of(recordings, query.limit, lambda last: to_cursor(last.started_at, last.recording_id))

    async def get(self, recording_id: str) -> RecordingView:
        """One recording; `NotFound`."""
        rows = await self._reader.rows(f"{_SELECT} WHERE r.recording_id = ?", (recording_id,))
        if not rows:
            raise NotFound("recording", recording_id)
        return _view(rows[0])


def _view(row: dict[str, Any]) -> RecordingView:
    agents = row.pop("agents")
    return RecordingView(**row, agents=tuple(agents.split("\n")) if agents else ())
