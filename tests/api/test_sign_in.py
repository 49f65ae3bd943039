"""Signing in: passwords, cookies, tickets, what ends a session, and who is told of it."""

import os
import threading
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api.sign_in import PATIENCE
from tests.api.city import ADDRESS, PASSWORD, City, Keeper, running_city


async def sign_in(city: City, agent_id: str = "1001", password: str = PASSWORD) -> tuple[int, Any]:
    """With number and password; status and JSON."""
    body = {"agent_id": agent_id, "password": password}
    async with city.client.post("/v1/session", json=body, headers={"Origin": city.origin}) as answer:
        return answer.status, await answer.json(content_type=None)


def cookie_of(city: City) -> "Morsel[str]":
    """The session's cookie as the browser has it."""
    [cookie] = [cookie for cookie in city.client.cookie_jar if cookie.key == "session"]
    return cookie


async def test_a_person_signs_in_with_number_and_password(city: City) -> None:
    """The session is a cookie that no script reads; the page gets a token for its changes, and nothing else."""
    status, shown = await sign_in(city)
    assert status == 201
    assert (shown["agent_id"], shown["role"], shown["groups"]) == ("1001", "agent", ["east"])
    assert shown["token"] is None
    cookie = cookie_of(city)
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    async with city.client.get("/v1/session") as answer:
        again = await answer.json()
    assert (again["agent_id"], again["csrf"]) == ("1001", shown["csrf"])
    assert cookie.value not in str(shown)
    assert cookie.value not in str(city.keeper.tables)


async def test_a_change_with_the_cookie_needs_the_pages_token(city: City) -> None:
    """A foreign page can send the cookie along, but does not know the token."""
    _, shown = await sign_in(city)
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": "ü"}):
        async with city.client.post("/v1/agents/1001/hold", headers=headers) as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["code"]) == (403, "csrf_token_missing")
    assert city.control.asked == []
    headers = {"X-CSRF-Token": shown["csrf"]}
    async with city.client.post("/v1/agents/1001/hold", headers=headers) as answer:
        assert answer.status == 200
    async with city.client.get("/v1/agents/1001") as answer:  # looking needs none
        assert answer.status == 200


async def test_wrong_numbers_and_wrong_passwords_are_refused_alike(city: City) -> None:
    """Nobody learns who is there."""
    problems = [
        await sign_in(city, agent_id, password)
        for agent_id, password in (("1001", "wrong"), ("7777", "wrong"), ("1001", "x" * 256))
    ]
    assert [status for status, _ in problems] == [401, 401, 401]
    assert problems[0] == problems[1] == problems[2]
    assert problems[0][1]["code"] == "sign_in_refused"
    assert city.keeper.tables == {}


async def test_guessing_is_slowed_and_locks_out_nobody_else(city: City) -> None:
    """After some failures this account waits from here; a colleague behind the same address signs in."""
    for _ in range(5):
        assert (await sign_in(city, "1001", "wrong"))[0] == 401
    body = {"agent_id": "1001", "password": PASSWORD}
    async with city.client.post("/v1/session", json=body) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (429, "too_many_tries")
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
    assert (await sign_in(city, "1002"))[0] == 201


@pytest.mark.parametrize(
    "body", [{}, {"agent_id": "1001"}, {"agent_id": "1001", "password": "x", "ticket": "y"}]
)
async def test_half_a_credential_or_two_are_refused(city: City, body: dict[str, str]) -> None:
    """One way at a time."""
    async with city.client.post("/v1/session", json=body) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (
            422,
            "credentials_incomplete",
        )


async def test_signing_out_ends_the_session(city: City) -> None:
    """The cookie is taken away, and a copy of it is worth nothing."""
    _, shown = await sign_in(city)
    secret = cookie_of(city).value
    async with city.client.delete("/v1/session", headers={"X-CSRF-Token": shown["csrf"]}) as answer:
        assert (answer.status, await answer.json()) == (200, {"agent_id": "1001"})
    assert not [cookie for cookie in city.client.cookie_jar if cookie.value]
    async with city.client.get("/v1/session", headers={"Authorization": f"Bearer {secret}"}) as answer:
        assert answer.status == 401


async def test_a_program_has_no_session_to_end(city: City) -> None:
    """Its token lives in the configuration."""
    status, shown = await city.ask("GET", "/v1/session", "supervisor")
    assert (status, shown["role"], shown["scopes"], shown["agent_id"]) == (
        200,
        "integrator",
        ["supervisor"],
        None,
    )
    status, problem = await city.ask("DELETE", "/v1/session", "supervisor")
    assert (status, problem["code"]) == (422, "no_session")


async def test_a_session_ends_unused_and_at_the_latest_after_a_shift(city: City) -> None:
    """Half an hour, twelve hours; using it keeps it alive in between."""
    bearer = await city.bearer_of("1001")
    for minutes in range(20, 12 * 60, 20):
        city.wall.now += 20 * 60
        async with city.client.get("/v1/session", headers=bearer) as answer:
            assert answer.status == 200, minutes
    city.wall.now += 21 * 60
    async with city.client.get("/v1/session", headers=bearer) as answer:
        assert answer.status == 401
    bearer = await city.bearer_of("1001")
    city.wall.now += 31 * 60
    async with city.client.get("/v1/session", headers=bearer) as answer:
        assert answer.status == 401


