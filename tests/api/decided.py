"""Decisions on the two calls of the city, as call control would tell of them."""

from dataclasses import replace

from api.decision_views import (
    AgentCandidateView,
    ContactCandidateView,
    DecisionView,
    ExcludedView,
    Explained,
    ExplainQuery,
    ExplanationView,
    NotWithView,
    WholeListView,
    WhyWaitingView,
)
from api.views import WallTime

_DECISION = DecisionView(
    at=WallTime(1_764_000_000.0),
    chinese="来话 c1 送给坐席 1001。",
    english="Contact c1 was offered to agent 1001.",
    offer="o1",
    contact="c1",
    agent="1001",
    queue="general",
    row=0,
    region="",
    joined=(),
    is_circle=False,
    contact_criteria=("level", "arrival"),
    contacts=(
        ContactCandidateView(
            contact="c1",
            is_chosen=True,
            queue="general",
            own=False,
            priority=0,
            level=1,
            region="",
            skill=0,
            arrival_s=3.5,
        ),
    ),
    contacts_excluded=(),
    agent_criteria=("idle",),
    agents=(
        AgentCandidateView(
            agent="1001",
            is_chosen=True,
            skill=0,
            idle_s=60.0,
            turn=0,
            calls=2,
            talk_s=90.0,
            occupancy=0.5,
            rank=0,
        ),
    ),
    agents_excluded=(ExcludedView(reason="talking", chinese="通话中", number=2),),
)
_WAITING = WhyWaitingView(
    chinese="排第 1 位。通话中:1001。",
    english="Number 1. talking: 1001.",
    queue="general",
    position=1,
    expected_wait_s=(20.0, 95.0),
    agents=(NotWithView(agent="1001", reason="talking", chinese="通话中"),),
)


class Decided:
    """A `DecisionsPort`: what is over was decided on once, anything else waits."""

    async def explain(self, asked: Explained, query: ExplainQuery) -> ExplanationView:
        """By whether it has ended; the whole list has nobody in it."""
        is_over = asked.ended_at is not None
        whole = WholeListView(journal="j.jsonl", line=7, policy="ab", policy_line=2, agents=(), contacts=())
        decision = replace(_DECISION, whole=whole if query.whole else None)
        return ExplanationView(
            call_id=asked.id if asked.is_call else "",
            contact_id="" if asked.is_call else asked.id,
            is_whole=is_over,
            chinese="分配决定",
            english="Decisions",
            decisions=(decision,) if is_over else (),
            why_waiting=None if is_over else _WAITING,
        )
