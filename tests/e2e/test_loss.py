"""Bad lines: 5 % and 30 % random loss, 20 % reordering on RTP and on SIP, of which 20 % comes twice.

No call is lost, tones are found, counts are right.  Of 30 % loss chance alone takes, now and then, all that a transaction
sends in its 32 s; those lines have a `patience`, so that what is asserted holds for every throw of the dice.
"""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.peers.call import Call
from bench.running_server import Json
from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.bad_weather import judge
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
    stack: AsyncExitStack, around: Peers, *, loss: float, seeds: Iterable[int], patience: int | None = None
) -> list[LossyLine]:
    """Put a bad line for SIP before the trunk and one before each phone, which must register again."""
    here, lines = around.here, []
    agents = [(around.trunk.agent, here.trunk_address)]
    agents += [(phone.agent, here.phone_address) for phone in around.phones]
    for (agent, address), seed in zip(agents, seeds, strict=True):
        line = lossy_line(
            address, here.sip, loss=loss, reorder=0.2, duplicate=0.2, seed=seed, patience=patience
        )
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
        await judge_aftermath(here)


async def test_tones_survive_lossy_rtp_both_ways(tmp_path: Path) -> None:
    """The trunk's sound passes bad lines out and back; concealment keeps the tone whole, and every loss is counted.

    Of 5 % nobody hears anything; of 30 % the tone is there in every second of the talk and of its recording, the share that is
    lost is what was lost, and nobody takes it for silence.
    """
    terms = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, media_extra="rtp_timeout_s = 5")
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand(tmp_path / "stand", terms))
        around = await stack.enter_async_context(
            peers(here, Manner(answer_s=0.0, tone_hz=AGENT_HZ, keep_s=20))
        )
        await here.login(1)
        slight = await stack.enter_async_context(
            lossy_line(here.trunk_address, loss=0.05, reorder=0.2, seed=12)
        )
        talk = await talk_over(around, slight, 6.0)
        assert slight.counts.lost > 10
        assert slight.counts.late > 40
        # What the trunk heard is as the line left it: the tone is there, with holes.
        assert spectrum.dominant_tone(talk.at_caller[-16000:]) == pytest.approx(AGENT_HZ, abs=3)
        # The agent heard what the server made of it: what is missing is concealed.
        assert spectrum.dominant_tone(talk.at_agent[-16000:]) == pytest.approx(CALLER_HZ, abs=3)
        assert silent_share(talk.at_agent) < 0.1
        assert min(tone_by_second(talk.left, CALLER_HZ)) > 0.2
        assert spectrum.find_tone_spans(talk.right, AGENT_HZ)
        assert len(talk.left) == len(talk.right)
        assert talk.sent - talk.customer["packets_received"] > 5

        heavy = await stack.enter_async_context(
            lossy_line(here.trunk_address, loss=0.3, reorder=0.2, duplicate=0.2, seed=13)
        )
        bad = await talk_over(around, heavy, 10.0)
        for sound, hz in ((bad.at_caller, AGENT_HZ), (bad.at_agent, CALLER_HZ), (bad.left, CALLER_HZ)):
            heard_s = tone_by_second(sound, hz)
            assert min(heard_s) > 0.2, f"{hz} Hz: {heard_s}"
        assert heavy.counts.copied > 50
        assert silent_share(bad.at_agent) < 0.15
        share = bad.customer["packets_lost"] / bad.sent
        assert share == pytest.approx(0.3, abs=0.12)  # six times the spread of 500 packets

        counted = sum(legs["packets_lost"] for legs in here.server.log_lines("leg.sound"))
        _, metrics = await here.api.download("/metrics")
        assert f'hotline_rtp_leg_packets_total{{fate="lost"}} {counted}.0' in metrics.decode()
        await judge_aftermath(here)


def silent_share(sound: spectrum.Samples) -> float:
    """Which part of a steady tone is missing; a peer that was kept from sending for a moment is a hole, too."""
    holes = spectrum.find_holes(sound, window_s=0.02)
    return sum(end - start for start, end in holes) / (len(sound) / 8000)


