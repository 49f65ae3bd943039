"""Who may ask for what: every endpoint of the document, for every kind of actor; what is within reach and what is not."""

import asyncio
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from api.document import make_document
from tests.api.city import City, running_city

Json = dict[str, Any]

OPEN = {"POST /v1/session", "GET /health"}
AGENTS_MAY = {
    "GET /v1/session",
    "DELETE /v1/session",
    "POST /v1/session/password",
    "GET /v1/customers",
    "GET /v1/reasons",
    "GET /v1/emergency",
    "GET /v1/agents",
    "GET /v1/agents/{agent_id}",
    "GET /v1/colleagues",
    "GET /v1/calls",
    "GET /v1/calls/{call_id}",
    "GET /v1/calls/{call_id}/data",
    "PUT /v1/calls/{call_id}/data",
    "PATCH /v1/calls/{call_id}/data",
    "POST /v1/calls/{call_id}/recording/pause",
    "POST /v1/calls/{call_id}/recording/resume",
    "GET /v1/calls/{call_id}/caller",
    "GET /v1/calls/{call_id}/orders",
    "GET /v1/flows",
    "GET /v1/events",
    "GET /v1/events/stream",
    "GET /v1/call-lists",
    "GET /v1/call-lists/{list_id}",
    "GET /v1/contacts",
    "GET /v1/contacts/{contact_id}",
    *(f"POST /v1/agents/{{agent_id}}/contacts/{verb}" for verb in ("accept", "decline", "complete")),
    "GET /v1/voicemails/{voicemail_id}",
    "GET /v1/voicemails/{voicemail_id}/sound",
    "POST /v1/voicemails/{voicemail_id}/call-back",
    "GET /v1/callbacks",
    "GET /v1/callbacks/{callback_id}",
    "POST /v1/callbacks",
    "POST /v1/agents/{agent_id}/call-lists/{list_id}/next",
    "POST /v1/agents/{agent_id}/call-lists/{list_id}/records/{record_id}/dial",
    "POST /v1/agents/{agent_id}/call-lists/{list_id}/records/{record_id}/skip",
    *(
        f"POST /v1/agents/{{agent_id}}/{verb}"
        for verb in (
            *("login", "logout", "ready", "not-ready", "wrap-up/end", "wrap-up/extend"),
            *("dial", "answer", "hang-up", "hold", "retrieve", "mute", "unmute", "digits"),
            *("consult", "alternate", "reconnect", "transfer", "to-flow", "conference", "drop"),
        )
    ),
}
"""All that a person of the role `agent` can ask for.  A new endpoint is not among them unless it is put here."""

NO_SUPERVISOR_MAY = {"POST /v1/tickets"}
"""What is for programs; administrators may do all."""
SAMPLES: Json = {
    "reason": "test",
    "number": "13912345678",
    "digits": "1",
    "kind": "agent",
    "to": "1002",
    "party": "leg",
    "flow": "password",
    "data": {},
    "supervisor": "2001",
    "mode": "monitor",
    "state": "ready",
    "agent": "1002",
    "queue": "general",
    "level": 1,
    "seconds": 5,
    "extension": "8001",
    "initial_state": "ready",
    "agent_id": "1001",
    "contact_id": "ct-1",
    "by": "x",
    "password": "wrong password",
    "new_password": "another password",
}
DOCUMENT = make_document("1")
OPERATIONS: dict[str, Json] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def schema_of(operation: Json) -> Json:
    """What the body of an operation is to be; nothing is known of files, and of objects of any shape."""
    content = next(iter(operation["requestBody"]["content"].values()))
    found: Json = DOCUMENT["components"]["schemas"].get(
        content["schema"].get("$ref", "").rpartition("/")[2], {}
    )
    return found


def body_of(operation: Json, supervisor: str) -> Json | None:
    """A body that is right by the document, as far as the names are known here; everybody supervises as themselves."""
    if "requestBody" not in operation:
        return None
    schema = schema_of(operation)
    known = {**SAMPLES, "supervisor": supervisor}
    return {name: known[name] for name in schema.get("required", ()) if name in known}


async def status_of(city: City, name: str, headers: dict[str, str], person: str = "2001", **ids: str) -> int:
    """Ask for one operation; the status of the answer, whose body is not waited for."""
    method, path = name.split(" ")
    known = {"agent_id": "1001", "call_id": "c2", "recording_id": "r1", **ids}
    for parameter in OPERATIONS[name]["parameters"]:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", known.get(parameter["name"], "x1"))
    async with city.client.request(
        method, path, headers=headers, json=body_of(OPERATIONS[name], person)
    ) as answer:
        return answer.status


