"""Control's side of the cells: where legs are placed, and the links to nursery and cells."""

import asyncio
import fcntl
import math
import os
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import assert_never

import structlog

from api.standing_work import going_on
from softswitch.cells.link_words import CELL_COMMANDS, CELL_EVENTS, NURSERY_COMMANDS, NURSERY_EVENTS
from softswitch.cells.messages import (
    CellCommand,
    CellEnded,
    CellEvent,
    CellsReported,
    CellStarted,
    LegArrived,
    LegConfirmed,
    LegEnded,
    LegFailed,
    LegHeld,
    LegProgressed,
    MakeLeg,
    NurseryEvent,
    ReportCells,
    ReportState,
    RequestAnswered,
    Retire,
    RetirementBegun,
    SlotFreed,
    SlotRefused,
    StateReported,
    WantLegs,
)
from softswitch.cells.slots import Cell, IllegalSlotChange, NoCellFree, SlotChange, SlotState, SlotTable
from softswitch.links import Client, LinkRefused, NoDescriptor, private_folder
from softswitch.vigil import Vigil

__all__ = ["AlreadyControlled", "Cell", "CellPool", "CellsAbsent", "NoCellFree", "UnknownLeg"]

RETRY_S = 0.1
SHORTAGE_RETRY_S = 0.5
START_TIMEOUT_S = 15.0
REPORT_TIMEOUT_S = 3.0
ROUND_S = 2.0
PATIENCE_S = 5.0
"""Every cell is asked each round what it holds; one that does not answer for so long hangs, and is killed."""
ENDED_UNSEEN_STATUS = 500
ORDER_STEP_LEGS = 8
"""Room is asked for in steps, so that the nursery is not woken for every leg."""

log = structlog.get_logger(__name__)


class CellsAbsent(Exception):
    """The nursery did not answer in time; `run_dir` is where it was looked for."""

    def __init__(self, run_dir: Path) -> None:
        """Keep the folder."""
        super().__init__(f"no nursery answers in {run_dir}")
        self.run_dir = run_dir


class AlreadyControlled(Exception):
    """Another control holds the cells of this run directory."""

    def __init__(self, run_dir: Path) -> None:
        """Keep the folder."""
        super().__init__(f"another control holds the cells in {run_dir}")
        self.run_dir = run_dir


class UnknownLeg(Exception):
    """A command for a leg that no cell has: it ended, or its cell did."""

    def __init__(self, leg_id: str) -> None:
        """Keep the leg."""
        super().__init__(f"no cell has leg {leg_id}")
        self.leg_id = leg_id


@dataclass(slots=True)
class _Linked:
    cell: Cell
    pid: int
    link_path: Path
    vigil: Vigil
    link: Client | None = None
    reported: asyncio.Event = field(default_factory=asyncio.Event)
    asked: frozenset[str] | None = None  # legs that it had when it was asked, None once it has answered
    held: set[str] = field(default_factory=set)  # leg ids of the report that is being read


