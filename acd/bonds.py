"""What joins contacts and agents: offers, conversations, and what comes after them.

Here the two state machines are moved, each change with what follows from it on the other side (`joint_rules`), and
with its traces: an order to the shell, a deadline, a count, a report.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from acd import views
from acd.agent import Agent
from acd.agent_state import APPLIED_LATER, DEFERRED, IN_CALL, AgentTrigger, Presence
from acd.commands import Command, OfferContact, WithdrawCause, WithdrawOffer
from acd.contact import Contact
from acd.contact_state import ContactState, ContactTrigger
from acd.deadlines import Deadlines
from acd.errors import InvalidEvent, InvalidTransition
from acd.floor import Floor, Queue
from acd.joint_rules import AGENT_FOLLOWS, CONTACT_FOLLOWS
from acd.matching import Pairing, next_pairing
from acd.names import AgentId, ContactId, OfferId

RING, WRAP_UP, DELAY = "ring", "wrap_up", "delay"
"""Kinds of deadlines: of an offer, and two of an agent."""

WITHDRAWN: Mapping[AgentTrigger, WithdrawCause] = {
    AgentTrigger.RANG_OUT: WithdrawCause.RING_TIMEOUT,
    AgentTrigger.MADE_NOT_READY: WithdrawCause.AGENT_GONE,
    AgentTrigger.LOGGED_OUT: WithdrawCause.AGENT_GONE,
    AgentTrigger.PHONE_LOST: WithdrawCause.AGENT_GONE,
    AgentTrigger.ENGAGED: WithdrawCause.AGENT_GONE,
    AgentTrigger.OFFER_ENDED: WithdrawCause.CONTACT_LEFT,
}
"""Ends of an offer that the phone must be told of, and the cause that is given."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A running offer: an owner on each side, and a deadline among the others."""

    id: OfferId
    contact: Contact
    agent: Agent


