"""Offers of the engine: an agent's phone rings for a call, is answered, declines, or is called off."""

from collections.abc import Callable
from typing import Final

import structlog

from acd import commands as acd_orders
from acd import events as acd_facts
from acd.names import AgentId, OfferId
from softswitch.calls import announcements
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import CallTable, call_id_of
from softswitch.calls.hangup import LegEnd, decline_cause
from softswitch.calls.hearing import Role
from softswitch.calls.leg_desk import NotReachable
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.seats import Seats
from softswitch.store import entries

log = structlog.get_logger(__name__)

PHONE_BUSY: Final = "phone_busy"
"""Reason of an agent whose phone is busy by its own word (486, as do-not-disturb says it too)."""


class Offers:
    """Carries out offers and tells the engine how they went."""

    seats: Seats

    def __init__(self, table: CallTable, token: Callable[[int], str]) -> None:
        """`seats` is set by the composition root, since seats need the engine first."""
        self._table = table
        self._token = token

    def offer(self, order: acd_orders.OfferContact) -> None:
        """Ring the agent's phone."""
        table = self._table
        call = table.find(call_id_of(order.contact))
        if call is None:
            table.dispatcher.tell_late(acd_facts.ContactLeft(contact=order.contact))
            return
        consult = call.queue_consult if order.contact != call.call_id else None
        role = Role.AGENT if consult is None else Role.CONSULTEE
        try:
            extension, account = self.seats.seat_of(order.agent)
            leg = table.ring_phone(
                f"{call.call_id}-{self._token(3)}",
                call.call_id,
                role,
                account,
                from_user=call.number or "anonymous",
            )
        except (KeyError, NotReachable) as fault:
            log.warning("offer.unreachable", call_id=call.call_id, agent=order.agent, fault=str(fault))
            table.dispatcher.tell_late(
                acd_facts.OfferDeclined(offer=order.offer, cause=acd_facts.DeclineCause.UNREACHABLE)
            )
            return
        call.parties.append(
            CallParty(
                leg=leg,
                role=role,
                errand=Errand.OFFER if consult is None else Errand.CONSULT,
                agent=order.agent,
                extension=extension,
                offer_id=order.offer,
                contact=order.contact,
                by="" if consult is None else consult.by,
            )
        )
        table.chronicle.record(
            entries.CallOffered(
                at=table.clock.wall(),
                call_id=call.call_id,
                agent=order.agent,
                extension=extension,
                offer=order.offer,
            )
        )
        table.keep(call)

    def withdraw(self, order: acd_orders.WithdrawOffer) -> None:
        """Stop ringing."""
        call = self._table.find(call_id_of(order.contact))
        if call is None:
            return
        for party in call.offered:
            if party.offer_id == order.offer:
                self._table.record_offer_end(call, party, order.cause.value)
                self._table.remove(call, party, status=480)
                self._table.keep(call)

    def rang(self, party: CallParty) -> None:
        """The phone rings."""
        self._table.dispatcher.tell_late(acd_facts.PhoneRang(offer=OfferId(party.offer_id)))

    def accept(self, call: Call, party: CallParty) -> bool:
        """The phone was answered; False for an answer that crossed the withdrawal: it does not count."""
        table = self._table
        offer = OfferId(party.offer_id)
        if not table.dispatcher.engine.has_offer(offer):
            table.remove(call, party)
            return False
        table.chronicle.record(
            entries.OfferAccepted(
                at=table.clock.wall(), call_id=call.call_id, offer=party.offer_id, agent=party.agent
            )
        )
        table.dispatcher.tell_late(acd_facts.OfferAccepted(offer=offer))
        if not table.has(call) or party not in call.parties:
            return False
        party.joined_at = table.clock.wall()
        return True

    def answered(self, call: Call, party: CallParty) -> None:
        """The agent has the caller: announce the agent's number, then let both talk."""
        if not self.accept(call, party):
            return
        queue = self._table.queues.get(call.route.queue)
        if queue is not None and queue.announce_agent:
            call.become(CallState.INTRODUCED)
            self._table.announce(call, announcements.agent_number(party.agent))
        else:
            self.connect(call)

    def connect(self, call: Call) -> None:
        """Caller and agent hear each other, and the agent's voice is recorded, from now on."""
        if call.agent is None:
            return
        call.become(CallState.TALKING)
        call.prompted = False
        self._table.settle(call)
        self._table.connected(call, call.agent)
        self._table.keep(call)

    def declined(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """The phone said no, or its leg came to nothing.  One that is busy, or does not want to be disturbed, is not
        rung again before its agent is ready: so the key for it is the bar's not ready.
        """
        cause = decline_cause(end)
        call.parties.remove(party)
        self._table.record_offer_end(call, party, cause.value)
        self._table.keep(call)
        tell = self._table.dispatcher.tell_late
        consult = call.queue_consult if party.contact != call.call_id else None
        queue = self._table.queues.get(call.route.queue if consult is None else consult.queue)
        tell(acd_facts.OfferDeclined(offer=OfferId(party.offer_id), cause=cause))
        if cause is acd_facts.DeclineCause.BUSY and not (queue and queue.distribution.busy_delay_s):
            tell(acd_facts.AgentMadeNotReady(agent=AgentId(party.agent), reason=PHONE_BUSY))
