"""Who is there: all queues, agents and contacts, indexed for the questions that matching asks.

The indexes follow the states, never the other way round: after a change of an agent `settle` files it anew, a
contact that waits is put in its line by `stand` and taken out by `leave`.  What was filed anew is *fresh*: only a
pair with a fresh agent or a fresh contact can have become possible, so matching looks at nothing else.
"""

from acd.agent import Agent
from acd.contact import Contact
from acd.events import QueueDefined
from acd.names import AgentId, ContactId, QueueName
from acd.ranking import Key, Ranking
from acd.strategies import strategy_named
from acd.waiting_line import WaitingLine


class Queue:
    """A queue with its line and its agents."""

    __slots__ = (
        "contacts",
        "declined",
        "definition",
        "free",
        "free_keys",
        "line",
        "name",
        "on_duty",
        "strategy",
    )

    def __init__(self, definition: QueueDefined) -> None:
        """Begin without anybody; raises `UnknownStrategy`."""
        self.name = definition.queue
        self.definition = definition
        self.strategy = strategy_named(definition.strategy)
        self.line = WaitingLine()
        self.contacts: dict[ContactId, Contact] = {}  # waiting, offered or connected
        self.declined: dict[ContactId, Contact] = {}  # waiting, and declined by somebody
        self.free: Ranking[Agent] = Ranking()  # available now, in the order of the strategy
        self.free_keys: dict[AgentId, Key] = {}
        self.on_duty: set[AgentId] = set()

    def redefine(self, definition: QueueDefined) -> None:
        """Take new rules; who waits stays.  Raises `UnknownStrategy` and changes nothing."""
        strategy = strategy_named(definition.strategy)
        agents = tuple(self.free)
        self.definition = definition
        self.strategy = strategy
        for agent in agents:
            self.withdraw(agent)
        for agent in agents:
            self.admit(agent)

    def admit(self, agent: Agent) -> None:
        """File an agent as free."""
        key = self.free_keys[agent.id] = self.strategy(agent)
        self.free.add(key, agent)

    def withdraw(self, agent: Agent) -> None:
        """Take an agent out of the free ones; raises `KeyError`."""
        self.free.remove(self.free_keys.pop(agent.id))

    def may_serve(self, agent: Agent, contact: Contact) -> bool:
        """Whether the agent may be offered this contact.

        One who declined it is left out as long as somebody else who serves the queue is on duty: that one will come
        free.  When nobody else is, the contact is better offered again than never.
        """
        declined_by = contact.declined_by
        if agent.id not in declined_by:
            return True
        return all(name in declined_by for name in self.on_duty)


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
                queue.on_duty.add(agent.id)
            elif agent.id in queue.on_duty:
                queue.on_duty.remove(agent.id)
                # Nobody else may be left for what others declined.
                self.fresh_contacts.update(queue.declined)
            if is_available == (agent.id in queue.free_keys):
                continue
            if is_available:
                queue.admit(agent)
            else:
                queue.withdraw(agent)
        if is_available:
            self.fresh_agents[agent.id] = agent

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
        queue.line.join(contact)
        if contact.declined_by:
            queue.declined[contact.id] = contact
        self.fresh_contacts[contact.id] = contact

    def leave(self, contact: Contact) -> None:
        """Take a contact out of the line; it stays one of its queue."""
        queue = self.queues[contact.queue]
        queue.line.leave(contact)
        queue.declined.pop(contact.id, None)
        self.fresh_contacts.pop(contact.id, None)
