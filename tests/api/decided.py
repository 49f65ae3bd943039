"""Decisions on the two calls of the city, as call control would tell of them."""

from api.decision_views import (
    AgentCandidateView,
    ContactCandidateView,
    DecisionView,
    ExcludedView,
    ExplanationView,
    NotWithView,
    WhyWaitingView,
)
from api.views import CallView, WallTime

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
    agents=(NotWithView(agent="1001", reason="talking", chinese="通话中"),),
)


class Decided:
    """A `DecisionsPort`: a call that is over was decided on once, any other waits."""

    async def explain(self, call: CallView) -> ExplanationView:
        """By whether the call has ended."""
        is_over = call.ended_at is not None
        return ExplanationView(
            call_id=call.call_id,
            is_whole=is_over,
            chinese="分配决定",
            english="Decisions",
            decisions=(_DECISION,) if is_over else (),
            why_waiting=None if is_over else _WAITING,
        )