class CellPool:
    """All cells of the node, as control sees them."""

    def __init__(
        self,
        run_dir: Path,
        *,
        wake: Callable[[str, int], None],
        on_event: Callable[[str, CellEvent], None],
        on_lost: Callable[[str, tuple[str, ...]], None],
        on_started: Callable[[Cell], None] = lambda cell: None,
        on_ended: Callable[[str], None] = lambda cell_id: None,
        spare_legs: int = 24,
        patience_s: float = PATIENCE_S,
        round_s: float = ROUND_S,
    ) -> None:
        """`wake(address, port)` sends a CRLF datagram from the edge's inner socket.

        `on_event(cell_id, event)` gets what cells say of legs, in order; slots are the pool's own business.
        `on_lost(cell_id, leg_ids)` comes once for a cell that died, with the legs that died in it (also those
        placed there of which it had not yet spoken), `on_started` before the first word to a cell (the edge must
        let it speak), `on_ended` after its last.
        """
        self.on_room: Callable[[], None] = lambda: None
        """Called when a leg that found no slot may find one now."""
        self._run_dir = run_dir
        self._wake = wake
        self._on_event = on_event
        self._on_lost = on_lost
        self._on_started = on_started
        self._on_ended = on_ended
        self._spare_legs = spare_legs
        self._patience_s = patience_s
        self._round_s = round_s
        self.hung = 0
        """Cells that were killed because they hung."""
        self.nursery_hangs = False
        """Whether the nursery says nothing any more."""
        self._nursery_vigil = Vigil(patience_s, 0.0)
        self._slots = SlotTable()
        self._cells: dict[str, _Linked] = {}
        self._nursery: Client | None = None
        self._nursery_gone = asyncio.Event()
        self._cells_reported = asyncio.Event()
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wanted_legs = -1
        self._lock = -1
        self._loop = asyncio.get_running_loop()

    def __repr__(self) -> str:
        """State at a glance."""
        return f"<CellPool cells={len(self._cells)} used={self._slots.used} free={self._slots.free}>"

    @property
    def free_slots(self) -> int:
        """Legs that could be placed now, rate limits apart."""
        return self._slots.free

    @property
    def used_slots(self) -> int:
        """Slots that hold a leg, or the rest of one."""
        return self._slots.used

    def live_legs(self) -> frozenset[str]:
        """Every leg that a cell has, as the cells last said."""
        return frozenset(
            leg_id
            for cell_id in self._cells
            for leg_id in self._slots.legs_in(cell_id)
            if self._slots.state_of(leg_id) is SlotState.LIVE
        )

    def pids(self) -> dict[str, int]:
        """Process ids of the cells by cell id."""
        return {cell_id: linked.pid for cell_id, linked in self._cells.items()}

    async def start(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Find the nursery and adopt what its cells hold: `LegHeld` of each leg is given to `on_event`.

        When this returns, every leg that lives has been named.  Raises `CellsAbsent`, `AlreadyControlled`.
        """
        self._lock_cells()
        self._spawn(going_on(self._keep_nursery, "cells-nursery"))
        self._spawn(going_on(self._go_rounds, "cells-rounds"))
        try:
            async with asyncio.timeout(timeout_s):
                await self._cells_reported.wait()
        except TimeoutError as error:
            await self.stop()
            raise CellsAbsent(self._run_dir) from error
        await asyncio.gather(*(self._wait_reported(linked) for linked in list(self._cells.values())))

    def _lock_cells(self) -> None:
        """One control at a time: a link has one client, and two would take it from each other for ever."""
        private_folder(self._run_dir)
        lock = os.open(self._run_dir / "control.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise AlreadyControlled(self._run_dir) from error
        self._lock = lock

    async def stop(self) -> None:
        """Let go of the links; the cells and their legs live on."""
        self._stopping.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._nursery is not None:
            self._nursery.close()
        for linked in self._cells.values():
            if linked.link is not None:
                linked.link.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # ---- placing ---------------------------------------------------------------------------------

    def place(self, leg_id: str, now: float, avoid: Collection[str] = frozenset()) -> Cell:
        """Take a slot for a leg in the cell unused for longest, never in one of `avoid` (cell ids).

        `now` is monotonic seconds.  A leg that is placed but went nowhere yet may be placed anew.  Raises
        `NoCellFree`.
        """
        try:
            return self._slots.place(leg_id, now, avoid)
        finally:
            self._order_cells()

    def release(self, leg_id: str) -> None:
        """A placed leg will not go to its cell after all.

        Harmless at any other time: a slot that the cell knows of is freed when the cell says so.
        """
        self._slots.withdraw(leg_id)
        self._order_cells()

    def cell_of(self, leg_id: str) -> Cell | None:
        """The cell of a leg, None when no cell has it."""
        return self._slots.cell_of(leg_id)

    def send(self, leg_id: str, command: CellCommand) -> None:
        """Give a command to the leg's cell.  Raises `UnknownLeg` when no cell has it."""
        cell = self._slots.cell_of(leg_id)
        linked = None if cell is None else self._cells.get(cell.cell_id)
        if linked is None or linked.link is None:
            raise UnknownLeg(leg_id)
        if isinstance(command, MakeLeg):
            self._change(linked, leg_id, SlotChange.SEEN)  # from now on the cell decides when it is free
        self._tell(linked, command)

    def retire(self, cell_id: str) -> None:
        """Drain a cell: it takes no new leg and ends after its last; the nursery starts another."""
        linked = self._cells.get(cell_id)
        if linked is not None and linked.link is not None:
            self._slots.close_cell(cell_id)
            self._tell(linked, Retire())

    def _tell(self, linked: _Linked, command: CellCommand) -> None:
        if linked.link is not None:
            linked.link.send(command)
            self._wake(linked.cell.address, linked.cell.port)

    # ---- nursery ---------------------------------------------------------------------------------

    async def _keep_nursery(self) -> None:
        """Hold the link to the nursery, and find it again whenever it was restarted."""
        while not self._stopping.is_set():
            if self._nursery is not None:
                self._nursery.close()
                self._nursery = None
            self._nursery_gone.clear()
            try:
                self._nursery = await Client.connect(
                    self._run_dir / "nursery.sock",
                    sends=NURSERY_COMMANDS,
                    receives=NURSERY_EVENTS,
                    on_message=self._hear_nursery,
                    on_closed=self._nursery_gone.set,
                )
            except (LinkRefused, NoDescriptor):
                await self._pause(RETRY_S)
                continue
            self._wanted_legs = -1
            self._order_cells()
            self._nursery_vigil = Vigil(self._patience_s, self._loop.time())
            self._nursery.send(ReportCells())
            await self._nursery_gone.wait()
            self._nursery = None
            self.nursery_hangs = False
            log.warning("nursery.link_lost")

    def _hear_nursery(self, event: NurseryEvent) -> None:
        self._nursery_vigil.hear(self._loop.time())
        match event:
            case CellStarted():
                if event.cell_id not in self._cells:
                    self._adopt(event)
            case CellEnded():
                self._lose(event.cell_id)
            case CellsReported():
                self._cells_reported.set()

    def _order_cells(self) -> None:
        """Tell the nursery how many legs there should be room for, when that has changed."""
        needed = self._slots.used * self._slots.nominal_share
        needed += self._spare_legs * (self._slots.nominal_share - 1.0)  # its own spares are short as well
        wanted = math.ceil(needed / ORDER_STEP_LEGS) * ORDER_STEP_LEGS
        if self._nursery is not None and wanted != self._wanted_legs:
            self._wanted_legs = wanted
            self._nursery.send(WantLegs(legs=wanted))

    # ---- cells -----------------------------------------------------------------------------------

    def _adopt(self, started: CellStarted) -> None:
        """Get to know a cell; it takes legs once it has said what it holds."""
        cell = Cell(cell_id=started.cell_id, address=started.sip_address, port=started.sip_port)
        linked = _Linked(
            cell=cell,
            pid=started.pid,
            link_path=Path(started.link_path),
            vigil=Vigil(self._patience_s, self._loop.time()),
        )
        self._cells[cell.cell_id] = linked
        self._slots.add_cell(cell, started.capacity)
        self._on_started(cell)
        self._spawn_link(linked)

    def _spawn_link(self, linked: _Linked) -> None:
        self._spawn(going_on(partial(self._link, linked), "cells-link"))

    async def _link(self, linked: _Linked) -> None:
        """Connect to the cell and ask for its state; a cell that refuses the link is dead.

        While this process has no descriptor it is asked again: the cell and its legs live.
        """
        cell_id = linked.cell.cell_id
        while linked.link is None and self._cells.get(cell_id) is linked and not self._stopping.is_set():
            try:
                linked.link = await Client.connect(
                    linked.link_path,
                    sends=CELL_COMMANDS,
                    receives=CELL_EVENTS,
                    on_message=lambda event: self._hear_cell(linked, event),
                    on_closed=lambda: self._link_closed(linked),
                )
            except NoDescriptor as shortage:
                log.warning("cell.link_waits", cell_id=cell_id, detail=shortage.detail)
                await self._pause(SHORTAGE_RETRY_S)
            except LinkRefused as refusal:
                log.debug("cell.link_refused", cell_id=cell_id, detail=refusal.detail)
                self._lose(cell_id)
        if linked.link is not None:
            linked.vigil.hear(self._loop.time())
            self._ask(linked)

    def _ask(self, linked: _Linked) -> None:
        """Ask a cell what it holds.  Legs that come while it answers are none of its report's business."""
        legs = self._slots.legs_in(linked.cell.cell_id)
        linked.asked = frozenset(leg for leg in legs if self._slots.state_of(leg) is not SlotState.PLACED)
        self._tell(linked, ReportState())

    async def _go_rounds(self) -> None:
        """Ask every cell now and then: its answer shows that it lives, and heals what we believe of its legs."""
        while not self._stopping.is_set():
            await self._pause(self._round_s)
            now = self._loop.time()
            self._visit_nursery(now)
            for linked in tuple(self._cells.values()):
                if linked.link is None:
                    continue
                if linked.vigil.is_hung(now):
                    self.hung += 1
                    killed = linked.link.kill_peer()
                    log.error("cell.hung", cell_id=linked.cell.cell_id, pid=linked.pid, killed=killed)
                elif linked.asked is None:
                    self._ask(linked)

    def _visit_nursery(self, now: float) -> None:
        """A nursery that hangs harms no leg, but its end is the end of all: it is killed when it has none, or no room."""
        if self._nursery is None:
            return
        self.nursery_hangs = self._nursery_vigil.is_hung(now)
        if not self.nursery_hangs:
            self._nursery.send(ReportCells())
        elif self._slots.used == 0 or self._slots.free == 0:
            log.error("nursery.hung", pid=self._nursery.peer_pid, killed=self._nursery.kill_peer())

    def _link_closed(self, linked: _Linked) -> None:
        """The cell died, or cut the link because we did not read: linking again tells which."""
        linked.link = None
        linked.held.clear()
        linked.asked = None
        linked.reported.clear()
        self._slots.close_cell(linked.cell.cell_id)
        if self._cells.get(linked.cell.cell_id) is linked:
            self._spawn_link(linked)

    async def _wait_reported(self, linked: _Linked) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(REPORT_TIMEOUT_S):
                await linked.reported.wait()
        if not linked.reported.is_set():
            log.warning("cell.silent", cell_id=linked.cell.cell_id)

    def _hear_cell(self, linked: _Linked, event: CellEvent) -> None:
        cell_id = linked.cell.cell_id
        linked.vigil.hear(self._loop.time())
        match event:
            case StateReported():
                self._read_report(linked)
                return
            case RetirementBegun():
                self._slots.close_cell(cell_id)
                self._order_cells()
                return
            case SlotFreed():
                self._change(linked, event.leg_id, SlotChange.FREED)
                self._order_cells()
                self._tell_room()
                return
            case SlotRefused():
                self._slots.refused(cell_id, event.leg_id, self._loop.time())
                self._order_cells()
                return
            case LegHeld():
                linked.held.add(event.leg_id)
                if event.phase == "ending":
                    self._change(linked, event.leg_id, SlotChange.ENDED)
                    return
                self._change(linked, event.leg_id, SlotChange.SEEN)
            case LegArrived() | LegProgressed() | LegConfirmed():
                self._change(linked, event.leg_id, SlotChange.SEEN)
            case LegEnded():
                self._change(linked, event.leg_id, SlotChange.ENDED)
            case LegFailed():
                if event.code == "cell_full":
                    self._slots.refused(cell_id, event.leg_id, self._loop.time())
                elif event.code == "retiring":
                    self._slots.close_cell(cell_id)
                    # No leg was made, so whoever hears of it may place the leg elsewhere in this very turn.
                    self._change(linked, event.leg_id, SlotChange.FREED)
            case RequestAnswered():
                pass
            case _:
                assert_never(event)
        self._say(cell_id, event)

    def _say(self, cell_id: str, event: CellEvent) -> None:
        """Hand an event on; a fault of its taker must not cost the next one."""
        try:
            self._on_event(cell_id, event)
        except Exception:
            log.exception("cell.event_failed", cell_id=cell_id, cell_event=type(event).__name__)

    def _tell_room(self) -> None:
        try:
            self.on_room()
        except Exception:  # the cell's next word counts all the same
            log.exception("cell.room_not_taken")

    def _read_report(self, linked: _Linked) -> None:
        """The cell has said all that it holds: what we knew beyond that when we asked has ended unseen."""
        cell_id = linked.cell.cell_id
        ended = []
        asked, linked.asked = linked.asked or frozenset(), None
        for leg_id in self._slots.legs_in(cell_id):
            state = self._slots.state_of(leg_id)
            if leg_id in linked.held or leg_id not in asked:
                continue
            self._change(linked, leg_id, SlotChange.FREED)
            if state is SlotState.LIVE:
                ended.append(leg_id)
        linked.held.clear()
        if not linked.reported.is_set():
            self._slots.open_cell(cell_id)
        linked.reported.set()
        self._order_cells()
        self._tell_room()
        for leg_id in ended:
            log.warning("leg.ended_unseen", cell_id=cell_id, leg_id=leg_id)
            self._say(
                cell_id,
                LegEnded(leg_id=leg_id, status=ENDED_UNSEEN_STATUS, reason="link lost", by_far_end=False),
            )

    def _change(self, linked: _Linked, leg_id: str, change: SlotChange) -> None:
        try:
            self._slots.change(linked.cell.cell_id, leg_id, change)
        except IllegalSlotChange as fault:
            log.error("slot.illegal_change", cell_id=linked.cell.cell_id, fault=str(fault))

    def _lose(self, cell_id: str) -> None:
        """A cell is gone: once, whoever says it first."""
        linked = self._cells.pop(cell_id, None)
        if linked is None:
            return
        if linked.link is not None:
            linked.link.close()
        linked.reported.set()
        lost = self._slots.remove_cell(cell_id)
        self._order_cells()
        log.info("cell.gone", cell_id=cell_id, legs_lost=len(lost))
        try:
            self._on_lost(cell_id, lost)
        finally:
            self._on_ended(cell_id)

    # ---- tasks -----------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if self._stopping.is_set():
            work.close()
            return
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pause(self, most_s: float) -> None:
        """Wait so long, or less when the pool stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._stopping.wait()
