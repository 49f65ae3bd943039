"""What an unknown source may send, counted before a single byte is parsed.

Trunks and registered contacts are exempt: a forged flood must not shut out a real phone.  A source is an address, of
IPv6 the /64 that one host can fill.
"""

from collections import OrderedDict
from collections.abc import Callable

from api.crowd import network_of

WINDOW_S = 2.0
MOST_SOURCES = 10_000


class Buckets:
    """Token buckets by key: `burst` tokens at once, refilled over `window_s` seconds.

    The table is bounded: the key that was quiet longest is forgotten first, and with it what it spent.
    """

    def __init__(self, burst: int, window_s: float, *, most_keys: int = MOST_SOURCES) -> None:
        self._burst = float(burst)
        self._window_s = window_s
        self._most_keys = most_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def has(self, key: str, now: float) -> bool:
        """Whether a key has a token left."""
        return self._tokens(key, now) >= 1.0

    def take(self, key: str, now: float) -> bool:
        """Take one token of a key; False when it has none left."""
        tokens = self._tokens(key, now)
        was_there = tokens >= 1.0
        self._buckets[key] = (tokens - 1.0 if was_there else tokens, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._most_keys:
            self._buckets.popitem(last=False)
        return was_there

    def _tokens(self, key: str, now: float) -> float:
        tokens, since = self._buckets.get(key, (self._burst, now))
        return min(self._burst, tokens + max(0.0, now - since) * self._burst / self._window_s)

    def __len__(self) -> int:
        return len(self._buckets)


class Allowance:
    """Log lines about strangers: `most` in `window_s` seconds, the rest is only counted.

    A flood must not fill the disk with words about it.
    """

    def __init__(self, most: int, window_s: float) -> None:
        self._lines = Buckets(most, window_s, most_keys=1)
        self.spared = 0

    def take(self, now: float) -> bool:
        """Whether a line may be written now."""
        is_there = self._lines.take("", now)
        self.spared += not is_there
        return is_there


class Gate:
    """Lets messages in: so many at once from an unknown source, so many from all of them, none from a banned one.

    What was spent is refilled over `WINDOW_S` seconds.
    """

    def __init__(
        self,
        burst: int,
        is_exempt: Callable[[str], bool],
        is_banned: Callable[[str, float], bool] = lambda source, now: False,
        *,
        burst_of_all: int = 1_000_000,
        most_sources: int = MOST_SOURCES,
    ) -> None:
        self._is_exempt = is_exempt
        self._is_banned = is_banned
        self._buckets = Buckets(burst, WINDOW_S, most_keys=most_sources)
        self._all = Buckets(burst_of_all, WINDOW_S, most_keys=1)
        self.refused = 0

    def admits(self, source: str, now: float) -> bool:
        """Take a token for a message; False when its source is banned or there is none left: drop it unread."""
        if self._is_exempt(source):
            return True
        admitted = (
            not self._is_banned(source, now)
            and self._buckets.take(network_of(source), now)
            and self._all.take("", now)
        )
        if not admitted:
            self.refused += 1
        return admitted

    def knows(self, source: str) -> bool:
        """Whether a source is a trunk or a registered contact."""
        return self._is_exempt(source)

    def shuts_out(self, source: str, now: float) -> bool:
        """Whether a source is banned: not even a connection is kept for it."""
        return self._is_banned(source, now) and not self._is_exempt(source)

    def __len__(self) -> int:
        return len(self._buckets)

    def __repr__(self) -> str:
        return f"<Gate sources={len(self._buckets)} refused={self.refused}>"
