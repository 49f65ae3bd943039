"""Rows of the hearing table that no other scenario walks through: what each phone really hears, by tone and level."""

import asyncio
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests import spectrum
from tests.conversation import MUSIC, RINGBACK, TERMS, TONES_HZ, conversation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PLACE_HZ, NUMBER_HZ = 650, 850
"""What the announcements of the place in the line and of the agent's number sound like here."""


async def test_who_hears_whom_with_a_supervisor_beside_a_consult(tmp_path: Path) -> None:
    """Whisper reaches the agent and never the consulted; who is held hears music only, whoever barges in."""
    async with conversation(tmp_path / "stand", agents=3) as talk:
        here, boss = talk.here, talk.here.agent(3)

        async def supervise(mode: str) -> None:
            await talk.command("supervise", {"supervisor": boss, "mode": mode, "reason": "training"})

        await talk.begin()
        await here.login(2, state="not_ready")
        await here.login(3, state="not_ready")
        await talk.operate(1, "mute")
        await supervise("monitor")
        await here.wait_event("SupervisionStarted", supervisor=boss)
        await talk.wait_heard(caller={MUSIC}, one={"caller"}, three={"caller"})
        await talk.operate(1, "unmute")
        await talk.operate(1, "hold")
        await talk.wait_heard(caller={MUSIC}, one={MUSIC}, three={"one"})
        await supervise("barge")
        await talk.wait_heard(caller={MUSIC}, one={"three"}, three={"one"})

        await talk.operate(1, "consult", {"kind": "agent", "to": here.agent(2)})
        await here.wait_event("ConsultAnswered", to=here.agent(2))
        await talk.wait_heard(
            caller={MUSIC}, one={"two", "three"}, two={"one", "three"}, three={"one", "two"}
        )
        await supervise("whisper")
        await talk.wait_heard(caller={MUSIC}, one={"two", "three"}, two={"one"}, three={"one", "two"})
        await talk.operate(1, "conference")
        await talk.wait_heard(caller={"one", "two"}, one={"caller", "two", "three"}, two={"caller", "one"})
        await talk.phones["two"].hold()
        await talk.wait_heard(caller={"one"}, one={"caller", "three"}, three={"caller", "one"})
        await talk.phones["two"].unhold()
        await talk.wait_heard(caller={"one", "two"}, two={"caller", "one"})


async def test_who_forgets_a_caller_on_hold_hears_it_ring(tmp_path: Path) -> None:
    """In the agent's phone alone, until the caller is taken back; the caller has music all the time."""
    terms = replace(TERMS, queue_extra="hold_ringback_s = 2.0")
    async with conversation(tmp_path / "stand", terms, agents=1) as talk:
        await talk.begin()
        await talk.operate(1, "hold")
        await talk.wait_heard(caller={MUSIC}, one={RINGBACK})
        await talk.operate(1, "retrieve")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        assert not any(party["held"] for party in await talk.parties())


async def test_an_announcement_lies_over_soft_music_and_covers_every_voice(tmp_path: Path) -> None:
    """The place in the line over the music of the queue, 18 dB softer; the agent's number while neither hears the other."""
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    for name, hz in (("position_next", PLACE_HZ), ("agent_serves", NUMBER_HZ)):
        turns = np.arange(8000 * 3) * 2 * np.pi * hz / 8000
        soundfile.write(prompts / f"{name}.wav", 0.3 * np.sin(turns), 8000, subtype="PCM_16")
    terms = replace(
        TERMS,
        announce_agent=True,
        media_extra=f'prompt_dirs = ["config/prompts/zh", "{prompts}"]',
    )
    async with conversation(tmp_path / "stand", terms, agents=1) as talk:
        caller, one = talk.phones["caller"], talk.phones["one"]
        await caller.call(talk.here.hotline)
        await talk.here.wait_event("CallQueued")
        await asyncio.sleep(6.0)
        sound = await caller.recording()
        spans = spectrum.find_tone_spans(sound, PLACE_HZ)
        begin, end = min(start for start, _ in spans), max(stop for _, stop in spans)
        under = spectrum.without_tone(sound[round((begin + 0.5) * 8000) :][:16000], PLACE_HZ)
        alone = sound[round((end + 0.5) * 8000) :][:8000]
        softer = spectrum.level_dbfs(alone) - spectrum.level_dbfs(under)
        assert 12 < softer < 24, f"{softer:.1f} dB"

        await talk.here.login(1)
        await talk.here.wait_event("CallConnected", within_s=20.0)
        await talk.wait_heard(caller={"one"}, one={"caller"})
        for phone, other in ((caller, "one"), (one, "caller")):
            sound = await phone.recording()
            spoken = max(spectrum.find_tone_spans(sound, NUMBER_HZ), key=lambda span: span[1] - span[0])
            assert spoken[1] - spoken[0] > 2.5, "the whole announcement is heard on both sides"
            during = sound[round((spoken[0] + 0.3) * 8000) : round((spoken[1] - 0.3) * 8000)]
            assert spectrum.tone_level_dbfs(during, TONES_HZ[other]) < -50, f"{other} is heard below it"


async def test_a_paused_recording_is_silent_while_the_talk_goes_on(tmp_path: Path) -> None:
    """Both channels have a hole of the pause's length, and on each phone the other is heard all the time."""
    async with conversation(tmp_path / "stand", agents=1) as talk:
        await talk.begin()
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await talk.command("recording/pause", {"reason": "password"})
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await talk.command("recording/resume", {"reason": "password given"})
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await talk.phones["caller"].hang_up()
        detail = await talk.here.wait_call(talk.call_id)
        sides, _ = spectrum.read_channels(talk.here.wav(detail["recordings"][0]))
        paused, resumed = (
            next(event["at"] for event in detail["events"] if event["kind"] == kind)
            for kind in ("RecordingPaused", "RecordingResumed")
        )
        length = (datetime.fromisoformat(resumed) - datetime.fromisoformat(paused)).total_seconds()
        for side, name in zip(sides, ("caller", "one"), strict=True):
            spans = spectrum.find_tone_spans(side, TONES_HZ[name])
            [gap] = [after - end for (_, end), (after, _) in pairwise(spans) if after - end > 0.5]
            assert gap == pytest.approx(length, abs=0.3)
