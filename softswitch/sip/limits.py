"""What an unknown source may send, counted before a single byte is parsed.

One token bucket a source address, in a bounded table: the source that was quiet longest is forgotten first.
Trunks and registered contacts are exempt: a forged flood must not shut out a real phone.
"""

from collections import OrderedDict
from collections.abc import Callable

WINDOW_S = 2.0
MOST_SOURCES = 10_000


class Gate:
    """Token buckets of unknown sources: `burst` messages at once, refilled over `WINDOW_S` seconds."""

    def __init__(
        self, burst: int, is_exempt: Callable[[str], bool], *, most_sources: int = MOST_SOURCES
    ) -> None:
        self._burst = float(burst)
        self._is_exempt = is_exempt
        self._most_sources = most_sources
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.refused = 0

    def admits(self, source: str, now: float) -> bool:
        """Take one token of a source; False when it has none left: drop the message unread."""
        if self._is_exempt(source):
            return True
        tokens, since = self._buckets.get(source, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - since) * self._burst / WINDOW_S)
        admitted = tokens >= 1.0
        self._buckets[source] = (tokens - 1.0 if admitted else tokens, now)
        self._buckets.move_to_end(source)
        if len(self._buckets) > self._most_sources:
            self._buckets.popitem(last=False)
        if not admitted:
            self.refused += 1
        return admitted

    def __len__(self) -> int:
        return len(self._buckets)

    def __repr__(self) -> str:
        return f"<Gate sources={len(self._buckets)} refused={self.refused}>"
