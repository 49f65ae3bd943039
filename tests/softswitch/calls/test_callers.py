"""Who a caller is decides who goes first: levels by route, number and list, and by the rules of the queue."""

from dataclasses import replace

import pytest

from softswitch.business.whole import Business, BusinessFaults, Machine, whole_of
from softswitch.calls.routes import Route
from softswitch.calls.what_if import WhatIf
from softswitch.settings.distribution import DistributionSettings, LevelRuleSettings
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.routes import CallerLevelSettings, RouteSettings
from tests.softswitch.calls.node import QUEUE, Node, done
from tests.softswitch.calls.test_flow import Standing

ANYBODY, FROM_WUXI, IMPORTANT = "13800001111", "051088880000", "13900002222"
MACHINE = Machine(trunks=frozenset(), prompts=frozenset(), music=frozenset({"waiting"}))


def knowing(**lists: str) -> Business:
    """A business with lists of one number each."""
    return whole_of(
        {("lists", name): {"id": name, "numbers": [{"number": number}]} for name, number in lists.items()},
        MACHINE,
    )


def test_a_route_gives_its_callers_a_level_by_number_and_list() -> None:
    """All rows that hold are added; a row of a prefix and a list needs both."""
    route = Route(
        queue="hotline",
        greeting="",
        level=1,
        callers=(
            CallerLevelSettings(add=2, prefix="0510"),
            CallerLevelSettings(add=5, listed="vip"),
            CallerLevelSettings(add=20, prefix="0510", listed="vip"),
        ),
    )
    assert route.level_of(ANYBODY, ()) == 1
    assert route.level_of(FROM_WUXI, ("blocked",)) == 3
    assert route.level_of(ANYBODY, ("vip",)) == 6
    assert route.level_of(FROM_WUXI, ("vip",)) == 28
    assert route.level_of("", ()) == 1


def test_the_level_of_a_customer_is_added_to_that_of_the_route() -> None:
    node = Node(route=RouteSettings(number="12345", queue="hotline", level=2))
    node.board.table.callers.customer_level = lambda number: {IMPORTANT: 7, FROM_WUXI: -1}.get(number, 0)
    for number, who in enumerate((ANYBODY, FROM_WUXI, IMPORTANT)):
        node.call_in(f"in{number}", caller=who)
    assert [call.level for call in node.board.calls()] == [2, 1, 9]


def test_who_is_on_a_list_counts_until_the_end_of_the_day_that_it_names() -> None:
    """Day and night are China's; an entry without a day counts for good."""
    entries = [{"number": IMPORTANT, "until": "2026-11-28"}, {"number": FROM_WUXI}]
    business = whole_of({("lists", "vip"): {"id": "vip", "numbers": entries}}, MACHINE)
    midnight = 1_795_881_600.0  # after 28 November 2026 in China
    assert business.lists_of(IMPORTANT, midnight - 1) == ("vip",)
    assert business.is_listed(IMPORTANT, "vip", midnight - 1)
    assert business.lists_of(IMPORTANT, midnight) == ()
    assert not business.is_listed(IMPORTANT, "vip", midnight)
    assert business.lists_of(FROM_WUXI, midnight * 10) == ("vip",)
    assert business.lists_of(ANYBODY, midnight) == ()
    with pytest.raises(BusinessFaults) as refused:
        whole_of(
            {("lists", "vip"): {"id": "vip", "numbers": [{"number": "1", "until": "2026-02-30"}]}}, MACHINE
        )
    assert [fault.path for fault in refused.value.faults] == ["lists.vip.numbers.1.until"]


def test_who_is_on_a_list_goes_before_who_came_earlier() -> None:
    """From a certain area before others, from a list before them; the next free agent gets that caller."""
    node = Node(
        route=RouteSettings(
            number="12345",
            queue="hotline",
            callers=(
                CallerLevelSettings(add=1, prefix="0510"),
                CallerLevelSettings(add=5, listed="vip"),
            ),
        )
    )
    node.board.take_callers(knowing(vip=IMPORTANT))
    calls = [node.call_in(f"in{n}", caller=who) for n, who in enumerate((ANYBODY, FROM_WUXI, IMPORTANT))]
    assert [node.waits(call) for call in calls] == [3, 2, 1]
    node.login()
    assert node.call(calls[2]).offered
    assert [node.waits(call) for call in calls[:2]] == [2, 1]


@pytest.mark.parametrize(("waited_s", "places"), [(50.0, (1, 2)), (70.0, (2, 1))])
def test_the_rules_of_the_queue_raise_who_is_on_a_list_after_a_wait(
    waited_s: float, places: tuple[int, int]
) -> None:
    """On the list and one minute in line: before who came earlier."""
    rule = LevelRuleSettings(add=3, waited_s=60.0, listed="vip")
    node = Node(queue=replace(QUEUE, distribution=DistributionSettings(level_rules=(rule,))))
    node.board.take_callers(knowing(vip=IMPORTANT))
    first, second = node.call_in("in1", caller=ANYBODY), node.call_in("in2", caller=IMPORTANT)
    node.pass_time(waited_s)
    assert (node.waits(first), node.waits(second)) == places


