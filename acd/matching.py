"""Who gets whom: one pure look at the floor.

Called after every change until it finds nothing.  Before a change no possible pair is left over, so each new one
has a fresh agent or a fresh contact in it, and among those

1. the contact that comes first (level, then arrival) is served first: a fresh one, or the first that a fresh agent
   may serve in any of the agent's queues;
2. it gets the free agent that the strategy of its queue puts first, fresh or not.
"""

from typing import NamedTuple

from acd.agent import Agent
from acd.contact import Contact
from acd.floor import Floor


class Pairing(NamedTuple):
    """A contact and the agent that it is to be offered to."""

    contact: Contact
    agent: Agent


def next_pairing(floor: Floor) -> Pairing | None:
    """Return the pair to be made next; None when none is possible."""
    chosen: Contact | None = None
    for contact in floor.fresh_contacts.values():
        if (chosen is None or contact.order < chosen.order) and best_agent(floor, contact) is not None:
            chosen = contact
    for agent in floor.fresh_agents.values():
        found = best_contact(floor, agent) if agent.is_available else None
        if found is not None and (chosen is None or found.order < chosen.order):
            chosen = found
    taker = None if chosen is None else best_agent(floor, chosen)
    return None if chosen is None or taker is None else Pairing(chosen, taker)


def best_contact(floor: Floor, agent: Agent) -> Contact | None:
    """Return the first contact that a free agent may serve; those before it are stepped over and keep their place."""
    best: Contact | None = None
    for name in agent.queues:
        queue = floor.queues[name]
        for contact in queue.line:
            if queue.may_serve(agent, contact):
                if best is None or contact.order < best.order:
                    best = contact
                break
    return best


def best_agent(floor: Floor, contact: Contact) -> Agent | None:
    """Return the free agent for a waiting contact."""
    queue = floor.queues[contact.queue]
    for agent in queue.free:
        if queue.may_serve(agent, contact):
            return agent
    return None
