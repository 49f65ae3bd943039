"""Starting: every sound that is missing is named before anything runs, and after a power cut the past is put in order."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import ROOT, running_server
from bench.scratch_config import TOKEN, toml_of
from tests import spectrum
from tests.peers import peers, seconds
from tests.stand import Stand, Terms, stand

pytestmark = pytest.mark.e2e

NUMBER = 233
CALLER_HZ = 440


def missing(folder: Path) -> str:
    """A number that is announced in every queue."""
    (folder / "n_7.wav").unlink()
    return "n_7"


def no_sound(folder: Path) -> str:
    """A file of the right name with nothing that can be played."""
    (folder / "welcome.wav").write_bytes(b"RIFF\0\0\0\0WAVEjunk")
    return "welcome"


def cut_off(folder: Path) -> str:
    """A copy that ended early."""
    whole = (folder / "agent_serves.wav").read_bytes()
    (folder / "agent_serves.wav").write_bytes(whole[:30])
    return "agent_serves"


def a_folder(folder: Path) -> str:
    """Something that is no file at all."""
    (folder / "digit_0.wav").unlink()
    (folder / "digit_0.wav").mkdir()
    return "digit_0"


@pytest.mark.parametrize("command", ["run", "check"])
@pytest.mark.parametrize("harm", [missing, no_sound, cut_off, a_folder])
def test_a_prompt_that_cannot_be_played_is_named_and_nothing_starts(
    tmp_path: Path, harm: Callable[[Path], str], command: str
) -> None:
    """Exit code 2 within seconds; no socket, no process, no database is left behind."""
    prompts = tmp_path / "prompts"
    shutil.copytree(ROOT / "config" / "prompts" / "zh", prompts)
    named = harm(prompts)
    config = tmp_path / "machine.toml"
    config.write_text(toml_of(NUMBER, tmp_path, Terms(media_extra=f'prompt_dirs = ["{prompts}"]')))
    config.chmod(0o600)
    ended = subprocess.run(
        [sys.executable, "-m", "softswitch", command, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=20,
        cwd=ROOT,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert f"{named}.wav" in ended.stderr
    assert str(prompts) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "run").exists()


@pytest.mark.long
async def test_after_a_power_cut_records_are_closed_files_repaired_and_phones_still_known(
    tmp_path: Path,
) -> None:
    """All processes die at once under a talk: the next start finds what was said and serves the next caller."""
    terms = Terms(seats=1, greeting="", announce_agent=False, wrap_up_s=0.0)
    async with stand(tmp_path, terms) as here, peers(here, Manner(answer_s=0.0)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await asyncio.sleep(2.5)
        answered_at = seconds((await here.api.call(call_id))["call"]["answered_at"])
        cut_at = time.time()
        for pid in here.server.tree():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await here.server.process.wait()

        config, log = here.server.config, tmp_path / "again.log"
        async with running_server(config, token=TOKEN, log=log) as server:
            await server.wait_ready()
            again = Stand(number=here.number, folder=tmp_path, terms=terms, server=server)
            detail = await again.wait_call(call_id)
            record = detail["call"]
            assert (record["ended_by"], record["end_reason"]) == ("system", "crash")
            assert answered_at < seconds(record["ended_at"]) <= cut_at + 0.5
            recording = await again.recording(detail["recordings"][0])
            assert recording["state"] == "crash"
            (left, right), rate = spectrum.read_channels(again.wav(recording["recording_id"]))
            assert len(left) / rate >= cut_at - answered_at - 1.0
            assert spectrum.find_tone_spans(left, CALLER_HZ)
            assert spectrum.level_dbfs(right) > -40
            # The trunk and the phone, which believed in the call, are told.
            async with asyncio.timeout(5):
                assert await call.ended == "far end hung up"
                assert await around.phones[0].calls[0].ended == "far end hung up"
            agent = await again.wait_agent(1, reachable=True, within_s=5)
            if agent["presence"] != "ready":
                await again.api.ready(again.agent(1))
            served = await around.trunk.call("12345", "13800000009")
            assert await served.answered == 200
            talking = await again.wait_agent(1, activity="talking", within_s=5)
            await around.trunk.hang_up(served)
            assert (await again.wait_call(talking["call_id"]))["call"]["end_reason"] == "completed"
