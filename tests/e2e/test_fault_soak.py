"""Hundreds of calls in bad weather: lost BYEs, phones that lose power, cells that are killed.  Nothing is left over."""

import asyncio
import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.desk_phones import DeskPhone, Manner
from bench.peers.call import Call
from tests.peers import Peers, peers
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SEATS, CALLS, PER_S = 6, 400, 8.0
TERMS = Terms(
    seats=SEATS,
    wrap_up_s=0.0,
    ring_time_s=3.0,
    greeting="",
    announce_agent=False,
    channels=400,
    spare_legs=24,
    media_extra="rtp_timeout_s = 5",
)
MANNER = Manner(answer_s=0.05, talk_s=0.4)
GONE_WITHIN_S = 60.0


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
    _, body = await here.api.download("/metrics")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(body.decode()):
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            if sample.name in {
                "hotline_calls",
                "hotline_plane_legs",
                "hotline_plane_recordings",
                "hotline_trunk_channels_in_use",
                "hotline_queue_waiting",
                "hotline_store_backlog",
            } or (sample.name, labels) in {("hotline_cell_slots", "used"), ("hotline_sip", "legs")}:
                found[f"{sample.name}{{{labels}}}"] = float(sample.value)
    return {name: value for name, value in found.items() if value}


async def test_calls_in_bad_weather_leave_nothing_over(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, *[MANNER] * SEATS) as around:
        for number in range(1, SEATS + 1):
            await here.login(number)
        for number in range(CALLS):
            call = await around.trunk.call(HOTLINE, f"139{number:08d}")
            fate = chance.random()
            if fate < 0.15:
                asyncio.get_running_loop().call_later(chance.uniform(0.0, 2.0), fall_silent, around, call)
            elif fate < 0.3:
                await asyncio.sleep(chance.uniform(0.0, 0.2))
                await around.trunk.hang_up(call)
            if number % 50 == 25:
                kill_a_cell(here, chance)
            if number % 80 == 40:
                await lose_power(here, around, chance.randint(1, SEATS))
            if number % 20 == 0:  # an agent whose phone did not answer is not ready any more
                for agent in range(1, SEATS + 1):
                    state = await here.api.agent(here.agent(agent))
                    if state["presence"] == "not_ready" and state["reachable"]:
                        await here.api.ready(here.agent(agent))
            await asyncio.sleep(1 / PER_S)
        for agent in range(1, SEATS + 1):
            await here.api.ready(here.agent(agent))
        left: dict[str, float] = {"not looked yet": 1}
        with suppress(TimeoutError):
            async with asyncio.timeout(GONE_WITHIN_S):
                while left:
                    await asyncio.sleep(0.5)
                    left = await left_over(here)
        assert not left
        assert not await here.active_calls()
        ends = [event["call_id"] for event in here.seen("CallEnded")]
        arrived = [event["call_id"] for event in here.seen("CallArrived")]
        assert sorted(ends) == sorted(arrived), "a call without an end, or with two"
        assert len(arrived) >= CALLS * 0.95
        recordings = [event["recording_id"] for event in here.seen("RecordingClosed")]
        assert len(recordings) == len(set(recordings)) == len(here.seen("RecordingStarted"))
        health = await here.api.health()
        assert health is not None
        parts = {part["name"]: part["detail"] for part in health["parts"]}
        assert parts["reconciliation"] == "healed=0", "nothing of this should need to be healed"
        assert health["status"] == 200
