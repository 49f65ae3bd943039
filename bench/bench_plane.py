"""One media plane under load: `python -m bench.bench_plane --talking 77 --waiting 256`.

A generator on another processor sends and receives the RTP of every phone.  First a bare Python loop does nothing
but receive and send the same packets; then the real plane (its loop, its link, its recorder) takes its place.
See README.md for what each figure means.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import select
import socket
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from bench._measure import MachineTime, print_table, processor_model, processors
from media.commands import (
    CloseLeg,
    Codec,
    HearProgress,
    OpenLeg,
    PermitSending,
    Secrecy,
    SetHearing,
    SetRemote,
    Source,
    SourceKind,
    StartRecording,
    StopRecording,
)
from media.events import Event, LegClosed, LegOpened, LegRefused, RecordingClosed
from media.g711 import LAW_A, encode
from media.packets import PortRange
from media.plane import TICK_S, Plane
from media.playlists import Playlists
from media.recorder import RecordingSet
from media.secrecy import Seal
from media.tick_meter import TickFigures, TickMeter
from softswitch.links import Client, LinkRefused, Server
from softswitch.plane_loop import PlaneLoop, freeze_garbage, prepare_process
from softswitch.plane_words import PLANE_COMMANDS, PLANE_EVENTS, socket_name

PLANE_ADDRESS = "127.66.9.1"
PHONE_ADDRESS = "127.66.9.2"
PACKET_BYTES = 172
SECRECY = Secrecy(suite="AES_CM_128_HMAC_SHA1_80", send_key="A" * 40, receive_key="A" * 40)
SLICES_A_TICK = 20
SETTLE_S = 0.5
WARM_UP_S = 2.0

Address = tuple[str, int]


class WholeRunMeter(TickMeter):
    """Keeps the notes of the whole measurement beside those of the last second."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = TickMeter()

    def note(self, lateness_s: float, work_s: float) -> None:
        """Note it twice."""
        super().note(lateness_s, work_s)
        self.whole.note(lateness_s, work_s)


