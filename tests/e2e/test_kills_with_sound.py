"""`kill -9` under real conversations between pjsua2 phones: what each of them hears, and what is in the file."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.running_server import Json
from tests import spectrum
from tests.aftermath import judge_aftermath
from tests.peers import seconds
from tests.phones.handset import Handset, handset
from tests.stand import Stand, Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, wrap_up_s=30.0, greeting="", announce_agent=False)
CALLER_HZ, AGENT_HZ = 440.0, 1000.0


@asynccontextmanager
async def desk(here: Stand, seat: int, tone_hz: float = AGENT_HZ) -> AsyncIterator[Handset]:
    """A registered desk phone that answers at once."""
    account, password = here.account(seat)
    async with handset(
        here.phone_address,
        account=account,
        password=password,
        registrar=here.registrar,
        tone_hz=tone_hz,
        rtp_port=30000 + 20 * seat,
    ) as phone:
        assert await phone.register() == 200
        await phone.auto_answer(0.0)
        yield phone


@asynccontextmanager
async def conversation(folder: Path) -> AsyncIterator[tuple[Stand, Handset, Handset, str]]:
    """A caller and agent 1 who have talked for a second, recorded: the stand, both phones, the call's id."""
    async with (
        stand(folder, TERMS) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
        desk(here, 1) as phone,
    ):
        await here.login(1)
        await caller.call(here.hotline)
        call_id = str((await here.wait_event("CallConnected"))["call_id"])
        await asyncio.sleep(1.0)
        yield here, caller, phone, call_id


def placed(here: Stand) -> list[Json]:
    """Which cell carries which leg, as the log says, in order."""
    lines = here.server.log.read_text(errors="replace").splitlines()
    found = [json.loads(line) for line in lines if '"leg.placed"' in line]
    return [line for line in found if line["event"] == "leg.placed"]


def assert_no_gap(sound: spectrum.Samples, hz: float, at_least_s: float) -> None:
    """The tone runs from where it begins to the end of the sound; not one packet is missing."""
    spans = spectrum.find_tone_spans(sound, hz, bridge_s=0.0)
    assert len(spans) == 1, f"{hz} Hz in pieces: {spans}"
    (start, end), length = spans[0], len(sound) / 8000
    assert end - start >= at_least_s
    assert length - end < 0.3, f"{hz} Hz ended early: {spans} of {length} s"
    steady = sound[round((start + 0.1) * 8000) : round((min(end, length) - 0.1) * 8000)]
    assert not spectrum.find_holes(steady)


async def test_without_control_both_hear_each_other_and_both_are_recorded(tmp_path: Path) -> None:
    """Three seconds before, under and after the kill: one tone without a gap in both phones and both channels."""
    async with conversation(tmp_path) as (here, caller, phone, call_id):
        killed_at = time.time()
        here.server.kill("control")
        await asyncio.sleep(3.0)
        at_caller, at_phone = await caller.recording(), await phone.recording()
        assert_no_gap(at_caller, AGENT_HZ, 2.5)
        assert_no_gap(at_phone, CALLER_HZ, 2.5)
        await here.wait_ready()
        await here.wait_agent(1, activity="talking", call_id=call_id, within_s=5)

        await caller.hang_up()
        await phone.wait_for("disconnected", within_s=3)
        detail = await here.wait_call(call_id)
        record = detail["call"]
        assert (record["ended_by"], record["end_reason"]) == ("caller", "completed")
        assert record["talk_s"] == pytest.approx(
            seconds(record["ended_at"]) - seconds(record["connected_at"]), abs=0.01
        )
        recording = await here.recording(detail["recordings"][0])
        assert recording["state"] == "done"
        (left, right), rate = spectrum.read_channels(here.wav(recording["recording_id"]))
        length = seconds(record["ended_at"]) - seconds(record["answered_at"])
        assert len(left) / rate == pytest.approx(length, abs=0.2)
        assert_no_gap(left, CALLER_HZ, length - 0.6)
        assert_no_gap(right, AGENT_HZ, time.time() - killed_at - 1.0)
        await judge_aftermath(here)


@pytest.mark.parametrize("who", ["caller", "agent"])
async def test_who_hangs_up_while_control_is_away_is_heard_when_it_is_back(tmp_path: Path, who: str) -> None:
    """The BYE finds no control; it is repeated, the call ends for both, and the record names who it was."""
    async with conversation(tmp_path) as (here, caller, phone, call_id):
        one, other = (caller, phone) if who == "caller" else (phone, caller)
        here.server.kill("control")
        await one.hang_up()
        await here.wait_ready()
        # The BYE comes again every four seconds at most (RFC 3261 section 17.1.2.2, T2).
        await other.wait_for("disconnected", within_s=8)
        detail = await here.wait_call(call_id, within_s=8)
        record = detail["call"]
        assert (record["ended_by"], record["end_reason"]) == (who, "completed")
        await here.wait_agent(1, presence="wrap_up", activity="idle", within_s=5)
        await judge_aftermath(here)