def test_every_endpoint_says_who_may_ask() -> None:
    """The document names scopes and roles; nothing but the sign-in and the health is open."""
    assert {name for name, operation in OPERATIONS.items() if not operation["security"]} == OPEN
    for name in OPERATIONS.keys() - OPEN:
        assert OPERATIONS[name]["x-scopes"], name
    assert {name for name in OPERATIONS.keys() - OPEN if "agent" in OPERATIONS[name]["x-roles"]} == AGENTS_MAY


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - OPEN))
async def test_programs_need_a_scope_and_people_a_role(city: City, name: str) -> None:
    """Everybody who lacks it gets 403, nobody who has it does; who shows nothing gets 401."""
    operation = OPERATIONS[name]
    city.agents.put_in_call("1001", "c2")
    assert await status_of(city, name, {}) == (400 if operation["x-upgrade"] else 401)
    for who in ("none", "read", "agent", "supervisor", "admin"):
        allowed = who == "admin" or who in operation["x-scopes"]
        assert (await status_of(city, name, city.auth(who)) != 403) == allowed, who
    for agent_id, role in (("1001", "agent"), ("2001", "supervisor"), ("9001", "admin")):
        allowed = {
            "agent": name in AGENTS_MAY,
            "supervisor": name not in NO_SUPERVISOR_MAY and role in operation["x-roles"],
            "admin": True,
        }[role]
        status = await status_of(city, name, await city.bearer_of(agent_id), agent_id)
        assert (status != 403) == allowed, (role, status)


FOREIGN = {"agent_id": "1003", "call_id": "c7", "recording_id": "r7"}


def names_a_foreign_thing(name: str) -> bool:
    return any(f"{{{kind}}}" in name for kind in FOREIGN)


@pytest.mark.parametrize("name", [name for name in sorted(OPERATIONS) if names_a_foreign_thing(name)])
async def test_what_belongs_to_others_is_out_of_reach(city: City, name: str) -> None:
    """An agent's colleague and their calls; a supervisor's other group.  Administrators reach everything."""
    city.events.publish("call.offered", {"call_id": "c7", "agent": "1003", "queue": "law"})
    city.recordings.rows["r7"] = replace(
        city.recordings.rows["r1"], recording_id="r7", call_id="c7", agents=("1003",)
    )
    for agent_id in ("1002", "2001"):
        assert await status_of(city, name, await city.bearer_of(agent_id), agent_id, **FOREIGN) == 403
    assert city.control.asked == []
    assert city.ledger.actions == []
    assert await status_of(city, name, await city.bearer_of("9001"), "9001", **FOREIGN) != 403


IN_CALL = (
    ("PUT", "/v1/calls/c2/data", {"data": {"a": 1}}),
    ("PATCH", "/v1/calls/c2/data", {"data": {"a": 1}}),
    ("POST", "/v1/calls/c2/recording/pause", {"reason": "x"}),
    ("POST", "/v1/calls/c2/recording/resume", {"reason": "x"}),
)


async def test_an_agent_who_has_left_a_call_may_look_at_it_and_change_nothing(city: City) -> None:
    """Declined, or handed over: the call goes on with a colleague.  Their supervisor may."""
    agent, supervisor = await city.bearer_of("1001"), await city.bearer_of("2001")
    city.events.publish("call.offered", {"call_id": "c2", "agent": "1001", "queue": "general"})

    async def statuses(headers: dict[str, str]) -> set[int]:
        found = set()
        for method, path, body in IN_CALL:
            async with city.client.request(method, path, json=body, headers=headers) as answer:
                found.add(answer.status)
        return found

    city.agents.put_in_call("1001", "c2")
    assert 403 not in await statuses(agent)
    city.control.asked.clear()
    city.agents.put_in_call("1001", None)
    assert await statuses(agent) == {403}
    city.agents.put_in_call("1001", "c3")
    assert await statuses(agent) == {403}
    assert city.control.asked == []
    async with city.client.get("/v1/calls/c2", headers=agent) as answer:
        assert answer.status == 200
    assert 403 not in await statuses(supervisor)


async def test_a_foreign_agent_and_none_at_all_look_alike(city: City) -> None:
    """Nobody counts agents by asking."""
    headers = await city.bearer_of("1001")
    problems = []
    for agent_id in ("1002", "7777"):
        async with city.client.get(f"/v1/agents/{agent_id}", headers=headers) as answer:
            problems.append((answer.status, await answer.json(content_type=None)))
    assert problems[0] == problems[1]
    assert problems[0][1]["code"] == "not_yours"


