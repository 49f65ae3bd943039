"""A planned stop: everybody is told, every file and record is whole, and a part alone may leave without a word."""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests import spectrum
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=1, greeting="", announce_agent=False)


async def test_a_stop_says_bye_to_everybody_and_leaves_whole_files_and_records(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner()) as around:
        await here.login(1)
        talking, talking_id = await around.call("13800000001")
        await here.wait_event("CallConnected", call_id=talking_id)
        waiting, waiting_id = await around.call("13800000002")
        await asyncio.sleep(1.0)
        children = [pid for pid in here.server.tree() if pid != here.server.process.pid]
        began = asyncio.get_running_loop().time()
        assert await here.server.stop() == 0
        assert asyncio.get_running_loop().time() - began < 6
        for call in (talking, waiting, around.phones[0].calls[0]):
            assert call.ended.done(), "somebody hangs in silence"
            assert call.ended.result() == "far end hung up"
        assert not [pid for pid in children if Path(f"/proc/{pid}").exists()], "a process is left"
        with closing(sqlite3.connect(here.server.data_dir / "hotline.sqlite")) as database:
            calls = dict(database.execute("SELECT call_id, end_reason || ' ' || ended_by FROM calls"))
            files = database.execute("SELECT call_id, path, state, duration_s FROM recordings").fetchall()
        assert calls == {talking_id: "shutdown system", waiting_id: "shutdown system"}
        assert {(call_id, state) for call_id, _, state, _ in files} == {
            (talking_id, "done"),
            (waiting_id, "done"),
        }
        for _, path, _, duration_s in files:
            (left, _), rate = spectrum.read_channels(Path(path))
            assert len(left) / rate == pytest.approx(duration_s, abs=0.03)


async def test_control_alone_may_leave_and_calls_go_on_without_it(tmp_path: Path) -> None:
    """SIGTERM to control, as for a new version of it: the launcher starts another one, which takes the talk over."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner()) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        old = here.server.pids()["control"]
        os.kill(old, signal.SIGTERM)
        async with asyncio.timeout(10):
            while here.server.pids().get("control") in (old, None):
                await asyncio.sleep(0.05)
        await here.wait_ready(within_s=10)
        assert not call.ended.done()
        await here.wait_agent(1, activity="talking", call_id=call_id)
        await around.trunk.hang_up(call)
        assert (await here.wait_call(call_id))["call"]["end_reason"] == "completed"
