"""Forms can be made of what is said of documents: all that a document needs, and the same limits that it is held to."""

import dataclasses
import json
from typing import Any

import jsonschema_rs
import pytest

from softswitch.business.documents import KINDS
from softswitch.business.shapes import flow_shape, shape_of, shapes
from softswitch.flows.nodes import NODES, Flow, Menu
from softswitch.settings.agents import AgentSettings
from softswitch.settings.queues import QueueSettings
from tests.softswitch.business.conftest import MACHINE, city_file


def plain(schema: dict[str, Any], path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Every value of a schema that is no object with fields, with its way from the top."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, inner in schema.get("properties", {}).items():
        found += plain(inner, f"{path}.{name}" if path else name)
    if isinstance(schema.get("items"), dict):
        found += plain(schema["items"], f"{path}[]")
    return found or [(path, schema)]


def test_every_kind_and_node_has_a_shape_that_is_json() -> None:
    told = shapes(MACHINE)
    assert json.loads(json.dumps(told)) == told
    assert told["kinds"].keys() == {kind.name for kind in KINDS.values() if kind.cls is not None}
    assert told["nodes"].keys() == NODES.keys()
    assert told["machine"]["trunks"] == ["city"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.cls is not None])
def test_every_field_has_a_name_in_both_languages(kind: Any) -> None:
    for place, field in shape_of(kind.cls)["properties"].items():
        chinese, _, english = field["description"].partition(" / ")
        assert chinese, place
        assert english, place


def test_limits_units_defaults_and_secrets_are_told() -> None:
    queue = shape_of(QueueSettings)["properties"]
    assert (queue["ring_time_s"]["unit"], queue["ring_time_s"]["minimum"]) == ("s", 0.5)
    assert queue["limit"]["default"] == 256
    assert queue["distribution"]["default"]["strategy"] == "longest_idle"
    assert "ring_all" in queue["distribution"]["properties"]["strategy"]["enum"]
    assert queue["overflow"]["items"]["properties"]["to"]["enum"][0] == "queue"
    agent = shape_of(AgentSettings)
    assert agent["required"] == ["id", "queues"]
    assert agent["properties"]["password_scrypt"]["writeOnly"]


def test_what_a_text_names_is_told() -> None:
    found = dict(plain(shape_of(AgentSettings)))
    assert found["queues[]"]["names"] == "queues"
    assert found["skills[].name"]["names"] == "skills"
    assert found["shares"]["names"] == "shares"
    menu = shape_of(Menu)["properties"]
    assert menu["keys"]["additionalProperties"]["names"] == "nodes"
    assert menu["say"]["items"]["names"] == "prompts"
    told = shapes(MACHINE)["nodes"]
    assert told["branch"]["properties"]["cases"]["items"]["properties"]["next"]["names"] == "nodes"
    assert told["set"]["properties"]["region"]["names"] == "regions"
    assert "names" not in told["voicemail"]["properties"]["box"]
    assert "names" not in told["survey"]["properties"]["keys"]["additionalProperties"]


def test_whatever_names_something_names_what_there_is() -> None:
    """A name that no form could offer anything for would be a mistake in the table of names."""
    told = shapes(MACHINE)
    known = {*KINDS, *told["machine"], "nodes"}
    for schema in (*told["kinds"].values(), *told["nodes"].values()):
        for place, field in plain(schema):
            inner = field.get("items") or field.get("additionalProperties") or field
            if isinstance(inner, dict):
                assert inner.get("names", "nodes") in known, place


def test_the_example_city_fits_its_shapes() -> None:
    told = shapes(MACHINE)["kinds"]
    for kind, rows in city_file()["documents"].items():
        fields = told.get(kind, {}).get("properties")
        for row in rows if fields else ():
            assert row.keys() <= fields.keys()
            assert set(told[kind]["required"]) <= row.keys()


def test_a_default_that_is_made_is_told_as_json() -> None:
    for kind in KINDS.values():
        for item in dataclasses.fields(kind.cls) if kind.cls is not None else ():
            field = shape_of(kind.cls)["properties"][item.name]
            assert ("default" in field) is (item.name not in shape_of(kind.cls)["required"])


def test_the_shape_of_a_flow_fits_the_flows_that_are_taken() -> None:
    """Those of the example city; a node of no kind, or with a key of another kind, fits nothing."""
    fits = jsonschema_rs.validator_for(flow_shape()).is_valid
    flows = city_file()["documents"]["flows"]
    assert [flow["id"] for flow in flows if not fits(flow)] == []
    assert set(flow_shape()["properties"]) == {item.name for item in dataclasses.fields(Flow)}
    for node in ({"type": "dance"}, {"type": "play", "say": [], "next": "x", "queue": "q"}, {"queue": "q"}):
        assert not fits({"id": "f", "start": "a", "nodes": {"a": node}})
