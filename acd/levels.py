"""What raises or lowers a contact's level (客户级别调整): rules of a queue over its wait and its caller's past.

A rule adds its number of levels while all of its conditions hold; the sum of all that hold is added to the level that
the contact was given.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from acd.checks import check_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfCalls:
    """A caller's calls of one day, `days_ago` whole days before this call: 0 for the last 24 hours."""

    days_ago: int
    calls: int
    abandoned: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_at_least(self, 0, days_ago=self.days_ago, calls=self.calls, abandoned=self.abandoned)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerHistory:
    """What is known of a caller: calls and abandoned calls in the days that the business counts, in all and by the day,
    and lists.
    """

    calls: int = 0
    abandoned: int = 0
    lists: tuple[str, ...] = ()
    days: tuple[DayOfCalls, ...] = ()

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_at_least(self, 0, calls=self.calls, abandoned=self.abandoned)

    def within(self, days: int) -> tuple[int, int]:
        """Return calls and abandoned calls of the last so many days."""
        found = [each for each in self.days if each.days_ago < days]
        return sum(each.calls for each in found), sum(each.abandoned for each in found)


UNKNOWN_CALLER = CallerHistory()
"""Nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRule:
    """`add` levels (fewer than 0 to lower) for a contact that has waited `waited_s` in all, whose caller has called and
    abandoned at least so often, and is on the list `listed`; a condition that is not given holds.  With `days` the calls
    of the last so many days are counted, else all that are known.
    """

    add: int
    waited_s: float = 0.0
    calls: int = 0
    abandoned: int = 0
    listed: str = ""
    days: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_at_least(self, 0, waited_s=self.waited_s, calls=self.calls, abandoned=self.abandoned)
        check_at_least(self, 0, days=self.days)

    def is_for(self, caller: CallerHistory) -> bool:
        """Whether what is known of the caller fits."""
        calls, abandoned = caller.within(self.days) if self.days else (caller.calls, caller.abandoned)
        return (
            calls >= self.calls
            and abandoned >= self.abandoned
            and (not self.listed or self.listed in caller.lists)
        )

    @property
    def regards_wait_alone(self) -> bool:
        """Whether it raises whoever has waited so long.  Those who wait when such a rule comes may hope for it too."""
        return self.add > 0 and self.waited_s > 0 and not (self.calls or self.abandoned or self.listed)


class Gain(NamedTuple):
    """From `waited_s` of waiting on, `add` levels more."""

    waited_s: float
    add: int


def gains_of(rules: Iterable[LevelRule], caller: CallerHistory) -> tuple[Gain, ...]:
    """Return what the rules add for a caller, each with the wait from which on it does."""
    return tuple([Gain(rule.waited_s, rule.add) for rule in rules if rule.is_for(caller)])


class Raises(NamedTuple):
    """What waiting alone adds by the rules that held `until` then, for ever if they still do."""

    gains: tuple[Gain, ...]
    until: float = math.inf


def raises_by(rules: Iterable[LevelRule]) -> tuple[Gain, ...]:
    """Return what those of the rules add that regard the wait alone."""
    return tuple([Gain(rule.waited_s, rule.add) for rule in rules if rule.regards_wait_alone])


class Rise(NamedTuple):
    """What waiting alone adds to one contact: at this time, so many levels."""

    at: float
    add: int


def rises_of(raises: Iterable[Raises], arrived_at: float) -> tuple[Rise, ...]:
    """Return when who came then is raised, and by how much: each set of rules counts from the end of the one before."""
    found = []
    since = arrived_at
    for gains, until in raises:
        found += [Rise(since + waited_s, add) for waited_s, add in gains if since + waited_s <= until]
        since = until
    return tuple(found)