def pin(processor: int) -> None:
    """Run on one processor, where there are several."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[processor % len(allowed)]})


# -- the far ends


def generate(pipe: Connection, phones: int) -> None:
    """Be every phone: bind, tell the ports, then send 50 packets a second each and count what comes back."""
    pin(1)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(phones)]
    for each in sockets:
        each.setblocking(False)
        each.bind((PHONE_ADDRESS, 0))
    pipe.send([each.getsockname()[1] for each in sockets])
    while True:
        order = pipe.recv()
        if order is None:
            return
        remotes, seconds, is_secret = order
        pipe.send(_exchange(sockets, remotes, seconds, is_secret=is_secret))


def _sealed(send: Callable[[bytes], int]) -> Callable[[memoryview], int]:
    """Encrypt what a phone sends."""
    seal = Seal(SECRECY)
    return lambda view: send(seal.close(bytes(view)))


def _exchange(
    sockets: list[socket.socket], remotes: list[Address], seconds: float, *, is_secret: bool
) -> tuple[int, int]:
    """Send for so long, spread evenly over each 20 ms, and return packets sent and received."""
    poller = select.epoll()
    receive = {}
    for each, remote in zip(sockets, remotes, strict=True):
        each.connect(remote)
        _discard(each)
        poller.register(each, select.EPOLLIN)
        receive[each.fileno()] = each.recv_into
    packets = np.zeros((len(sockets), PACKET_BYTES), dtype=np.uint8)
    words = packets.view(">u4")
    rng = np.random.default_rng(7)
    words[:, 0] = 0x80080000
    words[:, 1] = rng.integers(0, 1 << 32, len(sockets))
    words[:, 2] = rng.integers(0, 1 << 32, len(sockets))
    voice = (6000 * np.sin(2 * np.pi * 440 * np.arange(160) / 8000)).astype(np.int16)
    packets[:, 12:] = encode(voice, LAW_A)
    views = [row.data for row in packets]
    senders = [_sealed(each.send) if is_secret else each.send for each in sockets]
    bounds = [len(sockets) * part // SLICES_A_TICK for part in range(SLICES_A_TICK + 1)]
    buffer = memoryview(bytearray(2048))
    sent = received = 0
    begun = time.monotonic()
    ticks = int(seconds / TICK_S)
    for tick in range(ticks + int(SETTLE_S / TICK_S)):
        for part in range(SLICES_A_TICK):
            wait = begun + (tick + part / SLICES_A_TICK) * TICK_S - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            if tick < ticks:
                for index in range(bounds[part], bounds[part + 1]):
                    try:
                        senders[index](views[index])
                        sent += 1
                    except OSError:
                        pass
            for fd, _ in poller.poll(0):
                try:
                    receive[fd](buffer)
                    received += 1
                except OSError:
                    pass
        words[:, 0] = 0x80080000 | ((words[:, 0] + 1) & 0xFFFF)
        words[:, 1] += 160
    poller.close()
    return sent, received


def _discard(sock: socket.socket) -> None:
    try:
        while True:
            sock.recv(2048)
    except OSError:
        pass


# -- the bare loop


def run_bare(pipe: Connection, legs: int) -> None:
    """Receive and send the same packets in the plainest fast way: epoll, recv_into, send on connected sockets."""
    pin(0)
    prepare_process()
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(legs)]
    for each in sockets:
        each.setblocking(False)
        each.bind((PLANE_ADDRESS, 0))
    pipe.send([each.getsockname()[1] for each in sockets])
    poller = select.epoll()
    for each, remote in zip(sockets, pipe.recv(), strict=True):
        each.connect(remote)
        poller.register(each, select.EPOLLIN)
    receive = {each.fileno(): each.recv_into for each in sockets}
    buffer = memoryview(bytearray(1024))
    sends = [each.send for each in sockets]
    packet = bytes(PACKET_BYTES)
    freeze_garbage()
    seconds = pipe.recv()
    begun, cpu, moved = time.monotonic(), time.process_time(), 0
    for tick in range(1, int(seconds / TICK_S) + 1):
        while ready := poller.poll(0, legs):
            for fd, _ in ready:
                receive[fd](buffer)
            moved += len(ready)
        for send in sends:
            send(packet)
        moved += legs
        wait = begun + tick * TICK_S - time.monotonic()
        if wait > 0:
            time.sleep(wait)
    pipe.send(((time.process_time() - cpu) / (time.monotonic() - begun), moved))


# -- the plane


def run_plane(pipe: Connection, run_dir: str, legs: int) -> None:
    """The real plane with its real loop and link; between two messages on the pipe its figures are taken."""
    pin(0)
    prepare_process()
    recordings = RecordingSet(sync_interval_s=5.0)
    music = (3000 * np.sin(2 * np.pi * 330 * np.arange(8000) / 8000)).astype(np.int16)
    plane = Plane(
        max_legs=max(legs, 2),
        ports=PortRange(20000, 29999),
        prompts=Playlists.of(max(legs, 2), {}),
        music={"waiting": music},
        recordings=recordings,
    )
    server = Server(Path(run_dir) / socket_name("plane-0"), receives=PLANE_COMMANDS, sends=PLANE_EVENTS)
    meter = WholeRunMeter()
    marks: list[tuple[float, float]] = []
    figures: list[TickFigures] = []

    def on_mark() -> None:
        """Begin, end, or stop, as the bench says."""
        figures.append(meter.whole.take())
        marks.append((time.monotonic(), time.process_time()))
        if pipe.recv() == "stop":
            loop.stop()

    with_marks = _ServerWithMarks(server, pipe, on_mark)
    loop = PlaneLoop(plane, with_marks, meter=meter)
    freeze_garbage()
    loop.run()
    plane.close()
    recordings.finish()
    server.close()
    begun, ended = marks[0], marks[1]
    share = (ended[1] - begun[1]) / (ended[0] - begun[0])
    pipe.send((share, figures[1], plane.packets_received, plane.packets_sent))


class _ServerWithMarks:
    """A link server that also watches the bench's pipe, so that figures are taken at a known moment."""

    def __init__(self, server: Server, pipe: Connection, on_mark: Callable[[], None]) -> None:
        self._server = server
        self._pipe = pipe
        self._on_mark = on_mark

    @property
    def connected(self) -> bool:
        """As the server."""
        return self._server.connected

    @property
    def wants_to_write(self) -> bool:
        """As the server."""
        return self._server.wants_to_write

    def filenos(self) -> tuple[int, ...]:
        """The server's and the pipe's."""
        return (*self._server.filenos(), self._pipe.fileno())

    def service(self) -> list[Any]:
        """As the server, after a look at the pipe."""
        if self._pipe.poll():
            self._on_mark()
        return self._server.service()

    def send(self, message: object) -> None:
        """As the server."""
        self._server.send(message)


