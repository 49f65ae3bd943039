"""The loop around a plane, with its real link and the real clock."""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bench.loopback import claimed
from media.commands import (
    CloseLeg,
    ListHoldings,
    OpenLeg,
    PermitSending,
    ReportState,
    StartRecording,
    StopRecording,
)
from media.events import (
    Event,
    HoldingsListed,
    LegClosed,
    LegOpened,
    LegRefused,
    PlaneReported,
    RecordingClosed,
    RecordingFaulted,
    StateReported,
)
from media.packets import PortRange
from media.plane import Plane
from media.playlists import Playlists
from softswitch.links import Client, Server
from softswitch.plane_loop import PlaneLoop
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS, socket_name
from tests.cable import cable
from tests.media.rtp_phone import Phone, WriterInMemory

ADDRESS = "127.66.5.1"


class Control:
    """The asking end of the link."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[Event] = []
        self.client: Client | None = None
        self.changed = asyncio.Event()

    async def connect(self) -> None:
        """Connect to the plane."""
        self.client = await Client.connect(
            self.path,
            sends=PLANE_COMMANDS,
            receives=PLANE_EVENTS,
            on_message=self._take,
            on_closed=self.changed.set,
        )

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self.changed.set()

    def send(self, command: object) -> None:
        """Send one command."""
        assert self.client is not None
        self.client.send(command)

    async def wait_for(self, kind: type) -> Event:
        """The first event of a kind, which is then forgotten."""
        async with asyncio.timeout(5):
            while True:
                for event in self.events:
                    if isinstance(event, kind):
                        self.events.remove(event)
                        return event
                self.changed.clear()
                await self.changed.wait()


class SlowWriter(WriterInMemory):
    """Says that a recording is closed only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_tell = threading.Event()
        self._told: set[str] = set()

    def take_events(self) -> list[RecordingClosed | RecordingFaulted]:
        """The files that are closed, once."""
        news = [name for name in self.closed if name not in self._told] if self.may_tell.is_set() else []
        self._told.update(news)
        return [
            RecordingClosed(
                recording_id=name,
                path="",
                frames=0,
                size_bytes=0,
                sha256="",
                incomplete=False,
                fault="",
                left_dbfs=None,
                right_dbfs=None,
            )
            for name in news
        ]


class BrittlePlane(Plane):
    """A plane that breaks when it is told to permit anything."""

    def execute(self, command: object, now: float) -> None:
        """Break, or do it."""
        if isinstance(command, PermitSending):
            raise TypeError("broken on purpose")
        super().execute(command, now)  # type: ignore[arg-type]


@pytest.fixture
def writer() -> SlowWriter:
    """Where the plane's recordings go."""
    return SlowWriter()


@pytest.fixture
async def control(tmp_path: Path, writer: SlowWriter) -> AsyncIterator[Control]:
    """A plane that runs in a thread, and who commands it."""
    async with commanded(tmp_path, writer, time.monotonic) as made:
        yield made


@asynccontextmanager
async def commanded(
    tmp_path: Path, writer: SlowWriter, clock: Callable[[], float], kind: type[Plane] = BrittlePlane
) -> AsyncIterator[Control]:
    """The same with a clock of the test's."""
    path = tmp_path / "run" / socket_name("plane-0")
    plane = kind(
        max_legs=8,
        ports=PortRange(31000, 31099),
        prompts=Playlists.of(8, {}),
        music={},
        recordings=writer,
    )
    server = Server(path, receives=PLANE_COMMANDS, sends=PLANE_EVENTS)
    loop = PlaneLoop(plane, server, clock=clock)
    thread = threading.Thread(target=loop.run)
    thread.start()
    made = Control(path)
    await made.connect()
    yield made
    loop.stop()
    if made.client is not None:
        made.client.close()
    await asyncio.to_thread(thread.join, 5)
    plane.close()
    server.close()


def opening(name: str) -> OpenLeg:
    """Open a leg."""
    return OpenLeg(leg_id=name, call_id="call", local_address=ADDRESS, networks=("127.66.0.0/16",))


async def test_commands_are_carried_out_between_ticks(tmp_path: Path, writer: SlowWriter) -> None:
    """The clock stands still, so that no second tick ever comes."""
    began = time.monotonic()
    async with commanded(tmp_path, writer, lambda: began) as control:
        for index in range(8):
            control.send(opening(f"leg-{index}"))
            opened = await control.wait_for(LegOpened)
            assert isinstance(opened, LegOpened)
            assert opened.port % 2 == 0


async def test_a_broken_command_costs_no_other(control: Control) -> None:
    """The loop reports it, in the name of its leg and call, and goes on."""
    with capture_logs() as lines:
        control.send(opening("leg"))
        control.send(PermitSending(leg_id="leg"))
        control.send(PermitSending(leg_id="no leg"))
        control.send(CloseLeg(leg_id="leg"))
        await control.wait_for(LegClosed)
    assert [(line["event"], line["leg_id"], line["call_id"]) for line in lines] == [
        ("plane.command_failed", "leg", "call"),
        ("plane.command_failed", "no leg", ""),
    ]
    control.send(CloseLeg(leg_id="leg"))
    await control.wait_for(LegRefused)


