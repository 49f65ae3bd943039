"""What the command line asks of the running control: an empty file in the run directory (0700), taken and removed.

Whoever may write there may as well stop the system, so no token is asked for.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

ALARM_TEST: Final = "alarm-test"
SELF_CHECK: Final = "self-check"
_SUFFIX: Final = ".wanted"


def wish(run_dir: Path, name: str) -> Path:
    """Ask for it; the file is gone once it has been heard."""
    path = run_dir / f"{name}{_SUFFIX}"
    path.touch(mode=0o600)
    return path


def asked_for(run_dir: Path, names: Collection[str]) -> tuple[str, ...]:
    """What was asked for, which is heard by this."""
    found = []
    for name in names:
        path = run_dir / f"{name}{_SUFFIX}"
        if path.is_file():
            path.unlink(missing_ok=True)
            found.append(name)
    return tuple(found)
