"""What joins contacts and agents: offers, conversations, and what comes after them.

Here the two state machines are moved, each change with what follows from it on the other side (`joint_rules`), and
with its traces: an order to the shell, a deadline, a count, a report.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from acd import views
from acd.agent import NO_ANSWER, Agent
from acd.agent_state import APPLIED_LATER, DEFERRED, IN_CALL, Activity, AgentTrigger, Presence
from acd.commands import Command, OfferContact, ReportNoAnswer, ReportWidening, WithdrawCause, WithdrawOffer
from acd.contact import Contact, Place
from acd.contact_state import ContactState, ContactTrigger
from acd.deadlines import Deadlines
from acd.decision import RecordDecision, RecordJoin
from acd.errors import InvalidEvent, InvalidTransition
from acd.explain import explain
from acd.floor import Floor, Queue
from acd.joint_rules import AGENT_FOLLOWS, CONTACT_FOLLOWS
from acd.matching import Pairing, Turn, available, next_pairing, place_with
from acd.medium import Medium, Task
from acd.names import AgentId, ContactId, OfferId
from acd.skills import lowered, widened
from acd.stay import Stay

RING, WRAP_UP, DELAY, RETURN, STEP, RESUME = "ring", "wrap_up", "delay", "return", "step", "resume"
"""Kinds of deadlines: of an offer, three of an agent, of a contact whose wait changes where it stands, of a place kept."""

WITHDRAWN: Mapping[AgentTrigger, WithdrawCause] = {
    AgentTrigger.RANG_OUT: WithdrawCause.RING_TIMEOUT,
    AgentTrigger.MADE_NOT_READY: WithdrawCause.AGENT_GONE,
    AgentTrigger.LOGGED_OUT: WithdrawCause.AGENT_GONE,
    AgentTrigger.PHONE_LOST: WithdrawCause.AGENT_GONE,
    AgentTrigger.ENGAGED: WithdrawCause.AGENT_GONE,
    AgentTrigger.OFFER_ENDED: WithdrawCause.CONTACT_LEFT,
}
"""Ends of an offer that the phone must be told of, and the cause that is given."""


Witness = Callable[[Floor, Pairing, Place, float], None]
"""Is shown each pairing as it is made, while the floor is still as it was decided on; must change nothing."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A running offer: an owner on each side, and a deadline among the others."""

    id: OfferId
    contact: Contact
    agent: Agent
    turn: Turn | None = None  # of the contact's region,
    phase: int = 0  # counted in this phase of its ledger


