"""Messages as the HTTP interface asks for them: reading queries over the projections, and who dealt with one."""

from collections.abc import Callable

from api.faults import NotFound
from api.reach import EVERYTHING, Reach
from api.views import Page
from api.voicemail_views import VoicemailsQuery, VoicemailView
from softswitch.store.entries import VoicemailHandled
from softswitch.store.reader import Conditions, Reader, from_cursor, to_cursor

_SELECT = """SELECT v.*, r.duration_s, coalesce(r.state, 'open') AS state, coalesce(r.path, '') AS path
    FROM voicemails v LEFT JOIN recordings r ON r.recording_id = v.voicemail_id"""


class StoredVoicemails:
    """The messages of the database; `api.voicemail_views.VoicemailsPort`."""

    def __init__(
        self, reader: Reader, record: Callable[[VoicemailHandled], None], wall: Callable[[], float]
    ) -> None:
        """`record` writes an entry down; `wall` gives seconds since 1970."""
        self._reader = reader
        self._record = record
        self._wall = wall

    async def list(self, query: VoicemailsQuery, reach: Reach = EVERYTHING) -> Page[VoicemailView]:
        """A page of messages within reach, newest first; `Refused("bad_cursor")`."""
        where = Conditions()
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
        items = tuple(VoicemailView(**row) for row in rows[: query.limit])
        more = to_cursor(items[-1].left_at, items[-1].voicemail_id) if len(rows) > query.limit else None
        return Page(items=items, next_cursor=more)

    async def get(self, voicemail_id: str) -> VoicemailView:
        """One message; `NotFound`."""
        rows = await self._reader.rows(f"{_SELECT} WHERE v.voicemail_id = ?", (voicemail_id,))
        if not rows:
            raise NotFound("voicemail", voicemail_id)
        return VoicemailView(**rows[0])

    async def handle(self, voicemail_id: str, by: str, note: str) -> VoicemailView:
        """Mark it as dealt with; the reader waits until that is on the disk."""
        await self.get(voicemail_id)
        self._record(VoicemailHandled(at=self._wall(), voicemail_id=voicemail_id, by=by, note=note))
        return await self.get(voicemail_id)
