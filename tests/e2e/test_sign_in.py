"""People on the running server: signing in, what is theirs, a restart of control, and webhooks of what happens."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api.certificate import LOOK_EVERY_S
from api.passwords import hash_password
from bench.desk_phones import Manner
from bench.running_server import ApiProblem
from tests.api.test_certificate import make_certificate
from tests.peers import peers
from tests.stand import NUMBERS, Stand, Terms, stand
from tests.webhook_receiver import SECRET, webhook_receiver

pytestmark = pytest.mark.e2e

PASSWORD = "一二三四五 12345"
HASH = hash_password(PASSWORD)
PEOPLE = tuple(
    f'role = "{role}"\ngroups = ["{group}"]\npassword_scrypt = "{HASH}"'
    for role, group in (("agent", "east"), ("agent", "west"), ("supervisor", "east"))
)
TERMS = Terms(seats=3, greeting="", announce_agent=False, wrap_up_s=1.0, agent_extra=PEOPLE)


class Browser:
    """A page of one person: its cookies, its token for changes."""

    def __init__(self, here: Stand, context: ssl.SSLContext | None) -> None:
        self._here = here
        self.session = aiohttp.ClientSession(
            here.api.base,
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            connector=aiohttp.TCPConnector(ssl=True if context is None else context),
        )
        self.csrf = ""

    async def sign_in(self, number: int, password: str = PASSWORD) -> int:
        body = {"agent_id": self._here.agent(number), "password": password}
        async with self.session.post(
            "/v1/session", json=body, headers={"Origin": self._here.api.base}
        ) as answer:
            self.csrf = (await answer.json(content_type=None)).get("csrf") or ""
            return answer.status

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        headers = {"Origin": self._here.api.base, "X-CSRF-Token": self.csrf}
        async with self.session.request(method, path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def live(self) -> aiohttp.ClientWebSocketResponse:
        """The live stream by cookie; its snapshot is read."""
        socket = await self.session.ws_connect("/v1/events", origin=self._here.api.base)
        await socket.send_json({"type": "authenticate"})
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"
        return socket


@asynccontextmanager
async def browser(here: Stand, context: ssl.SSLContext | None = None) -> AsyncIterator[Browser]:
    """A fresh one; over HTTPS it trusts what `context` does."""
    page = Browser(here, context)
    try:
        yield page
    finally:
        await page.session.close()


async def kinds_until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, dict[str, Any]]:
    """The last data of each kind that came, up to this one."""
    seen: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(15):
        while kind not in seen:
            message = await socket.receive_json()
            if message["type"] == "event":
                seen[message["kind"]] = message["data"]
    return seen


async def test_an_agent_signs_in_and_sees_their_own_call_with_its_caller(tmp_path: Path) -> None:
    """Nothing of a colleague's; the supervisor of the group sees it too, the other group's agent nothing."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(), Manner(), Manner()) as around,
        browser(here) as agent,
        browser(here) as stranger,
        browser(here) as supervisor,
    ):
        assert await agent.sign_in(1, "wrong") == 401
        for page, number in ((agent, 1), (stranger, 2), (supervisor, 3)):
            assert await page.sign_in(number) == 201
        own, foreign = f"/v1/agents/{here.agent(1)}", f"/v1/agents/{here.agent(2)}"
        seat = {"extension": here.extension(1), "initial_state": "ready"}
        lines = {page: await page.live() for page in (agent, stranger, supervisor)}
        assert (await agent.ask("POST", f"{own}/login", seat))[0] == 200
        assert (await agent.ask("POST", f"{foreign}/ready"))[0] == 403
        assert (await supervisor.ask("GET", own))[0] == 200
        assert (await supervisor.ask("GET", foreign))[0] == 403

        call, call_id = await around.call()
        seen = await kinds_until(lines[agent], "call.connected")
        assert seen["call.offered"]["call"]["caller"] == (await here.api.call(call_id))["call"]["caller"]
        assert seen["call.offered"]["call"]["queue"] == "hotline"
        assert "call.arrived" not in seen
        assert "call.arrived" in await kinds_until(lines[supervisor], "call.connected")
        assert (await agent.ask("GET", f"/v1/calls/{call_id}"))[0] == 200
        assert (await stranger.ask("GET", f"/v1/calls/{call_id}"))[0] == 403
        assert [len((await page.ask("GET", "/v1/calls"))[1]["items"]) for page in lines] == [1, 0, 1]
        await around.trunk.hang_up(call)
        await kinds_until(lines[agent], "call.ended")
        assert (await stranger.ask("DELETE", "/v1/session"))[0] == 200
        async with asyncio.timeout(5):
            heard = [message.json() async for message in lines[stranger]]
        assert [one for one in heard if one["type"] == "event"] == []
        assert lines[stranger].close_code == 4401


