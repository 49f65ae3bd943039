"""Who is there: all queues, agents and contacts, indexed for the questions that matching asks.

The indexes follow the states, never the other way round: after a change of an agent `settle` files it anew, a
contact that waits is put in its line by `stand` and taken out by `leave`.  What was filed anew is *fresh*: only a
pair with a fresh agent or a fresh contact can have become possible, so matching looks at nothing else.
"""

from acd.agent import Agent
from acd.contact import TIMELESS, Ageing, Contact, Place
from acd.events import QueueDefined
from acd.free_agents import FreeAgents
from acd.names import AgentId, ContactId, QueueName
from acd.skills import Need
from acd.strategies import RING_ALL, strategy_named
from acd.waiting_line import WaitingLine


class Queue:
    """A queue with its line and its agents."""

    __slots__ = (
        "contacts",
        "declined",
        "definition",
        "free",
        "line",
        "name",
        "on_duty",
        "ringing",
        "turns",
    )

    def __init__(self, definition: QueueDefined) -> None:
        """Begin without anybody; raises `UnknownStrategy`."""
        self.name = definition.queue
        self.definition = definition
        self.line = WaitingLine()
        self.contacts: dict[ContactId, Contact] = {}  # waiting, offered or connected
        self.declined: dict[ContactId, Contact] = {}  # waiting, and declined by somebody
        self.free = FreeAgents(self.name, strategy_named(definition.strategy))
        self.on_duty: dict[AgentId, Agent] = {}
        self.ringing: dict[ContactId, Contact] = {}  # offered to all who are free, and to those who come free
        self.turns = 0  # offers made

    def redefine(self, definition: QueueDefined) -> None:
        """Take new rules; who waits stays.  Raises `UnknownStrategy` and changes nothing."""
        free = FreeAgents(self.name, strategy_named(definition.strategy))
        for agent in self.free:
            free.admit(agent)
        self.definition = definition
        self.free = free

    @property
    def rings_all(self) -> bool:
        """Whether all who are free ring together."""
        return self.definition.strategy == RING_ALL

    def place_for(self, need: Need) -> Place:
        """Return a place for a newcomer, by the rules that hold now."""
        definition = self.definition
        if definition.ageing_s is None and definition.promotion_s is None:
            return Place(self.name, need, TIMELESS)
        return Place(self.name, need, Ageing(definition.ageing_s, definition.promotion_s))

    def may_serve(self, agent: Agent, contact: Contact) -> bool:
        """Whether the agent may be offered this contact.

        One who declined it is left out as long as somebody else is on duty who can serve it: that one will come free.
        When nobody else is, the contact is better offered again than never.
        """
        declined_by = contact.declined_by
        if agent.id not in declined_by:
            return True
        need = contact.place.need
        return all(each.id in declined_by or each.fit(need) is None for each in self.on_duty.values())


class Floor:
    """All of them."""

    def __init__(self) -> None:
        """Begin empty."""
        self.queues: dict[QueueName, Queue] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.contacts: dict[ContactId, Contact] = {}
        self.fresh_agents: dict[AgentId, Agent] = {}
        self.fresh_contacts: dict[ContactId, Contact] = {}

    def settle(self, agent: Agent) -> None:
        """File an agent by the state that it has now."""
        is_available, is_on_duty = agent.is_available, agent.is_on_duty
        for name in agent.queues:
            queue = self.queues[name]
            if is_on_duty:
                queue.on_duty[agent.id] = agent
            elif agent.id in queue.on_duty:
                del queue.on_duty[agent.id]
                # Nobody else may be left for what others declined.
                self.fresh_contacts.update(queue.declined)
            if is_available == (agent.id in queue.free):
                continue
            if is_available:
                queue.free.admit(agent)
            else:
                queue.free.withdraw(agent)
        if is_available:
            self.fresh_agents[agent.id] = agent

    def take_off(self, agent: Agent) -> None:
        """Take an agent out of all files of their queues, until settled again."""
        for name in agent.queues:
            queue = self.queues[name]
            queue.on_duty.pop(agent.id, None)
            self.fresh_contacts.update(queue.declined)
            if agent.id in queue.free:
                queue.free.withdraw(agent)

    def enter(self, contact: Contact) -> None:
        """A contact is here, and of its queue."""
        self.contacts[contact.id] = contact
        self.queues[contact.queue].contacts[contact.id] = contact

    def forget(self, contact: Contact) -> None:
        """A contact that is in no line is not here any more."""
        del self.queues[contact.queue].contacts[contact.id]
        del self.contacts[contact.id]

    def stand(self, contact: Contact) -> None:
        """Put a waiting contact in the line of its queue."""
        queue = self.queues[contact.queue]
        queue.line.join(contact, contact.place)
        if contact.declined_by:
            queue.declined[contact.id] = contact
        self.fresh_contacts[contact.id] = contact

    def leave(self, contact: Contact) -> None:
        """Take a contact out of the line; it stays one of its queue."""
        queue = self.queues[contact.queue]
        queue.line.leave(contact, contact.place)
        queue.declined.pop(contact.id, None)
        self.fresh_contacts.pop(contact.id, None)
