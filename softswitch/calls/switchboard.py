"""Calls: what a caller goes through, from the INVITE to the record.

The switchboard hears of legs (`LegDesk`), of the plane (prompts) and of the engine's orders, and gives each to the room
whose business it is: the door (`arrivals`), the line (`queue_desk`), the agents' phones (`offers`), whom an agent asks
(`consultations`), supervisors (`supervision`), calls that agents make (`outgoing`), and who leaves (`departures`).
"""

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from acd import commands as acd_orders
from acd.decision import RecordDecision, RecordJoin
from api.views import PartyView
from media import events as plane_news
from softswitch.calls.allowance import allowed
from softswitch.calls.answering import Answering
from softswitch.calls.arrivals import RETRY_AFTER_S, Arrivals
from softswitch.calls.call import Call, CallState
from softswitch.calls.call_table import TABLE, CallTable, TellPlane, call_id_of
from softswitch.calls.callbacks import Callbacks
from softswitch.calls.callers import KnowsCallers
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.consultations import Consultations
from softswitch.calls.decisions import Decisions
from softswitch.calls.departures import Departures
from softswitch.calls.directory import Directory
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.diversions import Diversions
from softswitch.calls.excursions import Excursions
from softswitch.calls.flow import FlowDesk
from softswitch.calls.hangup import LegEnd, end_reason
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.offers import Offers
from softswitch.calls.outgoing import Outgoing
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.pickups import Pickups
from softswitch.calls.placed_calls import PlacedCalls
from softswitch.calls.put_through import PutThrough
from softswitch.calls.queue_desk import QueueDesk
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.referrals import NO_CALL, Referrals
from softswitch.calls.result_desk import ResultDesk
from softswitch.calls.routes import Routes
from softswitch.calls.seats import Seats, Situation
from softswitch.calls.standing_lines import StandingLines
from softswitch.calls.supervision import Supervision
from softswitch.calls.trunks import Trunks
from softswitch.clock import Clock
from softswitch.contacts.contacts import Contacts
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.settings.queues import QueueSettings
from softswitch.sip.events import InviteReceived, PeerKind
from softswitch.store import entries
from softswitch.store.calls import RunningCall
from softswitch.store.entries import EndedBy, EndReason
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)