@pytest.mark.long
async def test_a_session_outlives_the_death_of_control(tmp_path: Path) -> None:
    """The page comes back with its cookie, and finds itself where it was."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner()), browser(here) as page:
        assert await page.sign_in(1) == 201
        own = f"/v1/agents/{here.agent(1)}"
        await page.ask("POST", f"{own}/login", {"extension": here.extension(1), "initial_state": "ready"})
        await asyncio.sleep(0.2)  # the group commit of the store
        here.server.kill("control")
        await here.wait_ready()
        status, shown = await page.ask("GET", "/v1/session")
        assert (status, shown["agent_id"], shown["csrf"]) == (200, here.agent(1), page.csrf)
        status, agent = await page.ask("POST", f"{own}/not-ready", {"reason": "午餐"})
        assert (status, agent["presence"]) == (200, "not_ready")
        assert (await page.live()).closed is False


@pytest.mark.long
async def test_an_integrator_hears_of_what_happens_by_webhook(tmp_path: Path) -> None:
    """Signed, in order, from the running server."""
    async with (
        webhook_receiver(("call.arrived", "call.ended")) as (hook, heard),
        stand(tmp_path / "stand", Terms(seats=1, greeting="", extra=hook)) as here,
        peers(here, Manner()) as around,
    ):
        call, call_id = await around.call()
        await around.trunk.hang_up(call)
        async with asyncio.timeout(15):
            messages = [await heard.get() for _ in range(2)]
        assert [(one["type"], one["data"]["call_id"]) for one in messages] == [
            ("call.arrived", call_id),
            ("call.ended", call_id),
        ]
        [view] = (await here.api.get("/v1/webhooks"))["items"]
        assert (view["name"], view["waiting"], view["last_fault"]) == ("crm", 0, "")
        assert SECRET not in str(view)
        again = await here.api.post("/v1/webhooks/crm/replay", {"since": "2020-01-01T00:00:00Z"})
        assert again["seq"] == 0
        async with asyncio.timeout(15):
            assert [(await heard.get())["seq"] for _ in range(2)] == [one["seq"] for one in messages]
        with pytest.raises(ApiProblem, match="webhook_not_found"):
            await here.api.post("/v1/webhooks/none/replay")


async def test_pages_and_programs_are_served_by_https_alone(tmp_path: Path) -> None:
    """Sign-in, operations and the live stream over TLS; a new certificate is shown to whoever connects next."""
    tmp_path.joinpath("tls").mkdir()
    wherever = tuple(f"127.64.{number}.1" for number in NUMBERS)
    chain, key = make_certificate(tmp_path / "tls", "first", *wherever)
    terms = replace(TERMS, http_extra=f'certificate = "{chain}"\nprivate_key = "{key}"')
    async with stand(tmp_path / "stand", terms) as here:
        assert here.api.base.startswith("https:")
        context = ssl.create_default_context(cafile=str(chain))
        async with browser(here, context) as page:
            assert await page.sign_in(3) == 201
            assert (await page.ask("GET", "/v1/session"))[1]["role"] == "supervisor"
            assert [cookie.key for cookie in page.session.cookie_jar] == ["__Host-session"]
            line = await page.live()
            make_certificate(tmp_path / "tls", "second", *wherever)
            await asyncio.sleep(LOOK_EVERY_S)
            renewed = ssl.create_default_context(cafile=str(chain))
            _, writer = await asyncio.open_connection(*here.sip[:1], 8080, ssl=renewed)
            assert ("commonName", "second") in writer.get_extra_info("peercert")["subject"][0]
            writer.close()
            await line.send_str('{"type":"ping"}')
            assert (await line.receive_json(timeout=5))["type"] == "pong"
        with pytest.raises(aiohttp.ClientError):
            async with aiohttp.ClientSession() as plain:
                await plain.get(here.api.base.replace("https:", "http:") + "/health")
