"""How many may be connected: in all, and from one network."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from api.certificate import Certificate
from api.crowd import Crowd, network_of
from api.server import serve
from tests.api.city import ADDRESS
from tests.api.test_certificate import Clock, make_certificate


def test_connections_are_counted_by_network() -> None:
    """An IPv6 host has 2^64 addresses to come from."""
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:1::1")
    assert network_of("") == ""


def test_there_is_room_again_once_somebody_left() -> None:
    """Who was refused is not counted."""
    crowd = Crowd(in_all=3, from_one=2)
    assert [crowd.enter(network) for network in "aaab"] == [True, True, False, True]
    assert not crowd.enter("c")
    crowd.leave("a")
    assert crowd.enter("c")
    assert len(crowd) == 3


async def is_cut_off(port: int, context: ssl.SSLContext | None) -> bool:
    """Connect and say nothing: True when the server ends it, at the handshake or after it."""
    try:
        reader, _ = await asyncio.open_connection(ADDRESS, port, ssl=context)
        return await asyncio.wait_for(reader.read(1), 5) == b""
    except OSError:
        return True


@pytest.mark.parametrize("is_https", [False, True])
async def test_one_connection_too_many_is_cut_off_and_the_others_are_served(
    tmp_path: Path, is_https: bool
) -> None:
    """Idle ones as well; once they leave there is room."""

    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    certificate, context, scheme = None, None, "http"
    if is_https:
        chain, key = make_certificate(tmp_path, "hotline")
        certificate, scheme = Certificate(chain, key, Clock()), "https"
        context = ssl.create_default_context(cafile=str(chain))
    crowd = Crowd(from_one=3)
    server = await serve(app, ADDRESS, 0, certificate, crowd)
    idle = [await asyncio.open_connection(ADDRESS, server.port, ssl=context) for _ in range(2)]
    connector = aiohttp.TCPConnector(ssl=True if context is None else context)
    async with aiohttp.ClientSession(f"{scheme}://{ADDRESS}:{server.port}", connector=connector) as client:
        async with client.get("/") as answer:
            assert answer.status == 200
        assert await is_cut_off(server.port, context)
        async with client.get("/") as answer:  # on the connection that it has
            assert answer.status == 200
    for _, writer in idle:
        writer.close()
    async with asyncio.timeout(5):
        while len(crowd):
            await asyncio.sleep(0.01)
    await server.close()
