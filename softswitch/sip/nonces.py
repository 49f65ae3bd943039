"""Nonces that carry their own proof, and the highest count of those in use (RFC 7616 section 3.3)."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from struct import pack, unpack


class NonceState(Enum):
    """What a nonce turned out to be."""

    FRESH = "fresh"
    STALE = "stale"  # ours, but too old (or its count is no longer known)
    FORGED = "forged"  # not ours, or for another source, realm or algorithm


class Verdict(Enum):
    """Outcome of checking credentials."""

    ACCEPTED = "accepted"
    RETRANSMITTED = "retransmitted"  # the very request that was accepted before: answer again
    STALE = "stale"  # right password, nonce used up: challenge with stale=true, no penalty
    REFUSED = "refused"  # challenge afresh; unknown user and wrong password look the same
    DISPLACED = "displaced"  # right password, but a nonce that was not given to this source
    INVENTED = "invented"  # wrong password and such a nonce: its sender may not be where it says

    @property
    def is_proven(self) -> bool:
        """Whether the user is who it says it is."""
        return self in (Verdict.ACCEPTED, Verdict.RETRANSMITTED)


RequestKey = tuple[str, str, str]
"""Call-ID, CSeq and branch of a request: what stays the same in a retransmission."""


class NonceBook:
    """Makes nonces, knows its own again, and remembers the highest count of those in use.

    Nonces are bound to source address (not port), realm and algorithm.  At most `capacity` counts are kept: a
    nonce whose count was dropped is stale, never fresh again.  Times are monotonic seconds.
    """

    def __init__(
        self, secret: bytes, life_s: float, random_bytes: Callable[[int], bytes], *, capacity: int = 16_384
    ) -> None:
        self._secret = secret
        self._life_s = life_s
        self._random_bytes = random_bytes
        self._capacity = capacity
        self._used: OrderedDict[bytes, tuple[float, int, RequestKey]] = OrderedDict()
        self._forgotten_until = float("-inf")  # issue time of the youngest nonce that was dropped

    def issue(self, source: str, realm: str, algorithm: str, now: float) -> str:
        """Make a nonce."""
        plain = pack(">d", now) + self._random_bytes(8)
        return urlsafe_b64encode(plain + self._seal(plain, source, realm, algorithm)).decode()

    def verify(self, nonce: str, source: str, realm: str, algorithm: str, now: float) -> NonceState:
        """Tell whether a nonce is ours and young enough."""
        raw = _decoded(nonce)
        if raw is None or not hmac.compare_digest(raw[16:], self._seal(raw[:16], source, realm, algorithm)):
            return NonceState.FORGED
        (issued,) = unpack(">d", raw[:8])
        if not 0 <= now - issued <= self._life_s:
            return NonceState.STALE
        if issued <= self._forgotten_until and raw[:16] not in self._used:
            return NonceState.STALE
        return NonceState.FRESH

    def use(self, nonce: str, count: int, key: RequestKey) -> Verdict:
        """Enter one use of a fresh nonce by proven credentials; its count must be higher than any before."""
        raw = _decoded(nonce)
        if raw is None:
            return Verdict.REFUSED
        token = raw[:16]
        (issued,) = unpack(">d", raw[:8])
        known = self._used.get(token)
        if known is not None and count <= known[1]:
            return Verdict.RETRANSMITTED if (count, key) == known[1:] else Verdict.STALE
        self._used[token] = (issued, count, key)
        self._used.move_to_end(token)
        if len(self._used) > self._capacity:
            _, (dropped, _, _) = self._used.popitem(last=False)
            self._forgotten_until = max(self._forgotten_until, dropped)
        return Verdict.ACCEPTED

    def dummy_ha1(self, username: str, length: int) -> str:
        """Return `length` hexadecimal digits of a HA1 that nobody has, for users that do not exist."""
        name = f"nobody:{username}".encode("utf-8", "surrogateescape")
        return hmac.new(self._secret, name, "sha256").hexdigest()[:length]

    def _seal(self, plain: bytes, source: str, realm: str, algorithm: str) -> bytes:
        bound = f"{source}|{realm}|{algorithm}".encode("utf-8", "surrogateescape")
        return hmac.new(self._secret, plain + bound, "sha256").digest()[:16]


def _decoded(nonce: str) -> bytes | None:
    try:
        raw = urlsafe_b64decode(nonce.encode("ascii"))
    except (Base64Error, UnicodeEncodeError):
        return None
    return raw if len(raw) == 32 and urlsafe_b64encode(raw).decode() == nonce else None
