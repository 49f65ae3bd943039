"""What the engine decided on each call, kept for whoever asks why.  Implements `api.ports.DecisionsPort`.

Records are kept in memory: those of the last calls and of every call that is up, for each call the last ones.  A control
that starts anew has none of before; what is not kept any more is said so, and can be had from the journal.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby

from acd.contact_state import ContactState
from acd.decision import REASONS, RecordDecision, RecordJoin
from acd.engine import Engine
from acd.estimate import Band
from acd.medium import Medium
from acd.names import ContactId
from acd.snapshots import ContactSnapshot
from api.decision_views import Explained, ExplainQuery, ExplanationView, NotWithView, WhyWaitingView
from api.faults import NotBuilt
from softswitch.calls.call_table import CallTable, call_id_of
from softswitch.decisions.archive import DecisionArchive
from softswitch.decisions.sheet import KeptDecision, decision_view


@dataclass(slots=True)
class _Folder:
    """The records of one call, the oldest first; `is_cut` once the first of them are gone."""

    records: deque[KeptDecision] = field(default_factory=deque)
    is_cut: bool = False


class Decisions:
    """The records of every call that is up and of the last ones that were."""

    archive: DecisionArchive | None = None
    """Derives what is not kept from the journal; set where there is one."""
    has_contact: Callable[[str], bool] = staticmethod(lambda contact_id: False)
    """Whether a contact of another medium than voice is open; set by the room that has them."""

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
        clock, call_id = self._table.clock, call_id_of(order.contact)
        folder = self._folders.pop(call_id, None) or _Folder()
        self._folders[call_id] = folder
        folder.records.append(KeptDecision(order, clock.wall(), clock.now(), []))
        if len(folder.records) > self._most_decisions:
            folder.records.popleft()
            folder.is_cut = True
        if len(self._folders) > self._most_calls:
            self._forget_one()

    def _forget_one(self) -> None:
        over = next((one for one in self._folders if not self._is_up(one)), None)
        if over is not None:
            self._gone_until = max(self._gone_until, self._folders.pop(over).records[-1].wall)

    def _is_up(self, call_id: str) -> bool:
        return self._table.find(call_id) is not None or self.has_contact(call_id)

    async def explain(self, asked: Explained, query: ExplainQuery) -> ExplanationView:
        """Everything that is known of why a call or a contact is where it is; `NotBuilt`, `Unavailable`."""
        if query.whole:
            if self.archive is None:
                raise NotBuilt
            derived = await self.archive.derive(asked, query.offer)
            decisions, is_whole = derived.decisions, derived.is_whole
        else:
            folder = self._folders.get(asked.id)
            records = () if folder is None else tuple(folder.records)
            decisions, is_whole = tuple(map(decision_view, records)), self._is_whole(asked, folder)
        chinese, english = _summary(len(decisions), is_whole=is_whole, is_derived=query.whole)
        return ExplanationView(
            call_id=asked.id if asked.is_call else "",
            contact_id="" if asked.is_call else asked.id,
            is_whole=is_whole,
            chinese=chinese,
            english=english,
            decisions=decisions,
            why_waiting=self._why_waiting(ContactId(asked.id)),
        )

    def _is_whole(self, asked: Explained, folder: _Folder | None) -> bool:
        """False where a record may have been forgotten: a call comes before whatever is decided on it."""
        if folder is not None:
            return asked.arrived_at >= self._since and not folder.is_cut
        return not asked.was_offered or asked.arrived_at > max(self._since, self._gone_until)

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
        band = _band_of(found, engine)
        longer = ("", "") if band is None else _expected(band)
        return WhyWaitingView(
            chinese=f"在队列 {found.queue} 中排第 {found.position} 位。{longer[0]}{chinese}。",
            english=f"Number {found.position} in queue {found.queue}. {longer[1]}{english}.",
            queue=found.queue,
            position=found.position,
            expected_wait_s=() if band is None else (round(band.low_s, 1), round(band.high_s, 1)),
            agents=agents,
        )

    def __repr__(self) -> str:
        """How many calls there are records of."""
        return f"<Decisions calls={len(self._folders)}>"


def _band_of(found: ContactSnapshot, engine: Engine) -> Band | None:
    """How much longer a caller waits; nothing is known of a line for one agent alone, nor of other media."""
    is_for_one = bool(found.lines) and found.lines[0].agent is not None
    if found.position is None or is_for_one or found.medium is not Medium.VOICE:
        return None
    return engine.expected_band(found.queue, found.position)


def _expected(band: Band) -> tuple[str, str]:
    """How much longer it takes, in Chinese and in English: a band, since one number would be taken for a promise."""
    low_s, high_s = round(band.low_s), round(band.high_s)
    if high_s < 2 * 60:
        return f"预计还需 {low_s} 至 {high_s} 秒。", f"Expected: {low_s} to {high_s} s more. "
    low, high = low_s // 60, -(-high_s // 60)
    return f"预计还需 {low} 至 {high} 分钟。", f"Expected: {low} to {high} min more. "


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


def _summary(number: int, *, is_whole: bool, is_derived: bool) -> tuple[str, str]:
    """How many decisions there are, and whether that is all, in Chinese and in English."""
    chinese = f"分配决定 {number} 个" if number else "没有分配决定"
    english = f"Decisions: {number}" if number else "No decision"
    if is_derived:
        chinese += ",由日志重演得出"
        english += ", derived from the journal"
        if not is_whole:
            chinese += ";日志不全(已过保留期、有读不出的行或决定太多)"
            english += (
                "; the journal does not hold all of them (too old, a line that cannot be read, or too many)"
            )
    elif not is_whole:
        chinese += (
            ";更早的决定如有,记录已不再保留(控制进程重新启动,或其后的决定太多),可用 whole=true 由日志重演"
        )
        english += (
            "; records of earlier ones, if there were any, are not kept any more (control was started anew, or too "
            "much was decided since): whole=true derives them from the journal"
        )
    return f"{chinese}。", f"{english}."
