"""Operations over the live connection: same names, bodies, rights and answers as over HTTP."""

import json
from typing import Any

import aiohttp
import pytest

from api.live import CLOSE_FLOOD
from api.live_commands import AT_ONCE
from tests.api.city import City

Json = dict[str, Any]
Socket = aiohttp.ClientWebSocketResponse


async def command(socket: Socket, name: str, body: Json | None = None, **more: Any) -> Json:
    """Ask, and read until the answer to it."""
    asked = {"type": "command", "id": f"id-{name}", "name": name, **more}
    await socket.send_json(asked if body is None else {**asked, "body": body})
    return await answer_of(socket)


async def answer_of(socket: Socket) -> Json:
    """The next answer."""
    while (message := await socket.receive_json(timeout=5))["type"] != "answer":
        pass
    return dict(message)


async def test_a_person_asks_for_themselves(city: City) -> None:
    """The answer carries the id, the status and what HTTP would have answered."""
    async with city.client.ws_connect("/v1/events", headers=await city.bearer_of("1001")) as socket:
        answer = await command(socket, "hold")
        assert (answer["id"], answer["name"], answer["status"]) == ("id-hold", "hold", 200)
        assert answer["body"]["agent_id"] == "1001"
        answer = await command(socket, "dial", {"number": "8002"})
        assert (answer["status"], answer["body"]) == (202, {"call_id": "c9"})
        answer = await command(socket, "not_ready", {"reason": "午餐"})
        assert (answer["status"], answer["body"]["code"]) == (409, "logged_out")
    assert city.control.asked == [("hold", "1001"), ("dial", "1001", "8002", {}, "")]


async def test_a_program_names_the_agent(city: City) -> None:
    """As in the path of the endpoint."""
    async with city.client.ws_connect("/v1/events", headers=city.auth("agent")) as socket:
        assert (await command(socket, "mute", agent_id="1002"))["status"] == 200
        answer = await command(socket, "mute")
        assert (answer["status"], answer["body"]["code"]) == (404, "agent_not_found")
    assert city.control.asked == [("mute", "1002")]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"name": "hold", "agent_id": "1002"}, 403, "not_yours"),
        (
            {"name": "force_state", "agent_id": "1001", "body": {"state": "ready", "reason": "x"}},
            403,
            "forbidden",
        ),
        ({"name": "digits"}, 404, "operation_not_found"),
        ({"name": "send_digits", "body": {"digits": "abc"}}, 422, "invalid_request"),
        ({"name": "hold", "body": {"loud": 1}}, 422, "invalid_request"),
        ({"name": "hold", "extra": 1}, 422, "invalid_request"),
        ({"name": "dial", "body": {"number": "1", "data": {"x": "y" * 17000}}}, 413, "data_too_large"),
        ({}, 422, "invalid_request"),
    ],
)
async def test_what_http_would_refuse_is_refused_alike(
    city: City, asked: Json, status: int, code: str
) -> None:
    """By the same rules; the connection goes on."""
    async with city.client.ws_connect("/v1/events", headers=await city.bearer_of("1001")) as socket:
        await socket.send_json({"type": "command", "id": "1", **asked})
        answer = await answer_of(socket)
        assert (answer["id"], answer["status"], answer["body"]["code"]) == ("1", status, code)
        assert (await command(socket, "hold"))["status"] == 200
    assert city.control.asked == [("hold", "1001")]


@pytest.mark.parametrize("text", ["nonsense", "[]", "7", '{"type":"hello"}', '"\\ud800"', '{"id": 5}'])
async def test_a_message_that_is_no_command_is_answered_and_forgotten(city: City, text: str) -> None:
    """A problem; the connection goes on."""
    async with city.client.ws_connect("/v1/events", headers=await city.bearer_of("1001")) as socket:
        await socket.send_str(text)
        answer = await answer_of(socket)
        assert answer["id"] is None
        assert answer["status"] in (400, 422)
        assert (await command(socket, "hold"))["status"] == 200


async def test_a_flood_ends_the_connection_and_nobody_elses(city: City) -> None:
    """Close code 4429; a colleague's connection goes on."""
    async with (
        city.client.ws_connect("/v1/events", headers=await city.bearer_of("1002")) as quiet,
        city.client.ws_connect("/v1/events", headers=await city.bearer_of("1001")) as loud,
    ):
        text = json.dumps({"type": "command", "id": "1", "name": "hold"})
        for _ in range(AT_ONCE * 3):
            await loud.send_str(text)
        async for _ in loud:
            pass
        assert loud.close_code == CLOSE_FLOOD
        assert (await command(quiet, "hold"))["status"] == 200


async def test_a_command_is_done_once_for_its_key(city: City) -> None:
    """Over whichever way it is asked for again."""
    headers = await city.bearer_of("1001")
    async with city.client.ws_connect("/v1/events", headers=headers) as socket:
        for _ in range(2):
            answer = await command(socket, "dial", {"number": "8002"}, idempotency_key="k1")
            assert (answer["status"], answer["body"]) == (202, {"call_id": "c9"})
    again = {**headers, "Idempotency-Key": "k1"}
    async with city.client.post("/v1/agents/1001/dial", json={"number": "8002"}, headers=again) as answered:
        assert (answered.status, await answered.json()) == (202, {"call_id": "c9"})
    assert len(city.control.asked) == 1


async def test_a_session_that_has_run_out_commands_nothing(city: City) -> None:
    """The connection is closed instead."""
    async with city.client.ws_connect("/v1/events", headers=await city.bearer_of("1001")) as socket:
        await socket.receive_json(timeout=5)
        city.wall.now += 13 * 3600
        await socket.send_json({"type": "command", "id": "1", "name": "hold"})
        async for _ in socket:
            pass
        assert socket.close_code == 4401
    assert city.control.asked == []
