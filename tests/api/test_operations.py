"""Call operations over HTTP: each asks call control for one thing, and refuses what cannot be right."""

from pathlib import Path
from typing import Any

import pytest

from api.operation_routes import OPERATIONS
from api.operations import DATA_MOST
from tests.api.city import City, running_city

Json = dict[str, Any]

BY_AGENT: dict[str, tuple[int, Json, tuple[Any, ...]]] = {
    "dial": (202, {"number": "13912345678", "data": {"a": 1}}, ("dial", "1001", "13912345678", {"a": 1}, "")),
    "answer": (202, {}, ("answer", "1001")),
    "hang-up": (200, {}, ("hang_up_own", "1001")),
    "hold": (200, {}, ("hold", "1001")),
    "retrieve": (200, {}, ("retrieve", "1001")),
    "mute": (200, {}, ("mute", "1001")),
    "unmute": (200, {}, ("unmute", "1001")),
    "digits": (200, {"digits": "12#"}, ("send_digits", "1001", "12#")),
    "consult": (202, {"kind": "agent", "to": "1002"}, ("consult", "1001", "agent", "1002")),
    "alternate": (200, {}, ("alternate", "1001")),
    "reconnect": (200, {}, ("reconnect", "1001")),
    "transfer": (202, {"kind": "queue", "to": "law"}, ("transfer", "1001", "queue", "law")),
    "to-flow": (200, {"flow": "password"}, ("to_flow", "1001", "password")),
    "conference": (200, {}, ("conference", "1001")),
    "drop": (200, {"party": "leg-3"}, ("drop", "1001", "leg-3")),
    "wrap-up/extend": (200, {"seconds": 60}, ("extend_wrap_up", "1001", 60)),
    "stop-supervising": (200, {}, ("stop_supervising", "1001")),
    "force": (200, {"state": "not_ready", "reason": "会议"}, ("force_state", "1001", "not_ready", "会议")),
}
TO_CALL: dict[str, tuple[Json, tuple[Any, ...]]] = {
    "recording/pause": ({"reason": "密码"}, ("pause_recording", "c2", "密码")),
    "recording/resume": ({"reason": "done"}, ("resume_recording", "c2", "done")),
    "supervise": (
        {"supervisor": "2001", "mode": "whisper", "reason": "help"},
        ("supervise", "2001", "c2", "whisper", "help"),
    ),
    "intercept": ({"supervisor": "2001", "reason": "投诉"}, ("intercept", "2001", "c2", "投诉")),
    "hang-up": ({"target": "agent_leg", "reason": "x"}, ("force_hang_up", "c2", "agent_leg", "x")),
    "pick-up": ({"agent": "1002", "reason": "VIP"}, ("pick_up", "1002", "c2", "VIP")),
    "move": ({"queue": "law", "reason": "misrouted"}, ("move", "c2", "law", "misrouted")),
    "level": ({"level": 5, "reason": "urgent"}, ("set_level", "c2", 5, "urgent")),
}


@pytest.mark.parametrize("verb", BY_AGENT)
async def test_an_agent_operation_reaches_call_control(city: City, verb: str) -> None:
    """With what the body says; the answer shows the agent, or the id of the new call."""
    wanted, body, asked = BY_AGENT[verb]
    status, shown = await city.ask("POST", f"/v1/agents/1001/{verb}", json=body)
    assert (status, city.control.asked) == (wanted, [asked])
    assert shown["call_id" if verb == "dial" else "agent_id"] == ("c9" if verb == "dial" else "1001")


@pytest.mark.parametrize("verb", TO_CALL)
async def test_a_call_operation_reaches_call_control(city: City, verb: str) -> None:
    """The outcome comes by the live stream."""
    body, asked = TO_CALL[verb]
    status, shown = await city.ask("POST", f"/v1/calls/c2/{verb}", json=body)
    assert (status, shown, city.control.asked) == (202, {"call_id": "c2"}, [asked])


async def test_the_ledger_names_whom_it_was_done_to(city: City) -> None:
    """Who talks in the call, also where others had it before; who is given it; nobody while it waits."""
    for agent in ("1001", "1002"):
        city.events.publish("call.offered", {"call_id": "c2", "agent": agent})
    city.events.publish("call.connected", {"call_id": "c2", "agent": "1002"})
    for verb in ("supervise", "hang-up"):
        await city.ask("POST", f"/v1/calls/c2/{verb}", json=TO_CALL[verb][0])
    await city.ask("POST", "/v1/agents/1001/force", json=BY_AGENT["force"][1])
    city.events.publish("call.requeued", {"call_id": "c2", "cause": "agent_forced_off"})
    for verb in ("move", "pick-up"):
        await city.ask("POST", f"/v1/calls/c2/{verb}", json=TO_CALL[verb][0])
    assert [(action.action, action.agent) for action in city.ledger.actions] == [
        ("supervise", "1002"),
        ("force_hang_up", "1002"),
        ("force_state", "1001"),
        ("move", None),
        ("pick_up", "1002"),
    ]


