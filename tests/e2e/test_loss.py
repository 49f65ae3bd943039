"""Bad lines: 5 % random loss and 20 % reordering on RTP and on SIP; no call is lost, tones are found, counts are right."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests import spectrum
from tests.peers import alaw_samples, peers
from tests.relays.lossy import lossy_line
from tests.stand import HOTLINE, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CALLS = 20
CALLER_HZ, AGENT_HZ = 440, 1000


async def test_calls_over_lossy_sip_are_set_up_and_ended_to_the_last_one(tmp_path: Path) -> None:
    """Twenty calls through a relay that hurts every SIP datagram of the trunk; retransmission mends them."""
    terms = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, channels=200)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand(tmp_path / "stand", terms))
        around = await stack.enter_async_context(peers(here, Manner(answer_s=0.0, talk_s=0.2)))
        line = await stack.enter_async_context(
            lossy_line(here.trunk_address, here.sip, loss=0.05, reorder=0.2, seed=11)
        )
        around.trunk.agent.detour = line
        await here.login(1)
        calls = []
        for number in range(CALLS):
            calls.append(await around.trunk.call(HOTLINE, f"138000000{number:02d}"))
            await asyncio.sleep(0.3)
        async with asyncio.timeout(90):
            for call in calls:
                assert await call.answered == 200
                await call.ended
        assert line.counts.lost > 0
        page = await here.api.get("/v1/calls", limit=100)
        async with asyncio.timeout(20):
            while any(record["ended_at"] is None for record in page["items"]):
                await asyncio.sleep(0.2)
                page = await here.api.get("/v1/calls", limit=100)
        assert len(page["items"]) == CALLS, "a retransmission became a call of its own"
        assert {record["end_reason"] for record in page["items"]} == {"completed"}


async def test_tones_survive_lossy_rtp_both_ways(tmp_path: Path) -> None:
    """The trunk's sound passes relays in both directions; concealment keeps the tone whole."""
    terms = Terms(seats=1, greeting="", announce_agent=False)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand(tmp_path / "stand", terms))
        around = await stack.enter_async_context(
            peers(here, Manner(answer_s=0.0, tone_hz=AGENT_HZ, keep_s=20))
        )
        await here.login(1)
        line = await stack.enter_async_context(
            lossy_line(here.trunk_address, loss=0.05, reorder=0.2, seed=12)
        )
        call = await around.trunk.call(HOTLINE, "13800000001", detour=line)
        call_id = (await here.wait_event("CallConnected"))["call_id"]
        await asyncio.sleep(6.0)
        assert line.counts.lost > 10
        assert line.counts.late > 40
        heard = alaw_samples(bytes(call.stream.heard))
        await around.trunk.hang_up(call)
        detail = await here.wait_call(call_id)
        (left, right), rate = spectrum.read_channels(here.wav(detail["recordings"][0]))
        spans = spectrum.find_tone_spans(left, CALLER_HZ, bridge_s=0.15)
        assert sum(end - start for start, end in spans) > 5.0
        assert spectrum.find_tone_spans(right, AGENT_HZ)
        assert len(left) == len(right)
        assert rate == 8000
        # What the trunk heard is as the line left it: the tone is there, with holes.
        assert spectrum.dominant_tone(heard[-16000:]) == pytest.approx(AGENT_HZ, abs=3)
