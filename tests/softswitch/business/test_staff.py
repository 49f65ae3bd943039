"""What an agent's groups say where the agent says nothing."""

from typing import Any

import pytest

from acd.events import AgentMadeReady
from acd.names import AgentId
from softswitch.business.changes import Key
from softswitch.business.documents import Group
from softswitch.business.staff import staff_of
from softswitch.business.whole import BusinessFaults, whole_of
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import QueuePrioritySettings
from tests.softswitch.business.test_strategies import MACHINE, PLAIN, Documents, Town, wait_in_line

OWN: Key = ("selections", "own")
AGENT: Key = ("agents", "1001")
GROUP: Key = ("groups", "g1")
TAX_FIRST = {"queue": "tax", "priority": 5}
ROUTE: Documents = {
    ("routes", "12345"): {
        "number": "12345",
        "queue": "hotline",
        "greeting": "",
        "callers": [{"add": 1, "prefix": "05102"}],
    }
}


def priority(queue: str, value: int) -> QueuePrioritySettings:
    """Of a queue."""
    return QueuePrioritySettings(queue=queue, priority=value)


def test_what_is_the_agents_own_goes_first_then_the_groups_in_their_order() -> None:
    """Priorities queue by queue."""
    first = Group(id="g1", priorities=(priority("a", 1), priority("b", 1)))
    second = Group(id="g2", selection="old", priorities=(priority("b", 2), priority("c", 2)))
    last = Group(id="g3", selection="new")
    agent = AgentSettings(
        id="1001", queues=("a",), groups=("g1", "gone", "g2", "g3"), priorities=(priority("a", 9),)
    )
    (found,) = staff_of([agent], [last, second, first])
    assert found.selection == "old"
    assert found.priorities == (priority("a", 9), priority("b", 1), priority("c", 2))
    own = AgentSettings(id="1001", queues=("a",), groups=("g2",), selection="mine")
    (found,) = staff_of([own], [second])
    assert found.selection == "mine"
    alone = AgentSettings(id="1002", queues=("a",))
    assert staff_of([alone], [first]) == (alone,)


@pytest.mark.parametrize("is_there_before", [True, False])
def test_a_group_that_changes_changes_its_agents_where_they_sit(is_there_before: bool) -> None:
    """The one of level 1 came later: with the selection of the group the first to come is taken."""
    member: Documents = {
        OWN: {"id": "own", "criteria": ["arrival"]},
        GROUP: {"id": "g1"},
        AGENT: {"id": "1001", "queues": ["hotline"], "groups": ["g1"]},
    }
    for selection, first in (("", "s"), ("own", "n")):
        town = Town(PLAIN, ROUTE, member)
        change: Documents = {GROUP: {"id": "g1", "selection": selection}}
        if is_there_before:
            town.node.login("1001", "8001", "not_ready")
            town.take(change)
            wait_in_line(town, "ns")
            town.node.seats.ask("1001", AgentMadeReady(agent=AgentId("1001")))
            town.node.settle()
        else:
            town.take(change)
            wait_in_line(town, "ns")
            town.node.login("1001", "8001")
        assert town.served(1) == first


@pytest.mark.parametrize(("group", "first"), [({}, "12345"), ({"priorities": [TAX_FIRST]}, "12366")])
def test_the_priorities_of_a_group_decide_between_queues(group: dict[str, Any], first: str) -> None:
    """Without them the one who came first is taken."""
    documents: Documents = {
        ("queues", "tax"): {"name": "tax", "wrap_up_s": 0, "announce_agent": False},
        ("routes", "12366"): {"number": "12366", "queue": "tax", "greeting": ""},
        GROUP: {"id": "g1", **group},
        AGENT: {"id": "1001", "queues": ["hotline", "tax"], "groups": ["g1"]},
    }
    town = Town(PLAIN, documents)
    for leg_id, number in (("in1", "12345"), ("in2", "12366")):
        town.node.dial(leg_id, number)
        town.node.sip.acknowledge(leg_id)
        town.node.settle()
        town.node.pass_time(1.0)
    town.node.login("1001", "8001")
    assert [call.called for call in town.node.board.calls() if call.offered] == [first]


def test_what_a_group_names_must_be_there_and_once() -> None:
    twice: dict[str, Any] = {"id": "g1", "priorities": [{"queue": "hotline", "priority": 1}] * 2}
    unknown = {"id": "g1", "selection": "x", "priorities": [{"queue": "moon", "priority": 1}]}
    for group, places in (
        (twice, ["groups.g1.priorities"]),
        (unknown, ["groups.g1.selection", "groups.g1.priorities"]),
    ):
        with pytest.raises(BusinessFaults) as refused:
            whole_of(PLAIN | {GROUP: group}, MACHINE)
        assert [fault.path for fault in refused.value.faults] == places
