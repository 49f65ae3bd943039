"""The live stream: who may read, snapshot and numbers, coming back, slow readers."""

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api.introduction import CLOSE_UNAUTHENTICATED
from api.live import CLOSE_TOO_SLOW, LiveLimits
from tests.api.city import ADDRESS, WORDS, City, running_city


async def next_of(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """The next message as JSON."""
    return await socket.receive_json(timeout=5)


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read on until the server closes; its code."""
    async with asyncio.timeout(5):
        async for _ in socket:
            pass
    return socket.close_code


async def test_a_reader_gets_a_snapshot_and_then_every_event_in_order(city: City) -> None:
    """Numbers go on from the snapshot's without a gap."""
    city.events.publish("call_arrived", {"call_id": "c0"})
    async with city.client.ws_connect("/v1/events", headers=city.auth("agent")) as socket:
        assert await next_of(socket) == {
            "type": "snapshot",
            "stream": "stream-1",
            "number": 1,
            "data": {"waiting": 0},
        }
        for number in (2, 3, 4):
            city.events.publish("call_arrived", {"call_id": f"c{number}"})
        events = [await next_of(socket) for _ in range(3)]
        assert [(event["number"], event["data"]["call_id"]) for event in events] == [
            (2, "c2"),
            (3, "c3"),
            (4, "c4"),
        ]
        assert events[0]["type"] == "event"
        assert events[0]["kind"] == "call_arrived"
        assert events[0]["at"].startswith("2025-11-2")


async def test_a_browser_sends_its_token_in_the_first_message(city: City) -> None:
    """It cannot set a header, and a URL is no place for a token."""
    async with city.client.ws_connect("/v1/events") as socket:
        await socket.send_json({"type": "authenticate", "token": WORDS["read"]})
        assert (await next_of(socket))["type"] == "snapshot"
        await socket.send_str('{"type":"ping"}')
        assert await next_of(socket) == {"type": "pong"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type":"authenticate","token":"wrong"}', CLOSE_UNAUTHENTICATED),
        ('{"type":"authenticate","token":""}', CLOSE_UNAUTHENTICATED),
        ('{"type":"authenticate"}', CLOSE_UNAUTHENTICATED),
        ('{"type":"hello"}', CLOSE_UNAUTHENTICATED),
        ("[]", CLOSE_UNAUTHENTICATED),
        ("nonsense", CLOSE_UNAUTHENTICATED),
        (json.dumps({"type": "authenticate", "token": WORDS["none"]}), 4403),
    ],
)
async def test_a_first_message_without_a_good_token_ends_the_connection(
    city: City, message: str, code: int
) -> None:
    """Nothing is sent to it before."""
    async with city.client.ws_connect("/v1/events") as socket:
        await socket.send_str(message)
        received = await socket.receive(timeout=5)
        assert received.type is aiohttp.WSMsgType.CLOSE
        assert received.data == code
    assert city.events.readers == 0


async def test_who_says_nothing_is_let_go(tmp_path: Path) -> None:
    """Unauthenticated connections do not pile up."""
    async with (
        running_city(tmp_path, LiveLimits(authenticate_within_s=0.05)) as city,
        city.client.ws_connect("/v1/events") as socket,
    ):
        assert await closed_with(socket) == CLOSE_UNAUTHENTICATED


async def test_a_token_in_the_url_is_refused_by_name(city: City) -> None:
    """It would stand in logs and histories."""
    status, problem = await city.ask("GET", f"/v1/events?token={WORDS['read']}")
    assert (status, problem["errors"][0]["field"]) == (422, "token")


async def test_a_plain_get_is_no_websocket(city: City) -> None:
    """A problem, not a stack trace."""
    status, problem = await city.ask("GET", "/v1/events")
    assert (status, problem["code"]) == (400, "bad_request")


