"""The main job with real sound: dial, wait with music, be answered at a desk phone, be recorded."""

import asyncio
from pathlib import Path

import pytest

from bench.running_server import ROOT
from tests import spectrum
from tests.peers import seconds
from tests.phones.handset import Handset, handset
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

CALLER_HZ, AGENT_HZ = 440, 1000


@pytest.mark.parametrize(
    ("trunk_codec", "phone_codec", "algorithm"),
    [
        pytest.param("PCMA", "PCMA", "SHA-256", id="same law"),
        pytest.param("PCMU", "PCMA", "MD5", id="two laws", marks=pytest.mark.long),
    ],
)
async def test_caller_waits_with_music_talks_and_is_recorded(
    tmp_path: Path, trunk_codec: str, phone_codec: str, algorithm: str
) -> None:
    """Both hear each other; the WAV has the caller left, the agent right, and the length of the call."""
    async with (
        stand(tmp_path / "stand", Terms(seats=1, wrap_up_s=1.5)) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ, codec=trunk_codec, account="13800000001") as caller,
        handset(
            here.phone_address,
            account=here.account(1)[0],
            password=here.account(1)[1],
            registrar=here.registrar,
            algorithm=algorithm,
            tone_hz=AGENT_HZ,
            codec=phone_codec,
        ) as phone,
    ):
        assert await phone.register() == 200
        await phone.auto_answer(0.5)
        await here.login(1, state="not_ready")

        await caller.call(here.hotline)
        await caller.wait_for("confirmed")
        arrived = await here.wait_event("CallArrived", caller="13800000001", called="12345")
        call_id = arrived["call_id"]
        await here.wait_event("CallQueued", call_id=call_id, within_s=20)
        waiting = await _until_music(caller)
        assert not spectrum.find_tone_spans(waiting, AGENT_HZ)

        await here.api.ready(here.agent(1))
        await here.wait_event("CallOffered", call_id=call_id, agent=here.agent(1))
        await here.wait_event("CallConnected", call_id=call_id, agent=here.agent(1))
        await here.wait_agent(1, activity="talking", call_id=call_id)
        await asyncio.sleep(4.0)
        heard_by_caller, heard_by_agent = await caller.recording(), await phone.recording()
        assert spectrum.tone_level_dbfs(heard_by_caller[-8000:], AGENT_HZ) > -30
        assert spectrum.tone_level_dbfs(heard_by_agent[-8000:], CALLER_HZ) > -30

        await phone.hang_up()
        ended = await caller.wait_for("disconnected")
        assert ended["status"] == 200
        await here.wait_agent(1, presence="wrap_up", activity="idle", within_s=1.0)
        detail = await here.wait_call(call_id)
        await here.wait_agent(1, presence="ready", activity="idle", within_s=3.0)

        record = detail["call"]
        moments = [
            seconds(record[f"{name}_at"])
            for name in ("arrived", "answered", "queued", "offered", "connected", "ended")
        ]
        assert moments == sorted(moments)
        arrived_at, answered_at, queued_at, offered_at, connected_at, ended_at = moments
        assert record["ended_by"] == "agent"
        assert record["end_reason"] == "completed"
        assert record["wait_s"] == pytest.approx(connected_at - queued_at, abs=0.05)
        # The phone rang until it was answered; then the agent's number was announced to both.
        accepted = await here.wait_event("OfferAccepted", call_id=call_id, agent=here.agent(1))
        assert record["ring_s"] == pytest.approx(seconds(accepted["_at"]) - offered_at, abs=0.05)
        assert 0.4 < record["ring_s"] < 1.5 < connected_at - offered_at
        assert record["talk_s"] == pytest.approx(ended_at - connected_at, abs=0.05)
        assert answered_at - arrived_at < 1.0

        wav = here.wav(detail["recordings"][0])
        (left, right), rate = spectrum.read_channels(wav)
        assert rate == 8000
        assert len(left) / rate == pytest.approx(ended_at - answered_at, abs=0.2)
        tone_left = spectrum.find_tone_spans(left, CALLER_HZ)
        assert sum(end - start for start, end in tone_left) > len(left) / rate - 1.5
        tone_right = spectrum.find_tone_spans(right, AGENT_HZ)
        talk = connected_at - answered_at
        assert tone_right
        # Between 200 from the phone and the caller's hearing it, the agent's number is announced.
        assert talk - 0.3 <= tone_right[0][0] <= talk + 5.0
        assert spectrum.level_dbfs(right[: round((talk - 0.3) * rate)]) < -60, (
            "right channel before connected"
        )
        assert spectrum.tone_level_dbfs(left, AGENT_HZ) < -45
        status, part = await here.api.download(
            f"/v1/recordings/{detail['recordings'][0]}", byte_range="bytes=0-43"
        )
        assert status == 206
        assert part == wav.read_bytes()[:44]


async def _until_music(caller: Handset) -> spectrum.Samples:
    """What the caller heard up to where its last half second is a piece of the waiting music, after the prompts."""
    (music,), _ = spectrum.read_channels(ROOT / "config" / "music" / "waiting.wav")
    for _ in range(12):
        await asyncio.sleep(1.0)
        waiting = await caller.recording()
        if spectrum.likeness(waiting[-4000:], music) > 0.9:
            return waiting
    raise AssertionError("no music while waiting")


async def test_the_caller_hangs_up_and_the_agents_phone_is_freed(tmp_path: Path) -> None:
    """BYE from the trunk ends the phone's leg too; the record names the caller."""
    async with (
        stand(tmp_path / "stand", Terms(seats=1, greeting="", announce_agent=False)) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
        handset(
            here.phone_address,
            account=here.account(1)[0],
            password=here.account(1)[1],
            registrar=here.registrar,
        ) as phone,
    ):
        assert await phone.register() == 200
        await phone.auto_answer(0.0)
        await here.login(1)
        await caller.call(here.hotline)
        await phone.wait_for("confirmed")
        call_id = (await here.wait_event("CallConnected"))["call_id"]
        await asyncio.sleep(1.0)
        await caller.hang_up()
        await phone.wait_for("disconnected", within_s=2.0)
        record = (await here.wait_call(call_id))["call"]
        assert (record["ended_by"], record["end_reason"]) == ("caller", "completed")
