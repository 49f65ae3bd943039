"""The OpenAPI document says what the router does."""

import json
import re
from typing import Any

from api.app import make_app
from api.document import make_document
from api.ports import Ports
from api.routes import ROUTES
from tests.api.city import City


async def test_document_and_router_name_the_same_operations(city: City) -> None:
    """Both come from one table; HEAD, the document itself and the pages are beside it."""
    status, document = await city.ask("GET", "/openapi.json")
    assert status == 200
    described = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}
    app = make_app(
        Ports(
            agents=city.agents,
            calls=city.calls,
            recordings=city.recordings,
            health=city.health,
            events=city.events,
        ),
        (),
    )
    routed = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    beside = {path for _, path in routed - described}
    assert not [path for path in beside if path.startswith("/v1")]
    assert "/openapi.json" in beside
    assert described <= routed
    assert document["info"]["version"] == "1.2.3"


def test_every_reference_has_a_target() -> None:
    """And every schema is used."""
    document = make_document("1")
    text = json.dumps(document)
    used = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert used == set(document["components"]["schemas"])


def test_every_operation_has_its_own_id_and_both_languages() -> None:
    """Code generators name methods by it."""
    operations = [one for verbs in make_document("1")["paths"].values() for one in verbs.values()]
    ids = [one["operationId"] for one in operations]
    assert len(ids) == len(set(ids)) == len(ROUTES)
    assert all(re.search(r"[\u4e00-\u9fff].* / ", one["summary"]) for one in operations)


def schema(name: str) -> dict[str, Any]:
    """A schema of the document."""
    found: dict[str, Any] = make_document("1")["components"]["schemas"][name]
    return found


def test_views_are_described_field_by_field() -> None:
    """Times as date-time, optional ones with null; hidden fields do not appear; pages name their items."""
    call = schema("CallView")["properties"]
    assert call["arrived_at"] == {"type": "string", "format": "date-time"}
    assert call["ended_at"] == {"type": ["string", "null"], "format": "date-time"}
    assert call["offers"] == {"type": "integer"}
    assert "path" not in schema("RecordingView")["properties"]
    assert schema("PageOfCallView")["properties"]["items"]["items"] == {
        "$ref": "#/components/schemas/CallView"
    }


def test_bodies_are_described_with_their_checks() -> None:
    """The same metadata that the binder uses."""
    login = schema("LoginBody")
    assert login["required"] == ["extension", "initial_state"]
    assert login["properties"]["initial_state"]["enum"] == ["ready", "not_ready"]
    assert login["additionalProperties"] is False


def test_queries_are_parameters_by_their_outside_names() -> None:
    """`from` and `to`, as callers write them."""
    parameters = make_document("1")["paths"]["/v1/recordings"]["get"]["parameters"]
    assert [one["name"] for one in parameters] == [
        "from",
        "to",
        "agent",
        "number",
        "call_id",
        "cursor",
        "limit",
    ]
    assert parameters[-1]["schema"]["default"] == 100
