"""Who may serve whom and who comes first, written anew: slowly, plainly, and from what the engine shows alone."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from acd.agent_state import Activity, AgentCondition, Presence
from acd.criteria import Routing, Selection
from acd.events import CapacitiesDefined, QueueDefined
from acd.medium import Medium
from acd.names import AgentId, QueueName
from acd.overflow import Overflow
from acd.snapshots import AgentSnapshot, ContactSnapshot, Standing

Eras = Sequence[tuple[QueueDefined, float]]
"""Rules of a queue of different ageing, one after the other, and until when each held; the last ones hold still."""


def order(contact: ContactSnapshot, eras: Eras, now: float) -> tuple[int, int, float]:
    """Who comes first in a line, as far as priority won by waiting, level and arrival tell."""
    steps, level, since = 0, contact.level, contact.arrived_at
    for rules, until in eras:
        waited_s = max(0.0, min(until, now) - since)
        steps += 0 if rules.promotion_s is None else math.floor(waited_s / rules.promotion_s)
        level += 0 if rules.ageing_s is None else math.floor(waited_s / rules.ageing_s)
        since = max(since, until)
    return (-steps, -level, contact.arrived_at)


def fit_in(agent: AgentSnapshot, line: Standing) -> int | None:
    """The sum of the levels that a line asks for, None where the agent does not serve it or one is too low."""
    has = dict(agent.skills)
    levels = [(has.get(skill, 0), least) for skill, least in line.need.skills]
    is_served = line.queue in agent.queues if line.agent is None else line.agent == agent.agent
    if not is_served or any(level < least for level, least in levels):
        return None
    return sum(level for level, _ in levels)


def can_serve(agent: AgentSnapshot, contact: ContactSnapshot) -> bool:
    """Whether the agent serves one of the contact's lines with skill enough."""
    return any(fit_in(agent, line) is not None for line in contact.lines)


def preference(
    agent: AgentSnapshot,
    contact: ContactSnapshot,
    eras: Mapping[QueueName, Eras],
    criteria: Sequence[Selection],
    now: float,
) -> tuple[float, ...]:
    """What an agent looks at in a contact, by criteria other than the region's turn; the smallest is taken first."""
    found = []
    for line in contact.lines:
        fit = fit_in(agent, line)
        if fit is not None:
            steps, level, arrived_at = order(contact, eras[line.queue], now)
            rules, _ = eras[line.queue][-1]
            own = 0 if line.agent else dict(agent.priorities).get(line.queue, rules.priority)
            values = {
                Selection.OWN: line.agent is None,
                Selection.PRIORITY: steps - own,
                Selection.LEVEL: level,
                Selection.REGION: 0,
                Selection.SKILL: -fit,
                Selection.ARRIVAL: arrived_at,
            }
            found.append(tuple(values[criterion] for criterion in criteria))
    return min(found)


def readiness(
    agent: AgentSnapshot,
    contact: ContactSnapshot,
    criteria: Mapping[QueueName, Sequence[Routing]],
    turns: Mapping[tuple[AgentId, QueueName], int],
) -> tuple[float | str, ...]:
    """Whom a contact goes to first: by line, then by the criteria of the line's queue."""
    fits = [(row, line.queue, fit_in(agent, line)) for row, line in enumerate(contact.lines)]
    row, queue, fit = next((row, queue, fit) for row, queue, fit in fits if fit is not None)
    values: dict[Routing, float] = {
        Routing.SKILL: -fit,
        Routing.IDLE: agent.idle_since,
        Routing.TURN: turns.get((agent.agent, queue), 0),
        Routing.CALLS: agent.taken,
        Routing.TALK: agent.talk_s,
        Routing.OCCUPANCY: agent.occupancy,
        Routing.RANK: agent.rank,
    }
    return (row, *[values[criterion] for criterion in criteria[queue]], agent.agent)


def seen(contact: ContactSnapshot | None) -> ContactSnapshot | None:
    """A contact without what changes by waiting alone."""
    return contact and dataclasses.replace(contact, position=None)


def condition(agent: AgentSnapshot) -> AgentCondition:
    """What keeps an agent from an offer, the strongest reason."""
    if not agent.reachable:
        return AgentCondition.UNREACHABLE
    if agent.activity in (Activity.TALKING, Activity.ENGAGED):
        return AgentCondition(agent.activity.value)
    if agent.activity is Activity.IDLE and agent.presence is Presence.READY:
        if agent.delayed:
            return AgentCondition.RESTING
        return AgentCondition.FREE if agent.open_media else AgentCondition.OCCUPIED
    if agent.presence in (Presence.NOT_READY, Presence.WRAP_UP):
        return AgentCondition(agent.presence.value)
    return AgentCondition.RINGING


def is_for(rule: Overflow, level: int, strategy: int) -> bool:
    """Whether a rule is for contacts of a level and a strategy number."""
    levels = range(
        -99 if rule.least_level is None else rule.least_level,
        99 if rule.most_level is None else rule.most_level + 1,
    )
    return level in levels and strategy in (rule.strategies or (strategy,))


def takes(rules: CapacitiesDefined, medium: Medium) -> bool:
    """Whether agents of these capacities have anything to do with a medium."""
    return any(each.medium is medium for each in rules.capacities)


def has_room(agent: AgentSnapshot, medium: Medium, rules: CapacitiesDefined) -> bool:
    """Whether a contact of a medium could be offered to the agent."""
    if agent.presence is not Presence.READY or not agent.reachable or agent.delayed:
        return False
    has = [task.medium for task in agent.tasks]
    has += [Medium.VOICE] if agent.activity is not Activity.IDLE else []
    if has and agent.pending is Presence.NOT_READY:
        return False
    room = next((each for each in rules.capacities if each.medium is medium), None)
    return (
        room is not None
        and has.count(medium) < room.most
        and all(other is medium or other in room.beside for other in has)
        and (rules.most_in_all is None or len(has) < rules.most_in_all)
    )


def goes_beside(media: list[Medium], rules: CapacitiesDefined) -> bool:
    """Whether an agent may have come by contacts of these media, one after the other."""
    rooms = {each.medium: each for each in rules.capacities}
    return (
        all(medium in rooms and media.count(medium) <= rooms[medium].most for medium in media)
        and (rules.most_in_all is None or len(media) <= rules.most_in_all)
        and all(
            one is other or one in rooms[other].beside or other in rooms[one].beside
            for one in media
            for other in media
        )
    )
