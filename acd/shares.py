"""Region shares (地区优先级): which region's caller goes next, so that each gets its share of the calls.

The rule is R. Tijdeman's for the chairman assignment problem (Discrete Mathematics 32, 1980): of the regions that have
earned a call, the one that would be behind soonest.  On every prefix no region is then off its share by more than
1 - 1/(2k - 2) calls, with k regions; so by less than 2 in any window.

Counting begins anew whenever other regions have callers waiting than before: what was owed to a region that had none is
not made up for, and one that had the agents to itself is not punished.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from acd.checks import check_distinct, check_named
from acd.errors import InvalidValue

_TINY = 1e-9  # of a call: sums of shares are not exact


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionShare:
    """A region and its part of the calls, in any unit (3 and 1 are 75 % and 25 %)."""

    region: str
    share: float

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_named(self, region=self.region)
        if not 0 < self.share < float("inf"):
            raise InvalidValue(type(self).__name__, "share", self.share, "more than 0")


def check_shares(of: object, shares: tuple[RegionShare, ...]) -> None:
    """Refuse shares that divide nothing; raises `InvalidValue`."""
    check_distinct(of, "shares", [each.region for each in shares])
    if len(shares) < 2:
        raise InvalidValue(type(of).__name__, "shares", shares, "two regions at least")


class Ledger:
    """The calls of one group of agents and one level, by region, since the regions with callers changed last."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        """Begin with no call."""
        self._shares = shares
        self._counts: Counter[str] = Counter()
        self._present: AbstractSet[str] = frozenset()
        self._phase = 0

    def next_region(self, present: AbstractSet[str]) -> str:
        """Return whose turn it is among regions that have callers; one at least, all of them with shares."""
        if len(present) == 1:
            return next(iter(present))
        whole = sum(self._shares[region] for region in sorted(present))
        counts = self._counts if present == self._present else Counter[str]()
        number = counts.total() + 1
        slack = 1 - 1 / (2 * len(present) - 2)

        def lateness(region: str) -> tuple[bool, float, str]:
            part = self._shares[region] / whole
            owed = part * number - counts[region]
            return (owed < 1 - slack - _TINY, (slack - owed) / part, region)

        return min(present, key=lateness)

    def count(self, region: str, present: AbstractSet[str]) -> int:
        """A call of a region was offered while these had callers; return the phase it counts in."""
        if present != self._present:
            self._present = present
            self._counts = Counter()
            self._phase += 1
        self._counts[region] += 1
        return self._phase

    def take_back(self, region: str, phase: int) -> None:
        """That call was not connected: it does not count, if its phase still does."""
        if phase == self._phase:
            self._counts[region] -= 1
