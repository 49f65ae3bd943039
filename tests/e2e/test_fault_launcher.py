"""The launcher is killed: nobody notices, and the next one takes over what it left, or lets it serve to its end."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.leash import LEASH
from bench.running_server import ROOT
from tests.aftermath import judge_aftermath
from tests.peers import peers
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, wrap_up_s=0.0, greeting="", announce_agent=False)


@asynccontextmanager
async def next_launcher(here: Stand) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another launcher on the same settings, ended in good order with the block."""
    with here.server.log.open("ab") as log:
        launcher = await asyncio.create_subprocess_exec(
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
        yield launcher
    finally:
        if launcher.returncode is None:
            launcher.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await launcher.wait() == 0


async def wait_line(here: Stand, event: str, count: int = 1) -> None:
    """Until the log has so many lines of an event."""
    async with asyncio.timeout(15):
        while len(here.server.log_lines(event)) < count:
            await asyncio.sleep(0.05)


async def serves(here: Stand) -> None:
    """Until /health says so.  (The first launcher is dead: for the stand that is the end of its server.)"""
    async with asyncio.timeout(30):
        while (health := await here.api.health()) is None or health["status"] != 200:
            await asyncio.sleep(0.05)


async def test_a_killed_launcher_costs_nothing_and_its_successor_restarts_what_dies(tmp_path: Path) -> None:
    """The talk goes on, and a caller who comes while there is no launcher at all is served."""
    async with (
        stand(tmp_path, TERMS) as here,
        peers(here, Manner(answer_s=0.0), Manner(answer_s=0.0)) as around,
    ):
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        before = here.server.pids()
        # Somebody wants to read more in the log meanwhile: no reason to part with those who talk.
        written = here.server.config.read_text()
        assert 'log_level = "info"' in written
        here.server.config.write_text(written.replace('log_level = "info"', 'log_level = "debug"'))
        launcher = here.server.kill("launcher")
        async with asyncio.timeout(5):
            while lives(launcher):
                await asyncio.sleep(0.02)
        since = len(here.events)
        await here.login(2)
        meanwhile, meanwhile_id = await around.call("13800000002")
        await here.wait_event("CallConnected", since=since, call_id=meanwhile_id)
        async with asyncio.timeout(5):  # both of its ends have sound
            while meanwhile.stream.received < 25 or around.phones[1].calls[-1].stream.received < 25:
                await asyncio.sleep(0.02)
        received = call.stream.received
        async with next_launcher(here) as successor:
            await wait_line(here, "launcher.inherited", 3)
            after = here.server.pids()
            assert after.pop("launcher") == successor.pid
            before.pop("launcher")
            assert after == before
            assert call.stream.received - received > 10, "the talk goes on"
            assert not here.server.log_lines("launcher.started", part="nursery")[1:]

            here.server.kill("control")
            async with asyncio.timeout(10):
                while here.server.pids().get("control") in (None, before["control"]):
                    await asyncio.sleep(0.02)
            await serves(here)
            await here.wait_agent(1, activity="talking", call_id=call_id)
            for each, each_id in ((call, call_id), (meanwhile, meanwhile_id)):
                await around.trunk.hang_up(each)
                assert (await here.wait_call(each_id))["call"]["end_reason"] == "completed"
            await judge_aftermath(here)
        assert not [pid for pid in before.values() if lives(pid)]


async def test_a_launcher_of_another_version_lets_the_old_parts_serve_and_begins_after_the_last_call(
    tmp_path: Path,
) -> None:
    """It cannot take them over, says so, and waits: nobody is cut off, new calls come in, and no second part is started.

    When the old control is gone, all that is left of the old version goes too, and the new one serves.
    """
    async with (
        stand(tmp_path, TERMS) as here,
        peers(here, Manner(answer_s=0.0), Manner(answer_s=0.0)) as around,
    ):
        for number in (1, 2):
            await here.login(number)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        old = here.server.pids()
        here.server.kill("launcher")
        old.pop("launcher")
        (here.server.run_dir / "link-version").write_text("of another day")
        async with next_launcher(here) as successor:
            await wait_line(here, "launcher.parts_of_another_version")
            (said,) = here.server.log_lines("launcher.parts_of_another_version")
            assert (set(said["parts"]), said["what_helps"]) == (set(old), "softswitch drain")
            received, since = call.stream.received, len(here.events)
            second, second_id = await around.call()
            await here.wait_event("CallConnected", since=since, call_id=second_id)
            async with asyncio.timeout(5):  # the talk goes on
                while call.stream.received <= received + 10:
                    await asyncio.sleep(0.02)
            assert here.server.pids() == {**old, "launcher": successor.pid}
            for each, each_id in ((call, call_id), (second, second_id)):
                await around.trunk.hang_up(each)
                assert (await here.wait_call(each_id))["call"]["end_reason"] == "completed"

            since = len(here.events)
            os.kill(old["control"], signal.SIGKILL)
            await wait_line(here, "launcher.started", 6)
            await serves(here)
            await here.wait_snapshot(since=since, within_s=20)
            new = here.server.pids()
            assert new.keys() == {*old, "launcher"}
            assert not set(new.values()) & set(old.values())
            assert not [pid for pid in old.values() if lives(pid)]
            await here.wait_agent(1, presence="ready", activity="idle", reachable=True, within_s=20)
            since = len(here.events)
            third, third_id = await around.call()
            await here.wait_event("CallConnected", since=since, call_id=third_id)
            await around.trunk.hang_up(third)
            await here.wait_call(third_id)
            await judge_aftermath(here)
        assert not [pid for pid in new.values() if lives(pid)]


def lives(pid: int) -> bool:
    """Whether a process runs; what ended without a parent that asks for it does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
