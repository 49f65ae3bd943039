"""The AsyncAPI document says what the live connection does."""

import json
import re
from typing import Any

import pytest

from api.async_document import make_async_document
from api.live_messages import Shown
from api.requests import Nothing
from api.routes import ROUTES
from softswitch.calls.chronicle import KINDS, shown_kinds
from tests.api.city import City
from tests.api.test_live_commands import command

Json = dict[str, Any]


@pytest.fixture(name="document", scope="module")
def made() -> Json:
    """The document of the whole softswitch."""
    return make_async_document("1", shown_kinds())


def payload(document: Json, name: str) -> Json:
    """What one message holds; a class of its own is looked up."""
    found: Json = document["components"]["messages"][name]["payload"]
    reference = found.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][reference] if reference else found


def fits(schema: Json, message: Json) -> bool:
    """Whether a message has what the schema needs, nothing that it does not know, and its constants."""
    known = schema["properties"]
    constants = {name: one["const"] for name, one in known.items() if "const" in one}
    return set(schema["required"]) <= message.keys() <= known.keys() and constants.items() <= message.items()


def test_every_reference_has_a_target_and_every_message_an_operation(document: Json) -> None:
    """Generators of clients stop at the first one that has none."""
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/([^"]+)"', text)):
        place: Any = document
        for step in reference.split("/"):
            place = place[step]
    told = {
        one["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        for one in (*operation["messages"], *operation.get("reply", {}).get("messages", ()))
    }
    carried = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert told == set(document["components"]["messages"]) == carried


def test_every_command_and_every_kind_of_event_is_described(document: Json) -> None:
    """From the route table and from the journal's own classes."""
    messages = document["components"]["messages"]
    commands = {route.command for route in ROUTES if route.command}
    assert {name[8:] for name in messages if name.startswith("command.")} == commands
    assert {name[6:] for name in messages if name.startswith("event.")} == {
        *KINDS.values(),
        "seat.command",
        "call.rung",
    }
    for route in ROUTES:
        if route.command and route.body not in (None, Nothing):
            body = payload(document, f"command.{route.command}")["properties"]["body"]
            assert route.body is not None
            assert body == {"$ref": f"#/components/schemas/{route.body.__name__}"}


def test_data_that_is_not_for_readers_is_not_described() -> None:
    """Only the fields that are shown, and those that are made for readers."""
    one = make_async_document("1", {"x.y": Shown(of=Nothing, fields=(), more=(("call", dict),))})
    data = one["components"]["messages"]["event.x.y"]["payload"]["properties"]["data"]
    assert data["properties"] == {"call": {"type": "object"}}


async def test_what_is_said_on_a_connection_is_what_the_document_says(city: City, document: Json) -> None:
    """Snapshot, event, answer and pong of a real connection."""
    async with city.client.ws_connect("/v1/events", headers=city.auth("agent")) as socket:
        assert fits(payload(document, "snapshot"), await socket.receive_json(timeout=5))
        answer = await command(socket, "hold", agent_id="1001")
        assert fits(payload(document, "answer.hold"), answer)
        await socket.send_str('{"type":"ping"}')
        while (message := await socket.receive_json(timeout=5))["type"] == "event":
            assert fits(payload(document, f"event.{message['kind']}"), message)
        assert fits(payload(document, "pong"), message)
    async with city.client.ws_connect("/v1/events", headers=city.auth("supervisor")) as socket:
        await socket.receive_json(timeout=5)
        city.events.publish("call.queued", {"call_id": "c1", "queue": "hotline", "position": 1})
        event = await socket.receive_json(timeout=5)
        assert fits(payload(document, "event.call.queued"), event)
        assert fits(payload(document, "event.call.queued")["properties"]["data"], event["data"])


async def test_the_server_serves_it(city: City) -> None:
    """Beside the OpenAPI document."""
    status, shown = await city.ask("GET", "/asyncapi.json")
    assert (status, shown["asyncapi"], shown["info"]["version"]) == (200, "3.0.0", "1.2.3")
