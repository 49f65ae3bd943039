"""The automatic call distributor: facts in, orders out.

`Engine.handle(event, now)` takes what happened and returns what must be done; `next_deadline()` says when the
engine wants to be woken, `advance(now)` wakes it.  It reads no clock and does nothing by itself, so the same events
at the same times give the same orders, always.

The house rule of every handler: look first, raise if it does not fit, and only then change anything.
"""

import math
from collections.abc import Callable
from typing import Any

from acd import events, views
from acd.agent import PHONE_LOST, Agent
from acd.agent_state import AgentTrigger, Presence
from acd.bonds import DELAY, RESUME, RETURN, RING, STEP, WRAP_UP, Bonds, Offer, Witness
from acd.commands import Command, RefuseCause, RefuseContact
from acd.contact import Contact, Place
from acd.contact_state import ContactState, ContactTrigger
from acd.diversion import Diversions
from acd.errors import (
    AcdError,
    InvalidEvent,
    UnknownAgent,
    UnknownContact,
    UnknownStrategy,
)
from acd.estimate import Band, Paces
from acd.events import Event
from acd.explain import reasons
from acd.floor import Queue
from acd.joint_rules import AGENT_FOLLOWS
from acd.matching import available
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.routes import only_row
from acd.rulebook import Rulebook
from acd.snapshots import AgentSnapshot, ContactSnapshot, Statistics
from acd.stay import FloorRestored

ABANDONED = "abandoned"
"""The cause of a caller who gave up, and may come again."""