def tone_by_second(sound: spectrum.Samples, hz: float) -> list[float]:
    """How much of each whole second is a tone, whatever its phase: concealment and a late packet shift it."""
    spans = spectrum.find_tone_spans(sound, hz)
    return [
        sum(max(0.0, min(end, second + 1) - max(start, second)) for start, end in spans)
        for second in range(len(sound) // 8000)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A call over a bad line: what each end heard, both channels of its recording, and what the server counted."""

    at_caller: spectrum.Samples
    at_agent: spectrum.Samples
    left: spectrum.Samples
    right: spectrum.Samples
    sent: int
    customer: Json


async def talk_over(around: Peers, line: LossyLine, seconds: float) -> Talk:
    """Let the caller talk with agent 1 for so long; the counts of the server are those of the line."""
    here, since = around.here, len(around.here.events)
    call = await around.trunk.call(HOTLINE, "13800000001", detour=line)
    call_id = (await here.wait_event("CallConnected", since=since))["call_id"]
    await asyncio.sleep(seconds)
    assert not call.ended.done()
    at_caller, sent = alaw_samples(bytes(call.stream.heard)), call.stream.sent
    at_agent = alaw_samples(bytes(around.phones[0].calls[-1].stream.heard))
    await around.trunk.hang_up(call)
    detail = await here.wait_call(call_id)
    assert detail["call"]["end_reason"] == "completed"
    (left, right), rate = spectrum.read_channels(here.wav(detail["recordings"][0]))
    assert rate == 8000
    (customer,) = here.server.log_lines("leg.sound", call_id=call_id, role="customer")
    missing = sent - customer["packets_received"]
    # Those still under way when the call ended, or lost before the first and after the last that came, are in one count alone.
    assert customer["packets_lost"] == pytest.approx(missing, abs=3 + 50 * line.loss)
    # After three in a row there is silence, which is no concealment.
    assert customer["frames_concealed"] >= (1 - line.loss) * customer["packets_lost"] - 2
    (agent,) = here.server.log_lines("leg.sound", call_id=call_id, role="agent")
    assert agent["packets_lost"] == 0
    return Talk(at_caller=at_caller, at_agent=at_agent, left=left, right=right, sent=sent, customer=customer)


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
        await judge_aftermath(here)


async def heard_for(call: Call, hz: float, seconds: float) -> None:
    """Return once the newest sound that a peer heard is this tone for so long."""
    while True:
        newest = alaw_samples(bytes(call.stream.heard[-round(seconds * 8000) :]))
        if len(newest) >= seconds * 8000 and spectrum.tone_level_dbfs(newest, hz) > -20:
            return
        await asyncio.sleep(0.1)


async def test_a_dozen_calls_over_sip_of_which_three_in_ten_are_lost_each_way(tmp_path: Path) -> None:
    """Trunk and six phones behind lines that lose, double and reorder: every call is answered, heard both ways and ended.

    No message is lost more than three times, so the fourth arrives 3.5 s after the first and its answer within 15.5 s, pings
    too: they are given 17 s, and no phone may be called lost.  The callers hang up; a phone may not, before the ACK came.
    """
    seats, calls = 6, 12
    terms = Terms(
        seats=seats, wrap_up_s=0.0, greeting="", announce_agent=False, channels=60, spare_legs=24, ring_time_s=60.0,
        options_interval_s=4.0, options_timeout_s=17.0,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(stand(tmp_path / "stand", terms))
        manner = Manner(answer_s=0.0, tone_hz=AGENT_HZ, keep_s=10)
        around = await stack.enter_async_context(peers(here, *[manner] * seats))
        lines = await hurt_signalling(stack, around, loss=0.3, seeds=range(41, 48), patience=3)
        async with asyncio.timeout(60):
            registered = await asyncio.gather(*[phone.register() for phone in around.phones])
        assert registered == [200] * seats
        for seat in range(1, seats + 1):
            await here.login(seat)

        async def talk(number: int) -> None:
            call = await around.trunk.call(HOTLINE, f"138000003{number:02d}")
            assert await call.answered == 200
            await heard_for(call, AGENT_HZ, 0.5)
            assert not call.ended.done()
            await around.trunk.hang_up(call)

        async with asyncio.timeout(200), asyncio.TaskGroup() as talks:
            for number in range(calls):
                talks.create_task(talk(number))
                await asyncio.sleep(0.2)
        figures = await judge(here, seats, calls)
        assert figures["calls"] == figures["recordings"] == figures["completed"] == calls, "one was doubled"
        served = [call for phone in around.phones for call in phone.calls]
        assert len(served) == calls, "a repeated INVITE rang twice"
        for call in served:
            assert spectrum.find_tone_spans(alaw_samples(bytes(call.stream.heard)), CALLER_HZ)
        since_day = {"from": "2020-01-01T00:00:00Z"}
        counted = await here.api.get("/v1/figures", **since_day)
        assert (counted["offered"], counted["answered"], counted["waiting"]) == (calls, calls, 0)
        assert not [event for event in here.seen("AgentStateChanged") if event["reason"] == "phone_lost"]
        lost, passed = (sum(getattr(line.counts, name) for line in lines) for name in ("lost", "passed"))
        late, copied = (sum(getattr(line.counts, name) for line in lines) for name in ("late", "copied"))
        assert lost / (lost + passed + late) == pytest.approx(0.3, abs=0.13)
        assert copied > 10
        await judge_aftermath(here)
