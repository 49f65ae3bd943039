"""Leaky buckets, one per key: each drop fills by one, each `every_s` one drains; how rates are bounded here."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")

KEPT_MOST = 10_000
"""Keys that are remembered; the one that dripped longest ago is forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many at once; then one more each `every_s` seconds."""

    at_once: int
    every_s: float


class LeakyBuckets(Generic[Key]):
    """Buckets of one size.  Times in seconds of any steady clock."""

    def __init__(self, allowance: Allowance) -> None:
        """All are empty."""
        self._allowance = allowance
        self._full_until: OrderedDict[Key, float] = OrderedDict()

    def wait_s(self, key: Key, now: float) -> float:
        """Seconds until the next drop fits; 0 when it does now."""
        filled_s = self._full_until.get(key, now) - now
        return max(0.0, filled_s - (self._allowance.at_once - 1) * self._allowance.every_s)

    def add(self, key: Key, now: float) -> None:
        """One drop, whether it fits or not."""
        self._full_until[key] = max(now, self._full_until.pop(key, now)) + self._allowance.every_s
        if len(self._full_until) > KEPT_MOST:
            self._full_until.popitem(last=False)

    def clear(self, key: Key) -> None:
        """Empty one."""
        self._full_until.pop(key, None)
