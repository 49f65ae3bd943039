"""Makes the record of a decision from the floor, just before it is carried out, and tells why somebody waits.

What it costs does not depend on how many wait or serve: heads and the first few, and counts that are kept anyway.
"""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from acd.agent import Agent
from acd.agent_state import AgentCondition
from acd.contact import Contact, Place
from acd.criteria import SELECTION, Selection
from acd.decision import (
    MOST_CANDIDATES,
    AgentCandidate,
    ContactCandidate,
    Decision,
    Excluded,
    Exclusion,
)
from acd.floor import Floor, Queue
from acd.matching import URGENCY, Pairing, available, is_over_number, key_getter, lines
from acd.medium import Medium
from acd.names import AgentId
from acd.ranking import Key
from acd.strategies import order_named
from acd.waiting_line import Bucket

Counts = dict[str, int]
"""How many by reason."""

_LEAST_URGENT = (True, math.inf, math.inf)

HeadValues = tuple[bool, int, int, int, Key, Contact]
"""What a `matching.Head` holds."""


def explain(floor: Floor, pairing: Pairing, place: Place, now: float) -> Decision:
    """Return the record of a pairing that is about to be made."""
    contact, agent, turn = pairing
    order = floor.selections.get(agent.selection, SELECTION)
    found, contacts_excluded = _contacts(floor, pairing, order, now)
    if turn is not None:  # the region whose turn it is may stand behind others: it is shown all the same
        found.sort(key=lambda head: head[5] is not contact)
    row = contact.standing.index(place)
    agents, agents_excluded = _agents(floor, pairing, row)
    return Decision(
        contact=contact.id,
        agent=agent.id,
        queue=place.queue,
        row=row,
        selection=order,
        routing=order_named(floor.queues[place.queue].definition.strategy, floor.routings),
        contacts=tuple([contact_candidate(head) for head in found[:MOST_CANDIDATES]]),
        agents=agent_candidates(agents, place),
        contacts_excluded=_counted(contacts_excluded),
        agents_excluded=_counted(agents_excluded),
        turn="" if turn is None else turn.region,
        is_circle=agents[:1] != [agent],
    )


_new = (
    tuple.__new__
)  # what a named tuple is made by, without the way through its own: of a record there are forty


def contact_candidate(head: HeadValues) -> ContactCandidate:
    """A contact with its value in every criterion."""
    is_anybodys, priority, level, skill, (arrived_at, serial), contact = head
    values = (
        contact.id,
        contact.place.queue,
        not is_anybodys,
        -priority,
        -level,
        contact.region,
        -skill,
        arrived_at,
        serial,
    )
    return _new(ContactCandidate, values)


def agent_candidates(agents: list[Agent], place: Place) -> tuple[AgentCandidate, ...]:
    """Agents with their value in every criterion, for a place."""
    queue, need = place.queue, place.need
    return tuple(
        [
            _new(
                AgentCandidate,
                (
                    agent.id,
                    (agent.fits[need] or 0) if need.skills else 0,
                    agent.idle_since,
                    agent.turns.get(queue, 0),
                    agent.taken,
                    agent.talk_s,
                    agent.occupancy,
                    agent.rank,
                ),
            )
            for agent in agents
        ]
    )


def kinds(floor: Floor, agent: Agent) -> Iterator[tuple[Queue | None, Bucket]]:
    """All kinds of contacts in the lines that an agent serves, with the queue whose line it is."""
    for queue, line, _ in lines(floor, agent):
        yield from ((queue, bucket) for bucket in line.buckets())


def _contacts(
    floor: Floor, pairing: Pairing, order: tuple[Selection, ...], now: float
) -> tuple[list[HeadValues], Counts]:
    """The first of each kind that an agent may serve, in order, and how many others there are for each reason.

    One pass over all kinds: most can be served or can not, and whoever is no callback and was not declined is asked
    nothing more.  Of the first, those may be missing that certainly are none of the `MOST_CANDIDATES` that are shown.
    """
    chosen, agent, _ = pairing
    found: list[HeadValues] = []
    counts: Counts = dict.fromkeys(Exclusion, 0)
    key_of, is_sorted = key_getter(order), order[:3] == URGENCY
    last: tuple[bool, float, float] = _LEAST_URGENT  # of those that are shown, as far as is known
    fits, open_media = agent.fits, agent.open_media
    has_room_for_all = open_media == agent.capacities.media
    left = 0
    for queue, line, base in lines(floor, agent):
        left += len(line)
        is_anybodys = queue is not None
        is_beyond = False  # of those that are shown, like all that follow in this line
        for steps, level, _, bucket in line.fronts(now):
            fit, first = fits[bucket.need], bucket.first
            if fit is not None and has_room_for_all and not bucket.is_callback and not first.declined_by:
                left -= 1
                is_beyond = is_beyond or (is_anybodys, base + steps, level) > last
                if not is_beyond or first is chosen:
                    found.append((is_anybodys, base + steps, level, -fit, bucket.arrival, first))
                continue
            reason = against_kind(agent, queue, bucket)
            if reason is not None:
                counts[reason] += len(bucket.contacts)
                continue
            for contact in bucket.contacts:
                if floor.may_serve(agent, contact):
                    won, reached = contact.urgency(bucket.ageing, now)
                    left -= 1
                    found.append((is_anybodys, base - won, -reached, -(fit or 0), contact.arrival, contact))
                    break
                counts[Exclusion.DECLINED] += 1
        if is_sorted and last is _LEAST_URGENT and len(found) >= MOST_CANDIDATES:
            found.sort(key=key_of)
            last = found[MOST_CANDIDATES - 1][:3]
    found.sort(key=key_of)
    counts[Exclusion.BEHIND] = left - sum(counts.values())
    return found, counts


