"""Notes a decision from the floor, just before it is carried out, and tells why somebody waits.

What it costs does not depend on how many wait or serve: heads and the first few, and counts that are kept anyway.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from acd.agent import Agent
from acd.agent_state import AgentCondition
from acd.attendance import Picture
from acd.contact import Contact, Place
from acd.criteria import SELECTION, Selection
from acd.decision import MOST_CANDIDATES, AgentFigures, Counts, Exclusion, HeadNote, Notes, RowNotes
from acd.floor import Floor, Queue
from acd.matching import URGENCY, Pairing, available, is_over_number, key_getter, lines
from acd.medium import Medium
from acd.names import AgentId
from acd.ranking import Key
from acd.strategies import order_named
from acd.waiting_line import Bucket

_NONE_YET: dict[str, int] = dict.fromkeys(Exclusion, 0)

HeadValues = tuple[bool, int, int, int, Key, Contact]
"""What a `matching.Head` holds."""


def explain(floor: Floor, pairing: Pairing, place: Place, now: float) -> Notes:
    """Return the notes of a pairing that is about to be made."""
    contact, agent, turn = pairing
    order = floor.selections.get(agent.selection, SELECTION)
    found, contacts_excluded = _contacts(floor, pairing, order, now)
    if turn is not None:  # the region whose turn it is may stand behind others: it is shown all the same
        found.sort(key=lambda head: head[5] is not contact)
    row = contact.standing.index(place)
    agents, rows = _agents(floor, pairing, row)
    return Notes(
        contact=contact.id,
        agent=agent.id,
        queue=place.queue,
        row=row,
        need=place.need,
        selection=order,
        routing=order_named(floor.queues[place.queue].definition.strategy, floor.routings),
        heads=tuple([head_note(head) for head in found[:MOST_CANDIDATES]]),
        agents=agents,
        contacts_excluded=contacts_excluded,
        rows=rows,
        turn="" if turn is None else turn.region,
        is_circle=agents[0].agent != agent.id,
    )


def head_note(head: HeadValues) -> HeadNote:
    """A contact as the agent looks at it."""
    is_anybodys, priority, level, skill, arrival, contact = head
    return (
        is_anybodys,
        priority,
        level,
        skill,
        arrival,
        contact.id,
        contact.place.queue,
        contact.region,
    )


def figures_of(agent: Agent) -> AgentFigures:
    """An agent as contacts look at them now."""
    return AgentFigures(
        agent.id,
        agent.skills,
        agent.idle_since,
        agent.turns.copy(),
        agent.taken,
        agent.talk_s,
        agent.occupancy,
        agent.rank,
    )


def _figures_while_free(agent: Agent) -> AgentFigures:
    """As `figures_of` one who is filed among the free: until they are not, nothing of it changes, as no key of theirs does."""
    if agent.figures is None:
        agent.figures = figures_of(agent)
    return agent.figures


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
    counts = _NONE_YET.copy()
    key_of, is_sorted = key_getter(order), order[:3] == URGENCY
    last: tuple[bool, int, int] | None = None  # of those that are shown, as far as is known
    fits, open_media = agent.fits, agent.open_media
    has_room_for_all = open_media == agent.capacities.media
    unskilled = left = 0
    for queue, line, base in lines(floor, agent):
        left += line.length
        is_anybodys = queue is not None
        is_beyond = False  # of those that are shown, like all that follow in this line
        for steps, level, _, bucket in line.fronts(now):
            fit, first = fits[bucket.need], bucket.first
            if has_room_for_all and not bucket.is_callback:
                if fit is not None and not first.declined_by:
                    left -= 1
                    if last is not None and not is_beyond:
                        is_beyond = (is_anybodys, base + steps, level) > last
                    if not is_beyond or first is chosen:
                        found.append((is_anybodys, base + steps, level, -fit, bucket.arrival, first))
                    continue
                if fit is None and bucket.need.medium in open_media:
                    unskilled += len(bucket.contacts)
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
        if is_sorted and last is None and len(found) >= MOST_CANDIDATES:
            found.sort(key=key_of)
            last = found[MOST_CANDIDATES - 1][:3]
    found.sort(key=key_of)
    counts[Exclusion.SKILL] += unskilled
    counts[Exclusion.BEHIND] = left - sum(counts.values())
    return found, counts


def against_kind(agent: Agent, queue: Queue | None, bucket: Bucket) -> Exclusion | None:
    """Why an agent may take none of a kind; None if it is not for the kind."""
    if bucket.need.medium not in agent.open_media:
        return Exclusion.MEDIUM
    if bucket.is_callback and queue is not None and queue.has_callbacks_enough:
        return Exclusion.QUOTA
    return Exclusion.SKILL if agent.fit(bucket.need) is None else None


def _agents(
    floor: Floor, pairing: Pairing, row: int
) -> tuple[tuple[AgentFigures, ...], tuple[RowNotes, ...]]:
    """The first free agents for a contact in a row of its table, and why others were none, row by row down to it."""
    contact, agent, _ = pairing
    place, picture = contact.standing[row], floor.attendance.picture()
    if row == 0 and place.agent is None and place.need.medium is Medium.VOICE and not contact.declined_by:
        queue = floor.queues[place.queue]
        free = floor.attendance.count(queue.members, AgentCondition.FREE)
        if free == 1:  # nobody but the agent: mostly so while contacts wait
            return (figures_of(agent),), (RowNotes(queue.members, picture, {}),)
        floor.file_free()
        able, first = queue.free.first(place.need, MOST_CANDIDATES)
        open_to = queue.free.open_to(Medium.VOICE)
        counts: Counts = {Exclusion.SKILL: open_to - able, Exclusion.MEDIUM: free - open_to}
        return tuple(map(_figures_while_free, first)), (RowNotes(queue.members, picture, counts),)
    if row:  # free agents of the rows before it are counted
        floor.file_free()
    can = (each for each in available(floor, place) if floor.may_serve(each, contact))
    figures = tuple(map(figures_of, islice(can, MOST_CANDIDATES)))
    return figures, tuple(_row(floor, contact, each, picture) for each in contact.standing[: row + 1])


def _row(floor: Floor, contact: Contact, place: Place, picture: Picture) -> RowNotes:
    """Why agents of a row are no candidates; one who serves two rows counts twice."""
    if place.agent is not None:
        wanted = floor.agents.get(place.agent)
        is_busy = wanted is not None and wanted.condition is not AgentCondition.FREE
        return RowNotes(0, picture, {wanted.condition: 1} if wanted is not None and is_busy else {})
    queue = floor.queues[place.queue]
    counts: Counter[str] = Counter()
    open_to = queue.free.open_to(place.need.medium)
    counts[Exclusion.SKILL] = open_to - queue.free.able(place.need)
    counts[Exclusion.DECLINED] = sum(
        each in queue.free and not floor.may_serve(floor.agents[each], contact)
        for each in contact.declined_by
    )
    if place.need.medium is Medium.VOICE:
        free = floor.attendance.count(queue.members, AgentCondition.FREE)
        counts[Exclusion.MEDIUM] = free - open_to
    else:
        _regard_media(counts, queue, place.need.medium)
    return RowNotes(queue.members, picture, counts)


def _regard_media(counts: Counter[str], queue: Queue, medium: Medium) -> None:
    """Whoever is free and has no room for the medium is left out for that; who is busy and has, is not left out."""
    for agent in queue.free:
        has_room, is_free = medium in agent.open_media, agent.condition is AgentCondition.FREE
        counts[Exclusion.MEDIUM] += is_free and not has_room
        counts[agent.condition] -= has_room and not is_free


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
