"""What is forced upon others needs a reason and leaves a line: every action that the document marks, so that none escapes."""

from typing import Any

import aiohttp
import pytest

from tests.api.city import City
from tests.api.test_access import DOCUMENT, OPERATIONS, body_of

Json = dict[str, Any]

FORCED = sorted(name for name, operation in OPERATIONS.items() if operation.get("x-forced"))
LISTEN = "GET /v1/calls/{call_id}/listen"
COMMANDS = {
    "POST /v1/agents/{agent_id}/force": "force_state",
    "POST /v1/calls/{call_id}/hang-up": "force_hang_up",
    "POST /v1/calls/{call_id}/intercept": "intercept",
    "POST /v1/calls/{call_id}/level": "set_level",
    "POST /v1/calls/{call_id}/move": "move",
    "POST /v1/calls/{call_id}/pick-up": "pick_up",
    "POST /v1/calls/{call_id}/supervise": "supervise",
    LISTEN: "listen",
}
"""The name in the ledger of each."""
WHOM = {"force_state": "1001", "pick_up": "1002"}
"""Whom the path or the body names; all else is done to whoever talks in the call."""
NO_REASONS: dict[str, Json] = {
    "missing": {},
    "empty": {"reason": ""},
    "blank": {"reason": " \t"},
    "an ideographic blank": {"reason": "\u3000"},
    "null": {"reason": None},
    "no text": {"reason": 7},
    "too long": {"reason": "因" * 65},
}
IDS = {"agent_id": "1001", "call_id": "c2"}


def test_the_document_marks_every_forced_action() -> None:
    """And this table knows each, with its name in the ledger; each asks for its reason by name."""
    assert set(FORCED) == set(COMMANDS)
    for name in set(FORCED) - {LISTEN}:
        content = OPERATIONS[name]["requestBody"]["content"]["application/json"]
        schema = DOCUMENT["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        assert "reason" in schema["required"], name


async def asked(city: City, name: str, reason: Json) -> tuple[int, Json]:
    """Ask for an action with this in place of its reason; the answer."""
    method, path = name.split(" ")
    path = path.format(**IDS)
    if name == LISTEN:
        query = {key: "" if value is None else str(value) for key, value in reason.items()}
        return await listened(city, path, query)
    known = body_of(OPERATIONS[name], "2001") or {}
    body = {key: value for key, value in known.items() if key != "reason"} | reason
    return await city.ask(method, path, json=body)


async def listened(city: City, path: str, query: dict[str, str]) -> tuple[int, Json]:
    """Listen as a program does; what stood in the way, or the first message."""
    headers = {**city.auth(), "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    try:
        async with city.client.ws_connect(path, params=query, headers=city.auth()) as socket:
            return 101, dict(await socket.receive_json(timeout=5))
    except aiohttp.WSServerHandshakeError:
        async with city.client.get(path, params=query, headers=headers) as refused:
            return refused.status, await refused.json(content_type=None)


def done(city: City) -> int:
    """How much was done behind the interface."""
    return len(city.control.asked) + len(city.ears.asked) + len(city.calls.hung_up)


@pytest.mark.parametrize("name", FORCED)
async def test_without_a_reason_nothing_is_done_and_the_field_is_named(city: City, name: str) -> None:
    """422; call control is not asked, and the ledger has nothing."""
    for how, reason in NO_REASONS.items():
        if (name, how) != (LISTEN, "no text"):  # in an address all is text
            status, problem = await asked(city, name, reason)
            assert (status, [fault["field"] for fault in problem["errors"]]) == (422, ["reason"]), how
    assert (done(city), city.ledger.actions) == (0, [])


@pytest.mark.parametrize("name", FORCED)
async def test_with_a_reason_it_is_done_and_the_ledger_says_who_what_whom_and_why(
    city: City, name: str
) -> None:
    """When is the ledger's own to say (tests/e2e/test_kept_secrets.py asks a running one)."""
    city.events.publish("call.connected", {"call_id": "c2", "agent": "1001"})
    status, _ = await asked(city, name, {"reason": "质检 42"})
    assert (status in (101, 200, 202), done(city)) == (True, 1)
    [row] = (await city.ask("GET", "/v1/ledger"))[1]["items"]
    command = COMMANDS[name]
    assert (row["who"], row["action"], row["reason"]) == ("admin", command, "质检 42")
    assert row["agent"] == WHOM.get(command, "1001")
    assert row["call_id"] == (None if command == "force_state" else "c2")
