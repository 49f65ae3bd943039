"""The record of one decision: who was offered whom, who else could have been, and why they were not.

A record speaks for itself: `faults` derives the choice anew from it alone, `in_words` says it to people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from acd.agent_state import AgentCondition
from acd.criteria import Routing, Selection
from acd.names import AgentId, ContactId, OfferId, QueueName

MOST_CANDIDATES = 20
"""Candidates that a record lists on each side."""


class Exclusion(StrEnum):
    """Why somebody was no candidate, beside an agent's condition."""

    SKILL = "skill"  # a level too low
    DECLINED = "declined"  # this agent said no to this contact, and others are on duty
    MEDIUM = "medium"  # none of the agent's, or as much in hand as the capacities allow
    QUOTA = "quota"  # enough callbacks of the queue are under way
    BEHIND = "behind"  # a contact of the same kind as a candidate, that came later


class Excluded(NamedTuple):
    """How many were no candidates for one reason, an `Exclusion` or an `AgentCondition`."""

    reason: str
    number: int


class ContactCandidate(NamedTuple):
    """The first of one kind of contact, as the agent looks at it."""

    contact: ContactId
    queue: QueueName
    own: bool  # it waits for this very agent
    priority: int  # of the queue for this agent, with what waiting added
    level: int  # with what rules and waiting added
    region: str
    skill: int  # the sum of the agent's levels in what is asked for
    arrived_at: float
    serial: int  # tells equal arrivals apart


