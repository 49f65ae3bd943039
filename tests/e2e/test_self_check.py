"""The system calls itself: out by a cell and the edge, in again, into a queue, recorded, and measured in the recording."""

import asyncio
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.test_bad_input import refusal_of
from tests.softswitch.sip.raw_peer import RawPeer, sdp, status
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = pytest.mark.e2e

PROMPTS = Path(__file__).resolve().parents[2] / "config" / "prompts" / "zh"
TERMS = Terms(seats=1, extra='\n[self_check]\nat = "05:10"\n')


async def softswitch(here: Stand, *words: str) -> tuple[int, str]:
    """One command of the command line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "softswitch",
        *words,
        "--config",
        str(here.folder / "stand.toml"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def failures(here: Stand) -> list[str]:
    """Why the alarm about self-checks stands, if it does."""
    standing = (await here.api.get("/v1/alarms"))["items"]
    return [alarm["detail"] for alarm in standing if alarm["kind"] == "self_check_failed"]


async def test_a_check_calls_through_everything_measures_the_tone_and_counts_nowhere(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here:
        code, said = await softswitch(here, "self-check")
        assert code == 0, said
        assert "1000 Hz" in said
        assert "! 备份 / backup: 从未 / never" in said
        [check] = (await here.api.get("/v1/self-checks"))["items"]
        assert (check["is_well"], check["fault"], check["text"]) == (True, "", said)
        answered, page = await here.api.download(f"/v1/self-checks/{check['check_id']}")
        assert answered == 200
        assert "1000 Hz" in page.decode()
        [call] = (await here.api.get("/v1/calls"))["items"]
        assert (call["trunk"], call["queue"], call["ended_by"]) == ("self-check", "self-check", "caller")
        assert (await here.api.get("/v1/figures", **{"from": "2020-01-01T00:00:00Z"}))["offered"] == 0
        assert await failures(here) == []


@pytest.mark.long
async def test_a_check_that_hears_another_tone_raises_an_alarm_until_one_is_well(tmp_path: Path) -> None:
    """And nobody but the check gets in by its line, also from the machine's own address."""
    prompts = tmp_path / "prompts"
    shutil.copytree(PROMPTS, prompts)
    time_s = np.arange(24_000) / 8000
    soundfile.write(prompts / "self_check_tone.wav", 0.14 * np.sin(2 * np.pi * 700 * time_s), 8000)
    terms = replace(TERMS, media_extra=f'prompt_dirs = ["{prompts}"]')
    async with stand(tmp_path / "stand", terms) as here:
        code, said = await softswitch(here, "self-check")
        assert code == 1
        assert "700 Hz" in said
        [detail] = await failures(here)
        assert detail.startswith("tone: 700 Hz")

        neighbour = await RawPeer.open(here.sip[0])
        try:
            invite = neighbour.request(
                "INVITE", f"sip:{HOTLINE}@{here.registrar}", content=sdp(neighbour.address)
            )
            assert status(await refusal_of(neighbour, invite, here)) == 403
        finally:
            neighbour.close()
        assert len((await here.api.get("/v1/calls"))["items"]) == 1

        shutil.copy(PROMPTS / "self_check_tone.wav", prompts)
        here.server.kill("plane-0")
        await here.wait_event("process.lost", process="plane-0")
        await here.wait_ready()
        checked = await here.api.post("/v1/self-checks")
        assert (checked["is_well"], checked["fault"]) == (True, "")
        assert await failures(here) == []


@pytest.mark.long
async def test_the_command_line_raises_the_drill(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", Terms(seats=1)) as here:
        assert await softswitch(here, "alarm-test") == (0, "")
        await here.wait_event("AlarmRaised", alarm="test", detail="command line")
        code, said = await softswitch(here, "self-check")
        assert code == 1
        assert "self_check.at" in said
