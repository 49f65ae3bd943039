"""When the last backup was whole: noted by the command that makes it, told by the daily self-check.

A timer that fails at night is seen by nobody; a report that is read in the morning says so.
"""

import json
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


def note_backup(data_dir: Path, done: LastBackup) -> None:
    """Leave it for the next check; raises `OSError`."""
    draft = data_dir / f"{NOTE}.draft"
    draft.write_text(json.dumps(asdict(done), ensure_ascii=False), encoding="utf-8")
    draft.replace(data_dir / NOTE)


def backup_fact(data_dir: Path, now: float) -> Fact:
    """A line of the report; not well without a backup of the last night.  Blocks."""
    name = "备份 / backup"
    try:
        done = LastBackup(**json.loads((data_dir / NOTE).read_text(encoding="utf-8")))
        made = datetime.fromtimestamp(done.at).astimezone().isoformat(sep=" ", timespec="minutes")
    except FileNotFoundError:
        return Fact(name=name, value="从未 / never", is_well=False)
    except (OSError, ValueError, TypeError, OverflowError) as fault:
        return Fact(name=name, value=str(fault), is_well=False)
    return Fact(name=name, value=f"{made}, {done.folder}", is_well=now - done.at < OLDEST_S)
