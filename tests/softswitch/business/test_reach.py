"""A flow that sends callers to a number that nobody can be rung at is refused with its place."""

from typing import Any

import pytest

from config.faults import Fault
from softswitch.business.whole import EMPTY, Business, BusinessFaults, Machine, once_legal, whole_of

MACHINE = Machine(
    trunks=frozenset({"city"}), prompts=frozenset(), music=frozenset({"waiting"}), area_code="0510"
)


def documents(**node: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """A seat, an agent, a rule for landlines of the city, and a flow that begins with a node."""
    nodes = {"away": node | {"otherwise": "end"}, "end": {"type": "hang_up"}}
    return {
        ("accounts", "u8001"): {
            "username": "u8001",
            "extension": "8001",
            "password": "p",
            "media_networks": [],
        },
        ("agents", "1001"): {"id": "1001", "queues": []},
        ("outbound", "city"): {"name": "city", "trunk": "city", "pattern": r"0510\d{8}"},
        ("queues", "help"): {"name": "help"},
        ("flows", "main"): {"id": "main", "start": "away", "nodes": nodes},
    }


def faults(before: Business = EMPTY, **node: Any) -> tuple[Fault, ...]:
    """What is wrong with a business whose flow begins so."""
    with pytest.raises(BusinessFaults) as refused:
        whole_of(documents(**node), MACHINE, before)
    return refused.value.faults


@pytest.mark.parametrize(
    "to", ["8001", "1001", "051085551234", "85551234", "0510-8555 1234", "{caller}", "0{desk}"]
)
def test_a_seat_an_agent_and_a_number_outside_can_be_rung(to: str) -> None:
    assert list(whole_of(documents(type="transfer", to=to), MACHINE).flows) == ["main"]


@pytest.mark.parametrize("to", ["8002", "13800000000", "110", "nobody"])
def test_a_number_that_nobody_can_be_rung_at_is_refused(to: str) -> None:
    [fault] = faults(type="transfer", to=to)
    assert (fault.path, fault.value) == ("flows.main.nodes.away.to", to)
    assert "无外呼规则" in fault.expected
    assert "no outbound rule" in fault.expected


def test_nobody_is_called_back_at_a_number_of_a_seat() -> None:
    """Callbacks go outside."""
    [fault] = faults(type="callback", queue="help", number="8001")
    assert (fault.path, fault.value) == ("flows.main.nodes.away.number", "8001")
    called = whole_of(documents(type="callback", queue="help", number="85551234"), MACHINE)
    assert list(called.flows) == ["main"]


def test_a_rule_that_goes_takes_the_flows_with_it_that_need_it() -> None:
    """And what is stored already is told, and serves on."""
    held = documents(type="transfer", to="85551234")
    before = whole_of(held, MACHINE)
    del held["outbound", "city"]
    with pytest.raises(BusinessFaults) as refused:
        whole_of(held, MACHINE, before)
    assert [fault.path for fault in refused.value.faults] == ["flows.main.nodes.away.to"]
    stored = whole_of(held, MACHINE, stored=True)
    assert [fault.path for fault in once_legal(stored, MACHINE)] == ["flows.main.nodes.away.to"]