async def test_lists_hold_what_is_within_reach(city: City) -> None:
    """Agents; calls and recordings are asked of their port with the reach."""
    for agent_id, seen in (
        ("1001", ["1001"]),
        ("2001", ["1001", "1002", "2001"]),
        ("9001", ["1001", "1002", "1003", "2001"]),
    ):
        headers = await city.bearer_of(agent_id)
        async with city.client.get("/v1/agents", headers=headers) as answer:
            page = await answer.json()
        assert [agent["agent_id"] for agent in page["items"]] == seen
        async with city.client.get("/v1/calls", headers=headers) as answer:
            assert answer.status == 200
        reach = city.calls.asked[-1].reach
        assert (reach.is_all, reach.has_agent("1002")) == (agent_id == "9001", agent_id != "1001")


async def test_a_supervisor_acts_in_their_own_name_and_for_their_own_agents(city: City) -> None:
    """Listening as somebody else, or giving a call to an agent of another group, is not theirs."""
    headers = await city.bearer_of("2001")
    for path, body in (
        ("/v1/calls/c2/supervise", {"supervisor": "9001", "mode": "monitor", "reason": "x"}),
        ("/v1/calls/c2/intercept", {"supervisor": "1001", "reason": "x"}),
        ("/v1/calls/c2/pick-up", {"agent": "1003", "reason": "x"}),
    ):
        async with city.client.post(path, json=body, headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (403, "not_yours")
    assert city.control.asked == []


async def test_every_forced_action_is_written_into_the_ledger(city: City) -> None:
    """Who, what, whom and why; what was refused is not."""
    headers = await city.bearer_of("2001")
    city.events.publish("call.connected", {"call_id": "c2", "agent": "1001"})
    for path, body in (
        ("/v1/agents/1002/force", {"state": "not_ready", "reason": "会议"}),
        ("/v1/calls/c2/supervise", {"supervisor": "2001", "mode": "monitor", "reason": "质检"}),
        ("/v1/agents/1001/hold", {}),
        ("/v1/agents/1003/force", {"state": "ready", "reason": "x"}),
    ):
        await city.client.post(path, json=body, headers=headers)
    async with city.client.get("/v1/ledger", headers=headers) as answer:
        items = (await answer.json())["items"]
    told = [
        (one["who"], one["action"], one["agent"], one["call_id"], one["reason"], one["detail"])
        for one in items
    ]
    assert told == [
        ("2001", "supervise", "1001", "c2", "质检", {"supervisor": "2001", "mode": "monitor"}),
        ("2001", "force_state", "1002", None, "会议", {"state": "not_ready"}),
    ]


@pytest.mark.parametrize(
    ("kind", "data", "seen_by"),
    [
        ("call.offered", {"call_id": "n1", "agent": "1001", "queue": "general"}, "1001 2001 9001"),
        ("call.queued", {"call_id": "n1", "queue": "general", "position": 1}, "2001 9001"),
        ("call.queued", {"call_id": "n1", "queue": "law", "position": 1}, "9001"),
        ("call.arrived", {"call_id": "n1", "caller": "1"}, "2001 9001"),
        ("agent.state_changed", {"agent": "1003", "presence": "ready"}, "9001"),
        ("agent.state_changed", {"agent": "1002", "presence": "ready"}, "2001 9001"),
        ("alarm.raised", {"alarm": "disk"}, "2001 9001"),
        ("supervision.started", {"call_id": "n1", "agent": "1001", "supervisor": "2001"}, "2001 9001"),
    ],
)
async def test_events_reach_those_whom_they_concern(city: City, kind: str, data: Json, seen_by: str) -> None:
    """By WebSocket and as server-sent events alike; an event for all follows, so that nothing is only late."""
    people = ("1001", "2001", "9001")
    headers = {agent_id: await city.bearer_of(agent_id) for agent_id in people}
    sockets = {
        agent_id: await city.client.ws_connect("/v1/events", headers=headers[agent_id]) for agent_id in people
    }
    streams = {
        agent_id: await city.client.get("/v1/events/stream", headers=headers[agent_id]) for agent_id in people
    }
    for agent_id in people:
        assert (await sockets[agent_id].receive_json(timeout=5))["type"] == "snapshot"
        assert (await next_of(streams[agent_id]))["type"] == "snapshot"
    city.events.publish(kind, data)
    city.events.publish("call.offered", {"call_id": "m", "agent": "1001", "queue": "general"})
    for agent_id in people:
        first = await sockets[agent_id].receive_json(timeout=5)
        assert (first["number"] == 1) == (agent_id in seen_by), agent_id
        assert first.get("sparse", False) == (agent_id != "9001")
        assert await next_of(streams[agent_id]) == first
        await sockets[agent_id].close()
        streams[agent_id].close()


@pytest.mark.parametrize("is_shown", [False, True])
async def test_agents_are_told_of_supervision_where_that_is_set(tmp_path: Path, *, is_shown: bool) -> None:
    """Who listens and what is forced, of their own calls; of others' calls never."""
    silent = {"leg_id": "l3", "role": "supervisor", "agent_id": "2001", "supervising": "monitor"}
    async with running_city(tmp_path, is_supervision_shown=is_shown) as city:
        city.snapshot.update(
            calls=[{"call_id": "n1", "agent": "1001", "queue": "general", "parties": [silent]}]
        )
        headers = await city.bearer_of("1001")
        async with city.client.ws_connect("/v1/events", headers=headers) as socket:
            snapshot = await socket.receive_json(timeout=5)
            assert bool(snapshot["data"]["calls"][0]["parties"]) == is_shown
            for call_id, agent in (("n1", "1001"), ("n3", "1003")):
                told = {"call_id": call_id, "agent": agent}
                city.events.publish("supervision.started", {**told, "supervisor": "2001", "mode": "monitor"})
                city.events.publish("forced", {**told, "who": "2001", "action": "intercept"})
            city.events.publish("call.offered", {"call_id": "m", "agent": "1001", "queue": "general"})
            seen: list[tuple[str, str]] = []
            while not seen or seen[-1][0] != "call.offered":
                event = await socket.receive_json(timeout=5)
                seen.append((event["kind"], event["data"]["call_id"]))
    supervised = [("supervision.started", "n1"), ("forced", "n1")] if is_shown else []
    assert seen == [*supervised, ("call.offered", "m")]


async def next_of(stream: ClientResponse) -> Json:
    """The next server-sent event's data."""
    async with asyncio.timeout(5):
        async for line in stream.content:
            if line.startswith(b"data:"):
                return dict(json.loads(line.removeprefix(b"data:")))
    raise AssertionError("the stream ended")


async def test_a_snapshot_shows_what_is_within_reach(city: City) -> None:
    """Agents, calls and queues of others do not stand in it, nor a supervisor who only listens."""
    silent = {"leg_id": "l3", "role": "supervisor", "agent_id": "2001", "supervising": "monitor"}
    agent = {"leg_id": "l2", "role": "agent", "agent_id": "1001", "supervising": None}
    city.snapshot.update(
        agents=[{"agent_id": one} for one in ("1001", "1002", "1003", "2001")],
        calls=[
            {"call_id": "a", "queue": "general", "agent": "1001", "parties": [agent, silent]},
            {"call_id": "b", "queue": "law", "agent": "1003"},
            {"call_id": "c", "queue": "general", "agent": None},
        ],
        queues=[{"queue": "general"}, {"queue": "law"}],
        trunks=[{"trunk": "city"}],
    )
    seen = {}
    for agent_id in ("1001", "2001", "9001"):
        headers = await city.bearer_of(agent_id)
        async with city.client.ws_connect("/v1/events", headers=headers) as socket:
            seen[agent_id] = (await socket.receive_json(timeout=5))["data"]
    flat = {
        agent_id: [
            [
                one.get("agent_id") or one.get("call_id") or one.get("queue") or one.get("trunk")
                for one in rows
            ]
            for rows in (data.get(name, []) for name in ("agents", "calls", "queues", "trunks"))
        ]
        for agent_id, data in seen.items()
    }
    assert flat == {
        "1001": [["1001"], ["a"], ["general"], []],
        "2001": [["1001", "1002", "2001"], ["a", "c"], ["general"], ["city"]],
        "9001": [["1001", "1002", "1003", "2001"], ["a", "b", "c"], ["general", "law"], ["city"]],
    }
    parties = {agent_id: len(data["calls"][0]["parties"]) for agent_id, data in seen.items()}
    assert parties == {"1001": 1, "2001": 2, "9001": 2}


def test_samples_serve_every_body() -> None:
    """A new body whose fields are not known here would not be tested."""
    for name, operation in OPERATIONS.items():
        if names_a_foreign_thing(name) and "requestBody" in operation:
            schema = schema_of(operation)
            assert set(itertools.chain(schema.get("required", ()))) <= SAMPLES.keys(), name
