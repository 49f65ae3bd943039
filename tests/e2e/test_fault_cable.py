"""The cable to a phone is pulled out: for five seconds nobody minds, after a minute all is as it was."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.loopback import claimed
from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.cable import Cable, cable
from tests.phones.handset import Handset, handset
from tests.stand import Stand, Terms, stand

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace with a cable to it needs root"),
]

CALLER_HZ, AGENT_HZ = 440, 1000
NUMBERS = range(1, 250)


@dataclass(slots=True, eq=False)
class Talk:
    """A caller on loopback talks with an agent whose phone is at the far end of a cable."""

    here: Stand
    caller: Handset
    phone: Handset
    line: Cable
    call_id: str = ""

    async def begin(self) -> None:
        """They talk."""
        since = len(self.here.events)
        await self.caller.call(self.here.hotline)
        self.call_id = str((await self.here.wait_event("CallConnected", since=since))["call_id"])
        await asyncio.sleep(1.0)

    async def is_heard(self) -> bool:
        """Whether what the caller hears now is the agent."""
        await self.caller.recording()
        await asyncio.sleep(1.5)
        return bool(spectrum.find_tone_spans(await self.caller.recording(), AGENT_HZ))


@asynccontextmanager
async def talk_by_cable(folder: Path) -> AsyncIterator[Talk]:
    """A server with a listener at its end of the cable."""
    with claimed("cable", NUMBERS) as number:
        async with cable(number) as line:
            listener = f'[[sip.transports]]\nprotocol = "udp"\naddress = "{line.here}"\nport = 5060\n'
            terms = Terms(
                seats=1,
                wrap_up_s=0.0,
                greeting="",
                announce_agent=False,
                options_interval_s=2.0,
                options_timeout_s=1.0,
                media_extra="rtp_timeout_s = 12",
                media_via=(f"{line.there}/32",),
                extra=listener,
            )
            async with (
                stand(folder, terms) as here,
                handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
                handset(
                    line.there,
                    account=here.account(1)[0],
                    password=here.account(1)[1],
                    registrar=f"{line.here}:5060",
                    tone_hz=AGENT_HZ,
                    under=line.under,
                ) as phone,
            ):
                assert await phone.register() == 200
                await phone.auto_answer(0.0)
                await here.login(1)
                talk = Talk(here, caller, phone, line)
                await talk.begin()
                assert await talk.is_heard()
                yield talk


async def test_a_cable_that_is_out_for_five_seconds_costs_five_seconds(tmp_path: Path) -> None:
    """No route, no packets: the talk goes on where it was, and is recorded to its end."""
    async with talk_by_cable(tmp_path / "stand") as talk:
        talk.line.pull()
        await asyncio.sleep(5.0)
        talk.line.plug()
        await asyncio.sleep(1.0)
        assert await talk.is_heard()
        assert [call["call_id"] for call in await talk.here.active_calls()] == [talk.call_id]
        await talk.caller.hang_up()
        detail = await talk.here.wait_call(talk.call_id)
        assert detail["call"]["end_reason"] == "completed"
        (_, right), rate = spectrum.read_channels(talk.here.wav(detail["recordings"][0]))
        assert spectrum.find_tone_spans(right[-rate:], AGENT_HZ), "the end of the talk is not recorded"
        await judge_aftermath(talk.here)


async def test_a_cable_that_is_out_for_a_minute_puts_the_caller_first_in_line_until_it_is_back(
    tmp_path: Path,
) -> None:
    """The phone is called lost, the caller hears music and is served by the same phone, without anybody's doing."""
    async with talk_by_cable(tmp_path / "stand") as talk:
        here, loop = talk.here, asyncio.get_running_loop()
        talk.line.pull()
        pulled_at = loop.time()
        await here.wait_agent(1, reachable=False, within_s=20)
        await here.wait_event("CallRequeued", call_id=talk.call_id, within_s=20)
        await asyncio.sleep(pulled_at + 60.0 - loop.time())
        assert not talk.caller.seen("disconnected")
        assert [call["call_id"] for call in await here.active_calls()] == [talk.call_id]
        since = len(here.events)
        talk.line.plug()
        await here.wait_event("AgentReturned", since=since, agent=here.agent(1), within_s=20)
        await here.wait_event("CallConnected", since=since, call_id=talk.call_id, within_s=15)
        assert await talk.is_heard()
        await talk.caller.hang_up()
        assert (await here.wait_call(talk.call_id))["call"]["end_reason"] == "completed"
        await judge_aftermath(here)
