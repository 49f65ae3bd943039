"""HTTPS and WSS by the server itself, and a certificate that changes while it serves."""

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp import web

from api.app import make_app
from api.certificate import LOOK_EVERY_S, Certificate, CertificateFault
from api.event_stream import EventStream
from api.ports import Ports
from api.server import HttpServer, serve
from tests.api.city import ADDRESS, NOW, PASSWORD, TOKENS, Agents, Calls, Health, Keeper, People, Recordings


def make_certificate(folder: Path, name: str, *addresses: str) -> tuple[Path, Path]:
    """A self-signed pair for these addresses (that of the tests for none), in the files that the server reads."""
    places = ",".join(f"IP:{address}" for address in addresses or (ADDRESS,))
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={places}"),
            *("-keyout", str(key), "-out", str(chain)),
        ],
        check=True,
        capture_output=True,
    )
    return chain, key


class Clock:
    """Steady seconds that tests put forward."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def city_app(folder: Path) -> web.Application:
    """The application of the city without the running parts that HTTPS has nothing to do with."""
    ports = Ports(
        agents=Agents(),
        calls=Calls(),
        recordings=Recordings(folder),
        health=Health(),
        events=EventStream("s", lambda: NOW, dict),
        people=People(),
        keeper=Keeper(),
    )
    return make_app(ports, TOKENS, wall=lambda: NOW)


def trusting(chain: Path) -> ssl.SSLContext:
    """A client that believes this certificate alone."""
    return ssl.create_default_context(cafile=str(chain))


async def subject_of(server: HttpServer, chain: Path) -> str:
    """The common name that a new connection is shown."""
    _, writer = await asyncio.open_connection(ADDRESS, server.port, ssl=trusting(chain))
    subject = writer.get_extra_info("peercert")["subject"]
    writer.close()
    return str(dict(pair[0] for pair in subject)["commonName"])


async def test_the_server_speaks_https_and_the_cookie_is_for_https_alone(tmp_path: Path) -> None:
    """`__Host-` and Secure: no other host and no plain connection ever sees it; the live stream is WSS."""
    chain, key = make_certificate(tmp_path, "first")
    server = await serve(city_app(tmp_path), ADDRESS, 0, Certificate(chain, key, Clock()))
    origin = f"https://{ADDRESS}:{server.port}"
    jar = aiohttp.CookieJar(unsafe=True)
    connector = aiohttp.TCPConnector(ssl=trusting(chain))
    async with aiohttp.ClientSession(origin, cookie_jar=jar, connector=connector) as client:
        body = {"agent_id": "1001", "password": PASSWORD}
        async with client.post("/v1/session", json=body, headers={"Origin": origin}) as answer:
            assert answer.status == 201
            cookie = answer.cookies["__Host-session"]
            assert (cookie["secure"], cookie["httponly"], cookie["path"]) == (True, True, "/")
            assert "Strict-Transport-Security" in answer.headers
        async with client.ws_connect("/v1/events", origin=origin) as socket:
            await socket.send_json({"type": "authenticate"})
            assert (await socket.receive_json(timeout=5))["type"] == "snapshot"
    await server.close()


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_new_certificate_is_taken_up_without_a_cut(tmp_path: Path, run: Callable[[Any], None]) -> None:
    """Who is connected stays connected; who connects next is shown the new one.  On the loop that control has, too."""
    run(renewed(tmp_path))


async def renewed(tmp_path: Path) -> None:
    """The certificate changes while one client stays."""
    clock = Clock()
    chain, key = make_certificate(tmp_path, "first")
    server = await serve(city_app(tmp_path), ADDRESS, 0, Certificate(chain, key, clock))
    connector = aiohttp.TCPConnector(ssl=trusting(chain), limit=1)
    async with aiohttp.ClientSession(f"https://{ADDRESS}:{server.port}", connector=connector) as old:
        async with old.get("/health") as answer:
            assert answer.status == 200
        assert await subject_of(server, chain) == "first"
        make_certificate(tmp_path, "second")
        clock.now += LOOK_EVERY_S
        assert await subject_of(server, chain) == "second"
        async with old.get("/health") as answer:  # on the connection that trusted the first
            assert answer.status == 200
    await server.close()


async def test_a_broken_new_certificate_is_refused_and_the_old_one_serves_on(tmp_path: Path) -> None:
    """A pair that is half written, or does not fit together."""
    clock = Clock()
    chain, key = make_certificate(tmp_path, "first")
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(chain.read_bytes())
    server = await serve(city_app(tmp_path), ADDRESS, 0, Certificate(chain, key, clock))
    other = tmp_path / "other"
    other.mkdir()
    foreign_chain, _ = make_certificate(other, "foreign")
    for text in (b"", b"nonsense", foreign_chain.read_bytes()):
        chain.write_bytes(text)
        clock.now += LOOK_EVERY_S
        assert await subject_of(server, trusted) == "first"
    key.unlink()
    clock.now += LOOK_EVERY_S
    assert await subject_of(server, trusted) == "first"
    await server.close()


async def test_a_broken_one_that_is_not_needed_at_once_serves_as_soon_as_it_is_mended(tmp_path: Path) -> None:
    """Until then nobody can shake hands, and the reason stands there."""
    clock = Clock()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_text("nonsense")
    certificate = Certificate(chain, key, clock, is_needed=False)
    assert "chain.pem" in certificate.fault
    server = await serve(city_app(tmp_path), ADDRESS, 0, certificate)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(ADDRESS, server.port, ssl=ssl.create_default_context())
    make_certificate(tmp_path, "mended")
    clock.now += LOOK_EVERY_S
    certificate.refresh()
    assert certificate.fault == ""
    assert await subject_of(server, chain) == "mended"
    await server.close()


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The server does not start without it."""
    with pytest.raises(CertificateFault, match=r"chain\.pem"):
        Certificate(tmp_path / "chain.pem", tmp_path / "key.pem", Clock())


async def test_plain_http_on_the_port_of_https_is_not_answered(tmp_path: Path) -> None:
    """Nothing leaves in the clear."""
    chain, key = make_certificate(tmp_path, "first")
    server = await serve(city_app(tmp_path), ADDRESS, 0, Certificate(chain, key, Clock()))
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.ClientError):
            await client.get(f"http://{ADDRESS}:{server.port}/health")
    await server.close()