async def test_a_cell_costs_only_the_legs_that_it_carried(tmp_path: Path) -> None:
    """Two talks: the killed cell's leg ends, its caller hears music within 2 s and is served first; nobody else notices."""
    async with (
        stand(tmp_path, replace(TERMS, spare_legs=24)) as here,
        handset(here.trunk_address, account="13900000001", tone_hz=CALLER_HZ) as caller,
        handset(here.trunk_address, account="13900000002", tone_hz=620.0, rtp_port=30100) as bystander,
        desk(here, 1) as first,
        desk(here, 2, tone_hz=1400.0) as second,
    ):
        await here.login(1)
        await caller.call(here.hotline)
        call_id = (await here.wait_event("CallConnected"))["call_id"]
        await here.login(2)
        since = len(here.events)
        await bystander.call(here.hotline)
        other_id = (await here.wait_event("CallConnected", since=since))["call_id"]
        arrived_at = (await here.api.call(call_id))["call"]["arrived_at"]
        await asyncio.sleep(1.0)
        cells = {(line["call_id"], line["role"]): line["pid"] for line in placed(here)}
        assert cells[call_id, "agent"] != cells[call_id, "customer"], "one cell would cost a whole call"
        victim = cells[call_id, "agent"]
        assert victim not in (cells[other_id, "agent"], cells[other_id, "customer"]), "others had room"

        heard_before = len(await caller.recording())
        os.kill(victim, signal.SIGKILL)
        await first.wait_for("disconnected", within_s=2)
        await here.wait_event("CallRequeued", call_id=call_id, within_s=2)
        await asyncio.sleep(2.0)
        heard = (await caller.recording())[heard_before:]
        music = heard[-8000:]
        assert spectrum.level_dbfs(music) > -45, "no music 2 s after the agent was lost"
        assert spectrum.tone_level_dbfs(music, AGENT_HZ) < -45
        silent = [
            at for at in range(0, len(heard) - 800, 800) if spectrum.level_dbfs(heard[at : at + 800]) < -60
        ]
        assert len(silent) * 0.1 < 2.0
        assert not caller.seen("disconnected")

        # The lost agent is free at once, and the caller who was cut off is served before anybody new.
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        async with asyncio.timeout(5):
            while len(here.seen("CallConnected")) < 3:
                await asyncio.sleep(0.05)
        assert here.seen("CallConnected")[-1]["call_id"] == call_id
        assert (await here.api.call(call_id))["call"]["arrived_at"] == arrived_at
        await asyncio.sleep(0.5)

        at_bystander, at_second = await bystander.recording(), await second.recording()
        assert_no_gap(at_bystander, 1400.0, 3.0)
        assert_no_gap(at_second, 620.0, 3.0)
        await caller.hang_up()
        record = (await here.wait_call(call_id))["call"]
        detail = await here.api.call(call_id)
        recording = await here.recording(detail["recordings"][0])
        assert recording["state"] == "done"
        (left, right), rate = spectrum.read_channels(here.wav(recording["recording_id"]))
        assert len(left) / rate == pytest.approx(
            seconds(record["ended_at"]) - seconds(record["answered_at"]), abs=0.2
        )
        assert len(spectrum.find_tone_spans(right, AGENT_HZ)) == 2, "both talks are in the one file"
        assert_no_gap(left, CALLER_HZ, len(left) / rate - 0.6)
        await bystander.hang_up()
        await judge_aftermath(here)


async def test_a_new_plane_serves_two_seconds_after_the_old_one_died_and_nothing_said_is_lost(
    tmp_path: Path,
) -> None:
    """Both phones get BYE at once, the file is whole up to the last second, a call made at 2 s has sound."""
    async with conversation(tmp_path) as (here, caller, phone, call_id):
        await asyncio.sleep(2.0)
        since = len(here.events)
        here.server.kill("plane-0")
        killed_at = time.time()
        await caller.wait_for("disconnected", within_s=1)
        await phone.wait_for("disconnected", within_s=1)
        await here.wait_agent(1, presence="wrap_up", activity="idle", within_s=1)
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        await asyncio.sleep(max(0.0, killed_at + 2.0 - time.time()))
        await caller.call(here.hotline)
        again = (await here.wait_event("CallConnected", since=since, within_s=1.5))["call_id"]
        await asyncio.sleep(1.5)
        assert spectrum.tone_level_dbfs((await caller.recording())[-4000:], AGENT_HZ) > -20
        assert spectrum.tone_level_dbfs((await phone.recording())[-4000:], CALLER_HZ) > -20

        detail = await here.wait_call(call_id)
        record = detail["call"]
        assert (record["ended_by"], record["end_reason"]) == ("system", "media_lost")
        assert seconds(record["ended_at"]) - killed_at < 1.0
        recording = await here.recording(detail["recordings"][0])
        assert recording["state"] == "crash"
        status, whole = await here.api.download(f"/v1/recordings/{recording['recording_id']}")
        assert (status, len(whole)) == (200, recording["size_bytes"])
        (left, right), rate = spectrum.read_channels(here.wav(recording["recording_id"]))
        length = killed_at - seconds(record["answered_at"])
        assert length - 1.0 <= len(left) / rate <= length + 0.2
        assert recording["duration_s"] == pytest.approx(len(left) / rate, abs=0.02)
        assert_no_gap(left, CALLER_HZ, length - 1.4)
        assert_no_gap(right, AGENT_HZ, length - 1.6)
        await caller.hang_up()
        assert (await here.wait_call(again))["call"]["end_reason"] == "completed"
        await judge_aftermath(here)


