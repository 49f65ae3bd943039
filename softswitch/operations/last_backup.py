"""When the last backup was whole: noted by the command that makes it, told by the daily self-check, missed by an alarm.

A timer that fails at night is seen by nobody; a report that is read in the morning says so, and so does the alarm.
"""

import json
import math
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from softswitch.operations.self_check_report import Fact

NOTE: Final = "last_backup.json"
"""In the data folder; a restored one has none, since nothing of it was backed up yet."""
OLDEST_S: Final = 36 * 3600.0
"""A nightly backup that is older has missed a night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastBackup:
    """A backup that was whole at `at` (wall seconds)."""

    at: float
    folder: str


class NoteUnreadable(Exception):
    """Nobody can tell from the note when the last backup was whole; `detail` says why."""

    def __init__(self, detail: str) -> None:
        """Keep the reason."""
        super().__init__(detail)
        self.detail = detail


def note_backup(data_dir: Path, done: LastBackup) -> None:
    """Leave it for the next check; raises `OSError`."""
    draft = data_dir / f"{NOTE}.draft"
    draft.write_text(json.dumps(asdict(done), ensure_ascii=False), encoding="utf-8")
    draft.replace(data_dir / NOTE)


def last_backup(data_dir: Path) -> LastBackup | None:
    """The note, None where no backup was ever made.  Blocks.  Raises `NoteUnreadable`."""
    try:
        done = LastBackup(**json.loads((data_dir / NOTE).read_text(encoding="utf-8")))
        _written(done.at)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, OverflowError) as fault:
        raise NoteUnreadable(str(fault)) from fault
    return done


def backup_age_s(data_dir: Path, now: float) -> float | None:
    """Seconds since the last backup was whole, without end when nobody can tell; None where none was ever made.

    A node that is never backed up is somebody's decision, which the daily report shows; one that was backed up and no
    longer is has a timer that fails.
    """
    try:
        done = last_backup(data_dir)
    except NoteUnreadable:
        return math.inf
    return None if done is None else now - done.at


def backup_fact(data_dir: Path, now: float) -> Fact:
    """A line of the report; not well without a backup of the last night.  Blocks."""
    name = "备份 / backup"
    try:
        done = last_backup(data_dir)
    except NoteUnreadable as fault:
        return Fact(name=name, value=fault.detail, is_well=False)
    if done is None:
        return Fact(name=name, value="从未 / never", is_well=False)
    return Fact(name=name, value=f"{_written(done.at)}, {done.folder}", is_well=now - done.at < OLDEST_S)


def _written(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="minutes")
