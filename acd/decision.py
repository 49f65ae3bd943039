"""The record of one decision: who was offered whom, who else could have been, and why they were not.

A record speaks for itself: `faults` derives the choice anew from it alone, `in_words` says it to people.  It is made of
every offer and read of few, so it is noted in passing (`Notes`) and written out when somebody reads it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from acd.agent_state import AgentCondition
from acd.attendance import Picture, counts
from acd.criteria import Routing, Selection
from acd.names import AgentId, ContactId, OfferId, QueueName, SkillName
from acd.ranking import Key
from acd.skills import Need, fit

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


# ---- as it is noted ------------------------------------------------------------------------------

HeadNote = tuple[bool, int, int, int, Key, ContactId, QueueName, str]
"""The first of a kind of contact as `matching.Head` has it, all smallest first; then its queue and its region."""

Counts = Mapping[str, int]
"""How many by reason."""


class AgentFigures(NamedTuple):
    """What a free agent is looked at for, in every queue."""

    agent: AgentId
    skills: Mapping[SkillName, int]
    idle_since: float
    turns: Mapping[QueueName, int]
    calls: int
    talk_s: float
    occupancy: float
    rank: int


class RowNotes(NamedTuple):
    """Why agents of a row of the contact's table were no candidates: who was in which condition, and counts."""

    members: int  # the bits of those who serve the row,
    picture: Picture  # among all
    counts: Counts  # of other reasons, and what is to be taken off conditions

    def excluded(self) -> Counter[str]:
        """How many by reason, free ones left out."""
        found = Counter[str](counts(self.picture, self.members))
        found.update(self.counts)
        del found[AgentCondition.FREE]
        return found


class Notes(NamedTuple):
    """A decision as it was noted while it was made: who and what was looked at, as it was at that moment.

    To write out the values and counts costs several times what it costs to note where they come from, and most records
    are never read.  Nothing in it changes afterwards: what agents and contacts change, it has as a copy.
    """

    contact: ContactId
    agent: AgentId
    queue: QueueName
    row: int
    need: Need  # in this row
    selection: tuple[Selection, ...]
    routing: tuple[Routing, ...]
    heads: tuple[HeadNote, ...]
    agents: tuple[AgentFigures, ...]
    contacts_excluded: Counts
    rows: tuple[RowNotes, ...]
    turn: str
    is_circle: bool

    def written_out(self) -> Decision:
        """The record."""
        agents_excluded: Counter[str] = Counter()
        for each in self.rows:
            agents_excluded.update(each.excluded())
        return Decision(
            contact=self.contact,
            agent=self.agent,
            queue=self.queue,
            row=self.row,
            selection=self.selection,
            routing=self.routing,
            contacts=tuple(map(contact_candidate, self.heads)),
            agents=tuple(
                agent_candidate(each, self.queue, fit(each.skills, self.need) or 0) for each in self.agents
            ),
            contacts_excluded=_listed_counts(self.contacts_excluded),
            agents_excluded=_listed_counts(agents_excluded),
            turn=self.turn,
            is_circle=self.is_circle,
        )


def contact_candidate(head: HeadNote) -> ContactCandidate:
    """A contact with its value in every criterion."""
    is_anybodys, priority, level, skill, (arrived_at, serial), contact, queue, region = head
    return ContactCandidate(
        contact=contact,
        queue=queue,
        own=not is_anybodys,
        priority=-priority,
        level=-level,
        region=region,
        skill=-skill,
        arrived_at=arrived_at,
        serial=serial,
    )


def agent_candidate(figures: AgentFigures, queue: QueueName, skill: int) -> AgentCandidate:
    """An agent with their value in every criterion, for a queue and with so much of the skills that are asked for."""
    return AgentCandidate(
        agent=figures.agent,
        skill=skill,
        idle_since=figures.idle_since,
        turn=figures.turns.get(queue, 0),
        calls=figures.calls,
        talk_s=figures.talk_s,
        occupancy=figures.occupancy,
        rank=figures.rank,
    )


def _listed_counts(found: Counts) -> tuple[Excluded, ...]:
    return tuple(Excluded(str(reason), count) for reason, count in sorted(found.items()) if count)


# ---- as it is judged and told --------------------------------------------------------------------

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
    notes: Notes

    @property
    def contact(self) -> ContactId:
        """Whom it was about."""
        return self.notes.contact

    @property
    def decision(self) -> Decision:
        """The record, written out now."""
        return self.notes.written_out()


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
