"""`kill -9` of each part while a recorded call talks: what survives, what ends, and how fast it is whole again."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import DeskPhone, Manner
from bench.peers.call import Call
from bench.running_server import Json
from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.peers import Peers, alaw_samples, peers, seconds
from tests.phones.handset import handset
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, wrap_up_s=30.0, greeting="", announce_agent=False)
CALLER_HZ, AGENT_HZ = 440, 1000
CONTROL_BACK_S = 5.0
"""A new control has served again by then, on a machine that has a processor for it."""


async def _talking(here: Stand, around: Peers) -> tuple[Call, str]:
    """A call that talks with agent 1 for a second."""
    await here.login(1)
    call, call_id = await around.call()
    await here.wait_event("CallConnected", call_id=call_id)
    await asyncio.sleep(1.0)
    return call, call_id


def _cells(here: Stand) -> list[int]:
    """Process ids of the cells: children of the nursery."""
    nursery = here.server.pids()["nursery"]
    children = Path(f"/proc/{nursery}/task/{nursery}/children").read_text().split()
    return [int(pid) for pid in children]


def _assert_came_back_at_once(here: Stand, old: int) -> None:
    """Nothing lies between death and start, and the start costs less than 5 s of a processor: what else the machine does is
    not control's, but within 5 s on one that has a processor for it new calls work.
    """
    (died,) = here.server.log_lines("launcher.part_died", part="control")
    first, second = here.server.log_lines("launcher.started", part="control")
    assert (died["status"], first["pid"]) == (-signal.SIGKILL, old)
    lines = [line for line in here.server.log_lines() if line["event"].startswith("launcher.")]
    assert lines.index(second) == lines.index(died) + 1
    serving = here.server.log_lines("control.serves")
    assert len(serving) == 2
    assert serving[-1]["cpu_s"] < CONTROL_BACK_S


async def test_control_dies_and_the_talk_goes_on_without_a_gap(tmp_path: Path) -> None:
    """Sound and recording do not notice; control adopts everything; a BYE then ends the call and closes its record."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
        handset(
            here.phone_address,
            account=here.account(1)[0],
            password=here.account(1)[1],
            registrar=here.registrar,
            tone_hz=AGENT_HZ,
        ) as phone,
    ):
        assert await phone.register() == 200
        await phone.auto_answer(0.0)
        await here.login(1)
        await caller.call(here.hotline)
        call_id = (await here.wait_event("CallConnected"))["call_id"]
        await asyncio.sleep(1.0)
        await caller.recording()
        before = len(here.events)
        old = here.server.kill("control")
        await asyncio.sleep(3.0)
        await here.wait_ready()
        assert here.server.pids()["control"] != old
        _assert_came_back_at_once(here, old)
        state = await here.wait_agent(1, activity="talking", call_id=call_id, within_s=5)
        assert state["reachable"], "the registration was lost"
        await asyncio.sleep(1.0)
        heard = await caller.recording()
        spans = spectrum.find_tone_spans(heard, AGENT_HZ, bridge_s=0.0)
        assert len(spans) == 1, f"sound had gaps: {spans}"

        await phone.hang_up()
        assert (await caller.wait_for("disconnected", within_s=3))["status"] == 200
        detail = await here.wait_call(call_id, within_s=10)
        record = detail["call"]
        assert (record["ended_by"], record["end_reason"]) == ("agent", "completed")
        (left, right), rate = spectrum.read_channels(here.wav(detail["recordings"][0]))
        length = seconds(record["ended_at"]) - seconds(record["answered_at"])
        assert len(left) / rate == pytest.approx(length, abs=0.2)
        assert len(spectrum.find_tone_spans(right, AGENT_HZ, bridge_s=0.0)) == 1, "the recording has a gap"
        await here.wait_agent(1, presence="wrap_up", within_s=5)
        # New calls work as before.
        since = len(here.events)
        assert since > before
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        await caller.call(here.hotline)
        await here.wait_event("CallConnected", since=since, within_s=10)
        await caller.hang_up()
        await judge_aftermath(here)


