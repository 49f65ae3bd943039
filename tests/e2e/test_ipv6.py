"""A phone that lives on IPv6 and a trunk on IPv4, with sound; what each is shown of us.

The phone is one of `bench.peers`: the pjsua2 wheel is built without media over IPv6.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bench.loopback import claimed
from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer, alaw_tone
from bench.peers.user_agent import UserAgent
from tests import spectrum
from tests.conversation import outbound_terms
from tests.peers import alaw_samples
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TRUNK_HZ, PHONE_HZ = 440, 1000
PORTS = range(16000, 16100)
"""IPv6 has one loopback address: the listeners of stands differ by port."""


@dataclass(slots=True, eq=False)
class BothVersions:
    """A running hotline, a trunk on IPv4, and a registered phone at ::1."""

    here: Stand
    trunk: UserAgent
    phone: UserAgent
    registrar: tuple[str, int]


@asynccontextmanager
async def both_versions(folder: Path) -> AsyncIterator[BothVersions]:
    """Both versions listen side by side."""
    with claimed("sip-v6", PORTS) as port:
        terms = outbound_terms(
            Terms(seats=1, greeting="", announce_agent=False, options_interval_s=0.5, media_via=("::1/128",))
        )
        listener = f'[[sip.transports]]\nprotocol = "udp"\naddress = "0:0:0:0:0:0:0:1"\nport = {port}\n'
        async with stand(folder, replace(terms, extra=terms.extra + listener)) as here:
            pacer = Pacer()
            trunk = await UserAgent.open(pacer, alaw_tone(TRUNK_HZ), here.trunk_address, 5060, keep_s=30)
            phone = await UserAgent.open(pacer, alaw_tone(PHONE_HZ), "::1", keep_s=30)
            try:
                registrar = ("::1", port)
                assert await phone.register(registrar, *here.account(1)) == 200
                await here.login(1)
                yield BothVersions(here, trunk, phone, registrar)
                assert trunk.faults + phone.faults == []
            finally:
                await trunk.close()
                await phone.close()


async def hear_each_other(one: Call, other: Call, heard_by_one_hz: int, heard_by_other_hz: int) -> None:
    """Each hears the other's tone."""
    await asyncio.sleep(2.0)
    for call, hz in ((one, heard_by_one_hz), (other, heard_by_other_hz)):
        sound = alaw_samples(bytes(call.stream.heard))[-8000:]
        assert spectrum.tone_level_dbfs(sound, hz) > -30


async def next_call(agent: UserAgent) -> asyncio.Future[Call]:
    """The next call that an agent answers."""
    arrived: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    def answer(call: Call) -> None:
        agent.answer(call)
        arrived.set_result(call)

    agent.on_invite = answer
    return arrived


async def test_a_caller_on_ipv4_talks_with_a_phone_on_ipv6(tmp_path: Path) -> None:
    """Each is spoken to in its own version: the phone's INVITE names no address of the other."""
    async with both_versions(tmp_path / "stand") as talk:
        await asyncio.sleep(1.2)  # two pings: a phone that answers them stays reachable
        rings = await next_call(talk.phone)
        caller = await talk.trunk.call(talk.here.hotline, "13800000001")
        assert await caller.answered == 200
        callee = await asyncio.wait_for(rings, 10)
        shown = callee.invite.encode().decode()
        assert "c=IN IP6 ::1\r\n" in shown
        assert f"@[::1]:{talk.registrar[1]}>" in callee.invite.get("contact")
        assert "127." not in shown
        await talk.here.wait_event("CallConnected")
        await hear_each_other(caller, callee, PHONE_HZ, TRUNK_HZ)
        assert await talk.phone.re_invite(callee, "sendonly") == 200
        assert await talk.phone.re_invite(callee, "sendrecv") == 200
        await talk.phone.hang_up(callee)
        assert await asyncio.wait_for(caller.ended, 5) == "far end hung up"


async def test_an_agent_on_ipv6_dials_out_by_a_trunk_on_ipv4(tmp_path: Path) -> None:
    """The phone rings first, then the trunk sees an INVITE of IPv4 alone; both hear."""
    async with both_versions(tmp_path / "stand") as talk:
        phone_rings, trunk_rings = await next_call(talk.phone), await next_call(talk.trunk)
        agent = talk.here.agent(1)
        await talk.here.api.post(f"/v1/agents/{agent}/dial", {"number": "13900000002"})
        own = await asyncio.wait_for(phone_rings, 10)
        target = await asyncio.wait_for(trunk_rings, 10)
        assert "::" not in target.invite.encode().decode()
        await hear_each_other(own, target, TRUNK_HZ, PHONE_HZ)
        await talk.phone.hang_up(own)
        assert await asyncio.wait_for(target.ended, 5) == "far end hung up"
