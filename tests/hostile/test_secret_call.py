"""A real phone on TLS and SRTP talks with a trunk on UDP and RTP; without either, it is not talked with at all."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Self

import pytest
import pytest_asyncio

from tests import spectrum
from tests.phones.handset import handset
from tests.softswitch.sip.test_security import make_certificate
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

TLS_PORT = 5061
AGENT_HZ, CALLER_HZ = 1000, 440
ACCOUNT, PASSWORD, EXTENSION = "secret", "of-the-secret-phone", "8090"
TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """A server with a seat whose sound has to be encrypted."""
    folder = tmp_path_factory.mktemp("secret")
    chain, key = make_certificate(folder, "IP:127.0.0.1")
    extra = f"""
[[sip.transports]]
protocol = "tls"
address = "{{network}}.1"
port = {TLS_PORT}
certificate = "{chain}"
private_key = "{key}"

[[accounts]]
username = "{ACCOUNT}"
password = "{PASSWORD}"
extension = "{EXTENSION}"
media_networks = ["{{network}}.3/32"]
srtp = "required"

[[trunks]]
name = "sealed"
addresses = ["{{network}}.6/32"]
media_networks = ["{{network}}.6/32"]
srtp = "required"
options_ping = false
"""
    async with stand(folder / "stand", replace(TERMS, extra=extra)) as started:
        yield started


async def test_an_encrypted_phone_is_rung_talks_and_is_recorded(here: Stand) -> None:
    """Both hear each other; between phone and server there are only sealed packets."""
    async with (
        handset(here.trunk_address, tone_hz=CALLER_HZ, account="13800000001") as caller,
        handset(
            here.phone_address,
            account=ACCOUNT,
            password=PASSWORD,
            registrar=f"{here.sip[0]}:{TLS_PORT}",
            transport="tls",
            srtp=True,
            tone_hz=AGENT_HZ,
        ) as phone,
    ):
        assert await phone.register() == 200
        await phone.auto_answer(0.2)
        await here.api.login(here.agent(1), EXTENSION, "ready")
        with Wire() as wire:
            await caller.call(here.hotline)
            connected = await here.wait_event("CallConnected", within_s=15)
            await asyncio.sleep(2.5)
            heard_by_caller, heard_by_agent = await caller.recording(), await phone.recording()
            sizes = wire.rtp_sizes(here.phone_address)
        assert spectrum.tone_level_dbfs(heard_by_caller[-8000:], AGENT_HZ) > -30
        assert spectrum.tone_level_dbfs(heard_by_agent[-8000:], CALLER_HZ) > -30
        assert len(sizes) > 100
        assert set(sizes) == {12 + 160 + 10}, "a packet in the clear, or of another kind"
        agreed = here.server.log_lines("leg.media_agreed", call_id=connected["call_id"])
        assert sorted(line["is_encrypted"] for line in agreed) == [False, True]
        await phone.hang_up()
        await here.wait_call(connected["call_id"])
        await here.api.logout(here.agent(1))
    assert "inline:" not in here.server.log_tail(10_000_000), "a key stands in the log"


@pytest.mark.long
async def test_an_encrypted_trunk_talks_on_through_a_restart_of_control(here: Stand) -> None:
    """The next control has the keys: what it sends and takes stays sealed, and a hold keeps them."""
    address = f"127.64.{here.number}.6"
    async with (
        handset(address, transport="tls", srtp=True, tone_hz=CALLER_HZ, account="13800000003") as caller,
        handset(
            here.phone_address,
            account=here.account(1)[0],
            password=here.account(1)[1],
            registrar=here.registrar,
            tone_hz=AGENT_HZ,
            rtp_port=32000,
        ) as phone,
    ):
        assert await phone.register() == 200
        await phone.auto_answer(0.2)
        await here.login(1)
        since = len(here.events)
        with Wire() as wire:
            await caller.call(f"sip:{HOTLINE}@{here.sip[0]}:{TLS_PORT};transport=tls")
            connected = await here.wait_event("CallConnected", since=since, within_s=15)
            await asyncio.sleep(1.0)
            old = here.server.kill("control")
            async with asyncio.timeout(10):
                while here.server.pids().get("control") in (old, None):
                    await asyncio.sleep(0.02)
            await here.wait_ready(within_s=10)
            await here.wait_agent(1, activity="talking", call_id=connected["call_id"])
            await caller.hold()
            await caller.wait_for("media", state="local_hold")
            await caller.unhold()
            await caller.wait_for("media", since=len(caller.seen("media")), state="active")
            await asyncio.sleep(2.5)
            heard_by_caller, heard_by_agent = await caller.recording(), await phone.recording()
            sizes = wire.rtp_sizes(address)
        assert spectrum.tone_level_dbfs(heard_by_caller[-8000:], AGENT_HZ) > -30
        assert spectrum.tone_level_dbfs(heard_by_agent[-8000:], CALLER_HZ) > -30
        assert len(sizes) > 100
        assert set(sizes) == {12 + 160 + 10}, "a packet in the clear, or of another kind"
        await phone.hang_up()
        await caller.wait_for("disconnected")
        assert (await here.wait_call(connected["call_id"]))["call"]["end_reason"] == "completed"
        await here.api.logout(here.agent(1))


async def test_a_trunk_that_has_to_be_encrypted_is_refused_in_the_clear(here: Stand) -> None:
    """488 over UDP, whatever it offers: its keys could be read."""
    async with handset(f"127.64.{here.number}.6", account="13800000004") as caller:
        await caller.call(here.hotline)
        assert (await caller.wait_for("disconnected"))["status"] == 488


async def test_a_phone_that_has_to_be_encrypted_is_not_rung_over_udp(here: Stand) -> None:
    """Its keys could be read: the caller stays in line, no INVITE leaves."""
    async with (
        handset(here.trunk_address, tone_hz=CALLER_HZ, account="13800000002") as caller,
        handset(here.phone_address, account=ACCOUNT, password=PASSWORD, registrar=here.registrar) as phone,
    ):
        assert await phone.register() == 200
        await here.api.login(here.agent(1), EXTENSION, "ready")
        since = len(here.events)
        await caller.call(here.hotline)
        await here.wait_event("OfferEnded", since=since, within_s=10)
        assert not phone.seen("incoming")
        await caller.hang_up()
        await here.api.logout(here.agent(1))


class Wire:
    """What passes on loopback, by a packet socket."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024 * 1024)
        self._socket.bind(("lo", 0))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def rtp_sizes(self, address: str) -> list[int]:
        """Sizes of the RTP packets with audio from and to an address."""
        wanted, found = socket.inet_aton(address), list[int]()
        while True:
            try:
                packet = self._socket.recv(2048)
            except BlockingIOError:
                return found
            at = (packet[0] & 15) * 4
            if packet[9] != 17 or wanted not in (packet[12:16], packet[16:20]):
                continue
            payload = packet[at + 8 : at + struct.unpack_from(">H", packet, at + 4)[0]]
            if len(payload) > 100 and payload[0] == 0x80 and payload[1] & 0x7F == 8:
                found.append(len(payload))
