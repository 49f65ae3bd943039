"""Passwords of agents: set by an administrator, changed by their owners, shown to nobody, never back to life."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api.app import make_app
from api.server import serve
from softswitch.business.desk import BusinessDesk
from softswitch.people import People
from tests.api.city import TOKENS, WORDS
from tests.softswitch.business.conftest import ports_with

ADDRESS = "127.63.0.9"
FIRST, SECOND = "东湖的桥 2026", "西山的塔 2027"


class Page:
    """A page of one person, or of an administrator's program."""

    def __init__(self, base: str, *, token: str = "") -> None:
        """With a token it is the program's."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = aiohttp.ClientSession(base, headers=headers, cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._csrf = ""
        self.close = self._client.close

    async def ask(self, method: str, path: str, version: int | None = None, **more: Any) -> tuple[int, Any]:
        """Status and JSON."""
        headers = {"X-CSRF-Token": self._csrf} if self._csrf else {}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        async with self._client.request(method, path, headers=headers, **more) as answer:
            shown = None if answer.status == 204 else await answer.json(content_type=None)
            if isinstance(shown, dict) and shown.get("csrf"):
                self._csrf = shown["csrf"]
            return answer.status, shown

    async def sign_in(self, password: str) -> int:
        """As 1001."""
        status, _ = await self.ask("POST", "/v1/session", json={"agent_id": "1001", "password": password})
        return status


@pytest.fixture
async def pages(desk: BusinessDesk, tmp_path: Path) -> AsyncIterator[tuple[Page, Page]]:
    """An agent's page and an administrator's program, over the example city."""
    people = People(desk.business.agents)
    desk.take = lambda business, changes, version: people.take(business.agents)
    ports = ports_with(
        tmp_path,
        people=people,
        business=desk,
    )
    async with AsyncExitStack() as stack:
        server = await serve(make_app(ports, TOKENS), ADDRESS, 0)
        stack.push_async_callback(server.close)
        base = f"http://{ADDRESS}:{server.port}"
        agent, admin = Page(base), Page(base, token=WORDS["admin"])
        stack.push_async_callback(agent.close)
        stack.push_async_callback(admin.close)
        yield agent, admin


RESET = "/v1/admin/agents/1001/password"


async def test_a_password_that_was_set_is_changed_before_anything_else(pages: tuple[Page, Page]) -> None:
    agent, admin = pages
    assert await agent.sign_in(FIRST) == 401
    assert await admin.ask("POST", RESET, json={"password": FIRST}) == (204, None)
    assert await agent.sign_in(FIRST) == 201
    status, session = await agent.ask("GET", "/v1/session")
    assert (status, session["must_change_password"]) == (200, True)
    status, problem = await agent.ask("GET", "/v1/agents")
    assert (status, problem["code"]) == (403, "password_must_change")
    change = {"password": FIRST, "new_password": SECOND}
    wrong = await agent.ask("POST", "/v1/session/password", json=change | {"password": "wrong password"})
    assert wrong[0] == 401
    status, session = await agent.ask("POST", "/v1/session/password", json=change)
    assert (status, session["must_change_password"]) == (200, False)
    assert (await agent.ask("GET", "/v1/agents"))[0] == 200
    assert (await agent.sign_in(FIRST), await agent.sign_in(SECOND)) == (401, 201)


async def test_another_password_ends_the_session_of_the_old_one(pages: tuple[Page, Page]) -> None:
    agent, admin = pages
    await admin.ask("POST", RESET, json={"password": FIRST, "must_change": False})
    assert await agent.sign_in(FIRST) == 201
    assert (await agent.ask("GET", "/v1/agents"))[0] == 200
    await admin.ask("POST", RESET, json={"password": SECOND, "must_change": False})
    assert (await agent.ask("GET", "/v1/agents"))[0] == 401


async def test_passwords_that_anybody_would_try_are_refused(pages: tuple[Page, Page]) -> None:
    agent, admin = pages
    for password in ("short", "12121212", "hotline1001", ""):
        status, problem = await admin.ask("POST", RESET, json={"password": password})
        assert (status, problem["errors"][0]["field"]) == (422, "password")
        assert " / " in problem["errors"][0]["detail"]
    assert (await admin.ask("POST", RESET.replace("1001", "9999"), json={"password": FIRST}))[0] == 404
    await admin.ask("POST", RESET, json={"password": FIRST})
    await agent.sign_in(FIRST)
    status, problem = await agent.ask(
        "POST", "/v1/session/password", json={"password": FIRST, "new_password": FIRST}
    )
    assert (status, problem["errors"][0]["field"]) == (422, "new_password")
    assert (await agent.ask("POST", RESET, json={"password": SECOND}))[0] == 403
    assert (await admin.ask("POST", "/v1/session/password", json={"password": FIRST, "new_password": "x"}))[
        0
    ] in (403, 422)


async def test_an_older_version_of_the_business_brings_no_older_password_back(
    pages: tuple[Page, Page], desk: BusinessDesk
) -> None:
    """And no version shows a password, nor what it was made into."""
    agent, admin = pages
    await admin.ask("POST", RESET, json={"password": FIRST, "must_change": False})
    await admin.ask("POST", RESET, json={"password": SECOND, "must_change": False})
    hashed = next(one.password_scrypt for one in desk.business.agents if one.id == "1001")
    assert (await admin.ask("POST", "/v1/business/versions/2/restore", 3, json={}))[0] == 200
    assert (await agent.sign_in(FIRST), await agent.sign_in(SECOND)) == (401, 201)
    for number in range(1, desk.version + 1):
        assert hashed not in str(await admin.ask("GET", f"/v1/business/versions/{number}"))
