"""The calls that are up, and what every room of call control does with them: say, settle, write down, let go, end.

Sound is never wired here: after each change the hearing table is computed, and the rows that differ are sent.  Who is
recorded on which channel follows from the same parties, at the same moment.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import structlog

from acd import events as acd_facts
from acd.levels import DayOfCalls
from acd.names import AgentId, ContactId, QueueName
from media import commands as plane_words
from softswitch.calls.call import Call, CallState
from softswitch.calls.callers import Callers
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.hangup import NORMAL_CLEARING, RECOVERY_ON_TIMER, LegEnd
from softswitch.calls.hearing import Role, changed_rows
from softswitch.calls.hold_reminders import HoldReminders, HoldRules
from softswitch.calls.kept_places import KeptPlaces
from softswitch.calls.kept_stays import KeptStay
from softswitch.calls.leg import Header, Leg
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.party import MUSIC, CallParty, Errand
from softswitch.calls.past_rules import RuleHistory
from softswitch.calls.routes import Routes
from softswitch.calls.standing_lines import StandingLines
from softswitch.calls.trunks import Trunks
from softswitch.clock import Clock
from softswitch.settings.queues import QueueSettings
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE = "live_call"
_TALKED = frozenset({CallState.TALKING, CallState.INTRODUCED})
RING_TIME_S = 30.0
"""A phone that somebody in a call asked for rings so long; the engine has ring times of its own."""

TellPlane = Callable[[plane_words.Command], None]


def call_id_of(contact: str) -> str:
    """The call that a contact of the engine belongs to: a consulted queue has a contact of its own, `<call id>+<n>`."""
    return contact.partition("+")[0]


class CallTable:
    """Every call that is up, by id."""

    legs: LegDesk
    lines: StandingLines
    before_end: Callable[[Call, EndReason], None] = staticmethod(lambda call, reason: None)
    """Told of each call before its end is written down; set by the room that has something to add."""
    settled: Callable[[Call], None] = staticmethod(lambda call: None)
    """Told of each call whose sound may have changed; set by whoever listens to calls without being one of them."""

    def __init__(
        self,
        *,
        tell_plane: TellPlane,
        dispatcher: Dispatcher,
        chronicle: Chronicle,
        keeper: StateKeeper,
        clock: Clock,
        trunks: Trunks,
        routes: Routes,
        queues: Iterable[QueueSettings],
    ) -> None:
        """`legs` and `lines` are set by whoever makes them; both need a listener first."""
        self.tell_plane = tell_plane
        self.dispatcher = dispatcher
        self.chronicle = chronicle
        self.clock = clock
        self.trunks = trunks
        self.queues = {queue.name: queue for queue in queues}
        self.callers = Callers(routes, keeper)
        self.callers.take_queues(self.queues.values())
        self.places = KeptPlaces(keeper)
        self.past_rules = RuleHistory(keeper, clock)
        self._holds = HoldReminders(clock, chronicle, self._hold_rules, self.settle)
        self._keeper = keeper
        self._calls: dict[str, Call] = {}
        self._moving = self._refused = (
            ""  # the call that is being put in line, and why it may not stand there
        )

    # ---- which calls there are -------------------------------------------------------------------

    def add(self, call: Call) -> None:
        """A call is up from now on."""
        self._calls[call.call_id] = call

    def find(self, call_id: str) -> Call | None:
        """Return a call that is up."""
        return self._calls.get(call_id)

    def has(self, call: Call) -> bool:
        """Whether this very call is up still: what was told in between may have ended it."""
        return self._calls.get(call.call_id) is call

    def all(self) -> tuple[Call, ...]:
        """Every call that is up."""
        return tuple(self._calls.values())

    def of_agent(self, agent: str) -> tuple[Call, CallParty] | None:
        """The call that an agent is in, or that rings there; where there are two, the one that talks."""
        found = [
            (call, party)
            for call in self._calls.values()
            for party in call.parties
            if party.agent == agent and not party.leg.is_over
        ]
        found.sort(key=lambda pair: not pair[1].is_joined)
        return found[0] if found else None

    def take_queues(self, queues: Iterable[QueueSettings]) -> None:
        """These are the queues' rules from now on; those of a queue that is gone serve the callers who wait in it."""
        self.queues |= {queue.name: queue for queue in queues}
        self.callers.take_queues(self.queues.values())

    def of_agents(self) -> dict[str, tuple[Call, CallParty]]:
        """The same for everybody who is in a call, in one pass."""
        found: dict[str, tuple[Call, CallParty]] = {}
        for call in self._calls.values():
            for party in call.parties:
                if party.agent and not party.leg.is_over:
                    known = found.get(party.agent)
                    if known is None or party.is_joined and not known[1].is_joined:
                        found[party.agent] = (call, party)
        return found

    # ---- what is done with one -------------------------------------------------------------------

    def settle(self, call: Call) -> None:
        """Bring what the plane plays and records to what the parties say, and write the call down."""
        self._holds.look(call)
        queue = self.queues.get(call.route.queue)
        rows = call.hearing(MUSIC if queue is None else queue.music)
        self.legs.set_hearing(changed_rows(call.rows, rows))
        call.rows = rows
        if call.is_recorded:
            self._record_voices(call)
        self.settled(call)
        self.keep(call)

    def _hold_rules(self, call: Call) -> HoldRules:
        queue = self.queues.get(call.route.queue)
        return HoldRules() if queue is None else HoldRules(queue.hold_reminder_s, queue.hold_ringback_s)

    def _record_voices(self, call: Call) -> None:
        voices = call.voices()
        if voices == call.recorded:
            return
        call.recorded = (left, right) = voices
        self.tell_plane(
            plane_words.SetRecordingSources(recording_id=call.recording_id, left=left, right=right)
        )
        self.chronicle.record(
            entries.RecordingSegmentStarted(
                at=self.clock.wall(),
                recording_id=call.recording_id,
                call_id=call.call_id,
                left=" ".join(party.label for party in call.parties if party.leg_id in left),
                right=" ".join(party.label for party in call.parties if party.leg_id in right),
            )
        )

    def announce(self, call: Call, prompts: tuple[str, ...]) -> None:
        """Play prompts to everybody in the call; the plane says when they are over."""
        if call.customer is None:
            return
        call.playlists += 1
        call.prompted = True
        log.info("call.announcing", call_id=call.call_id, state=call.state.value, prompts=prompts)
        if call.state is CallState.INTRODUCED and call.agent is not None:
            self.legs.play(call.agent.leg, f"{call.playlist_id}:agent", prompts)
        self.legs.play(call.customer.leg, call.playlist_id, prompts)
        self.settle(call)

    def keep(self, call: Call) -> None:
        """Write the call down for a control that starts after this one."""
        if call.state is not CallState.ENDED and self.has(call):
            self._keeper.put_later(TABLE, call.call_id, lambda: self._record_of(call))

    def _record_of(self, call: Call) -> dict[str, Any]:
        stay = KeptStay.now(self.dispatcher.engine, self.clock, call.call_id)
        return call.to_record() | {"stay": None if stay is None else stay.to_record()}

    def connected(self, call: Call, party: CallParty) -> None:
        """Write down that an agent and the caller hear each other from now on."""
        now = self.clock.wall()
        if call.connected_at is None:
            call.connected_at = now
        self.chronicle.record(
            entries.CallConnected(at=now, call_id=call.call_id, agent=party.agent, extension=party.extension)
        )
        self.callers.put_through(call, party.agent, now)

    def recall(self, call: Call) -> None:
        """Find out what the caller's number did before; who stands in a line by then is looked at anew."""

        def found(past: tuple[DayOfCalls, ...]) -> None:
            if not self.has(call):
                return
            call.past = past
            self.keep(call)
            contact = ContactId(call.call_id)
            if self.dispatcher.engine.contact(contact) is not None:
                self.dispatcher.tell_late(
                    acd_facts.CallerRecalled(contact=contact, caller=self.callers.history_of(call))
                )

        self.callers.recall(call, found)

    # ---- parties ---------------------------------------------------------------------------------

    def engage(self, party: CallParty) -> None:
        """Tell the engine that an agent is in a call that it did not offer; an offer that runs is withdrawn."""
        if party.agent:
            agent = AgentId(party.agent)
            party.engaged = self.dispatcher.tell_late(acd_facts.AgentEngaged(agent=agent))

    def ring_phone(
        self,
        leg_id: str,
        call_id: str,
        role: Role,
        account: str,
        *,
        from_user: str,
        headers: tuple[Header, ...] = (),
    ) -> Leg:
        """Ring a phone, or have its standing line; as `LegDesk.open_outbound`, which says what is raised."""
        lent = self.lines.lend(account, call_id, role, headers)
        if lent is not None:
            return lent
        return self.legs.open_outbound(leg_id, call_id, role, account, from_user=from_user, headers=headers)

    def let_go(self, leg: Leg, *, status: int = 0, cause: int = NORMAL_CLEARING) -> None:
        """A call does not want a leg any more: it is hung up, or left standing where it is a standing line."""
        call = self.find(leg.call_id)
        if not self.lines.takes_back(leg):
            self.legs.hang_up(leg, status=status, cause=cause)
        elif call is not None:
            call.rows.pop(leg.leg_id, None)  # what it heard there it hears no more

    def remove(self, call: Call, party: CallParty, *, status: int = 487, why: str = "left") -> None:
        """A party leaves the call: its leg, its channel and its agent are let go.  Whoever asks settles the sound."""
        if party not in call.parties:
            return
        call.parties.remove(party)
        if party.role is Role.SUPERVISOR:
            self.chronicle.record(
                entries.SupervisionEnded(
                    at=self.clock.wall(), call_id=call.call_id, supervisor=party.agent, cause=why
                )
            )
        self.let_go(party.leg, status=status)
        if party.trunk:
            self.trunks.free(party.trunk, party.leg_id)
        self.keep(call)
        self.release(party)

    def release(self, party: CallParty) -> None:
        """Tell the engine that an agent is done with the call: wrap-up follows a talk with a caller."""
        if party.contact and party.is_joined:
            contact, party.contact = ContactId(party.contact), ""
            if self.dispatcher.engine.contact(contact) is not None:
                self.dispatcher.tell_late(acd_facts.ContactEnded(contact=contact))
        elif party.engaged:
            party.engaged = False
            served = QueueName(party.served) if party.served in self.queues else None
            self.dispatcher.tell_late(acd_facts.AgentDisengaged(agent=AgentId(party.agent), served=served))
        self._engage_elsewhere(party)

    def _engage_elsewhere(self, done: CallParty) -> None:
        """Who dialled from the phone's keypad during a talk is in that call still, when the talk is over."""
        for call in self._calls.values() if done.agent else ():
            for party in call.parties:
                is_other = party is not done and party.agent == done.agent
                if is_other and not (party.engaged or party.contact or party.leg.is_over):
                    self.engage(party)

    def end_queue_consult(self, call: Call) -> None:
        """Nobody of the consulted queue is wanted any more."""
        consult, call.queue_consult = call.queue_consult, None
        if consult is not None:
            self.dispatcher.tell_late(acd_facts.ContactLeft(contact=ContactId(consult.contact)))

    def ring_party(
        self,
        call: Call,
        party: CallParty,
        failed: Callable[[Call, CallParty, LegEnd], None],
        ring_s: float = RING_TIME_S,
    ) -> None:
        """A party whose phone rings is one of the call from now on; `failed` is told when it has rung for too long."""

        def late() -> None:
            if self.has(call) and party in call.parties and not party.is_joined:
                end = LegEnd(status=408, q850_cause=RECOVERY_ON_TIMER, reason="no answer", gave_up=True)
                failed(call, party, end)

        call.parties.append(party)
        if party.agent and party.role is not Role.SUPERVISOR and party.errand is not Errand.DIAL:
            self.chronicle.tell_rung(call.call_id, party.agent, party.extension)
        self.engage(party)
        self.keep(call)
        self.clock.after(ring_s, late)

    def record_offer_end(self, call: Call, party: CallParty, cause: str) -> None:
        """Write down that an offer came to nothing."""
        self.chronicle.record(
            entries.OfferEnded(
                at=self.clock.wall(),
                call_id=call.call_id,
                offer=party.offer_id,
                agent=party.agent,
                cause=cause,
            )
        )

    def put_in_line(self, call: Call, queue: str, stood: KeptStay | None = None) -> str:
        """Let the engine take a call into a queue, its arrival kept; returns why it may not wait there, empty if it may.

        What the engine offers in the same breath rings already when this returns.  With what was kept of a stay before a
        restart it is let in always.
        """
        self._moving, self._refused = call.call_id, ""
        now, wall = self.clock.now(), self.clock.wall()
        arrived_at = None if call.queued_at is None else now + call.queued_at - wall
        fact = self.callers.queued(call, queue, arrived_at, wall)
        self.dispatcher.tell_late(fact if stood is None else replace(fact, stay=stood.told(self.clock)))
        self._moving = ""
        return self._refused

    def refused(self, contact: str, cause: str) -> bool:
        """The engine does not let a call wait; True when `put_in_line` asked, and tells whoever called it."""
        is_asked = contact == self._moving
        if is_asked:
            self._refused = cause
        return is_asked

    # ---- the end ---------------------------------------------------------------------------------

    def end(
        self, call: Call, by: EndedBy, reason: EndReason, *, status: int = 0, cause: int | None = None
    ) -> None:
        """The one end of a call: record, channel, the engine, everybody's leg, recording, the caller's leg last."""
        at = self.clock.wall()  # while it is up: a clock that was set meanwhile is told to it, too
        if self._calls.pop(call.call_id, None) is None:
            return
        self.before_end(call, reason)
        self._holds.forget(call)
        was = call.state
        call.become(CallState.ENDED)
        if call.next_position is not None:
            call.next_position.cancel()
        if call.flow is not None and call.flow.alarm is not None:
            call.flow.alarm.cancel()
        self.chronicle.record(
            entries.CallEnded(
                at=at,
                call_id=call.call_id,
                ended_by=by,
                end_reason=reason,
                sip_status=status,
                q850_cause=cause,
            )
        )
        self._keeper.remove(TABLE, call.call_id)
        self.trunks.free(call.trunk, call.call_id)
        others = [party for party in call.parties if party.role is not Role.CUSTOMER]
        for party in others:
            if party.offer_id and not party.is_joined:
                self.record_offer_end(call, party, "contact_left")
            self.let_go(party.leg, status=487)
        for party in call.parties:
            if party.trunk:
                self.trunks.free(party.trunk, party.leg_id)
        # The agent who is free now gets the next caller before the rest of this call is cleared away.
        if was is CallState.WAITING and not call.callback_id:
            self._keep_place(call)
        self._tell_end(call, others, talked=was in _TALKED or call.agent is not None)
        for recording_id in filter(None, (call.recording_id, call.message_id)):
            self.tell_plane(plane_words.StopRecording(recording_id=recording_id))
        if call.customer is not None:
            self.let_go(
                call.customer.leg,
                status=486 if reason is EndReason.QUEUE_FULL else 503,
                cause=NORMAL_CLEARING if cause is None else cause,
            )
            self.release(call.customer)

    def _keep_place(self, call: Call) -> None:
        """The caller gave up; the engine keeps the place for this run, and here it is kept for the next one."""
        queue, now = self.queues.get(call.route.queue), self.clock.wall()
        if queue is not None and queue.distribution.resume_s and call.number and call.queued_at is not None:
            until = now + queue.distribution.resume_s
            self.places.keep(queue.name, call.number, call.queued_at, until, now)

    def drop(self, call: Call) -> None:
        """A call that nobody has come to was none: it leaves its line, and nothing of it is written down."""
        if self._calls.pop(call.call_id, None) is None:
            return
        call.become(CallState.ENDED)
        self._keeper.remove(TABLE, call.call_id)
        for party in call.offered:
            self.record_offer_end(call, party, "contact_left")
            self.let_go(party.leg, status=487)
        contact = ContactId(call.call_id)
        if self.dispatcher.engine.contact(contact) is not None:
            self.dispatcher.tell_late(acd_facts.ContactLeft(contact=contact, cause="postponed"))

    def _tell_end(self, call: Call, others: list[CallParty], *, talked: bool) -> None:
        contact = ContactId(call.call_id)
        if self.dispatcher.engine.contact(contact) is not None:
            self.dispatcher.tell_late(
                acd_facts.ContactEnded(contact=contact) if talked else acd_facts.ContactLeft(contact=contact)
            )
        self.end_queue_consult(call)
        for party in others:
            self.release(party)

    def __repr__(self) -> str:
        """How many calls there are."""
        return f"<CallTable calls={len(self._calls)}>"