class Engine:
    """One hotline's queues, agents and contacts.

    `run` is put before the ids of offers: give each start of the process another one, and no id comes twice.  With
    `explains` each decision is recorded (`RecordDecision`), just before its offer; a `witness` sees each as it is made.
    """

    def __init__(self, run: str = "", *, explains: bool = False, witness: Witness | None = None) -> None:
        """Begin with nothing defined and nobody there."""
        self._bonds = Bonds(run, explains=explains, witness=witness)
        self._floor = self._bonds.floor
        self._paces = Paces()
        self._diversions = Diversions(self._bonds, self._paces)
        self._contacts_seen = 0
        rules = Rulebook(self._bonds)
        self._handlers: dict[type, Callable[[Any], None]] = {
            events.QueueDefined: rules.define_queue,
            events.RoutingDefined: rules.define_routing,
            events.SelectionDefined: rules.define_selection,
            events.SharesDefined: rules.define_shares,
            events.CapacitiesDefined: rules.define_capacities,
            events.QueueHoursChanged: rules.open_or_close,
            events.QueuePaceRestored: self._paces.restore,
            events.QueueRemoved: rules.remove_queue,
            events.AgentLoggedIn: self._on_agent_logged_in,
            events.AgentRestored: self._on_agent_restored,
            events.AgentReassigned: self._on_agent_reassigned,
            events.AgentLoggedOut: self._on_agent_logged_out,
            events.AgentMadeReady: self._on_agent_made_ready,
            events.AgentMadeNotReady: self._on_agent_made_not_ready,
            events.AgentReachabilityChanged: self._on_agent_reachability_changed,
            events.AgentEngaged: self._on_agent_engaged,
            events.AgentDisengaged: self._on_agent_disengaged,
            events.WrapUpEnded: self._on_wrap_up_ended,
            events.WrapUpExtended: self._on_wrap_up_extended,
            events.ContactQueued: self._on_contact_queued,
            events.ContactRestored: self._on_contact_restored,
            events.CallbackReached: self._on_callback_reached,
            events.ContactLevelChanged: self._on_contact_level_changed,
            events.CallerRecalled: self._on_caller_recalled,
            events.DiversionRefused: self._on_diversion_refused,
            events.ContactLeft: self._on_contact_left,
            events.ContactEnded: self._on_contact_ended,
            events.ContactRequeued: self._on_contact_requeued,
            events.PhoneRang: self._on_phone_rang,
            events.OfferAccepted: self._on_offer_accepted,
            events.OfferDeclined: self._on_offer_declined,
            FloorRestored: self._diversions.floor_restored,
            events.TimePassed: self._on_time_passed,
        }

    # ---- the three calls -----------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> tuple[Command, ...]:
        """Take one fact at `now` (monotonic seconds) and return the orders that follow from it.

        A time before the last one, or that is no time, counts as the last one.  Raises an `AcdError` for an event
        that does not fit; then nothing has changed.  Deadlines that are due stay so until `advance`: an answer that
        comes in before the engine was woken still counts.
        """
        if self._bonds.now <= now < math.inf:
            self._bonds.now = now
        else:
            self._bonds.tally["clock_steps_back"] += 1
        try:
            handler = self._handlers.get(type(event))
            if handler is None:
                raise InvalidEvent(_name(event), "the engine", "no event of this class is known")
            handler(event)
        except AcdError:
            self._bonds.tally["events_refused"] += 1
            raise
        self._bonds.match()
        self._diversions.run()
        answer = self._bonds.answer()
        self._paces.take(answer, self._bonds.now)
        return answer

    def advance(self, now: float) -> tuple[Command, ...]:
        """Let everything happen that is due by `now`, in the order of the deadlines, and return the orders."""
        return self.handle(events.TimePassed(), now)

    def next_deadline(self) -> float | None:
        """Return when `advance` is wanted next, in monotonic seconds; None when nothing is due ever."""
        return self._bonds.deadlines.earliest()

    # ---- queries -------------------------------------------------------------------------------

    def position(self, contact: ContactId) -> int | None:
        """Return a contact's place in the line of its queue, 1 for the next; None when it does not wait.

        A contact that is being offered does not wait: it has no place, and nobody counts it as before them.
        """
        return views.position(self._floor, contact, self._bonds.now)

    def contact(self, contact: ContactId) -> ContactSnapshot | None:
        """Return a contact that is here."""
        found = self._floor.contacts.get(contact)
        return None if found is None else views.contact_snapshot(found, self.position(contact))

    def waiting(self, queue: QueueName) -> tuple[ContactSnapshot, ...]:
        """Return who waits for the agents of a queue, the next one first; raises `UnknownQueue`."""
        return views.line_snapshot(self._floor.queue(queue).line, self._bonds.now)

    def expected_wait_s(self, queue: QueueName) -> float | None:
        """Return the wait of a call that came now, as overflow has it, None while unknown; raises `UnknownQueue`."""
        return self._diversions.expected_wait_s(self._floor.queue(queue))

    def expected_band(self, queue: QueueName, position: int) -> Band | None:
        """Return the band of the wait from now on at a place (1 is next), None while unknown; raises `UnknownQueue`."""
        return self._diversions.expected_band(self._floor.queue(queue), position)

    def waiting_for(self, agent: AgentId) -> tuple[ContactSnapshot, ...]:
        """Return who waits for this very agent, the next one first."""
        line = self._floor.own_lines.get(agent)
        return () if line is None else views.line_snapshot(line, self._bonds.now)

    def agent(self, agent: AgentId) -> AgentSnapshot | None:
        """Return an agent who is logged in."""
        found = self._floor.agents.get(agent)
        return None if found is None else views.agent_snapshot(found, self._bonds.wrap_up_until(found))

    def agents(self) -> tuple[AgentSnapshot, ...]:
        """Return everybody who is logged in, by id."""
        return tuple(
            views.agent_snapshot(each, self._bonds.wrap_up_until(each))
            for _, each in sorted(self._floor.agents.items())
        )

    def why_waiting(self, contact: ContactId) -> tuple[tuple[AgentId, str], ...]:
        """Return why each agent of its lines does not have a contact that waits, by agent.

        An `AgentCondition` or an `Exclusion`; nothing for one that does not wait.  Costs as much as there are agents.
        """
        found = self._floor.contacts.get(contact)
        if found is None or found.state is not ContactState.WAITING:
            return ()
        return reasons(self._floor, found)

    def has_offer(self, offer: OfferId) -> bool:
        """Whether the offer still runs, so that an answer to it would count."""
        return offer in self._bonds.offers

    def statistics(self) -> Statistics:
        """Return the figures of this moment."""
        bonds = self._bonds
        return views.statistics(self._floor, bonds.now, len(bonds.deadlines), bonds.tally)

    def __repr__(self) -> str:
        """How many of each there are."""
        return views.summary(self._floor)

    # ---- agents --------------------------------------------------------------------------------

    def _on_agent_logged_in(self, event: events.AgentLoggedIn) -> None:
        agent = self._newcomer(event)
        self._sit_down(agent, event.presence, event.reason, event.reachable)
        self._bonds.settle(agent)
        self._bonds.agent_came_or_went(agent)

    def _on_agent_restored(self, event: events.AgentRestored) -> None:
        agent = self._newcomer(event)
        for task in event.tasks:
            self._check_in_hand(task)
        if event.contact is None or event.contact_queue is None:
            self._sit_down(agent, event.presence, event.reason, event.reachable)
        else:
            queue = self._floor.queue(event.contact_queue)
            known = self._floor.contacts.get(event.contact)
            if known is not None:
                raise InvalidEvent(_name(event), f"contact {known.id!r}", known.state)
            contact = self._new_contact(
                event.contact,
                (Place(queue.name),),
                event.contact_level,
                event.contact_arrived_at,
            )
            self._contacts_seen += 1
            self._floor.give(contact, queue.name, self._bonds.now)
            self._floor.enter(contact)
            self._sit_down(agent, Presence.READY, "", reachable=True)
            for step in (ContactTrigger.OFFERED, ContactTrigger.ACCEPTED):  # the way it once went
                agent.apply(AGENT_FOLLOWS[contact.state, step], self._bonds.now)
                contact.apply(step)
            contact.agent, agent.contact = agent.id, contact.id
            self._bonds.report_contact(contact)
            agent.reachable = event.reachable
            if event.presence is Presence.NOT_READY or not event.reachable:
                agent.apply(AgentTrigger.PHONE_LOST, self._bonds.now, event.reason or PHONE_LOST)
        agent.idle_since = event.idle_since
        if event.since is not None and (agent.presence, agent.reason) == (event.presence, event.reason):
            agent.since = min(event.since, self._bonds.now)
        agent.taken, agent.talk_s = max(agent.taken, event.taken), event.talk_s
        agent.no_answers = event.no_answers
        for task in event.tasks:
            self._hand_back(agent, task)
        self._bonds.restore_wish(agent, event.pending, event.pending_reason)
        if agent.presence is Presence.WRAP_UP and event.wrap_up_until is not None:
            self._bonds.deadlines.set((WRAP_UP, agent.id), event.wrap_up_until)
        self._bonds.settle(agent)
        self._bonds.agent_came_or_went(agent)

    def _on_agent_reassigned(self, event: events.AgentReassigned) -> None:
        agent = self._agent(event.agent)
        self._check_assignment(event)
        self._floor.take_off(agent)
        self._assign(agent, event)
        self._bonds.settle(agent)

    def _on_agent_logged_out(self, event: events.AgentLoggedOut) -> None:
        agent = self._agent(event.agent)
        if any(task.offer is None for task in agent.tasks.values()):
            raise InvalidEvent(_name(event), f"agent {agent.id!r}", f"{agent.state}, with tasks in hand")
        self._bonds.tell_agent(_name(event), agent, AgentTrigger.LOGGED_OUT)
        self._bonds.deadlines.cancel((DELAY, agent.id))
        del self._floor.agents[agent.id]
        self._bonds.agent_came_or_went(agent)

    def _on_agent_made_ready(self, event: events.AgentMadeReady) -> None:
        agent = self._agent(event.agent)
        if not agent.reachable:
            raise InvalidEvent(_name(event), f"agent {agent.id!r}", f"{agent.state}, phone not reachable")
        self._bonds.wish(_name(event), agent, AgentTrigger.MADE_READY, "")

    def _on_agent_made_not_ready(self, event: events.AgentMadeNotReady) -> None:
        agent = self._agent(event.agent)
        self._bonds.wish(_name(event), agent, AgentTrigger.MADE_NOT_READY, event.reason)

    def _on_agent_reachability_changed(self, event: events.AgentReachabilityChanged) -> None:
        agent = self._agent(event.agent)
        is_loss = agent.reachable and not event.reachable
        agent.reachable = event.reachable
        if is_loss:
            agent.pending, agent.pending_reason = None, ""
            self._bonds.tell_agent(_name(event), agent, AgentTrigger.PHONE_LOST, event.reason or PHONE_LOST)
        else:
            self._bonds.settle(agent)

    def _on_agent_engaged(self, event: events.AgentEngaged) -> None:
        self._bonds.tell_agent(_name(event), self._agent(event.agent), AgentTrigger.ENGAGED)

    def _on_agent_disengaged(self, event: events.AgentDisengaged) -> None:
        agent = self._agent(event.agent)
        queue = None if event.served is None else self._floor.queue(event.served)
        self._bonds.tell_agent(_name(event), agent, AgentTrigger.DISENGAGED)
        if queue is None:
            self._bonds.apply_pending(agent)
        else:
            self._bonds.begin_wrap_up(agent, queue)
            self._bonds.settle(agent)

    def _on_wrap_up_ended(self, event: events.WrapUpEnded) -> None:
        self._bonds.end_wrap_up(_name(event), self._agent(event.agent))

    def _on_wrap_up_extended(self, event: events.WrapUpExtended) -> None:
        agent = self._agent(event.agent)
        if agent.presence is not Presence.WRAP_UP:
            raise InvalidEvent(_name(event), f"agent {agent.id!r}", agent.state)
        until = self._bonds.wrap_up_until(agent)
        if until is not None:
            self._bonds.deadlines.set((WRAP_UP, agent.id), until + event.seconds)
            self._bonds.settle(agent)

    # ---- contacts ------------------------------------------------------------------------------

    def _on_contact_queued(self, event: events.ContactQueued) -> None:
        names = [event.queue, *(row.queue or event.queue for row in event.routes)]
        unknown = next((name for name in names if name not in self._floor.queues), None)
        if unknown is not None:
            self._refuse(event.contact, unknown, RefuseCause.UNKNOWN_QUEUE)
            return
        queue = self._floor.queues[event.queue]
        rows = event.routes or (only_row(event.skills or queue.definition.skills),)
        contact = self._floor.contacts.get(event.contact)
        if contact is not None and contact.medium is not event.medium:
            raise InvalidEvent(_name(event), f"contact {contact.id!r}", f"of medium {contact.medium}")
        is_in_line = (
            contact is not None
            and contact.queue == event.queue
            and contact.state is not ContactState.CONNECTED
        )
        places = tuple(Place(row.queue or event.queue, row, medium=event.medium) for row in rows)
        cause = None if is_in_line or event.stay else self._objection(queue, places)
        kept = _resume_name(event.queue, event.number)
        arrived_at = event.arrived_at
        if arrived_at is None and contact is None and event.number:
            arrived_at = self._floor.kept_places.get(kept)
        newcomer = self._newcomer_of(event, places, arrived_at)
        if cause is not None and not self._diversions.would_divert(newcomer):
            self._refuse(event.contact, event.queue, cause)
            return
        if contact is None:
            contact = newcomer
            self._contacts_seen += 1
            self._bonds.tally["queued"] += 1
            if self._floor.kept_places.pop(kept, None) is not None:
                self._bonds.deadlines.cancel((RESUME, kept))
                self._bonds.tally["resumed"] += 1
        else:
            self._bonds.take_out(_name(event), contact)
            self._bonds.tally["moved"] += 1
            contact.given_level, contact.region, contact.number = event.level, event.region, event.number
            contact.judge_by(contact.level_rules, event.caller)
            contact.strategy = event.strategy
            contact.is_callback = event.is_callback
            if event.arrived_at is not None:
                contact.arrived_at = newcomer.arrived_at
        self._bonds.give_to(contact, queue, places, event.stay)
        contact.let_in_despite = cause
        self._diversions.came(contact, is_back=event.stay is not None)

    def _objection(self, queue: Queue, places: tuple[Place, ...]) -> RefuseCause | None:
        """Return why a contact may not wait in a queue; None when it may, or need not."""
        if any(self._is_somebody_free(place) for place in places):
            return None
        if queue.is_forsaken(queue.definition.refuses_when) and queue.is_only_hope(places):
            return RefuseCause.NOBODY_THERE
        return RefuseCause.QUEUE_FULL if len(queue.standing) >= queue.definition.limit else None

    def _on_contact_restored(self, event: events.ContactRestored) -> None:
        agent = self._agent(event.agent)
        self._check_in_hand(event)
        self._hand_back(agent, event)
        self._bonds.settle(agent)

    def _check_in_hand(self, event: events.ContactRestored) -> None:
        self._floor.queue(event.queue)
        known = self._floor.contacts.get(event.contact)
        if known is not None:
            raise InvalidEvent(_name(event), f"contact {known.id!r}", known.state)

    def _hand_back(self, agent: Agent, event: events.ContactRestored) -> None:
        places = (Place(event.queue, medium=event.medium),)
        contact = self._new_contact(event.contact, places, event.level, event.arrived_at)
        self._contacts_seen += 1
        self._bonds.hand_back(contact, agent)

    def _on_callback_reached(self, event: events.CallbackReached) -> None:
        contact = self._contact(event.contact)
        if not contact.is_callback or contact.state is not ContactState.CONNECTED:
            raise InvalidEvent(_name(event), f"contact {contact.id!r}", _condition_of(contact))
        contact.is_callback = False
        self._bonds.report_contact(contact)

    def _on_contact_level_changed(self, event: events.ContactLevelChanged) -> None:
        contact = self._contact(event.contact)
        contact.given_level = event.level
        if contact.state is ContactState.WAITING:
            self._bonds.line_up_anew(contact)

    def _on_caller_recalled(self, event: events.CallerRecalled) -> None:
        contact = self._contact(event.contact)
        contact.judge_by(contact.level_rules, event.caller)
        if contact.state is ContactState.WAITING:
            self._bonds.line_up_anew(contact)

    def _on_diversion_refused(self, event: events.DiversionRefused) -> None:
        contact = self._contact(event.contact)
        if not contact.is_diverted:
            raise InvalidEvent(_name(event), f"contact {contact.id!r}", contact.state)
        self._diversions.refused(contact, event.target)

    def _on_contact_left(self, event: events.ContactLeft) -> None:
        contact = self._contact(event.contact)
        self._bonds.tell_contact(_name(event), contact, ContactTrigger.LEFT)
        self._bonds.tally["left" if contact.state is ContactState.LEFT else "ended"] += 1
        resume_s = self._floor.queues[contact.given].definition.resume_s
        if contact.state is ContactState.LEFT and contact.number and resume_s and event.cause == ABANDONED:
            name = _resume_name(contact.given, contact.number)
            self._floor.kept_places[name] = contact.arrived_at
            self._bonds.deadlines.set((RESUME, name), self._bonds.now + resume_s)
        self._floor.forget(contact)

    def _on_contact_ended(self, event: events.ContactEnded) -> None:
        contact = self._contact(event.contact)
        self._bonds.tell_contact(_name(event), contact, ContactTrigger.ENDED)
        self._bonds.tally["ended"] += 1
        self._floor.forget(contact)

    def _on_contact_requeued(self, event: events.ContactRequeued) -> None:
        contact = self._contact(event.contact)
        self._bonds.tell_contact(_name(event), contact, ContactTrigger.REQUEUED)
        self._bonds.tally["requeued"] += 1
        self._bonds.line_up(contact)
        self._floor.due[contact.id] = contact  # nobody may be there any more

    # ---- offers --------------------------------------------------------------------------------

    def _on_phone_rang(self, event: events.PhoneRang) -> None:
        offer = self._running(event.offer)
        if offer is not None:
            task = offer.agent.tasks.get(offer.contact.id)
            self._bonds.tell_agent(_name(event), offer.agent, AgentTrigger.RANG, task=task)

    def _on_offer_accepted(self, event: events.OfferAccepted) -> None:
        offer = self._running(event.offer)
        if offer is not None:
            self._bonds.accept(offer)
            self._bonds.tally["accepted"] += 1

    def _on_offer_declined(self, event: events.OfferDeclined) -> None:
        offer = self._running(event.offer)
        if offer is None:
            return
        agent, contact = offer.agent, offer.contact
        rules = self._floor.queues[contact.queue].definition
        delay_s = rules.decline_delay_s
        if event.cause is events.DeclineCause.BUSY and rules.busy_delay_s is not None:
            delay_s = rules.busy_delay_s
        agent.is_delayed = True
        at = self._bonds.now + max(delay_s, events.SHORTEST_DELAY_S)
        self._bonds.deadlines.set((DELAY, agent.id), at)
        if event.cause is not events.DeclineCause.FAILED:
            contact.declined_by.add(agent.id)
        task = agent.tasks.get(contact.id)
        self._bonds.tell_agent(_name(event), agent, AgentTrigger.DECLINED, task=task)
        self._bonds.tally["declined"] += 1

    # ---- time ----------------------------------------------------------------------------------

    def _on_time_passed(self, event: events.TimePassed) -> None:
        bonds = self._bonds
        while (due := bonds.deadlines.pop_due(bonds.now)) is not None:
            kind, name = due
            if kind == RING:
                bonds.ring_out(_name(event), bonds.offers[OfferId(name)])
            elif kind == STEP:
                contact = self._floor.contacts[ContactId(name)]
                bonds.line_up_anew(contact)
            elif kind == RESUME:
                del self._floor.kept_places[name]
            elif kind == RETURN:
                agent = self._floor.agents[AgentId(name)]
                if agent.reachable and agent.pending is None:
                    bonds.wish(_name(event), agent, AgentTrigger.MADE_READY, "")
            elif kind == WRAP_UP:
                bonds.end_wrap_up(_name(event), self._floor.agents[AgentId(name)])
            else:
                agent = self._floor.agents[AgentId(name)]
                agent.is_delayed = False
                bonds.settle(agent)
            bonds.match()
            self._diversions.run()

    # ---- newcomers and look-ups -------------------------------------------------------------------

    def _newcomer(self, event: events.AgentLoggedIn | events.AgentRestored) -> Agent:
        """Return an agent who is not on the floor yet; raises when that cannot be."""
        known = self._floor.agents.get(event.agent)
        if known is not None:
            raise InvalidEvent(_name(event), f"agent {known.id!r}", known.state)
        self._check_assignment(event)
        agent = Agent(event.agent, event.queues, now=self._bonds.now)
        self._assign(agent, event)
        return agent

    def _check_assignment(self, event: events.Assignment) -> None:
        for name in event.queues:
            self._floor.queue(name)
        if event.selection and event.selection not in self._floor.selections:
            raise UnknownStrategy(event.selection, tuple(sorted(self._floor.selections)))
        if event.shares and event.shares not in self._floor.shares:
            raise UnknownStrategy(event.shares, tuple(sorted(self._floor.shares)))
        if event.capacities not in self._floor.capacities:
            raise UnknownStrategy(event.capacities, tuple(sorted(self._floor.capacities)))

    def _assign(self, agent: Agent, event: events.Assignment) -> None:
        agent.assign(
            event.queues,
            {each.skill: each.level for each in event.skills},
            {each.queue: each.priority for each in event.priorities},
            event.rank,
            selection=event.selection,
            shares=event.shares,
        )
        agent.wrap_up_s = event.wrap_up_s
        agent.allow(event.capacities, self._floor.capacities[event.capacities])

    def _sit_down(self, agent: Agent, presence: Presence, reason: str, reachable: bool) -> None:
        now = self._bonds.now
        self._floor.agents[agent.id] = agent
        agent.reachable = reachable
        if presence is Presence.NOT_READY or not reachable:
            reason = reason if presence is Presence.NOT_READY else reason or PHONE_LOST
            agent.apply(AgentTrigger.LOGGED_IN_NOT_READY, now, reason)
            return
        agent.apply(AgentTrigger.LOGGED_IN_READY, now)
        if presence is Presence.WRAP_UP:
            agent.apply(AgentTrigger.WRAP_UP_BEGAN, now)

    def _new_contact(
        self, name: ContactId, places: tuple[Place, ...], level: int, arrived_at: float | None
    ) -> Contact:
        now = self._bonds.now
        return Contact(
            name,
            places,
            level=level,
            arrived_at=now if arrived_at is None else min(arrived_at, now),
            serial=self._contacts_seen + 1,
        )

    def _newcomer_of(
        self, event: events.ContactQueued, places: tuple[Place, ...], arrived_at: float | None
    ) -> Contact:
        """Return the contact that is told of, nowhere yet."""
        contact = self._new_contact(event.contact, places, event.level, arrived_at)
        contact.given, contact.given_at = event.queue, self._bonds.now
        queue = self._floor.queues[event.queue]
        contact.judge_by(queue.level_rules, event.caller)
        contact.rises = queue.rises_of(contact.arrived_at)
        contact.strategy = event.strategy
        contact.region, contact.number = event.region, event.number
        contact.is_callback = event.is_callback
        contact.judge(self._bonds.now)
        return contact

    def _is_somebody_free(self, place: Place) -> bool:
        """Whether an agent can take at once who is to stand in a place now."""
        return place.route.after_s == 0 and next(available(self._floor, place), None) is not None

    def _refuse(self, contact: ContactId, queue: QueueName, cause: RefuseCause) -> None:
        self._bonds.tally["refused"] += 1
        self._bonds.order(RefuseContact(contact=contact, queue=queue, cause=cause))

    def _running(self, name: OfferId) -> Offer | None:
        offer = self._bonds.offers.get(name)
        if offer is None:
            self._bonds.tally["stale_answers"] += 1
        return offer

    def _agent(self, name: AgentId) -> Agent:
        agent = self._floor.agents.get(name)
        if agent is None:
            raise UnknownAgent(name)
        return agent

    def _contact(self, name: ContactId) -> Contact:
        contact = self._floor.contacts.get(name)
        if contact is None:
            raise UnknownContact(name)
        return contact


def _condition_of(contact: Contact) -> str:
    kind = "callback" if contact.is_callback else contact.medium
    return f"{kind}, {contact.state}"


def _resume_name(queue: QueueName, number: str) -> str:
    return f"{queue}|{number}"


def _name(event: object) -> str:
    return type(event).__name__
