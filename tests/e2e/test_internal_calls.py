"""Calls between seats on real phones: from the keypad as from the bar, heard, shown and recorded."""

from pathlib import Path

import pytest

from tests import spectrum
from tests.conversation import TONES_HZ, conversation

pytestmark = [pytest.mark.e2e, pytest.mark.long]


async def test_a_call_between_two_seats_is_one_recording_with_who_is_on_which_channel(tmp_path: Path) -> None:
    """A colleague's number on the keypad: the bar shows the call, and the WAV has one voice on each channel."""
    async with conversation(tmp_path / "stand") as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        for agent in (1, 2):
            await here.login(agent, state="not_ready")
        await one.call(f"sip:{here.extension(2)}@{here.registrar}")
        dialled = await here.wait_event("CallDialled", agent=here.agent(1), called=here.extension(2))
        await here.wait_event("CallConnected", call_id=dialled["call_id"])
        for agent in (1, 2):
            await here.wait_agent(agent, activity="engaged", call_id=dialled["call_id"])
        await talk.wait_heard(one={"two"}, two={"one"})
        await one.hang_up()
        await two.wait_for("disconnected")
        detail = await here.wait_call(str(dialled["call_id"]))
        segments = [each["data"] for each in detail["events"] if each["kind"] == "RecordingSegmentStarted"]
        assert [(row["left"], row["right"]) for row in segments] == [(here.agent(2), here.agent(1))]
        (left, right), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        for sound, voice, other in ((left, "two", "one"), (right, "one", "two")):
            middle = sound[len(sound) // 3 : 2 * len(sound) // 3]
            assert spectrum.tone_level_dbfs(middle, TONES_HZ[voice]) > -35
            assert spectrum.tone_level_dbfs(middle, TONES_HZ[other]) < -60