class PlaneClient:
    """The bench's end of the plane's link: sends commands, waits for events."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.client: Client | None = None

    async def connect(self, path: Path) -> None:
        """Connect, as soon as the plane serves."""
        for _ in range(100):
            try:
                self.client = await Client.connect(
                    path,
                    sends=PLANE_COMMANDS,
                    receives=PLANE_EVENTS,
                    on_message=self.events.append,
                    on_closed=lambda: None,
                )
            except LinkRefused:
                await asyncio.sleep(0.05)
            else:
                return
        raise TimeoutError(str(path))

    def send(self, *commands: object) -> None:
        """Send commands."""
        assert self.client is not None
        for command in commands:
            self.client.send(command)

    async def wait_for(self, kind: type, count: int) -> list[Any]:
        """Wait until so many events of a kind have come."""
        for _ in range(200):
            found = [event for event in self.events if isinstance(event, kind)]
            refused = [event for event in self.events if isinstance(event, LegRefused)]
            if refused:
                raise RuntimeError(f"refused: {refused[0]}")
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{count} of {kind.__name__}")


async def set_up(
    client: PlaneClient,
    talking: int,
    waiting: int,
    ports: list[int],
    folder: Path,
    secrecy: Secrecy | None = None,
) -> list[Address]:
    """Open every leg, join the pairs, start their recordings; returns where each phone has to send."""
    names = [f"leg-{index}" for index in range(2 * talking + waiting)]
    for name in names:
        client.send(
            OpenLeg(leg_id=name, call_id=name, local_address=PLANE_ADDRESS, networks=(f"{PHONE_ADDRESS}/32",))
        )
    opened = {event.leg_id: event for event in await client.wait_for(LegOpened, len(names))}
    for index, (name, port) in enumerate(zip(names, ports, strict=True)):
        if index < 2 * talking:
            hears = Source(kind=SourceKind.LEG, name=names[index ^ 1])
        else:
            hears = Source(kind=SourceKind.MUSIC, name="waiting")
        client.send(
            SetRemote(
                leg_id=name,
                address=PHONE_ADDRESS,
                port=port,
                codec=Codec.PCMA,
                payload_type=8,
                dtmf_payload_type=101,
                comfort_noise_payload_type=None,
                ptime_ms=20,
                secrecy=secrecy,
            ),
            SetHearing(leg_id=name, sources=(hears,)),
            PermitSending(leg_id=name),
        )
    for pair in range(talking):
        client.send(
            StartRecording(
                recording_id=f"rec-{pair}",
                call_id=f"call-{pair}",
                path=str(folder / f"rec-{pair}.wav"),
                left=(names[2 * pair],),
                right=(names[2 * pair + 1],),
            )
        )
    return [(opened[name].address, opened[name].port) for name in names]


async def measure_plane(
    context: Any,
    generator: Connection,
    ports: list[int],
    talking: int,
    waiting: int,
    seconds: float,
    secrecy: Secrecy | None,
    asked: int,
) -> dict[str, Any]:
    """Run the real plane against the generator; returns its figures."""
    legs = 2 * talking + waiting
    with tempfile.TemporaryDirectory() as folder:
        here, there = context.Pipe()
        process = context.Process(target=run_plane, args=(there, folder + "/run", legs), daemon=True)
        process.start()
        client = PlaneClient()
        await client.connect(Path(folder) / "run" / socket_name("plane-0"))
        remotes = await set_up(client, talking, waiting, ports, Path(folder), secrecy)
        client.send(*(HearProgress(leg_id=f"leg-{index}") for index in range(asked)))
        await asyncio.sleep(SETTLE_S)
        generator.send((remotes, WARM_UP_S + seconds, secrecy is not None))
        await asyncio.sleep(WARM_UP_S)
        here.send("begin")
        await asyncio.sleep(seconds - 0.2)
        here.send("end")
        while not generator.poll():
            await asyncio.sleep(0.05)
        by_phones = generator.recv()
        client.send(*(StopRecording(recording_id=f"rec-{pair}") for pair in range(talking)))
        closed = await client.wait_for(RecordingClosed, talking)
        client.send(*(CloseLeg(leg_id=f"leg-{index}") for index in range(legs)))
        statistics = [event.statistics for event in await client.wait_for(LegClosed, legs)]
        here.send("stop")
        share, figures, _, _ = here.recv()
        process.join(5)
    sent_by_phones, _ = by_phones
    return {
        "share": share,
        "figures": figures,
        "received": sum(each.packets_received for each in statistics),
        "sent": sum(each.packets_sent for each in statistics),
        "lost": max(0, sent_by_phones - sum(each.packets_received for each in statistics))
        + sum(each.packets_late for each in statistics),
        "recordings": len(closed),
    }


def measure_bare(context: Any, generator: Connection, ports: list[int], seconds: float) -> float:
    """Run the bare loop against the generator; returns its share of a processor."""
    here, there = context.Pipe()
    process = context.Process(target=run_bare, args=(there, len(ports)), daemon=True)
    process.start()
    own_ports = here.recv()
    here.send([(PHONE_ADDRESS, port) for port in ports])
    generator.send(([(PLANE_ADDRESS, port) for port in own_ports], seconds + 1, False))
    time.sleep(0.5)
    here.send(seconds)
    share, _ = here.recv()
    generator.recv()
    process.join(5)
    return float(share)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--talking", type=int, default=77, help="recorded conversations of two legs")
    parser.add_argument("--waiting", type=int, default=256, help="callers who hear music")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the measurement")
    parser.add_argument("--srtp", action="store_true", help="every leg is encrypted (the bare loop is not)")
    parser.add_argument(
        "--progress", type=int, default=0, help="legs that are asked what the network says by sound"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON in the last line")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    legs = 2 * arguments.talking + arguments.waiting
    generator, its_end = context.Pipe()
    process = context.Process(target=generate, args=(its_end, legs), daemon=True)
    process.start()
    ports = generator.recv()
    before = MachineTime.read()
    bare_seconds = min(10.0, arguments.seconds)
    bare_first = measure_bare(context, generator, ports, bare_seconds)
    measured = asyncio.run(
        measure_plane(
            context,
            generator,
            ports,
            arguments.talking,
            arguments.waiting,
            arguments.seconds,
            SECRECY if arguments.srtp else None,
            min(arguments.progress, legs),
        )
    )
    bare_last = measure_bare(context, generator, ports, bare_seconds)
    generator.send(None)
    process.join(5)
    bare = (bare_first + bare_last) / 2
    tick: TickFigures = measured["figures"]
    figures = {
        "legs": legs,
        "asked_for_progress": min(arguments.progress, legs),
        "recordings": measured["recordings"],
        "cpu_percent": round(100 * measured["share"], 2),
        "bare_cpu_percent": round(100 * bare, 2),
        "cpu_percent_per_leg": round(100 * measured["share"] / legs, 4),
        "ratio_to_bare": round(measured["share"] / bare, 3),
        "work_p50_ms": tick.work_p50_ms,
        "work_p99_ms": tick.work_p99_ms,
        "work_max_ms": tick.work_max_ms,
        "late_ticks_ratio": round(tick.late_ticks / max(1, tick.ticks), 6),
        "latest_ms": tick.latest_ms,
        "packets_sent": measured["sent"],
        "packets_received": measured["received"],
        "packets_lost": measured["lost"],
        "processors": processors(),
        "steal_percent": MachineTime.read().steal_percent_since(before),
    }
    title = f"media plane, {arguments.talking} talking and recorded, {arguments.waiting} waiting ({processor_model()})"
    print_table(title, list(figures.items()))
    if arguments.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
