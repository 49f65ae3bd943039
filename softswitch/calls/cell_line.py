"""Legs for which no cell has room at this moment: they wait a little while one starts, in the order in which they came.

Cells are forked ahead of need, but a burst beyond the spare ones comes faster than they start (some 50 ms each).
"""

from collections.abc import Callable
from typing import Final

from softswitch.clock import Alarm, Clock

PATIENCE_S: Final = 1.0
"""A caller's INVITE has its 100 by then and is sent again by nobody (RFC 3261 section 17.1.1.2)."""
WAITING_MOST: Final = 64
"""A flood that no cell will ever serve is refused at once."""


class CellLine:
    """Who waits for a slot in a cell."""

    def __init__(self, clock: Clock, *, place: Callable[[str], bool], refuse: Callable[[str], None]) -> None:
        """`place(leg_id)` is False when there is no room for this leg now; `refuse(leg_id)` sends it away."""
        self._clock = clock
        self._place = place
        self._refuse = refuse
        self._waiting: dict[str, Alarm] = {}

    def enter(self, leg_id: str) -> None:
        """Place a leg now, or as soon as there is room; it is refused after `PATIENCE_S`, or when too many wait."""
        if self._place(leg_id):
            return
        if len(self._waiting) >= WAITING_MOST:
            self._refuse(leg_id)
            return
        self._waiting[leg_id] = self._clock.after(PATIENCE_S, lambda: self._give_up(leg_id))

    def look(self) -> None:
        """A cell may have room: place those whom it suits, longest waiting first."""
        for leg_id in tuple(self._waiting):
            alarm = self._waiting.get(leg_id)
            if alarm is not None and self._place(leg_id):
                alarm.cancel()
                self._waiting.pop(leg_id, None)

    def _give_up(self, leg_id: str) -> None:
        self._waiting.pop(leg_id, None)
        if not self._place(leg_id):
            self._refuse(leg_id)

    def __repr__(self) -> str:
        return f"<CellLine waiting={len(self._waiting)}>"
