"""Calls that stand keep their sound and new calls of the trunk succeed, whatever strangers pour in."""

import asyncio
import re
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bench.desk_phones import Manner
from bench.leash import LEASH
from bench.peers.call import Call
from bench.running_server import ROOT
from softswitch.sip.streams import MOST_PER_ADDRESS
from tests.peers import Peers, peers
from tests.softswitch.sip.test_security import make_certificate
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]

CALLS = 20
RATE = 1600  # 20 times the 20 calls a second that the system sets up, in four kinds of messages
SECONDS = 8.0
GROWTH_MB = 40.0
HANDSHAKE_MB = 0.1  # OpenSSL and its buffers took 0.054 for each, and there is a limit of connections
CELLS_MORE = 6  # for new calls of the trunk
CONNECTIONS = 1000
ADDRESSES = range(40, 60)
"""Fifty connections each, which is fewer than are allowed to one."""
TLS_PORT = 5061
OPTIONS = (
    b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TLS x;branch=z9hG4bKo\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:c@d>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)
GIANT = (
    b"INVITE sip:12345@x SIP/2.0\r\nVia: SIP/2.0/TCP x;branch=z9hG4bKg\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:c@d>\r\nCall-ID: g\r\nCSeq: 1 INVITE\r\nContent-Length: 4000000000\r\n\r\n"
)
TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, channels=60)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One server for everything that is poured over it."""
    folder = tmp_path_factory.mktemp("flood")
    chain, key = make_certificate(folder, "IP:127.0.0.1")
    secure = f"""
[[sip.transports]]
protocol = "tls"
address = "{{network}}.1"
port = {TLS_PORT}
certificate = "{chain}"
private_key = "{key}"
"""
    async with stand(folder / "stand", replace(TERMS, extra=secure)) as started:
        yield started


def memory_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


def memory_of_all(here: Stand) -> dict[int, float]:
    """Resident memory of every process of ours in MB by its id: launcher, control, nursery, cells, plane."""
    found = {}
    for pid in here.server.tree():
        with suppress(FileNotFoundError, AssertionError):  # a cell may end
            found[pid] = memory_mb(pid)
    return found


def assert_memory_is_bounded(here: Stand, before: dict[int, float], *, handshakes: int = 0) -> None:
    """Nobody grew by more than the bound, and no crowd of processes was started."""
    most_mb = GROWTH_MB + handshakes * HANDSHAKE_MB
    now = memory_of_all(here)
    grown = {pid: now[pid] - memory for pid, memory in before.items() if pid in now}
    assert set(here.server.pids().values()) <= before.keys() & now.keys(), "a part was started anew"
    assert max(grown.values()) < most_mb, grown
    assert len(now) <= len(before) + CELLS_MORE


async def calls_up(around: Peers) -> list[Call]:
    """As many callers as the test wants, all of them answered and heard."""
    calls = []
    for number in range(CALLS):
        calls.append(await around.trunk.call(HOTLINE, f"1380000{number:04d}"))
        await asyncio.sleep(0.05)
    assert [await call.answered for call in calls] == [200] * CALLS
    async with asyncio.timeout(10):
        while any(call.stream.received < 25 for call in calls):
            await asyncio.sleep(0.05)
    return calls


async def assert_every_packet_was_read(here: Stand, around: Peers, calls: list[Call]) -> None:
    """Fall silent and hang up: of what each caller sent the server lost nothing, by its own count and by the sender's."""
    arrived = {event["sip_call_id"]: event["call_id"] for event in here.seen("CallArrived")}
    sent = [call.stream.sent for call in calls]
    for call in calls:
        call.stream.remote = None
    await asyncio.sleep(0.2)  # ten ticks of the plane, for what is under way
    await asyncio.gather(*[around.trunk.hang_up(call) for call in calls])
    for call, packets in zip(calls, sent, strict=True):
        call_id = arrived[call.call_id]
        await here.wait_call(call_id)
        (figures,) = here.server.log_lines("leg.sound", call_id=call_id, role="customer")
        assert (figures["packets_lost"], figures["packets_refused"]) == (0, 0)
        assert figures["packets_received"] == packets


async def new_calls(around: Peers, seconds: float) -> list[int]:
    """One new call of the trunk a second, hung up at once when answered: the answers."""
    answers = []
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        call = await around.trunk.call(HOTLINE, "13911111111")
        async with asyncio.timeout(8):
            answers.append(await call.answered)
        await around.trunk.hang_up(call)
        await asyncio.sleep(1.0)
    return answers


def assert_sound_went_on(calls: list[Call], before: list[tuple[int, int]], seconds: float) -> None:
    """Each caller heard a packet every 20 ms, and none was lost."""
    for call, (received, lost) in zip(calls, before, strict=True):
        assert not call.ended.done()
        assert call.stream.lost == lost
        assert call.stream.received - received > 0.9 * seconds * 50


