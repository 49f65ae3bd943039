"""A caller before an agent: the greeting, the line, the place that is said now and then, and the way back into it."""

from collections.abc import Collection
from dataclasses import replace

import structlog

from acd import commands as acd_orders
from acd import events as acd_facts
from acd.errors import UnknownQueue
from acd.names import ContactId, QueueName
from softswitch.calls import announcements
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable
from softswitch.calls.hearing import Role
from softswitch.calls.past_rules import RuleHistory
from softswitch.store import entries

log = structlog.get_logger(__name__)


class QueueDesk:
    """Brings callers into their line and keeps them company there."""

    def __init__(self, table: CallTable) -> None:
        """Work on these calls."""
        self._table = table

    @property
    def past_rules(self) -> RuleHistory:
        """What waiting was worth in the queues before."""
        return self._table.past_rules

    def greet(self, call: Call) -> None:
        """The caller is answered."""
        if call.route.greeting:
            call.become(CallState.GREETED)
            self._table.announce(call, (call.route.greeting,))
        else:
            self.enter(call)

    def enter(self, call: Call, *, level: int = 0) -> None:
        """Stand in the queue; a higher level goes first.  That of a flow is added to the caller's own.

        Who stood in a line before and was not served has the old place again, and so has who gave up a moment ago.
        """
        table, now = self._table, self._table.clock.wall()
        call.level = call.caller_level + level
        call.become(CallState.WAITING)
        position = self.line_of(call) + 1
        kept = table.places.take(call.route.queue, call.number, now) if call.number else None
        if call.queued_at is None or call.connected_at is not None:
            call.queued_at = now if kept is None else kept
        arrived_at = None if call.queued_at == now else table.clock.now() + call.queued_at - now
        try:
            table.chronicle.record(
                entries.CallQueued(at=now, call_id=call.call_id, queue=call.route.queue, position=position)
            )
        finally:
            table.dispatcher.tell(table.callers.queued(call, call.route.queue, arrived_at, now))
        if table.has(call) and call.state is CallState.WAITING:
            self.announce_position(call, first=True)
        table.keep(call)

    def widened(self, order: acd_orders.ReportWidening) -> None:
        """The engine asks less skill for a caller from now on."""
        call = self._table.find(order.contact)
        if call is not None:
            self._table.chronicle.record(
                entries.CallWidened(
                    at=self._table.clock.wall(),
                    call_id=call.call_id,
                    queue=order.queue,
                    lowered_by=order.lowered_by,
                )
            )

    def line_of(self, call: Call) -> int:
        """How many wait in the caller's queue; where that is gone, the caller has the one that the number leads to now.

        A flow that began before may lead to a queue that was removed meanwhile.  Raises `UnknownQueue` when there is none.
        """
        waiting = self._table.dispatcher.engine.waiting
        try:
            return len(waiting(QueueName(call.route.queue)))
        except UnknownQueue:
            if not self._table.callers.lead(call):
                raise
            return len(waiting(QueueName(call.route.queue)))

    def turn_away(self, call: Call) -> None:
        """No place is left in the queue: say so; the end of what is said ends the call."""
        call.become(CallState.TURNED_AWAY)
        self._table.announce(call, (announcements.BUSY_LATER,))

    def announce_position(self, call: Call, *, first: bool = False) -> None:
        """Say the place in the line, now and every N seconds, while the caller waits and no phone rings."""
        if not self._table.has(call) or call.state is not CallState.WAITING:
            return
        position = self._table.dispatcher.engine.position(ContactId(call.call_id))
        if position is not None and not call.prompted:
            prompts = announcements.position(position)
            self._table.announce(call, ("queue_wait", *prompts) if first and position > 1 else prompts)
        else:
            self._table.settle(call)
        self.announce_position_later(call)

    def announce_position_later(self, call: Call) -> None:
        """Let the clock say it again."""
        every_s = self._table.queues[call.route.queue].position_every_s
        if call.next_position is not None:
            call.next_position.cancel()
        if every_s > 0:
            call.next_position = self._table.clock.after(every_s, lambda: self.announce_position(call))

    def requeue(self, call: Call, cause: str) -> None:
        """Nobody serves the caller any more: music again, at the head of the line, the time of arrival kept."""
        table = self._table
        call.become(CallState.WAITING)
        table.chronicle.record(entries.CallRequeued(at=table.clock.wall(), call_id=call.call_id, cause=cause))
        for party in call.parties:
            if party.contact == call.call_id:
                party.contact = ""  # the engine ends that talk with what it is told below
        self.wait(call)
        told = table.dispatcher.tell_late(acd_facts.ContactRequeued(contact=ContactId(call.call_id)))
        if not told and table.put_in_line(call, call.route.queue):
            self.turn_away(call)

    def move(self, call: Call, queue: str) -> str:
        """A caller who waits goes into another line, arrival and level kept; returns why not, else empty."""
        table = self._table
        before, call.route = call.route, replace(call.route, queue=queue)
        if refused := table.put_in_line(call, queue):
            call.route = before
            return refused
        self.moved(call, queue)
        return ""

    def clear(self, queues: Collection[str]) -> None:
        """Let whoever waits in queues that are gone wait where the dialled number leads now, arrival and level kept.

        Whose phone rings already stays; so does who cannot go anywhere, and is told to the log.
        """
        for call in self._table.all():
            queue = call.route.queue
            if queue not in queues or call.state is not CallState.WAITING or call.offered:
                continue
            before = call.route
            found = self._table.callers.lead(call)
            now, call.route = call.route.queue, before
            if not found or now in queues or self.move(call, now):
                log.warning("queue.caller_stays", call_id=call.call_id, queue=queue)

    def moved(self, call: Call, queue: str) -> None:
        """A caller who waits stands in another line now."""
        table = self._table
        call.route = replace(call.route, queue=queue)
        position = table.dispatcher.engine.position(ContactId(call.call_id)) or 1
        table.chronicle.record(
            entries.CallQueued(at=table.clock.wall(), call_id=call.call_id, queue=queue, position=position)
        )
        table.settle(call)

    def wait(self, call: Call) -> None:
        """The caller is alone, out of hold, and hears music and now and then the place in the line."""
        self._table.end_queue_consult(call)
        call.prompted = False
        for party in tuple(call.parties):
            is_offered = party.contact == call.call_id and not party.is_joined
            if party.role is not Role.CUSTOMER and not is_offered:
                self._table.remove(call, party, why="call_moved")
        if call.customer is not None:
            call.customer.held = False
        self._table.settle(call)
        self.announce_position_later(call)
