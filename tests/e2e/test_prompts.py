"""A prompt that is uploaded while the system works is heard by the next caller, after the plane died too."""

import io
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile

from bench.scratch_config import TOKEN
from tests import spectrum
from tests.peers import Peers, alaw_samples, peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NOTICE_HZ, LATER_HZ = 620.0, 880.0


def tone(hz: float) -> bytes:
    """Two seconds of a tone as MP3."""
    target = io.BytesIO()
    soundfile.write(target, 0.3 * np.sin(2 * np.pi * hz * np.arange(88200) / 44100), 44100, format="MP3")
    return target.getvalue()


async def upload(here: Stand, hz: float, tag: str = "") -> str:
    """The notice of a storm; returns its ETag."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "audio/mpeg"}
    headers |= {"If-Match": tag} if tag else {}
    url = f"{here.api.base}/v1/prompts/storm"
    async with aiohttp.ClientSession() as client, client.put(url, data=tone(hz), headers=headers) as answer:
        assert answer.status == 200
        return answer.headers["ETag"]


async def heard_by_a_caller(here: Stand, around: Peers) -> float:
    """The tone that a caller hears before the queue."""
    call, call_id = await around.call()
    heard = alaw_samples(bytes(call.stream.heard[:16_000]))
    await around.trunk.hang_up(call)
    await here.wait_call(call_id)
    return spectrum.dominant_tone(heard)


async def test_an_uploaded_notice_is_heard_by_the_next_caller(tmp_path: Path) -> None:
    """Then another one in its place; and a plane that starts anew knows it too."""
    async with stand(tmp_path / "stand", Terms(seats=1, greeting="")) as here, peers(here) as around:
        tag = await upload(here, NOTICE_HZ)
        switch = {"data": {"is_on": True, "notice": ["storm"]}}
        url = f"{here.api.base}/v1/business/documents/emergency/switch"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with aiohttp.ClientSession() as client, client.put(url, json=switch, headers=headers) as answer:
            assert answer.status == 201
        assert await heard_by_a_caller(here, around) == pytest.approx(NOTICE_HZ, abs=5)
        await upload(here, LATER_HZ, tag)
        assert await heard_by_a_caller(here, around) == pytest.approx(LATER_HZ, abs=5)
        here.server.kill("plane-0")
        await here.wait_event("ProcessLost", process="plane-0")
        await here.wait_ready()
        assert await heard_by_a_caller(here, around) == pytest.approx(LATER_HZ, abs=5)
