"""What a caller did before decides who goes first."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from acd.levels import DayOfCalls
from softswitch.settings.distribution import DistributionSettings, LevelRuleSettings
from softswitch.store.caller_past import Found
from tests.softswitch.calls.node import QUEUE, Node

NEW, KNOWN = "13800001111", "13900002222"
Days = tuple[DayOfCalls, ...]


def day(days_ago: int, calls: int, abandoned: int = 0) -> DayOfCalls:
    """Calls of one day."""
    return DayOfCalls(days_ago=days_ago, calls=calls, abandoned=abandoned)


class Past:
    """Earlier calls by number; told when the test says so."""

    def __init__(self, **numbers: Days) -> None:
        self.numbers = numbers
        self.asked: list[str] = []
        self._waiting: list[Callable[[], None]] = []

    def ask(self, number: str, now: float, found: Found) -> None:
        self.asked.append(number)
        self._waiting.append(lambda: found(self.numbers.get(f"n{number}", ())))

    def tell(self) -> None:
        """Answer everybody who asked."""
        while self._waiting:
            self._waiting.pop(0)()


def node_with(past: Past, *rules: LevelRuleSettings) -> Node:
    """A hotline that looks at the past, without a greeting."""
    node = Node(greeting="", queue=replace(QUEUE, distribution=DistributionSettings(level_rules=rules)))
    node.board.table.callers.past = past
    return node


@pytest.mark.parametrize(
    "rule",
    [
        LevelRuleSettings(add=2, abandoned=1),
        LevelRuleSettings(add=2, calls=3),
        LevelRuleSettings(add=2, calls=2, days=3),
    ],
    ids=["abandoned", "calls", "calls of three days"],
)
@pytest.mark.parametrize(
    ("known", "places"),
    [
        ((day(0, 1), day(2, 1, 1), day(9, 1)), (2, 1)),
        ((day(0, 1), day(3, 1)), (1, 2)),
    ],
)
def test_who_called_often_or_gave_up_before_goes_first(
    rule: LevelRuleSettings, known: Days, places: tuple[int, int]
) -> None:
    """The past is known before the caller stands in line."""
    past = Past(**{f"n{KNOWN}": known})
    node = node_with(past, rule)
    first = node.call_in("in1", caller=NEW)
    second = node.dial("in2", caller=KNOWN)
    past.tell()
    node.sip.acknowledge("in2")
    node.settle()
    assert (node.waits(first), node.waits(second)) == places


def test_an_answer_that_comes_late_still_counts() -> None:
    """The caller stands in line already, and moves up."""
    past = Past(**{f"n{KNOWN}": (day(4, 1, 1),)})
    node = node_with(past, LevelRuleSettings(add=2, abandoned=1))
    first, second = node.call_in("in1", caller=NEW), node.call_in("in2", caller=KNOWN)
    assert (node.waits(first), node.waits(second)) == (1, 2)
    past.tell()
    assert (node.waits(first), node.waits(second)) == (2, 1)
    assert node.keeper.load("live_call")[second]["earlier"] == [[4, 1, 1]]


def test_an_answer_for_a_call_that_has_ended_is_nobodys() -> None:
    """The caller hung up meanwhile."""
    past = Past()
    node = node_with(past, LevelRuleSettings(add=2, abandoned=1))
    node.call_in("in1", caller=KNOWN)
    node.sip.leave("in1")
    node.settle()
    past.tell()
    node.assert_nothing_is_left()


def test_nobody_is_asked_for_without_a_rule_or_a_number() -> None:
    """The database has rest while nobody wants to know."""
    past = Past()
    node = node_with(past)
    node.dial("in1", caller=KNOWN)
    node.board.take_queues(
        [replace(QUEUE, distribution=DistributionSettings(level_rules=(LevelRuleSettings(add=1, calls=1),)))]
    )
    node.dial("in2", caller="")
    node.dial("in3", caller=NEW)
    assert past.asked == [NEW]
