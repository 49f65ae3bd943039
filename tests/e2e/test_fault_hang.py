"""A part that hangs is no better than a dead one: it is noticed, ended by its process id and replaced."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests.aftermath import judge_aftermath
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, wrap_up_s=0.0, greeting="", announce_agent=False)
NOTICED_S = 12.0


async def test_a_plane_that_hangs_is_replaced_and_new_calls_have_sound(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(answer_s=0.0)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        old = here.server.kill("plane-0", signal.SIGSTOP)
        async with asyncio.timeout(NOTICED_S):
            await call.ended
        await here.wait_event("ProcessLost", process="plane-0", within_s=NOTICED_S)
        await here.wait_ready(within_s=10)
        assert here.server.pids()["plane-0"] != old
        assert not Path(f"/proc/{old}").exists()
        detail = await here.wait_call(call_id)
        assert detail["call"]["end_reason"] == "media_lost"
        assert (await here.recording(detail["recordings"][0]))["state"] == "crash"
        await here.wait_agent(1, presence="ready", activity="idle")
        since = len(here.events)
        again, again_id = await around.call()
        await here.wait_event("CallConnected", since=since, call_id=again_id)
        await asyncio.sleep(0.5)
        assert again.stream.received > 10
        (lines,) = here.server.log_lines("plane.hung")
        assert lines["pid"] == old
        await around.trunk.hang_up(again)
        await judge_aftermath(here, crash_costs_s=NOTICED_S)


async def test_control_that_hangs_is_replaced_and_the_talk_goes_on(tmp_path: Path) -> None:
    """The launcher hears its heartbeat no more; sound does not notice, and the next control takes new calls."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(answer_s=0.0), Manner(answer_s=0.0)) as around,
    ):
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await asyncio.sleep(1.5)  # one heartbeat at least
        heard = call.stream.received
        since = len(here.events)
        old = here.server.kill("control", signal.SIGSTOP)
        async with asyncio.timeout(NOTICED_S):
            while Path(f"/proc/{old}").exists():
                await asyncio.sleep(0.1)
        await here.wait_ready()
        assert here.server.log_lines("launcher.part_hangs", part="control", pid=old)
        assert call.stream.received - heard > 250
        assert call.stream.lost == 0
        await here.wait_agent(1, activity="talking", call_id=call_id)
        await here.wait_snapshot(since=since)
        since = len(here.events)
        await here.login(2)
        again, again_id = await around.call()
        await here.wait_event("CallConnected", since=since, call_id=again_id)
        await around.trunk.hang_up(call)
        assert (await here.wait_call(call_id))["call"]["end_reason"] == "completed"
        await around.trunk.hang_up(again)
        await judge_aftermath(here)


async def test_a_cell_that_hangs_costs_its_leg_and_the_caller_is_served_again(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(answer_s=0.0), Manner(answer_s=0.0)) as around,
    ):
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        (placed,) = here.server.log_lines("leg.placed", role="agent")
        os.kill(placed["pid"], signal.SIGSTOP)
        stopped_at = time.monotonic()
        try:
            await here.wait_event("CallRequeued", call_id=call_id, within_s=NOTICED_S)
        finally:
            with suppress(ProcessLookupError):
                os.kill(placed["pid"], signal.SIGCONT)
        assert time.monotonic() - stopped_at > 2.0, "a moment's silence is no fault"
        assert not call.ended.done()
        since = len(here.events)
        await here.login(2)
        await here.wait_event("CallConnected", since=since, call_id=call_id)
        assert here.server.log_lines("cell.hung", pid=placed["pid"])
        await around.trunk.hang_up(call)
        await judge_aftermath(here)
