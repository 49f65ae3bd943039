"""The live stream as server-sent events."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from api.live import LiveLimits
from tests.api.city import City, running_city


async def next_of(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """The fields of the next event; comments alone are an event without fields."""
    fields = {}
    async with asyncio.timeout(5):
        while line := (await answer.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields


async def test_events_come_with_their_ids(city: City) -> None:
    """A snapshot first, then numbered events."""
    async with city.client.get("/v1/events/stream", headers=city.auth("read")) as answer:
        assert answer.content_type == "text/event-stream"
        first = await next_of(answer)
        assert (first["event"], first["id"]) == ("snapshot", "stream-1:0")
        assert json.loads(first["data"])["data"] == {"waiting": 0}
        city.events.publish("a", {"text": "第一行\n第二行"})
        second = await next_of(answer)
        assert (second["event"], second["id"]) == ("event", "stream-1:1")
        assert json.loads(second["data"])["data"] == {"text": "第一行\n第二行"}


async def test_a_reader_that_comes_back_misses_nothing(city: City) -> None:
    """By the last id, as browsers send it by themselves."""
    for kind in ("a", "b", "c"):
        city.events.publish(kind, {})
    headers = {**city.auth(), "Last-Event-ID": "stream-1:1"}
    async with city.client.get("/v1/events/stream", headers=headers) as answer:
        assert (await next_of(answer))["event"] == "resumed"
        assert [json.loads((await next_of(answer))["data"])["kind"] for _ in range(2)] == ["b", "c"]
    headers["Last-Event-ID"] = "other:1"
    async with city.client.get("/v1/events/stream", headers=headers) as answer:
        assert (await next_of(answer))["event"] == "snapshot"


async def test_a_broken_last_id_is_refused(city: City) -> None:
    """422 before the stream begins."""
    for last in ("x", "stream-1:", "stream-1:٣", "stream-1:-1", "a:" + "9" * 40):
        headers = {**city.auth(), "Last-Event-ID": last.encode().decode("latin-1")}
        async with city.client.get("/v1/events/stream", headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (
                422,
                "bad_last_event_id",
            )


async def test_an_idle_stream_beats_and_ends_with_its_session(tmp_path: Path) -> None:
    """Who is signed out hears nothing more."""
    async with running_city(tmp_path, LiveLimits(heartbeat_s=0.05)) as city:
        headers = await city.bearer_of("1001")
        async with city.client.get("/v1/events/stream", headers=headers) as answer:
            await next_of(answer)
            assert await next_of(answer) == {"": "heartbeat"}
            await city.client.delete("/v1/session", headers=headers)
            async with asyncio.timeout(5):
                await answer.content.read()
        assert city.live.plain_readers == {}
        assert city.events.readers == 0


async def test_a_reader_that_is_lost_is_let_go(tmp_path: Path) -> None:
    """More events at once than its buffer holds: the stream ends, and it comes back with its last id."""
    async with running_city(tmp_path, LiveLimits(buffer_size=5)) as city:
        async with city.client.get("/v1/events/stream", headers=city.auth()) as answer:
            last: Any = await next_of(answer)
            for _ in range(30):
                city.events.publish("a", {})
            async with asyncio.timeout(5):
                await answer.content.read()
        headers = {**city.auth(), "Last-Event-ID": last["id"]}
        async with city.client.get("/v1/events/stream", headers=headers) as answer:
            await next_of(answer)
            ids = [(await next_of(answer))["id"] for _ in range(30)]
        assert ids == [f"stream-1:{number}" for number in range(1, 31)]
