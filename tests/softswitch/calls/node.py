"""Call control as a whole between scripted neighbours, with the real engine, and a clock that the test turns."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from acd.commands import Command
from acd.engine import Engine
from acd.names import ContactId
from api.event_stream import EventStream
from softswitch.calls.call import Call, CallState
from softswitch.calls.chronicle import Chronicle
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.leg_desk import LegDesk
from softswitch.calls.queue_definition import definition_of
from softswitch.calls.recording_desk import RecordingDesk
from softswitch.calls.routes import Routes
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.clock import Alarm, Clock
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.agents import AgentSettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.settings.trunks import TrunkSettings
from softswitch.sip.events import InviteReceived, Peer, PeerKind
from softswitch.store.entries import AgentStateChanged, Entry, RecordingSegmentStarted
from softswitch.store.journal import cleaned
from softswitch.store.state import StateKeeper, StateTables
from tests.softswitch.calls.scripted_plane import ScriptedPlane
from tests.softswitch.calls.scripted_sip import OutsideLeg, ScriptedSip
from tests.softswitch.sip.stepped_clock import SteppedLoop

EPOCH = 1_700_000_000.0
CALLER = "13800001111"
T = TypeVar("T")
E = TypeVar("E", bound=Entry)

TRUNK = TrunkSettings(name="city", addresses=("127.65.0.2",), media_networks=("127.65.0.0/24",), channels=8)
QUEUE = QueueSettings(
    name="hotline",
    limit=4,
    ring_time_s=15.0,
    wrap_up_s=10.0,
    decline_delay_s=2.0,
    position_every_s=30.0,
)
SEATS = ("8001", "8002", "8003")
AGENTS = ("1001", "1002", "1003")
ACCOUNTS = tuple(
    AccountSettings(
        username=f"phone{seat}",
        password="secret",
        extension=seat,
        media_networks=("127.65.0.0/24",),
        outbound=("mobile", "mobile-reserve") if seat == "8003" else (),
        answers_by="talk" if seat == "8003" else "key",
    )
    for seat in SEATS
)


def done(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError(f"{work} waits for something")


@dataclass(slots=True)
class Journal:
    """What was written down, checked as the store checks it."""

    entries: list[Entry] = field(default_factory=list)

    def record(self, entry: Entry) -> None:
        self.entries.append(cleaned(entry))


class Keeper:
    """State tables in memory: through JSON, as the store keeps them."""

    def __init__(self) -> None:
        self._tables = StateTables([])

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        self._tables.put(table, key, value)

    def put_later(self, table: str, key: str, value: Callable[[], dict[str, Any]]) -> None:
        self._tables.put(table, key, value())

    def remove(self, table: str, key: str) -> None:
        self._tables.remove(table, key)

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        return self._tables.load(table)


class LoudClock(Clock):
    """A clock that keeps what its callbacks raised, which the product only logs; its wall clock may be set."""

    def __init__(self, loop: SteppedLoop, failures: list[BaseException]) -> None:
        self.ahead_s = 0.0
        super().__init__(loop, lambda: EPOCH + self.ahead_s + loop.hands, loop.time)
        self._failures = failures

    def at(self, deadline: float, callback: Callable[[], object], *, is_kept: bool = False) -> Alarm:
        def loud() -> None:
            try:
                callback()
            except Exception as error:
                self._failures.append(error)
                raise

        return super().at(deadline, loud, is_kept=is_kept)


class Node:
    """One hotline: trunk `city`, queue `hotline`, three seats and three agents."""

    def __init__(
        self,
        *,
        queue: QueueSettings = QUEUE,
        trunk: TrunkSettings = TRUNK,
        reserve: TrunkSettings | None = None,
        greeting: str = "welcome",
        route: RouteSettings | None = None,
        more_queues: tuple[QueueSettings, ...] = (),
        cells: int = 4,
        keeper: StateKeeper | None = None,
        journal: Journal | None = None,
        before: "Node | None" = None,
        records_internal: bool = True,
        accounts: tuple[AccountSettings, ...] = ACCOUNTS,
    ) -> None:
        """`before` is the control before this one: edge, cells and plane are those that it leaves behind.

        `reserve` is a second trunk for the same mobiles.  `route` stands for that of the hotline's number with the `greeting`; agents serve none of `more_queues` as yet.
        """
        row = route or RouteSettings(number="12345", queue="hotline", greeting=greeting)
        self.failures: list[BaseException] = []
        self._tokens = 0 if before is None else 1000
        self.loop = SteppedLoop()
        if before is not None:
            self.loop.hands = before.loop.hands
        self.clock = LoudClock(self.loop, self.failures)
        self.plane: ScriptedPlane = ScriptedPlane() if before is None else before.plane
        self.sip: ScriptedSip = ScriptedSip(self.clock, cells) if before is None else before.sip
        if before is not None:
            self.sip.restarted(self.clock)
            self.plane.news.clear()
        self.journal = journal or Journal()
        self.keeper: StateKeeper = keeper or Keeper()
        trunks = (trunk,) if reserve is None else (trunk, reserve)
        self.trunks = Trunks(trunks)
        self.dispatcher = Dispatcher(Engine(run="t", explains=True), self.clock, self._carry_out)
        self.engine = self.dispatcher.engine
        stream = self.stream = EventStream("test", self.clock.wall, dict, memory=10)
        chronicle = self.chronicle = Chronicle(self.journal, stream)
        self.recordings = RecordingDesk(chronicle, self.clock)
        self.board = Switchboard(
            tell_plane=self.plane.tell,
            plane_is_there=lambda: self.plane.is_there,
            dispatcher=self.dispatcher,
            chronicle=chronicle,
            keeper=self.keeper,
            clock=self.clock,
            trunks=self.trunks,
            routes=Routes((row,), "010"),
            queues=(queue, *more_queues),
            area_code="010",
            recordings=self.recordings,
            recordings_dir=Path("/recordings"),
            records_internal=records_internal,
            accounts=accounts,
            outbound=(
                OutboundSettings(name="mobile", pattern=r"1[3-9]\d{9}", trunk=trunk.name),
                OutboundSettings(name="mobile-reserve", pattern=r"1[3-9]\d{9}", trunk=trunks[-1].name),
            ),
            hotlines=("12345",),
            token=self._token,
        )
        self.legs = self.board.legs = LegDesk(
            edge=self.sip,
            pool=self.sip,
            tell_plane=self.plane.tell,
            clock=self.clock,
            accounts=accounts,
            trunks=trunks,
            listener=self.board,
        )
        self.seats = self.board.seats = Seats(
            agents=[AgentSettings(id=agent, name="", queues=("hotline",)) for agent in AGENTS],
            accounts=accounts,
            dispatcher=self.dispatcher,
            chronicle=chronicle,
            keeper=self.keeper,
            clock=self.clock,
            is_reachable=lambda account: account in self.sip.reachable,
        )
        for each in (queue, *more_queues):
            self.dispatcher.tell(definition_of(each))
        if before is None:
            self.sip.reachable |= {account.username for account in accounts}

    def _token(self, size: int) -> str:
        self._tokens += 1
        return f"{self._tokens:0{2 * size}x}"

    def _carry_out(self, order: Command) -> None:
        try:
            self.board.carry_out(order)
        except Exception as error:
            self.failures.append(error)
            raise

    # ---- news are delivered as the composition root delivers them ------------------------------------

    def deliver_plane(self) -> bool:
        """One word of the plane; False when it has none."""
        if not self.plane.news or self.plane.is_silent:
            return False
        event = self.plane.news.popleft()
        self.legs.hear_plane(event)
        self.board.hear_plane(event)
        self.recordings.hear_plane(event)
        return True

    def deliver_edge(self) -> bool:
        """One word of the edge; False when it has none."""
        if not self.sip.edge_news:
            return False
        event = self.sip.edge_news.popleft()
        if isinstance(event, InviteReceived):
            self.board.invited(event)
        else:
            self.legs.hear_edge(event)  # type: ignore[arg-type]
        return True

    def deliver_cell(self) -> bool:
        """One word of a cell; False when they have none."""
        if not self.sip.cell_news:
            return False
        cell_id, event = self.sip.cell_news.popleft()
        if self.sip.keep_slots(cell_id, event):
            self.legs.hear_cell(cell_id, event)
        return True

    def settle(self) -> None:
        """Deliver everything, and what follows from it, until nobody has anything to say."""
        while self.deliver_plane() or self.deliver_edge() or self.deliver_cell():
            pass
        assert not self.failures, self.failures

    def pass_time(self, seconds: float) -> None:
        """Let time go by, step by step, and deliver what it brings."""
        until = self.loop.hands + seconds
        while (due := self.clock.next_deadline()) is not None and due <= until:
            self.loop.turn_to(max(due, self.loop.hands))
            self.settle()
        self.loop.turn_to(until)
        self.settle()

    # ---- what people do --------------------------------------------------------------------------------

    def login(self, agent: str = "1001", seat: str = "8001", state: str = "ready") -> None:
        """An agent sits down."""
        done(self.seats.login(agent, seat, state, "" if state == "ready" else "break"))
        self.settle()

    def dial(self, leg_id: str = "in1", number: str = "12345", caller: str = CALLER) -> str:
        """Somebody calls; the id of the call."""
        before = {call.call_id for call in self.board.calls()}
        self.board.invited(self.sip.invite(leg_id, number, caller=caller))
        self.settle()
        new = [call.call_id for call in self.board.calls() if call.call_id not in before]
        return new[0] if new else ""

    def call_in(self, leg_id: str = "in1", caller: str = CALLER) -> str:
        """Somebody calls, is answered and has heard the greeting; the id of the call."""
        call_id = self.dial(leg_id, caller=caller)
        self.sip.acknowledge(leg_id)
        self.settle()
        if self.plane.prompts_of(leg_id):
            self.plane.play_to_the_end(leg_id)
            self.settle()
        return call_id

    def talk(self, leg_id: str = "in1") -> str:
        """Somebody calls and talks with the agent whose phone rings; the agent's leg."""
        call_id = self.call_in(leg_id)
        agent_leg = self.leg_of_agent(call_id)
        self.answer(agent_leg)
        return agent_leg

    def answer(self, agent_leg: str) -> None:
        """A phone that is rung answers; the announcement is over."""
        caller = self.legs.find(agent_leg)
        assert caller is not None
        call = self.call(caller.call_id)
        self.sip.ring(agent_leg)
        self.sip.pick_up(agent_leg)
        self.settle()
        if call.state is CallState.INTRODUCED and call.customer is not None:
            self.plane.play_to_the_end(call.customer.leg_id)
            self.settle()

    # ---- what tests ask ------------------------------------------------------------------------------

    def call(self, call_id: str) -> Call:
        """A call that is up."""
        return next(call for call in self.board.calls() if call.call_id == call_id)

    def leg_of_agent(self, call_id: str) -> str:
        """The leg of the phone that is rung, or talks, for a call."""
        call = self.call(call_id)
        party = call.agent or next(iter(call.offered), None)
        assert party is not None, "no phone is rung for this call"
        return party.leg_id

    def outside(self, leg_id: str) -> OutsideLeg:
        """What became of a leg outside."""
        return self.sip.legs_by_id[leg_id]

    def ringing(self) -> list[OutsideLeg]:
        """Phones that got our INVITE and have not answered."""
        return self.sip.living(lambda leg: not leg.inbound and leg.phase.value == "early")

    def agent(self, agent: str = "1001") -> tuple[str, str, str]:
        """Presence, activity and reason."""
        view = done(self.seats.get(agent))
        return view.presence, view.activity, view.reason

    def entries(self, kind: type[E]) -> list[E]:
        """What was written down, of one kind."""
        return [entry for entry in self.journal.entries if isinstance(entry, kind)]

    def story(self, call_id: str) -> list[str]:
        """The kinds of what was written down of a call, in order, but for who is on which channel of its recording."""
        return [
            type(entry).__name__
            for entry in self.journal.entries
            if getattr(entry, "call_id", None) == call_id
            and not isinstance(entry, AgentStateChanged | RecordingSegmentStarted)
        ]

    def waits(self, call_id: str) -> int | None:
        """A caller's place in the line."""
        return self.engine.position(ContactId(call_id))

    # ---- a process dies --------------------------------------------------------------------------------

    def lose_cell(self, cell_id: str) -> None:
        """A cell died; the nursery starts another."""
        self.legs.cell_lost(cell_id, self.sip.kill_cell(cell_id))
        self.sip.start_cell(f"{cell_id}'")
        self.settle()

    def lose_plane(self) -> None:
        """The plane died, and a new one is there at once."""
        self.plane.die()
        self.board.media_lost()
        self.legs.plane_lost()
        self.settle()
        self.plane.come_back()

    def repair(self) -> None:
        """Let the recordings of a dead plane be repaired."""

        async def work() -> None:
            self.recordings.repair_all_but(frozenset(self.plane.recordings))
            await self.recordings.wait_repaired()

        asyncio.run(work())

    def assert_nothing_is_left(self) -> None:
        """Nothing of any call is held by anybody any more."""
        self.settle()
        self.pass_time(40.0)  # graces and patience are over
        assert not self.board.calls()
        assert not self.legs.all()
        assert not self.plane.legs, "legs are open in the plane"
        assert not self.plane.recordings, "recordings run"
        assert not self.recordings.open_ids, "recordings are believed to run"
        assert not self.sip.living(), "somebody outside believes in a call"
        assert [leg.leg_id for leg in self.sip.legs_by_id.values() if leg.native_cell] == [], "held by a cell"
        assert self.sip.slots.used == 0, "slots are used"
        assert [leg.leg_id for leg in self.sip.legs_by_id.values() if not leg.is_forgotten] == []
        assert not any(trunk.in_use for trunk in self.trunks.statistics())
        assert self.keeper.load("live_call") == {}
        queue = self.engine.statistics().queues[0]
        assert (queue.waiting, queue.offered, queue.connected) == (0, 0, 0)
        assert not self.legs.owed_figures


def account_peer(name: str = "phone8001") -> Peer:
    """A desk phone that calls by itself."""
    return Peer(kind=PeerKind.ACCOUNT, name=name)
