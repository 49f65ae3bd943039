"""Web services that flows ask: only those on the list, no private networks, and nothing that an answer can do harm with."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from softswitch.calls.lookups import ANSWER_MOST, Lookups, is_public

HOST = "127.63.0.9"


@dataclass
class Office:
    """A web service with good and bad answers."""

    port: int = 0
    asked: list[str] = field(default_factory=list)

    async def show(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked.append(name)
        match name:
            case "good":
                return web.json_response(
                    {"state": "办理中", "days": 3, "urgent": True, "more": {"x": 1}, "no": None}
                )
            case "list":
                return web.json_response([1, 2])
            case "long":
                return web.json_response({"text": "x" * (ANSWER_MOST + 10)})
            case "text":
                return web.Response(text="not json")
            case "deep":
                return web.Response(text='{"a":' + "[" * (ANSWER_MOST // 2))
            case "half":
                return web.Response(text='{"state": "\\ud800"}')
            case "elsewhere":
                raise web.HTTPFound(f"http://{HOST}:{self.port}/good")
            case "slow":
                await asyncio.sleep(5)
        return web.Response(status=500)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    found = Office()
    app = web.Application()
    app.router.add_get("/{name}", found.show)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


async def answer_of(lookups: Lookups, url: str, timeout_s: float = 2.0) -> dict[str, str] | None:
    """What a flow is told."""
    told: asyncio.Future[dict[str, str] | None] = asyncio.get_running_loop().create_future()
    lookups.ask(url, timeout_s, told.set_result)
    try:
        async with asyncio.timeout(2 * timeout_s):
            return await told
    finally:
        await lookups.close()


async def test_the_plain_values_of_an_answer_become_texts(office: Office) -> None:
    lookups = Lookups((HOST,), may_be_private=True)
    fields = await answer_of(lookups, f"http://{HOST}:{office.port}/good")
    assert fields == {"state": "办理中", "days": "3", "urgent": "true"}


@pytest.mark.parametrize("name", ["list", "long", "text", "deep", "half", "elsewhere", "none"])
async def test_what_is_no_answer_is_a_failure(office: Office, name: str) -> None:
    """A redirect is not followed: it would lead where nobody allowed."""
    lookups = Lookups((f"{HOST}:{office.port}",), may_be_private=True)
    assert await answer_of(lookups, f"http://{HOST}:{office.port}/{name}") is None
    assert office.asked == [name]


async def test_a_service_that_does_not_answer_in_time_has_not_answered(office: Office) -> None:
    assert (
        await answer_of(Lookups((HOST,), may_be_private=True), f"http://{HOST}:{office.port}/slow", 0.2)
        is None
    )


@pytest.mark.parametrize(
    ("hosts", "private", "url"),
    [
        ((), True, "http://{host}:{port}/good"),
        (("other.test",), True, "http://{host}:{port}/good"),
        ((f"{HOST}:1",), True, "http://{host}:{port}/good"),
        ((HOST,), False, "http://{host}:{port}/good"),
        (("localhost",), False, "http://localhost:{port}/good"),
        ((HOST,), True, "http://[::broken/good"),
    ],
)
async def test_nobody_is_asked_who_is_not_allowed(
    office: Office, hosts: tuple[str, ...], private: bool, url: str
) -> None:
    """Not on the list, another port, a private address, or a name that leads to one."""
    lookups = Lookups(hosts, may_be_private=private)
    assert await answer_of(lookups, url.format(host=HOST, port=office.port)) is None
    assert office.asked == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *(("1.1.1.1", True), ("2606:4700::1111", True), ("64:ff9b::101:101", True)),
        *(("10.0.0.1", False), ("127.0.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False)),
        *(("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1", False), ("fc00::1", False)),
        *(("::ffff:10.0.0.1", False), ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False)),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_an_address_inside_another_one_is_judged_by_itself(address: str, public: bool) -> None:
    """Mapped, 6to4, NAT64 and Teredo addresses lead into private networks as well."""
    assert is_public(ip_address(address)) is public


async def test_a_name_is_judged_by_the_addresses_that_are_connected_to(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leads somewhere else each time that it is asked for: only what this very question found is used."""
    answers = iter(["1.1.1.1", HOST, HOST, HOST])

    def resolve(*_asked: object, **_more: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), office.port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert socket.getaddrinfo("rebind.test", 80)[0][4][0] == "1.1.1.1", "whoever looked before"
    lookups = Lookups(("rebind.test",), may_be_private=False)
    assert await answer_of(lookups, f"http://rebind.test:{office.port}/good") is None
    assert office.asked == []
    lookups = Lookups(("rebind.test",), may_be_private=True)
    assert await answer_of(lookups, f"http://rebind.test:{office.port}/good") is not None


async def test_what_callers_typed_is_not_in_the_log(office: Office) -> None:
    with capture_logs() as logs:
        await answer_of(Lookups((), may_be_private=True), f"http://{HOST}:{office.port}/pin-4711")
    assert logs
    assert "4711" not in str(logs)