class Bonds:
    """Moves contacts and agents, and gathers what must be ordered and reported.

    `now` is set by the engine before each event.
    """

    def __init__(self, run: str, *, explains: bool, witness: Witness | None = None) -> None:
        """Begin with nobody there."""
        self.now = 0.0
        self.floor = Floor()
        self.offers: dict[OfferId, Offer] = {}
        self.deadlines = Deadlines()
        self.tally: Counter[str] = Counter()
        self._run = run
        self._explains = explains
        self._witness = witness
        self._offers_made = 0
        self._orders: list[Command] = []
        self._changed_contacts: dict[ContactId, Contact] = {}
        self._changed_agents: dict[AgentId, Agent] = {}

    # ---- one change and what follows -------------------------------------------------------------

    def tell_agent(
        self,
        cause: str,
        agent: Agent,
        trigger: AgentTrigger,
        reason: str = "",
        task: Task | None = None,
    ) -> None:
        """Apply a trigger to an agent's phone or to a task, and what follows from it to the contact on offer.

        `cause` names the event for `InvalidEvent`, which is raised when it does not fit.
        """
        activity, offer = (agent.activity, agent.offer) if task is None else (task.activity, task.offer)
        follow = CONTACT_FOLLOWS.get((activity, trigger))
        try:
            agent.apply(trigger, self.now, reason, task)
        except InvalidTransition as error:
            raise InvalidEvent(cause, f"agent {agent.id!r}", error.state) from error
        if follow is not None and offer is not None:
            self._take_back(offer, WITHDRAWN.get(trigger), follow)
        if agent.presence is not Presence.READY or trigger is AgentTrigger.ENGAGED:
            self.revoke(agent)
        self.settle(agent)

    def revoke(self, agent: Agent) -> None:
        """Take back whatever an agent is offered still: nothing new is for them now."""
        if agent.offer is not None:
            offer = agent.offer
            agent.apply(AgentTrigger.OFFER_ENDED, self.now)
            self._take_back(offer, WithdrawCause.AGENT_GONE, ContactTrigger.OFFER_ENDED)
        for task in tuple(agent.tasks.values()):
            if task.offer is not None:
                agent.apply(AgentTrigger.OFFER_ENDED, self.now, task=task)
                self._take_back(task.offer, WithdrawCause.AGENT_GONE, ContactTrigger.OFFER_ENDED)

    def _take_back(self, offer: OfferId, cause: WithdrawCause | None, follow: ContactTrigger) -> None:
        """End an offer; its contact waits again, unless it is offered to others still."""
        contact = self._end_offer(offer, cause).contact
        if contact.offers:
            self.floor.recall_free(contact.place)  # another phone may ring in place of this one
        else:
            contact.apply(follow)
            self.line_up(contact)
            self.floor.due[contact.id] = (
                contact  # what its wait has reached meanwhile, and whether anybody is there
            )
        self.report_contact(contact)

    def tell_contact(self, cause: str, contact: Contact, trigger: ContactTrigger) -> None:
        """Apply a trigger to a contact, and what follows from it to its agent; raises `InvalidEvent`."""
        before = contact.state
        names = contact.offers.values() if contact.offers else filter(None, (contact.agent,))
        agents = [self.floor.agents[name] for name in names]
        try:
            contact.apply(trigger)
        except InvalidTransition as error:
            raise InvalidEvent(cause, f"contact {contact.id!r}", error.state) from error
        self.report_contact(contact)
        if before is ContactState.WAITING:
            self.step_out(contact)
        follow = AGENT_FOLLOWS.get((before, trigger))
        if follow is None:
            return
        for agent in agents:
            task = agent.tasks.get(contact.id)
            offer = agent.offer if task is None else task.offer
            agent.apply(follow, self.now, task=task)
            if offer is not None:
                self._end_offer(offer, WITHDRAWN.get(follow))
            if follow is AgentTrigger.TALK_ENDED:
                contact.agent = None
                if task is None:
                    agent.contact = None
                else:
                    agent.put_down(task, self.now)
                if task is None or not (agent.tasks or agent.activity is not Activity.IDLE):
                    self.begin_wrap_up(agent, self.floor.queues[contact.queue])
            self.settle(agent)

    def ring_out(self, cause: str, offer: Offer) -> None:
        """Nobody answered in time: the agent is not ready, for a while or until they say so."""
        agent, contact = offer.agent, offer.contact
        returns_s = self.floor.queues[contact.queue].definition.no_answer_returns_s
        step = agent.no_answers
        returns_at = self.now + returns_s[step] if step < len(returns_s) else None
        self.tell_agent(cause, agent, AgentTrigger.RANG_OUT, NO_ANSWER, agent.tasks.get(contact.id))
        if returns_at is not None:
            self.deadlines.set((RETURN, agent.id), returns_at)
        self.order(
            ReportNoAnswer(
                agent=agent.id,
                contact=contact.id,
                queue=contact.queue,
                in_a_row=agent.no_answers,
                returns_at=returns_at,
            )
        )

    def accept(self, offer: Offer) -> None:
        """An agent answered: the two talk, and whoever else rings for the contact stops at once."""
        contact, agent = offer.contact, offer.agent
        follow = AGENT_FOLLOWS[contact.state, ContactTrigger.ACCEPTED]
        contact.apply(ContactTrigger.ACCEPTED)
        self._end_offer(offer.id, None, is_answered=True)
        for other in tuple(contact.offers):
            loser = self.offers[other].agent
            loser.apply(AgentTrigger.OFFER_ENDED, self.now, task=loser.tasks.get(contact.id))
            self._end_offer(other, WithdrawCause.ANSWERED_ELSEWHERE)
            self.settle(loser)
        task = agent.tasks.get(contact.id)
        agent.apply(follow, self.now, task=task)
        contact.agent = agent.id
        if task is None:
            agent.contact = contact.id
        self.report_contact(contact)
        self.settle(agent)

    # ---- lines -------------------------------------------------------------------------------------

    def line_up(self, contact: Contact) -> None:
        """Let a contact that waits stand in its lines, with the needs that its wait has come down to."""
        contact.judge(self.now)
        places = self.floor.open_places(contact, self.now)
        soonest = self._next_step(contact, places)
        for place in places:
            coming = self._widen(contact, place)
            if coming is not None and coming < soonest:
                soonest = coming
        if soonest < math.inf:
            self.deadlines.set((STEP, contact.id), soonest)
        self.floor.stand(contact, places)
        self.report_contact(contact)

    def _next_step(self, contact: Contact, places: tuple[Place, ...]) -> float:
        """Return when a contact stands elsewhere, has another level, or has a rule of its queue to be looked at."""
        now, since, soonest = self.now, contact.arrived_at, math.inf
        for rule in contact.level_rules:
            if now < since + rule.waited_s < soonest:
                soonest = since + rule.waited_s
        for at, _ in contact.rises:
            if now < at < soonest:
                soonest = at
        for place in places:
            until_s = place.route.until_s
            if until_s is not None and now < since + until_s < soonest:
                soonest = since + until_s
        for place in contact.places:
            if not place.is_open and now < since + place.route.after_s < soonest:
                soonest = since + place.route.after_s
        for waited_s in self.floor.queues[contact.given].overflow_waits_s:
            if now < contact.given_at + waited_s < soonest:
                soonest = contact.given_at + waited_s
        return soonest

    def _widen(self, contact: Contact, place: Place) -> float | None:
        """Lower what a place asks for by the rules of its queue; return when it is lowered again."""
        widening = self.floor.queues[place.queue].definition.widening
        if not place.asked.skills or not widening:
            return None
        by, coming = widened(widening, place.lowered_by, contact.arrived_at, self.now)
        if by > place.lowered_by:
            place.lowered_by, place.need = by, lowered(place.asked, by)
            self.order(ReportWidening(contact=contact.id, queue=place.queue, lowered_by=by))
        return coming

    def step_out(self, contact: Contact) -> None:
        """Take a contact out of its lines."""
        self.deadlines.cancel((STEP, contact.id))
        self.floor.leave(contact)

    def agent_came_or_went(self, agent: Agent) -> None:
        """Who waits for an agent who logged in or out stands elsewhere now."""
        for contact in tuple(self.floor.wanted.get(agent.id, {}).values()):
            if contact.state is ContactState.WAITING:
                self.line_up_anew(contact)

    def take_out(self, cause: str, contact: Contact) -> None:
        """Take a contact out of its lines or its conversation, to be given to a queue; raises `InvalidEvent`."""
        self.tell_contact(cause, contact, ContactTrigger.MOVED)
        self.floor.forget(contact)

    def give_to(
        self, contact: Contact, queue: Queue, places: tuple[Place, ...], stay: Stay | None = None
    ) -> None:
        """Let a contact that is nowhere wait in these places, by the rules of a queue; `stay` as of before a restart."""
        contact.places, contact.place = places, places[0]
        self.floor.give(contact, queue.name, self.now, stay)
        self.floor.enter(contact)
        self.line_up(contact)

    def line_up_anew(self, contact: Contact) -> None:
        """Let a contact that stands in lines stand there by the rules of now; it keeps its place."""
        self.step_out(contact)
        self.line_up(contact)
        self.floor.due[contact.id] = contact  # other rules, or nobody at all, may be for it now

    # ---- presence ----------------------------------------------------------------------------------

    def wish(self, cause: str, agent: Agent, trigger: AgentTrigger, reason: str) -> None:
        """Change the presence now or, in a call, keep the wish until it is over.  The last wish counts."""
        if agent.activity not in IN_CALL:
            agent.pending, agent.pending_reason = None, ""  # in the wrap-up one of the call may be left
            self.tell_agent(cause, agent, trigger, reason)
            return
        presence = DEFERRED[trigger]
        is_so_already = presence is Presence.READY and agent.presence is Presence.READY
        agent.pending, agent.pending_reason = (None, "") if is_so_already else (presence, reason)
        if agent.pending is Presence.NOT_READY:
            self.revoke(agent)
        self.settle(agent)

    def restore_wish(self, agent: Agent, presence: Presence | None, reason: str) -> None:
        """Know what an agent asked for in a call of before a restart.

        Where that call is over by now it is done at once; a phone that is lost takes it back.
        """
        if not agent.reachable:
            return
        agent.pending, agent.pending_reason = presence, reason
        if agent.activity not in IN_CALL and agent.presence is not Presence.WRAP_UP:
            self.apply_pending(agent)

    def apply_pending(self, agent: Agent) -> None:
        """Do what was asked for during the call, if anything was."""
        presence, reason = agent.pending, agent.pending_reason
        if presence is not None:
            agent.pending, agent.pending_reason = None, ""
            agent.apply(APPLIED_LATER[presence], self.now, reason)
            self.settle(agent)

    def hand_back(self, contact: Contact, agent: Agent) -> None:
        """A contact of another medium than voice, which is nowhere yet, is in an agent's hands."""
        self.tally["restored"] += 1
        self.floor.give(contact, contact.queue, self.now)
        self.floor.enter(contact)
        for step in (ContactTrigger.OFFERED, ContactTrigger.ACCEPTED):  # the way it once went
            contact.apply(step)
        contact.agent = agent.id
        agent.take_up(Task(contact.id, contact.medium, Activity.TALKING), self.now)
        self.report_contact(contact)

    def begin_wrap_up(self, agent: Agent, queue: Queue) -> None:
        """After a conversation: wrap-up first, then what was asked for during the call.

        Who lost the phone meanwhile stays away without one, unless ready was asked for since.  One that runs still, for
        an earlier conversation, goes on until both are over.
        """
        seconds = queue.definition.wrap_up_s if agent.wrap_up_s is None else agent.wrap_up_s
        if agent.presence is not Presence.READY or seconds == 0:
            if agent.presence is Presence.WRAP_UP and seconds != 0:
                self._prolong_wrap_up(agent, seconds)
                return
            self.apply_pending(agent)
        if agent.presence is Presence.READY and seconds != 0:
            agent.apply(AgentTrigger.WRAP_UP_BEGAN, self.now)
            self.revoke(agent)
            if seconds is not None:
                self.deadlines.set((WRAP_UP, agent.id), self.now + seconds)

    def _prolong_wrap_up(self, agent: Agent, seconds: float | None) -> None:
        until = self.wrap_up_until(agent)
        if until is None or seconds is None:
            self.deadlines.cancel((WRAP_UP, agent.id))
        else:
            self.deadlines.set((WRAP_UP, agent.id), max(until, self.now + seconds))

    def end_wrap_up(self, cause: str, agent: Agent) -> None:
        """Wrap-up is over: ready, or what was asked for during the call (in another call, after that one)."""
        self.tell_agent(cause, agent, AgentTrigger.WRAP_UP_ENDED)
        if agent.activity not in IN_CALL:
            self.apply_pending(agent)

    def wrap_up_until(self, agent: Agent) -> float | None:
        """When a timed wrap-up ends; None when none runs."""
        return self.deadlines.at((WRAP_UP, agent.id))

    # ---- offers ------------------------------------------------------------------------------------

    def match(self) -> None:
        """Offer every contact that can be offered now."""
        floor = self.floor
        while floor.fresh_contacts or floor.fresh_agents:
            pairing = next_pairing(floor, self.now)
            if pairing is not None:
                self._offer(pairing)
                continue
            for agent in floor.fresh_agents.values():
                if agent.is_available:
                    self._join_ringing(agent)
            floor.fresh_contacts.clear()
            floor.fresh_agents.clear()

    def _offer(self, pairing: Pairing) -> None:
        contact, agent, turn = pairing
        place = place_with(self.floor, contact, agent)
        queue = self.floor.queues[place.queue]
        if self._witness is not None:
            self._witness(self.floor, pairing, place, self.now)
        if self._explains:
            notes = explain(self.floor, pairing, place, self.now)
            self.order(RecordDecision(offer=self._offer_id(self._offers_made + 1), notes=notes))
        self.step_out(contact)
        self.floor.belong(contact, place)
        contact.apply(ContactTrigger.OFFERED)
        if contact.is_callback and place.agent is None:
            self.floor.begin_callback(contact)
        self._ring(contact, agent, queue, turn)
        if queue.rings_all and place.agent is None:
            queue.ringing[contact.id] = contact
            able = available(self.floor, place)
            others = [each for each in able if each is not agent and self.floor.may_serve(each, contact)]
            for other in others[: queue.definition.ring_most - 1]:
                self._ring_along(contact, other, queue)
        self.report_contact(contact)

    def _join_ringing(self, agent: Agent) -> None:
        """Let an agent who came free and has nobody to take ring along with the others."""
        for name in agent.queues:
            queue = self.floor.queues[name]
            for contact in queue.ringing.values():
                if (
                    contact.medium in agent.open_media
                    and contact.id not in agent.tasks
                    and len(contact.offers) < queue.definition.ring_most
                    and agent.fit(contact.place.need) is not None
                    and self.floor.may_serve(agent, contact)
                ):
                    self._ring_along(contact, agent, queue)

    def _ring_along(self, contact: Contact, agent: Agent, queue: Queue) -> None:
        if self._explains:
            offer = self._offer_id(self._offers_made + 1)
            self.order(RecordJoin(offer=offer, contact=contact.id, agent=agent.id, queue=queue.name))
        self._ring(contact, agent, queue)

    def _ring(self, contact: Contact, agent: Agent, queue: Queue, turn: Turn | None = None) -> None:
        self._offers_made += 1
        phase = 0 if turn is None else turn.ledger.count(turn.region, turn.present)
        offer = Offer(self._offer_id(self._offers_made), contact, agent, turn, phase)
        until = self.now + queue.definition.ring_time_s
        queue.turns += 1
        agent.turns[queue.name] = queue.turns
        follow = AGENT_FOLLOWS[ContactState.WAITING, ContactTrigger.OFFERED]
        if contact.medium is Medium.VOICE:
            agent.apply(follow, self.now)
            agent.contact, agent.offer = contact.id, offer.id
        else:
            task = Task(contact.id, contact.medium)
            agent.apply(follow, self.now, task=task)
            agent.take_up(task, self.now)
            task.offer = offer.id
        contact.offers[offer.id] = agent.id
        contact.agent = contact.agent or agent.id
        self.offers[offer.id] = offer
        self.deadlines.set((RING, offer.id), until)
        self.tally["offered"] += 1
        self.order(
            OfferContact(
                offer=offer.id,
                contact=contact.id,
                agent=agent.id,
                queue=contact.queue,
                ring_until=until,
                medium=contact.medium,
                is_callback=contact.is_callback,
            )
        )
        self.settle(agent)

    def _offer_id(self, number: int) -> OfferId:
        return OfferId(f"{self._run}o{number}")

    def _end_offer(self, name: OfferId, cause: WithdrawCause | None, *, is_answered: bool = False) -> Offer:
        """An offer runs no more; with a cause the phone is told."""
        offer = self.offers.pop(name)
        contact, agent = offer.contact, offer.agent
        self.deadlines.cancel((RING, name))
        task = agent.tasks.get(contact.id)
        if task is None:
            agent.offer, agent.contact = None, None
        elif is_answered:
            task.offer = None
        else:
            agent.put_down(task, self.now)
        del contact.offers[name]
        contact.agent = next(iter(contact.offers.values()), None)
        if not contact.offers:
            self.floor.queues[contact.queue].ringing.pop(contact.id, None)
        if offer.turn is not None and not is_answered:
            offer.turn.ledger.take_back(offer.turn.region, offer.phase)
        if cause is not None:
            self.tally["rang_out" if cause is WithdrawCause.RING_TIMEOUT else "withdrawn"] += 1
            self.order(WithdrawOffer(offer=name, contact=contact.id, agent=agent.id, cause=cause))
        return offer

    # ---- traces ------------------------------------------------------------------------------------

    def settle(self, agent: Agent) -> None:
        """File an agent by the state it has now, and remember to report it."""
        if agent.presence is not Presence.WRAP_UP:
            self.deadlines.cancel((WRAP_UP, agent.id))
        if agent.reason != NO_ANSWER:
            self.deadlines.cancel((RETURN, agent.id))
        self.floor.settle(agent)
        self._changed_agents[agent.id] = agent

    def report_contact(self, contact: Contact) -> None:
        """Remember to report a contact."""
        self._changed_contacts[contact.id] = contact

    def order(self, command: Command) -> None:
        """Have something done."""
        self._orders.append(command)

    def answer(self) -> tuple[Command, ...]:
        """Return what is to be done, and then a report of everybody who is not as last reported."""
        answer, self._orders = self._orders, []
        for contact in self._changed_contacts.values():
            if not views.is_reported(contact):
                contact.reported = views.contact_report(contact)
                answer.append(contact.reported)
        for agent in self._changed_agents.values():
            until = self.wrap_up_until(agent)
            if not views.is_agent_reported(agent, until):
                agent.reported = views.agent_report(agent, until)
                answer.append(agent.reported)
        self._changed_contacts.clear()
        self._changed_agents.clear()
        return tuple(answer)
