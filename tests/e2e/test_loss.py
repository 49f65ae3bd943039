"""Bad lines: 5 % random loss and 20 % reordering on RTP and on SIP, of which 20 % comes twice; no call is lost, tones are found, counts are right."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests import spectrum
from tests.peers import Peers, alaw_samples, peers
from tests.relays.lossy import LossyLine, lossy_line
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CALLS = 20
CALLER_HZ, AGENT_HZ = 440, 1000


async def end_reasons(here: Stand, within_s: float) -> list[str]:
    """Why each call ended, once the last one has."""
    async with asyncio.timeout(within_s):
        while True:
            items = (await here.api.get("/v1/calls", limit=100))["items"]
            if all(record["ended_at"] for record in items):
                return [record["end_reason"] for record in items]
            await asyncio.sleep(0.2)


async def hurt_signalling(
    stack: AsyncExitStack, around: Peers, *, loss: float, seeds: tuple[int, int]
) -> list[LossyLine]:
    """Put a bad line for SIP before the trunk and one before the first phone, which must register again."""
    here, lines = around.here, []
    for agent, address, seed in zip(
        (around.trunk.agent, around.phones[0].agent),
        (here.trunk_address, here.phone_address),
        seeds,
        strict=True,
    ):
        line = lossy_line(address, here.sip, loss=loss, reorder=0.2, duplicate=0.2, seed=seed)
        agent.detour = opened = await stack.enter_async_context(line)
        lines.append(opened)
    return lines


async def test_calls_over_lossy_sip_are_set_up_and_ended_to_the_last_one(tmp_path: Path) -> None:
    """Twenty calls through a relay that hurts every SIP datagram of the trunk; retransmission mends them."""
    terms = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, channels=200)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand(tmp_path / "stand", terms))
        around = await stack.enter_async_context(peers(here, Manner(answer_s=0.0, talk_s=0.2)))
        line = await stack.enter_async_context(
            lossy_line(here.trunk_address, here.sip, loss=0.05, reorder=0.2, duplicate=0.2, seed=11)
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
        assert line.counts.copied > 10
        reasons = await end_reasons(here, 20)
        assert len(reasons) == CALLS, "a retransmission became a call of its own"
        assert set(reasons) == {"completed"}


async def test_tones_survive_lossy_rtp_both_ways(tmp_path: Path) -> None:
    """The trunk's sound passes bad lines out and back; concealment keeps the tone whole, and every loss is counted."""
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
        at_agent = alaw_samples(bytes(around.phones[0].calls[0].stream.heard))
        sent = call.stream.sent
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
        # The agent heard what the server made of it: no hole, for what is missing is concealed.
        assert spectrum.dominant_tone(at_agent[-16000:]) == pytest.approx(CALLER_HZ, abs=3)
        assert not spectrum.find_holes(at_agent[-24000:], window_s=0.02)

        (figures,) = here.server.log_lines("leg.sound", call_id=call_id, role="customer")
        missing = sent - figures["packets_received"]
        assert missing > 5
        # Those still under way when the call ended, or lost before the first that came, are in one count alone.
        assert figures["packets_lost"] == pytest.approx(missing, abs=4)
        assert figures["packets_late"] <= figures["packets_lost"]
        assert figures["frames_concealed"] >= figures["packets_lost"] - 2
        (agents,) = here.server.log_lines("leg.sound", call_id=call_id, role="agent")
        assert agents["packets_lost"] == 0


async def test_conversation_over_a_line_that_hurts_signalling_and_sound_of_both_ends(tmp_path: Path) -> None:
    """Trunk and phone each behind a bad line for SIP, the trunk's sound behind another: ten calls, ten whole records."""
    terms = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, channels=60)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand(tmp_path / "stand", terms))
        around = await stack.enter_async_context(
            peers(here, Manner(answer_s=0.0, talk_s=1.0, tone_hz=AGENT_HZ, keep_s=10))
        )
        lines = await hurt_signalling(stack, around, loss=0.05, seeds=(21, 22))
        assert await around.phones[0].register() == 200
        await here.login(1)
        for number in range(10):
            sound = await stack.enter_async_context(
                lossy_line(here.trunk_address, loss=0.05, reorder=0.2, seed=30 + number)
            )
            call = await around.trunk.call(HOTLINE, f"138000001{number:02d}", detour=sound)
            async with asyncio.timeout(40):
                assert await call.answered == 200
                await call.ended
            heard = alaw_samples(bytes(call.stream.heard))
            assert spectrum.find_tone_spans(heard, AGENT_HZ, bridge_s=0.2, at_least_dbfs=-45), number
        assert sum(line.counts.lost for line in lines) > 3
        assert sum(line.counts.copied for line in lines) > 10
        assert await end_reasons(here, 20) == ["completed"] * 10
