"""The listening side: junk, malformed requests, taken ports."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from api.server import serve
from tests.api.city import ADDRESS, WORDS, City


async def answer_to(city: City, junk: bytes, *, half_close: bool = True) -> bytes:
    """Everything that comes back for some bytes, until the server closes."""
    reader, writer = await asyncio.open_connection(ADDRESS, city.port)
    writer.write(junk)
    await writer.drain()
    if half_close:
        writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/agents/1001/ready HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"INVITE sip:12345@127.0.0.1 SIP/2.0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_junk_on_the_port_leaves_the_server_alive(city: City, junk: bytes) -> None:
    """It is answered by a problem or dropped; the next request is served."""
    answer = await answer_to(city, junk)
    assert not answer or (b"application/problem+json" in answer and answer.split()[1].startswith(b"4"))
    async with city.client.get("/health") as healthy:
        assert healthy.status == 200


async def test_a_malformed_request_is_neither_echoed_nor_logged(city: City) -> None:
    """Its bytes may hold a token."""
    with capture_logs() as logs:
        answer = await answer_to(
            city,
            f"GET /v1/agents HTTP/1.1\r\nHost: a\r\nAuthorization: {WORDS['read']}\x01\r\n\r\n".encode(),
            half_close=False,
        )
    assert answer.split()[1] == b"400"
    assert b"nosniff" in answer
    assert b"aiohttp" not in answer
    assert WORDS["read"].encode() not in answer
    assert WORDS["read"] not in str(logs)
    assert [log["event"] for log in logs] == ["http.malformed"]


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
async def test_who_does_not_get_through_with_a_request_is_cut_off(said: bytes) -> None:
    """Silent, or with a header that trickles for ever: a byte now and then is no reason to wait longer."""
    app = web.Application()
    app.router.add_get("/", _hello)
    server = await serve(app, ADDRESS, 0, headers_s=0.3)
    reader, writer = await asyncio.open_connection(ADDRESS, server.port)

    async def trickle() -> None:
        writer.write(said)
        while said:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    trickling.cancel()
    writer.close()
    await server.close()


async def test_a_connection_that_was_served_may_rest_but_not_dawdle_over_its_next_request() -> None:
    """The deadline runs from the first byte of the next one, and not while an answer is made."""
    app = web.Application()

    async def slowly(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.5)
        return web.Response(text="slowly")

    app.router.add_get("/", slowly)
    server = await serve(app, ADDRESS, 0, headers_s=0.3)
    reader, writer = await asyncio.open_connection(ADDRESS, server.port)
    for _ in range(2):
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"slowly"), 5)
        await asyncio.sleep(0.4)
    writer.write(b"GET / HTTP/1.1\r\n")
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    await server.close()


async def test_a_port_that_is_taken_is_an_os_error(city: City) -> None:
    """Whoever starts the server names the port."""
    with pytest.raises(OSError, match="address already in use"):
        await serve(web.Application(), ADDRESS, city.port)
