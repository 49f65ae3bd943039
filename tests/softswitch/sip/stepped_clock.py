"""A clock whose hands the test turns."""

from collections.abc import Callable
from typing import Any

from softswitch.clock import Clock


class _Handle:
    def __init__(self, when: float, callback: Callable[..., Any]) -> None:
        self.when, self.callback, self.is_cancelled = when, callback, False

    def cancel(self) -> None:
        self.is_cancelled = True


class SteppedLoop:
    """The part of a loop that a clock needs."""

    def __init__(self) -> None:
        self.hands = 0.0
        self._armed: list[_Handle] = []

    def time(self) -> float:
        return self.hands

    def call_at(self, when: float, callback: Callable[..., Any], *_: Any) -> _Handle:
        handle = _Handle(when, callback)
        self._armed.append(handle)
        return handle

    def turn_to(self, when: float) -> None:
        """Move the hands, ringing what is due on the way."""
        while True:
            self._armed = [handle for handle in self._armed if not handle.is_cancelled]
            due = min(self._armed, key=lambda handle: handle.when, default=None)
            if due is None or due.when > when:
                break
            self.hands = max(self.hands, due.when)
            due.is_cancelled = True
            due.callback()
        self.hands = when


def stepped_clock() -> tuple[SteppedLoop, Clock]:
    """A loop at 0.0 and a clock on it."""
    loop = SteppedLoop()
    return loop, Clock(loop, lambda: 1_000_000.0 + loop.hands)