def against_kind(agent: Agent, queue: Queue | None, bucket: Bucket) -> Exclusion | None:
    """Why an agent may take none of a kind; None if it is not for the kind."""
    if bucket.need.medium not in agent.open_media:
        return Exclusion.MEDIUM
    if bucket.is_callback and queue is not None and queue.has_callbacks_enough:
        return Exclusion.QUOTA
    return Exclusion.SKILL if agent.fit(bucket.need) is None else None


def _agents(floor: Floor, pairing: Pairing, row: int) -> tuple[list[Agent], Counts]:
    """The first free agents for a contact in a row of its table, and how many others there are for each reason."""
    contact, agent, _ = pairing
    place = contact.standing[row]
    if row == 0 and place.agent is None and place.need.medium is Medium.VOICE and not contact.declined_by:
        counts = floor.attendance.counts(floor.queues[place.queue].members)
        if counts.pop(AgentCondition.FREE) == 1:  # nobody but the agent: mostly so while contacts wait
            return [agent], counts
    able = available(floor, place)
    if contact.declined_by:
        able = (each for each in able if floor.may_serve(each, contact))
    return [*islice(able, MOST_CANDIDATES)], _agents_excluded(floor, contact, row)


def _agents_excluded(floor: Floor, contact: Contact, row: int) -> Counter[str]:
    """Count the agents of the contact's lines down to a row; one who serves two of them counts twice."""
    counts: Counter[str] = Counter()
    for place in contact.standing[: row + 1]:
        if place.agent is not None:
            wanted = floor.agents.get(place.agent)
            if wanted is not None and wanted.condition is not AgentCondition.FREE:
                counts[wanted.condition] += 1
            continue
        queue = floor.queues[place.queue]
        counts.update(floor.attendance.counts(queue.members))
        counts[Exclusion.SKILL] += queue.free.open_to(place.need.medium) - queue.free.able(place.need)
        _regard_media(counts, floor, queue, place)
        counts[Exclusion.DECLINED] += sum(
            each in queue.free and not floor.may_serve(floor.agents[each], contact)
            for each in contact.declined_by
        )
    del counts[AgentCondition.FREE]
    return counts


def _regard_media(counts: Counter[str], floor: Floor, queue: Queue, place: Place) -> None:
    """Whoever is free and has no room for the medium is left out for that; who is busy and has, is not left out."""
    medium = place.need.medium
    if medium is Medium.VOICE:
        free = floor.attendance.counts(queue.members).get(AgentCondition.FREE, 0)
        counts[Exclusion.MEDIUM] += free - queue.free.open_to(medium)
        return
    for agent in queue.free:
        has_room, is_free = medium in agent.open_media, agent.condition is AgentCondition.FREE
        counts[Exclusion.MEDIUM] += is_free and not has_room
        counts[agent.condition] -= has_room and not is_free


def _counted(counts: Counts) -> tuple[Excluded, ...]:
    return tuple(Excluded(str(reason), count) for reason, count in sorted(counts.items()) if count)


def reasons(floor: Floor, contact: Contact) -> tuple[tuple[AgentId, str], ...]:
    """Why each agent who serves one of a waiting contact's lines does not have it now, by agent."""
    found: dict[AgentId, str] = {}
    for place in contact.standing:
        for agent in floor.agents.values():
            serves = place.queue in agent.queues if place.agent is None else place.agent == agent.id
            if serves and (agent.id not in found or found[agent.id] == Exclusion.SKILL):
                found[agent.id] = reason_against(floor, agent, contact, place)
    return tuple(sorted(found.items()))


def reason_against(floor: Floor, agent: Agent, contact: Contact, place: Place) -> str:
    """Why an agent who serves a place of a contact could not have it there: a condition or an `Exclusion`."""
    medium = place.need.medium
    if is_over_number(floor, contact, place):
        return Exclusion.QUOTA.value
    if medium not in agent.capacities.media or (agent.is_available and medium not in agent.open_media):
        return Exclusion.MEDIUM.value
    if agent.fit(place.need) is None:
        return Exclusion.SKILL.value
    return Exclusion.DECLINED.value if agent.is_available else agent.condition.value
