"""Who is rung, and what becomes of an offer that nobody takes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import ApiProblem
from tests import spectrum
from tests.peers import alaw_samples, peers
from tests.stand import Terms, stand

pytestmark = pytest.mark.e2e

FAST = Terms(seats=2, ring_time_s=1.0, wrap_up_s=0.5, decline_delay_s=0.3, greeting="", announce_agent=False)
AGENT_HZ = 1000


async def test_a_phone_that_is_not_answered_makes_its_agent_not_ready_and_the_next_one_rings(
    tmp_path: Path,
) -> None:
    async with (
        stand(tmp_path / "stand", FAST) as here,
        peers(here, Manner(answer_s=None), Manner(answer_s=0.1)) as around,
    ):
        await here.login(1)
        await asyncio.sleep(0.1)  # agent 1 is idle longest
        await here.login(2)
        call, call_id = await around.call()
        first = await here.wait_event("CallOffered", call_id=call_id)
        assert first["agent"] == here.agent(1)
        ended = await here.wait_event("OfferEnded", call_id=call_id, agent=here.agent(1))
        assert ended["cause"] == "ring_timeout"
        await here.wait_agent(1, presence="not_ready", reason="no_answer", activity="idle")
        await here.wait_event("CallConnected", call_id=call_id, agent=here.agent(2))
        await around.trunk.hang_up(call)
        record = (await here.wait_call(call_id))["call"]
        assert (record["offers"], record["agent"]) == (2, here.agent(2))


@pytest.mark.parametrize("status", [486, 603, pytest.param(480, marks=pytest.mark.long)])
async def test_a_phone_that_declines_leaves_the_call_to_the_next_agent(tmp_path: Path, status: int) -> None:
    async with (
        stand(tmp_path / "stand", FAST) as here,
        peers(here, Manner(refuse_with=status), Manner(answer_s=0.1)) as around,
    ):
        await here.login(1)
        await asyncio.sleep(0.1)
        await here.login(2)
        call, call_id = await around.call()
        await here.wait_event("OfferEnded", call_id=call_id, agent=here.agent(1))
        await here.wait_event("CallConnected", call_id=call_id, agent=here.agent(2), within_s=3)
        away = ("not_ready", "phone_busy") if status == 486 else ("ready", "")
        shown = await here.api.agent(here.agent(1))
        assert (shown["presence"], shown["reason"]) == away, "busy, or do not disturb, is not ready"
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)


async def test_a_caller_who_leaves_while_a_phone_rings_stops_the_ringing_at_once(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", FAST) as here,
        peers(here, Manner(answer_s=None)) as around,
    ):
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallOffered", call_id=call_id)
        async with asyncio.timeout(3):
            while not around.phones[0].calls:
                await asyncio.sleep(0.01)
        ringing = around.phones[0].calls[0]
        left_at = asyncio.get_running_loop().time()
        await around.trunk.hang_up(call)
        async with asyncio.timeout(2):
            assert await ringing.ended == "cancelled"
        assert ringing.ended_at is not None
        assert ringing.ended_at - left_at < 0.2
        record = (await here.wait_call(call_id))["call"]
        assert (record["end_reason"], record["ended_by"]) == ("abandoned", "caller")
        await here.wait_agent(1, presence="ready", activity="idle")


@pytest.mark.long
async def test_an_agent_who_hangs_up_before_the_talk_leaves_the_caller_first_in_line(tmp_path: Path) -> None:
    """While the agent's number is told: music again and not the agent, and the next phone rings for who came first."""
    terms = replace(FAST, announce_agent=True, ring_time_s=15.0)
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here, Manner(answer_s=0.0, tone_hz=AGENT_HZ), Manner(answer_s=0.0)) as around,
    ):
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("OfferAccepted", call_id=call_id)
        hasty = around.phones[0]
        await hasty.agent.hang_up(hasty.calls[0])
        requeued = await here.wait_event("CallRequeued", call_id=call_id)
        assert requeued["cause"] == "agent_hung_up"
        await here.wait_agent(1, presence="not_ready", reason="hung_up", activity="idle")
        _, later = await around.call("13800000009")
        had = len(call.stream.heard)
        async with asyncio.timeout(10):
            while len(call.stream.heard) < had + 8000:  # a second
                await asyncio.sleep(0.05)
        music = alaw_samples(bytes(call.stream.heard[had:]))
        assert spectrum.level_dbfs(music) > -45, "silence after the agent was gone"
        assert not spectrum.find_tone_spans(music, AGENT_HZ)
        since = len(here.events)
        await here.login(2)
        offered = await here.wait_event("CallOffered", since=since)
        assert offered["call_id"] == call_id
        await here.wait_event("CallConnected", call_id=call_id, agent=here.agent(2))
        waiting = {record["call_id"] for record in await here.active_calls()}
        assert later in waiting
        await around.trunk.hang_up(call)
        record = (await here.wait_call(call_id))["call"]
        assert (record["end_reason"], record["agent"], record["offers"]) == ("completed", here.agent(2), 2)


async def test_callers_are_served_in_the_order_of_their_arrival(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", FAST) as here,
        peers(here, Manner(answer_s=0.05, talk_s=0.3)) as around,
    ):
        await here.login(1, state="not_ready")
        ids = [(await around.call(f"1380000000{number}"))[1] for number in range(3)]
        await here.api.ready(here.agent(1))
        for call_id in ids:
            await here.wait_event("CallEnded", call_id=call_id, within_s=10)
        served = [event["call_id"] for event in here.seen("CallConnected")]
        assert served == ids


@pytest.mark.long
async def test_a_phone_that_unregisters_or_falls_silent_makes_its_agent_not_ready(tmp_path: Path) -> None:
    terms = Terms(seats=2, options_interval_s=0.5, options_timeout_s=0.5)
    async with stand(tmp_path / "stand", terms) as here, peers(here, Manner(), Manner()) as around:
        await here.login(1)
        await here.login(2)
        assert await around.phones[0].register(expires_s=0) == 200
        await here.wait_agent(1, presence="not_ready", reason="phone_lost", reachable=False, within_s=1)
        await around.phones[1].agent.close()  # loses power: answers no OPTIONS
        await here.wait_agent(2, presence="not_ready", reason="phone_lost", reachable=False, within_s=5)
        assert await around.phones[0].register() == 200
        await here.wait_agent(1, presence="ready", reachable=True)


async def test_agents_seats_and_accounts_are_three_things(tmp_path: Path) -> None:
    """Any agent at any seat, one agent a seat, one seat an agent."""
    async with stand(tmp_path / "stand", FAST) as here, peers(here, Manner(), Manner()):
        await here.login(1, seat=2)
        with pytest.raises(ApiProblem) as taken:
            await here.login(2, seat=2)
        assert taken.value.status == 409
        assert taken.value.code == "seat_taken"
        with pytest.raises(ApiProblem) as twice:
            await here.login(1, seat=1)
        assert twice.value.status == 409
        with pytest.raises(ApiProblem) as unknown:
            await here.api.login("9999", here.extension(1))
        assert unknown.value.status == 404
        await here.api.logout(here.agent(1))
        await here.login(2, seat=2)
        assert (await here.api.agent(here.agent(2)))["extension"] == here.extension(2)
