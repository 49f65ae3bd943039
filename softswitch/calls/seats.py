"""Agents, seats and SIP accounts: three things.  Who sits where, and what the engine says of them.

An agent (工号) signs in at a seat (分机); a seat has one SIP account, whose registered phone is rung.  One agent a seat,
one seat an agent.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from acd import events
from acd.agent_state import Activity, Presence
from acd.commands import ReportAgent, ReportNoAnswer
from acd.errors import AcdError, InvalidEvent
from acd.names import AgentId, ContactId, QueueName
from api.faults import Conflict, NotFound, Refused
from api.views import AgentView, WallTime
from softswitch.calls.call_table import call_id_of
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.phone_absences import PhoneAbsences, ready_from
from softswitch.calls.seated_agent import Agent
from softswitch.clock import Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.agents import AgentSettings
from softswitch.store.entries import AgentStateChanged, ClockSet
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE = "agent_state"
LINE_DOWN = "line_down"
"""Reason of an agent whose standing line is down."""

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "logged_out": ("login",),
    "ready": ("logout", "not-ready"),
    "not_ready": ("logout", "ready", "not-ready"),
    "wrap_up": ("logout", "ready", "not-ready", "wrap-up/end", "wrap-up/extend"),
    "call": ("ready", "not-ready"),
}
"""What an agent may ask for, by presence (or in a call)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The call that an agent is in, or that rings there, and what may be done with it."""

    call_id: str
    muted: bool
    allowed: tuple[str, ...]


class SeatLines(Protocol):
    """The standing lines, seen from here (`softswitch.calls.standing_lines`, which says what each method does)."""

    def is_up(self, account: str) -> bool:
        """Whether calls can be brought to an account."""

    def raise_line(self, account: str, *, then_ready: bool) -> None:
        """Ring the phone of an agent who is there."""

    def lower_line(self, account: str) -> None:
        """The agent signed out."""

    def drop_wish(self, account: str) -> None:
        """The agent does not want to be ready any more once the line stands."""


class NoLines:
    """Every phone is rung for each call."""

    def is_up(self, account: str) -> bool:
        """Nothing has to stand."""
        return True

    def raise_line(self, account: str, *, then_ready: bool) -> None:
        """There is none."""

    def lower_line(self, account: str) -> None:
        """There is none."""

    def drop_wish(self, account: str) -> None:
        """There is none."""


class Seats:
    """All agents and seats; the `AgentsPort` of the HTTP interface.

    `situation_of` tells of an agent's call, `situations` of everybody's; call control sets them, which needs this
    object first.
    """

    seat_left: Callable[[], None] = staticmethod(lambda: None)
    """Told whenever somebody signed out; set by whoever keeps the seats up to date."""

    lines: SeatLines = NoLines()
    """The standing lines of the phones; call control sets them."""

    situation_of: Callable[[str], Situation | None] = staticmethod(lambda agent: None)
    situations: Callable[[], Mapping[str, Situation]] = staticmethod(dict)

    def __init__(
        self,
        *,
        agents: Iterable[AgentSettings],
        accounts: Iterable[AccountSettings],
        dispatcher: Dispatcher,
        chronicle: Chronicle,
        keeper: StateKeeper,
        clock: Clock,
        is_reachable: Callable[[str], bool],
    ) -> None:
        """`is_reachable` says whether an account's phone answers."""
        self._agents = {a.id: Agent(agent_id=a.id, settings=a) for a in agents}
        self._accounts = {account.extension: account for account in accounts}
        self._extension_of = {account.username: account.extension for account in self._accounts.values()}
        self._dispatcher = dispatcher
        self._chronicle = chronicle
        self._keeper = keeper
        self._clock = clock
        self._is_reachable = is_reachable
        self._absences = PhoneAbsences(keeper, clock, chronicle, self._make_ready)

    # ---- what call control asks ------------------------------------------------------------------

    def seat_of(self, agent_id: str) -> tuple[str, str]:
        """Return the extension and the SIP account where an agent sits; `KeyError` for nobody there."""
        extension = self._agents[agent_id].extension
        if extension is None:
            raise KeyError(agent_id)
        return extension, self._accounts[extension].username

    def knows(self, agent_id: str) -> bool:
        """Whether there is such an agent, signed in or not."""
        return agent_id in self._agents

    def account_of(self, extension: str) -> str | None:
        """Return the SIP account of a seat."""
        account = self._accounts.get(extension)
        return None if account is None else account.username

    def agent_at(self, account: str) -> str | None:
        """Return who sits at the seat of an account."""
        extension = self._extension_of.get(account)
        if extension is None:
            return None
        return next((a.agent_id for a in self._agents.values() if a.extension == extension), None)

    # ---- the business ------------------------------------------------------------------------------

    def take(self, agents: Iterable[AgentSettings]) -> None:
        """These are the agents from now on.  Whoever is signed in stays so, and serves the new queues after a call.

        One who was removed while signed in stays until signing out.
        """
        known = {each.id: each for each in agents}
        for agent in tuple(self._agents.values()):
            agent.is_removed = agent.agent_id not in known
            if agent.is_removed and agent.report is None:
                del self._agents[agent.agent_id]
        for each in known.values():
            self._take_one(each)

    def take_accounts(self, accounts: Iterable[AccountSettings]) -> tuple[AccountSettings, ...]:
        """These are the seats from now on; one that somebody sits at stays what it is until they sign out.

        Returns the accounts that there are for now.
        """
        seats = {account.extension: account for account in accounts}
        names = {account.username for account in seats.values()}
        for agent in self._agents.values():
            held = None if agent.extension is None else self._accounts.get(agent.extension)
            if held is not None and held.username not in names:
                seats[held.extension] = held
        self._accounts = seats
        self._extension_of = {account.username: account.extension for account in seats.values()}
        return tuple(seats.values())

    def _take_one(self, each: AgentSettings) -> None:
        agent = self._agents.setdefault(each.id, Agent(agent_id=each.id, settings=each))
        before, agent.settings = agent.assignment, each
        if agent.report is not None and before != agent.assignment:
            self._dispatcher.tell_late(events.AgentReassigned(agent=AgentId(each.id), **agent.assignment))

    # ---- facts -----------------------------------------------------------------------------------

    def account_changed(self, account: str, reachable: bool) -> None:
        """A phone was lost or is back: the engine knows in this very turn.  One whose line is down is rung for it."""
        agent_id = self.agent_at(account)
        if agent_id is None:
            return
        is_usable, was = reachable and self.lines.is_up(account), self._agents[agent_id].report
        self._dispatcher.tell_late(
            events.AgentReachabilityChanged(agent=AgentId(agent_id), reachable=is_usable)
        )
        if is_usable:
            self._phone_is_back(agent_id)
        elif reachable:
            self.lines.raise_line(account, then_ready=False)
        elif was is not None and was.reachable:
            now = self._clock.now()
            self._absences.begin(agent_id, ready_from(was.presence, was.pending, was.wrap_up_until, now))

    def _phone_is_back(self, agent_id: str) -> None:
        agent = self._agents[agent_id]
        if agent.extension is not None and not agent.leaves:
            within_s = self._accounts[agent.extension].back_within_s
            self._absences.end(agent_id, agent.extension, within_s, lambda: agent.report)

    def _make_ready(self, agent_id: str) -> None:
        if not self._agents[agent_id].leaves:
            self._dispatcher.tell_late(events.AgentMadeReady(agent=AgentId(agent_id)))

    def line_changed(self, account: str, is_up: bool, then_ready: bool) -> bool:
        """A standing line is there or gone, and with it the agent's phone; returns whether the agent was ready."""
        agent_id = self.agent_at(account)
        if agent_id is None:
            return False
        report, agent = self._agents[agent_id].report, AgentId(agent_id)
        self._dispatcher.tell_late(
            events.AgentReachabilityChanged(
                agent=agent,
                reachable=is_up and self._is_reachable(account),
                reason="" if is_up else LINE_DOWN,
            )
        )
        if is_up and then_ready:
            self._make_ready(agent_id)
        elif is_up:
            self._phone_is_back(agent_id)
        return report is not None and report.presence in (Presence.READY, Presence.WRAP_UP)

    def reported(self, report: ReportAgent) -> None:
        """The engine says that an agent's state changed."""
        agent, at = self._agents[report.agent], self._clock.wall()
        agent.report = None if report.presence is Presence.LOGGED_OUT else report
        agent.leaves = agent.leaves and agent.report is not None
        extension = agent.extension
        self._absences.seen(report)
        if report.presence is Presence.LOGGED_OUT:
            agent.extension = None
            if extension in self._accounts:
                self.lines.lower_line(self._accounts[extension].username)
            self._keeper.remove(TABLE, agent.agent_id)
            if agent.is_removed:
                del self._agents[agent.agent_id]
            self.seat_left()
        else:
            self._keeper.put(TABLE, agent.agent_id, self._record_of(agent, report))
            if agent.leaves and agent.has_done:
                self._clock.after(0.0, lambda: self._leave(agent))  # the call may not be wound up yet
        situation = self.situation_of(report.agent) if report.activity is Activity.ENGAGED else None
        self._chronicle.record(
            AgentStateChanged(
                at=at,
                agent=agent.agent_id,
                extension=extension,
                presence=report.presence.value,
                activity=report.activity.value,
                reason=report.reason,
                call_id=self._call_of(report, situation),
            )
        )

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: whoever is signed in is written down in the new time."""
        at = self._clock.wall()
        self._absences.clock_set()
        for agent in self._agents.values():
            if agent.report is not None:
                self._chronicle.record(ClockSet(at=at, by_s=by_s, agent=agent.agent_id))
                self._keeper.put(TABLE, agent.agent_id, self._record_of(agent, agent.report))

    def _leave(self, agent: Agent) -> None:
        if agent.leaves and agent.has_done:
            self._dispatcher.tell_late(events.AgentLoggedOut(agent=AgentId(agent.agent_id)))

    def rang_out(self, report: ReportNoAnswer) -> None:
        """An agent let the phone ring out; the report of the agent's new state follows."""
        self._agents[report.agent].returns_at = report.returns_at

    # ---- restart ---------------------------------------------------------------------------------

    def restore(
        self,
        talking: Mapping[str, tuple[str, str, float]],
        in_hand: Callable[[str], tuple[events.ContactRestored, ...]] = lambda agent_id: (),
    ) -> None:
        """Seat everybody again who sat before; `talking`: agent → (call id, queue, arrival on the clock).

        `in_hand` gives what an agent had accepted of other media.  A record that nobody can read costs its agent the seat,
        not control its start.
        """
        facts: list[events.AgentRestored] = []
        self._absences.restore()
        records = self._keeper.load(TABLE)
        for agent_id, record in records.items():
            try:
                agent, account = self._agents.get(agent_id), self.account_of(record["extension"])
                if agent is not None and account is not None:
                    fact = self._restored(agent, account, record, talking.get(agent_id))
                    facts.append(replace(fact, tasks=in_hand(agent_id)))
                    agent.extension, agent.leaves = record["extension"], record.get("leaves", False)
                    continue
            except (KeyError, TypeError, ValueError):
                log.exception("agent.unreadable", agent=agent_id)
            self._keeper.remove(TABLE, agent_id)
        for fact in sorted(facts, key=lambda fact: fact.idle_since):
            if not self._dispatcher.tell_late(
                fact
            ):  # else nobody could ever sit there again, this agent included
                self._agents[fact.agent].extension = None
                self._keeper.remove(TABLE, fact.agent)
                continue
            if fact.reachable:
                self._phone_is_back(fact.agent)
            elif fact.agent not in self._absences:
                now = self._clock.now()
                self._absences.begin(
                    fact.agent, ready_from(fact.presence, fact.pending, fact.wrap_up_until, now)
                )
            returns_at = records[fact.agent].get("returns_at")
            if isinstance(returns_at, float):
                self._return_later(self._agents[fact.agent], self._clock.moment_of(returns_at))

    def _return_later(self, agent: Agent, at: float) -> None:
        """The engine knows which step of the ladder is next; the one that ran goes on here."""
        agent.returns_at = at

        def back() -> None:
            if agent.returns_at == at and agent.rang_out:
                self._make_ready(agent.agent_id)

        self._clock.at(max(at, self._clock.now()), back)
        if agent.report is not None:  # the record was written before the time was known again
            self._keeper.put(TABLE, agent.agent_id, self._record_of(agent, agent.report))

    def _restored(
        self, agent: Agent, account: str, record: dict[str, Any], call: tuple[str, str, float] | None
    ) -> events.AgentRestored:
        """Raises `KeyError`, `TypeError` or `ValueError` for a record that is none."""
        presence = Presence(record["presence"])
        if call is not None and presence is Presence.WRAP_UP:
            presence = Presence.READY
        is_as_before = record["activity"] == ("idle" if call is None else "talking")
        since = record.get("since") if is_as_before else None
        wrap_up_until = record["wrap_up_until"] if presence is Presence.WRAP_UP else None
        return events.AgentRestored(
            agent=AgentId(agent.agent_id),
            **agent.assignment,
            presence=presence,
            reason=record["reason"],
            reachable=self._is_usable(account),
            idle_since=self._clock.moment_of(record["idle_since"]),
            wrap_up_until=None if wrap_up_until is None else self._clock.moment_of(wrap_up_until),
            pending=None if record["pending"] is None else Presence(record["pending"]),
            pending_reason=record["pending_reason"],
            contact=None if call is None else ContactId(call[0]),
            contact_queue=None if call is None else QueueName(call[1]),
            contact_arrived_at=None if call is None else call[2],
            taken=record.get("taken", 0),
            talk_s=record.get("talk_s", 0.0),
            no_answers=record.get("no_answers", 0),
            since=None if since is None else self._clock.moment_of(since),
        )

    def _record_of(self, agent: Agent, report: ReportAgent) -> dict[str, Any]:
        found = self._dispatcher.engine.agent(report.agent)
        idle_since = report.since if found is None else found.idle_since
        return {
            "extension": agent.extension,
            "presence": report.presence.value,
            "activity": report.activity.value,
            "reason": report.reason,
            "idle_since": self._clock.wall_at(idle_since),
            "since": self._clock.wall_at(report.since),
            "taken": 0 if found is None else found.taken,
            "talk_s": 0.0 if found is None else found.talk_s,
            "no_answers": 0 if found is None else found.no_answers,
            "wrap_up_until": None
            if report.wrap_up_until is None
            else self._clock.wall_at(report.wrap_up_until),
            "pending": None if report.pending is None else report.pending.value,
            "pending_reason": report.pending_reason,
            "leaves": agent.leaves,
            "returns_at": None
            if agent.returns_at is None or not agent.rang_out
            else self._clock.wall_at(agent.returns_at),
        }

    # ---- AgentsPort --------------------------------------------------------------------------------

    async def list(self) -> tuple[AgentView, ...]:
        """Every agent, by id."""
        return self.views()

    def views(self) -> tuple[AgentView, ...]:
        """Every agent, by id."""
        found = self.situations()
        return tuple(self._shown(agent, found.get(name)) for name, agent in sorted(self._agents.items()))

    async def get(self, agent_id: str) -> AgentView:
        """One agent."""
        return self._view(self._need(agent_id))

    async def login(self, agent_id: str, extension: str, initial_state: str, reason: str) -> AgentView:
        """Sit down at a seat."""
        agent = self._need(agent_id)
        account = self.account_of(extension)
        if account is None:
            raise Refused("unknown_extension", f"没有此分机 / there is no seat {extension!r}")
        if agent.extension is not None:
            raise Conflict(
                "already_logged_in",
                f"已在分机 {agent.extension} 签入 / already signed in at {agent.extension}",
                *self._state_of(agent),
            )
        other = self.agent_at(account)
        if other is not None:
            raise Conflict(
                "seat_taken", f"分机 {extension} 由 {other} 使用 / seat {extension} is taken by {other}"
            )
        agent.extension = extension
        is_reachable, has_line = self._is_reachable(account), self.lines.is_up(account)
        try:
            self._dispatcher.tell(
                events.AgentLoggedIn(
                    agent=AgentId(agent_id),
                    **agent.assignment,
                    presence=Presence(initial_state),
                    reason=reason or (LINE_DOWN if is_reachable and not has_line else ""),
                    reachable=is_reachable and has_line,
                )
            )
        except (AcdError, ValueError) as error:
            agent.extension = None
            raise Conflict("not_allowed", str(error), *self._state_of(agent)) from error
        if not has_line:
            self.lines.raise_line(account, then_ready=initial_state == "ready")
        return self._view(agent)

    def _is_usable(self, account: str) -> bool:
        return self._is_reachable(account) and self.lines.is_up(account)

    async def logout(self, agent_id: str) -> AgentView:
        """Leave the seat."""
        return self.ask(agent_id, events.AgentLoggedOut(agent=AgentId(agent_id)))

    async def ready(self, agent_id: str) -> AgentView:
        """Take calls; where the line of the phone is down it is rung first."""
        agent = self._need(agent_id)
        account = self.account_of(agent.extension or "")
        if account is not None and self._is_reachable(account) and not self.lines.is_up(account):
            self.lines.raise_line(account, then_ready=True)
            return self._view(agent)
        return self._wish(agent, events.AgentMadeReady(agent=AgentId(agent_id)))

    async def not_ready(self, agent_id: str, reason: str) -> AgentView:
        """Take no calls."""
        account = self.account_of(self._need(agent_id).extension or "")
        self._absences.forget(agent_id)
        if account is not None:
            self.lines.drop_wish(account)
        return self._wish(
            self._need(agent_id), events.AgentMadeNotReady(agent=AgentId(agent_id), reason=reason)
        )

    async def force_logout(self, agent_id: str, reason: str) -> AgentView:
        """Sign an agent out; whoever is in a call, or has other contacts in hand, when that and its wrap-up are over.

        Until then it is the pending presence: the last wish counts, ready and not ready take it back.
        """
        agent = self._need(agent_id)
        if agent.is_free_to_go:
            return self.ask(agent_id, events.AgentLoggedOut(agent=AgentId(agent_id)))
        wish = events.AgentMadeNotReady(agent=AgentId(agent_id), reason=reason)
        return self._wish(agent, wish, leaves=True)

    def _wish(self, agent: Agent, wish: events.Event, *, leaves: bool = False) -> AgentView:
        """As `ask`, for what replaces the pending presence."""
        before, agent.leaves = agent.leaves, leaves
        try:
            view = self.ask(agent.agent_id, wish)
        except Conflict:
            agent.leaves = before
            raise
        if agent.report is not None and before is not leaves:  # the engine may have had nothing new to report
            self._keeper.put(TABLE, agent.agent_id, self._record_of(agent, agent.report))
        return view

    async def end_wrap_up(self, agent_id: str) -> AgentView:
        """End the wrap-up early."""
        return self.ask(agent_id, events.WrapUpEnded(agent=AgentId(agent_id)))

    def ask(self, agent_id: str, event: events.Event) -> AgentView:
        """Give the engine a wish of an agent; `Conflict` for what does not fit now."""
        agent = self._need(agent_id)
        if agent.report is None:
            raise Conflict("logged_out", "未签入 / not signed in", *self._state_of(agent))
        try:
            self._dispatcher.tell(event)
        except InvalidEvent as error:
            if not agent.report.reachable and isinstance(event, events.AgentMadeReady):
                raise Conflict(
                    "phone_lost", "话机不在线 / the phone is not registered", *self._state_of(agent)
                ) from error
            raise Conflict("not_allowed", str(error), *self._state_of(agent)) from error
        except AcdError as error:
            raise Conflict("not_allowed", str(error), *self._state_of(agent)) from error
        return self._view(agent)

    def _need(self, agent_id: str) -> Agent:
        agent = self._agents.get(agent_id)
        if agent is None:
            raise NotFound("agent", agent_id)
        return agent

    def _state_of(self, agent: Agent) -> tuple[str, tuple[str, ...]]:
        report = agent.report
        if report is None:
            return "logged_out", ALLOWED["logged_out"]
        in_call = report.activity in (Activity.TALKING, Activity.ENGAGED)
        return report.presence.value, ALLOWED["call" if in_call else report.presence.value]

    @staticmethod
    def _call_of(report: ReportAgent, situation: Situation | None) -> str | None:
        """The call that the engine brought, or one of another kind."""
        if report.contact is not None:
            return call_id_of(report.contact)
        if situation is None or report.activity is not Activity.ENGAGED:
            return None
        return situation.call_id

    def _view(self, agent: Agent) -> AgentView:
        return self._shown(agent, self.situation_of(agent.agent_id))

    def _shown(self, agent: Agent, situation: Situation | None) -> AgentView:
        report = agent.report
        idle = ("dial",) if report is not None and report.activity is Activity.IDLE else ()
        return AgentView(
            agent_id=agent.agent_id,
            name=agent.name,
            extension=agent.extension,
            presence=Presence.LOGGED_OUT.value if report is None else report.presence.value,
            activity=Activity.IDLE.value if report is None else report.activity.value,
            reason="" if report is None else report.reason,
            pending_presence=agent.pending,
            reachable=False if report is None else report.reachable,
            call_id=None if report is None else self._call_of(report, situation),
            queues=agent.queues,
            since=None if report is None else WallTime(self._clock.wall_at(report.since)),
            wrap_up_until=None
            if report is None or report.wrap_up_until is None
            else WallTime(self._clock.wall_at(report.wrap_up_until)),
            muted=situation is not None and situation.muted,
            allowed=(*self._state_of(agent)[1], *(idle if situation is None else situation.allowed)),
        )
