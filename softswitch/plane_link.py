"""Control's link to one media plane: it is found again whenever it was lost, and says what it holds."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from media import commands, events
from softswitch.links import Client, LinkRefused
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS, socket_name

log = structlog.get_logger(__name__)

RETRY_S = 0.05


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
    ) -> None:
        """`on_found` comes after every connection with all that the plane holds; `on_lost` when it is dead."""
        self.plane_id = plane_id
        self._path = run_dir / socket_name(plane_id)
        self._on_event = on_event
        self._on_found = on_found
        self._on_lost = on_lost
        self._client: Client | None = None
        self._closed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._found = asyncio.Event()
        self._held = Held()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_there(self) -> bool:
        """Whether a plane answers."""
        return self._found.is_set()

    async def start(self, timeout_s: float = 15.0) -> None:
        """Connect and hear what the plane holds; raises `PlaneAbsent`."""
        self._task = asyncio.create_task(self._keep(), name=f"link-{self.plane_id}")
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

    def send(self, command: commands.Command) -> None:
        """Give an order; without a plane it is dropped, since all that a dead plane held is lost."""
        if self._client is not None:
            self._client.send(command)

    async def _keep(self) -> None:
        while not self._stopping.is_set():
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
            except LinkRefused:
                self._lose()
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S):
                        await self._stopping.wait()
                continue
            self._client.send(commands.ReportState())
            await self._closed.wait()
            self._client = None
            log.warning("plane.link_lost", plane=self.plane_id)

    def _lose(self) -> None:
        if self._found.is_set():
            self._found.clear()
            log.error("plane.lost", plane=self.plane_id)
            try:
                self._on_lost()
            except Exception:  # whatever its taker does wrong, the next plane must be found
                log.exception("plane.loss_not_taken", plane=self.plane_id)

    def _hear(self, event: events.Event) -> None:
        match event:
            case events.LegHeld():
                self._held.legs[event.leg_id] = event
            case events.RecordingHeld():
                self._held.recordings[event.recording_id] = event
            case events.StateReported():
                held, self._held = self._held, Held()
                self._found.set()
                self._on_found(held)
            case _:
                self._on_event(event)