async def test_health_is_reported_every_second(control: Control) -> None:
    """With what it did meanwhile: fifty ticks, on a machine that has the time."""
    await control.wait_for(PlaneReported)
    second = await control.wait_for(PlaneReported)
    assert isinstance(second, PlaneReported)
    assert second.ticks >= 10


@pytest.mark.skipif(os.geteuid() != 0, reason="a cable of one's own needs root")
async def test_packets_that_have_no_way_are_reported(tmp_path: Path, writer: SlowWriter) -> None:
    """Fifty a second while there is no route, none before and none after."""

    async def failures(control: Control) -> int:
        control.events.clear()
        await control.wait_for(PlaneReported)  # of a second that was partly another
        report = await control.wait_for(PlaneReported)
        assert isinstance(report, PlaneReported)
        return report.send_failures

    with claimed("cable", range(1, 250)) as number:
        async with (
            cable(number) as line,
            commanded(tmp_path, writer, time.monotonic, Plane) as control,
        ):
            control.send(
                OpenLeg(leg_id="leg", call_id="call", local_address=line.here, networks=(f"{line.there}/32",))
            )
            control.send(Phone("leg", address=ADDRESS).remote(address=line.there))
            control.send(PermitSending(leg_id="leg"))
            await control.wait_for(LegOpened)
            assert await failures(control) == 0
            with line.without_route():
                assert await failures(control) >= 10
            assert await failures(control) == 0


async def test_ticks_that_are_passed_over_are_reported_once(tmp_path: Path, writer: SlowWriter) -> None:
    """The clock leaps by an hour."""
    leap_s = 0.0
    async with commanded(tmp_path, writer, lambda: time.monotonic() + leap_s) as control:
        await control.wait_for(PlaneReported)
        leap_s = 3600.0
        async with asyncio.timeout(5):
            report = await control.wait_for(PlaneReported)
            while isinstance(report, PlaneReported) and not report.ticks_skipped:
                report = await control.wait_for(PlaneReported)
        assert isinstance(report, PlaneReported)
        assert report.ticks_skipped == pytest.approx(3600 * 50, abs=100)
        after = await control.wait_for(PlaneReported)
        assert isinstance(after, PlaneReported)
        assert after.ticks_skipped < 1000, "the hour is told once, whatever a busy machine misses after it"


async def test_a_leg_and_a_recording_that_nobody_wants_are_named_when_holdings_are_asked_for(
    control: Control, tmp_path: Path
) -> None:
    """And are gone when they are closed: the ports with the leg, the recording when its file is finished."""
    control.send(opening("leg"))
    await control.wait_for(LegOpened)
    path = str(tmp_path / "r1.wav")
    control.send(StartRecording(recording_id="r1", call_id="call", path=path, left=("leg",), right=()))
    control.send(ListHoldings())
    assert await control.wait_for(HoldingsListed) == HoldingsListed(
        legs=("leg",), recordings=(("r1", "call"),), finishing=()
    )
    control.send(CloseLeg(leg_id="leg"))
    control.send(StopRecording(recording_id="r1"))
    control.events.clear()
    control.send(ListHoldings())
    assert await control.wait_for(HoldingsListed) == HoldingsListed(legs=(), recordings=(), finishing=())


async def test_control_may_go_and_come_back(control: Control) -> None:
    """The legs are still there, and what they are is told."""
    control.send(opening("leg"))
    await control.wait_for(LegOpened)
    assert control.client is not None
    control.client.close()
    await control.connect()
    control.send(ReportState())
    reported = await control.wait_for(StateReported)
    assert reported == StateReported(legs=1, recordings=0)


async def test_the_end_of_a_recording_that_nobody_heard_is_told_to_whoever_comes_next(
    control: Control, writer: SlowWriter, tmp_path: Path
) -> None:
    """Control dies right after the order to stop: the next one cannot ask for a recording that is gone."""
    control.send(opening("leg"))
    await control.wait_for(LegOpened)
    path = str(tmp_path / "r1.wav")
    control.send(StartRecording(recording_id="r1", call_id="call", path=path, left=("leg",), right=()))
    control.send(StopRecording(recording_id="r1"))
    async with asyncio.timeout(5):
        while not writer.closed:
            await asyncio.sleep(0.01)
    assert control.client is not None
    control.client.close()
    await asyncio.sleep(0.05)
    writer.may_tell.set()
    await asyncio.sleep(0.1)
    control.events.clear()
    await control.connect()
    control.send(ReportState())
    closed = await control.wait_for(RecordingClosed)
    assert isinstance(closed, RecordingClosed)
    assert closed.recording_id == "r1"
    assert await control.wait_for(StateReported) == StateReported(legs=1, recordings=0)
