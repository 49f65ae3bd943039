"""All deadlines of the engine, with the earliest at hand.

A deadline belongs to a key, one each; setting it again moves it.  Those that were moved or cancelled stay in the
heap until they surface or outnumber the living.
"""

from heapq import heapify, heappop, heappush
from typing import NamedTuple

_FEWEST_TO_SWEEP = 64


class _Entry(NamedTuple):
    at: float
    serial: int
    key: tuple[str, str]


class Deadlines:
    """Keys with a time each.  Equal times come in the order they were set."""

    def __init__(self) -> None:
        """Begin empty."""
        self._heap: list[_Entry] = []
        self._standing: dict[tuple[str, str], _Entry] = {}
        self._serial = 0

    def set(self, key: tuple[str, str], at: float) -> None:
        """Give the key a deadline, in place of the one that it had."""
        self._serial += 1
        entry = _Entry(at, self._serial, key)
        self._standing[key] = entry
        heappush(self._heap, entry)
        if len(self._heap) > _FEWEST_TO_SWEEP and len(self._heap) > 2 * len(self._standing):
            self._heap = list(self._standing.values())
            heapify(self._heap)

    def cancel(self, key: tuple[str, str]) -> None:
        """Take the key's deadline away, if there is one."""
        self._standing.pop(key, None)

    def at(self, key: tuple[str, str]) -> float | None:
        """Return the key's deadline."""
        entry = self._standing.get(key)
        return None if entry is None else entry.at

    def earliest(self) -> float | None:
        """Return the earliest deadline."""
        while self._heap and self._standing.get(self._heap[0].key) is not self._heap[0]:
            heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def pop_due(self, now: float) -> tuple[str, str] | None:
        """Take out the earliest deadline that is due at `now` and return its key; None when none is."""
        earliest = self.earliest()
        if earliest is None or earliest > now:
            return None
        entry = heappop(self._heap)
        del self._standing[entry.key]
        return entry.key

    def __len__(self) -> int:
        """How many stand."""
        return len(self._standing)