class Bonds:
    """Moves contacts and agents, and gathers what must be ordered and reported.

    `now` is set by the engine before each event.
    """

    def __init__(self, run: str) -> None:
        """Begin with nobody there."""
        self.now = 0.0
        self.floor = Floor()
        self.offers: dict[OfferId, Offer] = {}
        self.deadlines = Deadlines()
        self.tally: Counter[str] = Counter()
        self._run = run
        self._offers_made = 0
        self._orders: list[Command] = []
        self._changed_contacts: dict[ContactId, Contact] = {}
        self._changed_agents: dict[AgentId, Agent] = {}

    # ---- one change and what follows -------------------------------------------------------------

    def tell_agent(self, cause: str, agent: Agent, trigger: AgentTrigger, reason: str = "") -> None:
        """Apply a trigger to an agent, and what follows from it to the contact on offer.

        `cause` names the event for `InvalidEvent`, which is raised when it does not fit.
        """
        follow = CONTACT_FOLLOWS.get((agent.activity, trigger))
        try:
            agent.apply(trigger, self.now, reason)
        except InvalidTransition as error:
            raise InvalidEvent(cause, f"agent {agent.id!r}", error.state) from error
        if follow is not None and agent.offer is not None:
            contact = self._end_offer(agent.offer, trigger).contact
            contact.apply(follow)
            self.floor.stand(contact)
            self.report_contact(contact)
        self.settle(agent)

    def tell_contact(self, cause: str, contact: Contact, trigger: ContactTrigger) -> None:
        """Apply a trigger to a contact, and what follows from it to its agent; raises `InvalidEvent`."""
        before = contact.state
        agent = None if contact.agent is None else self.floor.agents[contact.agent]
        try:
            contact.apply(trigger)
        except InvalidTransition as error:
            raise InvalidEvent(cause, f"contact {contact.id!r}", error.state) from error
        self.report_contact(contact)
        if before is ContactState.WAITING:
            self.floor.leave(contact)
        follow = AGENT_FOLLOWS.get((before, trigger))
        if agent is None or follow is None:
            return
        if contact.offer is not None:
            self._end_offer(contact.offer, follow)
        agent.apply(follow, self.now)
        if follow is AgentTrigger.ANSWERED:
            self.join(contact, agent)
        elif follow is AgentTrigger.TALK_ENDED:
            contact.agent, agent.contact = None, None
            self._begin_wrap_up(agent, self.floor.queues[contact.queue])
        self.settle(agent)

    def join(self, contact: Contact, agent: Agent) -> None:
        """Let each know the other."""
        contact.agent, agent.contact = agent.id, contact.id

    # ---- presence ----------------------------------------------------------------------------------

    def wish(self, cause: str, agent: Agent, trigger: AgentTrigger, reason: str) -> None:
        """Change the presence now or, in a call, keep the wish until it is over.  The last wish counts."""
        if agent.activity not in IN_CALL:
            self.tell_agent(cause, agent, trigger, reason)
            return
        presence = DEFERRED[trigger]
        is_so_already = presence is Presence.READY and agent.presence is Presence.READY
        agent.pending, agent.pending_reason = (None, "") if is_so_already else (presence, reason)
        self.settle(agent)

    def apply_pending(self, agent: Agent) -> None:
        """Do what was asked for during the call, if anything was."""
        presence, reason = agent.pending, agent.pending_reason
        if presence is not None:
            agent.pending, agent.pending_reason = None, ""
            agent.apply(APPLIED_LATER[presence], self.now, reason)
            self.settle(agent)

    def _begin_wrap_up(self, agent: Agent, queue: Queue) -> None:
        """After a conversation: wrap-up first, then what was asked for during the call.

        Who lost the phone meanwhile stays away without one, unless ready was asked for since.
        """
        seconds = queue.definition.wrap_up_s if agent.wrap_up_s is None else agent.wrap_up_s
        if agent.presence is not Presence.READY or seconds == 0:
            self.apply_pending(agent)
        if agent.presence is Presence.READY and seconds != 0:
            agent.apply(AgentTrigger.WRAP_UP_BEGAN, self.now)
            if seconds is not None:
                self.deadlines.set((WRAP_UP, agent.id), self.now + seconds)

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
            pairing = next_pairing(floor)
            if pairing is None:
                floor.fresh_contacts.clear()
                floor.fresh_agents.clear()
            else:
                self._offer(pairing)

    def _offer(self, pairing: Pairing) -> None:
        contact, agent = pairing
        self._offers_made += 1
        offer = Offer(OfferId(f"{self._run}o{self._offers_made}"), contact, agent)
        until = self.now + self.floor.queues[contact.queue].definition.ring_time_s
        follow = AGENT_FOLLOWS[contact.state, ContactTrigger.OFFERED]
        self.floor.leave(contact)
        contact.apply(ContactTrigger.OFFERED)
        agent.apply(follow, self.now)
        self.join(contact, agent)
        contact.offer = agent.offer = offer.id
        self.offers[offer.id] = offer
        self.deadlines.set((RING, offer.id), until)
        self.tally["offered"] += 1
        self.order(
            OfferContact(
                offer=offer.id, contact=contact.id, agent=agent.id, queue=contact.queue, ring_until=until
            )
        )
        self.report_contact(contact)
        self.settle(agent)

    def _end_offer(self, name: OfferId, trigger: AgentTrigger) -> Offer:
        offer = self.offers.pop(name)
        contact, agent = offer.contact, offer.agent
        self.deadlines.cancel((RING, name))
        contact.offer = agent.offer = None
        contact.agent, agent.contact = None, None
        cause = WITHDRAWN.get(trigger)
        if cause is not None:
            self.tally["rang_out" if cause is WithdrawCause.RING_TIMEOUT else "withdrawn"] += 1
            self.order(WithdrawOffer(offer=name, contact=contact.id, agent=agent.id, cause=cause))
        return offer

    # ---- traces ------------------------------------------------------------------------------------

    def settle(self, agent: Agent) -> None:
        """File an agent by the state it has now, and remember to report it."""
        if agent.presence is not Presence.WRAP_UP:
            self.deadlines.cancel((WRAP_UP, agent.id))
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
            seen = views.contact_report(contact)
            if seen != contact.reported:
                contact.reported = seen
                answer.append(seen)
        for agent in self._changed_agents.values():
            state = views.agent_report(agent, self.wrap_up_until(agent))
            if state != agent.reported:
                agent.reported = state
                answer.append(state)
        self._changed_contacts.clear()
        self._changed_agents.clear()
        return tuple(answer)
