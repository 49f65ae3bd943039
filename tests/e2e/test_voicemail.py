"""Messages with real callers and real sound: looked over by keys, and kept through the death of who records them."""

import asyncio
from pathlib import Path

import pytest

from bench.running_server import Json
from tests import spectrum
from tests.e2e.test_flows import CALLER_HZ, TONES, ask, hears, running
from tests.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

OTHER_HZ = 620
MESSAGE = "/v1/business/documents/flows/main"


async def reviewed(here: Stand) -> None:
    """The flow asks for each message whether it is to be kept; the question is the tone of `enter_order`."""
    document = await ask(here, "GET", MESSAGE)
    nodes = document["data"]["nodes"]
    nodes["message"] |= {"review": ["enter_order"], "review_s": 20}
    await ask(here, "PUT", MESSAGE, f'"{document["version"]}"', json={"data": document["data"]})


def file_of(here: Stand, message: str) -> list[Path]:
    """The file of a message, if there is one."""
    return list((here.server.data_dir / "voicemail").rglob(f"{message}.wav*"))


async def messages(here: Stand) -> list[Json]:
    """All that are kept, the newest first."""
    found: list[Json] = (await ask(here, "GET", "/v1/voicemails"))["items"]
    return found


async def test_a_caller_hears_the_message_speaks_another_and_keeps_that(tmp_path: Path) -> None:
    """What is played back is the caller's own tone; the first message is gone from list and disk, the second is kept."""
    async with running(tmp_path) as (here, caller):
        await reviewed(here)
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        await caller.send_dtmf("2")
        first = (await here.wait_event("VoicemailStarted", within_s=8))["voicemail_id"]
        await asyncio.sleep(2.5)
        await caller.send_dtmf("#")
        await hears(caller, TONES["enter_order"])
        await caller.send_dtmf("1")
        await hears(caller, CALLER_HZ)
        await hears(caller, TONES["enter_order"])  # asked again once it was played
        since = len(here.events)
        await caller.send_dtmf("2")
        second = (await here.wait_event("VoicemailStarted", since=since))["voicemail_id"]
        await here.wait_event("RecordingDeleted", recording_id=first)
        assert file_of(here, first) == []
        await caller.play_tone(OTHER_HZ)
        await asyncio.sleep(2.5)
        await caller.send_dtmf("#")
        await hears(caller, TONES["enter_order"])
        await caller.send_dtmf("1")
        await hears(caller, OTHER_HZ)
        await caller.send_dtmf("#")
        await hears(caller, TONES["message_kept"])
        await here.wait_event("CallEnded", end_reason="served")
        assert [one["voicemail_id"] for one in await messages(here)] == [second]
        (left, _), _ = spectrum.read_channels(file_of(here, second)[0])
        assert spectrum.dominant_tone(left[8000:16000]) == pytest.approx(OTHER_HZ, abs=15)


async def test_a_message_goes_on_over_the_death_of_control(tmp_path: Path) -> None:
    """One message without a gap, ended by the caller's key as if nothing had been; it is played in parts."""
    async with running(tmp_path) as (here, caller):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        await caller.send_dtmf("2")
        started = await here.wait_event("VoicemailStarted", within_s=8)
        await asyncio.sleep(1.0)
        here.server.kill("control")
        await asyncio.sleep(2.0)
        await here.wait_ready()
        since = len(here.events)
        await asyncio.sleep(1.0)
        await caller.send_dtmf("#")
        await hears(caller, TONES["message_kept"])
        await here.wait_event("CallEnded", since=since, call_id=started["call_id"], end_reason="served")
        [message] = await messages(here)
        assert (message["voicemail_id"], message["state"]) == (started["voicemail_id"], "done")
        (left, _), _ = spectrum.read_channels(file_of(here, started["voicemail_id"])[0])
        spans = spectrum.find_tone_spans(left, CALLER_HZ, bridge_s=0.1)
        assert max(end - start for start, end in spans) > 3.5, spans
        status, sound = await here.api.download(
            f"/v1/voicemails/{message['voicemail_id']}/sound", "bytes=0-99"
        )
        assert (status, len(sound)) == (206, 100)


async def test_a_message_is_kept_when_its_recorder_dies(tmp_path: Path) -> None:
    """The call ends; all but the last second is there to be heard."""
    async with running(tmp_path) as (here, caller):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        await caller.send_dtmf("2")
        started = await here.wait_event("VoicemailStarted", within_s=8)
        await asyncio.sleep(4.0)
        here.server.kill("plane-0")
        await caller.wait_for("disconnected", within_s=5)
        closed = await here.wait_event("RecordingClosed", recording_id=started["voicemail_id"])
        assert closed["state"] == "crash"
        [message] = await messages(here)
        assert message["duration_s"] == pytest.approx(4.0, abs=1.2)
        (left, _), _ = spectrum.read_channels(file_of(here, started["voicemail_id"])[0])
        assert spectrum.dominant_tone(left[8000:16000]) == pytest.approx(CALLER_HZ, abs=15)
