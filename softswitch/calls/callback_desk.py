"""Callbacks for whoever asks by HTTP.  Implements `api.callback_views.CallbacksPort`."""

from acd.names import ContactId
from api.callback_views import CallbackBody, CallbacksQuery, CallbackView
from api.faults import NotFound
from api.problems import NotYours
from api.reach import Reach
from api.views import Page, WallTime
from softswitch.calls import attached_data
from softswitch.calls.call_table import CallTable
from softswitch.calls.callback import Callback, CallbackState
from softswitch.calls.callbacks import Callbacks, Wish
from softswitch.store.pages import from_cursor, page_of, to_cursor


class CallbackDesk:
    """Shows callbacks, takes wishes, and takes them back."""

    def __init__(self, callbacks: Callbacks, table: CallTable) -> None:
        """Over these callbacks."""
        self._callbacks = callbacks
        self._table = table

    async def list(self, query: CallbacksQuery, reach: Reach) -> Page[CallbackView]:
        """A page of callbacks of the queues within reach, newest first; `Refused("bad_cursor")`."""
        before = from_cursor(query.cursor) if query.cursor else None
        found = [
            each
            for each in reversed(self._callbacks.all())
            if _is_within(reach, each.queue)
            and query.state in ("", each.state)
            and query.queue in ("", each.queue)
            and query.number in ("", each.number)
            and (before is None or (each.requested_at, each.callback_id) < before)
        ]
        shown = [self._shown(each) for each in found[: query.limit + 1]]
        return page_of(shown, query.limit, lambda last: to_cursor(last.requested_at, last.callback_id))

    async def get(self, callback_id: str, reach: Reach) -> CallbackView:
        """One callback; `NotFound`."""
        return self._shown(self._need(callback_id, reach))

    async def ask(self, body: CallbackBody, reach: Reach, by: str) -> CallbackView:
        """Ask for one; that of the same number and queue where it is open.  `Refused`, `Denied`, `Conflict`."""
        if not _is_within(reach, body.queue):
            raise NotYours
        attached_data.checked(body.data)
        wish = Wish(
            number=body.number,
            queue=body.queue,
            arrived_at=self._table.clock.wall(),
            level=body.level,
            by=by,
            data=body.data,
        )
        return self._shown(self._callbacks.ask(wish))

    async def cancel(self, callback_id: str, reach: Reach, by: str) -> CallbackView:
        """The customer is not to be called any more; `NotFound`, `Conflict`."""
        self._need(callback_id, reach)
        return self._shown(self._callbacks.cancel(callback_id, by))

    def _need(self, callback_id: str, reach: Reach) -> Callback:
        callback = self._callbacks.get(callback_id)
        if not _is_within(reach, callback.queue):
            raise NotFound("callback", callback_id)
        return callback

    def _shown(self, callback: Callback) -> CallbackView:
        is_waiting = callback.state is CallbackState.WAITING
        is_paused = callback.state is CallbackState.PAUSED
        engine = self._table.dispatcher.engine
        return CallbackView(
            callback_id=callback.callback_id,
            number=callback.number,
            queue=callback.queue,
            state=callback.state.value,
            requested_at=WallTime(callback.requested_at),
            arrived_at=WallTime(callback.arrived_at),
            position=engine.position(ContactId(callback.call_id)) if is_waiting else None,
            tries=callback.tries,
            due_at=WallTime(callback.due_at) if is_paused else None,
            agent=callback.agent,
            cause=callback.cause,
            origin=callback.origin,
            call_id="" if is_waiting else callback.call_id,
            closed_at=None if callback.closed_at is None else WallTime(callback.closed_at),
            data=dict(callback.data),
        )


def _is_within(reach: Reach, queue: str) -> bool:
    return reach.is_all or queue in reach.queues