@pytest.mark.parametrize("in_message", [False, True])
async def test_a_reader_that_comes_back_misses_nothing(city: City, in_message: bool) -> None:
    """By `stream` and `after`, in the URL or in the first message."""
    async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
        await next_of(socket)
        city.events.publish("a", {})
        assert (await next_of(socket))["number"] == 1
    city.events.publish("b", {})
    city.events.publish("c", {})
    place: dict[str, Any] = {"stream": "stream-1", "after": 1}
    headers = {} if in_message else city.auth()
    params = {} if in_message else place
    async with city.client.ws_connect("/v1/events", headers=headers, params=params) as socket:
        if in_message:
            await socket.send_json({"type": "authenticate", "token": WORDS["read"], **place})
        assert await next_of(socket) == {"type": "resumed", "stream": "stream-1", "number": 1}
        city.events.publish("d", {})
        assert [(await next_of(socket))["kind"] for _ in range(3)] == ["b", "c", "d"]


@pytest.mark.parametrize("place", [{"stream": "other", "after": 1}, {"stream": "stream-1", "after": 1}])
async def test_who_was_away_too_long_gets_a_snapshot(tmp_path: Path, place: dict[str, Any]) -> None:
    """Another start of the server, or more events than are kept."""
    async with running_city(tmp_path, memory=3) as city:
        for _ in range(10):
            city.events.publish("a", {})
        async with city.client.ws_connect("/v1/events", headers=city.auth(), params=place) as socket:
            head = await next_of(socket)
            assert (head["type"], head["number"]) == ("snapshot", 10)


