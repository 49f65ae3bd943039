"""Everybody who had to do with one decision, and why each did or did not come of it.

The record of a decision (`acd.decision`) is short, because it is made of every offer.  The whole list costs as much as
there are agents and contacts, so it is made afterwards: play the journal to the decision again with a witness
(`acd.bonds.Witness`) that calls the roll.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from acd.agent import Agent
from acd.contact import Contact, Place
from acd.criteria import SELECTION
from acd.decision import (
    REASONS,
    AgentCandidate,
    ContactCandidate,
    Exclusion,
    agent_candidate,
    contact_candidate,
)
from acd.explain import against_kind, figures_of, head_note, kinds, reason_against
from acd.floor import Floor, Queue
from acd.matching import Head, Pairing, available, is_over_number, key_getter
from acd.names import AgentId, ContactId
from acd.waiting_line import Bucket

CHOSEN: Final = "chosen"
LATER: Final = "later"
"""Could have been chosen, and comes later by the criteria (or by the region whose turn it was)."""

VERDICTS: Final[Mapping[str, str]] = {**REASONS, CHOSEN: "选中", LATER: "可以,但次序在后"}
"""What can be said of somebody, in Chinese: chosen, later, or the reason why not."""


class AgentVerdict(NamedTuple):
    """An agent of one of the contact's lines: row `row` of its table, and the `place` among those who could, from 1."""

    values: AgentCandidate
    row: int
    place: int  # 0 for who could not
    verdict: str


class ContactVerdict(NamedTuple):
    """A contact in one of the agent's lines, and the `place` among those that the agent could have had, from 1."""

    values: ContactCandidate
    place: int  # 0 for one that the agent could not have
    verdict: str


class RollCall(NamedTuple):
    """Both sides of one pairing, whoever could first, in order; then the others by name."""

    agents: tuple[AgentVerdict, ...]
    contacts: tuple[ContactVerdict, ...]


def call_the_roll(floor: Floor, pairing: Pairing, now: float) -> RollCall:
    """Look at everybody, while the floor is as it was decided on.  Changes nothing."""
    return RollCall(_agents(floor, pairing), _contacts(floor, pairing, now))


def _agents(floor: Floor, pairing: Pairing) -> tuple[AgentVerdict, ...]:
    contact, chosen, _ = pairing
    able: dict[AgentId, AgentVerdict] = {}
    unable: dict[AgentId, AgentVerdict] = {}
    for row, place in enumerate(contact.standing):
        for agent in _who_could(floor, contact, place):
            if agent.id not in able:
                values = _agent_values(agent, place)
                verdict = CHOSEN if agent is chosen else LATER
                able[agent.id] = AgentVerdict(values, row, len(able) + 1, verdict)
        for agent in _of_place(floor, place):
            known = unable.get(agent.id)
            if known is None or known.verdict == Exclusion.SKILL:
                values = _agent_values(agent, place)
                unable[agent.id] = AgentVerdict(values, row, 0, reason_against(floor, agent, contact, place))
    others = [found for _, found in sorted(unable.items()) if found.values.agent not in able]
    return (*able.values(), *others)


def _agent_values(agent: Agent, place: Place) -> AgentCandidate:
    return agent_candidate(figures_of(agent), place.queue, agent.fit(place.need) or 0)


def _who_could(floor: Floor, contact: Contact, place: Place) -> list[Agent]:
    if is_over_number(floor, contact, place):
        return []
    return [agent for agent in available(floor, place) if floor.may_serve(agent, contact)]


def _of_place(floor: Floor, place: Place) -> list[Agent]:
    """Every agent who is logged in and serves a place."""
    return [
        agent
        for agent in floor.agents.values()
        if (place.queue in agent.queues if place.agent is None else place.agent == agent.id)
    ]


def _contacts(floor: Floor, pairing: Pairing, now: float) -> tuple[ContactVerdict, ...]:
    chosen, agent, _ = pairing
    order = floor.selections.get(agent.selection, SELECTION)
    key_of = key_getter(order)
    able: dict[ContactId, Head] = {}
    unable: dict[ContactId, ContactVerdict] = {}
    for queue, bucket in kinds(floor, agent):
        for contact in bucket.contacts:
            head = _head(agent, queue, bucket, contact, now)
            reason = _reason_of(floor, agent, queue, bucket, contact)
            if reason is not None:
                unable[contact.id] = ContactVerdict(contact_candidate(head_note(head)), 0, reason)
            elif contact.id not in able or key_of(head) < key_of(able[contact.id]):
                able[contact.id] = head
    # Where a region's turn decided, whom it fell on may stand behind others by what comes after the region.
    ordered = sorted(able.values(), key=lambda head: (head.contact is not chosen, key_of(head)))
    verdicts = [
        ContactVerdict(contact_candidate(head_note(head)), place, CHOSEN if head.contact is chosen else LATER)
        for place, head in enumerate(ordered, 1)
    ]
    others = [found for _, found in sorted(unable.items()) if found.values.contact not in able]
    return (*verdicts, *others)


def _head(agent: Agent, queue: Queue | None, bucket: Bucket, contact: Contact, now: float) -> Head:
    """What the agent looks at in a contact, as matching has it of the first of each kind."""
    base = 0 if queue is None else agent.priorities.get(queue.name, queue.definition.priority)
    steps, level = contact.urgency(bucket.ageing, now)
    fit = agent.fit(bucket.need) or 0
    return Head(queue is not None, -base - steps, -level, -fit, contact.arrival, contact)


def _reason_of(
    floor: Floor, agent: Agent, queue: Queue | None, bucket: Bucket, contact: Contact
) -> str | None:
    """Why the agent could not have a contact of a line; None when they could."""
    reason = against_kind(agent, queue, bucket)
    if reason is not None:
        return reason.value
    return None if floor.may_serve(agent, contact) else Exclusion.DECLINED.value