class Switchboard:
    """All calls of the node.  Implements `LegListener`.

    `agent_reported` is told whenever some agent's state has changed; call lists set it.
    """

    agent_reported: Callable[[], None] = staticmethod(lambda: None)

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
        records_internal: bool = True,
        accounts: Iterable[AccountSettings] = (),
        outbound: Iterable[OutboundSettings] = (),
        hotlines: tuple[str, ...] = (),
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        """`legs` and `seats` are set by the composition root, since they need this object first."""
        self._plane_is_there = plane_is_there
        table = self.table = CallTable(
            tell_plane=tell_plane,
            dispatcher=dispatcher,
            chronicle=chronicle,
            keeper=keeper,
            clock=clock,
            trunks=trunks,
            routes=routes,
            queues=queues,
        )
        self.lines = table.lines = StandingLines(self, keeper, clock, accounts, token)
        self._arrivals = Arrivals(
            table,
            plane_is_there=plane_is_there,
            routes=routes,
            area_code=area_code,
            recordings=recordings,
            recordings_dir=recordings_dir,
            token=token,
        )
        self.directory = Directory(
            table,
            accounts=accounts,
            outbound=outbound,
            area_code=area_code,
            hotlines=hotlines,
            token=token,
        )
        self.queue_desk = QueueDesk(table)
        self._offers = Offers(table, token)
        self.departures = Departures(table, self.queue_desk)
        self.pickups = Pickups(table, self.directory, self.departures)
        self.diversions = Diversions(table, self.directory, self.queue_desk, self.departures, self.pickups)
        self.put_through = PutThrough(table, self.directory, self.departures)
        self.decisions = Decisions(table)
        self._flows: FlowDesk | None = None
        self.answering = Answering(table, token)
        self.excursions = Excursions(table, self.queue_desk, lambda: self._flows)
        self.departures.comes_back, self.departures.leaves_flow = self._comes_back, self.excursions.leave
        self.consultations = Consultations(table, self.directory, self.departures, self.queue_desk)
        self.supervision = Supervision(table, self.directory, self.departures)
        self.results = ResultDesk(table)
        self.callbacks = Callbacks(
            table, self.directory, self._offers, self.results, self._arrivals.record, keeper, token
        )
        self.contacts = Contacts(table, keeper, token)
        self.decisions.has_contact = self.contacts.has_open
        self.outgoing = Outgoing(
            table,
            self.directory,
            self.results,
            self._arrivals.record,
            token,
            records_internal=records_internal,
        )
        self.placed = PlacedCalls(table, self.directory, self.results, self.queue_desk, self._arrivals.record)
        self._referrals = Referrals(table, self.directory, self.consultations, self.departures)

    @property
    def legs(self) -> LegDesk:
        """The leg desk."""
        return self.table.legs

    @legs.setter
    def legs(self, desk: LegDesk) -> None:
        self.table.legs = self.lines.legs = desk
        desk.takes_detour, desk.answer_was_asked = self.directory.takes_detour, self.answering.was_asked

    @property
    def seats(self) -> Seats:
        """Who sits where."""
        return self._offers.seats

    @seats.setter
    def seats(self, seats: Seats) -> None:
        self._offers.seats = self.directory.seats = seats
        seats.situation_of, seats.situations = self.situation_of, self.situations
        seats.lines, self.lines.changed = self.lines, seats.line_changed

    @property
    def flows(self) -> FlowDesk | None:
        """The callers who are in a flow; None without flows.  Set by the composition root."""
        return self._flows

    @flows.setter
    def flows(self, flows: FlowDesk) -> None:
        self._flows = self.diversions.flows = flows
        flows.callbacks, flows.puts_through = self.callbacks, self.put_through
        self.put_through.refused = flows.not_put_through
        flows.ends_detour, flows.leaves_detour = self.excursions.ended, self.excursions.let_go

    def invited(self, invite: InviteReceived) -> None:
        """An identified peer calls: a trunk brings a caller, a desk phone dials."""
        if invite.peer.kind is PeerKind.TRUNK:
            self._arrivals.invited(invite)
        else:
            self.outgoing.dialled_by_phone(invite)

    # ---- LegListener -----------------------------------------------------------------------------

    def leg_arrived(self, leg: Leg) -> None:
        """The caller's INVITE is in its cell."""
        call = self.table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None:
            return
        if party.errand is Errand.DIAL:
            self.outgoing.arrived(call, party)
        elif call.answered_at is None:
            self._arrivals.answer(call, leg)

    def leg_rang(self, leg: Leg) -> None:
        """A phone rings: the engine wants to know of those that it offered."""
        call = self.table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None:
            return
        if leg.is_standing:
            self.table.settle(call)
        if party.offer_id and not party.is_asked:
            self._offers.rang(party)
        elif party.errand is Errand.DIALLED:
            self.outgoing.rang(call)

    def leg_confirmed(self, leg: Leg) -> None:
        """A leg talks: the caller's is greeted; anybody else's phone was answered, or is a line that stands now."""
        if self.lines.confirmed(leg):
            return
        call = self.table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None:
            self.table.let_go(leg)
        elif not party.is_joined:
            self._answered(call, party)

    def _answered(self, call: Call, party: CallParty) -> None:
        match party.errand:
            case Errand.CALLER:
                party.joined_at = self.table.clock.wall()
                if self._flows is None or not self._flows.begin(call):
                    self.queue_desk.greet(call)
            case Errand.OFFER if call.calls_back:
                self.callbacks.agent_answered(call, party)
            case Errand.CALL_BACK:
                self.callbacks.answered(call, party)
            case Errand.OFFER:
                self._offers.answered(call, party)
                self.diversions.stop(call)
                self.pickups.stop(call)
            case Errand.CONSULT | Errand.TRANSFER:
                if not party.offer_id or self._offers.accept(call, party):
                    self.consultations.answered(call, party)
            case Errand.SUPERVISE | Errand.INTERCEPT:
                self.supervision.answered(call, party)
            case Errand.PICK_UP:
                self.pickups.answered(call, party)
                self.diversions.stop(call)
            case Errand.OVERFLOW:
                self.diversions.answered(call, party)
                self.pickups.stop(call)
            case Errand.PUT_THROUGH:
                self.put_through.answered(call, party)
            case Errand.PLACED:
                self.placed.answered(call, party)
            case Errand.DIAL | Errand.DIALLED:
                self.outgoing.answered(call, party)
            case Errand.CONFERENCE:
                pass

    def leg_held(self, leg: Leg) -> None:
        """A phone holds or takes back: one more flag of the hearing table, and told as what the bar does."""
        call = self.table.find(leg.call_id)
        if call is None:
            return
        party = call.party_of(leg)
        if party is not None and party.is_joined and party.agent and party.is_holding is not leg.holding:
            party.is_holding = leg.holding
            kind = entries.CallHeld if leg.holding else entries.CallRetrieved
            self.table.chronicle.record(
                kind(at=self.table.clock.wall(), call_id=call.call_id, agent=party.agent)
            )
        self.table.settle(call)

    def leg_referred(self, leg: Leg, refer_to: str) -> None:
        """A phone's transfer key."""
        call = self.table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None:
            self.legs.report_referral(leg, NO_CALL)
        else:
            self._referrals.refer(call, party, refer_to)

    def leg_ended(self, leg: Leg, end: LegEnd) -> None:
        """A leg is over: what follows depends on whose it was and how far it had come."""
        self.lines.ended(leg, end)
        call = self.table.find(leg.call_id)
        party = None if call is None else call.party_of(leg)
        if call is None or party is None:
            return
        if not party.is_joined and self.answering.rings_anew(call, party):
            return
        if party.is_joined and party.role is not Role.CUSTOMER:
            self.departures.left(call, party, end)
        elif party.is_joined or party.errand is Errand.CALLER:
            self._customer_left(call, end)
        else:
            self._failed(call, party, end)

    def _failed(self, call: Call, party: CallParty, end: LegEnd) -> None:
        """Somebody's phone was rung in vain."""
        if party.offer_id:
            self._offers.declined(call, party, end)
            return
        match party.errand:
            case Errand.CONSULT | Errand.TRANSFER:
                self.consultations.failed(call, party, end)
            case Errand.SUPERVISE | Errand.INTERCEPT:
                self.supervision.failed(call, party, end)
            case Errand.PICK_UP:
                self.pickups.failed(call, party, end)
            case Errand.OVERFLOW:
                self.diversions.failed(call, party, end)
            case Errand.CALL_BACK:
                self.callbacks.failed(call, party, end)
            case Errand.PUT_THROUGH:
                self.put_through.failed(call, party, end)
            case Errand.PLACED:
                self.placed.failed(call, party, end)
            case _:
                self.outgoing.failed(call, party, end)

    def leave(self, call: Call, party: CallParty) -> None:
        """A party hangs up by the bar; the same as by its phone."""
        end = LegEnd(status=200 if party.is_joined else 603, reason="bar", by_far_end=True)
        if party.is_joined and party.role is not Role.CUSTOMER:
            self.departures.left(call, party, end)
        elif party.is_joined:
            self._customer_left(call, end)
        else:
            self._failed(call, party, end)
            self.table.let_go(party.leg, status=603)

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
        elif call.is_served:
            reason = EndReason.SERVED
        self.table.end(call, by, reason, status=end.status, cause=end.q850_cause)

    def _comes_back(self, call: Call, party: CallParty, end: LegEnd) -> bool:
        """The agent is gone; whether the caller stays, in a flow."""
        if self.excursions.agent_left(call, party):
            return True
        return end.by_far_end and self._flows is not None and self._flows.agent_left(call, party)

    # ---- orders of the engine ----------------------------------------------------------------------

    def carry_out(self, order: acd_orders.Command) -> None:
        """Do what the engine decided."""
        if self.contacts.carry_out(order):
            return
        match order:
            case RecordDecision():
                self.decisions.keep(order)
            case RecordJoin():
                self.decisions.join(order)
            case acd_orders.OfferContact():
                call = self.table.find(order.contact)
                if call is None or self.callbacks.may_ring(call):
                    self._offers.offer(order)
            case acd_orders.WithdrawOffer():
                self._offers.withdraw(order)
            case acd_orders.RefuseContact():
                self._refused(order)
            case acd_orders.DivertContact():
                self.diversions.divert(order)
            case acd_orders.DismissContact():
                self.diversions.dismiss(order)
            case acd_orders.ReportOverflow():
                self.diversions.overflowed(order)
            case acd_orders.ReportWidening():
                self.queue_desk.widened(order)
            case acd_orders.ReportNoAnswer():
                self.seats.rang_out(order)
            case acd_orders.ReportAgent():
                self.seats.reported(order)
                self.agent_reported()
            case acd_orders.ReportContact():
                pass

    def _refused(self, order: acd_orders.RefuseContact) -> None:
        call = self.table.find(call_id_of(order.contact))
        if call is None or self.table.refused(order.contact, order.cause.value):
            return
        if call.callback_id and order.contact == call.call_id:
            self.callbacks.refused(call)
        elif order.contact == call.call_id:
            self.diversions.send_away(call)
        else:
            self.consultations.queue_refused(call, order.cause.value)

    # ---- news of the plane ---------------------------------------------------------------------------

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says of prompts; recordings and legs have listeners of their own."""
        if isinstance(event, plane_news.DigitReceived):
            self.pressed(event.leg_id, event.digit)
        elif isinstance(event, plane_news.ProgressHeard):
            self.results.heard(event.leg_id, event.progress)
        elif isinstance(event, plane_news.SpeechStopped):
            call = self.table.find(event.call_id)
            if call is not None and self._flows is not None:
                self._flows.quiet(call, event.recording_id)
        elif isinstance(event, plane_news.RecordingClosed):
            if self._flows is not None:
                self._flows.recorded(event.recording_id)
        elif isinstance(event, plane_news.PlaylistFinished):
            if self._flows is not None:
                self._flows.played(event.playlist_id)
            call = self.table.find(event.playlist_id.partition(":")[0])
            if event.completed and call is not None and event.playlist_id == call.playlist_id:
                self._announced(call)

    def pressed(self, leg_id: str, digit: str) -> None:
        """A key was pressed on a phone, by RFC 4733, by its tone or by SIP INFO: flows want to know of their caller's."""
        leg = self.legs.find(leg_id)
        call = None if leg is None else self.table.find(leg.call_id)
        if self._flows is None or call is None or call.customer is None or call.customer.leg_id != leg_id:
            return
        self._flows.pressed(call, digit)

    def _announced(self, call: Call) -> None:
        """What follows an announcement."""
        call.prompted = False
        match call.state:
            case CallState.GREETED:
                self.queue_desk.enter(call)
            case CallState.IN_FLOW if self._flows is not None:
                self._flows.said(call)
            case CallState.INTRODUCED:
                self._offers.connect(call)
            case CallState.TURNED_AWAY:
                self.table.end(call, EndedBy.SYSTEM, EndReason.QUEUE_FULL, status=486, cause=17)
            case _:
                self.table.settle(call)

    # ---- ends ----------------------------------------------------------------------------------------

    def hang_up(self, call_id: str, reason: str) -> bool:
        """End a call by force; False when it is not up."""
        call = self.table.find(call_id)
        if call is None:
            return False
        log.info("call.forced", call_id=call_id, reason=reason)
        self.table.end(call, EndedBy.SYSTEM, EndReason.FORCED)
        return True

    def running(self, call_id: str) -> RunningCall | None:
        """What a call that is up is now, for whoever shows it."""
        call = self.table.find(call_id)
        if call is None:
            return None
        parties = tuple(_shown(party) for party in call.parties)
        return RunningCall(
            parties=parties, held=call.is_held, recording_paused=call.recording_paused, data=call.data
        )

    def situation_of(self, agent: str) -> Situation | None:
        """What an agent's call is now; None without one."""
        found = self.table.of_agent(agent)
        if found is None:
            return None
        return _situation(*found)

    def situations(self) -> dict[str, Situation]:
        """The same for everybody who is in a call."""
        return {agent: _situation(*found) for agent, found in self.table.of_agents().items()}

    def media_lost(self) -> None:
        """The plane died: nobody hears anybody, so every call is ended."""
        self._end_all(EndReason.MEDIA_LOST)

    def close(self) -> None:
        """The system stops: every call is ended while there is still somebody to say BYE."""
        self._end_all(EndReason.SHUTDOWN)
        self.lines.close()

    def _end_all(self, reason: EndReason) -> None:
        # Who waits goes first: an agent who is set free on the way must not be offered a call that is about to end.
        for call in sorted(self.table.all(), key=lambda call: call.agent is not None or bool(call.offered)):
            self.table.end(call, EndedBy.SYSTEM, reason, status=503, cause=41)

    # ---- what others ask -----------------------------------------------------------------------------

    def resume_flow(self, call: Call) -> bool:
        """An adopted call that was in a flow goes on there; False for any other."""
        return self._flows is not None and self._flows.resume(call)

    def take_queues(self, queues: Iterable[QueueSettings]) -> None:
        """These are the queues' rules from now on."""
        self.table.take_queues(queues)

    def take_callers(self, business: KnowsCallers) -> None:
        """This is known of callers from now on."""
        self.table.callers.take(business)

    def calls(self) -> tuple[Call, ...]:
        """Every call that is up."""
        return self.table.all()

    def adopt(self, call: Call) -> None:
        """Know a call of before a restart."""
        self.table.add(call)
        self.table.trunks.adopt(call.trunk, call.call_id, call.trunk_group)
        for party in call.parties:
            if party.trunk:
                self.table.trunks.adopt(party.trunk, party.leg_id)

    def resume_talk(self, call: Call, *, was_talking: bool) -> None:
        """An adopted call whose legs live goes on where it was; a half-spoken announcement is not repeated."""
        call.become(CallState.INTRODUCED)
        if was_talking:
            call.become(CallState.TALKING)
            self.table.settle(call)
        else:
            self._offers.connect(call)

    def resume_wait(self, call: Call, *, had_agent: bool) -> None:
        """An adopted call that has no agent (any more) hears music; the engine is told of it by whoever adopts."""
        table = self.table
        if call.customer is not None:
            call.customer.held = False
        if had_agent:
            table.chronicle.record(
                entries.CallRequeued(at=table.clock.wall(), call_id=call.call_id, cause="agent_leg_lost")
            )
        if call.queued_at is None:
            call.queued_at = table.clock.wall()
            table.chronicle.record(
                entries.CallQueued(
                    at=call.queued_at, call_id=call.call_id, queue=call.route.queue, position=1
                )
            )
        table.settle(call)

    def engage_adopted(self) -> None:
        """Tell the engine of the agents who are in calls that it did not offer them, once it knows the agents again."""
        for call in self.table.all():
            for party in call.parties:
                if party.engaged:
                    self.table.engage(party)

    def resume(self, call: Call) -> None:
        """Let an adopted call that waits go on: its place is announced in time."""
        self.queue_desk.announce_position(call)
        self.table.keep(call)

    def __repr__(self) -> str:
        """How many calls there are."""
        return f"<Switchboard calls={len(self.table.all())}>"


def _situation(call: Call, party: CallParty) -> Situation:
    return Situation(call_id=call.call_id, muted=party.muted, allowed=allowed(call, party))


def _shown(party: CallParty) -> PartyView:
    return PartyView(
        leg_id=party.leg_id,
        role=party.role.value,
        agent_id=party.agent or None,
        number=party.number or party.extension,
        state="talking" if party.is_joined else "ringing",
        held=party.held,
        muted=party.muted,
        supervising=None if party.supervising is None else party.supervising.value,
    )


__all__ = ["RETRY_AFTER_S", "TABLE", "Switchboard"]
