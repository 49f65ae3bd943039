"""One decision as it is shown: in words, in figures, and where everybody was asked for, everybody."""

from typing import NamedTuple

from acd.decision import REASONS, AgentCandidate, ContactCandidate, Excluded, RecordDecision, in_words
from acd.roll_call import CHOSEN, VERDICTS, RollCall
from api.decision_views import (
    AgentCandidateView,
    AgentVerdictView,
    ContactCandidateView,
    ContactVerdictView,
    DecisionView,
    ExcludedView,
    WholeListView,
)
from api.views import WallTime


class KeptDecision(NamedTuple):
    """A record and when it was made, by both clocks."""

    order: RecordDecision
    wall: float
    now: float
    joined: list[str]  # agents whose phones rang along


class Source(NamedTuple):
    """Where in a journal a decision followed, and by which rules."""

    journal: str
    line: int
    policy: str
    policy_line: int


def decision_view(kept: KeptDecision, whole: WholeListView | None = None) -> DecisionView:
    """The record in words and figures, with the whole list where it was made."""
    decision = kept.order.decision
    chinese, english = in_words(decision)
    if kept.joined:
        names = ", ".join(kept.joined)
        chinese += f"全体振铃,同时振铃:{names}。"
        english += f" All ring together; these rang along: {names}."
    return DecisionView(
        at=WallTime(kept.wall),
        chinese=chinese,
        english=english,
        offer=kept.order.offer,
        contact=decision.contact,
        agent=decision.agent,
        queue=decision.queue,
        row=decision.row,
        region=decision.turn,
        joined=tuple(kept.joined),
        is_circle=decision.is_circle,
        contact_criteria=tuple(one.value for one in decision.selection),
        contacts=tuple(
            _contact(one, now=kept.now, is_chosen=one.contact == decision.contact)
            for one in decision.contacts
        ),
        contacts_excluded=_counted(decision.contacts_excluded),
        agent_criteria=tuple(one.value for one in decision.routing),
        agents=tuple(
            _agent(one, now=kept.now, is_chosen=one.agent == decision.agent) for one in decision.agents
        ),
        agents_excluded=_counted(decision.agents_excluded),
        whole=whole,
    )


def _counted(excluded: tuple[Excluded, ...]) -> tuple[ExcludedView, ...]:
    return tuple(
        ExcludedView(reason=one.reason, chinese=REASONS[one.reason], number=one.number) for one in excluded
    )


def whole_list(roll: RollCall, source: Source, now: float) -> WholeListView:
    """Everybody of both sides; `now` is when it was decided, by the engine's clock."""
    return WholeListView(
        journal=source.journal,
        line=source.line,
        policy=source.policy,
        policy_line=source.policy_line,
        agents=tuple(
            AgentVerdictView(
                values=_agent(one.values, now=now, is_chosen=one.verdict == CHOSEN),
                row=one.row,
                place=one.place or None,
                verdict=one.verdict,
                chinese=VERDICTS[one.verdict],
            )
            for one in roll.agents
        ),
        contacts=tuple(
            ContactVerdictView(
                values=_contact(one.values, now=now, is_chosen=one.verdict == CHOSEN),
                place=one.place or None,
                verdict=one.verdict,
                chinese=VERDICTS[one.verdict],
            )
            for one in roll.contacts
        ),
    )


def _contact(one: ContactCandidate, *, now: float, is_chosen: bool) -> ContactCandidateView:
    return ContactCandidateView(
        contact=one.contact,
        is_chosen=is_chosen,
        queue=one.queue,
        own=one.own,
        priority=one.priority,
        level=one.level,
        region=one.region,
        skill=one.skill,
        arrival_s=round(now - one.arrived_at, 3),
    )


def _agent(one: AgentCandidate, *, now: float, is_chosen: bool) -> AgentCandidateView:
    return AgentCandidateView(
        agent=one.agent,
        is_chosen=is_chosen,
        skill=one.skill,
        idle_s=round(now - one.idle_since, 3),
        turn=one.turn,
        calls=one.calls,
        talk_s=round(one.talk_s, 3),
        occupancy=round(one.occupancy, 3),
        rank=one.rank,
    )
