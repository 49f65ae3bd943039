"""The machine misbehaves under a system that carries calls: a locked database, no descriptors."""

import asyncio
import os
import re
import resource
import signal
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.peers.call import Call
from tests.aftermath import judge_aftermath
from tests.peers import Peers, peers
from tests.stand import Stand, Terms, stand
from tests.webhook_receiver import Heard, webhook_receiver

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=3, wrap_up_s=0.0, greeting="", announce_agent=False)
TALKER = Manner(answer_s=0.0)


async def talking(here: Stand, around: Peers, caller: str) -> tuple[Call, str]:
    """A call that an agent has answered."""
    since = len(here.events)
    call, call_id = await around.call(caller)
    await here.wait_event("CallConnected", since=since, call_id=call_id)
    return call, call_id


async def goes_on(call: Call, for_s: float = 0.5) -> bool:
    """Whether its sound comes all the time."""
    before = call.stream.received
    await asyncio.sleep(for_s)
    return not call.ended.done() and call.stream.received - before > 25 * for_s


async def told_of(heard: Heard, alarm: str) -> str:
    """What the receiver of webhooks hears next of an alarm."""
    async with asyncio.timeout(10):
        while (told := await heard.get())["data"]["alarm"] != alarm:
            pass
    kind: str = told["type"]
    return kind


async def test_a_database_that_somebody_locks_costs_no_call_and_no_record(tmp_path: Path) -> None:
    """Eight seconds of a foreign lock: one alarm, also by webhook; calls as before, and afterwards every record is there."""
    async with (
        webhook_receiver(("alarm.raised", "alarm.cleared")) as (hook, heard),
        stand(tmp_path, replace(TERMS, extra=hook)) as here,
        peers(here, TALKER, TALKER, TALKER) as around,
    ):
        for number in (1, 2):
            await here.login(number)
        before, before_id = await talking(here, around, "13800000001")
        await asyncio.sleep(0.5)
        with closing(sqlite3.connect(here.server.data_dir / "hotline.sqlite", isolation_level=None)) as thief:
            thief.execute("BEGIN IMMEDIATE")
            locked_at = time.monotonic()
            during = await around.trunk.call("12345", "13800000002")
            async with asyncio.timeout(3):
                assert await during.answered == 200
            await here.wait_event("AlarmRaised", alarm="store_failing", within_s=10)
            assert await told_of(heard, "store_failing") == "alarm.raised"
            assert await goes_on(before)
            assert await goes_on(during)
            health = await here.api.health()
            assert health is not None
            assert "store" in health["reasons"]
            await asyncio.sleep(max(0.0, locked_at + 8.0 - time.monotonic()))
            thief.execute("ROLLBACK")
        await here.wait_event("AlarmCleared", alarm="store_failing", within_s=10)
        assert await told_of(heard, "store_failing") == "alarm.cleared"
        await around.trunk.hang_up(before)
        await around.trunk.hang_up(during)
        during_id = (await here.wait_event("CallArrived", caller="13800000002"))["call_id"]
        for call_id in (before_id, during_id):
            record = (await here.wait_call(call_id))["call"]
            assert record["end_reason"] == "completed"
            assert record["talk_s"] > 0
        assert not await here.active_calls()
        names = [entry["kind"] for entry in (await here.api.call(during_id))["events"]]
        assert names[0] == "CallArrived"
        once = [name for name in names if name.startswith(("Call", "Recording"))]
        assert len(once) == len(set(once)), "something was written twice"
        await judge_aftermath(here)


def idle_cell(here: Stand) -> int:
    """The process id of a cell in which no leg was ever placed."""
    used = {line["pid"] for line in here.server.log_lines("leg.placed")}
    return next(int(line["pid"]) for line in here.server.log_lines("cell.started") if line["pid"] not in used)


async def room(here: Stand) -> int:
    """Legs that the cells have room for, those that are up included."""
    health = await here.api.health()
    assert health is not None
    (cells,) = [part["detail"] for part in health["parts"] if part["name"] == "cells"]
    return sum(int(found) for found in re.findall(r"(?:used|free)=(\d+)", cells))


async def test_control_without_descriptors_keeps_its_calls_and_takes_new_ones(tmp_path: Path) -> None:
    """Connections take the last descriptor: calls by UDP need none, and when there are some again TCP works too.

    A cell that is born meanwhile cannot be spoken to, which shows that none was left: it is no dead one, and serves as soon as
    it can be.
    """
    async with stand(tmp_path, TERMS) as here, peers(here, TALKER, TALKER, TALKER) as around:
        for number in (1, 2):
            await here.login(number)
        call, _ = await talking(here, around, "13800000001")
        control = here.server.pids()["control"]
        before, born = await room(here), len(here.server.log_lines("cell.started"))
        most = resource.prlimit(control, resource.RLIMIT_NOFILE)
        open_now = len(list(Path(f"/proc/{control}/fd").iterdir()))
        resource.prlimit(control, resource.RLIMIT_NOFILE, (open_now + 4, most[1]))
        host, port = here.sip
        idle = []
        try:
            for _ in range(12):
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(1.0):
                        idle.append(await asyncio.open_connection(host, port))
            assert await goes_on(call)
            again, _ = await talking(here, around, "13800000002")
            assert await goes_on(again)
            os.kill(idle_cell(here), signal.SIGKILL)
            async with asyncio.timeout(10):
                while len(here.server.log_lines("cell.started")) <= born:
                    await asyncio.sleep(0.1)
            async with asyncio.timeout(10):
                while not here.server.log_lines("cell.link_waits"):
                    await asyncio.sleep(0.1)
            assert await goes_on(call, 1.0)
        finally:
            for _, writer in idle:
                writer.close()
            resource.prlimit(control, resource.RLIMIT_NOFILE, most)
        await here.wait_ready(within_s=10)
        async with asyncio.timeout(10):
            while await room(here) < before:
                await asyncio.sleep(0.1)
        await here.login(3)
        third, _ = await talking(here, around, "13800000003")
        assert await goes_on(third)
        assert not here.server.log_lines("standing_work.stumbled")
        for each in (call, again, third):
            await around.trunk.hang_up(each)
        await judge_aftermath(here)
        _, writer = await asyncio.open_connection(host, port)
        writer.close()


async def test_a_plane_without_descriptors_refuses_new_calls_only(tmp_path: Path) -> None:
    async with stand(tmp_path, TERMS) as here, peers(here, TALKER, TALKER, TALKER) as around:
        for number in (1, 2):
            await here.login(number)
        call, _ = await talking(here, around, "13800000001")
        plane = here.server.pids()["plane-0"]
        most = resource.prlimit(plane, resource.RLIMIT_NOFILE)
        resource.prlimit(
            plane, resource.RLIMIT_NOFILE, (len(list(Path(f"/proc/{plane}/fd").iterdir())), most[1])
        )
        late = await around.trunk.call("12345", "13800000002")
        async with asyncio.timeout(6):
            assert await late.answered == 503
        assert await goes_on(call)
        resource.prlimit(plane, resource.RLIMIT_NOFILE, most)
        again, _ = await talking(here, around, "13800000003")
        assert await goes_on(again)
        for each in (call, again):
            await around.trunk.hang_up(each)
        await judge_aftermath(here)
