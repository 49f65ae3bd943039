"""Rules of a queue that a restart of control must not undo, and those that turn callers away, with real calls."""

import asyncio
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests.peers import CALLER, peers
from tests.stand import HOTLINE, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

RULES = """
[queues.distribution]
no_answer_returns_s = [15.0]
resume_s = 60.0
refuses_when = ["nobody"]
"""


async def test_places_and_times_are_kept_over_a_restart_and_nobody_joins_an_empty_hotline(
    tmp_path: Path,
) -> None:
    """Nobody is signed in: busy.  Then the phone rings out, its agent is back in time; who gave up has the old place.

    Whoever waited goes on waiting, though control knows of no agent when it hears of them again.
    """
    terms = Terms(seats=1, greeting="", ring_time_s=2.0, extra=RULES)
    async with stand(tmp_path, terms) as here, peers(here, Manner(answer_s=60.0)) as around:
        early = await around.trunk.call(HOTLINE, CALLER)
        assert await early.answered == 200
        refused = await here.wait_event("CallEnded", within_s=20)
        assert refused["end_reason"] == "queue_full"

        await here.login(1)
        call, given_up = await around.call("13800000002")
        await here.wait_agent(1, reason="no_answer")
        _, patient = await around.call("13800000004")
        await around.trunk.hang_up(call)
        await here.wait_event("CallEnded", call_id=given_up, end_reason="abandoned")
        await asyncio.sleep(0.3)  # and that is on the disk
        since = len(here.events)
        here.server.kill("control")
        await asyncio.sleep(0.5)
        await here.wait_ready()
        await asyncio.sleep(1.0)  # the reader of live events is back
        assert (await here.api.agent(here.agent(1)))["reason"] == "no_answer"
        _, other = await around.call("13800000003")
        _, again = await around.call("13800000002")
        places = [
            (await here.api.get(f"/v1/calls/{each}/explain"))["why_waiting"]["position"]
            for each in (other, again, patient)
        ]
        assert places == [3, 1, 2]
        await here.wait_event("CallOffered", since=since, call_id=again, within_s=25)
