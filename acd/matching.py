"""Who gets whom: one pure look at the floor.

Called after every change until it finds nothing.  Before a change no possible pair is left over, so each new one
has a fresh agent or a fresh contact in it.  A pair is made of two who are each other's first: the agent would take no
other contact, and the contact would go to no other agent, fresh or not.  So nobody is passed over, whatever became
possible at one moment.

A contact looks for an agent in its lines in the order of its table, in each for the best-skilled, among equals for the
one whom the strategy of the queue puts first.  An agent takes first who waits for that very agent; then, of all heads
that they may serve, the one of the highest queue priority, then of the highest level, then of their own best skill,
then the first come.  Contacts before it that they may not serve are stepped over and keep
their place.
"""

from collections.abc import Iterator
from typing import NamedTuple

from acd.agent import Agent
from acd.contact import Contact, Place
from acd.floor import Floor, Queue
from acd.names import AgentId
from acd.ranking import Key, Ranking
from acd.waiting_line import WaitingLine


class Pairing(NamedTuple):
    """A contact and the agent that it is to be offered to."""

    contact: Contact
    agent: Agent


def next_pairing(floor: Floor, now: float) -> Pairing | None:
    """Return the pair to be made next; None when none is possible.

    A contact that nobody is free for is not fresh any more: nothing that matching does frees an agent.
    """
    while floor.fresh_contacts:
        contact = next(iter(floor.fresh_contacts.values()))
        pairing = _each_others_first(floor, contact, now)
        if pairing is not None:
            return pairing
        del floor.fresh_contacts[contact.id]
    for agent in floor.fresh_agents.values():
        found = best_contact(floor, agent, now) if agent.is_available else None
        if found is not None:
            return _each_others_first(floor, found, now)
    return None


def _each_others_first(floor: Floor, contact: Contact, now: float) -> Pairing | None:
    """Go from a contact to the agent whom it would have, from there to the contact whom that one would rather have,
    and so on, until two are each other's first; None when nobody is free for the contact.

    Where wishes go round in a circle, the agent's counts.
    """
    asked: set[AgentId] = set()
    agent = best_agent(floor, contact)
    while agent is not None:
        wanted = best_contact(floor, agent, now) or contact
        if wanted is contact or agent.id in asked:
            return Pairing(wanted, agent)
        asked.add(agent.id)
        contact = wanted
        agent = best_agent(floor, contact)
    return None


def best_contact(floor: Floor, agent: Agent, now: float) -> Contact | None:
    """Return the contact that a free agent takes first: one that waits for this very agent before any other."""
    own = floor.own_lines.get(agent.id)
    if own is not None:
        _, found = _first(floor, agent, own, None, now)
        if found is not None:
            return found
    best: Contact | None = None
    best_rank: Key = ()
    for name in agent.queues:
        queue = floor.queues[name]
        if len(queue.line):
            rank, found = _first(floor, agent, queue.line, queue, now)
            if found is not None and (best is None or rank < best_rank):
                best, best_rank = found, rank
    return best


def _first(
    floor: Floor, agent: Agent, line: WaitingLine, queue: Queue | None, now: float
) -> tuple[Key, Contact | None]:
    """Return whom an agent takes first from a line, and the key of the choice."""
    priority = 0 if queue is None else agent.priorities.get(queue.name, queue.definition.priority)
    best: Contact | None = None
    best_rank: Key = ()
    for bucket in line.buckets():
        fit = agent.fit(bucket.need)
        contact = None if fit is None else _first_servable(floor, bucket.contacts, agent)
        if contact is None or fit is None:
            continue
        steps, level = contact.urgency(bucket.ageing, now)
        rank = (-priority - steps, -level, -fit, contact.arrived_at, contact.serial)
        if best is None or rank < best_rank:
            best, best_rank = contact, rank
    return best_rank, best


def _first_servable(floor: Floor, contacts: Ranking[Contact], agent: Agent) -> Contact | None:
    for contact in contacts:
        if floor.may_serve(agent, contact):
            return contact
    return None


def best_agent(floor: Floor, contact: Contact) -> Agent | None:
    """Return the free agent for a waiting contact: its lines in the order of its table."""
    for place in contact.standing:
        for agent in available(floor, place):
            if floor.may_serve(agent, contact):
                return agent
    return None


def available(floor: Floor, place: Place) -> Iterator[Agent]:
    """Return the free agents for a place, best first.  Nobody may come or go meanwhile."""
    if place.agent is None:
        return floor.queues[place.queue].free.best_first(place.need)
    agent = floor.agents.get(place.agent)
    return iter(() if agent is None or not _is_free_for(agent, place) else (agent,))


def place_with(contact: Contact, agent: Agent) -> Place:
    """Return the first place of a waiting contact in which a free agent may serve it; there must be one."""
    return next(
        place
        for place in contact.standing
        if place.agent == agent.id
        or (place.agent is None and place.queue in agent.queues and agent.fit(place.need) is not None)
    )


def _is_free_for(agent: Agent, place: Place) -> bool:
    return agent.is_available and agent.fit(place.need) is not None
