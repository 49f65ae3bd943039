"""What a running control is made to believe, so that its comparison finds something to heal; runs inside of control.

A test that starts its server with `SITE` on the path of Python's modules writes an `Order` to `order_in(folder)` and
sends SIGUSR2 to control, which does what it says between two turns of its loop.  Nothing of the product knows of this.
"""

import gc
import json
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from acd import events as acd_facts
from acd.names import AgentId, ContactId
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.call import Call
from softswitch.calls.call_table import TABLE
from softswitch.calls.party import CallParty
from softswitch.cells.pool import CellPool
from softswitch.operations import healer as comparison
from softswitch.operations.healer import Healer
from softswitch.plane_link import PlaneLink

ROUND_S = 1.5
"""A comparison is made so often from the first wound on, for a test that waits for eight of them."""

SITE = """
import asyncio, signal, sys
if sys.orig_argv[1:4] == ["-m", "softswitch", "control"]:
    def operate(number, frame):
        from tests.wounds import inflict
        asyncio.get_running_loop().call_soon_threadsafe(inflict, {folder!r})
    signal.signal(signal.SIGUSR2, operate)
"""
"""`sitecustomize.py` of control alone; `{folder}` is where its orders lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whom each wound is for: calls by id, agents by theirs."""

    forgotten: str  # a waiting call of which control knows nothing any more; its cell and the plane go on
    left_outside: str  # the same, and its cell died besides: the edge alone knows the caller
    without_cell: str  # a waiting caller whose cell died, of which control has not heard
    without_sound: str  # a waiting caller whose leg the plane has closed
    without_place: str  # a waiting caller whom the engine has let go
    unrecorded: str  # a talk that the plane records no more, and whose agent the engine takes for free
    deserted: str  # a talk from which its agent is gone, of which the engine has not heard
    unrung: str  # a waiting caller who is offered to a phone that does not ring
    engaged: str  # an agent who is in a call for the engine, and is in none


def order_in(folder: Path) -> Path:
    """Where an order lies."""
    return folder / "wounds.json"


def prepare(folder: Path) -> Path:
    """Write the module that makes control listen for orders; the folder that has to be on Python's path."""
    (folder / "sitecustomize.py").write_text(SITE.format(folder=str(folder)))
    return folder


def wound(control: int, folder: Path, order: Order) -> None:
    """Have the control of this process id do it; what it writes into its log tells whether it could."""
    order_in(folder).write_text(json.dumps(asdict(order)))
    os.kill(control, signal.SIGUSR2)


def inflict(folder: str) -> None:
    """Do what the order says.  Called in control, by its loop."""
    gc.unfreeze()  # what was frozen at the start is not found otherwise
    (healer,) = [each for each in gc.get_objects() if isinstance(each, Healer)]
    comparison.ROUND_S = ROUND_S
    Wounds(healer).inflict(Order(**json.loads(order_in(Path(folder)).read_text())))


class Wounds:
    """The parts that a comparison looks at, from inside."""

    def __init__(self, healer: Healer) -> None:
        self._table = healer._board.table
        self._legs = healer._legs
        self._tell = healer._dispatcher.tell
        self._pool = cast("CellPool", healer._pool)
        self._plane = cast("PlaneLink", healer._plane)

    def inflict(self, order: Order) -> None:
        """All of them in one turn of the loop."""
        self._forget(order.forgotten)
        leg_id = self._leg_of(order.left_outside)
        self._forget(order.left_outside)
        self._kill_cell_of(leg_id)
        self._kill_cell_of(self._leg_of(order.without_cell))
        self._order_plane(plane_words.CloseLeg(leg_id=self._leg_of(order.without_sound)))
        self._tell(acd_facts.ContactLeft(contact=ContactId(order.without_place)))
        self._stop_recording(self._call(order.unrecorded))
        self._tell(acd_facts.ContactEnded(contact=ContactId(order.unrecorded)))
        deserted = self._call(order.deserted)
        agent = deserted.agent
        assert agent is not None
        agent.contact = ""
        self._table.remove(deserted, agent)
        (rung,) = self._call(order.unrung).offered
        self._call(order.unrung).parties.remove(rung)
        self._legs.hang_up(rung.leg)
        self._tell(acd_facts.AgentEngaged(agent=AgentId(order.engaged)))

    def _call(self, call_id: str) -> Call:
        call = self._table.find(call_id)
        assert call is not None
        return call

    def _customer(self, call_id: str) -> CallParty:
        customer = self._call(call_id).customer
        assert customer is not None
        return customer

    def _leg_of(self, call_id: str) -> str:
        return self._customer(call_id).leg_id

    def _forget(self, call_id: str) -> None:
        """Call control loses a call and its leg as if they had never been."""
        call, leg_id = self._call(call_id), self._leg_of(call_id)
        if call.next_position is not None:
            call.next_position.cancel()
        del self._table._calls[call_id]
        self._table._keeper.remove(TABLE, call_id)
        del self._legs._legs[leg_id]

    def _kill_cell_of(self, leg_id: str) -> None:
        """The cell dies, and what the pool says of it reaches nobody."""
        cell = self._pool.cell_of(leg_id)
        assert cell is not None
        assert self._pool._slots.legs_in(cell.cell_id) == (leg_id,), "it would take others along"
        told = self._pool._on_lost

        def tell(cell_id: str, leg_ids: tuple[str, ...]) -> None:
            if cell_id != cell.cell_id:
                told(cell_id, leg_ids)

        self._pool._on_lost = tell
        os.kill(self._pool.pids()[cell.cell_id], signal.SIGKILL)

    def _order_plane(self, command: plane_words.Command) -> None:
        """Behind the back of everybody who remembers what was ordered."""
        client = self._plane._client
        assert client is not None
        client.send(command)

    def _stop_recording(self, call: Call) -> None:
        """The plane ends it, and what it says of it reaches nobody."""
        heard: Callable[[plane_news.Event], None] = self._plane._on_event

        def hear(event: plane_news.Event) -> None:
            match event:
                case plane_news.RecordingClosed(recording_id=closed) if closed == call.recording_id:
                    pass
                case _:
                    heard(event)

        self._plane._on_event = hear
        self._order_plane(plane_words.StopRecording(recording_id=call.recording_id))
