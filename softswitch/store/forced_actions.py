"""The ledger of forced actions: entries of the journal, which only grows."""

import json
from collections.abc import Callable

from api.ports import ForcedAction, LedgerQuery
from api.views import ForcedActionView, Page, WallTime
from softswitch.store.entries import ActionForced
from softswitch.store.pages import from_cursor, page_of, to_cursor
from softswitch.store.reader import Conditions, Reader


class ForcedActions:
    """The `LedgerPort` of the HTTP interface."""

    def __init__(
        self, reader: Reader, record: Callable[[ActionForced], None], wall: Callable[[], float]
    ) -> None:
        """`record` writes into the journal and never waits; `wall` gives seconds since 1970."""
        self._reader = reader
        self._record = record
        self._wall = wall

    def record(self, action: ForcedAction) -> None:
        """Write one down."""
        self._record(
            ActionForced(
                at=self._wall(),
                who=action.who,
                action=action.action,
                agent=action.agent,
                call_id=action.call_id,
                reason=action.reason,
                detail=json.dumps(action.detail, ensure_ascii=False),
            )
        )

    async def list(self, query: LedgerQuery) -> Page[ForcedActionView]:
        """A page of it, newest first; `Refused("bad_cursor")`.

        Within reach is what somebody within reach did, or had done to them, and what was done to their calls.
        """
        where = Conditions()
        where.add("kind = 'ActionForced'")
        if query.since is not None:
            where.add("at >= ?", query.since)
        if query.until is not None:
            where.add("at < ?", query.until)
        if query.who:
            where.add("json_extract(data, '$.who') = ?", query.who)
        if query.agent:
            where.add("agent_id = ?", query.agent)
        if query.call_id:
            where.add("call_id = ?", query.call_id)
        if query.cursor:
            where.add("seq < ?", int(from_cursor(query.cursor)[0]))
        if not query.reach.is_all:
            agents = query.reach.agents
            where.add_one_of(
                ("json_extract(data, '$.who') IN (?*)", agents),
                ("agent_id IN (?*)", agents),
                ("call_id IN (SELECT call_id FROM segments WHERE agent IN (?*))", agents),
            )
        rows = await self._reader.rows(
            f"SELECT seq, at, data FROM journal {where.sql} ORDER BY seq DESC LIMIT ?",
            [*where.values, query.limit + 1],
        )
        actions = [_view(row["seq"], row["at"], row["data"]) for row in rows]
        return page_of(actions, query.limit, lambda last: to_cursor(float(last.seq), ""))


def _view(seq: int, at: float, data: str) -> ForcedActionView:
    fields = json.loads(data)
    detail = json.loads(fields.pop("detail"))
    return ForcedActionView(seq=seq, at=WallTime(at), detail=detail, **fields)
