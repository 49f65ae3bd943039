"""The nightly comparison: do the records still follow from the journal, and does the chain of recordings hold?

Done by a process of its own with the lowest priority, since it reads everything that was ever written down; control
only starts it and hears what it found.
"""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from softswitch.clock import Clock
from softswitch.operations.alarms import AlarmKind
from softswitch.operations.daily_work import DailyWork

log = structlog.get_logger(__name__)

AT = "03:30"
MOST_S = 3 * 3600.0
DIFFERS = 1
"""The exit code of `softswitch.store` for what does not agree."""


class NightWatch:
    """Compares once a night; `raise_alarm(kind, subject, detail)` hears of what does not agree."""

    def __init__(
        self, database: Path, key: Path, clock: Clock, raise_alarm: Callable[[AlarmKind, str, str], None]
    ) -> None:
        """Nothing happens before `open`."""
        self._database = database
        self._key = key
        self._raise_alarm = raise_alarm
        self._nightly = DailyWork(self.compare, name="night-watch", at=AT, clock=clock)
        self.rounds = 0
        """How often it has compared."""

    def open(self) -> None:
        """Wait for the night."""
        self._nightly.open()

    async def close(self) -> None:
        """Stop, also in the middle of a comparison."""
        await self._nightly.close()

    def begin(self) -> None:
        """Compare now, unless that is being done."""
        self._nightly.begin()

    async def compare(self) -> None:
        """Compare now."""
        for subject, words in (
            ("projections", ("compare", str(self._database))),
            ("recording_chain", ("verify", str(self._database), str(self._key))),
        ):
            code, said = await self._ask(*words)
            log.info("night_watch.compared", subject=subject, code=code, said=said)
            if code == DIFFERS:
                self._raise_alarm(AlarmKind.RECORDS_DIFFER, subject, said)
        self.rounds += 1

    async def _ask(self, *words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            "nice",
            "-n19",
            sys.executable,
            "-m",
            "softswitch.store",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(MOST_S):
                said, _ = await process.communicate()
        except (TimeoutError, asyncio.CancelledError):
            process.kill()
            await process.wait()
            raise
        return process.returncode or 0, said.decode(errors="replace").strip()[-500:]
