"""Web services that flows ask: only those on the list, no private networks, and nothing that an answer can do harm with."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from softswitch.calls.lookups import ANSWER_MOST, Lookups

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
        return await told
    finally:
        await lookups.close()


async def test_the_plain_values_of_an_answer_become_texts(office: Office) -> None:
    lookups = Lookups((HOST,), may_be_private=True)
    fields = await answer_of(lookups, f"http://{HOST}:{office.port}/good")
    assert fields == {"state": "办理中", "days": "3", "urgent": "true"}


@pytest.mark.parametrize("name", ["list", "long", "text", "elsewhere", "none"])
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


async def test_what_callers_typed_is_not_in_the_log(office: Office) -> None:
    with capture_logs() as logs:
        await answer_of(Lookups((), may_be_private=True), f"http://{HOST}:{office.port}/pin-4711")
    assert logs
    assert "4711" not in str(logs)
