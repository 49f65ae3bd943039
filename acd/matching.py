"""Who gets whom: one pure look at the floor.

Called after every change until it finds nothing.  Before a change no possible pair is left over, so each new one
has a fresh agent or a fresh contact in it.  A pair is made of two who are each other's first: the agent would take no
other contact, and the contact would go to no other agent, fresh or not.  So nobody is passed over, whatever became
possible at one moment.

A contact looks for an agent in its lines in the order of its table, in each for the one whom the strategy of the queue
puts first.  An agent takes of all heads that they may serve the first in the order of their selection (`acd.criteria`).  Contacts before it that they may not serve are stepped over and keep
their place.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from acd.agent import Agent
from acd.contact import Contact, Place
from acd.criteria import SELECTION, Selection
from acd.floor import Floor, Queue
from acd.names import AgentId
from acd.ranking import Key, Ranking
from acd.shares import Ledger
from acd.waiting_line import WaitingLine


class Head(NamedTuple):
    """The first of one kind of contact, and what an agent looks at: all smallest first."""

    is_anybodys: bool
    priority: int
    level: int
    skill: int
    arrival: Key
    contact: Contact


_PLACES: Mapping[Selection, int] = {
    Selection.OWN: 0,
    Selection.PRIORITY: 1,
    Selection.LEVEL: 2,
    Selection.SKILL: 3,
    Selection.ARRIVAL: 4,
}


URGENCY = (Selection.OWN, Selection.PRIORITY, Selection.LEVEL)
"""What most agents look at before all else: lines are sorted by it, so that what follows in one need not be looked at."""


_EARLIEST: Key = ()  # before every arrival


class Turn(NamedTuple):
    """A region's turn by its share, to be counted when the contact is offered."""

    ledger: Ledger
    region: str
    present: frozenset[str]


class Pairing(NamedTuple):
    """A contact and the agent that it is to be offered to."""

    contact: Contact
    agent: Agent
    turn: Turn | None = None


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
        if agent.is_available:
            wanted, turn = choose(floor, agent, now)
            if wanted is not None:
                own = Pairing(wanted, agent, turn)
                # Nobody else was free for who waited before, so where only one came free there is nobody to compare.
                return own if len(floor.fresh_agents) == 1 else _each_others_first(floor, wanted, now, own)
    return None


def _each_others_first(
    floor: Floor, contact: Contact, now: float, known: Pairing | None = None
) -> Pairing | None:
    """Go from a contact to the agent whom it would have, from there to the contact whom that one would rather have,
    and so on, until two are each other's first; None when nobody is free for the contact.

    Where wishes go round in a circle, the agent's counts.  `known` is the wish of an agent who was asked already.
    """
    asked: set[AgentId] = set()
    agent = best_agent(floor, contact)
    while agent is not None:
        if known is not None and known.agent is agent:
            return known
        wanted, turn = choose(floor, agent, now)
        wanted = wanted or contact
        if wanted is contact or agent.id in asked:
            return Pairing(wanted, agent, turn)
        asked.add(agent.id)
        contact = wanted
        agent = best_agent(floor, contact)
    return None


def choose(floor: Floor, agent: Agent, now: float) -> tuple[Contact | None, Turn | None]:
    """Return the contact that a free agent takes first, and the turn of its region if shares decided or count it."""
    order = floor.selections.get(agent.selection, SELECTION)
    shares = floor.shares.get(agent.shares)
    if shares is not None and Selection.REGION in order:
        return _by_shares(floor, agent, order, shares, now)
    found = heads(floor, agent, now, order)
    best = min(found, key=key_getter(order), default=None)
    return (None if best is None else best.contact), None


def _by_shares(
    floor: Floor, agent: Agent, order: tuple[Selection, ...], shares: Mapping[str, float], now: float
) -> tuple[Contact | None, Turn | None]:
    """Choose among the regions of those who are equal in what goes before; who is of no region waits among them."""
    place = order.index(Selection.REGION)
    found = heads(floor, agent, now, order[:place])
    if not found:
        return None, None
    equal = sorted(found, key=key_getter(order[place + 1 :]))
    if equal[0].contact.region not in shares:
        return equal[0].contact, None
    present = frozenset(head.contact.region for head in equal) & shares.keys()
    ledger = floor.ledger(agent.shares, equal[0].level, present)
    region = ledger.next_region(present)
    contact = next(head.contact for head in equal if head.contact.region == region)
    return contact, Turn(ledger, region, present)


