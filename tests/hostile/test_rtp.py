"""Packets from elsewhere change nothing in either direction; a call whose far end fell silent for good ends."""

import asyncio
import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bench.desk_phones import Manner
from bench.peers.rtp_stream import RtpStream, alaw_tone
from tests import spectrum
from tests.hostile.raw_caller import REPORT, Ear, RawCaller, rtp
from tests.peers import alaw_samples, peers
from tests.softswitch.sip.raw_peer import header
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

AGENT_HZ, FORGED_HZ = 1000, 2500
BURST, BURST_S = 200, 0.010
RTP_TIMEOUT_S, HOLD_TIMEOUT_S = 3.0, 7.0
TERMS = Terms(
    seats=1,
    wrap_up_s=0.0,
    greeting="",
    announce_agent=False,
    media_extra=f"rtp_timeout_s = {RTP_TIMEOUT_S}\nhold_timeout_s = {HOLD_TIMEOUT_S}\nsilence_alarm_s = 1.0",
)
FORGED = alaw_tone(FORGED_HZ, amplitude=20_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """One server under fire."""
    async with stand(tmp_path_factory.mktemp("rtp"), TERMS) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def attackers(here: Stand) -> AsyncIterator[list[Ear]]:
    """Sockets on a stranger's address, and on other ports of the trunk's and the phone's own."""
    ears = [Ear(address) for address in (here.stranger_address, here.trunk_address, here.phone_address)]
    yield ears
    for ear in ears:
        ear.close()


def inject(attackers: list[Ear], stream: RtpStream) -> float:
    """Forge `BURST` packets from each attacker: the stream's own SSRC, sequence and time; the seconds that a burst took."""
    assert stream.remote is not None
    address, port = stream.remote
    began = time.monotonic()
    for number in range(BURST):
        payload = FORGED[number % 50 * 160 :][:160]
        packet = rtp(stream._sequence + number, stream._timestamp + 160 * number, stream._source, payload)
        for ear in attackers:
            ear.send(packet, (address, port))
            ear.send(REPORT, (address, port + 1))
    return (time.monotonic() - began) / len(attackers)


async def test_forged_packets_are_heard_by_nobody_and_draw_no_sound_to_their_sender(
    here: Stand, attackers: list[Ear]
) -> None:
    """200 in 10 ms from each of three sources, at both legs of a call, three times: nothing is lost or added."""
    async with peers(here, Manner(tone_hz=AGENT_HZ, keep_s=30)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        agent = around.phones[0].calls[-1]
        await asyncio.sleep(1.0)
        lost, bursts = (call.stream.lost, agent.stream.lost), []
        for _ in range(3):
            bursts += [inject(attackers, stream) for stream in (call.stream, agent.stream)]
            await asyncio.sleep(0.5)
        assert min(bursts) <= BURST_S, "none of them was as fast as an attack is"
        assert (call.stream.lost, agent.stream.lost) == lost
        heard = alaw_samples(bytes(call.stream.heard))[-16_000:]
        assert spectrum.tone_level_dbfs(heard, AGENT_HZ) > -20
        assert not spectrum.find_holes(heard)
        for stream in (call.stream, agent.stream):
            sound = alaw_samples(bytes(stream.heard))
            assert spectrum.tone_level_dbfs(sound, FORGED_HZ) < -50
        assert [ear.packets() for ear in attackers] == [[], [], []]
        await around.trunk.hang_up(call)
        detail = await here.wait_call(call_id)
        channels, _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        assert all(spectrum.tone_level_dbfs(channel, FORGED_HZ) < -50 for channel in channels)
        await here.api.logout(here.agent(1))
    refused = [line["packets_refused"] for line in here.server.log_lines("leg.sound", call_id=call_id)]
    assert all(count > 0 for count in refused), refused


@pytest.mark.parametrize("moment", ["before the first packet", "during hold"])
async def test_a_leg_that_is_not_heard_yet_or_just_now_is_nobodys_prey(
    here: Stand, attackers: list[Ear], moment: str
) -> None:
    """The silence in which other systems learn a new source; nothing of theirs is taken in either."""
    caller = await RawCaller.dial(here, is_acknowledged=moment == "during hold")
    if moment == "during hold":
        await caller.speak_for(0.5)
        await caller.direct("inactive")
        await asyncio.sleep(0.3)
    caller.voice.packets()
    for number in range(200):
        for ear in attackers:
            ear.send(rtp(number, 160 * number, 99, FORGED[:160]), caller.media)
    await asyncio.sleep(0.3)
    assert not caller.voice.packets(), "sound flows although it may not"
    if moment == "during hold":
        await caller.direct("sendrecv")
    else:
        caller.acknowledge()
    await caller.speak_for(1.0)
    packets = caller.voice.packets()
    assert len(packets) > 35
    sound = alaw_samples(b"".join([packet[12:] for packet in packets]))
    assert spectrum.tone_level_dbfs(sound, FORGED_HZ) < -50
    assert [ear.packets() for ear in attackers] == [[], [], []]
    await caller.hang_up()
    caller.close()
    arrived = await here.wait_event("CallArrived", sip_call_id=header(caller.invite, "Call-ID"))
    detail = await here.wait_call(arrived["call_id"])
    (left, _), rate = spectrum.read_channels(here.wav(detail["recordings"][0]))
    assert len(left) / rate > 0.9
    assert spectrum.tone_level_dbfs(left, FORGED_HZ) < -50
    (figures,) = here.server.log_lines("leg.sound", call_id=arrived["call_id"])
    assert figures["packets_refused"] > 0


async def test_rtcp_is_answered_at_its_own_pace_and_only_to_the_peer(
    here: Stand, attackers: list[Ear]
) -> None:
    """500 reports, goodbyes and broken packets a second draw no packet more than silence does."""
    caller = await RawCaller.dial(here)
    address, port = caller.media
    broken = (b"", b"\x80", b"\x80\xc9\xff\xff" + b"\0" * 8, b"\x9f\xc8\x00\x01\0\0\0\0", b"\xff" * 1500)
    goodbye = REPORT + b"\x81\xcb\x00\x01\x00\x00\x00\x63"
    for _ in range(50):
        for packet in (REPORT, goodbye, *broken, *[REPORT] * 3):
            for ear in (caller.control, *attackers):
                ear.send(packet, (address, port + 1))
        caller.speak()
        await asyncio.sleep(0.02)
    await caller.speak_for(0.5)
    assert len(caller.control.packets()) <= 2
    assert [ear.packets() for ear in attackers] == [[], [], []]
    assert len(caller.voice.packets()) > 50, "a goodbye took the sound away"
    await caller.hang_up()
    caller.close()


async def ended_by_timeout(here: Stand, caller: RawCaller, *, is_paused: bool) -> float:
    """Answer the BYE that must come; seconds until then."""
    began = time.monotonic()
    bye = await caller.peer.wait(lambda text: text.startswith("BYE "), patience_s=15)
    took = time.monotonic() - began
    caller.peer.answer(bye, 200, here.sip)
    assert re.match(r"Q\.850 ?; ?cause=102", header(bye, "Reason"))
    arrived = await here.wait_event("CallArrived", sip_call_id=header(caller.invite, "Call-ID"))
    ended = await here.wait_event("CallEnded", call_id=arrived["call_id"])
    assert (ended["ended_by"], ended["end_reason"]) == ("system", "failed")
    assert here.server.log_lines("leg.media_timed_out", call_id=arrived["call_id"], is_paused=is_paused)
    caller.close()
    return took


async def test_a_caller_whose_line_is_dead_is_hung_up_and_the_record_says_why(here: Stand) -> None:
    caller = await RawCaller.dial(here)
    await caller.speak_for(0.5)
    assert await ended_by_timeout(here, caller, is_paused=False) > RTP_TIMEOUT_S - 1
    async with asyncio.timeout(5):
        while await here.active_calls():
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_a_caller_on_hold_may_be_silent_for_longer_but_not_for_ever(here: Stand) -> None:
    caller = await RawCaller.dial(here)
    await caller.speak_for(0.5)
    await caller.direct("sendonly")
    assert await ended_by_timeout(here, caller, is_paused=True) > HOLD_TIMEOUT_S - 1


async def test_the_caller_of_an_agent_whose_phone_died_is_first_in_line_again(here: Stand) -> None:
    """The phone's sound stops in the conversation: it gets a BYE, the caller hears music, the agent is free."""
    async with peers(here, Manner(tone_hz=AGENT_HZ)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await here.api.not_ready(here.agent(1))  # takes no further call
        talk = around.phones[0].calls[-1]
        assert talk.stream._pacer is not None
        talk.stream._pacer.remove(talk.stream)
        await here.wait_event("CallRequeued", call_id=call_id, within_s=15)
        async with asyncio.timeout(5):
            await asyncio.wait([talk.ended])
        await here.wait_agent(1, activity="idle")
        received = call.stream.received
        await asyncio.sleep(0.5)
        assert call.stream.received > received + 15
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
        await here.api.logout(here.agent(1))
