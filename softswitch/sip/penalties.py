"""What wrong passwords cost: a source that guesses is banned for a while, an account is guessed at slowly.

Nobody can be shut out by somebody else.  Only who answers a nonce of ours from where it was sent to (or over a
connection) is known to be there at all, so only that counts against a source; trunks and registered contacts are
never banned; and a phone at home is not slowed by what strangers try with its name.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

import structlog

from api.crowd import network_of
from softswitch.sip.allow_list import printable
from softswitch.sip.flows import Flow
from softswitch.sip.limits import Allowance, Buckets

log = structlog.get_logger(__name__)

PATIENCE_S = 60.0  # in which a source wins its failures back
STRANGER_GUESSES, STRANGER_WINDOW_S = 10, 300.0
HOME_GUESSES, HOME_WINDOW_S = 20, 60.0
LENIENCES, LENIENCE_WINDOW_S = 3, 60.0
HOMES_OF_AN_ACCOUNT = 4
MOST_BANS = 10_000


class BanList:
    """Sources that are not heard until a moment; each new ban of a source lasts twice as long, up to `longest_s`."""

    def __init__(self, first_s: float, longest_s: float, *, most: int = MOST_BANS) -> None:
        self._first_s = first_s
        self._longest_s = max(first_s, longest_s)
        self._most = most
        self._bans: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ban(self, source: str, now: float) -> float:
        """Ban a source (of IPv6 its /64) from now on; return for how many seconds (0: bans are switched off)."""
        if not self._first_s:
            return 0.0
        source = network_of(source)
        until, former_s = self._bans.get(source, (float("-inf"), 0.0))
        is_remembered = former_s and now < until + self._longest_s
        length_s = min(self._longest_s, 2 * former_s) if is_remembered else self._first_s
        self._bans[source] = (now + length_s, length_s)
        self._bans.move_to_end(source)
        if len(self._bans) > self._most:
            self._bans.popitem(last=False)
        return length_s

    def is_banned(self, source: str, now: float) -> bool:
        """Whether a source is not to be heard."""
        found = self._bans.get(network_of(source)) if self._bans else None
        return found is not None and now < found[0]

    def standing(self, now: float) -> int:
        """How many sources are banned now."""
        return sum(until > now for until, _ in self._bans.values())

    def __len__(self) -> int:
        return len(self._bans)


class Penalties:
    """Failures by source and by account.  Times are monotonic seconds."""

    def __init__(
        self,
        bans: BanList,
        failures: int,
        is_exempt: Callable[[str], bool],
        account_at: Callable[[str, int], str | None],
        lines: Allowance,
    ) -> None:
        """A source has `failures` wrong passwords in `PATIENCE_S` free.

        `is_exempt` knows trunks and registered contacts by address; `account_at` tells whose contact registered from
        an address and port; `lines` are what may be logged of strangers.
        """
        self._lines = lines
        self._bans = bans
        self._is_exempt = is_exempt
        self._account_at = account_at
        self._patience = Buckets(failures, PATIENCE_S)
        self._strangers = Buckets(STRANGER_GUESSES, STRANGER_WINDOW_S)
        self._homes = Buckets(HOME_GUESSES, HOME_WINDOW_S)
        self._leniences = Buckets(LENIENCES, LENIENCE_WINDOW_S)
        self._proven_at: dict[str, deque[str]] = {}
        self.failures = 0

    def may_guess(self, account: str, flow: Flow, now: float) -> bool:
        """Whether a password for an existing account is looked at; else it is answered like a wrong one."""
        if self._account_at(flow.address, flow.port) == account:
            return True
        bucket, key = self._bucket_of(account, flow)
        return bucket.has(key, now)

    def note_failure(self, account: str | None, username: str, flow: Flow, now: float) -> None:
        """A source that is really there gave a wrong password; `account` is None when nobody has that name."""
        self.failures += 1
        if account is not None:
            bucket, key = self._bucket_of(account, flow)
            bucket.take(key, now)
        may_log = self._lines.take(now)
        if self._patience.take(network_of(flow.address), now):
            if may_log:
                log.info("sip.credentials_refused", source=str(flow), username=printable(username)[:64])
        elif not self._is_exempt(flow.address):
            seconds = self._bans.ban(flow.address, now)
            if seconds and may_log:
                log.warning("sip.source_banned", source=flow.address, seconds=seconds)

    def note_proven(self, account: str, flow: Flow) -> None:
        """An account proved itself: where it did is its home."""
        homes = self._proven_at.setdefault(account, deque(maxlen=HOMES_OF_AN_ACCOUNT))
        if flow.address not in homes:
            homes.append(flow.address)

    def is_lenient(self, account: str | None, flow: Flow, now: float) -> bool:
        """Whether somebody with a nonce that is not ours may learn that its password is right (`stale`).

        A phone whose address changed, or ours from before a reboot, needs to hear it; whoever invents nonces would
        otherwise guess unpunished.
        """
        by_source = self._leniences.take(network_of(flow.address), now)
        return by_source and (account is None or self._leniences.take(f"account {account}", now))

    def _bucket_of(self, account: str, flow: Flow) -> tuple[Buckets, str]:
        if flow.address in self._proven_at.get(account, ()):
            return self._homes, f"{account}@{flow.address}"
        return self._strangers, account

    def __repr__(self) -> str:
        return f"<Penalties failures={self.failures} bans={len(self._bans)}>"
