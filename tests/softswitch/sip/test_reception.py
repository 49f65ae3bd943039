"""Hostile and broken input: answered where an answer is possible, forgotten at once, never fatal."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from softswitch.sip.events import InviteReceived
from tests.softswitch.sip.edge_stand import ATTACKER, SETTINGS, TRUNK, Stand, running_edge
from tests.softswitch.sip.raw_peer import header, sdp, start_line, status, tag

DATA = Path(__file__).parents[2] / "data"
OPEN = replace(SETTINGS, messages_per_source=1_000_000)


async def is_alive(stand: Stand) -> bool:
    probe = await stand.peer(TRUNK)
    probe.send(probe.request("OPTIONS", stand.uri()), stand.udp)
    return start_line(await probe.wait_status(200)) == "SIP/2.0 200 OK"


def bookkeeping(stand: Stand) -> dict[str, int]:
    counts = stand.edge.statistics()
    return {
        name: counts[name]
        for name in ("legs", "dialogs", "relays", "client_transactions", "server_transactions")
    }


async def test_malformed_request_is_answered_400_with_the_reason_where_its_via_is_usable() -> None:
    async with running_edge() as stand:
        peer = await stand.peer(ATTACKER)
        peer.send(peer.request("INVITE", stand.uri()).replace("CSeq: 1", "CSeq: x"), stand.udp)
        answer = await peer.wait_status(400)
        assert "CSeq" in header(answer, "Warning")
        assert tag(header(answer, "To"))
        peer.send(peer.request("OPTIONS", stand.uri()).replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"), stand.udp)
        await peer.wait_status(505)


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x00",
        b"\r\n\r\n\r\n\r\n\r\n\r\n",
        b"\xff" * 65_000,
        b"INVITE",
        b"INVITE sip:x SIP/2.0\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"SIP/2.0 999999 OK\r\nVia: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"ACK sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4\r\n\r\n",
    ],
)
async def test_what_cannot_be_answered_is_met_with_silence(junk: bytes) -> None:
    async with running_edge() as stand:
        peer = await stand.peer(ATTACKER)
        peer.send(junk, stand.udp)
        assert await is_alive(stand)
        assert not peer.arrived


async def test_torture_messages_from_a_stranger_and_from_a_trunk_leave_nothing_behind() -> None:
    async with running_edge(settings=OPEN) as stand:
        attacker, trunk = await stand.peer(ATTACKER), await stand.peer(TRUNK)
        files = sorted(DATA.glob("rfc*/*.dat"))
        assert len(files) >= 61
        before, tasks = bookkeeping(stand), len(asyncio.all_tasks())
        for file in files:
            attacker.send(file.read_bytes(), stand.udp)
        await asyncio.sleep(0.05)
        assert bookkeeping(stand) == before
        assert len(asyncio.all_tasks()) == tasks
        assert not stand.has_event(InviteReceived)
        for file in files:
            trunk.send(file.read_bytes(), stand.udp)
        assert await is_alive(stand)


async def test_flood_of_a_stranger_is_cut_off_before_it_is_read_and_a_trunk_is_not() -> None:
    async with running_edge() as stand:
        attacker, trunk = await stand.peer(ATTACKER), await stand.peer(TRUNK)
        message = attacker.request("REGISTER", stand.uri())
        for _ in range(200):
            attacker.send(message, stand.udp)
        await asyncio.sleep(0.1)
        assert len([text for text, _ in attacker.arrived if status(text) == 401]) == 16
        assert stand.edge.statistics()["messages_over_limit"] == 184
        for _ in range(50):
            trunk.send(trunk.request("OPTIONS", stand.uri()), stand.udp)
        await asyncio.sleep(0.1)
        assert len(trunk.arrived) == 50


async def test_a_flood_of_broken_messages_fills_no_disk_and_a_trunks_are_all_told() -> None:
    """What strangers break is logged now and then; what a trunk breaks, somebody has to mend."""
    async with running_edge(settings=replace(OPEN, messages_of_strangers=1_000_000)) as stand:
        attacker, trunk = await stand.peer(ATTACKER), await stand.peer(TRUNK)
        with capture_logs() as lines:
            for peer in (attacker, trunk):
                for _ in range(200):
                    peer.send(peer.request("OPTIONS", stand.uri()).replace("CSeq: 1", "CSeq: x"), stand.udp)
                await peer.wait_status(400)
            assert await is_alive(stand)
        told = [line["flow"].split(":")[1] for line in lines if line["event"] == "sip.malformed"]
        assert told.count(TRUNK) == 200
        assert 100 <= told.count(ATTACKER) <= 130
        assert stand.edge.statistics()["log_lines_spared"] >= 70


async def test_required_extension_that_we_lack_is_420() -> None:
    async with running_edge() as stand:
        trunk = await stand.peer(TRUNK)
        trunk.send(trunk.request("INVITE", stand.uri(), headers="Require: precondition\r\n"), stand.udp)
        assert header(await trunk.wait_status(420), "Unsupported") == "precondition"
        assert not stand.has_event(InviteReceived)


async def test_other_schemes_than_sip_are_416() -> None:
    async with running_edge() as stand:
        trunk = await stand.peer(TRUNK)
        trunk.send(trunk.request("INVITE", "tel:+8651012345", content=sdp(TRUNK)), stand.udp)
        await trunk.wait_status(416)


@pytest.mark.parametrize(
    ("method", "code"),
    [("MESSAGE", 405), ("SUBSCRIBE", 489), ("PUBLISH", 489), ("NOTIFY", 405), ("REFER", 405), ("FOO", 501)],
)
async def test_identified_peer_is_told_what_is_never_done(method: str, code: int) -> None:
    async with running_edge() as stand:
        trunk = await stand.peer(TRUNK)
        trunk.send(trunk.request(method, stand.uri()), stand.udp)
        assert "INVITE" in header(await trunk.wait_status(code), "Allow")


async def test_response_goes_to_the_source_as_the_via_asks() -> None:
    async with running_edge() as stand:
        trunk = await stand.peer(TRUNK)
        hidden = trunk.request("OPTIONS", stand.uri()).replace(
            f"UDP {TRUNK}:{trunk.port}", "UDP 10.0.0.1:5080"
        )
        trunk.send(hidden, stand.udp)
        via = header(await trunk.wait_status(200), "Via")
        assert f"rport={trunk.port}" in via
        assert f"received={TRUNK}" in via
        plain = await stand.peer(TRUNK)
        text = trunk.request("OPTIONS", stand.uri(), rport=False).replace(
            f"UDP {TRUNK}:{trunk.port}", f"UDP 10.0.0.1:{plain.port}"
        )
        trunk.send(text, stand.udp)
        await plain.wait_status(200)


_NASTY = st.one_of(
    st.sampled_from(
        [b"\0", b"\r", b"\n", b"%n%s", b"\xff\xfe", b"A" * 5000, b"-1", b"99999999999999", b'"', b"<", b";;"]
    ),
    st.binary(max_size=20),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), _NASTY), min_size=1, max_size=4),
    st.booleans(),
)
def test_mutated_messages_never_raise_and_the_server_answers_afterwards(
    changes: list[tuple[int, int, bytes]], from_trunk: bool
) -> None:
    async def run() -> None:
        async with running_edge(settings=OPEN) as stand:
            peer = await stand.peer(TRUNK if from_trunk else ATTACKER)
            methods = ("INVITE", "REGISTER", "BYE", "CANCEL", "ACK", "OPTIONS")
            for method in methods:
                message = peer.request(method, stand.uri(), content=sdp(TRUNK)).encode()
                for at, length, nasty in changes:
                    message = message[:at] + nasty + message[at + length :]
                peer.send(message[:60_000], stand.udp)
            assert await is_alive(stand)

    asyncio.run(run())


async def test_random_datagrams_change_nothing() -> None:
    chance = random.Random(4475)
    async with running_edge(settings=OPEN) as stand:
        peer = await stand.peer(TRUNK)
        before, tasks = bookkeeping(stand), len(asyncio.all_tasks())
        for _ in range(500):
            peer.send(chance.randbytes(chance.randrange(1, 400)), stand.udp)
        await asyncio.sleep(0.05)
        assert bookkeeping(stand) == before
        assert len(asyncio.all_tasks()) == tasks
        assert await is_alive(stand)
