"""The time that RTCP speaks of: seconds since 1970 when the plane began, and from then on without a jump.

A clock that is set while calls talk must not change what a report says of the round trip: RFC 3550 section 4 lets a
sender's NTP timestamps run on any clock of its own, as long as that runs evenly.
"""

import time
from collections.abc import Callable
from typing import Final

LONGEST_WAIT_S: Final = 2.0
"""No packet lies in its socket for longer: what looks older, or is of the future, came while the clock was set."""


class SteadyTime:
    """Monotonic moments and the kernel's stamps of arrival on one even scale."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        """`wall` gives seconds since 1970, by the clock of which the kernel takes its stamps; it may jump."""
        self._wall = wall
        self._offset_s: float | None = None

    def at(self, now: float) -> float:
        """The even time of a monotonic moment; the first that is asked for lays the two together for good."""
        if self._offset_s is None:
            self._offset_s = self._wall() - now
        return now + self._offset_s

    def arrived(self, stamp_s: float | None, now: float) -> float:
        """The even time of a packet that is read now and has this stamp (seconds since 1970, None without one)."""
        waited_s = 0.0 if stamp_s is None else self._wall() - stamp_s
        return self.at(now) - (waited_s if 0.0 <= waited_s <= LONGEST_WAIT_S else 0.0)
