"""Lines in which a caller would wait for ever are refused, with the place and whom it would befall."""

from typing import Any

import pytest

from softswitch.business.whole import BusinessFaults, whole_of
from tests.softswitch.business.test_whole import MACHINE, agent, queue, wrong

NOBODY = ["queues.law.distribution.skills"]
TO_MESSAGES = {"to": "voicemail", "waited_s": 60}


def route(number: str = "12345", **more: Any) -> tuple[str, dict[str, Any]]:
    """A number that leads to the lawyers."""
    return "routes", {"number": number, "queue": "law", "greeting": "", **more}


def sends(*rules: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    """The lawyers' queue with these overflow rules."""
    return "queues", queue(overflow=list(rules), **more)


def test_a_queue_that_needs_what_nobody_has_must_overflow() -> None:
    """At the level that is needed, in one agent of that queue, after all that waiting makes easier."""
    assert wrong(("queues", queue()), ("agents", agent(5))) == []
    assert wrong(("queues", queue()), ("agents", agent(4))) == NOBODY
    assert wrong(("queues", queue())) == NOBODY
    assert wrong(("queues", queue()), ("agents", agent(9, queues=[]))) == NOBODY
    assert (
        wrong(("queues", queue(overflow=[{"to": "voicemail", "waited_s": 60}])), ("agents", agent(4))) == []
    )
    easier = {"skills": [{"name": "law", "level": 5}], "widening": [{"after_s": 60, "lower_by": 1}]}
    assert wrong(("queues", queue(distribution=easier)), ("agents", agent(4))) == []
    assert wrong(("queues", queue(distribution=easier)), ("agents", agent(3))) == NOBODY
    steps = [{"after_s": 60, "lower_by": 1}, {"after_s": 90, "lower_by": 2}]
    in_steps = {"skills": [{"name": "law", "level": 5}], "widening": steps}
    assert wrong(("queues", queue(distribution=in_steps)), ("agents", agent(3))) == []
    assert wrong(("queues", queue(distribution=in_steps)), ("agents", agent(2))) == NOBODY
    both = {"skills": [{"name": "law", "level": 1}, {"name": "english", "level": 1}]}
    assert wrong(("queues", queue(distribution=both)), ("agents", agent(9))) == NOBODY


@pytest.mark.parametrize(
    "condition",
    [
        {"waiting": 3},
        {"longest_wait_s": 60},
        {"expected_wait_s": 60},
        {"when_nobody": True},
        {"when_agents": ["talking"]},
    ],
    ids=lambda condition: next(iter(condition)),
)
def test_an_overflow_that_may_never_come_is_none(condition: dict[str, Any]) -> None:
    assert wrong(sends({"to": "busy", **condition}), route()) == NOBODY
    assert wrong(sends({"to": "busy", **condition}, TO_MESSAGES), route()) == []


def test_an_overflow_by_strategy_is_for_the_numbers_that_have_it() -> None:
    by_number = sends(TO_MESSAGES | {"strategies": [7]})
    assert wrong(by_number, route(strategy=7)) == []
    assert wrong(by_number, route(strategy=7), route("12346", strategy=8)) == NOBODY
    of_none = "queues.law.overflow[0].strategies"
    assert wrong(by_number, route()) == [of_none, *NOBODY]
    elsewhere = ("routes", {"number": "12347", "queue": "tax", "greeting": "", "strategy": 7})
    tax = ("queues", {"name": "tax"})
    assert wrong(by_number, tax, elsewhere) == NOBODY, "who is put there by hand has none"


def test_an_overflow_by_level_is_for_the_levels_that_callers_can_have() -> None:
    """By the number that they dial, that they call from, the flow, and what the queue adds."""
    low, high = TO_MESSAGES | {"most_level": 4}, TO_MESSAGES | {"least_level": 5}
    vip = ("lists", {"id": "vip"})
    assert wrong(sends(low), route()) == []
    assert wrong(sends(high), route()) == NOBODY
    assert wrong(sends(high), route(level=5)) == []
    assert wrong(sends(high), route(level=5, callers=[{"add": -1, "prefix": "0510"}])) == NOBODY
    assert wrong(sends(low), vip, route(callers=[{"add": 3, "listed": "vip"}])) == []
    both = [{"add": 3, "listed": "vip"}, {"add": 3, "prefix": "0510"}]
    assert wrong(sends(low), vip, route(callers=both)) == NOBODY
    assert wrong(sends(low, high), vip, route(callers=both)) == []
    apart = [{"add": 3, "prefix": "0511"}, {"add": 3, "prefix": "0510"}]
    assert wrong(sends(low), route(callers=apart)) == [], "no number begins with both"
    raised = {"skills": [{"name": "law", "level": 5}], "level_rules": [{"add": 9, "waited_s": 30}]}
    assert wrong(sends(low, distribution=raised), route()) == NOBODY
    assert wrong(sends(high, distribution=raised), route()) == []


def test_a_flow_has_levels_and_queues_of_its_own() -> None:
    nodes = {
        "vip": {"type": "set", "level": 5, "next": "people"},
        "people": {"type": "queue", "queue": "law"},
    }
    flow = ("flows", {"id": "main", "start": "vip", "nodes": nodes})
    elsewhere = ("queues", {"name": "main"})
    number = route(flow="main", queue="main")
    assert wrong(elsewhere, flow, sends(TO_MESSAGES | {"most_level": 4}), number) == NOBODY
    assert wrong(elsewhere, flow, sends(TO_MESSAGES | {"most_level": 5}), number) == []


def leading(to: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """A flow straight into a queue."""
    return "flows", {"id": "on", "start": "line", "nodes": {"line": {"type": "queue", "queue": to}, **more}}


CALLBACK = {"type": "callback", "queue": "law", "otherwise": "bye"}
BY_NUMBER = sends(TO_MESSAGES | {"strategies": [7]})


@pytest.mark.parametrize(
    "others",
    [
        [leading("law")],
        [
            (
                "flows",
                {"id": "on", "start": "ask", "nodes": {"ask": CALLBACK, "bye": {"type": "hang_up"}}},
            )
        ],
        [leading("law"), ("queues", {"name": "tax", "overflow": [{"to": "flow", "name": "on"}]})],
        [leading("law"), ("emergency", {"id": "switch", "flow": "on"})],
        [
            leading("law"),
            route("12346", strategy=7, flow="on"),
            ("emergency", {"id": "switch", "flow": "on"}),
        ],
    ],
    ids=["a flow", "a callback", "an overflow", "the emergency switch", "the switch to the flow of a number"],
)
def test_a_flow_that_is_not_only_that_of_a_number_has_anybody(others: list[tuple[str, Any]]) -> None:
    """The number's own strategy is certain to overflow, that of the others is not."""
    assert wrong(BY_NUMBER, route(strategy=7)) == []
    assert wrong(BY_NUMBER, route(strategy=7), *others) == NOBODY


def test_the_flow_of_a_number_has_the_callers_of_that_number() -> None:
    assert wrong(BY_NUMBER, route(strategy=7, flow="on"), leading("law")) == []


def test_an_overflow_into_a_flow_helps_only_where_that_leads_out() -> None:
    """Back to the line, or to another one that nobody serves, is no way out; somebody there is, and a message."""
    into = sends({"to": "flow", "name": "on", "waited_s": 60})
    need = {"skills": [{"name": "tax", "level": 1}]}
    tax = ("queues", {"name": "tax", "distribution": need})
    able = agent(1, queues=["tax"], skills=[{"name": "tax", "level": 1}])
    assert wrong(into, leading("law")) == NOBODY
    assert wrong(into, leading("tax"), tax) == [
        "queues.law.distribution.skills",
        "queues.tax.distribution.skills",
    ]
    assert wrong(into, leading("tax"), tax, ("agents", able)) == []
    assert wrong(into, leading("tax"), ("queues", {"name": "tax", "overflow": [TO_MESSAGES]})) == []
    message = {"type": "voicemail", "box": "night"}
    menu = {"type": "menu", "keys": {"1": "message"}, "otherwise": "line"}
    nodes = {"menu": menu, "message": message, "line": {"type": "queue", "queue": "law"}}
    assert wrong(into, ("flows", {"id": "on", "start": "menu", "nodes": nodes})) == []


def test_who_is_sent_on_to_another_queue_has_to_find_somebody_there() -> None:
    """The need goes with them, unless it is dropped; the first rule that holds is the one that is followed."""
    on = {"to": "queue", "name": "tax", "waited_s": 30}
    tax, there = ("queues", {"name": "tax"}), ("agents", agent(5, queues=["tax"]))
    place = "queues.law.overflow[0].name"
    assert wrong(sends(on), tax, route(), there) == []
    assert wrong(sends(on), tax, route()) == [*NOBODY, place]
    assert wrong(sends(on | {"drops_skills": True}), tax, route()) == []
    assert wrong(sends(on, TO_MESSAGES), tax, route()) == [*NOBODY, place]
    chats = ("capacities", {"id": "desk", "media": [{"medium": "voice"}, {"medium": "chat"}]})
    first = sends(TO_MESSAGES | {"waited_s": 10}, on)
    assert wrong(first, tax, route(), chats) == ["queues.law.overflow[1].name"]
    back = ("queues", {"name": "tax", "overflow": [{"to": "queue", "name": "law", "waited_s": 30}]})
    assert wrong(sends(on), back, route()) == [*NOBODY, place]
    onwards = ("queues", {"name": "tax", "overflow": [TO_MESSAGES]})
    assert wrong(sends(on), onwards, route()) == []
    assert wrong(sends(on), tax, route(), ("agents", agent(5))) == [place], "served before, lost after"


@pytest.mark.parametrize(
    ("rows", "at_fault"),
    [
        ([{"skills": [{"name": "law", "level": 5}]}, {"after_s": 20}], []),
        ([{"skills": [{"name": "law", "level": 6}]}, {"after_s": 20}], [0]),
        ([{"until_s": 20}, {"skills": [{"name": "tax"}], "after_s": 20}], [1]),
        ([{"queue": "tax", "skills": [{"name": "law"}]}, {}], [0]),
        ([{"agent": "1001", "skills": [{"name": "law", "level": 5}]}, {}], []),
        ([{"agent": "1002", "skills": [{"name": "law"}]}, {}], [0]),
        ([{"last_agent_s": 60, "skills": [{"name": "law"}]}, {}], []),
        ([{"last_agent_s": 60, "skills": [{"name": "art"}]}, {}], [0]),
        ([{"queue": "easy", "skills": [{"name": "art"}]}, {}], []),
        ([{"queue": "easy", "skills": [{"name": "art"}], "until_s": 60}, {"after_s": 60}], [0]),
        ([{"queue": "tax", "skills": [{"name": "art"}], "prefix": "0510"}, {}], [0]),
    ],
)
def test_a_row_of_a_table_is_for_somebody(rows: list[dict[str, Any]], at_fault: list[int]) -> None:
    """With the skills that it asks for, as far as waiting lowers them while it is open; overflow helps here too."""
    easy = {"name": "easy", "distribution": {"widening": [{"after_s": 60, "lower_by": 1}]}}
    other = {"id": "1002", "queues": ["tax"]}
    around: list[tuple[str, dict[str, Any]]] = [
        ("queues", {"name": "tax"}),
        ("queues", easy),
        ("agents", agent(5)),
        ("agents", other),
    ]
    documents = [*around, ("queues", {"name": "law"}), route(table=rows)]
    assert wrong(*documents) == [f"routes.12345.table[{number}].skills" for number in at_fault]
    helped = [*around, ("queues", {"name": "law", "overflow": [TO_MESSAGES]}), route(table=rows)]
    assert wrong(*helped) == []


def test_levels_are_added_without_an_end_and_a_bound_of_a_thousand_is_none() -> None:
    """Whoever has 1500 is sent on by the rule for everybody, and not by one for levels up to 999."""
    far = route(level=1000, callers=[{"add": 500}])
    assert wrong(sends(TO_MESSAGES), far) == []
    assert wrong(sends(TO_MESSAGES | {"most_level": 999}), far) == NOBODY


def test_the_fault_says_whom_it_would_befall_and_what_stands_so_already_is_left() -> None:
    documents: dict[tuple[str, str], Any] = {
        ("queues", "law"): queue(overflow=[TO_MESSAGES | {"most_level": 4}]),
        ("routes", "12345"): route(level=7, strategy=2)[1],
    }
    with pytest.raises(BusinessFaults) as refused:
        whole_of(documents, MACHINE)
    [fault] = refused.value.faults
    assert (fault.value, "strategy 2, level 7" in fault.expected) == ("law 5", True)
    stored = whole_of(documents, MACHINE, stored=True)
    more = whole_of({**documents, ("queues", "tax"): {"name": "tax"}}, MACHINE, stored)
    assert [each.name for each in more.queues] == ["law", "tax"]


def test_who_is_sent_on_by_level_comes_with_that_level() -> None:
    """The higher to another queue, where only such are helped; the lower are helped where they are."""
    high, low = {"least_level": 5}, {"most_level": 4}
    on = {"to": "queue", "name": "tax", "waited_s": 30, **high}
    callers = route(callers=[{"add": 7, "prefix": "0510"}])
    there = ("queues", {"name": "tax", "overflow": [TO_MESSAGES | high]})
    assert wrong(sends(on, TO_MESSAGES | low), there, callers) == []
    nowhere = ("queues", {"name": "tax", "overflow": [TO_MESSAGES | low]})
    place = "queues.law.overflow[0].name"
    assert wrong(sends(on, TO_MESSAGES | low), nowhere, callers) == [*NOBODY, place]


def test_however_many_lists_there_are_the_check_ends() -> None:
    """A thousand conditions, each of which may hold or not."""
    rows = [{"add": number % 7 - 3 or 4, "listed": f"l{number}"} for number in range(1000)]
    lists = [("lists", {"id": f"l{number}"}) for number in range(1000)]
    rules = {
        "skills": [{"name": "law", "level": 5}],
        "level_rules": [{"add": 1, "listed": f"l{number}"} for number in range(30)],
    }
    law = sends(TO_MESSAGES | {"most_level": 800}, distribution=rules)
    assert wrong(law, route(callers=rows), *lists) == NOBODY
