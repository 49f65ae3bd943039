"""What the engine decided on each call, kept for whoever asks why.  Implements `api.ports.DecisionsPort`.

Records are kept in memory: those of the last calls and of every call that is up, for each call the last ones.  A control that starts anew has none of before; what is not kept any more is said so.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from acd.contact_state import ContactState
from acd.decision import REASONS, Excluded, RecordDecision, RecordJoin, in_words
from acd.names import ContactId
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
from softswitch.calls.call_table import CallTable, call_id_of


class _Kept(NamedTuple):
    """A record and when it was made, by both clocks."""

    order: RecordDecision
    wall: float
    now: float
    joined: list[str]  # agents whose phones rang along


@dataclass(slots=True)
class _Folder:
    """The records of one call, the oldest first; `is_cut` once the first of them are gone."""

    records: deque[_Kept] = field(default_factory=deque)
    is_cut: bool = False


class Decisions:
    """The records of every call that is up and of the last ones that were."""

    def __init__(self, table: CallTable, *, most_calls: int = 1000, most_decisions: int = 50) -> None:
        """Nothing was decided yet; keep those of so many calls, and so many of each."""
        self._table = table
        self._most_calls = most_calls
        self._most_decisions = most_decisions
        self._since = table.clock.wall()
        self._folders: dict[str, _Folder] = {}
        self._gone_until = 0.0  # when the last record was made of those that are gone with their call

    def join(self, order: RecordJoin) -> None:
        """An agent's phone rings along for a call: told with the decision that the call rings by."""
        folder = self._folders.get(call_id_of(order.contact))
        if folder is not None:
            folder.records[-1].joined.append(order.agent)

    def keep(self, order: RecordDecision) -> None:
        """File one record; of calls that are over the one that was decided on longest ago goes when there are many."""
        clock, call_id = self._table.clock, call_id_of(order.decision.contact)
        folder = self._folders.pop(call_id, None) or _Folder()
        self._folders[call_id] = folder
        folder.records.append(_Kept(order, clock.wall(), clock.now(), []))
        if len(folder.records) > self._most_decisions:
            folder.records.popleft()
            folder.is_cut = True
        if len(self._folders) > self._most_calls:
            self._forget_one()

    def _forget_one(self) -> None:
        over = next((call_id for call_id in self._folders if self._table.find(call_id) is None), None)
        if over is not None:
            self._gone_until = max(self._gone_until, self._folders.pop(over).records[-1].wall)

    async def explain(self, call: CallView) -> ExplanationView:
        """Everything that is known of why a call is where it is."""
        folder = self._folders.get(call.call_id)
        records = () if folder is None else tuple(folder.records)
        is_whole = self._is_whole(call, folder)
        chinese = f"分配决定 {len(records)} 个" if records else "没有分配决定"
        english = f"Decisions: {len(records)}" if records else "No decision"
        if not is_whole:
            chinese += ";更早的决定如有,记录已不再保留(控制进程重新启动,或其后的决定太多)"
            english += (
                "; records of earlier ones, if there were any, are not kept any more (control was started anew, or too "
                "much was decided since)"
            )
        return ExplanationView(
            call_id=call.call_id,
            is_whole=is_whole,
            chinese=f"{chinese}。",
            english=f"{english}.",
            decisions=tuple(_shown(kept) for kept in records),
            why_waiting=self._why_waiting(ContactId(call.call_id)),
        )

    def _is_whole(self, call: CallView, folder: _Folder | None) -> bool:
        """False where a record may have been forgotten: a call comes before whatever is decided on it."""
        if folder is not None:
            return call.arrived_at >= self._since and not folder.is_cut
        return not call.offers or call.arrived_at > max(self._since, self._gone_until)

    def _why_waiting(self, contact: ContactId) -> WhyWaitingView | None:
        engine = self._table.dispatcher.engine
        found = engine.contact(contact)
        if found is None or found.state is not ContactState.WAITING:
            return None
        agents = tuple(
            NotWithView(agent=agent, reason=reason, chinese=REASONS[reason])
            for agent, reason in engine.why_waiting(contact)
        )
        chinese, english = _grouped(agents)
        return WhyWaitingView(
            chinese=f"在队列 {found.queue} 中排第 {found.position} 位。{chinese}。",
            english=f"Number {found.position} in queue {found.queue}. {english}.",
            queue=found.queue,
            position=found.position,
            agents=agents,
        )

    def __repr__(self) -> str:
        """How many calls there are records of."""
        return f"<Decisions calls={len(self._folders)}>"


def _grouped(agents: tuple[NotWithView, ...]) -> tuple[str, str]:
    """The agents by reason, in Chinese and in English."""
    if not agents:
        return "没有服务于此的坐席签入", "No agent who serves it is logged in"
    chinese, english = [], []
    for reason, some in groupby(sorted(agents, key=lambda one: one.reason), lambda one: one.reason):
        names = ", ".join(one.agent for one in some)
        chinese.append(f"{REASONS[reason]}:{names}")
        english.append(f"{reason}: {names}")
    return ";".join(chinese), "; ".join(english)


def _shown(kept: _Kept) -> DecisionView:
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
            ContactCandidateView(
                contact=one.contact,
                is_chosen=one.contact == decision.contact,
                queue=one.queue,
                own=one.own,
                priority=one.priority,
                level=one.level,
                region=one.region,
                skill=one.skill,
                arrival_s=round(kept.now - one.arrived_at, 3),
            )
            for one in decision.contacts
        ),
        contacts_excluded=_counted(decision.contacts_excluded),
        agent_criteria=tuple(one.value for one in decision.routing),
        agents=tuple(
            AgentCandidateView(
                agent=one.agent,
                is_chosen=one.agent == decision.agent,
                skill=one.skill,
                idle_s=round(kept.now - one.idle_since, 3),
                turn=one.turn,
                calls=one.calls,
                talk_s=round(one.talk_s, 3),
                occupancy=round(one.occupancy, 3),
                rank=one.rank,
            )
            for one in decision.agents
        ),
        agents_excluded=_counted(decision.agents_excluded),
    )


def _counted(excluded: tuple[Excluded, ...]) -> tuple[ExcludedView, ...]:
    return tuple(
        ExcludedView(reason=one.reason, chinese=REASONS[one.reason], number=one.number) for one in excluded
    )
