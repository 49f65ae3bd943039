"""How fast passwords may be tried: an attacker is slowed, and the account's owner is not locked out by it.

Failures are counted three ways.  By source and account together: a few, then one try a pause.  By source alone: a
source that fails for many accounts waits.  By account alone: tries from everywhere.  The last two are not asked of a
source from which this account was signed in before, so that neither a neighbour behind the same address nor a crowd
of strangers shuts out the owner.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many failures at once; then one more each `every_s` seconds."""

    failures: int
    every_s: float


PER_PAIR = Allowance(failures=5, every_s=30.0)
PER_SOURCE = Allowance(failures=20, every_s=5.0)
PER_ACCOUNT = Allowance(failures=20, every_s=30.0)
KEPT_MOST = 10_000
"""Places that are remembered; the one that failed longest ago is forgotten first."""


class _Failures(Generic[Key]):
    """Leaky buckets: each failure fills by one, each `every_s` empties by one."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._full_until: OrderedDict[Key, float] = OrderedDict()

    def wait_s(self, key: Key, now: float) -> float:
        """Seconds until the next try; 0 when it may be now."""
        filled_s = self._full_until.get(key, now) - now
        return max(0.0, filled_s - (self._allowance.failures - 1) * self._allowance.every_s)

    def add(self, key: Key, now: float) -> None:
        self._full_until[key] = max(now, self._full_until.pop(key, now)) + self._allowance.every_s
        if len(self._full_until) > KEPT_MOST:
            self._full_until.popitem(last=False)

    def clear(self, key: Key) -> None:
        self._full_until.pop(key, None)


class SignInThrottle:
    """Asked before a password is looked at, told what came of it.  Times in seconds of any steady clock."""

    def __init__(self) -> None:
        """Nobody has failed yet."""
        self._pairs: _Failures[tuple[str, str]] = _Failures(PER_PAIR)
        self._sources: _Failures[str] = _Failures(PER_SOURCE)
        self._accounts: _Failures[str] = _Failures(PER_ACCOUNT)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def wait_s(self, source: str, account: str, now: float) -> float:
        """Seconds until this source may try this account; 0 when it may now."""
        wait_s = self._pairs.wait_s((source, account), now)
        if (source, account) not in self._known:
            wait_s = max(wait_s, self._sources.wait_s(source, now), self._accounts.wait_s(account, now))
        return wait_s

    def failed(self, source: str, account: str, now: float) -> None:
        """The password was wrong, or there is no such account."""
        self._pairs.add((source, account), now)
        self._sources.add(source, now)
        self._accounts.add(account, now)

    def succeeded(self, source: str, account: str) -> None:
        """The password was right: this source is the account's from now on."""
        self._pairs.clear((source, account))
        self._known.pop((source, account), None)
        self._known[source, account] = None
        if len(self._known) > KEPT_MOST:
            self._known.popitem(last=False)