async def test_a_session_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    """The page goes on as if nothing had been."""
    keeper = Keeper()
    async with running_city(tmp_path, keeper=keeper) as city:
        bearer = await city.bearer_of("1001")
    async with (
        running_city(tmp_path, keeper=keeper) as city,
        city.client.get("/v1/session", headers=bearer) as answer,
    ):
        assert (answer.status, (await answer.json())["agent_id"]) == (200, "1001")


async def test_a_ticket_is_good_once(city: City) -> None:
    """It gives a bearer token, since a frame of another site has no cookie of ours."""
    ticket = await city.ticket_for("1001", "agent")
    async with city.client.post("/v1/session", json={"ticket": ticket}) as answer:
        shown = await answer.json()
        assert (answer.status, "Set-Cookie" in answer.headers) == (201, False)
    async with city.client.post(
        "/v1/agents/1001/hold", headers={"Authorization": f"Bearer {shown['token']}"}
    ) as answer:
        assert answer.status == 200
    async with city.client.post("/v1/session", json={"ticket": ticket}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (401, "sign_in_refused")


async def test_a_ticket_is_good_for_a_minute(city: City) -> None:
    """Then it is as good as any text."""
    ticket = await city.ticket_for("1001")
    city.wall.now += 61
    async with city.client.post("/v1/session", json={"ticket": ticket}) as answer:
        assert answer.status == 401


async def test_a_ticket_never_gives_more_than_its_minter_has(city: City) -> None:
    """A phone bar's token makes no supervisor, a supervisor's no administrator; a person mints none."""
    allowed = {("agent", "1001"), ("supervisor", "1001"), ("supervisor", "2001")}
    allowed |= {("admin", agent_id) for agent_id in ("1001", "2001", "9001")}
    for who in ("read", "agent", "supervisor", "admin"):
        for agent_id in ("1001", "2001", "9001"):
            status, _ = await city.ask("POST", "/v1/tickets", who, json={"agent_id": agent_id})
            assert status == (201 if (who, agent_id) in allowed else 403), (who, agent_id)
    status, problem = await city.ask("POST", "/v1/tickets", json={"agent_id": "7777"})
    assert (status, problem["code"]) == (404, "agent_not_found")
    async with city.client.post(
        "/v1/tickets", json={"agent_id": "1001"}, headers=await city.bearer_of("2001")
    ) as answer:
        assert answer.status == 403


async def test_the_second_sign_in_wins_and_the_first_is_told(city: City) -> None:
    """Its live connection hears why and is closed; its session is worth nothing any more."""
    first = await city.bearer_of("1001")
    async with city.client.ws_connect("/v1/events", headers=first) as socket:
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"
        second = await city.bearer_of("1001")
        news = await socket.receive_json(timeout=5)
        assert (news["kind"], news["data"]) == ("signed_in_elsewhere", {"agent_id": "1001"})
        closed = await socket.receive(timeout=5)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4409)
    for bearer, status in ((first, 401), (second, 200)):
        async with city.client.get("/v1/session", headers=bearer) as answer:
            assert answer.status == status


async def test_a_page_connects_to_the_live_stream_with_its_cookie(city: City) -> None:
    """Its first message names no token; signing out ends the connection."""
    _, shown = await sign_in(city)
    async with city.client.ws_connect("/v1/events", origin=city.origin) as socket:
        await socket.send_json({"type": "authenticate"})
        assert (await socket.receive_json(timeout=5))["type"] == "snapshot"
        await city.client.delete("/v1/session", headers={"X-CSRF-Token": shown["csrf"]})
        closed = await socket.receive(timeout=5)
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 4401)


async def test_a_foreign_page_cannot_connect_with_the_cookie(city: City) -> None:
    """Browsers send cookies along with WebSockets: the origin decides (403 before the upgrade)."""
    await sign_in(city)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await city.client.ws_connect("/v1/events", origin="http://evil.example")
    assert refused.value.status == 403


async def test_the_answer_of_a_refused_sign_in_names_no_secret(city: City) -> None:
    """Nor does a session's cookie for another host come back."""
    status, problem = await sign_in(city, "1001", "my secret guess")
    assert status == 401
    assert "my secret guess" not in str(problem)
    assert ADDRESS not in str(problem)


async def test_a_password_is_looked_at_without_urgency(city: City) -> None:
    """The process may have real-time priority for its calls; guessing must not borrow it."""
    before, nice = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert (await sign_in(city))[0] == 201
    [thread] = [one for one in threading.enumerate() if one.name.startswith("password")]
    assert thread.native_id is not None
    assert os.sched_getscheduler(thread.native_id) == os.SCHED_OTHER
    assert os.getpriority(os.PRIO_PROCESS, thread.native_id) == min(19, nice + PATIENCE)
    assert os.sched_getscheduler(0) == before
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == nice
