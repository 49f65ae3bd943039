"""A trunk that is dead: a call goes out by the next one within four seconds, and by the first again once it answers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer, alaw_tone
from bench.peers.user_agent import UserAgent
from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.peers import Peers, alaw_samples, peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MOBILE = "13900000002"
AGENT_HZ, OUTSIDE_HZ = 1000, 2400
TERMS = Terms(
    seats=1,
    spare_legs=16,
    greeting="",
    announce_agent=False,
    options_interval_s=1.0,
    trunk_extra='options_ping = true\nhost = "{network}.2"\nport = 5080',
    seat_extra='outbound = ["mobile", "mobile-reserve"]',
    extra="""
[[trunks]]
name = "reserve"
addresses = ["{network}.4/32"]
media_networks = ["{network}.4/32"]
host = "{network}.4"
options_ping = false

[[outbound]]
name = "mobile"
pattern = "1[3-9]\\\\d{9}"
trunk = "city"

[[outbound]]
name = "mobile-reserve"
pattern = "1[3-9]\\\\d{9}"
trunk = "reserve"
""",
)


@dataclass(slots=True, eq=False)
class TwoTrunks:
    """A hotline whose first trunk is at port 5080 of its address, or not; the second one is well."""

    here: Stand
    around: Peers
    reserve: UserAgent
    pacer: Pacer

    async def dial(self, trunk: UserAgent) -> Call:
        """The agent dials; the call that reaches a trunk within four seconds, answered there."""
        arrived: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

        def answer(call: Call) -> None:
            trunk.answer(call)
            arrived.set_result(call)

        trunk.on_invite = answer
        await self.here.api.post(f"/v1/agents/{self.here.agent(1)}/dial", {"number": MOBILE})
        return await asyncio.wait_for(arrived, 4.0)

    async def hang_up(self) -> None:
        """The agent is free again."""
        phone = self.around.phones[0]
        await phone.agent.hang_up(phone.calls[-1])
        await self.here.wait_agent(1, activity="idle")

    async def first_trunk(self) -> UserAgent:
        """The first trunk comes to life."""
        address, port = self.here.trunk_address, 5080
        return await UserAgent.open(self.pacer, alaw_tone(OUTSIDE_HZ), address, port, keep_s=10)


@asynccontextmanager
async def two_trunks(folder: Path) -> AsyncIterator[TwoTrunks]:
    """An agent at a phone, and the second trunk."""
    async with (
        stand(folder, TERMS) as here,
        peers(here, Manner(answer_s=0.0, keep_s=10, tone_hz=AGENT_HZ)) as around,
    ):
        pacer = Pacer()
        address = f"127.64.{here.number}.4"
        reserve = await UserAgent.open(pacer, alaw_tone(OUTSIDE_HZ), address, 5060, keep_s=10)
        await here.login(1)
        try:
            yield TwoTrunks(here, around, reserve, pacer)
        finally:
            await reserve.close()


async def test_a_black_hole_is_passed_over_and_used_again_once_it_answers_options(tmp_path: Path) -> None:
    """It swallows the INVITE; both ends of the call have sound by the other trunk; then it comes to life."""
    async with two_trunks(tmp_path / "stand") as talk:
        hole = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        hole.bind((talk.here.trunk_address, 5080))
        try:
            target = await talk.dial(talk.reserve)
            down = await talk.here.wait_event("TrunkStateChanged", trunk="city", up=False)
            assert down["cause"] in ("invite_unanswered", "options_timeout")
            await asyncio.sleep(1.5)
            phone = talk.around.phones[0].calls[-1]
            for call, hz in ((phone, OUTSIDE_HZ), (target, AGENT_HZ)):
                sound = alaw_samples(bytes(call.stream.heard))[-4000:]
                assert spectrum.tone_level_dbfs(sound, hz) > -30
            (record,) = await talk.here.active_calls()
            await talk.hang_up()
            assert (await talk.here.wait_call(record["call_id"]))["call"]["end_reason"] == "completed"
        finally:
            hole.close()
        city = await talk.first_trunk()
        try:
            await talk.here.wait_event("TrunkStateChanged", trunk="city", up=True)
            await talk.dial(city)
            await talk.hang_up()
            await judge_aftermath(talk.here)
        finally:
            await city.close()


async def test_a_trunk_that_refuses_for_itself_is_passed_over_and_stays_up(tmp_path: Path) -> None:
    """503 for this call: the next call asks it again."""
    async with two_trunks(tmp_path / "stand") as talk:
        city = await talk.first_trunk()
        try:
            city.on_invite = lambda call: city.answer(call, 503)
            await talk.dial(talk.reserve)
            await talk.hang_up()
            assert not talk.here.seen("TrunkStateChanged") or talk.here.seen("TrunkStateChanged")[-1]["up"]
            target = await talk.dial(city)
            assert target.invite.uri.startswith(f"sip:{MOBILE}@")
            await talk.hang_up()
            await judge_aftermath(talk.here)
        finally:
            await city.close()
