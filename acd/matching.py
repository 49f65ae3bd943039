"""Who gets whom: one pure look at the floor.

Called after every change until it finds nothing.  Before a change no possible pair is left over, so each new one
has a fresh agent or a fresh contact in it, and among those

1. the contact that comes first is served first: a fresh one, or the one that a fresh agent would take;
2. it gets the best-skilled free agent, among equals the one whom the strategy of its queue puts first, fresh or not.

An agent takes of all heads that they may serve the one of the highest queue priority, then of the highest level, then
of their own best skill, then the first come.  Contacts before it that they may not serve are stepped over and keep
their place.
"""

from typing import NamedTuple

from acd.agent import Agent
from acd.contact import Contact
from acd.floor import Floor, Queue
from acd.ranking import Key, Ranking


class Pairing(NamedTuple):
    """A contact and the agent that it is to be offered to."""

    contact: Contact
    agent: Agent


def next_pairing(floor: Floor, now: float) -> Pairing | None:
    """Return the pair to be made next; None when none is possible."""
    chosen: Contact | None = None
    chosen_rank: Key = ()
    for contact in floor.fresh_contacts.values():
        rank = _rank(floor, contact, now)
        if (chosen is None or rank < chosen_rank) and best_agent(floor, contact) is not None:
            chosen, chosen_rank = contact, rank
    for agent in floor.fresh_agents.values():
        found = best_contact(floor, agent, now) if agent.is_available else None
        if found is not None and (chosen is None or _rank(floor, found, now) < chosen_rank):
            chosen, chosen_rank = found, _rank(floor, found, now)
    taker = None if chosen is None else best_agent(floor, chosen)
    return None if chosen is None or taker is None else Pairing(chosen, taker)


def _rank(floor: Floor, contact: Contact, now: float) -> Key:
    """Order among contacts, whoever serves them."""
    steps, level = contact.urgency(contact.place.ageing, now)
    return (
        -floor.queues[contact.queue].definition.priority - steps,
        -level,
        contact.arrived_at,
        contact.serial,
    )


def best_contact(floor: Floor, agent: Agent, now: float) -> Contact | None:
    """Return the contact that a free agent takes first."""
    best: Contact | None = None
    best_rank: Key = ()
    for name in agent.queues:
        queue = floor.queues[name]
        if not len(queue.line):
            continue
        priority = agent.priorities.get(name, queue.definition.priority)
        for bucket in queue.line.buckets():
            fit = agent.fit(bucket.need)
            contact = None if fit is None else _first_servable(queue, bucket.contacts, agent)
            if contact is None or fit is None:
                continue
            steps, level = contact.urgency(bucket.ageing, now)
            rank = (-priority - steps, -level, -fit, contact.arrived_at, contact.serial)
            if best is None or rank < best_rank:
                best, best_rank = contact, rank
    return best


def _first_servable(queue: Queue, contacts: Ranking[Contact], agent: Agent) -> Contact | None:
    for contact in contacts:
        if queue.may_serve(agent, contact):
            return contact
    return None


def best_agent(floor: Floor, contact: Contact) -> Agent | None:
    """Return the free agent for a waiting contact."""
    queue = floor.queues[contact.queue]
    for agent in queue.free.best_first(contact.place.need):
        if queue.may_serve(agent, contact):
            return agent
    return None
