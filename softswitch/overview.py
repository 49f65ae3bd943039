"""The state of everything, for screens and for whoever watches the system: the live snapshot and the health."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from acd.engine import Engine
from acd.names import ContactId
from acd.snapshots import QueueStatistics
from api.json_text import iso_time, to_plain
from api.views import HealthView, PartView
from softswitch.calls.call import Call
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.cells.pool import CellPool
from softswitch.clock import Clock
from softswitch.plane_link import PlaneLink
from softswitch.sip.edge import Edge
from softswitch.store.writer import Store


def product_version() -> str:
    """The version of the installed product, 0 when it runs from a bare checkout."""
    try:
        return version("softswitch")
    except PackageNotFoundError:
        return "0"


def expected_wait_s(engine: Engine, queue: QueueStatistics) -> tuple[float, ...]:
    """Between what and what (s) a call that came now would wait; empty while too little is known."""
    if queue.agents_free and not queue.waiting:
        return (0.0, 0.0)
    band = engine.expected_band(queue.queue, queue.waiting + 1)
    return () if band is None else (round(band.low_s, 1), round(band.high_s, 1))


class Overview:
    """Looks at all parts, changes none; the `HealthPort` of the HTTP interface."""

    def __init__(
        self,
        *,
        edge: Edge,
        pool: CellPool,
        plane: PlaneLink,
        store: Store,
        engine: Engine,
        seats: Seats,
        board: Switchboard,
        trunks: Trunks,
        clock: Clock,
        is_ready: Callable[[], bool],
        more_parts: Callable[[], tuple[PartView, ...]] = lambda: (),
    ) -> None:
        """`is_ready` says whether control has taken over; `more_parts` are shown by health beside those known here."""
        self._more_parts = more_parts
        self._edge = edge
        self._pool = pool
        self._plane = plane
        self._store = store
        self._engine = engine
        self._seats = seats
        self._board = board
        self._trunks = trunks
        self._clock = clock
        self._is_ready = is_ready

    def snapshot(self) -> dict[str, Any]:
        """Everything that a screen shows, in JSON values."""
        wall = self._clock.wall()
        engine = self._engine
        return {
            "at": iso_time(wall),
            "agents": [to_plain(agent) for agent in self._seats.views()],
            "calls": [
                {
                    "call_id": call.call_id,
                    "trunk": call.trunk,
                    "state": call.state.value,
                    "caller": call.caller,
                    "called": call.called,
                    "queue": call.route.queue,
                    "position": engine.position(ContactId(call.call_id)),
                    "agent": _serving(call),
                    "duration_s": round(wall - call.arrived_at, 1),
                    "arrived_at": _iso_or_none(call.arrived_at),
                    "queued_at": _iso_or_none(call.queued_at),
                    "connected_at": _iso_or_none(call.connected_at),
                    **to_plain(self._board.running(call.call_id)),
                }
                for call in self._board.calls()
            ],
            "queues": [
                {
                    "queue": queue.queue,
                    "limit": queue.limit,
                    "waiting": queue.waiting,
                    "longest_wait_s": round(queue.longest_wait_s, 1),
                    "agents_free": queue.agents_free,
                    "expected_wait_s": expected_wait_s(engine, queue),
                }
                for queue in engine.statistics().queues
            ],
            "trunks": [
                {
                    "trunk": trunk.name,
                    "up": trunk.up,
                    "in_use": trunk.in_use,
                    "limit": trunk.limit,
                    "refused": trunk.refused,
                }
                for trunk in self._trunks.statistics()
            ],
        }

    async def health(self) -> HealthView:
        """How the parts are; the node is ready when a call that comes now could be taken."""
        store = self._store.statistics()
        parts = (
            PartView(name="edge", ok=True, detail=f"legs={len(self._edge.legs())}"),
            PartView(
                name="cells",
                ok=self._pool.free_slots >= 2,
                detail=f"free={self._pool.free_slots} used={self._pool.used_slots}",
            ),
            PartView(name=self._plane.plane_id, ok=self._plane.is_there, detail=""),
            PartView(name="store", ok=not store.is_failing, detail=f"backlog={store.backlog}"),
            *self._more_parts(),
        )
        reasons = tuple(part.name for part in parts if not part.ok)
        return HealthView(
            live=True,
            ready=self._is_ready() and not reasons,
            reasons=reasons,
            version=product_version(),
            parts=parts,
        )


def _serving(call: Call) -> str | None:
    """The agent who has the call, else the first whose phone rings for it."""
    party = call.agent or next(iter(call.offered), None)
    return None if party is None else party.agent


def _iso_or_none(wall: float | None) -> str | None:
    return None if wall is None else iso_time(wall)
