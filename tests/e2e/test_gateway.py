"""An E1 gateway as it stands in a city's rack: its channels, its one law, its causes, its pulse; and a trunk that asks
for registration.  The gateway is raw SIP text, so nothing of ours judges what it says.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench.running_server import Json
from tests.softswitch.sip.raw_peer import RawPeer, body, header, sdp, start_line, status, tag, uri
from tests.stand import Stand, Terms, stand

pytestmark = pytest.mark.e2e

PORT = 5080
E1 = Terms(
    seats=1,
    trunk_kind="e1_gateway",
    greeting="",
    options_interval_s=0.5,
    options_timeout_s=0.4,
    trunk_extra=f'host = "{{network}}.2"\nport = {PORT}\nchannels_per_span = 2',
)


@dataclass(slots=True, eq=False)
class Gateway:
    """A raw peer at the trunk's address; answers OPTIONS as long as `is_alive`."""

    peer: RawPeer
    here: Stand
    is_alive: bool = True

    def hear(self, data: bytes, source: tuple[str, int]) -> None:
        text = data.decode()
        if not text.startswith("OPTIONS "):
            self.peer.relay = None
            self.peer.datagram_received(data, source)
            self.peer.relay = self.hear
        elif self.is_alive:
            self.peer.answer(text, 200, source)

    async def invite(self, caller: str, *, codecs: str = "8 0 101", group: str = "") -> tuple[str, str]:
        """Call the hotline on a trunk group; the INVITE and its final answer, acknowledged."""
        peer = self.peer
        invite = peer.request(
            "INVITE",
            self.here.hotline,
            from_=f"<sip:{caller}@{peer.address}>;tag=g{caller}",
            content=sdp(peer.address, codecs=codecs),
        )
        if group:
            user = f"{caller};tgrp={group};trunk-context=gw.example"
            invite = invite.replace("Contact: <sip:raw@", f"Contact: <sip:{user}@")
        peer.send(invite, self.here.sip)
        call = header(invite, "Call-ID")
        final = await peer.wait(lambda m: status(m) >= 200 and header(m, "Call-ID") == call)
        peer.send(self._within(invite, final, "ACK", 1, is_refused=status(final) >= 300), self.here.sip)
        return invite, final

    async def leave(self, invite: str, final: str, cause: int) -> None:
        """Hang up with a Q.850 cause."""
        bye = self._within(invite, final, "BYE", 2, headers=f"Reason: Q.850;cause={cause}\r\n")
        self.peer.send(bye, self.here.sip)
        await self.peer.wait_status(200, "BYE")

    def _within(
        self, invite: str, final: str, method: str, cseq: int, *, headers: str = "", is_refused: bool = False
    ) -> str:
        branch = re.search(r"branch=([^;\s]+)", header(invite, "Via"))
        assert branch is not None
        return self.peer.request(
            method,
            self.here.hotline if is_refused else uri(header(final, "Contact")),
            call_id=header(invite, "Call-ID"),
            cseq=cseq,
            from_=header(invite, "From"),
            to=header(final, "To"),
            branch=branch[1] if is_refused else "",
            headers=headers,
        )


@asynccontextmanager
async def gateway(here: Stand) -> AsyncIterator[Gateway]:
    """A gateway that lives as long as the block."""
    peer = await RawPeer.open(here.trunk_address, PORT)
    made = Gateway(peer, here)
    peer.relay = made.hear
    try:
        yield made
    finally:
        peer.close()


async def _record(here: Stand, invite: str) -> Json:
    """The call's record once it has ended."""
    arrived = await here.wait_event("CallArrived", sip_call_id=header(invite, "Call-ID"))
    await here.wait_event("CallEnded", call_id=arrived["call_id"])
    async with asyncio.timeout(5):
        while not (record := (await here.api.call(arrived["call_id"]))["call"])["ended_at"]:
            await asyncio.sleep(0.05)
    return dict(record)


async def _trunk(here: Stand) -> Json:
    """The trunk as a screen that connects now is told of it."""
    async for first in here.api.events():
        return dict(first["data"]["trunks"][0])
    raise AssertionError("no snapshot")


async def test_causes_of_the_network_end_calls_as_what_they_are(tmp_path: Path) -> None:
    """Q.850 causes in `Reason` become end reasons, and our own BYE tells the gateway a cause."""
    async with stand(tmp_path / "stand", E1) as here, gateway(here) as e1:
        for cause, reason in ((16, "abandoned"), (38, "failed"), (41, "failed"), (31, "abandoned")):
            invite, final = await e1.invite(f"1380000{cause:04d}")
            assert status(final) == 200
            await e1.leave(invite, final, cause)
            record = await _record(here, invite)
            assert (record["end_reason"], record["q850_cause"]) == (reason, cause)
            assert record["ended_by"] == "caller"
        invite, _ = await e1.invite("13800009999")
        arrived = await here.wait_event("CallArrived", sip_call_id=header(invite, "Call-ID"))
        await here.wait_event("CallQueued", call_id=arrived["call_id"])
        await here.api.post(f"/v1/calls/{arrived['call_id']}/hang-up", {"reason": "test"})
        bye = await e1.peer.wait_request("BYE")
        assert header(bye, "Reason") == "Q.850;cause=16"
        assert tag(header(bye, "To")) == "g13800009999"
        e1.peer.answer(bye, 200, here.sip)
        assert (await _record(here, invite))["end_reason"] == "forced"


