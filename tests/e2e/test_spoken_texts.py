"""A caller hears a text that a voice speaks, with their own data in it, until the operators put a sound in its place."""

import asyncio
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from bench.running_server import Json
from bench.scratch_config import TOKEN
from tests import spectrum
from tests.e2e.test_flows import ask, running
from tests.e2e.test_prompts import tone
from tests.phones.handset import Handset
from tests.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NOTICE_HZ = 620.0
FLOW: Json = {
    "id": "main",
    "start": "who",
    "nodes": {
        "who": {"type": "set", "data": {"name": "王先生", "fee": "12.50"}, "next": "say"},
        "say": {
            "type": "play",
            "say": ["text@storm:今天有台风，请尽量留在家中，不要外出。", "text:{name}您好", "amount:{fee}"],
            "next": "end",
        },
        "end": {"type": "hang_up"},
    },
}


async def heard_to_the_end(here: Stand, caller: Handset, version: int) -> np.ndarray:
    """Everything that one caller hears in a version of the flow, from the answer to its end."""
    await caller.call(here.hotline)
    call_id = (await here.wait_event("FlowStarted", version=version))["call_id"]
    await here.wait_event("CallEnded", call_id=call_id, within_s=25)
    await asyncio.sleep(0.2)
    return await caller.recording()


def speech_s(heard: np.ndarray) -> float:
    """How long there is sound, in seconds: blocks of 50 ms that are louder than noise."""
    blocks = heard[: len(heard) // 400 * 400].reshape(-1, 400)
    return sum(spectrum.level_dbfs(block) > -40 for block in blocks) * 0.05


async def test_a_caller_hears_a_text_and_then_the_sound_that_replaces_it(tmp_path: Path) -> None:
    """Speech of the length of the words; afterwards the operators' tone, with the rest of the announcement behind it."""
    async with running(tmp_path) as (here, caller):
        path = "/v1/business/documents/flows/main"
        tag = f'"{(await ask(here, "GET", path))["version"]}"'
        version = (await ask(here, "PUT", path, tag, json={"data": FLOW}))["version"]
        spoken = await heard_to_the_end(here, caller, version)
        assert 4.5 < speech_s(spoken) < 11.0, "three sentences"
        assert spectrum.tone_level_dbfs(spoken, NOTICE_HZ) < -30
        url = f"{here.api.base}/v1/prompts/storm"
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "audio/mpeg"}
        async with aiohttp.ClientSession() as client:
            answer = await client.put(url, data=tone(NOTICE_HZ), headers=headers)
            assert answer.status in (200, 201)
        replaced = await heard_to_the_end(here, caller, version + 1)
        [(begins, ends), *_] = spectrum.find_tone_spans(replaced, NOTICE_HZ, bridge_s=0.3)
        assert ends - begins == pytest.approx(2.0, abs=0.4)
        assert 1.0 < speech_s(replaced) - (ends - begins) < speech_s(spoken)
        assert "王先生" not in here.server.log.read_text()
