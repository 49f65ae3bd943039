"""A flow is looked at as a whole: what cannot be run is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from softswitch.flows.check import Surroundings, flow_faults
from softswitch.flows.reading import read_flow

AROUND = Surroundings(
    prompts=frozenset({"welcome", "goodbye"}),
    queues=frozenset({"general"}),
    hours=frozenset({"office"}),
    lists=frozenset({"vip"}),
    regions=frozenset({"north"}),
)
END: dict[str, Any] = {"type": "hang_up", "say": ["goodbye"]}


def document(start: str = "a", **nodes: Any) -> dict[str, Any]:
    """A flow of these nodes."""
    return {"id": "f", "start": start, "nodes": nodes}


def places(raw: dict[str, Any]) -> list[str]:
    """Where the faults are; each speaks both languages."""
    flow, faults = read_flow(raw)
    if flow is not None and not faults:
        faults = flow_faults(flow, AROUND)
    assert all(" / " in fault.expected for fault in faults)
    return [fault.path for fault in faults]


def menu(otherwise: str, **keys: str) -> dict[str, Any]:
    """Keys are written as k1, k2…"""
    return {"type": "menu", "keys": {key[1:]: node for key, node in keys.items()}, "otherwise": otherwise}


def test_a_flow_that_can_be_run_has_no_fault() -> None:
    assert (
        places(
            document(
                a={"type": "play", "say": ["welcome", "digits:{caller}"], "next": "b"},
                b={
                    "type": "branch",
                    "cases": [
                        {"fact": "open", "of": "office", "next": "c"},
                        {"fact": "waiting", "of": "general", "test": "at_least", "value": "20", "next": "d"},
                    ],
                    "otherwise": "d",
                },
                c=menu("q", k1="c", k2="q"),
                q={"type": "queue", "queue": "general", "on_full": "d", "after": "d"},
                d=END,
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (document(a={"type": "play", "next": "nowhere"}), ["nodes.a.next"]),
        (document("b", a=END), ["start"]),
        (document(a=END, b=END), ["nodes.b"]),
        (document(a={"type": "play", "say": ["missing"], "next": "b"}, b=END), ["nodes.a.say"]),
        (document(a={"type": "hang_up", "say": ["text: ", "amount:", "date/fr:{d}"]}), ["nodes.a.say"] * 3),
        (document(a={"type": "hang_up", "say": ["text:" + "长" * 401]}), ["nodes.a.say"]),
        (document(a={"type": "hang_up", "say": ["text:" + "长" * 400] * 26}), ["nodes"]),
        (document(a={"type": "queue", "queue": "none"}), ["nodes.a.queue"]),
        (
            document(
                a={
                    "type": "branch",
                    "cases": [{"fact": "listed", "of": "none", "next": "b"}],
                    "otherwise": "b",
                },
                b=END,
            ),
            ["nodes.a.cases[0].of"],
        ),
        (
            document(a={"type": "play", "next": "b"}, b={"type": "set", "level": 1, "next": "a"}),
            ["nodes.a"],
        ),
        (document(a=menu("a", k1="b"), b=END), ["nodes.a"]),
        (document(a=menu("b", k12="b"), b=END), ["nodes.a.keys.12"]),
        (document(a={"type": "dance"}), ["nodes.a.type"]),
        (document(a={"type": "play"}), ["nodes.a.next"]),
        (document(a={"type": "hang_up", "sya": []}), ["nodes.a.sya"]),
        ({"id": "f", "start": "a", "nodes": {}}, ["nodes"]),
        ({"id": "f", "start": "a", "nodes": {"a": 1}}, ["nodes.a"]),
        ({"nodes": {"a": END}}, ["id", "start"]),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_place(raw: dict[str, Any], wrong: list[str]) -> None:
    assert places(raw) == wrong


@pytest.mark.parametrize(
    "case",
    [
        {"fact": "open", "next": "b"},
        {"fact": "caller", "of": "x", "next": "b"},
        {"fact": "open", "of": "office", "test": "at_least", "value": "1", "next": "b"},
        {"fact": "open", "of": "office", "value": "yes", "next": "b"},
        {"fact": "level", "test": "begins", "value": "1", "next": "b"},
        {"fact": "waiting", "of": "general", "test": "at_least", "value": "nan", "next": "b"},
        {"fact": "weather", "next": "b"},
    ],
)
def test_a_case_asks_what_can_be_asked(case: dict[str, Any]) -> None:
    raw = document(a={"type": "branch", "cases": [case], "otherwise": "b"}, b=END)
    assert len(places(raw)) == 1


@pytest.mark.parametrize(("region", "at_fault"), [("", []), ("north", []), ("nroth", ["nodes.a.region"])])
def test_a_region_that_is_set_is_one_that_there_is(region: str, at_fault: list[str]) -> None:
    raw = document(a={"type": "set", "region": region, "next": "b"}, b=END)
    assert places(raw) == at_fault


def test_the_shipped_flows_can_be_run() -> None:
    """With the prompts that come with the system and the queues of the example city."""
    root = Path(__file__).parents[3] / "config"
    city = json.loads((root / "business" / "city.json").read_text(encoding="utf-8"))
    around = Surroundings(
        prompts=frozenset(path.stem for path in (root / "prompts" / "zh").glob("*.wav")),
        queues=frozenset(queue["name"] for queue in city["documents"]["queues"]),
        hours=frozenset(hours["id"] for hours in city["documents"]["hours"]),
        lists=frozenset(numbers["id"] for numbers in city["documents"]["lists"]),
    )
    shipped = [
        *(json.loads(path.read_text(encoding="utf-8")) for path in sorted((root / "flows").glob("*.json"))),
        *city["documents"]["flows"],
    ]
    assert len(shipped) >= 2
    for raw in shipped:
        flow, faults = read_flow(raw)
        assert flow is not None, faults
        assert (*faults, *flow_faults(flow, around)) == ()
