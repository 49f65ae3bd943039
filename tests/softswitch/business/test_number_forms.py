"""Numbers that would never match a caller are refused, and the fault names the form that does."""

from typing import Any

import pytest

from config.faults import Fault
from softswitch.business.whole import BusinessFaults, Machine, whole_of

MACHINE = Machine(
    trunks=frozenset({"city", "reserve"}),
    prompts=frozenset(),
    music=frozenset({"waiting"}),
    area_code="0510",
)


def faults_of(*documents: tuple[str, str, dict[str, Any]], stored: bool = False) -> tuple[Fault, ...]:
    """What is wrong with these documents beside a queue."""
    whole = {(kind, key): data for kind, key, data in documents}
    try:
        whole_of({("queues", "main"): {"name": "main"}, **whole}, MACHINE, stored=stored)
    except BusinessFaults as error:
        return error.faults
    return ()


def listed(number: str) -> tuple[str, str, dict[str, Any]]:
    """A list with a number that matches, and this one."""
    return (
        "lists",
        "blocked",
        {"id": "blocked", "numbers": [{"number": "13800001111"}, {"number": number}]},
    )


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+8613812345678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("8613812345678", "13812345678"),
        ("+8651085551234", "051085551234"),
        ("85551234", "051085551234"),
        ("0012125550100", "+12125550100"),
    ],
)
def test_a_listed_number_is_in_normal_form(written: str, normal: str) -> None:
    [fault] = faults_of(listed(written))
    assert fault.path == "lists.blocked.numbers[1].number"
    assert normal in fault.expected
    assert " / " in fault.expected
    assert faults_of(listed(normal)) == ()
    assert faults_of(listed(written), stored=True) == ()


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+86510", "0510"),
        ("0086510", "0510"),
        ("+860510", "0510"),
        ("+86138", "138"),
        ("001", "+1"),
    ],
)
def test_prefixes_of_regions_and_of_callers_are_in_normal_form(written: str, normal: str) -> None:
    def documents(prefix: str) -> tuple[tuple[str, str, dict[str, Any]], ...]:
        route = {
            "number": "12345",
            "queue": "main",
            "greeting": "",
            "callers": [{"add": 1, "prefix": prefix}],
            "table": [{}, {"agent": "1001", "prefix": prefix}],
        }
        agent = {"id": "1001", "queues": ["main"]}
        region = {"id": "r", "prefixes": [prefix]}
        return ("regions", "r", region), ("routes", "12345", route), ("agents", "1001", agent)

    faults = faults_of(*documents(written))
    assert [fault.path for fault in faults] == [
        "regions.r.prefixes[0]",
        "routes.12345.callers[0].prefix",
        "routes.12345.table[1].prefix",
    ]
    assert all(f" {normal}," in fault.expected for fault in faults)
    assert faults_of(*documents(normal)) == ()


def test_a_number_has_one_route_for_each_trunk_however_it_is_written() -> None:
    def route(number: str, trunk: str = "") -> tuple[str, str, dict[str, Any]]:
        data = {"number": number, "queue": "main", "greeting": "", "trunk": trunk}
        return "routes", number if not trunk else f"{number}.{trunk}", data

    [fault] = faults_of(route("051085551234"), route("85551234"))
    assert fault.path == "routes.85551234.number"
    assert "051085551234" in fault.expected
    assert faults_of(route("051085551234"), route("85551234", "city")) == ()
