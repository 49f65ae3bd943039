"""Control's link to a plane: found, lost, found again; the plane here is a real link server with nothing behind it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from media import commands, events
from softswitch.links import Server
from softswitch.plane_link import Held, PlaneAbsent, PlaneLink
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS, socket_name
from tests.shortage import no_descriptor_left

PATIENCE_S = 5.0


def leg_held(leg_id: str) -> events.LegHeld:
    return events.LegHeld(
        leg_id=leg_id,
        call_id="c1",
        address="127.65.0.5",
        port=20000,
        hearing=(),
        statistics=events.LegStatistics(),
    )


class Plane:
    """Answers "what do you hold?", and says what it is told to say."""

    def __init__(self, run_dir: Path, held: tuple[str, ...] = (), *, is_mute: bool = False) -> None:
        self.server = Server(run_dir / socket_name("plane-0"), receives=PLANE_COMMANDS, sends=PLANE_EVENTS)
        self.held = held
        self.is_mute = is_mute
        self.heard: list[object] = []
        self.task = asyncio.get_running_loop().create_task(self._serve())

    async def _serve(self) -> None:
        while True:
            for command in self.server.service():
                self.heard.append(command)
                if isinstance(command, commands.ReportState) and not self.is_mute:
                    self.report()
                elif isinstance(command, commands.ListHoldings):
                    self.server.send(
                        events.HoldingsListed(legs=self.held, recordings=(("r1", "c1"),), finishing=())
                    )
            await asyncio.sleep(0.005)

    def report(self) -> None:
        for leg_id in self.held:
            self.server.send(leg_held(leg_id))
        self.server.send(
            events.RecordingHeld(recording_id="r1", call_id="c1", path="/recordings/r1.wav", frames=10)
        )
        self.server.send(events.StateReported(legs=len(self.held), recordings=1))

    async def die(self, *, leave_socket: bool = True) -> None:
        """The kernel closes all; a socket that a killed process leaves behind refuses."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if leave_socket:
            self.server.close_inherited()
        else:
            self.server.close()

    async def cut(self) -> None:
        """The plane lives and lets go of the link, as it does with a client that reads too slowly."""
        self.server._drop_client()


class Control:
    """What control is told, in order."""

    def __init__(self, run_dir: Path) -> None:
        self.told: list[tuple[str, object]] = []
        self.link = PlaneLink(
            run_dir,
            "plane-0",
            on_event=lambda event: self.told.append(("event", event)),
            on_found=lambda held: self.told.append(("found", held)),
            on_lost=lambda: self.told.append(("lost", None)),
        )

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]

    async def wait(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)


@pytest.fixture
async def control(tmp_path: Path) -> AsyncIterator[Control]:
    control = Control(tmp_path)
    yield control
    await control.link.stop()


@pytest.fixture
async def planes(tmp_path: Path) -> AsyncIterator[Callable[..., Plane]]:
    """Starts planes, one after the other at the same place."""
    started: list[Plane] = []

    def start(*held: str, is_mute: bool = False) -> Plane:
        started.append(Plane(tmp_path, held, is_mute=is_mute))
        return started[-1]

    yield start
    for plane in started:
        if not plane.task.done():
            await plane.die(leave_socket=False)
        with suppress(FileNotFoundError):
            plane.server.path.unlink()


Planes = Callable[..., Plane]


async def test_a_plane_is_found_with_all_that_it_holds(control: Control, planes: Planes) -> None:
    planes("leg1", "leg2")
    await control.link.start()
    assert control.link.is_there
    ((kind, held),) = control.told
    assert kind == "found"
    assert isinstance(held, Held)
    assert held.legs.keys() == {"leg1", "leg2"}
    assert held.recordings["r1"].path == "/recordings/r1.wav"


async def test_orders_and_news_pass_in_their_order(control: Control, planes: Planes) -> None:
    plane = planes()
    await control.link.start()
    for leg_id in ("a", "b", "c"):
        control.link.send(commands.CloseLeg(leg_id=leg_id))
        plane.server.send(events.MediaStarted(leg_id=leg_id))
    await control.wait(lambda: len(plane.heard) == 4 and len(control.told) == 4)
    assert plane.heard == [commands.ReportState(), *(commands.CloseLeg(leg_id=leg_id) for leg_id in "abc")]
    assert control.told[1:] == [("event", events.MediaStarted(leg_id=leg_id)) for leg_id in "abc"]


async def test_without_a_plane_the_start_fails_by_name(control: Control, tmp_path: Path) -> None:
    with pytest.raises(PlaneAbsent) as absent:
        await control.link.start(timeout_s=0.1)
    assert absent.value.path == tmp_path / "plane-0.sock"
    assert not control.told


async def test_a_plane_that_says_nothing_is_not_there(control: Control, planes: Planes) -> None:
    planes(is_mute=True)
    with pytest.raises(PlaneAbsent):
        await control.link.start(timeout_s=0.1)


async def test_control_may_start_before_its_plane(control: Control, planes: Planes) -> None:
    starting = asyncio.create_task(control.link.start())
    await asyncio.sleep(0.06)
    planes("leg1")
    await starting
    assert control.kinds == ["found"]