async def test_a_flood_from_two_hundred_addresses_costs_no_packet_and_no_call(here: Stand) -> None:
    """INVITE, REGISTER, OPTIONS and junk at 20 times what the system can set up, from nobody that it knows."""
    async with peers(here, Manner()) as around:
        await here.login(1)
        calls = await calls_up(around)
        arrived, memory = len(here.seen("CallArrived")), memory_of_all(here)
        before = [(call.stream.received, call.stream.lost) for call in calls]
        flood = await asyncio.create_subprocess_exec(
            *LEASH, sys.executable, "-m", "tests.hostile.flood", here.sip[0], here.sip[0].rpartition(".")[0],
            str(RATE), str(SECONDS), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        answers = await new_calls(around, SECONDS - 1)
        printed, _ = await flood.communicate()
        assert int(printed) > 0.8 * RATE * SECONDS
        assert_sound_went_on(calls, before, SECONDS)
        assert len(answers) >= 3
        assert set(answers) == {200}
        assert_memory_is_bounded(here, memory)
        assert len(here.seen("CallArrived")) == arrived + len(answers), "a stranger's INVITE became a call"
        await assert_every_packet_was_read(here, around, calls)


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(here: Stand, count: int, port: int = 5060, addresses: range = ADDRESSES) -> list[Connection]:
    """So many TCP connections from strangers, those that were not refused."""
    network = here.sip[0].rpartition(".")[0]
    found = []
    for number in range(count):
        address = f"{network}.{addresses[number % len(addresses)]}"
        with suppress(OSError):
            found.append(await asyncio.open_connection(here.sip[0], port, local_addr=(address, 0)))
    return found


async def ended(connections: list[Connection], within_s: float) -> list[bytes]:
    """What the server said on each until it closed it, which it does in this time."""

    async def said(reader: asyncio.StreamReader) -> bytes:
        with suppress(ConnectionError):
            return await reader.read()
        return b""

    async with asyncio.timeout(within_s):
        return await asyncio.gather(*[said(reader) for reader, _ in connections])


async def test_a_thousand_connections_that_say_little_or_too_much_leave_udp_calls_alone(here: Stand) -> None:
    """Idle ones, those that trickle a header, and those that announce gigabytes: all are closed in 10 s or at once."""
    async with peers(here, Manner()) as around:
        calls = await calls_up(around)
        before = [(call.stream.received, call.stream.lost) for call in calls]
        memory = memory_of_all(here)
        loop = asyncio.get_running_loop()
        began = loop.time()
        idle = await opened(here, CONNECTIONS)
        assert len(idle) > 0.9 * CONNECTIONS
        giant = await opened(here, 20)
        for _, writer in giant:
            writer.write(GIANT)
        trickle = [loop.create_task(dripping([writer for _, writer in idle[::4]]))]
        said = await ended(giant, 5.0)
        assert all(answer.startswith(b"SIP/2.0 513 ") for answer in said)
        answers = await new_calls(around, 5.0)
        assert set(await ended(idle, 20.0)) == {b""}
        trickle[0].cancel()
        assert_sound_went_on(calls, before, loop.time() - began)
        assert len(answers) >= 3
        assert set(answers) == {200}
        assert_memory_is_bounded(here, memory)
        for _, writer in (*idle, *giant):
            writer.close()
        await assert_every_packet_was_read(here, around, calls)


async def edge_count(here: Stand, what: str) -> int:
    """A figure of the edge, as the metrics have it."""
    _, body = await here.api.download("/metrics")
    found = re.search(rf'^hotline_sip{{what="{what}"}} (\d+)', body.decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])


async def test_a_thousand_half_open_handshakes_leave_udp_calls_alone(here: Stand) -> None:
    """All are held at once, for ten seconds; of one address no more than of other connections; who shakes hands is served."""
    async with peers(here, Manner()) as around:
        calls = await calls_up(around)
        before = [(call.stream.received, call.stream.lost) for call in calls]
        memory = memory_of_all(here)
        loop = asyncio.get_running_loop()
        began = loop.time()
        refused = await edge_count(here, "connections_refused")
        idle = await opened(here, CONNECTIONS, port=TLS_PORT)
        async with asyncio.timeout(5):
            while await edge_count(here, "handshakes") < CONNECTIONS:
                await asyncio.sleep(0.1)
        assert await edge_count(here, "connections_refused") == refused
        greedy = await opened(here, 20, port=TLS_PORT, addresses=ADDRESSES[:1])
        too_many = CONNECTIONS // len(ADDRESSES) + len(greedy) - MOST_PER_ADDRESS
        async with asyncio.timeout(5):
            while await edge_count(here, "connections_refused") < refused + too_many:
                await asyncio.sleep(0.1)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(
                here.sip[0], TLS_PORT, ssl=trusting, local_addr=(here.trunk_address, 0)
            )
        writer.write(OPTIONS)
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"SIP/2.0 200 ")
        answers = await new_calls(around, 5.0)
        await ended(idle, 20.0)
        async with asyncio.timeout(5):
            while await edge_count(here, "handshakes"):
                await asyncio.sleep(0.1)
        assert_sound_went_on(calls, before, loop.time() - began)
        assert len(answers) >= 3
        assert set(answers) == {200}
        assert_memory_is_bounded(here, memory, handshakes=CONNECTIONS)
        for _, each in (*idle, *greedy, (reader, writer)):
            each.close()
        await assert_every_packet_was_read(here, around, calls)


async def dripping(writers: list[asyncio.StreamWriter]) -> None:
    """A byte of a header line on each connection, once a second."""
    while True:
        for writer in writers:
            writer.write(b"X")
        await asyncio.sleep(1.0)
