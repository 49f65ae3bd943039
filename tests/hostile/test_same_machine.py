"""Other users of this machine can reach every loopback address and see every path: none of it helps them."""

import asyncio
import os
import re
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import pytest_asyncio

from bench.desk_phones import Manner
from tests import spectrum
from tests.hostile.raw_caller import REPORT, Ear, rtp
from tests.peers import alaw_samples, peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AGENT_HZ = 1000
NOBODY = 65534
TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)
REACH = """
import socket, sys
for path in sys.argv[1:]:
    for kind in (socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
        with socket.socket(socket.AF_UNIX, kind) as caller:
            try:
                caller.connect(path)
            except OSError as fault:
                print(path, type(fault).__name__)
            else:
                print(path, "connected")
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One server among strangers."""
    async with stand(tmp_path_factory.mktemp("machine"), TERMS) as started:
        yield started


def udp_ports_of(pids: list[int]) -> Iterator[tuple[str, int]]:
    """Every UDP address that these processes are bound to, by the kernel's own table."""
    mine = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                mine.add(str(entry.readlink()))
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if f"socket:[{fields[9]}]" in mine:
            address, port = fields[1].split(":")
            yield str(IPv4Address(int.from_bytes(bytes.fromhex(address), sys.byteorder))), int(port, 16)


def forgeries(address: str, port: int, leg_id: str) -> list[bytes]:
    """What somebody would try who knows how cells and edge talk, but not the secret of this start."""
    here = f"{address}:{port}"
    found = [
        b"",
        b"\0" * 100,
        b"\xff" * 1400,
        b"\r\n\r\n",
        REPORT,
        rtp(1, 160, 1, b"\x55" * 160),
        b"\x81\xa1x",
    ]
    for method in ("INVITE", "BYE", "CANCEL", "OPTIONS", "REFER", "ACK"):
        lines = [
            f"{method} sip:{leg_id}@{here} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bKsm{method};rport",
            "Max-Forwards: 70",
            "From: <sip:far@127.0.0.1>;tag=a",
            f"To: <sip:{leg_id}@{here}>;tag=b",
            f"Call-ID: {leg_id}.1",
            f"CSeq: 9 {method}",
            f"Contact: <sip:x@{here}>",
            f"X-Leg: {leg_id}",
            "X-Secret: " + "0" * 48,
            "Content-Length: 0",
        ]
        found.append(("\r\n".join(lines) + "\r\n\r\n").encode())
    found.append(
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=a\r\n"
        b"To: <sip:c@d>;tag=b\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
    return found


async def test_junk_and_forged_commands_at_every_inner_address_change_nothing(here: Stand) -> None:
    """At every UDP socket of cells, nursery, plane and edge but the outside one, while two people talk."""
    outside = here.sip
    async with peers(here, Manner(tone_hz=AGENT_HZ, keep_s=10)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        processes = here.server.tree()
        targets = [place for place in udp_ports_of(processes) if place != outside]
        inner = [place for place in targets if place[0].startswith(("127.77.", "127.78."))]
        assert len(inner) >= 3, f"edge and two cells are inside: {targets}"
        legs = re.findall(r'"leg_id": "(\w+)"', here.server.log_tail(100_000))
        ear = Ear("127.0.0.1")
        await asyncio.sleep(0.5)
        lost = call.stream.lost
        for leg_id in sorted(set(legs)):
            for place in targets:
                for packet in forgeries(ear.address, ear.port, leg_id):
                    ear.send(packet, place)
                await asyncio.sleep(0.01)
        await asyncio.sleep(1.5)
        assert not ear.packets(), "somebody answered"
        assert set(processes) <= set(here.server.tree()), "a process died or was replaced"
        assert not call.ended.done()
        assert call.stream.lost == lost
        assert spectrum.tone_level_dbfs(alaw_samples(bytes(call.stream.heard))[-8000:], AGENT_HZ) > -20
        assert len(await here.active_calls()) == 1
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
        ear.close()


async def run_as_nobody(*words: str) -> tuple[int, str]:
    """Exit code and output of a command run by a user that owns nothing."""
    process = await asyncio.create_subprocess_exec(
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()


async def test_another_user_reaches_no_socket_and_reads_no_secret(here: Stand) -> None:
    """By the modes of folder and files; where we may become somebody else, by trying it."""
    folder = here.server.run_dir
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    secrets = [folder / "secret", here.server.config]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    paths = [str(path) for path in folder.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    assert {Path(path).name for path in paths} >= {"nursery.sock", "plane-0.sock"}
    if os.getuid() != 0:
        return  # only root can become another user
    code, printed = await run_as_nobody("/usr/bin/python3", "-c", REACH, *paths)
    assert code == 0
    assert set(printed.split()[1::2]) == {"PermissionError"}, printed
    for secret in secrets:
        code, printed = await run_as_nobody("cat", str(secret))
        assert code != 0
        assert not printed
