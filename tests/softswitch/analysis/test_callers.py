"""Callers that come by chance, and come again."""

import math
from itertools import pairwise
from statistics import fmean

import pytest

from acd.names import QueueName
from acd.simulate import Caller
from softswitch.analysis.callers import Stream, callers_of

MAIN = Stream(queue=QueueName("main"), calls_per_hour=1000, talk_s=180, patience_s=120, answer_s=4)
TAX = Stream(queue=QueueName("tax"), calls_per_hour=100, talk_s=60)


def test_rates_and_means_are_those_asked_for() -> None:
    """Within five standard errors."""
    callers = list(callers_of((MAIN,), hours=20, seed=1))
    count = len(callers)
    assert count == pytest.approx(20_000, abs=5 * math.sqrt(20_000))
    assert fmean(each.talk_s for each in callers) == pytest.approx(180, rel=5 / math.sqrt(count))
    assert fmean(each.patience_s for each in callers) == pytest.approx(120, rel=5 / math.sqrt(count))
    gaps = [after.at - before.at for before, after in pairwise(callers)]
    assert sum(gap > 3.6 for gap in gaps) / count == pytest.approx(math.exp(-1), abs=0.02)
    assert {each.answer_s for each in callers} == {4}


def test_one_seed_is_one_set_of_callers() -> None:
    """Whoever else comes leaves them as they are."""
    alone = list(callers_of((MAIN,), hours=2, seed=7))
    together = list(callers_of((TAX, MAIN), hours=2, seed=7))
    assert [each for each in together if each.wants.queue == "main"] == alone
    assert together == sorted(together, key=lambda each: each.at)
    assert list(callers_of((MAIN,), hours=2, seed=8)) != alone


def test_patience_changes_nothing_else() -> None:
    """The same people, calmer: so that two runs differ in one thing."""
    calm = Stream(queue=QueueName("main"), calls_per_hour=1000, talk_s=180)

    def times(callers: list[Caller]) -> list[tuple[float, float]]:
        return [(each.at, each.talk_s) for each in callers]

    found = list(callers_of((calm,), hours=2, seed=7))
    assert times(found) == times(list(callers_of((MAIN,), hours=2, seed=7)))
    assert {each.patience_s for each in found} == {math.inf}


def test_nobody_calls_a_queue_without_calls() -> None:
    """A rate of nothing is a rate."""
    silent = Stream(queue=QueueName("main"), calls_per_hour=0, talk_s=180)
    assert list(callers_of((silent,), hours=24, seed=1)) == []
