"""Calling back (回呼): a customer who hung up keeps the place in the line; the agent whose turn it is comes first.

A callback stands in the line as a call without anybody in it, so it is never more than the free agents can take.  Once
the agent's phone is answered the customer's is rung, with the hotline's number; when nobody answers it is tried again
after a while, the place kept.  Nobody is called outside the hours of the queue.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog

from acd import events as acd_facts
from acd.names import ContactId
from api.faults import ApiFault, Conflict, NotFound, Refused
from softswitch.business.whole import Business
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.callback import Callback, CallbackState
from softswitch.calls.directory import Directory
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.kept_stays import KeptStay
from softswitch.calls.leg import Leg
from softswitch.calls.offers import Offers
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.result_desk import ResultDesk
from softswitch.calls.routes import Route
from softswitch.settings.callbacks import CallbackSettings
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE: Final = "callback"
CLOSED: Final = "closed"
"""Why one waits whose queue is closed: it waits for a time of day, all others for a span."""
REMEMBERED: Final = 5_000
"""Callbacks that are over and still shown; beyond that the oldest are forgotten (the journal has them all)."""


class BusinessNow(Protocol):
    """Where the business stands as it is now (`softswitch.business.desk.BusinessDesk`)."""

    @property
    def business(self) -> Business:
        """All documents."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A customer wants to be called back.  `arrived_at` (wall seconds) is the place in the line; `by` who asks for it."""

    number: str
    queue: str
    arrived_at: float
    line: str = ""
    level: int = 0
    region: str = ""
    origin: str = ""
    by: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class Callbacks:
    """All callbacks, open and over.

    `business` is set by the composition root; without it every queue is always open.
    """

    business: BusinessNow | None = None

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        offers: Offers,
        results: ResultDesk,
        record: Callable[[Call, Leg], None],
        keeper: StateKeeper,
        token: Callable[[int], str],
    ) -> None:
        """`record` starts a call's recording; `token` gives so many random bytes as text."""
        self._table = table
        self._directory = directory
        self._offers = offers
        self._results = results
        self._record = record
        self._keeper = keeper
        self._token = token
        self._callbacks: dict[str, Callback] = {}
        results.over.append(self._call_over)

    # ---- what others ask -----------------------------------------------------------------------------

    def all(self) -> tuple[Callback, ...]:
        """Every callback that is remembered, the oldest request first."""
        return tuple(self._callbacks.values())

    def get(self, callback_id: str) -> Callback:
        """One callback; `NotFound`."""
        found = self._callbacks.get(callback_id)
        if found is None:
            raise NotFound("callback", callback_id)
        return found

    def ask(self, wish: Wish) -> Callback:
        """A customer wants to be called back: the one callback of this number and queue.

        Raises `Refused` for an unknown queue, `Denied` for a number that no outbound rule takes, `Conflict` when the
        queue takes nobody.
        """
        if wish.queue not in self._table.queues:
            raise Refused("unknown_queue", f"没有此队列 / there is no queue {wish.queue!r}")
        number = self._directory.reachable_number(wish.number)
        for known in self._callbacks.values():
            if known.is_open and (known.number, known.queue) == (number, wish.queue):
                return known
        now = self._table.clock.wall()
        callback = Callback(
            callback_id=f"cb-{int(now * 1000):011x}-{self._token(3)}",
            number=number,
            queue=wish.queue,
            line=wish.line or self._directory.hotline,
            arrived_at=min(wish.arrived_at, now),
            requested_at=now,
            level=wish.level,
            region=wish.region,
            origin=wish.origin,
            data=dict(wish.data),
        )
        self._callbacks[callback.callback_id] = callback  # an agent may be offered it at once
        if refused := self._stand(callback):
            del self._callbacks[callback.callback_id]
            raise Conflict("queue_refused", f"队列不接纳 / the queue takes nobody: {refused}", refused)
        self._table.chronicle.record(
            entries.CallbackRequested(
                at=now,
                callback_id=callback.callback_id,
                number=number,
                queue=wish.queue,
                origin=wish.origin,
                by=wish.by,
            )
        )
        self._keep(callback)
        self._forget_old()
        return callback

    def cancel(self, callback_id: str, by: str) -> Callback:
        """The customer is not to be called any more; `NotFound`, or `Conflict` once an agent has it or it is over."""
        callback = self.get(callback_id)
        if callback.state not in (CallbackState.WAITING, CallbackState.PAUSED):
            raise Conflict(
                "callback_not_open", "回呼已在进行或结束 / it is under way or over", callback.state.value
            )
        self._close(callback, CallbackState.CANCELLED, by)
        self._leave_line(callback)
        return callback

    def restore(self) -> None:
        """Everybody of before a restart stands in line again; calls that go on are known already."""
        for callback_id, record in self._keeper.load(TABLE).items():
            try:
                callback = Callback.restored(record)
            except (KeyError, TypeError, ValueError):
                log.exception("callback.unreadable", callback_id=callback_id)
                self._keeper.remove(TABLE, callback_id)
                continue
            self._callbacks[callback_id] = callback
        for callback in sorted(self._callbacks.values(), key=lambda each: each.arrived_at):
            if callback.state is CallbackState.CALLING and self._table.find(callback.call_id) is None:
                self._tried(callback, "restart")
            elif callback.state is CallbackState.PAUSED:
                self._wait_until_due(callback)
            elif callback.state is CallbackState.WAITING:
                since = max(callback.requested_at, callback.due_at)
                stood = KeptStay(since=since, visits={})
                if refused := self._stand(callback, stood):
                    self._pause(callback, self._gap(callback), refused)

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: places and pauses are as long as they were; hours begin when the clock says so."""
        for callback in self._callbacks.values():
            if not callback.is_open:
                continue
            callback.arrived_at += by_s
            callback.requested_at += by_s
            callback.due_at += by_s
            if callback.state is CallbackState.PAUSED:
                if callback.cause == CLOSED:
                    callback.due_at = self._opens_at(callback.queue)
                self._wait_until_due(callback)
            self._keep(callback)

    def of_call(self, call: Call) -> Callback | None:
        """The callback that a call is for."""
        return self._callbacks.get(call.callback_id) if call.callback_id else None

    # ---- the line --------------------------------------------------------------------------------------

    def _stand(self, callback: Callback, stood: KeptStay | None = None) -> str:
        """Stand in the line at the old place; returns why that may not be, else empty.

        Where that line is gone the callback has the one to which the number that was dialled leads now.
        """
        table, now = self._table, self._table.clock.wall()
        point = table.callers.route_point(callback.line)
        if point is not None and not table.dispatcher.has_queue(callback.queue):
            callback.queue = point.queue
        call = Call(
            call_id=f"{int(now * 1000):011x}-{self._token(4)}",
            trunk="",
            caller=callback.number,
            called=callback.line,
            route=Route(queue=callback.queue, greeting=""),
            arrived_at=now,
            data={**callback.data, "callback_id": callback.callback_id},
            queued_at=callback.arrived_at,
            caller_level=callback.level,
            level=callback.level,
            region=callback.region,
            callback_id=callback.callback_id,
        )
        callback.call_id = call.call_id
        table.add(call)
        call.become(CallState.WAITING)
        refused = table.put_in_line(call, callback.queue, stood)
        if refused:
            table.drop(call)
        return refused

    def _leave_line(self, callback: Callback) -> None:
        call = self._table.find(callback.call_id)
        if call is not None:
            self._table.drop(call)
        if callback.alarm is not None:
            callback.alarm.cancel()

    def may_ring(self, call: Call) -> bool:
        """An agent is to be rung; False outside the hours of the queue: then it waits until they begin."""
        callback = self.of_call(call)
        if callback is None or not call.calls_back:
            return True
        opens_at = self._opens_at(callback.queue)
        if opens_at <= self._table.clock.wall():
            return True
        self._table.drop(call)
        self._pause(callback, opens_at, CLOSED)
        return False

    def refused(self, call: Call) -> None:
        """The queue took nobody, as was heard of later: it comes again, and that was no try."""
        callback = self.of_call(call)
        self._table.drop(call)
        if callback is not None and callback.state is CallbackState.WAITING:
            self._pause(callback, self._gap(callback), "queue_refused")

    # ---- the call ----------------------------------------------------------------------------------------

    def agent_answered(self, call: Call, agent: CallParty) -> None:
        """The agent has it: ring the customer."""
        callback = self.of_call(call)
        if callback is None or not self._offers.accept(call, agent):
            return
        table, now = self._table, self._table.clock.wall()
        callback.become(CallbackState.CALLING)
        callback.agent = agent.agent
        self._keep(callback)
        call.become(CallState.DIALLING)
        call.arrived_at = now
        try:
            to = self._directory.outside(callback.number)
            party = self._directory.ring_party(
                call,
                to,
                role=Role.CUSTOMER,
                errand=Errand.CALL_BACK,
                failed=self.failed,
                shown=callback.line,
                line=callback.line,
                by=agent.leg_id,
                ring_s=self._rules(callback).ring_s,
            )
        except ApiFault as fault:
            log.warning("callback.no_way", callback_id=callback.callback_id, fault=fault.detail)
            callback.cause = "no_channel"
            self._dialled(call, agent, "")
            table.end(call, EndedBy.SYSTEM, EndReason.FAILED)
            return
        self._dialled(call, agent, to.trunk)
        self._results.watch(call, party)
        table.settle(call)

    def _dialled(self, call: Call, agent: CallParty, trunk: str) -> None:
        at, record = call.arrived_at, self._table.chronicle.record
        record(
            entries.CallDialled(
                at=at,
                call_id=call.call_id,
                agent=agent.agent,
                extension=agent.extension,
                trunk=trunk,
                caller=call.called,
                called=call.caller,
            )
        )
        record(entries.CallQueued(at=at, call_id=call.call_id, queue=call.route.queue, position=1))

    def answered(self, call: Call, party: CallParty) -> None:
        """The customer answered: both talk, and are recorded."""
        table = self._table
        party.joined_at = call.answered_at = table.clock.wall()
        table.dispatcher.tell_late(acd_facts.CallbackReached(contact=ContactId(call.call_id)))
        table.chronicle.record(entries.CallAnswered(at=call.answered_at, call_id=call.call_id))
        self._record(call, party.leg)
        call.become(CallState.TALKING)
        table.settle(call)
        if call.agent is not None:
            table.connected(call, call.agent)
        self._results.answered(call)
        table.keep(call)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The customer did not answer."""
        callback = self.of_call(call)
        if callback is not None:
            callback.cause = failure_cause(end)
        self._results.failed(call, party, end)
        self._table.end(call, EndedBy.SYSTEM, EndReason.FAILED, status=end.status, cause=end.q850_cause)

    def _call_over(self, call: Call) -> None:
        """A call came to its end, whatever that was."""
        callback = self.of_call(call)
        if callback is None or callback.call_id != call.call_id:
            return
        if callback.state is CallbackState.WAITING:
            self._pause(callback, self._gap(callback), "call_ended")
        elif callback.state is CallbackState.CALLING and call.connected_at is not None:
            self._table.chronicle.record(self._try_of(callback, ""))
            self._close(callback, CallbackState.DONE, callback.agent)
        elif callback.state is CallbackState.CALLING:
            self._tried(callback, callback.cause or "agent_left")

    # ---- what became of it ---------------------------------------------------------------------------------

    def _tried(self, callback: Callback, cause: str) -> None:
        callback.tries += 1
        self._table.chronicle.record(self._try_of(callback, cause))
        if callback.tries >= self._rules(callback).tries:
            callback.cause = cause
            self._close(callback, CallbackState.FAILED, "")
        else:
            self._pause(callback, self._gap(callback), cause)

    def _try_of(self, callback: Callback, cause: str) -> entries.CallbackTried:
        return entries.CallbackTried(
            at=self._table.clock.wall(),
            callback_id=callback.callback_id,
            call_id=callback.call_id,
            agent=callback.agent,
            cause=cause,
        )

    def _pause(self, callback: Callback, due_at: float, cause: str) -> None:
        callback.become(CallbackState.PAUSED)
        callback.due_at, callback.cause = due_at, cause
        self._keep(callback)
        self._wait_until_due(callback)

    def _wait_until_due(self, callback: Callback) -> None:
        def due() -> None:
            if callback.state is CallbackState.PAUSED:
                callback.become(CallbackState.WAITING)
                if refused := self._stand(callback):
                    self._pause(callback, self._gap(callback), refused)
                else:
                    self._keep(callback)

        if callback.alarm is not None:
            callback.alarm.cancel()
        wait_s = max(0.0, callback.due_at - self._table.clock.wall())
        callback.alarm = self._table.clock.after(wait_s, due)

    def _close(self, callback: Callback, state: CallbackState, by: str) -> None:
        callback.become(state)
        callback.closed_at = self._table.clock.wall()
        self._table.chronicle.record(
            entries.CallbackClosed(
                at=callback.closed_at, callback_id=callback.callback_id, state=state.value, by=by
            )
        )
        self._keep(callback)

    def _keep(self, callback: Callback) -> None:
        self._keeper.put(TABLE, callback.callback_id, callback.to_record())

    def _forget_old(self) -> None:
        over = [each for each in self._callbacks.values() if not each.is_open]
        for each in over[: max(0, len(over) - REMEMBERED)]:
            del self._callbacks[each.callback_id]
            self._keeper.remove(TABLE, each.callback_id)

    def _rules(self, callback: Callback) -> CallbackSettings:
        queue = self._table.queues.get(callback.queue)
        return CallbackSettings() if queue is None else queue.callback

    def _gap(self, callback: Callback) -> float:
        """When it may be tried again, in wall seconds."""
        return self._table.clock.wall() + self._rules(callback).gap_s

    def _opens_at(self, queue: str) -> float:
        """When customers of a queue may be called next, in wall seconds; the past while it is open."""
        rules, now = self._table.queues.get(queue), self._table.clock.wall()
        if self.business is None or rules is None:
            return 0.0
        business = self.business.business
        opening = business.openings.get(business.hours_of(rules))
        if opening is None or opening.is_open(now):
            return 0.0
        return opening.next_change(now) or now + 86_400.0
