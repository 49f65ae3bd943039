"""Offers of the engine: an agent's phone rings for a call, is answered, declines, or is called off."""

from collections.abc import Callable

import structlog

from acd import commands as acd_orders
from acd import events as acd_facts
from acd.names import OfferId
from softswitch.calls import announcements
from softswitch.calls.call import Call, CallState, Offer
from softswitch.calls.call_table import CallTable
from softswitch.calls.hangup import LegEnd, decline_cause, end_reason
from softswitch.calls.hearing import Role
from softswitch.calls.leg_desk import NotReachable
from softswitch.calls.queue_desk import QueueDesk
from softswitch.calls.seats import Seats
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason

log = structlog.get_logger(__name__)


class Offers:
    """Carries out offers and tells the engine how they went."""

    seats: Seats

    def __init__(self, table: CallTable, queue_desk: QueueDesk, token: Callable[[int], str]) -> None:
        """`seats` is set by the composition root, since seats need the engine first."""
        self._table = table
        self._queue_desk = queue_desk
        self._token = token

    def offer(self, order: acd_orders.OfferContact) -> None:
        """Ring the agent's phone."""
        table = self._table
        call = table.find(order.contact)
        if call is None:
            table.dispatcher.tell_late(acd_facts.ContactLeft(contact=order.contact))
            return
        try:
            extension, account = self.seats.seat_of(order.agent)
            leg = table.legs.open_outbound(
                f"{call.call_id}-{self._token(3)}",
                call.call_id,
                Role.AGENT,
                account,
                from_user=call.caller or "anonymous",
            )
        except (KeyError, NotReachable) as fault:
            log.warning("offer.unreachable", call_id=call.call_id, agent=order.agent, fault=str(fault))
            table.dispatcher.tell_late(
                acd_facts.OfferDeclined(offer=order.offer, cause=acd_facts.DeclineCause.UNREACHABLE)
            )
            return
        call.offer = Offer(offer_id=order.offer, agent=order.agent, extension=extension, leg=leg)
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
        call = self._table.find(order.contact)
        if call is None or call.offer is None or call.offer.offer_id != order.offer:
            return
        offer, call.offer = call.offer, None
        self._table.record_offer_end(call, offer, order.cause.value)
        self._table.legs.hang_up(offer.leg, status=480, cause=16)
        self._table.keep(call)

    def rang(self, offer: Offer) -> None:
        """The phone rings."""
        self._table.dispatcher.tell_late(acd_facts.PhoneRang(offer=OfferId(offer.offer_id)))

    def answered(self, call: Call, offer: Offer) -> None:
        """The phone was answered; an answer that crossed the withdrawal does not count."""
        table = self._table
        if not table.dispatcher.engine.has_offer(OfferId(offer.offer_id)):
            table.legs.hang_up(offer.leg)
            return
        table.chronicle.record(
            entries.OfferAccepted(
                at=table.clock.wall(), call_id=call.call_id, offer=offer.offer_id, agent=offer.agent
            )
        )
        table.dispatcher.tell_late(acd_facts.OfferAccepted(offer=OfferId(offer.offer_id)))
        if not table.has(call) or call.offer is not offer:
            return
        if table.queues[call.route.queue].announce_agent:
            call.become(CallState.INTRODUCED)
            table.announce(call, announcements.agent_number(offer.agent))
        else:
            self.connect(call)
        table.keep(call)

    def connect(self, call: Call) -> None:
        """Caller and agent hear each other, and the agent's voice is recorded, from now on."""
        offer, table = call.offer, self._table
        if offer is None:
            return
        call.become(CallState.TALKING)
        call.prompted = False
        call.connected_at = table.clock.wall()
        table.record_right(call, (offer.leg.leg_id,))
        table.settle(call)
        table.chronicle.record(
            entries.CallConnected(
                at=call.connected_at, call_id=call.call_id, agent=offer.agent, extension=offer.extension
            )
        )
        table.keep(call)

    def left(self, call: Call, offer: Offer, end: LegEnd) -> None:
        """The agent's leg is over: a refusal, the end of the talk, or a loss of ours."""
        table = self._table
        if call.state is CallState.WAITING:
            call.offer = None
            cause = decline_cause(end)
            table.record_offer_end(call, offer, cause.value)
            table.keep(call)
            table.dispatcher.tell_late(acd_facts.OfferDeclined(offer=OfferId(offer.offer_id), cause=cause))
        elif end.lost:
            self._queue_desk.requeue(call, "agent_leg_lost")
        else:
            connected = call.connected_at is not None
            table.end(
                call,
                EndedBy.AGENT if end.by_far_end else EndedBy.SYSTEM,
                end_reason(end, was_connected=True) if connected else EndReason.COMPLETED,
                status=end.status,
                cause=end.q850_cause,
            )
