"""How far the wall clock was ahead of the steady one, kept for the next control: it notices a clock set while none ran.

What a control leaves behind is in wall seconds.  The next one of the same boot reads it by the clock of the one before,
takes over, and only then looks what time it is now; so a clock that was set in between is to it what a clock is that was
set a moment later, and nobody's wait or talk is an hour longer.
"""

import math
from pathlib import Path
from typing import Final

import structlog

from softswitch.clock import Clock
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE: Final = "clock"
_KEY: Final = "lead"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class KeptLead:
    """The lead of this machine's clock since it was switched on."""

    def __init__(self, clock: Clock, keeper: StateKeeper, boot_id: str) -> None:
        """`boot_id` names the time since the machine was switched on: a steady clock begins anew with it."""
        self._clock = clock
        self._keeper = keeper
        self._boot_id = boot_id

    def resume(self) -> None:
        """Tell the time as the control before told it, if the machine is still on since then."""
        record = self._keeper.load(TABLE).get(_KEY)
        if record is None:
            return
        try:
            boot_id, lead_s = str(record["boot_id"]), float(record["lead_s"])
        except (KeyError, TypeError, ValueError):
            log.exception("clock.lead_unreadable")
            return
        if boot_id == self._boot_id and math.isfinite(lead_s):
            self._clock.resume(lead_s)

    def catch_up(self) -> None:
        """All that was left is taken over: look what time it is."""
        self._clock.catch_up()
        self._keep()

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: that goes to the disk with all that was moved by it."""
        self._keep()

    def _keep(self) -> None:
        self._keeper.put(TABLE, _KEY, {"boot_id": self._boot_id, "lead_s": self._clock.lead()})


def boot_id() -> str:
    """Since when this machine is on, by a name; empty where it does not say."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
