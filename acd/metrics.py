"""Figures of service: how many were answered, how soon, and how busy the agents were.

The same day reads 81 to 86 % by formula, so a service level is never given without the name of its formula.  In all of
them "in time" is a wait of at most `within_s`, abandoned are all who hung up before an answer, and short are those of
them who did so within `short_s`: mostly wrong numbers.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from statistics import fmean, stdev
from typing import TypeVar

from acd.outcomes import AgentTimes, Ending, Outcome

Group = TypeVar("Group", bound=Hashable)

BATCHES = 20
_T_99 = 2.8609  # Student's t for 99 % on both sides and BATCHES - 1 degrees of freedom


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What counts as in time, and what as a short call that was no abandonment."""

    within_s: float = 15.0
    short_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Contacts by what became of them.

    `abandoned` holds the short ones too; refused ones were never let in and are not among those offered.
    """

    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    abandoned_in_time: int = 0
    short: int = 0
    overflowed: int = 0
    dismissed: int = 0
    refused: int = 0
    waiting: int = 0

    @property
    def offered(self) -> int:
        """All who were let in: answered, abandoned (short or not), overflowed, dismissed and still waiting."""
        return self.answered + self.abandoned + self.overflowed + self.dismissed + self.waiting

    @property
    def abandon_rate(self) -> float | None:
        """Those who gave up, without the short ones, of those offered without the short ones."""
        return _share(self.abandoned - self.short, self.offered - self.short)

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        )


class Formula(StrEnum):
    """Six service levels that are in use; T stands for the time allowed."""

    F1 = "(answered in T + abandoned in T) / (answered + abandoned)"
    F2 = "answered in T / answered"
    F3 = "answered in T / (answered + abandoned)"
    F4 = "answered in T / (answered + abandoned - abandoned in T)"
    F5 = "(answered in T + short) / (answered + abandoned)"
    F6 = "answered in T / (answered + abandoned - short)"


_SHARES: Mapping[Formula, Callable[[Counts], tuple[int, int]]] = {
    Formula.F1: lambda c: (c.answered_in_time + c.abandoned_in_time, c.answered + c.abandoned),
    Formula.F2: lambda c: (c.answered_in_time, c.answered),
    Formula.F3: lambda c: (c.answered_in_time, c.answered + c.abandoned),
    Formula.F4: lambda c: (c.answered_in_time, c.answered + c.abandoned - c.abandoned_in_time),
    Formula.F5: lambda c: (c.answered_in_time + c.short, c.answered + c.abandoned),
    Formula.F6: lambda c: (c.answered_in_time, c.answered + c.abandoned - c.short),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A period in figures; None where there is nothing to divide by.

    `mean_wait_s` (ASA) and `p95_wait_s` are of those who were answered, from the arrival in the queue.
    """

    counts: Counts
    levels: Mapping[Formula, float | None]
    mean_wait_s: float | None
    p95_wait_s: float | None
    longest_wait_s: float | None
    occupancy: float | None


def figures_of(
    outcomes: Iterable[Outcome], times: Iterable[AgentTimes] = (), terms: Terms | None = None
) -> Figures:
    """Return the figures of these contacts and these agents."""
    outcomes = tuple(outcomes)
    counts = counts_of(outcomes, terms or Terms())
    waits = sorted(each.wait_s for each in outcomes if each.ending is Ending.ANSWERED)
    return Figures(
        counts=counts,
        levels={formula: service_level(counts, formula) for formula in Formula},
        mean_wait_s=fmean(waits) if waits else None,
        p95_wait_s=percentile(waits, 95) if waits else None,
        longest_wait_s=waits[-1] if waits else None,
        occupancy=occupancy_of(times),
    )


def counts_of(outcomes: Collection[Outcome], terms: Terms) -> Counts:
    """Return how many there are of each kind."""
    by_ending = Counter(each.ending for each in outcomes)
    in_time = Counter(each.ending for each in outcomes if each.wait_s <= terms.within_s)
    return Counts(
        answered=by_ending[Ending.ANSWERED],
        answered_in_time=in_time[Ending.ANSWERED],
        abandoned=by_ending[Ending.ABANDONED],
        abandoned_in_time=in_time[Ending.ABANDONED],
        short=sum(each.ending is Ending.ABANDONED and each.wait_s < terms.short_s for each in outcomes),
        overflowed=by_ending[Ending.OVERFLOWED],
        dismissed=by_ending[Ending.DISMISSED],
        refused=by_ending[Ending.REFUSED],
        waiting=by_ending[Ending.WAITING],
    )


def service_level(counts: Counts, formula: Formula) -> float | None:
    """Return a share of 1, None where there is nothing to divide by."""
    return _share(*_SHARES[formula](counts))


def occupancy_of(times: Iterable[AgentTimes]) -> float | None:
    """(Ring + talk + hold + wrap-up) ÷ (logged in - not ready), over all agents; None when nobody was there."""
    times = tuple(times)
    return _share(sum(each.busy_s for each in times), sum(each.logged_in_s - each.away_s for each in times))


def shares_of(outcomes: Iterable[Outcome], group_of: Callable[[Outcome], Group]) -> Mapping[Group, float]:
    """Return the share of each group (a queue, a level, a region) in all answered contacts, the largest first."""
    answered = Counter(group_of(each) for each in outcomes if each.ending is Ending.ANSWERED)
    return {group: count / answered.total() for group, count in answered.most_common()}


def percentile(ascending: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile of values in ascending order, at least one."""
    return ascending[max(1, math.ceil(len(ascending) * percent / 100)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean with its 99 % confidence interval."""

    mean: float
    margin: float

    def __contains__(self, value: float) -> bool:
        """Whether the value lies in the interval."""
        return abs(value - self.mean) <= self.margin


def mean_of_batches(values: Sequence[float]) -> Estimate:
    """Return the mean of values that depend on their neighbours, as waits in a line do: the method of batch means.

    The values are cut into `BATCHES` stretches of one length (what is left over at the front is dropped), whose means
    hardly depend on each other when the stretches are long.
    """
    length = len(values) // BATCHES
    if length == 0:
        raise ValueError(f"{len(values)} values are fewer than {BATCHES}")
    first = len(values) - length * BATCHES
    means = [fmean(values[start : start + length]) for start in range(first, len(values), length)]
    return Estimate(mean=fmean(means), margin=_T_99 * stdev(means) / math.sqrt(BATCHES))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
