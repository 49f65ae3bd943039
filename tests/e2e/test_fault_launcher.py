"""The launcher is killed: nobody notices, and the next one takes over what it left."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.leash import LEASH
from bench.running_server import ROOT
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


async def test_a_killed_launcher_costs_nothing_and_its_successor_restarts_what_dies(tmp_path: Path) -> None:
    async with stand(tmp_path, TERMS) as here, peers(here, Manner(answer_s=0.0)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        before = here.server.pids()
        # Somebody wants to read more in the log meanwhile: no reason to part with those who talk.
        written = here.server.config.read_text()
        assert 'log_level = "info"' in written
        here.server.config.write_text(written.replace('log_level = "info"', 'log_level = "debug"'))
        here.server.kill("launcher")
        await asyncio.sleep(1.0)
        received = call.stream.received
        with here.server.log.open("ab") as log:
            successor = await asyncio.create_subprocess_exec(
                *LEASH,
                sys.executable,
                "-m",
                "softswitch",
                "run",
                "--config",
                str(here.server.config),
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=ROOT,
            )
        try:
            async with asyncio.timeout(15):
                while len(here.server.log_lines("launcher.inherited")) < 3:
                    await asyncio.sleep(0.05)
            after = here.server.pids()
            assert after.pop("launcher") == successor.pid
            before.pop("launcher")
            assert after == before
            assert call.stream.received - received > 10, "the talk goes on"
            assert not here.server.log_lines("launcher.started", part="nursery")[1:]

            killed_at = time.monotonic()
            here.server.kill("control")
            async with asyncio.timeout(10):
                while here.server.pids().get("control") in (None, before["control"]):
                    await asyncio.sleep(0.02)
            health = await here.api.health()
            while health is None or health["status"] != 200:
                assert time.monotonic() - killed_at < 20
                await asyncio.sleep(0.05)
                health = await here.api.health()
            await here.wait_agent(1, activity="talking", call_id=call_id)
            await around.trunk.hang_up(call)
            assert (await here.wait_call(call_id))["call"]["end_reason"] == "completed"
        finally:
            successor.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await successor.wait() == 0
        assert not [pid for pid in before.values() if lives(pid)]


def lives(pid: int) -> bool:
    """Whether a process runs; what ended without a parent that asks for it does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
