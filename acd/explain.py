"""Makes the record of a decision from the floor, just before it is carried out, and tells why somebody waits.

What it costs does not depend on how many wait or serve: heads and the first few, and counts that are kept anyway.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from acd.agent import Agent
from acd.agent_state import AgentCondition
from acd.contact import Contact, Place
from acd.criteria import SELECTION
from acd.decision import (
    MOST_CANDIDATES,
    AgentCandidate,
    ContactCandidate,
    Decision,
    Excluded,
    Exclusion,
)
from acd.floor import Floor, Queue
from acd.matching import Pairing, available, is_over_number, key_getter, lines
from acd.medium import Medium
from acd.names import AgentId
from acd.ranking import Key
from acd.skills import ANYBODY, Need
from acd.strategies import order_named
from acd.waiting_line import Bucket

Counts = dict[str, int]
"""How many by reason."""

HeadValues = tuple[bool, int, int, int, Key, Contact]
"""What a `matching.Head` holds."""


def explain(floor: Floor, pairing: Pairing, place: Place, now: float) -> Decision:
    """Return the record of a pairing that is about to be made."""
    contact, agent, turn = pairing
    order = floor.selections.get(agent.selection, SELECTION)
    found, contacts_excluded = _contacts(floor, agent, now)
    found.sort(key=key_getter(order))
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


def _contacts(floor: Floor, agent: Agent, now: float) -> tuple[list[HeadValues], Counts]:
    """The first of each kind that an agent may serve, and how many others there are for each reason: in one pass."""
    found: list[HeadValues] = []
    counts: Counts = {}
    here = left_out = 0
    fits, open_media = agent.fits, agent.open_media
    for queue, line, base in lines(floor, agent):
        here += len(line)
        is_anybodys = queue is not None
        for steps, level, _, bucket in line.fronts(now):
            fit = fits[bucket.need]
            first = bucket.first
            if bucket.need.medium not in open_media:
                number, reason = len(bucket.contacts), Exclusion.MEDIUM
            elif bucket.is_callback and queue is not None and queue.has_callbacks_enough:
                number, reason = len(bucket.contacts), Exclusion.QUOTA
            elif fit is None:
                number, reason = len(bucket.contacts), Exclusion.SKILL
            elif not first.declined_by:
                found.append((is_anybodys, base + steps, level, -fit, bucket.arrival, first))
                continue
            else:
                number, reason = 0, Exclusion.DECLINED
                for contact in bucket.contacts:
                    if floor.may_serve(agent, contact):
                        won, reached = contact.urgency(bucket.ageing, now)
                        found.append((is_anybodys, base - won, -reached, -fit, contact.arrival, contact))
                        break
                    number += 1
            counts[reason] = counts.get(reason, 0) + number
            left_out += number
    counts[Exclusion.BEHIND] = here - left_out - len(found)
    return found, counts


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
        roomy = queue.free.able(ANYBODY if place.need.medium is Medium.VOICE else Need((), place.need.medium))
        counts[Exclusion.SKILL] += roomy - queue.free.able(place.need)
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
        counts[Exclusion.MEDIUM] += free - queue.free.able(ANYBODY)
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