async def test_control_dies_while_callers_wait_and_places_and_figures_are_kept(tmp_path: Path) -> None:
    """Three were served, one gave up, one talks, two wait: nobody loses their place, and every figure is what it was."""
    terms = replace(TERMS, wrap_up_s=0.0)
    async with stand(tmp_path / "stand", terms) as here, peers(here, Manner(answer_s=0.1)) as around:
        await here.login(1)
        for _ in range(3):
            served, served_id = await around.call("13800000003")
            await here.wait_event("CallConnected", call_id=served_id)
            await around.trunk.hang_up(served)
            await here.wait_agent(1, activity="idle")
        talking, talking_id = await around.call("13800000004")
        await here.wait_event("CallConnected", call_id=talking_id)
        first, first_id = await around.call("13800000001")
        second, second_id = await around.call("13800000002")
        given_up, given_up_id = await around.call("13800000005")
        await around.trunk.hang_up(given_up)
        await here.wait_call(given_up_id)
        before, band = await _told_of_the_line(here, first_id)
        assert (before["offered"], before["answered"], before["abandoned"], before["waiting"]) == (7, 4, 1, 2)
        assert len(band) == 2, "nothing is known of the wait"
        here.server.kill("control")
        await asyncio.sleep(1.0)
        await here.wait_ready()
        assert not first.ended.done()
        assert not second.ended.done()
        after, band_after = await _told_of_the_line(here, first_id)
        assert after == before
        assert band_after == pytest.approx(band, abs=0.11)  # told in tenths of a second
        since = len(here.events)
        await around.trunk.hang_up(talking)
        await here.wait_event("CallConnected", since=since, call_id=first_id)
        received = first.stream.received
        await asyncio.sleep(0.5)
        assert first.stream.received > received
        await around.trunk.hang_up(second)
        record = (await here.wait_call(second_id))["call"]
        assert record["end_reason"] == "abandoned"
        await around.trunk.hang_up(first)
        await judge_aftermath(here)


async def _told_of_the_line(here: Stand, call_id: str) -> tuple[Json, list[float]]:
    """Every figure of the day with a caller's place, and the band of the expected wait; none of it changes by itself."""
    figures = await here.api.get("/v1/figures", **{"from": "2020-01-01T00:00:00Z"})
    explained = await here.api.get(f"/v1/calls/{call_id}/explain")
    why = explained["why_waiting"]
    return {**figures, "position": why["position"]}, why["expected_wait_s"]


async def test_control_dies_as_a_phone_is_rung_and_no_phone_rings_on(tmp_path: Path) -> None:
    """Killed in the very moment in which the INVITE arrives, before anything of it is on the disk; twice."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(answer_s=None)) as around:
        (phone,) = around.phones
        killed: list[Call] = []

        def kill(kind: str, _: DeskPhone, rung: Call) -> None:
            if kind == "ringing" and len(killed) < 2:
                killed.append(rung)
                here.server.kill("control")

        phone.on_event = kill
        await here.login(1)
        caller, _ = await around.call()
        async with asyncio.timeout(40):
            while len(phone.calls) < 3:
                await asyncio.sleep(0.05)
            assert [await rung.ended for rung in killed] == ["cancelled"] * 2
        assert not caller.ended.done()
        assert not phone.calls[2].ended.done(), "the last control rings it for the same caller"
        await here.wait_ready()
        await around.trunk.hang_up(caller)
        await judge_aftermath(here)


async def test_the_agents_cell_dies_and_the_caller_is_served_again_first(tmp_path: Path) -> None:
    """Music within 2 s, the head of the line, the arrival time kept; the agent's phone gets BYE."""
    terms = replace(TERMS, node_extra="alarm_calm_s = 3.0")
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here, Manner(answer_s=0.0, tone_hz=AGENT_HZ), Manner(answer_s=0.1)) as around,
    ):
        call, call_id = await _talking(here, around)
        arrived_at = (await here.api.call(call_id))["call"]["arrived_at"]
        phone_leg = around.phones[0].calls[0]
        _kill_cell(here, of="agent")
        async with asyncio.timeout(2):
            await phone_leg.ended
        await here.wait_event("CallRequeued", call_id=call_id, within_s=2)
        await here.wait_event("AlarmRaised", alarm="cell_lost", within_s=5)
        assert not call.ended.done()
        other, other_id = await around.call("13800000009")
        await asyncio.sleep(1.0)
        music = alaw_samples(bytes(call.stream.heard[-4000:]))
        assert spectrum.level_dbfs(music) > -45, "silence after the agent was lost"
        assert not spectrum.find_tone_spans(music, AGENT_HZ)
        since = len(here.events)
        await here.login(2)
        offered = await here.wait_event("CallOffered", since=since, within_s=3)
        assert offered["call_id"] == call_id, "the caller lost the head of the line"
        await here.wait_event("CallConnected", since=since, call_id=call_id)
        assert (await here.api.call(call_id))["call"]["arrived_at"] == arrived_at
        waiting = [record["call_id"] for record in await here.active_calls()]
        assert other_id in waiting
        await here.wait_event("AlarmCleared", alarm="cell_lost", within_s=15)
        for each in (other, call):
            await around.trunk.hang_up(each)
        await judge_aftermath(here)