async def slow_socket(city: City) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A reader by hand, that takes as little as TCP lets it."""
    reader, writer = await asyncio.open_connection(ADDRESS, city.port, limit=1024)
    writer.write(
        (
            f"GET /v1/events HTTP/1.1\r\nHost: {ADDRESS}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {WORDS['read']}\r\n\r\n"
        ).encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_a_reader_that_takes_nothing_is_let_go_and_holds_up_nobody(tmp_path: Path) -> None:
    """Its buffer overflows; another reader gets every event meanwhile."""
    limits = LiveLimits(buffer_size=50, send_timeout_s=0.3, close_within_s=0.3)
    async with running_city(tmp_path, limits) as city:
        _, writer = await slow_socket(city)
        async with city.client.ws_connect("/v1/events", headers=city.auth()) as good:
            await next_of(good)
            for number in range(1, 401):
                city.events.publish("big", {"text": "x" * 50_000})
                assert (await next_of(good))["number"] == number
            async with asyncio.timeout(5):
                while city.events.readers > 1 or len(city.live.sockets) > 1:
                    city.events.publish("small", {})
                    await next_of(good)
        writer.transport.abort()


async def test_a_reader_that_stands_still_is_let_go_though_its_buffer_has_room(tmp_path: Path) -> None:
    """One message that cannot be sent in time is enough."""
    limits = LiveLimits(buffer_size=10_000, send_timeout_s=0.1, close_within_s=0.1)
    async with running_city(tmp_path, limits) as city:
        _, writer = await slow_socket(city)
        for _ in range(200):
            city.events.publish("big", {"text": "x" * 100_000})
        async with asyncio.timeout(5):
            while city.live.sockets:
                await asyncio.to_thread(lambda: None)
        assert city.events.readers == 0
        writer.transport.abort()


async def test_a_slow_reader_is_told_why(tmp_path: Path) -> None:
    """When it reads at last: what was on the way, then close code 4008."""
    limits = LiveLimits(buffer_size=20, send_timeout_s=0.2, close_within_s=3.0)
    async with running_city(tmp_path, limits) as city:
        reader, writer = await slow_socket(city)
        for _ in range(400):
            city.events.publish("big", {"text": "x" * 50_000})
            await asyncio.to_thread(lambda: None)
        async with asyncio.timeout(5):
            while city.events.readers:
                await asyncio.to_thread(lambda: None)
            read = b""
            with contextlib.suppress(ConnectionError):
                while chunk := await reader.read(1 << 20):
                    read = (read + chunk)[-64:]
                    if CLOSE_TOO_SLOW.to_bytes(2, "big") + b"too_slow" in read:
                        break
        assert CLOSE_TOO_SLOW.to_bytes(2, "big") + b"too_slow" in read
        writer.transport.abort()


async def test_a_burst_that_fits_into_no_buffer_loses_the_reader_not_an_event(tmp_path: Path) -> None:
    """All at once, more than the buffer holds: closed as too slow, and it may come back."""
    async with running_city(tmp_path, LiveLimits(buffer_size=10)) as city:
        async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
            await next_of(socket)
            for _ in range(30):
                city.events.publish("a", {})
            assert await closed_with(socket) == CLOSE_TOO_SLOW
        place = {"stream": "stream-1", "after": "0"}
        async with city.client.ws_connect("/v1/events", headers=city.auth(), params=place) as socket:
            await next_of(socket)
            assert [(await next_of(socket))["number"] for _ in range(30)] == list(range(1, 31))


async def test_there_are_only_so_many_readers(tmp_path: Path) -> None:
    """The next one is asked to come later, and its place is free again once one leaves."""
    async with running_city(tmp_path, LiveLimits(readers=1)) as city:
        async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
            await next_of(socket)
            status, problem = await city.ask("GET", "/v1/events")
            assert (status, problem["code"]) == (503, "too_many_readers")
        async with asyncio.timeout(5):
            while city.live.sockets:
                await asyncio.to_thread(lambda: None)
        async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
            assert (await next_of(socket))["type"] == "snapshot"


async def test_a_long_message_from_a_reader_ends_its_connection(city: City) -> None:
    """Attached data of 16 kB is the most that anybody has to say."""
    async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
        await next_of(socket)
        await socket.send_str("x" * 40_000)
        assert await closed_with(socket) == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_server_that_stops_says_so(tmp_path: Path) -> None:
    """1001, so that the phone bar knows to come back."""
    async with aiohttp.ClientSession() as client:
        async with running_city(tmp_path) as city:
            url = f"http://{ADDRESS}:{city.port}/v1/events"
            socket = await client.ws_connect(url, headers=city.auth())
            await next_of(socket)
            reading = asyncio.ensure_future(closed_with(socket))
        assert await reading == aiohttp.WSCloseCode.GOING_AWAY


async def test_an_event_that_is_no_json_costs_nobody_the_stream(city: City) -> None:
    """It arrives without its data, and broken bytes arrive as replacement characters."""
    async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
        await next_of(socket)
        city.events.publish("bad", {"share": float("nan")})
        city.events.publish("bad", {"thing": object()})
        city.events.publish("name", {"caller": "caf\udce9 中文"})
        events = [await next_of(socket) for _ in range(3)]
        assert [event["data"] for event in events] == [{}, {}, {"caller": "caf\ufffd 中文"}]


async def test_a_snapshot_that_fails_ends_the_connection_cleanly(tmp_path: Path) -> None:
    """1011, not a half answer on an upgraded connection; no reader is left behind."""

    def broken() -> dict[str, Any]:
        raise RuntimeError("inner detail")

    async with running_city(tmp_path, snapshot=broken) as city:
        async with city.client.ws_connect("/v1/events", headers=city.auth()) as socket:
            assert await closed_with(socket) == aiohttp.WSCloseCode.INTERNAL_ERROR
        assert city.events.readers == 0


async def test_a_quiet_stream_beats_with_the_number_that_was_reached(tmp_path: Path) -> None:
    """Who comes back goes on from there, also when what happened meanwhile was not for them."""
    async with running_city(tmp_path, LiveLimits(heartbeat_s=0.05)) as city:
        socket = await city.client.ws_connect("/v1/events", headers=await city.bearer_of("1001"))
        assert (await next_of(socket))["number"] == 0
        city.events.publish("agent.state_changed", {"agent": "1003"})
        async with asyncio.timeout(5):
            while (beat := await next_of(socket)) != {"type": "heartbeat", "number": 1}:
                assert beat == {"type": "heartbeat", "number": 0}
        await socket.close()
