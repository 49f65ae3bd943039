"""Where overflow rules take a caller: into a flow, to the voicemail, to a number outside, or away.

A number outside is rung while the caller keeps the place in the line and hears its music: whoever answers first, an agent
or the one outside, has the caller.  What cannot be done is refused, and the engine looks at the next rule.
"""

import structlog

from acd import commands as acd_orders
from acd import events as acd_facts
from acd.names import ContactId
from acd.overflow import Target, TargetKind
from api.faults import ApiFault
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable, call_id_of
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Directory
from softswitch.calls.flow import FlowDesk
from softswitch.calls.hangup import LegEnd, failure_cause
from softswitch.calls.hearing import Role
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.pickups import Pickups
from softswitch.calls.queue_definition import conditions_of
from softswitch.calls.queue_desk import QueueDesk

log = structlog.get_logger(__name__)


class Diversions:
    """Carries out what the engine decided by overflow rules."""

    flows: FlowDesk | None = None

    def __init__(
        self,
        table: CallTable,
        directory: Directory,
        queue_desk: QueueDesk,
        departures: Departures,
        pickups: Pickups,
    ) -> None:
        """`flows` is set by the composition root, where there are any."""
        self._table = table
        self._directory = directory
        self._queue_desk = queue_desk
        self._departures = departures
        self._pickups = pickups
        self._targets: dict[str, Target] = {}  # of the legs that ring outside

    def divert(self, order: acd_orders.DivertContact) -> None:
        """A rule wants a caller elsewhere."""
        table, target = self._table, order.target
        call = table.find(call_id_of(order.contact))
        if call is None:
            table.dispatcher.tell_late(acd_facts.ContactLeft(contact=order.contact))
        elif order.contact != call.call_id:  # an agent asks that queue: nobody who could be taken elsewhere
            self._refuse(order.contact, target, "consult")
        elif target.kind is TargetKind.BUSY:
            self._take_out(call)
            self._queue_desk.turn_away(call)
            self._pickups.stop(call)
        elif target.kind is TargetKind.EXTERNAL:
            self._ring_outside(call, target)
        elif self.flows is None or not self.flows.divert(call, target, conditions_of(order.rule)):
            self._refuse(order.contact, target, "not_there")
        else:
            self._pickups.stop(call)

    def overflowed(self, order: acd_orders.ReportOverflow) -> None:
        """The engine took a caller into another queue; the rules of that one hold from now on."""
        call = self._table.find(order.contact)
        if call is not None:
            self._queue_desk.moved(call, order.target)

    def dismiss(self, order: acd_orders.DismissContact) -> None:
        """Nobody is there for a caller who waits: the same as a queue that takes nobody."""
        call = self._table.find(order.contact)
        if call is not None:
            self.send_away(call)

    def send_away(self, call: Call) -> None:
        """A queue takes a caller no more: the flow that brought them says what follows, or they are told that all are busy."""
        if self.flows is None or not self.flows.refused(call):
            self._queue_desk.turn_away(call)
        if self._table.has(call):
            self.stop(call)
            self._pickups.stop(call)

    def _refuse(self, contact: ContactId, target: Target, why: str) -> None:
        log.warning("overflow.refused", contact=contact, target=target.kind.value, name=target.name, why=why)
        self._table.dispatcher.tell_late(acd_facts.DiversionRefused(contact=contact, target=target))

    def _take_out(self, call: Call) -> None:
        self._table.dispatcher.tell_late(
            acd_facts.ContactLeft(contact=ContactId(call.call_id), cause="diverted")
        )

    # ---- a number outside --------------------------------------------------------------------------

    def _ring_outside(self, call: Call, target: Target) -> None:
        try:
            party = self._directory.ring_party(
                call,
                self._directory.outside(target.name),
                role=Role.CONSULTEE,
                errand=Errand.OVERFLOW,
                failed=self.failed,
                shown=call.number,
                line=call.called,
            )
        except ApiFault as fault:
            self._refuse(ContactId(call.call_id), target, fault.detail)
            return
        self._targets[party.leg_id] = target

    def answered(self, call: Call, party: CallParty) -> None:
        """Somebody outside has the caller, unless an agent was faster."""
        self._targets.pop(party.leg_id, None)
        if call.state is not CallState.WAITING:
            self._table.remove(call, party)
            return
        party.joined_at = self._table.clock.wall()
        call.prompted = False
        for offered in call.offered:
            self._table.record_offer_end(call, offered, "diverted")
            self._table.remove(call, offered)
        self._take_out(call)
        self._departures.hand_over(call, None, party)

    def failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """Nobody outside answered: the caller never left the line, and the next rule is looked at."""
        target = self._targets.pop(party.leg_id, None)
        self._table.remove(call, party)
        if target is not None:
            self._refuse(ContactId(call.call_id), target, failure_cause(end))

    def stop(self, call: Call) -> None:
        """An agent has the caller, or nobody will: whoever rings outside is not wanted any more."""
        for party in tuple(call.parties):
            if party.errand is Errand.OVERFLOW and not party.is_joined:
                self._targets.pop(party.leg_id, None)
                self._table.remove(call, party)