class AgentCandidate(NamedTuple):
    """A free agent, as the contact looks at them."""

    agent: AgentId
    skill: int
    idle_since: float
    turn: int
    calls: int
    talk_s: float
    occupancy: float
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One choice: this contact to this agent, by the line of `queue` that is row `row` of those it stands in.

    `contacts` and `agents` are the first candidates of each side, the best first; each is looked at in the order of
    `selection` and `routing`.  `turn` is the region whose turn it was, if shares had a say.  In a circle of wishes
    (`is_circle`) the agent's counted, and the contact would have had another agent.
    """

    contact: ContactId
    agent: AgentId
    queue: QueueName
    row: int
    selection: tuple[Selection, ...]
    routing: tuple[Routing, ...]
    contacts: tuple[ContactCandidate, ...]
    agents: tuple[AgentCandidate, ...]
    contacts_excluded: tuple[Excluded, ...] = ()
    agents_excluded: tuple[Excluded, ...] = ()
    turn: str = ""
    is_circle: bool = False


_OF_CONTACT: Mapping[Selection, Callable[[ContactCandidate], Any]] = {
    Selection.OWN: lambda one: not one.own,
    Selection.PRIORITY: lambda one: -one.priority,
    Selection.LEVEL: lambda one: -one.level,
    Selection.SKILL: lambda one: -one.skill,
    Selection.ARRIVAL: lambda one: (one.arrived_at, one.serial),
}
_OF_AGENT: Mapping[Routing, Callable[[AgentCandidate], float]] = {
    Routing.SKILL: lambda one: -one.skill,
    Routing.IDLE: lambda one: one.idle_since,
    Routing.TURN: lambda one: one.turn,
    Routing.CALLS: lambda one: one.calls,
    Routing.TALK: lambda one: one.talk_s,
    Routing.OCCUPANCY: lambda one: one.occupancy,
    Routing.RANK: lambda one: one.rank,
}


def faults(decision: Decision) -> tuple[str, ...]:
    """Derive the choice anew from a record and return what does not agree; nothing for a record that is right."""
    found = []
    contact = _first_contact(decision)
    if contact != decision.contact:
        found.append(f"contact {contact} comes before {decision.contact} for {decision.agent}")
    agent = min(decision.agents, key=lambda one: _agent_key(decision.routing, one), default=None)
    if not decision.is_circle and (agent is None or agent.agent != decision.agent):
        found.append(f"agent {agent and agent.agent} comes before {decision.agent} for {decision.contact}")
    if any(each.number < 1 for each in decision.contacts_excluded + decision.agents_excluded):
        found.append("fewer than one excluded")
    return tuple(found)


def _first_contact(decision: Decision) -> ContactId | None:
    remaining = list(decision.contacts)
    for criterion in (*decision.selection, Selection.ARRIVAL):
        if criterion is Selection.REGION:
            if decision.turn:
                remaining = [one for one in remaining if one.region == decision.turn]
            continue
        values = [_OF_CONTACT[criterion](one) for one in remaining]
        best = min(values, default=None)
        remaining = [one for one, value in zip(remaining, values, strict=True) if value == best]
    return remaining[0].contact if remaining else None


def _agent_key(routing: tuple[Routing, ...], one: AgentCandidate) -> tuple[Any, ...]:
    return (*[_OF_AGENT[criterion](one) for criterion in routing], one.agent)


_CRITERIA: Mapping[str, str] = {
    Selection.OWN: "指定座席",
    Selection.PRIORITY: "队列优先级",
    Selection.LEVEL: "级别",
    Selection.REGION: "地区份额",
    Selection.SKILL: "技能",
    Selection.ARRIVAL: "到达先后",
    Routing.IDLE: "空闲时长",
    Routing.TURN: "轮次",
    Routing.CALLS: "接听数",
    Routing.TALK: "通话时长",
    Routing.OCCUPANCY: "占用率",
    Routing.RANK: "固定顺序",
}
REASONS: Mapping[str, str] = {
    AgentCondition.UNREACHABLE: "话机不可达",
    AgentCondition.TALKING: "通话中",
    AgentCondition.ENGAGED: "其他通话中",
    AgentCondition.NOT_READY: "示忙",
    AgentCondition.WRAP_UP: "话后处理",
    AgentCondition.RINGING: "振铃中",
    AgentCondition.RESTING: "拒接等待",
    AgentCondition.OCCUPIED: "其他媒体处理中",
    Exclusion.SKILL: "技能不足",
    Exclusion.DECLINED: "已拒接",
    Exclusion.MEDIUM: "媒体容量已满或不含此媒体",
    Exclusion.QUOTA: "回呼名额已满",
    Exclusion.BEHIND: "同类在后",
}
"""Why somebody was no candidate, in Chinese."""


def in_words(decision: Decision) -> tuple[str, str]:
    """Say a decision to people, in Chinese and in English."""
    others = ", ".join(one.agent for one in decision.agents if one.agent != decision.agent) or "-"
    behind = ", ".join(one.contact for one in decision.contacts if one.contact != decision.contact) or "-"
    chinese = (
        f"来话 {decision.contact} 送给坐席 {decision.agent}(队列 {decision.queue})。"
        f"坐席先看:{_listed(decision.selection, _CRITERIA)};其他来话:{behind}{_counted(decision.contacts_excluded, REASONS)}。"
        f"来话先看:{_listed(decision.routing, _CRITERIA)};其他空闲坐席:{others}"
        f"{_counted(decision.agents_excluded, REASONS)}。"
    )
    english = (
        f"Contact {decision.contact} was offered to agent {decision.agent} (queue {decision.queue}). "
        f"The agent looks at {_listed(decision.selection, {})}; other contacts: "
        f"{behind}{_counted(decision.contacts_excluded, {})}. "
        f"The contact looks at {_listed(decision.routing, {})}; other free agents: "
        f"{others}{_counted(decision.agents_excluded, {})}."
    )
    if decision.turn:
        chinese += f"轮到地区 {decision.turn}。"
        english += f" It was the turn of region {decision.turn}."
    return chinese, english


def _listed(criteria: tuple[StrEnum, ...], words: Mapping[str, str]) -> str:
    return " > ".join(words.get(each, each.value) for each in criteria)


def _counted(excluded: tuple[Excluded, ...], words: Mapping[str, str]) -> str:
    counts = ", ".join(f"{words.get(each.reason, each.reason)} {each.number}" for each in excluded)
    return f" ({counts})" if counts else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """Keep the record of the decision that the next offer follows from; only where the engine was told to explain."""

    offer: OfferId
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordJoin:
    """Keep that an agent's phone rings along for a contact.

    Where all who are free do, it is no choice of its own, but part of the last one that was made for it.  Just
    before the offer; only where the engine was told to explain.
    """

    offer: OfferId
    contact: ContactId
    agent: AgentId
    queue: QueueName