def test_the_rules_of_the_queue_lower_who_is_on_a_list_at_once() -> None:
    """A nuisance waits behind everybody who came later."""
    rule = LevelRuleSettings(add=-5, listed="nuisance")
    node = Node(queue=replace(QUEUE, distribution=DistributionSettings(level_rules=(rule,))))
    node.board.take_callers(knowing(nuisance=IMPORTANT))
    first, second = node.call_in("in1", caller=IMPORTANT), node.call_in("in2", caller=ANYBODY)
    assert (node.waits(first), node.waits(second)) == (2, 1)


def test_who_is_moved_keeps_the_level_and_is_not_given_it_twice() -> None:
    """It is written down as it was given at first."""
    route = RouteSettings(
        number="12345", queue="hotline", level=1, callers=(CallerLevelSettings(add=5, prefix="139"),)
    )
    node = Node(route=route)
    first, second = node.call_in("in1", caller=ANYBODY), node.call_in("in2", caller=IMPORTANT)
    assert node.keeper.load("live_call")[second]["level"] == 6
    assert not node.board.queue_desk.move(node.call(second), "hotline")
    assert (node.waits(first), node.waits(second)) == (2, 1)
    assert node.call(second).level == 6


@pytest.mark.parametrize(
    ("strategy", "level", "queue"), [(1, 2, "tax"), (2, 2, "hotline"), (1, 1, "hotline")]
)
def test_overflow_is_by_the_strategy_number_of_the_route_and_the_level(
    strategy: int, level: int, queue: str
) -> None:
    """Only callers of both go to the other queue after their wait."""
    rule = OverflowSettings(to=OverflowTo.QUEUE, name="tax", waited_s=20.0, strategies=(1,), least_level=2)
    node = Node(
        queue=replace(QUEUE, overflow=(rule,)),
        more_queues=(replace(QUEUE, name="tax"),),
        route=RouteSettings(number="12345", queue="hotline", strategy=strategy, level=level),
    )
    call = node.call_in()
    node.pass_time(25.0)
    assert node.call(call).route.queue == queue


def test_who_has_more_than_a_thousand_levels_goes_by_the_rules_for_everybody() -> None:
    """What is added up has no end: a thousand as a bound means none, one below it is a bound."""
    lift = DistributionSettings(level_rules=(LevelRuleSettings(add=900),))
    for most, queue in ((1000, "tax"), (999, "hotline")):
        rule = OverflowSettings(to=OverflowTo.QUEUE, name="tax", waited_s=20.0, most_level=most)
        node = Node(
            queue=replace(QUEUE, overflow=(rule,), distribution=lift),
            more_queues=(replace(QUEUE, name="tax"),),
            route=RouteSettings(number="12345", queue="hotline", level=600),
        )
        call = node.call_in()
        node.pass_time(25.0)
        assert node.call(call).route.queue == queue


def test_an_administrator_is_told_the_level_of_a_caller() -> None:
    """That of the route, before anybody calls."""
    business = whole_of(
        {
            ("lists", "vip"): {"id": "vip", "numbers": [{"number": IMPORTANT}]},
            ("queues", "hotline"): {"name": "hotline"},
            ("routes", "12345"): {
                "number": "12345",
                "queue": "hotline",
                "greeting": "",
                "level": 1,
                "callers": [{"add": 5, "listed": "vip"}],
            },
        },
        MACHINE,
    )
    node = Node()
    what_if = WhatIf(
        Standing(business), node.dispatcher, node.clock, "010", node.board.table.trunks.numbers_of
    )
    levels = [done(what_if.ask("12345", "city", who, None, "")).level for who in (ANYBODY, IMPORTANT)]
    assert levels == [1, 6]


def test_overflow_is_by_the_expected_wait() -> None:
    """Once the queue has shown how long its calls take: whoever would be second in line goes elsewhere."""
    rule = OverflowSettings(to=OverflowTo.QUEUE, name="tax", expected_wait_s=90.0)
    node = Node(queue=replace(QUEUE, overflow=(rule,)), more_queues=(replace(QUEUE, name="tax"),), cells=8)
    node.login()
    for number in range(5):
        node.talk(f"in{number}")
        node.pass_time(40.0)
        node.sip.leave(f"in{number}")
        node.settle()
        node.pass_time(11.0)
    node.talk("a")
    calls = [node.call_in(leg_id) for leg_id in ("b", "c", "d")]
    assert [node.call(call).route.queue for call in calls] == ["hotline", "tax", "tax"]


def test_the_expected_wait_is_for_who_just_came() -> None:
    """It cannot stand beside a wait."""
    wrong = OverflowSettings(to=OverflowTo.BUSY, waited_s=5.0, expected_wait_s=5.0)
    assert [field for field, _ in wrong.faults()] == ["waited_s"]
