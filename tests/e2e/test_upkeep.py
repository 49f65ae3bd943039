"""What an operator does with a running system: trace a call, back it up, put it back, drain it."""

import asyncio
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.desk_phones import Manner
from bench.running_server import ROOT, ApiProblem, RunningServer
from softswitch.operations.last_backup import LastBackup, note_backup
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


async def command(server: RunningServer, word: str, *words: str) -> tuple[int, str]:
    """Exit code and output of one command of ours on the server's configuration."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "softswitch",
        word,
        "--config",
        str(server.config),
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    async with asyncio.timeout(90):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


@pytest.mark.long
async def test_the_trace_of_a_call_shows_both_its_dialogs_and_how_they_sounded(tmp_path: Path) -> None:
    async with stand(tmp_path, TERMS) as here, peers(here, Manner(answer_s=0.1)) as around:
        await here.login(1)
        call, call_id = await around.call()
        other = await around.trunk.call("12345", "13900000002")
        await here.wait_event("CallConnected", call_id=call_id)
        await asyncio.sleep(1.0)
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
        await asyncio.sleep(1.5)  # the trace is written once a second
        picture = tmp_path / "call.svg"
        code, text = await command(here.server, "trace", call_id, "--svg", str(picture))
        assert code == 0, text
        for expected in ("INVITE", "180 Ringing (INVITE)", "200 OK (INVITE)", "ACK", "BYE", "200 OK (BYE)"):
            assert expected in text, text
        assert text.count(" INVITE ") == 2, "the caller's and the agent's"
        assert f"udp:{here.trunk_address}:" in text
        assert f"udp:{here.phone_address}:" in text
        assert "CallConnected" in text
        lines = [line for line in text.splitlines() if line.startswith("RTP ")]
        assert len(lines) == 2
        assert all("lost 0 " in line for line in lines)
        assert "127.77." not in text, "no inner address is of interest"
        ET.parse(picture)  # noqa: S314  our own
        await around.trunk.hang_up(other)
        code, text = await command(here.server, "trace", "nonsense")
        assert (code, "nonsense" in text) == (1, True)


@pytest.mark.long
async def test_a_backup_of_the_running_system_comes_back_and_serves(tmp_path: Path) -> None:
    """One that is overdue is an alarm until it is made."""
    terms = TERMS
    async with stand(tmp_path, terms) as here, peers(here, Manner(answer_s=0.0)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await asyncio.sleep(0.5)
        await around.trunk.hang_up(call)
        detail = await here.wait_call(call_id)
        recording = await here.recording(detail["recordings"][0])
        overdue = LastBackup(at=time.time() - 40 * 3600, folder="/backup/before")
        note_backup(here.server.data_dir, overdue)
        await here.wait_event("AlarmRaised", alarm="backup_overdue")
        since = len(here.events)
        code, text = await command(here.server, "backup", str(tmp_path / "saved"), "--with-key")
        assert code == 0, text
        await here.wait_event("AlarmCleared", since=since, alarm="backup_overdue")
        code, text = await command(here.server, "restore", str(tmp_path / "saved"))
        assert code == 1, "nothing that exists is overwritten"
        number = here.number
        server = here.server
    data = tmp_path / "data"
    shutil.move(data, tmp_path / "lost")
    code, text = await command(server, "restore", str(tmp_path / "saved"))
    assert code == 0, text
    async with stand(tmp_path, terms, number=number) as again:
        assert (await again.api.call(call_id))["call"]["end_reason"] == "completed"
        found = await again.recording(recording["recording_id"])
        assert found["sha256"] == recording["sha256"]
        status, sound = await again.api.download(f"/v1/recordings/{recording['recording_id']}")
        assert (status, len(sound)) == (200, recording["size_bytes"])


@pytest.mark.long
async def test_a_drain_lets_the_last_call_end_and_nobody_else_in(tmp_path: Path) -> None:
    """Control is even killed meanwhile: who comes after it goes on draining."""
    phones = [Manner(answer_s=0.0)] * 3
    async with stand(tmp_path, replace(TERMS, seats=3)) as here, peers(here, *phones) as around:
        await here.login(1)
        await here.login(2, state="not_ready")
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        draining = asyncio.create_task(command(here.server, "drain", "--most-s", "60"))
        async with asyncio.timeout(10):
            while not here.server.log_lines("control.draining"):
                await asyncio.sleep(0.05)
        late = await around.trunk.call("12345", "13900000002")
        assert await late.answered == 503
        health = await here.api.health()
        assert health is not None
        assert (health["status"], health["reasons"]) == (503, ["draining"])
        with pytest.raises(ApiProblem, match="draining"):
            await here.api.post(f"/v1/agents/{here.agent(2)}/dial", {"number": here.extension(3)})
        code, text = await command(here.server, "run")
        assert code == 2
        assert "draining" in text
        here.server.kill("control")
        async with asyncio.timeout(15):
            while len(here.server.log_lines("control.draining")) < 2:
                await asyncio.sleep(0.05)
        later = await around.trunk.call("12345", "13900000003")
        assert await later.answered == 503
        assert not call.ended.done(), "the talk goes on"
        assert not draining.done()
        await around.trunk.hang_up(call)
        code, text = await draining
        assert code == 0, text
        assert await here.server.process.wait() == 0
        assert not here.server.log_lines("launcher.part_hangs")
        assert not (tmp_path / "run" / "draining").exists()
