"""A clock of their own for the processes of one server, which a test may set while they run (Debian's libfaketime).

The wall clock alone is another one: the monotonic clock of a machine is never set, and neither is this one.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
_AT_START = """
import os, select, time
os.environ.pop("FAKETIME_SHARED", None)
time.sleep = lambda seconds: select.select((), (), (), seconds) and None
"""
"""What every Python of the server does first.

With an untouched monotonic clock the library (0.9.10) refuses `clock_nanosleep`, by which Python sleeps.  And the semaphore
that it shares with its children is not shared: a process that a test kills could hold it.
"""


@dataclass(frozen=True, slots=True)
class OtherClock:
    """`under` is a command that runs another one on this clock."""

    under: tuple[str, ...]
    offset: Path

    def set(self, by_s: float) -> None:
        """From now on it is ahead of the machine's by so much, behind where negative, for all processes at once."""
        fresh = self.offset.with_suffix(".fresh")
        fresh.write_text(f"{by_s:+.0f}\n")
        fresh.replace(self.offset)  # whoever reads meanwhile finds the old or the new one

    @staticmethod
    def runs(pid: int) -> bool:
        """Whether a process lives by such a clock."""
        return _LIBRARY.name in Path(f"/proc/{pid}/maps").read_text()


@contextmanager
def other_clock(folder: Path) -> Iterator[OtherClock]:
    """One that is right, until it is set."""
    first = folder / "first"
    first.mkdir(parents=True)
    (first / "sitecustomize.py").write_text(_AT_START)
    environment = {
        "LD_PRELOAD": _LIBRARY,
        "FAKETIME_TIMESTAMP_FILE": folder / "offset",
        "FAKETIME_NO_CACHE": 1,
        "FAKETIME_DONT_FAKE_MONOTONIC": 1,
        "PYTHONPATH": first,
    }
    clock = OtherClock(
        ("env", *(f"{name}={value}" for name, value in environment.items())), folder / "offset"
    )
    clock.set(0)
    try:
        yield clock
    finally:
        _sweep()


def _sweep() -> None:
    """Remove what the library left in /dev/shm of processes that were killed."""
    for left in (*Path("/dev/shm").glob("faketime_shm_*"), *Path("/dev/shm").glob("sem.faketime_sem_*")):
        with suppress(FileNotFoundError):
            if not Path("/proc", left.name.rpartition("_")[2]).exists():
                left.unlink()
