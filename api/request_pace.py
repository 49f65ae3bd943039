"""How many requests one client may make: a program that runs wild slows itself and nobody else.

A client is a session, a token, or, for whoever shows neither, the address: a hundred people behind one proxy are a
hundred clients once they have signed in, and a stranger who guesses tokens is one.
"""

import math
from dataclasses import dataclass

from api.actors import Actor
from api.leaky_buckets import Allowance, LeakyBuckets
from api.problems import TooManyRequests


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """Requests of one client: a second, and at once."""

    per_s: float = 100.0
    at_once: int = 400


class RequestPace:
    """Asked once for every request.  Times in seconds of any steady clock."""

    def __init__(self, limits: RequestLimits) -> None:
        """Nobody has asked yet."""
        self._buckets: LeakyBuckets[tuple[str, str]] = LeakyBuckets(
            Allowance(at_once=limits.at_once, every_s=1.0 / limits.per_s)
        )

    def admit(self, actor: Actor | None, source: str, now: float) -> None:
        """Count a request; `TooManyRequests`, uncounted, when this client has to wait."""
        if actor is None:
            key = ("source", source)
        elif actor.session:
            key = ("session", actor.session)
        else:
            key = ("token", actor.name)
        wait_s = self._buckets.wait_s(key, now)
        if wait_s > 0:
            raise TooManyRequests(math.ceil(wait_s))
        self._buckets.add(key, now)
