"""Calls in bad weather: lost BYEs, phones that lose power, cells that are killed; and what may be left over: nothing.

The suite lets some hundreds through (`tests/e2e/test_fault_soak.py`), `python -m tests.soak` twenty thousand.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.desk_phones import DeskPhone, Manner
from bench.peers.call import Call
from tests.peers import Peers
from tests.readings import scrape
from tests.readings import value as value_of
from tests.stand import HOTLINE, Stand, Terms

MANNER = Manner(answer_s=0.05, talk_s=0.4)
GONE_WITHIN_S = 60.0
FILES_MORE = 5
"""So many descriptors more or fewer are no leak: connections of HTTP, readers of the database."""
IDLE_GAUGES = frozenset(
    {
        "hotline_calls",
        "hotline_plane_legs",
        "hotline_plane_recordings",
        "hotline_trunk_channels_in_use",
        "hotline_queue_waiting",
        "hotline_store_backlog",
    }
)
IDLE_SERIES = frozenset({("hotline_cell_slots", "used"), ("hotline_sip", "legs")})
"""What is zero when nobody calls: whole gauges, and one series each of two others."""
KEPT_KINDS = ("call.arrived", "call.ended", "recording.started", "recording.closed")
"""What the judgement looks at; of twenty thousand calls the rest would fill the memory."""


def terms(seats: int) -> Terms:
    """A hotline that hangs up who is silent for five seconds."""
    return Terms(
        seats=seats,
        wrap_up_s=0.0,
        ring_time_s=3.0,
        greeting="",
        announce_agent=False,
        channels=400,
        spare_legs=max(24, 2 * seats),
        media_extra="rtp_timeout_s = 5",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """So many calls at such a rate, for no longer than `limit_s`; the same seed brings the same misfortunes."""

    calls: int
    per_s: float
    limit_s: float
    seed: int = 7
    calls_a_cell: int = 50
    calls_a_phone: int = 80


def fall_silent(around: Peers, call: Call) -> None:
    """The caller's line is cut: no BYE comes, no packet, and no answer any more."""
    around.trunk.agent.calls.pop(call.call_id, None)
    call.stream.close()


async def lose_power(here: Stand, around: Peers, seat: int) -> None:
    """A phone is gone in the middle of whatever it did, and starts anew."""
    old = around.phones[seat - 1]
    await old.agent.close()
    username, password = here.account(seat)
    phone = await DeskPhone.start(
        username,
        password,
        address=here.phone_address,
        registrar=here.sip,
        pacer=around.trunk.agent._pacer,
        manner=MANNER,
    )
    around.phones[seat - 1] = phone
    assert await phone.register() == 200


def kill_a_cell(here: Stand, chance: random.Random) -> None:
    """Any of them, by its process id."""
    nursery = here.server.pids()["nursery"]
    cells = Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()
    with suppress(ProcessLookupError):
        os.kill(int(chance.choice(cells)), signal.SIGKILL)


async def left_over(here: Stand) -> dict[str, float]:
    """Every gauge that must be zero when nobody calls."""
    found: dict[str, float] = {}
    for (name, labels), value in (await scrape(here)).items():
        of = ",".join(text for _, text in sorted(labels))
        if value and (name in IDLE_GAUGES or (name, of) in IDLE_SERIES):
            found[f"{name}{{{of}}}"] = value
    return found


async def open_files(here: Stand) -> dict[str, int]:
    """Descriptors that control and each plane have open, without control's one link to each living cell.

    The pool keeps the cells of its busiest ten minutes, so that after a rush more links than before it are no leak; a
    link to a cell that is gone is one.  The nursery's descriptors follow its cells and are not looked at.
    """
    samples = await scrape(here)
    links = {"control": value_of(samples, "cells")}
    parts = {
        dict(labels)["part"]: value
        for (name, labels), value in samples.items()
        if name == "hotline_process_open_files"
    }
    return {
        part: int(count - links.get(part, 0))
        for part, count in parts.items()
        if part.startswith(("control", "plane"))
    }


