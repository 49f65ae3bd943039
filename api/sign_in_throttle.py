"""How fast passwords may be tried: an attacker is slowed, and the account's owner is not locked out by it.

Failures are counted three ways.  By source and account together: a few, then one try a pause.  By source alone: a
source that fails for many accounts waits.  By account alone: tries from everywhere.  The last two are not asked of a
source from which this account was signed in before, so that neither a neighbour behind the same address nor a crowd
of strangers shuts out the owner.
"""

from collections import OrderedDict

from api.leaky_buckets import KEPT_MOST, Allowance, LeakyBuckets

PER_PAIR = Allowance(at_once=5, every_s=30.0)
PER_SOURCE = Allowance(at_once=20, every_s=5.0)
PER_ACCOUNT = Allowance(at_once=20, every_s=30.0)


class SignInThrottle:
    """Asked before a password is looked at, told what came of it.  Times in seconds of any steady clock."""

    def __init__(self) -> None:
        """Nobody has failed yet."""
        self._pairs: LeakyBuckets[tuple[str, str]] = LeakyBuckets(PER_PAIR)
        self._sources: LeakyBuckets[str] = LeakyBuckets(PER_SOURCE)
        self._accounts: LeakyBuckets[str] = LeakyBuckets(PER_ACCOUNT)
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