async def test_a_transfer_without_a_target_completes_the_consult(city: City) -> None:
    """Half a target is refused."""
    assert (await city.ask("POST", "/v1/agents/1001/transfer", json={}))[0] == 202
    assert city.control.asked == [("transfer", "1001")]
    status, problem = await city.ask("POST", "/v1/agents/1001/transfer", json={"kind": "agent"})
    assert (status, problem["code"]) == (422, "target_incomplete")


async def test_what_the_state_does_not_allow_is_a_conflict_that_says_what_it_allows(city: City) -> None:
    """409 with the state and the operations that are possible now."""
    status, problem = await city.ask("POST", "/v1/agents/1003/hold")
    assert (status, problem["code"], problem["state"], problem["allowed"]) == (
        409,
        "no_call",
        "idle",
        ["dial"],
    )


async def test_a_number_that_the_seat_may_not_call_names_the_rule(city: City) -> None:
    """403, not 422: the number is a good one."""
    status, problem = await city.ask("POST", "/v1/agents/1001/dial", json={"number": "114"})
    assert (status, problem["code"]) == (403, "number_not_allowed")
    assert problem["rule"] == "outbound.no_information_services"


async def test_attached_data_is_replaced_and_merged(city: City) -> None:
    """PUT replaces, PATCH merges and null removes."""
    status, shown = await city.ask("PUT", "/v1/calls/c2/data", json={"data": {"name": "李", "n": [1, {}]}})
    assert (status, shown) == (200, {"call_id": "c2", "data": {"name": "李", "n": [1, {}]}})
    _, shown = await city.ask("PATCH", "/v1/calls/c2/data", json={"data": {"n": None, "x": True}})
    assert shown["data"] == {"name": "李", "x": True}


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({"text": "字" * (DATA_MOST // 3)}, 413, "data_too_large"),
        ([], 422, "invalid_request"),
        ("text", 422, "invalid_request"),
        (None, 422, "invalid_request"),
        ({"a": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}, 422, "invalid_request"),
    ],
)
async def test_attached_data_that_nobody_could_carry_is_refused(
    city: City, data: Any, status: int, code: str
) -> None:
    """Too large, no object, or nested too deeply; also with a new call."""
    for method, path in (("PUT", "/v1/calls/c2/data"), ("PATCH", "/v1/calls/c2/data")):
        answered, problem = await city.ask(method, path, json={"data": data})
        assert (answered, problem["code"]) == (status, code)
    answered, problem = await city.ask("POST", "/v1/agents/1001/dial", json={"number": "1", "data": data})
    assert (answered, problem["code"]) == (status, code)
    assert city.control.asked == []


async def test_attached_data_is_read_from_the_call(city: City) -> None:
    """Also that of a call that has ended."""
    assert await city.ask("GET", "/v1/calls/c1/data") == (200, {"call_id": "c1", "data": {"order": 5}})


@pytest.mark.parametrize(("level", "status"), [(-1000, 202), (1000, 202), (-1001, 422), (1001, 422)])
async def test_levels_are_those_that_a_route_can_have(city: City, level: int, status: int) -> None:
    """A caller who was put down can be put up again, and the other way round."""
    answered, _ = await city.ask("POST", "/v1/calls/c2/level", json={"level": level, "reason": "x"})
    assert answered == status


async def test_without_call_control_the_operations_say_so(tmp_path: Path) -> None:
    """501, every one of them; ending a whole call by force is older than they are."""
    async with running_city(tmp_path, has_operations=False) as city:
        for route in OPERATIONS:
            verb = route.path.rpartition("_id}/")[2]
            if route.method != "POST" or route.path.endswith("/data"):
                continue
            path = route.path.replace("{agent_id}", "1001").replace("{call_id}", "c2")
            body = BY_AGENT[verb][1] if "agents" in path else TO_CALL[verb][0]
            status, problem = await city.ask("POST", path, json=body)
            assert (status, problem["code"]) == (501, "not_built"), path
        assert (await city.ask("POST", "/v1/calls/c2/hang-up", json={"reason": "x"}))[0] == 202