async def test_a_dead_plane_is_told_once_and_the_next_one_is_found(control: Control, planes: Planes) -> None:
    plane = planes("leg1")
    await control.link.start()
    await plane.die()
    await control.wait(lambda: "lost" in control.kinds)
    assert not control.link.is_there
    control.link.send(commands.CloseLeg(leg_id="leg1"))  # nobody there: dropped
    await asyncio.sleep(0.15)  # several attempts
    assert control.kinds == ["found", "lost"]
    second = planes()
    await control.wait(lambda: len(control.told) == 3)
    assert control.kinds == ["found", "lost", "found"]
    held = control.told[-1][1]
    assert isinstance(held, Held)
    assert not held.legs
    assert second.heard == [commands.ReportState()]


async def test_a_link_that_was_cut_is_mended_and_the_plane_says_again_what_it_holds(
    control: Control, planes: Planes
) -> None:
    plane = planes("leg1")
    await control.link.start()
    plane.held = ("leg1", "leg2")
    await plane.cut()
    await control.wait(lambda: len(control.told) == 2)
    assert control.kinds == ["found", "found"]
    held = control.told[-1][1]
    assert isinstance(held, Held)
    assert held.legs.keys() == {"leg1", "leg2"}
    assert control.link.is_there


async def test_what_is_held_can_be_asked_by_name_without_another_take_over(
    control: Control, planes: Planes
) -> None:
    """Each question has its answer, and nobody else hears of it; a plane that is not there answers nothing."""
    answers: list[events.HoldingsListed] = []
    control.link.inquire(answers.append)
    plane = planes("leg1")
    await control.link.start()
    control.link.inquire(answers.append)
    await control.wait(lambda: len(answers) == 1)
    plane.held = ("leg1", "leg2")
    control.link.inquire(answers.append)
    await control.wait(lambda: len(answers) == 2)
    assert [answer.legs for answer in answers] == [("leg1",), ("leg1", "leg2")]
    assert control.kinds == ["found"]


async def test_a_link_that_is_cut_while_no_descriptor_is_left_costs_no_call(
    control: Control, planes: Planes
) -> None:
    """The plane lives and cannot be asked: it is not taken for lost, and is found as soon as it can be."""
    plane = planes("leg1")
    await control.link.start()
    with no_descriptor_left():
        await plane.cut()
        taken = os.open("/dev/null", os.O_RDONLY)  # what the plane let go of; our own end alone is not enough
        await asyncio.sleep(0.2)
        assert control.kinds == ["found"]
        assert control.link.is_there
        os.close(taken)
    await control.wait(lambda: control.kinds == ["found", "found"])


async def test_half_a_report_of_a_plane_that_died_counts_for_nothing(
    control: Control, planes: Planes
) -> None:
    plane = planes(is_mute=True)
    starting = asyncio.create_task(control.link.start())
    await control.wait(lambda: bool(plane.heard))
    plane.server.send(leg_held("ghost"))
    await asyncio.sleep(0.02)
    await plane.die()
    planes("leg1")
    await starting
    ((_, held),) = control.told
    assert isinstance(held, Held)
    assert held.legs.keys() == {"leg1"}


async def test_a_taker_that_fails_does_not_keep_the_next_plane_from_being_found(
    tmp_path: Path, planes: Planes
) -> None:
    found: list[Held] = []

    def fail() -> None:
        raise KeyError("a fault of ours")

    link = PlaneLink(tmp_path, "plane-0", on_event=lambda event: None, on_found=found.append, on_lost=fail)
    plane = planes()
    await link.start()
    await plane.die()
    async with asyncio.timeout(PATIENCE_S):
        while link.is_there:
            await asyncio.sleep(0.005)
        planes()
        while len(found) < 2:
            await asyncio.sleep(0.005)
    await link.stop()


async def test_a_stopped_link_leaves_the_plane_to_the_next_control(
    control: Control, planes: Planes, tmp_path: Path
) -> None:
    plane = planes("leg1")
    await control.link.start()
    await control.link.stop()
    successor = Control(tmp_path)
    await successor.link.start()
    assert successor.kinds == ["found"]
    assert plane.server.connections == 2
    assert control.kinds == ["found"]
    await successor.link.stop()


async def test_orders_given_while_the_link_is_cut_arrive_before_the_plane_is_asked(
    control: Control, planes: Planes
) -> None:
    plane = planes("leg1")
    await control.link.start()
    plane.heard.clear()
    await plane.cut()
    control.link.send(commands.PermitSending(leg_id="leg1"))
    control.link.send(commands.StopRecording(recording_id="r1"))
    await control.wait(lambda: len(control.told) == 2 and len(plane.heard) == 5)
    assert plane.heard == [
        commands.PermitSending(leg_id="leg1"),
        commands.StopRecording(recording_id="r1"),
        commands.ReportState(),
        # It answers as if it had not heard of them: then it hears them again.
        commands.PermitSending(leg_id="leg1"),
        commands.StopRecording(recording_id="r1"),
    ]


async def test_a_plane_that_falls_silent_is_taken_for_hung_and_its_life_sign_is_enough(
    tmp_path: Path,
) -> None:
    """The plane here is this very process, which the link does not kill; a real one is in the tests of faults."""
    link = PlaneLink(
        tmp_path,
        "plane-0",
        on_event=lambda event: None,
        on_found=lambda held: None,
        on_lost=lambda: None,
        patience_s=0.2,
    )
    plane = Plane(tmp_path)
    await link.start()
    for _ in range(8):
        plane.server.send(events.MediaStarted(leg_id="a"))
        await asyncio.sleep(0.05)
    assert link.hung == 0
    async with asyncio.timeout(PATIENCE_S):
        while link.hung == 0:
            await asyncio.sleep(0.01)
    await link.stop()
    await plane.die(leave_socket=False)
