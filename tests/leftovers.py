"""What a test run leaves behind: no process that it started, however deep below it, may outlive it."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "SOFTSWITCH_TEST_RUN"
"""Every process that the run starts inherits this variable, also those in a session of their own."""


def mark_this_run() -> str:
    """Give this process, and so whatever it starts, its own mark."""
    os.environ[MARK] = mark = f"{os.getpid()}-{time.time_ns()}"
    return mark


def marked(mark: str) -> dict[int, str]:
    """Command line by process id of the living processes that carry the mark, but not this one."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(entry.name)] = words.decode(errors="replace").strip()
    return found


def end_leftovers(mark: str, patience_s: float = 3.0) -> dict[int, str]:
    """Those that are still there after `patience_s` seconds; each is killed by its id."""
    until = time.monotonic() + patience_s
    while (left := marked(mark)) and time.monotonic() < until:
        time.sleep(0.05)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left