async def judge_files(here: Stand, before: dict[str, int]) -> None:
    """Who had so many files open before the first call has them again, within `FILES_MORE`."""
    more: dict[str, int] = {"not looked yet": FILES_MORE + 1}
    with suppress(TimeoutError):
        async with asyncio.timeout(GONE_WITHIN_S):
            while any(abs(count) > FILES_MORE for count in more.values()):
                await asyncio.sleep(0.5)
                now = await open_files(here)
                more = {part: now.get(part, 0) - count for part, count in before.items()}
    assert all(abs(count) <= FILES_MORE for count in more.values()), f"open files, more than before: {more}"


async def pass_through(here: Stand, around: Peers, weather: Weather) -> int:
    """Let the calls come, each with its fate; returns how many came within the time."""
    chance, loop = random.Random(weather.seed), asyncio.get_running_loop()
    seats = range(1, len(around.phones) + 1)
    for number in seats:
        await here.login(number)
    began = loop.time()
    for number in range(weather.calls):
        if loop.time() - began > weather.limit_s:
            return number
        call = await around.trunk.call(HOTLINE, f"139{number:08d}")
        fate = chance.random()
        if fate < 0.15:
            loop.call_later(chance.uniform(0.0, 2.0), fall_silent, around, call)
        elif fate < 0.3:
            loop.call_later(chance.uniform(0.0, 0.2), _hang_up, around, call)
        if number % weather.calls_a_cell == weather.calls_a_cell // 2:
            kill_a_cell(here, chance)
        if number % weather.calls_a_phone == weather.calls_a_phone // 2:
            await lose_power(here, around, chance.choice(seats))
        if number % 20 == 0:
            await _bring_back(here, seats)
        if number % 500 == 0:
            here.events[:] = [event for event in here.events if event.get("kind") in KEPT_KINDS]
        await asyncio.sleep(max(0.0, began + number / weather.per_s - loop.time()))
    return weather.calls


_hanging_up: set[asyncio.Task[None]] = set()


def _hang_up(around: Peers, call: Call) -> None:
    task = asyncio.get_running_loop().create_task(around.trunk.hang_up(call))
    _hanging_up.add(task)
    task.add_done_callback(_hanging_up.discard)


async def _bring_back(here: Stand, seats: range) -> None:
    """An agent whose phone did not answer is not ready any more."""
    for seat in seats:
        state = await here.api.agent(here.agent(seat))
        if state["presence"] == "not_ready" and state["reachable"]:
            await here.api.ready(here.agent(seat))


async def judge(here: Stand, seats: int, calls: int) -> dict[str, object]:
    """Wait until the last call is gone; then nothing may be left of any.  Returns the figures."""
    for seat in range(1, seats + 1):
        await here.api.ready(here.agent(seat))
    left: dict[str, float] = {"not looked yet": 1}
    with suppress(TimeoutError):
        async with asyncio.timeout(GONE_WITHIN_S):
            while left:
                await asyncio.sleep(0.5)
                left = await left_over(here)
    assert not left
    assert not await here.active_calls()
    for seat in range(1, seats + 1):
        await here.wait_agent(seat, activity="idle")
    ends = [event["call_id"] for event in here.seen("CallEnded")]
    arrived = [event["call_id"] for event in here.seen("CallArrived")]
    assert sorted(ends) == sorted(arrived), "a call without an end, or with two"
    assert len(arrived) >= calls * 0.95
    recordings = [event["recording_id"] for event in here.seen("RecordingClosed")]
    assert len(recordings) == len(set(recordings)) == len(here.seen("RecordingStarted"))
    health = await here.api.health()
    assert health is not None
    parts = {part["name"]: part["detail"] for part in health["parts"]}
    assert parts["reconciliation"] == "healed=0", "nothing of this should need to be healed"
    assert health["status"] == 200
    reasons = Counter(str(event["end_reason"]) for event in here.seen("CallEnded"))
    return {
        "calls": len(arrived),
        "recordings": len(recordings),
        **dict(sorted(reasons.items())),
        "left_over": 0,
    }
