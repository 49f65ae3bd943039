"""What a business refuses as a whole: queues that lead nowhere, agents and numbers in two places, rules of no trunk."""

from typing import Any

import pytest

from config.faults import Fault
from softswitch.business.changes import Documents
from softswitch.business.whole import BusinessFaults, Machine, whole_of

MACHINE = Machine(trunks=frozenset({"city"}), prompts=frozenset(), music=frozenset({"waiting"}))
NAMED_BY = {"queues": "name", "routes": "number"}


def queue(**more: Any) -> dict[str, Any]:
    """A queue for whoever needs a lawyer of level 5."""
    return {"name": "law", "distribution": {"skills": [{"name": "law", "level": 5}]}, **more}


def agent(level: int, **more: Any) -> dict[str, Any]:
    """A lawyer."""
    return {"id": "1001", "queues": ["law"], "skills": [{"name": "law", "level": level}], **more}


def wrong(*documents: tuple[str, dict[str, Any]]) -> list[str]:
    """Where these documents are at fault; each fault is told in both languages."""
    named = {(kind, data[NAMED_BY.get(kind, "id")]): data for kind, data in documents}
    found: tuple[Fault, ...] = ()
    try:
        whole_of(named, MACHINE)
    except BusinessFaults as faults:
        found = faults.faults
    assert all(" / " in fault.expected for fault in found)
    return [fault.path for fault in found]


@pytest.mark.parametrize("place", ["queues", "groups", "skills", "priorities"])
def test_an_agent_stands_once_in_each_place(place: str) -> None:
    twice: dict[str, list[Any]] = {
        "queues": ["law", "law"],
        "groups": ["g1", "g1"],
        "skills": [{"name": "law", "level": 5}, {"name": "law", "level": 6}],
        "priorities": [{"queue": "law", "priority": 1}, {"queue": "law", "priority": 2}],
    }
    one = agent(5, **{place: twice[place]})
    assert wrong(("queues", queue()), ("groups", {"id": "g1"}), ("agents", one)) == [f"agents.1001.{place}"]


def test_the_priorities_of_an_agent_are_for_queues_that_there_are() -> None:
    own = [{"queue": "law", "priority": 1}, {"queue": "lwa", "priority": 2}]
    assert wrong(("queues", queue()), ("agents", agent(5, priorities=own))) == ["agents.1001.priorities"]


def test_skills_are_those_that_there_are_where_any_are_listed() -> None:
    """Of agents, queues and rows of routes; what a settings file seeds lists none."""
    table = [
        {"skills": [{"name": "law", "level": 1}]},
        {"skills": [{"name": "tax", "level": 1}], "after_s": 60},
    ]
    route: dict[str, Any] = {"number": "12345", "queue": "law", "greeting": "", "table": table}
    other = {"id": "1002", "queues": ["law"], "skills": [{"name": "tax"}]}
    used = (("queues", queue()), ("agents", agent(5)), ("agents", other), ("routes", route))
    assert wrong(*used) == []
    assert wrong(*used, ("skills", {"id": "law"}), ("skills", {"id": "tax"})) == []
    assert wrong(*used, ("skills", {"id": "law"})) == ["agents.1002.skills", "routes.12345.table[1].skills"]
    assert wrong(*used, ("skills", {"id": "dance"})) == [
        "agents.1001.skills",
        "agents.1002.skills",
        "queues.law.distribution.skills",
        "routes.12345.table[0].skills",
        "routes.12345.table[1].skills",
    ]


def test_what_is_stored_with_a_rule_in_vain_is_not_left_out() -> None:
    """Of a program that did not look at it: the queue stays, and so does what it stands beside."""
    rules = {"level_rules": [{"add": 0}]}
    stored: Documents = {("queues", "law"): {"name": "law", "distribution": rules}}
    business = whole_of(stored, MACHINE, stored=True)
    assert [each.name for each in business.queues] == ["law"]
    more = whole_of({**stored, ("queues", "tax"): {"name": "tax"}}, MACHINE, business)
    assert [each.name for each in more.queues] == ["law", "tax"]


def test_a_queue_does_not_send_on_to_itself_who_may_be_there_once() -> None:
    """Nobody would ever go; twice is another matter."""
    onwards = {"to": "queue", "name": "law", "waited_s": 60}
    served = ("agents", agent(5))
    assert wrong(served, ("queues", queue(overflow=[onwards]))) == ["queues.law.overflow[0].name"]
    assert wrong(served, ("queues", queue(overflow=[onwards | {"most_visits": 2}]))) == []


