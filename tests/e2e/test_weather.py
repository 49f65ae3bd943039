"""Parts die at any moment, alone and two at a time, while callers wait, ring and talk: in the end nothing is left over."""

import asyncio
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.peers.call import Call
from tests import spectrum
from tests.peers import Peers, alaw_samples, peers
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=3, wrap_up_s=0.5, ring_time_s=3.0, greeting="", announce_agent=False, channels=200)
STORMS = (
    ("control",),
    ("cell",),
    ("control", "cell"),
    ("plane-0",),
    ("control", "plane-0"),
    ("nursery",),
    ("control", "nursery"),
    ("cell", "cell"),
    ("control", "control"),
)


def cells_of(here: Stand) -> list[int]:
    """The cells of the nursery that runs now."""
    nursery = here.server.pids().get("nursery")
    with suppress(OSError):
        if nursery is not None:
            return [int(pid) for pid in Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()]
    return []


async def strike(here: Stand, chance: random.Random, victims: tuple[str, ...]) -> None:
    """Kill these parts one right after the other."""
    for victim in victims:
        if victim == "cell":
            cells = cells_of(here)
            with suppress(ProcessLookupError):
                if cells:
                    os.kill(chance.choice(cells), signal.SIGKILL)
        else:
            with suppress(ProcessLookupError, KeyError):
                here.server.kill(victim)
        await asyncio.sleep(chance.choice((0.0, 0.05, 0.4)))


async def callers(around: Peers, chance: random.Random, calls: list[Call], until: float) -> None:
    """Somebody calls three times in two seconds; some hang up soon after they were answered, most stay."""
    number = 0
    leaving: set[asyncio.Task[None]] = set()
    while time.monotonic() < until:
        number += 1
        call = await around.trunk.call(HOTLINE, f"139{number:08d}")
        calls.append(call)
        if chance.random() < 0.3:
            task = asyncio.create_task(_leave(around, call, chance.uniform(0.05, 2.0)))
            leaving.add(task)
            task.add_done_callback(leaving.discard)
        await asyncio.sleep(0.66)
    await asyncio.gather(*leaving)


async def _leave(around: Peers, call: Call, after_s: float) -> None:
    await call.answered
    await asyncio.sleep(after_s)
    await around.trunk.hang_up(call)


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_dies_the_system_is_whole_again_and_every_call_has_its_end(
    tmp_path: Path, seed: int
) -> None:
    """Every caller gets an answer and an end, every record is closed, the next call is a good one."""
    chance = random.Random(seed)
    talker = Manner(answer_s=0.2, talk_s=2.0, tone_hz=1000, keep_s=4)
    async with (
        stand(tmp_path, TERMS) as here,
        peers(here, talker, Manner(answer_s=1.0, talk_s=None, tone_hz=1000), talker) as around,
    ):
        for agent in (1, 2, 3):
            await here.login(agent)
        calls: list[Call] = []
        storms = list(STORMS)
        chance.shuffle(storms)
        calling = asyncio.create_task(
            callers(around, chance, calls, until=time.monotonic() + 3.0 * len(storms))
        )
        for storm in storms:
            await asyncio.sleep(2.0)
            await strike(here, chance, storm)
        async with asyncio.timeout(30):
            await calling
        await here.wait_ready(within_s=20)
        # An INVITE that found nobody is repeated after up to 16 s, and a CANCEL before the first answer is nothing.
        async with asyncio.timeout(25):
            await asyncio.gather(*(call.answered for call in calls))
        for call in calls:
            await around.trunk.hang_up(call)
        for phone in around.phones:
            for call in phone.calls:
                await phone.agent.hang_up(call)
        await asyncio.sleep(1.0)
        assert not [call.call_id for call in calls if not call.ended.done()], "a caller hangs in the air"
        await nothing_left(here)
        page = (await here.api.get("/v1/calls", limit=100))["items"]
        assert len(page) <= len(calls)
        assert all(record["ended_at"] and record["end_reason"] for record in page)

        await around.trunk.agent.close()
        for agent in (1, 2, 3):
            state = await here.wait_agent(agent, activity="idle", reachable=True)
            if state["presence"] != "ready":
                with suppress(Exception):
                    await here.api.post(f"/v1/agents/{here.agent(agent)}/wrap-up/end")
                with suppress(Exception):
                    await here.api.ready(here.agent(agent))
        async with peers(here) as fresh:
            call = await fresh.trunk.call(HOTLINE, "13800000001")
            assert await call.answered == 200
            await asyncio.sleep(2.0)
            heard = alaw_samples(bytes(call.stream.heard[-8000:]))
            assert spectrum.find_tone_spans(heard, 1000), "the call after the storm has no agent in it"
            await fresh.trunk.hang_up(call)
        await nothing_left(here)
        failures = [line for line in here.server.log_lines() if "exception" in line]
        assert not failures


async def nothing_left(here: Stand) -> None:
    """No call, no leg at the edge, no slot in a cell, no channel, no open recording."""
    until = time.monotonic() + 40.0
    while True:
        health = await here.api.health()
        parts = {part["name"]: part["detail"] for part in health["parts"]} if health else {}
        recordings = (await here.api.get("/v1/recordings", limit=100))["items"]
        left = {
            "edge": parts.get("edge", "").removeprefix("legs=0"),
            "cells": parts.get("cells", "").partition("used=")[2].removeprefix("0"),
            "recordings": [item["recording_id"] for item in recordings if item["state"] == "open"],
            "calls": [item["call_id"] for item in await here.active_calls()],
        }
        if not any(left.values()):
            return
        assert time.monotonic() < until, f"left behind: {left}"
        await asyncio.sleep(0.2)
