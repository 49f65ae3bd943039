"""More calls at once than there is room for in the cells that wait: they are served by cells that start meanwhile."""

import asyncio
import re
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from softswitch.calls.cell_line import PATIENCE_S
from tests.aftermath import judge_aftermath
from tests.peers import peers, seconds
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SPARE_LEGS, BURST = 8, 20
TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False, channels=60, spare_legs=SPARE_LEGS)


async def free_slots(here: Stand) -> int:
    """Legs that cells have room for now."""
    health = await here.api.health()
    assert health is not None
    (cells,) = [part["detail"] for part in health["parts"] if part["name"] == "cells"]
    found = re.search(r"free=(\d+)", cells)
    assert found is not None
    return int(found[1])


async def test_a_burst_beyond_the_spare_legs_is_served_while_cells_start(tmp_path: Path) -> None:
    """Nobody is refused who could have been served: a 503 comes only after the time that cells are given to start."""
    async with stand(tmp_path, TERMS) as here, peers(here, Manner()) as around:
        free = await free_slots(here)
        assert free < BURST - 4, "there is room for all: this is no burst"
        calls = await asyncio.gather(
            *[around.trunk.call(HOTLINE, f"138000000{number:02d}") for number in range(BURST)]
        )
        async with asyncio.timeout(20):
            answers = [await call.answered for call in calls]
        assert set(answers) <= {200, 503}
        assert answers.count(200) > free, "no more were served than there was room for"
        invited = {line["leg_id"]: line["timestamp"] for line in here.server.log_lines("leg.invited")}
        refused = here.server.log_lines("leg.no_cell_free")
        assert len(refused) == answers.count(503)
        for line in refused:
            waited_s = seconds(line["timestamp"]) - seconds(invited[line["leg_id"]])
            assert waited_s > 0.9 * PATIENCE_S, "refused before its time"
        for call, answer in zip(calls, answers, strict=True):
            if answer == 200:
                await around.trunk.hang_up(call)
        await judge_aftermath(here)
