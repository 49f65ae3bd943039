"""Control's link to one media plane: it is found again whenever it was lost, and says what it holds."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from api.standing_work import going_on
from media import commands, events
from softswitch.links import Client, LinkRefused, NoDescriptor
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS, socket_name
from softswitch.standing_orders import StandingOrders
from softswitch.vigil import Vigil

log = structlog.get_logger(__name__)

RETRY_S = 0.05
SHORTAGE_RETRY_S = 0.5
PATIENCE_S = 3.0
GAP_MOST_ORDERS = 20_000
"""Orders that wait for a link to be mended, which takes some 50 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """All that a plane holds: legs and recordings by id."""

    legs: dict[str, events.LegHeld] = field(default_factory=dict)
    recordings: dict[str, events.RecordingHeld] = field(default_factory=dict)


class PlaneAbsent(Exception):
    """No plane answered in time at `path`."""

    def __init__(self, path: Path) -> None:
        """Keep the path."""
        super().__init__(f"no media plane answers at {path}")
        self.path = path


class PlaneLink:
    """The link to one plane."""

    def __init__(
        self,
        run_dir: Path,
        plane_id: str,
        *,
        on_event: Callable[[events.Event], None],
        on_found: Callable[[Held], None],
        on_lost: Callable[[], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`on_found` comes after every connection with all that the plane holds; `on_lost` when it is dead.

        A plane reports once a second.  One that says nothing for `patience_s` seconds hangs: it is killed, and the
        launcher starts another.
        """
        self.plane_id = plane_id
        self.hung = 0
        """Planes that were killed because they hung."""
        self.last_report: events.PlaneReported | None = None
        """The health of the tick as last reported; None while no plane is there."""
        self._path = run_dir / socket_name(plane_id)
        self._on_event = on_event
        self._on_found = on_found
        self._on_lost = on_lost
        self._patience_s = patience_s
        self._client: Client | None = None
        self._pid = 0
        self._vigil = Vigil(patience_s, 0.0)
        self._orders = StandingOrders()
        self._inquiries: deque[Callable[[events.HoldingsListed], None]] = deque()
        self._in_the_gap: deque[commands.Command] = deque(maxlen=GAP_MOST_ORDERS)
        self._closed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._found = asyncio.Event()
        self._held = Held()
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def is_there(self) -> bool:
        """Whether a plane answers."""
        return self._found.is_set()

    async def start(self, timeout_s: float = 15.0) -> None:
        """Connect and hear what the plane holds; raises `PlaneAbsent`."""
        name = f"link-{self.plane_id}"
        self._task = asyncio.create_task(going_on(self._keep, name), name=name)
        try:
            async with asyncio.timeout(timeout_s):
                await self._found.wait()
        except TimeoutError as error:
            await self.stop()
            raise PlaneAbsent(self._path) from error

    async def stop(self) -> None:
        """Let go of the plane, which goes on."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._client is not None:
            self._client.close()

    def inquire(self, answer: Callable[[events.HoldingsListed], None]) -> None:
        """Ask a plane that is there what it holds; a link that is cut meanwhile answers nothing."""
        if self._client is not None and self.is_there and self._client.send(commands.ListHoldings()):
            self._inquiries.append(answer)

    def send(self, command: commands.Command) -> None:
        """Give an order.  While the link is cut it waits; without a plane it is dropped with all that this held."""
        self._orders.note(command)
        is_sent = self._client is not None and self._client.send(command)
        if not is_sent and self.is_there:
            self._in_the_gap.append(command)

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            if self._client is not None:
                self._client.close()
                self._client = None
            self._closed.clear()
            self._held = Held()
            try:
                self._client = await Client.connect(
                    self._path,
                    sends=PLANE_COMMANDS,
                    receives=PLANE_EVENTS,
                    on_message=self._hear,
                    on_closed=self._closed.set,
                )
            except NoDescriptor as shortage:  # says nothing of the plane, which goes on
                log.warning("plane.link_waits", plane=self.plane_id, detail=shortage.detail)
                await self._pause(self._stopping, SHORTAGE_RETRY_S)
                continue
            except LinkRefused:
                self._lose()
                await self._pause(self._stopping, RETRY_S)
                continue
            self._meet(self._client)
            await self._watch(self._client)
            log.warning("plane.link_lost", plane=self.plane_id)

    def _meet(self, client: Client) -> None:
        """A link stands: another plane than before has none of what that one held, the same one hears what waited."""
        if client.peer_pid != self._pid:
            self._lose()
            self._pid = client.peer_pid
        waiting, self._in_the_gap = self._in_the_gap, deque(maxlen=GAP_MOST_ORDERS)
        self._inquiries.clear()
        for command in waiting:
            client.send(command)
        client.send(commands.ReportState())
        self._vigil = Vigil(self._patience_s, self._loop.time())

    async def _watch(self, client: Client) -> None:
        """Return when the link is closed; a plane that hangs is killed, which closes it."""
        while not self._closed.is_set():
            await self._pause(self._closed, self._patience_s / 4)
            if not self._closed.is_set() and self._vigil.is_hung(self._loop.time()):
                self.hung += 1
                killed = client.kill_peer()
                log.error("plane.hung", plane=self.plane_id, pid=client.peer_pid, killed=killed)
                self._vigil.hear(self._loop.time())  # the kernel needs a moment to close what it held

    @staticmethod
    async def _pause(event: asyncio.Event, most_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await event.wait()

    def _lose(self) -> None:
        self._orders.clear()
        self._in_the_gap.clear()
        self.last_report = None
        if self._found.is_set():
            self._found.clear()
            log.error("plane.lost", plane=self.plane_id)
            try:
                self._on_lost()
            except Exception:  # whatever its taker does wrong, the next plane must be found
                log.exception("plane.loss_not_taken", plane=self.plane_id)

    def _hear(self, event: events.Event) -> None:
        self._vigil.hear(self._loop.time())
        match event:
            case events.LegHeld():
                self._held.legs[event.leg_id] = event
            case events.RecordingHeld():
                self._held.recordings[event.recording_id] = event
            case events.StateReported():
                held, self._held = self._held, Held()
                self._found.set()
                self._on_found(held)
                for command in self._orders.missing(held.legs, held.recordings):
                    self.send(command)
            case events.HoldingsListed():
                if self._inquiries:
                    self._inquiries.popleft()(event)
            case _:
                if isinstance(event, events.PlaneReported):
                    self.last_report = event
                self._orders.hear(event)
                self._on_event(event)