async def test_a_new_nursery_raises_cells_that_serve_and_the_recording_is_whole(tmp_path: Path) -> None:
    """Its cells die with it: both ends get BYE, the record is closed, a call made a few seconds later has sound."""
    async with conversation(tmp_path) as (here, caller, phone, call_id):
        since = len(here.events)
        here.server.kill("nursery")
        killed_at = time.time()
        await caller.wait_for("disconnected", within_s=2)
        await phone.wait_for("disconnected", within_s=2)
        detail = await here.wait_call(call_id)
        record = detail["call"]
        assert record["ended_by"] == "system"
        recording = await here.recording(detail["recordings"][0])
        assert recording["state"] == "done", "the plane did not die"
        (left, _), rate = spectrum.read_channels(here.wav(recording["recording_id"]))
        length = seconds(record["ended_at"]) - seconds(record["answered_at"])
        assert len(left) / rate == pytest.approx(length, abs=0.2)
        await here.wait_ready(within_s=5)
        assert time.time() - killed_at < 5.0
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        await caller.call(here.hotline)
        await here.wait_event("CallConnected", since=since, within_s=3)
        await asyncio.sleep(1.0)
        assert spectrum.tone_level_dbfs((await caller.recording())[-4000:], AGENT_HZ) > -20
        await caller.hang_up()
        await judge_aftermath(here)


@pytest.mark.parametrize("moment", ["greeted", "ringing", "away"])
async def test_control_dies_in_the_middle_of_a_step_and_the_caller_is_served_all_the_same(
    tmp_path: Path, moment: str
) -> None:
    """While the greeting plays, while a phone rings, and for an INVITE that finds nobody: one call, one agent, one end."""
    greeting = "welcome" if moment == "greeted" else ""
    async with (
        stand(tmp_path, replace(TERMS, greeting=greeting)) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
        desk(here, 1) as phone,
    ):
        if moment == "ringing":
            await phone.ring_only()
        await here.login(1, state="not_ready" if moment == "greeted" else "ready")
        if moment == "away":
            await asyncio.sleep(0.3)  # the store gathers its commits
            here.server.kill("control")
        await caller.call(here.hotline)
        if moment == "ringing":
            await phone.wait_for("incoming")
        elif moment == "greeted":
            await caller.wait_for("confirmed")
        if moment != "away":
            await asyncio.sleep(0.5)
            here.server.kill("control")
        await phone.auto_answer(0.0)
        await here.wait_ready()
        if moment == "greeted":
            await here.api.ready(here.agent(1))
        await here.wait_agent(1, activity="talking", within_s=10)
        await asyncio.sleep(1.5)
        assert spectrum.tone_level_dbfs((await caller.recording())[-4000:], AGENT_HZ) > -20
        if moment == "ringing":
            assert len(phone.seen("incoming")) == 2
            assert len(phone.seen("disconnected")) == 1, "the phone of the old offer rings on"
        calls = await here.active_calls()
        assert len(calls) == 1, "one caller is one call"
        await caller.hang_up()
        detail = await here.wait_call(calls[0]["call_id"])
        assert (detail["call"]["ended_by"], detail["call"]["end_reason"]) == ("caller", "completed")
        await judge_aftermath(here)


async def test_control_dies_just_as_it_answers_and_nobody_hangs_in_the_air(tmp_path: Path) -> None:
    """Between 200 and ACK a call may be lost, but never half: the caller is served or gets BYE, and the record is closed."""
    async with (
        stand(tmp_path, TERMS) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ) as caller,
        desk(here, 1) as phone,
    ):
        await here.login(1)
        await asyncio.sleep(0.3)
        for pause_s in (0.0, 0.005, 0.02, 0.05):
            since, before = len(phone.events), len(caller.events)
            await caller.call(here.hotline)
            await asyncio.sleep(pause_s)
            here.server.kill("control")
            await here.wait_ready()
            await asyncio.sleep(2.0)
            if not [event for event in caller.events[before:] if event["event"] == "disconnected"]:
                assert [event for event in phone.events[since:] if event["event"] == "confirmed"]
                await caller.hang_up()
                await phone.wait_for("disconnected", since=since)
            await here.wait_agent(1, activity="idle")
            if (await here.api.agent(here.agent(1)))["presence"] == "wrap_up":
                await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
            await judge_aftermath(here)
