"""Overflow rules as data."""

from collections.abc import Callable

import pytest

from acd.errors import InvalidValue
from acd.overflow import Overflow, Target, TargetKind

BUSY = Target(kind=TargetKind.BUSY)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Target(kind=TargetKind.QUEUE),
        lambda: Target(kind=TargetKind.FLOW),
        lambda: Target(kind=TargetKind.EXTERNAL),
        lambda: Overflow(target=BUSY, waited_s=-1.0),
        lambda: Overflow(target=BUSY, waiting=-1),
        lambda: Overflow(target=BUSY, most_visits=0),
        lambda: Overflow(target=BUSY, least_level=3, most_level=2),
        lambda: Overflow(target=BUSY, waited_s=9.0, waiting=3),
        lambda: Overflow(target=BUSY, waited_s=9.0, longest_wait_s=3.0),
        lambda: Overflow(target=BUSY, waited_s=9.0, expected_wait_s=3.0),
    ],
)
def test_what_cannot_be_true_cannot_be_built(build: Callable[[], object]) -> None:
    """A target without its name, numbers out of range, a rule for newcomers that asks how long they waited."""
    with pytest.raises(InvalidValue):
        build()


@pytest.mark.parametrize(
    ("rule", "is_for"),
    [
        (Overflow(target=BUSY), True),
        (Overflow(target=BUSY, strategies=(7, 8)), True),
        (Overflow(target=BUSY, strategies=(8,)), False),
        (Overflow(target=BUSY, least_level=3), True),
        (Overflow(target=BUSY, least_level=4), False),
        (Overflow(target=BUSY, most_level=3), True),
        (Overflow(target=BUSY, most_level=2), False),
    ],
)
def test_a_rule_is_for_strategy_numbers_and_levels(rule: Overflow, is_for: bool) -> None:
    """Of a caller of level 3 and strategy 7."""
    assert rule.is_for(3, 7) == is_for


def test_what_a_rule_regards() -> None:
    """So that only what can make it hold is watched."""
    assert Overflow(target=BUSY, agents_all=()).regards_agents
    assert Overflow(target=BUSY, is_closed=True).regards_agents
    assert not Overflow(target=BUSY, waited_s=9.0).regards_agents
    assert Overflow(target=BUSY, waiting=0).is_for_newcomers
    assert not Overflow(target=BUSY, waited_s=9.0).is_for_newcomers
