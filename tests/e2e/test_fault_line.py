"""A phone's line is down for a while (its process stands still), or the phone loses its power for good (it is killed)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.phones.handset import Handset, handset
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(
    seats=1,
    wrap_up_s=0.0,
    greeting="",
    announce_agent=False,
    options_interval_s=2.0,
    options_timeout_s=2.0,  # a phone on a busy machine is not lost for being slow
    media_extra="rtp_timeout_s = 12",
)
CALLER_HZ, AGENT_HZ, NEW_PHONE_HZ = 440, 1000, 1400


@asynccontextmanager
async def at_both_ends(folder: Path) -> AsyncIterator[tuple[Stand, Handset, Handset]]:
    """A server, a caller, and the phone of agent 1 who is ready."""
    async with stand(folder, TERMS) as here:
        username, password = here.account(1)
        async with (
            handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
            handset(
                here.phone_address,
                account=username,
                password=password,
                registrar=here.registrar,
                tone_hz=AGENT_HZ,
            ) as phone,
        ):
            assert await phone.register() == 200
            await phone.auto_answer(0.0)
            await here.login(1)
            yield here, caller, phone


async def down(phone: Handset, for_s: float) -> None:
    """The line is cut for so long."""
    os.kill(phone.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(for_s)
    finally:
        os.kill(phone.pid, signal.SIGCONT)


async def talk(here: Stand, caller: Handset) -> str:
    """The caller talks with agent 1."""
    since = len(here.events)
    await caller.call(here.hotline)
    call_id = (await here.wait_event("CallConnected", since=since, within_s=20))["call_id"]
    await asyncio.sleep(1.0)
    return str(call_id)


async def hears_the_agent(caller: Handset, hz: float = AGENT_HZ) -> bool:
    """Whether what arrived in the last moments is the agent's voice."""
    await caller.recording()
    await asyncio.sleep(1.5)
    return bool(spectrum.find_tone_spans(await caller.recording(), hz))


async def test_a_line_that_is_down_for_five_seconds_costs_five_seconds(tmp_path: Path) -> None:
    """The talk goes on, is still recorded, and is the same call."""
    async with at_both_ends(tmp_path / "stand") as (here, caller, phone):
        call_id = await talk(here, caller)
        await down(phone, 5.0)
        await asyncio.sleep(1.0)
        assert await hears_the_agent(caller)
        assert [call["call_id"] for call in await here.active_calls()] == [call_id]
        await caller.hang_up()
        detail = await here.wait_call(call_id)
        assert detail["call"]["end_reason"] == "completed"
        (_, right), rate = spectrum.read_channels(here.wav(detail["recordings"][0]))
        assert len(right) / rate > 7.0
        assert spectrum.find_tone_spans(right[-rate:], AGENT_HZ), "the end of the talk is not recorded"
        await judge_aftermath(here)


async def test_a_line_that_is_down_for_long_puts_the_caller_back_at_the_head_and_the_phone_is_back_by_itself(
    tmp_path: Path,
) -> None:
    """Nothing heard for the time that is set: the caller waits again, and is served when the phone answers again."""
    async with at_both_ends(tmp_path / "stand") as (here, caller, phone):
        call_id = await talk(here, caller)
        since = len(here.events)
        outage = asyncio.create_task(down(phone, 20.0))
        await here.wait_agent(1, reachable=False, within_s=15)
        await here.wait_event("CallRequeued", since=since, call_id=call_id, within_s=20)
        assert not [event for event in caller.events if event["event"] == "disconnected"]
        await outage
        returned = await here.wait_event("AgentReturned", since=since, agent=here.agent(1), within_s=30)
        assert returned["away_s"] > 10
        await here.wait_event("CallConnected", since=since, call_id=call_id, within_s=30)
        assert await hears_the_agent(caller)
        await caller.hang_up()
        assert (await here.wait_call(call_id))["call"]["end_reason"] == "completed"
        await here.wait_agent(1, activity="idle")

        # The caller's line goes for good and no BYE comes: nobody is locked in the call.
        vanished = await talk(here, caller)
        os.kill(caller.pid, signal.SIGKILL)
        await caller.wait_for("died")
        await here.wait_agent(1, activity="idle", presence="ready", within_s=40)
        assert (await here.wait_call(vanished))["call"]["end_reason"] == "failed"
        await judge_aftermath(here)


async def test_a_phone_that_loses_its_power_in_a_talk_costs_the_caller_a_wait(tmp_path: Path) -> None:
    """No BYE comes: the caller waits again at the head, and talks on with the same agent at a phone that is put in its place."""
    async with at_both_ends(tmp_path / "stand") as (here, caller, phone):
        call_id = await talk(here, caller)
        os.kill(phone.pid, signal.SIGKILL)
        await phone.wait_for("died")
        await here.wait_event("CallRequeued", call_id=call_id, within_s=25)
        await here.wait_agent(1, reachable=False, within_s=20)
        since = len(here.events)
        assert not caller.seen("disconnected")
        username, password = here.account(1)
        async with handset(
            here.phone_address,
            account=username,
            password=password,
            registrar=here.registrar,
            tone_hz=NEW_PHONE_HZ,
        ) as new_phone:
            await new_phone.auto_answer(0.0)
            assert await new_phone.register() == 200
            await here.wait_event("CallConnected", since=since, call_id=call_id, within_s=15)
            assert await hears_the_agent(caller, NEW_PHONE_HZ)
            assert not caller.seen("disconnected")
            await caller.hang_up()
            detail = await here.wait_call(call_id)
        assert detail["call"]["end_reason"] == "completed"
        assert (await here.recording(detail["recordings"][0]))["state"] == "done"
        (_, right), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        assert spectrum.find_tone_spans(right, AGENT_HZ), "the talk before the power was lost is not recorded"
        assert spectrum.find_tone_spans(right, NEW_PHONE_HZ), "the talk at the new phone is not recorded"
        await judge_aftermath(here)
