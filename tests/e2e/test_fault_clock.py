"""The machine's clock is set by an hour, for every process of ours at once, while people talk and wait."""

import asyncio
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import Json
from tests.aftermath import judge_aftermath
from tests.e2e.test_fault_machine import goes_on, idle_cell, talking
from tests.other_clock import OtherClock, other_clock
from tests.peers import peers, seconds
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=3, wrap_up_s=0.0, greeting="", announce_agent=False)
TALKER = Manner(answer_s=0.0)
SLOW_S = 1.0
"""A moment told by the server may be so much apart from the same one here, on a busy machine."""


def all_by(here: Stand) -> set[bool]:
    """Whether launcher, control, nursery, cells and plane live by the other clock: one answer for all of them."""
    return {OtherClock.runs(pid) for pid in {*here.server.tree(), *here.server.pids().values()}}


def longest_state_s(here: Stand) -> float:
    """How long, by the books, an agent was in one state at the most."""
    with closing(sqlite3.connect(f"file:{here.server.data_dir}/hotline.sqlite?mode=ro", uri=True)) as books:
        (longest,) = books.execute("SELECT MAX(duration_s) FROM agent_intervals").fetchone()
    return float(longest)


def assert_span(record: Json, began: str, ended: str, lasted_s: float) -> None:
    """Two moments of a call record lie as far apart as they did."""
    assert seconds(record[ended]) - seconds(record[began]) == pytest.approx(lasted_s, abs=SLOW_S)


@pytest.mark.parametrize("is_down", [False, True], ids=["while control runs", "while none runs"])
@pytest.mark.parametrize("step_s", [3600, -3600], ids=["forward", "back"])
async def test_a_clock_that_is_set_by_an_hour_changes_nothing_for_those_who_talk_and_wait(
    tmp_path: Path, step_s: int, is_down: bool
) -> None:
    """Sound, registrations, waits, talks, recordings and the next call, also those of the control and cell that start after it.

    Every span in the books is as long as it was, whatever the clock said at its two ends.  A control that starts after
    it finds out by itself that nobody has waited or talked for an hour.
    """
    began = time.monotonic()
    with other_clock(tmp_path / "clock") as clock:
        async with (
            stand(tmp_path / "stand", TERMS, under=clock.under) as here,
            peers(here, TALKER, TALKER, TALKER) as around,
        ):
            assert all_by(here) == {True}
            await here.login(1)
            call, call_id = await talking(here, around, "13800000001")
            connected = time.monotonic()
            waiting, waiting_id = await around.call("13800000002")
            queued = time.monotonic()
            await asyncio.sleep(0.5)
            lost = call.stream.lost
            if not is_down:
                clock.set(step_s)
                assert await goes_on(call, 3.0)
                assert not waiting.ended.done()
                state = await here.wait_agent(1, activity="talking", call_id=call_id)
                assert state["reachable"]

            since = len(here.events)
            here.server.kill("control")
            if is_down:
                clock.set(step_s)  # the next one takes longer than that to read any clock
            await here.wait_ready()
            state = await here.wait_agent(1, activity="talking", call_id=call_id)
            assert state["reachable"], "the phone's registration ended with the hour"
            os.kill(idle_cell(here), signal.SIGKILL)
            assert await goes_on(call)
            assert call.stream.lost == lost

            since = len(here.events)
            await around.trunk.hang_up(call)
            talked_s = time.monotonic() - connected
            await here.wait_event("CallConnected", since=since, call_id=waiting_id)
            waited_s = time.monotonic() - queued
            ended = (await here.wait_event("CallEnded", since=since, call_id=call_id))["_at"]
            assert abs(seconds(ended) - time.time() - step_s) < 60, "the clock was not set at all"
            await here.login(2)
            again, again_id = await talking(here, around, "13800000003")
            assert await goes_on(again)
            for each in (waiting, again):
                await around.trunk.hang_up(each)
            records = {each: (await here.wait_call(each))["call"] for each in (call_id, waiting_id, again_id)}
            assert {record["end_reason"] for record in records.values()} == {"completed"}
            assert records[call_id]["talk_s"] == pytest.approx(talked_s, abs=SLOW_S)
            assert_span(records[call_id], "connected_at", "ended_at", talked_s)
            assert records[waiting_id]["wait_s"] == pytest.approx(waited_s, abs=SLOW_S)
            assert_span(records[waiting_id], "queued_at", "connected_at", waited_s)
            await judge_aftermath(here)
            assert longest_state_s(here) < time.monotonic() - began
            assert all_by(here) == {True}
            health = await here.api.health()
            assert health is not None
            assert health["status"] == 200
