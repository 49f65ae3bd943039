"""Messages as the HTTP interface asks for them: reading queries over the projections."""

from typing import Any

from api.faults import NotFound
from api.reach import EVERYTHING, Reach
from api.views import Page
from api.voicemail_views import VoicemailsQuery, VoicemailView
from softswitch.store.pages import from_cursor, page_of, to_cursor
from softswitch.store.reader import Conditions, Reader

_OWN_FIELDS = tuple(
    name for name in VoicemailView.__dataclass_fields__ if name not in ("duration_s", "state", "path")
)
_SELECT = f"""SELECT {", ".join(f"v.{name}" for name in _OWN_FIELDS)}, r.duration_s, coalesce(r.state, 'open') AS state, coalesce(r.path, '') AS path
    FROM voicemails v LEFT JOIN recordings r ON r.recording_id = v.voicemail_id"""


class StoredVoicemails:
    """The messages of the database; one that its caller spoke anew is not among them."""

    def __init__(self, reader: Reader) -> None:
        """Read with this connection."""
        self._reader = reader

    async def list(self, query: VoicemailsQuery, reach: Reach = EVERYTHING) -> Page[VoicemailView]:
        """A page of messages within reach, newest first; `Refused("bad_cursor")`."""
        where = Conditions()
        where.add("v.discarded_at IS NULL")
        if query.since is not None:
            where.add("v.left_at >= ?", query.since)
        if query.until is not None:
            where.add("v.left_at < ?", query.until)
        if query.box:
            where.add("v.box = ?", query.box)
        if query.number:
            where.add("v.caller = ?", query.number)
        if query.handled is not None:
            where.add("v.handled_at IS NOT NULL" if query.handled else "v.handled_at IS NULL")
        if query.handed is not None:
            where.add("v.handed_at IS NOT NULL" if query.handed else "v.handed_at IS NULL")
        if not reach.is_all:
            marks = ", ".join("?" * len(reach.queues))
            foreign = f"SELECT call_id FROM calls WHERE queue IS NOT NULL AND queue NOT IN ({marks})"
            where.add(f"v.call_id NOT IN ({foreign})", *sorted(reach.queues))
        if query.cursor:
            where.add("(v.left_at, v.voicemail_id) < (?, ?)", *from_cursor(query.cursor))
        rows = await self._reader.rows(
            f"{_SELECT} {where.sql} ORDER BY v.left_at DESC, v.voicemail_id DESC LIMIT ?",
            [*where.values, query.limit + 1],
        )
        messages = [_view(row) for row in rows]
        return page_of(messages, query.limit, lambda last: to_cursor(last.left_at, last.voicemail_id))

    async def get(self, voicemail_id: str) -> VoicemailView:
        """One message; `NotFound`."""
        rows = await self._reader.rows(
            f"{_SELECT} WHERE v.voicemail_id = ? AND v.discarded_at IS NULL", (voicemail_id,)
        )
        if not rows:
            raise NotFound("voicemail", voicemail_id)
        return _view(rows[0])

    async def queue_of(self, voicemail_id: str) -> str:
        """The queue in which its caller stood, empty for none."""
        rows = await self._reader.rows(
            """SELECT coalesce(c.queue, '') AS queue FROM voicemails v LEFT JOIN calls c USING (call_id)
            WHERE v.voicemail_id = ?""",
            (voicemail_id,),
        )
        return str(rows[0]["queue"]) if rows else ""


def _view(row: dict[str, Any]) -> VoicemailView:
    return VoicemailView(**row | {"conditions": tuple((row["conditions"] or "").split())})