def heads(floor: Floor, agent: Agent, now: float, order: tuple[Selection, ...] = ()) -> list[Head]:
    """The first of each kind of contact that an agent may serve, of all lines.

    With an `order` only those that are equal, and before all others, in all of its criteria.

    The hottest loop of all: over the kinds of contact that wait, at every decision of an agent.
    """
    found: list[tuple[bool, int, int, int, Key, Contact]] = []  # a head takes longer to make: few are kept
    best: Any = None  # the key of those found
    key_of = key_getter(order, is_whole=False)
    is_sorted = order[:3] == URGENCY
    is_unsorted = bool(order) and not is_sorted
    is_own_first = order[:1] == (Selection.OWN,)
    leading = order[1] if is_own_first and len(order) > 1 else None
    most_urgent = (0, 0)
    best_level = best_skill = 0
    fits, open_media = agent.fits, agent.open_media
    has_room_for_all = open_media == agent.capacities.media  # what fits then needs no second look
    for queue, line, base in lines(floor, agent):
        is_anybodys = queue is not None
        if is_anybodys and is_own_first and found and not found[0][0]:
            break
        for steps, level, _, bucket in line.fronts(now):
            priority = base + steps
            if found:
                if is_sorted and (priority, level) > most_urgent:
                    break  # nobody of the kind is more urgent than its first, and no kind that follows is
                if leading is Selection.LEVEL and level > best_level:
                    continue
            fit = fits[bucket.need]
            if fit is None or not (has_room_for_all or bucket.need.medium in open_media):
                continue
            if found and leading is Selection.SKILL and -fit > best_skill:
                continue
            if found and is_unsorted and key_of((is_anybodys, priority, level, -fit, _EARLIEST)) > best:
                continue
            if bucket.is_callback and queue is not None and queue.has_callbacks_enough:
                continue
            contact, arrival = bucket.first, bucket.arrival
            if contact.declined_by:
                other = first_servable(floor, bucket.contacts, agent)
                if other is None:
                    continue
                contact, arrival = other, other.arrival
                won, reached = contact.urgency(bucket.ageing, now)
                priority, level = base - won, -reached  # noqa: PLW2901  of the one who comes in place of the first
            head = (is_anybodys, priority, level, -fit, arrival, contact)
            key = key_of(head)
            if key != best:
                if found and key > best:
                    continue
                found.clear()
                best, most_urgent, best_level, best_skill = key, (priority, level), level, -fit
            found.append(head)
    return [Head._make(head) for head in found]


def lines(floor: Floor, agent: Agent) -> Iterator[tuple[Queue | None, WaitingLine, int]]:
    """The lines that an agent serves and somebody waits in, with the queue and what its priority is to the agent."""
    own = floor.own_lines.get(agent.id)
    if own is not None:
        yield None, own, 0
    queues, priorities = floor.queues, agent.priorities
    for name in agent.queues:
        queue = queues[name]
        if queue.line.length:
            yield queue, queue.line, -priorities.get(name, queue.definition.priority)


@cache
def key_getter(order: tuple[Selection, ...], *, is_whole: bool = True) -> Callable[[tuple[Any, ...]], Any]:
    """Return what makes a key of a head by criteria; a whole one ends with arrival, so that no two are equal."""
    places = [_PLACES[criterion] for criterion in order if criterion in _PLACES]
    if is_whole:
        places.append(_PLACES[Selection.ARRIVAL])
    return itemgetter(*places) if places else lambda _: ()


def first_servable(floor: Floor, contacts: Ranking[Contact], agent: Agent) -> Contact | None:
    """The first of one kind whom an agent may be offered, some of them having been declined."""
    for contact in contacts:
        if floor.may_serve(agent, contact):
            return contact
    return None


def best_agent(floor: Floor, contact: Contact) -> Agent | None:
    """Return the free agent for a waiting contact: its lines in the order of its table."""
    for place in contact.standing:
        if is_over_number(floor, contact, place) or not is_anybody_free(floor, place):
            continue
        for agent in available(floor, place):
            if floor.may_serve(agent, contact):
                return agent
    return None


def is_anybody_free(floor: Floor, place: Place) -> bool:
    """Whether there may be a free agent for a place: mostly there is none while contacts wait, and nobody is looked for."""
    return place.agent is not None or bool(floor.unfiled) or bool(floor.queues[place.queue].free)


def available(floor: Floor, place: Place) -> Iterator[Agent]:
    """Return the free agents for a place, best first.  Nobody may come or go meanwhile."""
    if place.agent is None:
        floor.file_free()
        return floor.queues[place.queue].free.best_first(place.need)
    agent = floor.agents.get(place.agent)
    return iter(() if agent is None or not _is_free_for(agent, place) else (agent,))


def place_with(floor: Floor, contact: Contact, agent: Agent) -> Place:
    """Return the first place of a waiting contact in which a free agent may serve it; there must be one."""
    return next(
        place
        for place in contact.standing
        if place.agent == agent.id
        or (
            place.agent is None
            and place.queue in agent.queues
            and agent.fit(place.need) is not None
            and not is_over_number(floor, contact, place)
        )
    )


def is_over_number(floor: Floor, contact: Contact, place: Place) -> bool:
    """Whether a contact is a callback and enough of those of a place's queue are under way; one's own are not counted."""
    return contact.is_callback and place.agent is None and floor.queues[place.queue].has_callbacks_enough


def _is_free_for(agent: Agent, place: Place) -> bool:
    return place.need.medium in agent.open_media and agent.fit(place.need) is not None