async def test_the_customers_cell_dies_and_the_agent_goes_to_wrap_up(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(answer_s=0.0)) as around:
        call, call_id = await _talking(here, around)
        phone_leg = around.phones[0].calls[0]
        _kill_cell(here, of="customer")
        async with asyncio.timeout(3):
            assert await call.ended == "far end hung up"
            await phone_leg.ended
        await here.wait_agent(1, presence="wrap_up", activity="idle", within_s=3)
        record = (await here.wait_call(call_id))["call"]
        assert record["ended_by"] == "system"
        await judge_aftermath(here)


def _kill_cell(here: Stand, *, of: str) -> None:
    """Kill the cell that holds the `customer`'s or the `agent`'s leg of the one call that is up.

    Which cell that is stands in the dialog that control keeps; its process is the one with that UDP socket.
    """
    database = sqlite3.connect(f"file:{here.server.data_dir}/hotline.sqlite?mode=ro", uri=True)
    with closing(database):
        rows = database.execute("SELECT * FROM state").fetchall()
    dialogs = [json.loads(row[-1]) for row in rows if row[0] == "dialog"]
    target = next(d["cell_target"] for d in dialogs if d["inbound"] is (of == "customer"))
    address, port = target.partition("@")[2].split(";")[0].split(":")
    local = socket.inet_aton(address)[::-1].hex().upper() + f":{int(port):04X}"
    lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    inode = next(fields[9] for fields in lines if fields[1] == local)
    owner = next(pid for pid in _cells(here) if f"socket:[{inode}]" in _descriptors(pid))
    os.kill(owner, signal.SIGKILL)


def _descriptors(pid: int) -> set[str]:
    return {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}


async def test_the_plane_dies_and_its_recordings_are_whole_up_to_the_last_second(tmp_path: Path) -> None:
    """Calls end with BYE, the file is repaired, and a new plane serves new calls within 2 s."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(answer_s=0.0)) as around:
        call, call_id = await _talking(here, around)
        answered_at = seconds((await here.api.call(call_id))["call"]["answered_at"])
        await asyncio.sleep(2.0)
        since = len(here.events)
        plane = next(name for name in here.server.pids() if name.startswith("plane"))
        old = here.server.kill(plane)
        killed_at = time.time()
        async with asyncio.timeout(3):
            await call.ended
        detail = await here.wait_call(call_id)
        assert detail["call"]["end_reason"] == "media_lost"
        recording = await here.recording(detail["recordings"][0])
        assert recording["state"] == "crash"
        (left, _), rate = spectrum.read_channels(here.wav(detail["recordings"][0]))
        assert len(left) / rate >= killed_at - answered_at - 1.2
        assert spectrum.find_tone_spans(left, CALLER_HZ)
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        async with asyncio.timeout(4):
            while here.server.pids().get(plane) == old:
                await asyncio.sleep(0.05)
            await here.wait_ready(within_s=3)
        assert time.time() - killed_at < 4
        later, again = await around.call("13800000002")
        await here.wait_event("CallConnected", since=since, call_id=again)
        await around.trunk.hang_up(later)
        await judge_aftermath(here)


async def test_the_nursery_dies_and_new_calls_are_served_again(tmp_path: Path) -> None:
    """Its cells die with it: every leg ends with BYE, a new nursery raises new cells."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(answer_s=0.0)) as around:
        call, call_id = await _talking(here, around)
        since = len(here.events)
        here.server.kill("nursery")
        async with asyncio.timeout(5):
            await call.ended
        await here.wait_call(call_id)
        await here.wait_ready(within_s=10)
        with_wrap_up = await here.api.agent(here.agent(1))
        if with_wrap_up["presence"] == "wrap_up":
            await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        later, again = await around.call("13800000002")
        await here.wait_event("CallConnected", since=since, call_id=again, within_s=10)
        await around.trunk.hang_up(later)
        await judge_aftermath(here)
