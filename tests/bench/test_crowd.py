"""The crowd of benches tells a call that the server spoiled from one that its two ends wanted so."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bench.crowd import Crowd, Wait
from bench.desk_phones import DeskPhone, Manner
from bench.peers.call import Call
from bench.peers.rtp_stream import alaw_tone
from bench.peers.user_agent import UserAgent
from bench.trunk_caller import TrunkCaller

TALK_S = 60.0
"""By the seed the first talk would last for eight seconds."""


@dataclass
class Server:
    """A crowd of callers and one phone, and what stands between them: it does what the test says."""

    crowd: Crowd
    door: UserAgent
    ringer: UserAgent
    callers: list[Call]

    async def ring(self, number: str) -> Call:
        """Ring the phone for a caller, and let them talk."""
        agent = self.crowd.phones[0].agent
        call = await self.ringer.call(f"sip:8001@{agent.address}:{agent.port}", number)
        assert await call.answered == 200
        return call


async def _until(told: str, crowd: Crowd) -> None:
    async with asyncio.timeout(5):
        while not getattr(crowd, told):
            await asyncio.sleep(0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    callers: list[Call] = []
    tone = alaw_tone(440)
    door = await UserAgent.open(None, tone, "127.64.1.1")
    ringer = await UserAgent.open(None, tone, "127.64.1.1")

    def take(call: Call) -> None:
        door.answer(call)
        callers.append(call)

    door.on_invite = take
    here = (door.address, door.port)
    trunk = await TrunkCaller.start(address="127.64.1.2", server=here, pacer=None)
    phone = await DeskPhone.start(
        "8001", "", address="127.64.1.3", registrar=here, pacer=None, manner=Manner(answer_s=0.0)
    )
    crowd = Crowd([phone], trunk, random.Random(1), TALK_S)
    phone.on_event = crowd._hear
    yield Server(crowd, door, ringer, callers)
    await crowd.close()
    await door.close()
    await ringer.close()


async def test_who_is_hung_up_while_waiting_is_a_failed_call(server: Server) -> None:
    assert await server.crowd.place() is not None
    await server.door.hang_up(server.callers[0])
    await _until("dropped", server.crowd)
    assert (server.crowd.dropped, server.crowd.failed) == (1, 1)
    assert server.crowd.waiting == 0


async def test_who_loses_patience_is_none(server: Server) -> None:
    waits: list[Wait] = []
    await server.crowd._wait(0.2, waits)
    assert [wait.answered for wait in waits] == [False]
    async with asyncio.timeout(5):
        await server.callers[0].ended
    assert server.crowd.failed == 0


async def test_a_talk_that_the_server_ends_is_a_failed_call(server: Server) -> None:
    number = await server.crowd.place()
    assert number is not None
    talk = await server.ring(number)
    await server.ringer.hang_up(talk)
    await _until("talks", server.crowd)
    assert (server.crowd.cut_off, server.crowd.failed) == (1, 1)
    await server.door.hang_up(server.callers[0])  # once served, the end of the call is the end of that talk
    await asyncio.sleep(0.1)
    assert server.crowd.dropped == 0


async def test_a_talk_that_the_agent_ends_is_none(server: Server) -> None:
    server.crowd.talk_s = 0.02
    number = await server.crowd.place()
    assert number is not None
    talk = await server.ring(number)
    async with asyncio.timeout(5):
        await talk.ended
    await _until("talks", server.crowd)
    assert server.crowd.failed == 0
