"""Metrics and alarms of a running system, as a monitoring system and an operator see them."""

import asyncio
import re
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.desk_phones import Manner
from bench.running_server import Json
from tests.peers import peers
from tests.softswitch.sip.raw_peer import RawPeer
from tests.stand import Stand, Terms, stand

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


async def scrape(here: Stand) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by name and labels."""
    status, body = await here.api.download("/metrics")
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): float(sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def value(samples: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    return samples[f"hotline_{name}", frozenset(labels.items())]


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