async def test_a_gateway_speaks_a_law_alone_and_has_as_many_channels_as_its_spans(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", E1) as here, gateway(here) as e1:
        _, refused = await e1.invite("13800000001", codecs="0 101")
        assert status(refused) == 488
        assert "PCMA" in header(refused, "Warning")
        first, answer = await e1.invite("13800000002")
        assert "m=audio" in body(answer)
        assert re.search(r"^m=audio \d+ RTP/AVP 8 101\r?$", body(answer), re.MULTILINE), body(answer)
        await e1.invite("13800000003")
        third, busy = await e1.invite("13800000004")
        assert status(busy) == 503
        assert int(header(busy, "Retry-After")) > 0
        assert header(busy, "Reason") == "Q.850;cause=34"
        record = await _record(here, third)
        assert (record["end_reason"], record["sip_status"], record["q850_cause"]) == ("no_channel", 503, 34)
        seen = await _trunk(here)
        assert (seen["in_use"], seen["limit"], seen["refused"]) == (2, 2, 1)
        await e1.leave(first, answer, 16)
        await _record(here, first)
        _, again = await e1.invite("13800000005")
        assert status(again) == 200, "a channel that is free again serves the next call"


@pytest.mark.long
async def test_a_span_that_the_gateway_names_is_full_for_itself(tmp_path: Path) -> None:
    """RFC 4904: the trunk group in the Contact tells which span a call came on; control keeps it when it starts anew."""
    two = replace(
        E1,
        trunk_extra=E1.trunk_extra.replace("channels_per_span = 2", "channels_per_span = 1")
        + '\nspan_groups = ["pri1", "pri2"]',
        spans=2,
    )
    async with stand(tmp_path / "stand", two) as here, gateway(here) as e1:
        _, answer = await e1.invite("13800000001", group="pri2")
        assert status(answer) == 200
        third, busy = await e1.invite("13800000002", group="pri2")
        assert (status(busy), header(busy, "Reason")) == (503, "Q.850;cause=34")
        assert (await _record(here, third))["end_reason"] == "no_channel"
        old = here.server.kill("control")
        async with asyncio.timeout(10):
            while here.server.pids().get("control") in (None, old):
                await asyncio.sleep(0.05)
        await here.wait_ready(within_s=10)
        _, busy = await e1.invite("13800000003", group="pri2")
        assert status(busy) == 503
        _, answer = await e1.invite("13800000004", group="pri1")
        assert status(answer) == 200
        seen = await _trunk(here)
        assert (seen["in_use"], seen["limit"]) == (2, 2)


async def test_a_gateway_that_falls_silent_is_down_until_it_answers_again(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", E1) as here, gateway(here) as e1:
        async with asyncio.timeout(10):
            while not (await _trunk(here))["up"]:
                await asyncio.sleep(0.1)
        since = len(here.events)
        e1.is_alive = False
        down = await here.wait_event("TrunkStateChanged", since=since, up=False)
        assert (down["trunk"], down["cause"]) == ("city", "options_timeout")
        assert not (await _trunk(here))["up"]
        _, answer = await e1.invite("13800000006")
        assert status(answer) == 200, "who calls in is served all the same"
        e1.is_alive = True
        up = await here.wait_event("TrunkStateChanged", since=since, up=True)
        assert up["cause"] == "options_answered"


async def test_the_edge_registers_at_a_trunk_that_asks_for_it(tmp_path: Path) -> None:
    terms = Terms(
        seats=1,
        trunk_extra=(
            f'options_ping = false\nhost = "{{network}}.2"\nport = {PORT}\n'
            'register = true\nusername = "wuxi12345"\npassword = "line-secret"\nrealm = "carrier"'
        ),
    )
    async with stand(tmp_path / "stand", terms) as here, gateway(here) as registrar:
        assert not (await _trunk(here))["up"], "no calls are sent there before it has us"
        carrier = registrar.peer
        first = await carrier.wait_request("REGISTER")
        assert header(first, "Contact").startswith("<sip:wuxi12345@")
        challenge = 'WWW-Authenticate: Digest realm="carrier", nonce="n1", algorithm=SHA-256, qop="auth"\r\n'
        carrier.answer(first, 401, here.sip, headers=challenge)
        second = await carrier.wait(
            lambda m: start_line(m).startswith("REGISTER") and bool(header(m, "Authorization"))
        )
        assert 'username="wuxi12345"' in header(second, "Authorization")
        carrier.answer(second, 200, here.sip, headers=f"Contact: {header(second, 'Contact')};expires=600\r\n")
        up = await here.wait_event("TrunkStateChanged", up=True)
        assert (up["trunk"], up["cause"]) == ("city", "registered")
        assert "line-secret" not in here.server.log.read_text(encoding="utf-8")