@pytest.mark.parametrize(
    ("rules", "at_fault"),
    [
        ({"widening": [{"after_s": 30, "lower_by": 1}, {"after_s": 60, "lower_by": 2}]}, []),
        ({"widening": [{"after_s": 60, "lower_by": 2}, {"after_s": 30, "lower_by": 1}]}, []),
        (
            {"widening": [{"after_s": 30, "lower_by": 3}, {"after_s": 60, "lower_by": 3}]},
            ["widening[1].lower_by"],
        ),
        (
            {"widening": [{"after_s": 60, "lower_by": 1}, {"after_s": 30, "lower_by": 3}]},
            ["widening[0].lower_by"],
        ),
        (
            {"widening": [{"after_s": 30, "lower_by": 1}, {"after_s": 30, "lower_by": 1}]},
            ["widening[1].lower_by"],
        ),
        ({"level_rules": [{"add": 1}, {"add": 0, "waited_s": 60}]}, ["level_rules[1].add"]),
        ({"routing": "fair"}, []),
        ({"routing": "fair", "strategy": "linear"}, ["strategy"]),
    ],
)
def test_a_rule_of_a_queue_that_can_never_have_a_say_is_refused(
    rules: dict[str, Any], at_fault: list[str]
) -> None:
    """A step that another one went before, a level that stays as it is, a strategy beside what stands in its place."""
    fair = ("routings", {"id": "fair", "criteria": ["idle"]})
    found = wrong(("queues", {"name": "law", "distribution": rules}), fair)
    assert found == [f"queues.law.distribution.{each}" for each in at_fault]


LAW = [{"name": "law", "level": 3}]


@pytest.mark.parametrize(
    ("table", "at_fault"),
    [
        ([{}, {"queue": "tax"}, {"agent": "1001"}], []),
        ([{"skills": LAW}, {"after_s": 30}], []),
        ([{"until_s": 30}, {"after_s": 30}], []),
        ([{"skills": LAW, "until_s": 30}, {"skills": LAW, "after_s": 10}], []),
        ([{"skills": LAW}, {"least_level": 2}], []),
        ([{}, {"last_agent_s": 60}, {"queue": "tax"}], []),
        ([{"skills": LAW}, {"skills": LAW, "after_s": 30}], [1]),
        ([{}, {"queue": "tax"}, {"queue": "law", "after_s": 30}], [2]),
        ([{}, {"queue": "tax"}, {}], [2]),
        ([{}, {"least_level": 2}], [1]),
        ([{}, {"skills": LAW, "after_s": 30}, {"after_s": 60}], []),
        ([{"skills": LAW}, {}], [0]),
        ([{}, {}], [0]),
        ([{"agent": "1001", "until_s": 20}, {"agent": "1001"}, {"queue": "law"}], [0]),
        ([{"agent": "1001", "until_s": 20}, {"queue": "law"}, {"agent": "1001"}], []),
        ([{"skills": LAW}, {"listed": "vip"}], []),
        ([{"skills": LAW, "listed": "vip"}, {}], [0]),
        ([{}, {"listed": "vip"}], [1]),
        ([{"skills": LAW, "prefix": "05101"}, {"prefix": "0510"}, {"queue": "tax"}], [0]),
        ([{"skills": LAW, "prefix": "0510"}, {"prefix": "05101"}, {"queue": "tax"}], []),
        ([{"skills": LAW, "listed": "vip"}, {"prefix": "0510"}, {"queue": "tax"}], []),
    ],
)
def test_a_row_of_a_table_that_never_counts_is_refused(
    table: list[dict[str, Any]], at_fault: list[int]
) -> None:
    """Of rows for the same line the last that is open counts, at the place of the first: one just before it that is open
    no longer never does, and one that asks the same as another before it changes nothing.
    """
    queues = (("queues", {"name": "law"}), ("queues", {"name": "tax"}), ("lists", {"id": "vip"}))
    route = {"number": "12345", "queue": "law", "greeting": "", "table": table}
    found = wrong(*queues, ("agents", agent(3)), ("routes", route))
    assert found == [f"routes.12345.table[{number}]" for number in at_fault]


def test_a_row_of_a_table_is_for_a_list_that_there_is() -> None:
    route = {
        "number": "12345",
        "queue": "law",
        "greeting": "",
        "table": [{}, {"queue": "tax", "listed": "vpi"}],
    }
    documents = (("queues", {"name": "law"}), ("queues", {"name": "tax"}), ("routes", route))
    assert wrong(*documents, ("lists", {"id": "vip"})) == ["routes.12345.table[1].listed"]
    assert wrong(*documents, ("lists", {"id": "vpi"})) == []


@pytest.mark.parametrize("add", [1001, -1001])
def test_a_rule_adds_a_thousand_levels_at_most(add: int) -> None:
    rules = {"level_rules": [{"add": 1}, {"add": add}]}
    assert wrong(("queues", {"name": "law", "distribution": rules})) == [
        "queues.law.distribution.level_rules[1].add"
    ]


def test_a_number_stands_once_on_a_list() -> None:
    numbers = [{"number": "13800000000"}, {"number": "13800000000", "until": "2027-01-01"}]
    assert wrong(("lists", {"id": "vip", "numbers": numbers})) == ["lists.vip.numbers"]


def test_number_rules_are_those_of_a_trunk() -> None:
    assert wrong(("trunk_numbers", {"id": "city", "outbound_format": "e164"})) == []
    assert wrong(("trunk_numbers", {"id": "none"})) == ["trunk_numbers.none"]
    assert wrong(("trunk_numbers", {"id": "city", "outbound_format": "mars"})) == [
        "trunk_numbers.city.outbound_format"
    ]
