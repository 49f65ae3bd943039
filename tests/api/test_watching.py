"""Watching a seat (监视): a supervisor sees what its agent does in it, and what comes of it."""

from typing import Any

import aiohttp

from tests.api.city import City

Json = dict[str, Any]


async def told(socket: aiohttp.ClientWebSocketResponse) -> Json:
    """The data of the next event."""
    while (message := await socket.receive_json(timeout=5))["type"] != "event":
        pass
    assert message["kind"] == "seat.command"
    return dict(message["data"])


async def test_a_supervisor_sees_each_command_and_its_result(city: City) -> None:
    """Over HTTP and over the live connection alike; also those that the state did not allow."""
    agent = await city.bearer_of("1001")
    async with (
        city.client.ws_connect("/v1/events", headers=await city.bearer_of("2001")) as supervisor,
        city.client.ws_connect("/v1/events", headers=agent) as bar,
    ):
        await city.client.post(
            "/v1/agents/1001/dial", json={"number": "139", "data": {"id": 7}}, headers=agent
        )
        assert await told(supervisor) == {
            "agent": "1001",
            "command": "dial",
            "asked": {"number": "139"},
            "on_call": None,
            "status": 202,
            "code": "",
        }
        await bar.send_json({"type": "command", "id": "1", "name": "ready"})
        seen = await told(supervisor)
        assert (seen["command"], seen["status"], seen["code"]) == ("ready", 409, "logged_out")
        city.events.publish("call.offered", {"call_id": "c2", "agent": "1001"})
        city.agents.put_in_call("1001", "c2")
        await supervisor.receive_json(timeout=5)
        await city.client.post("/v1/calls/c2/recording/pause", json={"reason": "密码"}, headers=agent)
        seen = await told(supervisor)
        assert (seen["command"], seen["asked"], seen["on_call"]) == (
            "pause_recording",
            {"reason": "密码"},
            "c2",
        )


async def test_keys_and_data_are_shown_to_nobody(city: City) -> None:
    """A caller's password may be among them."""
    async with city.client.ws_connect("/v1/events", headers=city.auth("read")) as reader:
        for verb, body in (
            ("digits", {"digits": "4711#"}),
            ("dial", {"number": "1", "data": {"pin": "4711"}}),
        ):
            await city.ask("POST", f"/v1/agents/1001/{verb}", "agent", json=body)
            seen = await told(reader)
            assert (seen["agent"], "4711" in str(seen)) == ("1001", False)


async def test_what_others_ask_says_nothing_of_the_seat(city: City) -> None:
    """What was forced stands in the ledger, and who was refused at the door did nothing there."""
    async with city.client.ws_connect("/v1/events", headers=city.auth("read")) as reader:
        await city.ask("POST", "/v1/agents/1001/force", json={"state": "ready", "reason": "x"})
        await city.ask("POST", "/v1/agents/1001/hold", "read")
        await city.ask("GET", "/v1/agents/1001")
        await city.client.post("/v1/agents/1001/hold", headers=await city.bearer_of("1003"))
        await city.client.post("/v1/agents/1002/mute", headers=await city.bearer_of("1002"))
        seen = await told(reader)
        assert (seen["agent"], seen["command"]) == ("1002", "mute")
