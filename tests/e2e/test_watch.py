"""Metrics and alarms of a running system, as a monitoring system and an operator see them."""

import asyncio
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bench.desk_phones import Manner
from bench.running_server import Json
from tests.hostile.guesses import challenge, outcome, proof
from tests.peers import peers
from tests.readings import scrape, value
from tests.softswitch.sip.raw_peer import RawPeer
from tests.stand import Stand, Terms, stand

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


async def test_metrics_tell_of_a_call_while_it_talks_and_after_it(tmp_path: Path) -> None:
    async with stand(tmp_path, TERMS) as here, peers(here, Manner(answer_s=0.0)) as around:
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await asyncio.sleep(1.5)
        during = await scrape(here)
        assert value(during, "calls", state="talking") == 1
        assert value(during, "agents", presence="ready", activity="talking") == 1
        assert value(during, "trunk_channels_in_use", trunk="city") == 1
        assert value(during, "trunk_up", trunk="city") == 1
        assert value(during, "plane_legs") == 2
        assert value(during, "plane_up") == 1
        assert value(during, "plane_ticks_total") >= 50
        assert value(during, "sip_answers_total", direction="sent", status="200") >= 1
        assert value(during, "wait_seconds_count", queue="hotline") == 1
        assert value(during, "process_resident_bytes", part="control") > 10_000_000
        await around.trunk.hang_up(call)
        await here.wait_call(call_id)
        after = await scrape(here)
        assert value(after, "calls_ended_total", ended_by="caller", reason="completed") == 1
        assert value(after, "rtp_leg_packets_total", fate="received") > 50
        assert value(after, "recordings_closed_total", state="done") == 1
        assert value(after, "store_failing") == 0


@pytest.mark.long
async def test_metrics_count_answers_bans_and_agents_and_how_late_the_disk_was(tmp_path: Path) -> None:
    """Each by what was done: three numbers that lead nowhere, six wrong passwords, a lock of more than a second."""
    async with stand(tmp_path, replace(TERMS, seats=3)) as here, peers(here, Manner(), Manner()) as around:
        await here.login(1)
        await here.login(2, state="not_ready")
        before = await scrape(here)
        assert value(before, "agents", presence="ready", activity="idle") == 1
        assert value(before, "agents", presence="not_ready", activity="idle") == 1
        assert value(before, "agents", presence="logged_out", activity="idle") == 1
        assert value(before, "sip", what="sources_banned") == 0
        assert value(before, "store_worst_lag_seconds") < 1.0
        for _ in range(3):
            assert await (await around.trunk.call("99999", "13800000001")).answered == 404
        guesser = await RawPeer.open(here.stranger_address)
        user, _ = here.account(3)
        found = await challenge(guesser, here, user)
        for number in range(6):
            assert await outcome(guesser, here, proof(guesser, here, user, f"no-{number}", found)) == 401
        guesser.close()
        with closing(sqlite3.connect(here.server.data_dir / "hotline.sqlite", isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            changed = asyncio.ensure_future(here.api.not_ready(here.agent(1)))
            await asyncio.sleep(1.2)
            lock.execute("ROLLBACK")
        await changed
        async with asyncio.timeout(10):
            while value(after := await scrape(here), "store_worst_lag_seconds") < 1.0:
                await asyncio.sleep(0.1)
        assert value(after, "store_failures_total") == 0, "it was late, and nothing more"
        assert value(after, "agents", presence="not_ready", activity="idle") == 2

        def more(direction: str, status: str) -> float:
            name = ("hotline_sip_answers_total", frozenset({("direction", direction), ("status", status)}))
            return after[name] - before.get(name, 0.0)

        assert more("sent", "404") == 3
        assert more("sent", "401") == 7, "the challenge and each guess"
        assert value(after, "sip", what="credentials_refused") == 6
        assert value(after, "sip", what="sources_banned") == 1


async def test_dashboard_and_rules_ask_for_metrics_that_there_are(tmp_path: Path) -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    wanted = {
        name
        for file in ("grafana.json", "alert_rules.yml")
        for name in re.findall(r"hotline_\w+", (docs / file).read_text(encoding="utf-8"))
    }
    async with stand(tmp_path, TERMS) as here:
        body = b""
        async with asyncio.timeout(30):
            while b"hotline_plane_legs" not in body:  # the plane reports once a second
                _, body = await here.api.download("/metrics")
                await asyncio.sleep(0.2)
    families = set(re.findall(r"^# TYPE (\S+) ", body.decode(), re.MULTILINE))
    known = families | {f"{name}{end}" for name in families for end in ("_bucket", "_count", "_sum")}
    assert wanted
    assert wanted <= known


async def test_metrics_are_for_those_with_a_token(tmp_path: Path) -> None:
    async with (
        stand(tmp_path, TERMS) as here,
        aiohttp.ClientSession() as stranger,
        stranger.get(f"{here.api.base}/metrics") as answer,
    ):
        assert answer.status == 401


async def drills(here: Stand) -> list[Json]:
    """The test alarms that stand; others may stand by the time of the year."""
    standing = (await here.api.get("/v1/alarms"))["items"]
    return [alarm for alarm in standing if alarm["alarm_id"] == "test"]


async def test_the_test_alarm_is_shown_told_and_ended_by_acknowledging(tmp_path: Path) -> None:
    """It outlives a restart of control, as any alarm does."""
    async with stand(tmp_path, TERMS) as here:
        raised = await here.api.post("/v1/alarms/test", {"detail": "消防演习"})
        assert (raised["alarm_id"], raised["severity"], raised["acknowledged_by"]) == (
            "test",
            "warning",
            None,
        )
        await here.wait_event("AlarmRaised", alarm="test", detail="消防演习")
        await asyncio.sleep(0.3)  # the group commit
        here.server.kill("control")
        await asyncio.sleep(0.5)
        await here.wait_ready()
        (standing,) = await drills(here)
        assert standing["raised_at"] == raised["raised_at"]
        since = len(here.events)
        acknowledged = await here.api.post("/v1/alarms/test/acknowledge", {"by": "王芳"})
        assert acknowledged["acknowledged_by"] == "王芳"
        await here.wait_event("AlarmCleared", since=since, alarm="test")
        assert await drills(here) == []


@pytest.mark.long
async def test_a_trunk_that_does_not_answer_is_an_alarm_until_it_does(tmp_path: Path) -> None:
    terms = Terms(seats=1, options_interval_s=0.5, options_timeout_s=0.5, trunk_extra='host = "{network}.2"')
    async with stand(tmp_path, terms) as here:
        await here.wait_event("AlarmRaised", alarm="trunk_down", subject="city", within_s=20)
        assert (
            value(await scrape(here), "alarm", alarm="trunk_down", subject="city", severity="critical") == 1
        )
        gateway = await RawPeer.open(here.trunk_address, 5060)

        def answer(data: bytes, source: tuple[str, int]) -> None:
            gateway.answer(data.decode(), 200, source)

        gateway.relay = answer
        try:
            await here.wait_event("AlarmCleared", alarm="trunk_down", subject="city", within_s=20)
        finally:
            gateway.close()
