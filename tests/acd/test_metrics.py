"""Service levels and the other figures: the golden vector, and identities that hold whatever happened."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.metrics import (
    BATCHES,
    Counts,
    Figures,
    Formula,
    Terms,
    counts_of,
    figures_of,
    mean_of_batches,
    occupancy_of,
    percentile,
    service_level,
    shares_of,
)
from acd.names import AgentId, ContactId, QueueName
from acd.outcomes import AgentTimes, Ending, Outcome

GOLDEN = Counts(answered=1000, answered_in_time=860, abandoned=60, abandoned_in_time=20, short=10)


def outcome(ending: Ending, wait_s: float = 0.0, queue: str = "main") -> Outcome:
    """A contact of which only this matters."""
    return Outcome(
        contact=ContactId("c"), queue=QueueName(queue), level=0, arrived_at=0.0, ending=ending, wait_s=wait_s
    )


outcomes = st.lists(
    st.builds(outcome, st.sampled_from(Ending), st.floats(0, 60), st.sampled_from(["main", "tax"]))
)


@pytest.mark.parametrize(
    ("formula", "percent"),
    [
        (Formula.F1, 83.02),
        (Formula.F2, 86.00),
        (Formula.F3, 81.13),
        (Formula.F4, 82.69),
        (Formula.F5, 82.08),
        (Formula.F6, 81.90),
    ],
)
def test_the_six_service_levels_of_one_day(formula: Formula, percent: float) -> None:
    """The golden vector: the same day reads 81 to 86 %."""
    level = service_level(GOLDEN, formula)
    assert level is not None
    assert round(100 * level, 2) == percent


def test_abandonment_leaves_short_calls_out() -> None:
    """A wrong number that hangs up at once is neither abandoned nor offered."""
    assert GOLDEN.abandon_rate == pytest.approx(50 / 1050)


def test_counting() -> None:
    """At the bound a wait is in time, and a call is not short."""
    found = counts_of(
        [
            outcome(Ending.ANSWERED, 20.0),
            outcome(Ending.ANSWERED, 20.1),
            outcome(Ending.ABANDONED, 5.0),
            outcome(Ending.ABANDONED, 4.9),
            outcome(Ending.ABANDONED, 30.0),
            outcome(Ending.OVERFLOWED, 1.0),
            outcome(Ending.DISMISSED, 1.0),
            outcome(Ending.REFUSED),
            outcome(Ending.WAITING, 1.0),
        ],
        Terms(within_s=20.0, short_s=5.0),
    )
    assert found == Counts(
        answered=2, answered_in_time=1, abandoned=3, abandoned_in_time=2, short=1, overflowed=1, dismissed=1, refused=1,
        waiting=1,
    )  # fmt: skip
    assert found.offered == 8


def test_an_empty_day_has_no_figures() -> None:
    """Nothing is divided by nothing."""
    empty = figures_of([])
    assert empty == Figures(
        counts=Counts(),
        levels=dict.fromkeys(Formula),
        mean_wait_s=None,
        p95_wait_s=None,
        longest_wait_s=None,
        occupancy=None,
    )
    assert empty.counts.abandon_rate is None
    assert shares_of([], queue_of) == {}


def queue_of(each: Outcome) -> str:
    """Group by queue."""
    return each.queue


def test_waits_are_of_those_who_were_answered() -> None:
    """Mean, nearest-rank 95th percentile and the longest."""
    day = [outcome(Ending.ANSWERED, float(wait_s)) for wait_s in range(1, 101)]
    found = figures_of([*day, outcome(Ending.ABANDONED, 500.0)])
    assert (found.mean_wait_s, found.p95_wait_s, found.longest_wait_s) == (50.5, 95.0, 100.0)


def test_occupancy_is_of_the_time_at_work() -> None:
    """Time away counts on neither side."""
    times = [
        AgentTimes(agent=AgentId("ana"), busy_s=50.0, away_s=900.0, free_s=50.0),
        AgentTimes(agent=AgentId("ben"), busy_s=25.0, free_s=75.0),
    ]
    assert occupancy_of(times) == pytest.approx(75 / 200)
    assert occupancy_of([AgentTimes(agent=AgentId("ana"), away_s=10.0)]) is None


def test_shares_count_who_was_answered() -> None:
    """The largest first."""
    day = [outcome(Ending.ANSWERED, queue="tax")] * 3 + [outcome(Ending.ANSWERED)]
    assert list(shares_of([*day, outcome(Ending.ABANDONED)], queue_of).items()) == [
        ("tax", 0.75),
        ("main", 0.25),
    ]


@given(outcomes, st.floats(0, 60), st.floats(0, 60))
def test_identities_hold(day: list[Outcome], within_s: float, short_s: float) -> None:
    """Everybody is counted once, shares are shares, and the formulas stand to each other as they must."""
    counts = counts_of(day, Terms(within_s=within_s, short_s=short_s))
    assert counts.offered + counts.refused == len(day)
    assert counts.answered_in_time <= counts.answered
    assert max(counts.abandoned_in_time, counts.short) <= counts.abandoned
    levels = {formula: service_level(counts, formula) for formula in Formula}
    assert all(level is None or 0 <= level <= 1 for level in levels.values())
    third = levels[Formula.F3]
    if third is not None:
        above = [levels[each] for each in (Formula.F1, Formula.F2, Formula.F4, Formula.F5, Formula.F6)]
        assert all(level is None or level >= third for level in above)
    shares = shares_of(day, queue_of)
    assert sum(shares.values()) == pytest.approx(1.0 if counts.answered else 0.0)


@given(outcomes, outcomes)
def test_the_parts_of_a_day_sum_to_the_day(morning: list[Outcome], evening: list[Outcome]) -> None:
    """Counts of half hours can be added; shares of them cannot, and are not."""
    terms = Terms()
    assert counts_of(morning, terms) + counts_of(evening, terms) == counts_of([*morning, *evening], terms)


@pytest.mark.parametrize(("percent", "value"), [(0, 1.0), (50, 2.0), (75, 3.0), (76, 4.0), (100, 4.0)])
def test_percentiles_are_values_that_occurred(percent: float, value: float) -> None:
    """Nearest rank."""
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value


def autoregressive(chance: random.Random) -> list[float]:
    """Values that depend on their neighbours; their mean is 0."""
    value, values = 0.0, []
    for _ in range(20 * 200):
        value = 0.9 * value + chance.gauss(0, 1)
        values.append(value)
    return values


def independent(chance: random.Random) -> list[float]:
    """Values that do not."""
    return [chance.gauss(0, 1) for _ in range(20 * 5)]


@pytest.mark.parametrize("series", [autoregressive, independent])
def test_the_interval_holds_the_truth_as_often_as_it_says(
    series: Callable[[random.Random], list[float]],
) -> None:
    """99 of 100 times."""
    chance = random.Random(5)
    missed = sum(0.0 not in mean_of_batches(series(chance)) for _ in range(300))
    assert missed <= 8  # 3 are expected; more than 8 come once in 300 such tests


def test_batches_need_values() -> None:
    """What is left over at the front is dropped; too few are refused."""
    found = mean_of_batches([1e9, *([1.0] * BATCHES)])
    assert (found.mean, found.margin) == (1.0, 0.0)
    with pytest.raises(ValueError, match="19 values are fewer than 20"):
        mean_of_batches([1.0] * 19)
