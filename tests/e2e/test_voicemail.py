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
