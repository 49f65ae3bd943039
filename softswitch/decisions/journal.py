"""What the distributor was told, written down so that every decision can be replayed.

One file for each start of control, `data_dir/decisions/<time of the start>-<run>.jsonl`: a head that names the run and
ties the engine's clock to the time of day, then one line an event (`acd.journal`).  An event is written before the
engine takes it: one that stops the engine is the one to look at.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import structlog

from acd.commands import Command
from acd.engine import Engine
from acd.events import Event
from acd.journal import encode_event

log = structlog.get_logger(__name__)

FOLDER = "decisions"
KEPT_DAYS = 30
_DAY_S = 86_400


class DecisionJournal:
    """The file of one run.  A disk that takes no more ends the journal, never a call."""

    def __init__(self, folder: Path, run: str, *, wall: float, now: float) -> None:
        """Begin a file; `wall` (Unix seconds) and `now` (monotonic) are the same moment."""
        self.folder = folder
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(wall))
        self.path = folder / f"{began}-{run}.jsonl"
        self._file: int | None = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _forget_old(folder, wall)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("decisions.not_kept", path=str(self.path), error=str(error))
        self._write(json.dumps({"run": run, "wall": wall, "at": now}).encode())

    def record(self, event: Event, now: float) -> None:
        """Write one event down."""
        if self._file is not None:
            self._write(encode_event(event, now))

    def close(self) -> None:
        """Write nothing any more; idempotent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, line: bytes) -> None:
        if self._file is None:
            return
        try:
            os.write(self._file, line + b"\n")  # the kernel has it at once: a killed process loses nothing
        except OSError as error:
            log.warning("decisions.ended", path=str(self.path), error=str(error))
            self.close()


class JournaledEngine(Engine):
    """An engine whose every event is written down."""

    def __init__(self, run: str, journal: DecisionJournal, *, explains: bool = False) -> None:
        """`run` and `explains` as with any engine; the run must be that of the journal."""
        super().__init__(run, explains=explains)
        self._journal = journal

    def handle(self, event: Event, now: float) -> tuple[Command, ...]:
        """As the engine does, and written down before."""
        self._journal.record(event, now)
        return super().handle(event, now)


def head_of(line: bytes) -> dict[str, Any] | None:
    """The head of a journal, if the line is one."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("run"), str) else None


def _forget_old(folder: Path, wall: float) -> None:
    """Remove the files that nothing was added to for `KEPT_DAYS`."""
    for path in folder.glob("*.jsonl"):
        if path.stat().st_mtime < wall - KEPT_DAYS * _DAY_S:
            path.unlink()
