"""The pool's links in a process that has no descriptor; nursery and cells are link servers with nothing behind them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api.standing_work import STUMBLED
from softswitch.cells.link_words import CELL_COMMANDS, CELL_EVENTS, NURSERY_COMMANDS, NURSERY_EVENTS
from softswitch.cells.messages import CellsReported, CellStarted, ReportCells, ReportState, StateReported
from softswitch.cells.pool import CellPool
from softswitch.links import Server
from tests.shortage import no_descriptor_left

LEGS = 4


class Node:
    """A nursery with one cell, which it has not told of yet."""

    def __init__(self, run_dir: Path) -> None:
        self.nursery = Server(run_dir / "nursery.sock", receives=NURSERY_COMMANDS, sends=NURSERY_EVENTS)
        self.cell = Server(run_dir / "cell-1.sock", receives=CELL_COMMANDS, sends=CELL_EVENTS)
        self.started = CellStarted(
            cell_id="c1",
            pid=os.getpid(),
            link_path=str(self.cell.path),
            sip_address="127.79.0.1",
            sip_port=5060,
            capacity=LEGS,
        )
        self.has_told = False
        self.asked = 0  # how often the cell was asked what it holds
        self.breaks = 0  # wake-ups that will fail
        self.lost: list[str] = []
        self.pool = CellPool(
            run_dir,
            wake=self._wake,
            on_event=lambda cell_id, event: None,
            on_lost=lambda cell_id, legs: self.lost.append(cell_id),
            round_s=0.05,
        )
        self._serving = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        while True:
            for command in self.nursery.service():
                if isinstance(command, ReportCells):
                    if self.has_told:
                        self.nursery.send(self.started)
                    self.nursery.send(CellsReported(cells=1))
            for command in self.cell.service():
                if isinstance(command, ReportState):
                    self.asked += 1
                    self.cell.send(StateReported(legs=0, slots_free=LEGS))
            await asyncio.sleep(0.005)

    def _wake(self, address: str, port: int) -> None:
        if self.breaks:
            self.breaks -= 1
            raise OSError(9, "no socket")

    def tell(self) -> None:
        """The nursery says that its cell was born."""
        self.has_told = True
        self.nursery.send(self.started)

    async def wait(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        await self.pool.stop()
        self._serving.cancel()
        await asyncio.gather(self._serving, return_exceptions=True)
        self.nursery.close()
        self.cell.close()


@asynccontextmanager
async def node(run_dir: Path) -> AsyncIterator[Node]:
    """With its pool started."""
    here = Node(run_dir)
    try:
        await here.pool.start()
        yield here
    finally:
        await here.stop()


async def test_a_cell_that_is_born_while_no_descriptor_is_left_is_linked_afterwards(tmp_path: Path) -> None:
    """It is no dead cell, and no task ends: it takes no leg before control can speak to it, and does so then."""
    async with node(tmp_path / "run") as here:
        with no_descriptor_left():
            here.tell()
            await here.wait(lambda: "c1" in here.pool.pids())
            await asyncio.sleep(0.2)
            assert here.pool.free_slots == 0
        await here.wait(lambda: here.pool.free_slots == LEGS)
        assert here.lost == []


async def test_rounds_that_stumble_are_told_and_go_on(tmp_path: Path) -> None:
    """A wake-up that fails once (the edge's socket is its own business) costs one round, not all that follow."""
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    async with node(tmp_path / "run") as here:
        here.tell()
        await here.wait(lambda: here.pool.free_slots == LEGS)
        here.breaks = 1
        await here.wait(lambda: bool(faults))
        assert [context[STUMBLED] for context in faults] == ["cells-rounds"]
        before = here.asked
        await here.wait(lambda: here.asked > before)
        assert here.pool.free_slots == LEGS
        assert here.lost == []
