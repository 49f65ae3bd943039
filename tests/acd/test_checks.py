"""Checks that name what is wrong."""

import math

import pytest

from acd.checks import check_at_least, check_distinct, check_finite, check_named
from acd.errors import InvalidValue


class Thing:
    """Something with fields."""


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    """By both checks of numbers, with the same words."""
    with pytest.raises(InvalidValue, match=r"^Thing.width_s is .*, expected a finite number$"):
        check_finite(Thing(), width_s=value)
    with pytest.raises(InvalidValue, match=r"^Thing.width_s is .*, expected a finite number$"):
        check_at_least(Thing(), 1, width_s=value)


def test_what_is_too_small_is_refused() -> None:
    """The least that would do is named."""
    with pytest.raises(InvalidValue, match=r"^Thing.width_s is 0, expected at least 1$"):
        check_at_least(Thing(), 1, height_s=1, width_s=0)


def test_none_is_no_value() -> None:
    """Whatever is optional may be left out."""
    check_finite(Thing(), width_s=None)
    check_at_least(Thing(), 1, width_s=None)


def test_names_are_there_and_there_once() -> None:
    """An empty one and a second one are refused."""
    check_named(Thing(), name="x")
    check_distinct(Thing(), "names", ["x", "y"])
    with pytest.raises(InvalidValue, match=r"^Thing.name is '', expected a name$"):
        check_named(Thing(), name="")
    with pytest.raises(InvalidValue, match=r"^Thing.names is 'x', expected each name once$"):
        check_distinct(Thing(), "names", ["x", "y", "x"])
