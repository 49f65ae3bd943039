"""Calls: what a caller goes through, from the INVITE to the record.

The switchboard hears of legs (`LegDesk`), of the plane (prompts, recordings) and of the engine's orders (offers), moves
each call through its states, and tells the chronicle.  Sound is never wired here: after each change the hearing
table is computed, and the rows that differ are sent.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from acd import commands as acd_orders
from acd import events as acd_facts
from acd.names import ContactId, OfferId, QueueName
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls import announcements
from softswitch.calls.call import Call, CallState, Offer
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.hangup import NORMAL_CLEARING, LegEnd, decline_cause, end_reason, reason_header
from softswitch.calls.hearing import Role, changed_rows
from softswitch.calls.leg import Leg
from softswitch.calls.leg_desk import LegDesk, NotReachable, UnknownLeg
from softswitch.calls.numbers import called_number, caller_of
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.routes import Routes
from softswitch.calls.seats import Seats
from softswitch.calls.trunks import AllChannelsBusy, Trunks
from softswitch.clock import Clock
from softswitch.settings import QueueSettings
from softswitch.sip.events import InviteReceived, PeerKind
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE = "live_call"
RETRY_AFTER_S = 10

TellPlane = Callable[[plane_words.Command], None]


class Switchboard:
    """All calls of the node.  Implements `LegListener`."""

    legs: LegDesk
    seats: Seats

    def __init__(
        self,
        *,
        tell_plane: TellPlane,
        plane_is_there: Callable[[], bool],
        dispatcher: Dispatcher,
        chronicle: Chronicle,
        keeper: StateKeeper,
        clock: Clock,
        trunks: Trunks,
        routes: Routes,
        queues: Iterable[QueueSettings],
        area_code: str,
        recordings: RecordingDesk,
        recordings_dir: Path,
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        """`legs` and `seats` are set by the composition root, since they need this object first.

        `token` gives so many random bytes as text: ids must not be guessed, nor come twice after a restart.
        """
        self._token = token
        self._tell_plane = tell_plane
        self._plane_is_there = plane_is_there
        self._dispatcher = dispatcher
        self._chronicle = chronicle
        self._keeper = keeper
        self._clock = clock
        self._trunks = trunks
        self._routes = routes
        self._queues = {queue.name: queue for queue in queues}
        self._area_code = area_code
        self._recordings = recordings
        self._recordings_dir = recordings_dir
        self._calls: dict[str, Call] = {}
        self._offered: dict[str, Call] = {}  # by offer id

    # ---- a call comes in -----------------------------------------------------------------------

    def invited(self, invite: InviteReceived) -> None:
        """An identified peer calls."""
        if invite.peer.kind is not PeerKind.TRUNK:
            # Calls that a desk phone dials are an operation of their own, with outbound rules; none is configured.
            self.legs.refuse(invite.leg_id, 403, "No outbound rule")
            return
        rules = self._trunks.settings_of(invite.peer.name).numbers
        caller = caller_of(invite.headers, rules, self._area_code)
        called = called_number(invite.request_user, rules, self._area_code)
        now = self._clock.wall()
        call_id = f"{int(now * 1000):011x}-{self._token(4)}"
        route = self._routes.find(called, invite.peer.name)
        self._chronicle.record(
            entries.CallArrived(
                at=now,
                call_id=call_id,
                trunk=invite.peer.name,
                caller=caller.number,
                called=called,
                presented="" if caller.restricted else caller.number,
                diversion=", ".join(caller.history or caller.diverted_from),
                sip_call_id=invite.sip_call_id,
            )
        )
        try:
            self._trunks.seize(invite.peer.name, call_id)
        except AllChannelsBusy:
            self._refuse(invite, call_id, 503, 34, EndReason.NO_CHANNEL)
            return
        if route is None:
            self._trunks.free(invite.peer.name, call_id)
            self._refuse(invite, call_id, 404, 1, EndReason.NO_ROUTE)
            return
        if not self._plane_is_there():
            self._trunks.free(invite.peer.name, call_id)
            self._refuse(invite, call_id, 503, 41, EndReason.FAILED)
            return
        call = Call(
            call_id=call_id,
            trunk=invite.peer.name,
            caller=caller.number,
            called=called,
            route=route,
            arrived_at=now,
        )
        self._calls[call_id] = call
        try:
            call.customer = self.legs.open_inbound(invite, call_id, Role.CUSTOMER)
        except UnknownLeg:  # the caller withdrew while control was not ready to hear of it
            self._end_call(call, EndedBy.CALLER, EndReason.ABANDONED, status=487)
        self._keep(call)

    def _refuse(
        self, invite: InviteReceived, call_id: str, status: int, cause: int, reason: EndReason
    ) -> None:
        retry = (("Retry-After", str(RETRY_AFTER_S)),) if status == 503 else ()
        self.legs.refuse(invite.leg_id, status, headers=(reason_header(cause), *retry))
        self._chronicle.record(
            entries.CallEnded(
                at=self._clock.wall(),
                call_id=call_id,
                ended_by=EndedBy.SYSTEM,
                end_reason=reason,
                sip_status=status,
                q850_cause=cause,
            )
        )

    # ---- LegListener -----------------------------------------------------------------------------

    def leg_arrived(self, leg: Leg) -> None:
        """The caller's INVITE is in its cell: record, write down, and then answer."""
        call = self._calls.get(leg.call_id)
        if call is None or leg is not call.customer or call.answered_at is not None:
            return
        now = self._clock.wall()
        call.answered_at = now
        call.recording_id = self._token(16)
        day = time.strftime("%Y-%m-%d", time.localtime(now))
        call.recording_path = str(self._recordings_dir / day / f"{call.recording_id}.wav")
        self._chronicle.record(entries.CallAnswered(at=now, call_id=call.call_id))
        self._chronicle.record(
            entries.RecordingStarted(
                at=now,
                recording_id=call.recording_id,
                call_id=call.call_id,
                path=call.recording_path,
            )
        )
        self._recordings.opened(call.recording_id, call.call_id, call.recording_path)
        self._tell_plane(
            plane_words.StartRecording(
                recording_id=call.recording_id,
                call_id=call.call_id,
                path=call.recording_path,
                left=(leg.leg_id,),
                right=(),
            )
        )
        self._keep(call)
        # The edge lets the answer out only when all this is on the disk: what was accepted is never lost.
        self.legs.answer(leg)

    def leg_rang(self, leg: Leg) -> None:
        """An agent's phone rings."""
        call = self._calls.get(leg.call_id)
        if call is not None and call.offer is not None and call.offer.leg is leg:
            self._dispatcher.tell_late(acd_facts.PhoneRang(offer=OfferId(call.offer.offer_id)))

    def leg_confirmed(self, leg: Leg) -> None:
        """A leg talks: the caller's is greeted, an agent's has answered."""
        call = self._calls.get(leg.call_id)
        if call is None:
            self.legs.hang_up(leg)
        elif leg is call.customer:
            self._greet(call)
        elif call.offer is not None and leg is call.offer.leg:
            self._agent_answered(call, call.offer)
        else:
            self.legs.hang_up(leg)

    def leg_held(self, leg: Leg) -> None:
        """A phone holds or takes back: one more flag of the hearing table."""
        call = self._calls.get(leg.call_id)
        if call is not None:
            self._settle(call)

    def leg_ended(self, leg: Leg, end: LegEnd) -> None:
        """A leg is over: the caller's ends the call, an agent's depends on how far it had come."""
        call = self._calls.get(leg.call_id)
        if call is None:
            return
        if leg is call.customer:
            self._customer_left(call, end)
        elif call.offer is not None and leg is call.offer.leg:
            self._agent_left(call, call.offer, end)

    # ---- flow --------------------------------------------------------------------------------------

    def _greet(self, call: Call) -> None:
        if call.route.greeting:
            call.become(CallState.GREETED)
            self._announce(call, (call.route.greeting,))
        else:
            self._enter_queue(call)

    def _enter_queue(self, call: Call) -> None:
        call.become(CallState.WAITING)
        call.queued_at = self._clock.wall()
        queue = QueueName(call.route.queue)
        try:
            position = len(self._dispatcher.engine.waiting(queue)) + 1
            self._chronicle.record(
                entries.CallQueued(
                    at=call.queued_at, call_id=call.call_id, queue=call.route.queue, position=position
                )
            )
        finally:
            self._dispatcher.tell(acd_facts.ContactQueued(contact=ContactId(call.call_id), queue=queue))
        if self._calls.get(call.call_id) is call and call.state is CallState.WAITING:
            self._announce_position(call, first=True)
        self._keep(call)

    def _announce_position(self, call: Call, *, first: bool = False) -> None:
        """Say the place in the line, now and every N seconds, while the caller waits and no phone rings."""
        if self._calls.get(call.call_id) is not call or call.state is not CallState.WAITING:
            return
        position = self._dispatcher.engine.position(ContactId(call.call_id))
        if position is not None and not call.prompted:
            prompts = announcements.position(position)
            self._announce(call, ("queue_wait", *prompts) if first and position > 1 else prompts)
        else:
            self._settle(call)
        self._announce_position_later(call)

    def _announce_position_later(self, call: Call) -> None:
        every_s = self._queues[call.route.queue].position_every_s
        if call.next_position is not None:
            call.next_position.cancel()
        if every_s > 0:
            call.next_position = self._clock.after(every_s, lambda: self._announce_position(call))

    def _announce(self, call: Call, prompts: tuple[str, ...]) -> None:
        """Play prompts to everybody in the call; `_announced` follows."""
        if call.customer is None:
            return
        call.playlists += 1
        call.prompted = True
        log.info("call.announcing", call_id=call.call_id, state=call.state.value, prompts=prompts)
        if call.state is CallState.INTRODUCED and call.offer is not None:
            self.legs.play(call.offer.leg, f"{call.playlist_id}:agent", prompts)
        self.legs.play(call.customer, call.playlist_id, prompts)
        self._settle(call)

    def _announced(self, call: Call) -> None:
        call.prompted = False
        match call.state:
            case CallState.GREETED:
                self._enter_queue(call)
            case CallState.INTRODUCED:
                self._connect(call)
            case CallState.TURNED_AWAY:
                self._end_call(call, EndedBy.SYSTEM, EndReason.QUEUE_FULL, status=486, cause=17)
            case _:
                self._settle(call)

    def _settle(self, call: Call) -> None:
        """Bring what the plane plays to what the hearing table says."""
        rows = call.hearing(self._queues[call.route.queue].music)
        self.legs.set_hearing(changed_rows(call.rows, rows))
        call.rows = rows

    # ---- orders of the engine ----------------------------------------------------------------------

    def carry_out(self, order: acd_orders.Command) -> None:
        """Do what the engine decided."""
        match order:
            case acd_orders.OfferContact():
                self._offer(order)
            case acd_orders.WithdrawOffer():
                self._withdraw(order)
            case acd_orders.RefuseContact():
                call = self._calls.get(order.contact)
                if call is not None:
                    call.become(CallState.TURNED_AWAY)
                    self._announce(call, (announcements.BUSY_LATER,))
            case acd_orders.ReportAgent():
                self.seats.reported(order)
            case acd_orders.ReportContact():
                pass

    def _offer(self, order: acd_orders.OfferContact) -> None:
        call = self._calls.get(order.contact)
        if call is None:
            self._dispatcher.tell_late(acd_facts.ContactLeft(contact=order.contact))
            return
        try:
            extension, account = self.seats.seat_of(order.agent)
            leg = self.legs.open_outbound(
                f"{call.call_id}-{self._token(3)}",
                call.call_id,
                Role.AGENT,
                account,
                from_user=call.caller or "anonymous",
            )
        except (KeyError, NotReachable) as fault:
            log.warning("offer.unreachable", call_id=call.call_id, agent=order.agent, fault=str(fault))
            self._dispatcher.tell_late(
                acd_facts.OfferDeclined(offer=order.offer, cause=acd_facts.DeclineCause.UNREACHABLE)
            )
            return
        call.offer = Offer(offer_id=order.offer, agent=order.agent, extension=extension, leg=leg)
        self._offered[order.offer] = call
        self._chronicle.record(
            entries.CallOffered(
                at=self._clock.wall(),
                call_id=call.call_id,
                agent=order.agent,
                extension=extension,
                offer=order.offer,
            )
        )
        self._keep(call)

    def _withdraw(self, order: acd_orders.WithdrawOffer) -> None:
        call = self._offered.pop(order.offer, None)
        if call is None or call.offer is None or call.offer.offer_id != order.offer:
            return
        offer, call.offer = call.offer, None
        self._record_offer_end(call, offer, order.cause.value)
        self.legs.hang_up(offer.leg, status=480, cause=16)
        self._keep(call)

    def _record_offer_end(self, call: Call, offer: Offer, cause: str) -> None:
        self._chronicle.record(
            entries.OfferEnded(
                at=self._clock.wall(),
                call_id=call.call_id,
                offer=offer.offer_id,
                agent=offer.agent,
                cause=cause,
            )
        )

    def _agent_answered(self, call: Call, offer: Offer) -> None:
        if not self._dispatcher.engine.has_offer(OfferId(offer.offer_id)):
            self.legs.hang_up(offer.leg)
            return
        self._offered.pop(offer.offer_id, None)
        self._chronicle.record(
            entries.OfferAccepted(
                at=self._clock.wall(), call_id=call.call_id, offer=offer.offer_id, agent=offer.agent
            )
        )
        self._dispatcher.tell_late(acd_facts.OfferAccepted(offer=OfferId(offer.offer_id)))
        if self._calls.get(call.call_id) is not call or call.offer is not offer:
            return
        if self._queues[call.route.queue].announce_agent:
            call.become(CallState.INTRODUCED)
            self._announce(call, announcements.agent_number(offer.agent))
        else:
            self._connect(call)
        self._keep(call)

    def _connect(self, call: Call) -> None:
        """Caller and agent hear each other, and the agent's voice is recorded, from now on."""
        offer = call.offer
        if offer is None:
            return
        call.become(CallState.TALKING)
        call.prompted = False
        call.connected_at = self._clock.wall()
        self._record_right(call, (offer.leg.leg_id,))
        self._settle(call)
        self._chronicle.record(
            entries.CallConnected(
                at=call.connected_at, call_id=call.call_id, agent=offer.agent, extension=offer.extension
            )
        )
        self._keep(call)

    def _record_right(self, call: Call, right: tuple[str, ...]) -> None:
        if call.is_recorded and call.customer is not None:
            self._tell_plane(
                plane_words.SetRecordingSources(
                    recording_id=call.recording_id, left=(call.customer.leg_id,), right=right
                )
            )

    # ---- ends --------------------------------------------------------------------------------------

    def _agent_left(self, call: Call, offer: Offer, end: LegEnd) -> None:
        """The agent's leg is over: a refusal, the end of the talk, or a loss of ours."""
        if call.state is CallState.WAITING:
            call.offer = None
            self._offered.pop(offer.offer_id, None)
            cause = decline_cause(end)
            self._record_offer_end(call, offer, cause.value)
            self._keep(call)
            self._dispatcher.tell_late(acd_facts.OfferDeclined(offer=OfferId(offer.offer_id), cause=cause))
        elif end.lost:
            self._requeue(call, "agent_leg_lost")
        else:
            ended_by = EndedBy.AGENT if end.by_far_end else EndedBy.SYSTEM
            connected = call.connected_at is not None
            self._end_call(
                call,
                ended_by,
                end_reason(end, was_connected=True) if connected else EndReason.COMPLETED,
                status=end.status,
                cause=end.q850_cause,
            )

    def _requeue(self, call: Call, cause: str) -> None:
        """The agent's leg was lost under the talk: music again, at the head of the line."""
        call.offer = None
        call.prompted = False
        call.become(CallState.WAITING)
        self._record_right(call, ())
        self._settle(call)
        self._chronicle.record(entries.CallRequeued(at=self._clock.wall(), call_id=call.call_id, cause=cause))
        self._keep(call)
        self._announce_position_later(call)
        self._dispatcher.tell_late(acd_facts.ContactRequeued(contact=ContactId(call.call_id)))

    def _customer_left(self, call: Call, end: LegEnd) -> None:
        """The caller hung up, or the leg came to an end that nobody ordered: then something of ours failed."""
        by = EndedBy.CALLER if end.by_far_end else EndedBy.SYSTEM
        reason = end_reason(end, was_connected=call.connected_at is not None)
        if not self._plane_is_there():
            by, reason = EndedBy.SYSTEM, EndReason.MEDIA_LOST
        elif not end.by_far_end:
            reason = EndReason.FAILED
        elif call.state is CallState.TURNED_AWAY:
            reason = EndReason.QUEUE_FULL
        self._end_call(call, by, reason, status=end.status, cause=end.q850_cause)

    def _end_call(
        self, call: Call, by: EndedBy, reason: EndReason, *, status: int = 0, cause: int | None = None
    ) -> None:
        """The one end of a call: record, channel, the agent's leg, engine, recording, the caller's leg."""
        if self._calls.pop(call.call_id, None) is None:
            return
        was = call.state
        call.become(CallState.ENDED)
        if call.next_position is not None:
            call.next_position.cancel()
        self._chronicle.record(
            entries.CallEnded(
                at=self._clock.wall(),
                call_id=call.call_id,
                ended_by=by,
                end_reason=reason,
                sip_status=status,
                q850_cause=cause,
            )
        )
        self._keeper.remove(TABLE, call.call_id)
        self._trunks.free(call.trunk, call.call_id)
        offer, call.offer = call.offer, None
        if offer is not None:
            self._offered.pop(offer.offer_id, None)
            if was is CallState.WAITING:
                self._record_offer_end(call, offer, "contact_left")
            self.legs.hang_up(offer.leg, status=487, cause=16)
        # The agent who is free now gets the next caller before the rest of this call is cleared away.
        if self._dispatcher.engine.contact(ContactId(call.call_id)) is not None:
            contact = ContactId(call.call_id)
            talked = was in (CallState.TALKING, CallState.INTRODUCED)
            self._dispatcher.tell_late(
                acd_facts.ContactEnded(contact=contact) if talked else acd_facts.ContactLeft(contact=contact)
            )
        if call.is_recorded:
            self._tell_plane(plane_words.StopRecording(recording_id=call.recording_id))
        if call.customer is not None:
            self.legs.hang_up(
                call.customer,
                status=486 if reason is EndReason.QUEUE_FULL else 503,
                cause=NORMAL_CLEARING if cause is None else cause,
            )

    def hang_up(self, call_id: str, reason: str) -> bool:
        """End a call by force; False when it is not up."""
        call = self._calls.get(call_id)
        if call is None:
            return False
        log.info("call.forced", call_id=call_id, reason=reason)
        self._end_call(call, EndedBy.SYSTEM, EndReason.FORCED)
        return True

    def media_lost(self) -> None:
        """The plane died: nobody hears anybody, so every call is ended."""
        self._end_all(EndReason.MEDIA_LOST)

    def close(self) -> None:
        """The system stops: every call is ended while there is still somebody to say BYE."""
        self._end_all(EndReason.SHUTDOWN)

    def _end_all(self, reason: EndReason) -> None:
        # Who waits goes first: an agent who is set free on the way must not be offered a call that is about to end.
        for call in sorted(self._calls.values(), key=lambda call: call.offer is not None):
            self._end_call(call, EndedBy.SYSTEM, reason, status=503, cause=41)

    # ---- news of the plane ---------------------------------------------------------------------------

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says of prompts; recordings and legs have listeners of their own."""
        if isinstance(event, plane_news.PlaylistFinished) and event.completed:
            call = self._calls.get(event.playlist_id.partition(":")[0])
            if call is not None and event.playlist_id == call.playlist_id:
                self._announced(call)

    # ---- what others ask -----------------------------------------------------------------------------

    def calls(self) -> tuple[Call, ...]:
        """Every call that is up."""
        return tuple(self._calls.values())

    def adopt(self, call: Call) -> None:
        """Know a call of before a restart."""
        self._calls[call.call_id] = call
        self._trunks.adopt(call.trunk, call.call_id)

    def resume_talk(self, call: Call, *, was_talking: bool) -> None:
        """An adopted call whose both legs live goes on where it was; a half-spoken announcement is not repeated."""
        call.become(CallState.INTRODUCED)
        if was_talking:
            call.become(CallState.TALKING)
            self._settle(call)
        else:
            self._connect(call)

    def resume_wait(self, call: Call, *, had_agent: bool) -> None:
        """An adopted call that has no agent (any more) hears music; the engine is told of it by whoever adopts."""
        if had_agent:
            self._record_right(call, ())
            self._chronicle.record(
                entries.CallRequeued(at=self._clock.wall(), call_id=call.call_id, cause="agent_leg_lost")
            )
        if call.queued_at is None:
            call.queued_at = self._clock.wall()
            self._chronicle.record(
                entries.CallQueued(
                    at=call.queued_at, call_id=call.call_id, queue=call.route.queue, position=1
                )
            )
        self._settle(call)

    def resume(self, call: Call) -> None:
        """Let an adopted call that waits go on: its place is announced in time."""
        self._announce_position(call)
        self._keep(call)

    def _keep(self, call: Call) -> None:
        """Write the call down for a control that starts after this one."""
        if call.state is not CallState.ENDED and call.call_id in self._calls:
            self._keeper.put(TABLE, call.call_id, call.to_record())

    def __repr__(self) -> str:
        """How many calls there are."""
        return f"<Switchboard calls={len(self._calls)}>"
