"""That a process still turns its loop: a datagram a second to the launcher, which ends whoever falls silent.

A dead process is seen by the kernel; one that is stopped, deadlocked or lost in native code is not.  The socket lies in
the run directory (0700), so nobody else speaks in its name; a launcher that was replaced binds it anew.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from softswitch.clock import Clock

INTERVAL_S = 1.0
PATIENCE_S = 6.0
"""Longer than anything that control does in one turn of its loop."""
_NAME = "heartbeat"


class Heartbeat:
    """What the watched process says, from `begin` on."""

    def __init__(self, run_dir: Path, clock: Clock) -> None:
        """Nothing is said yet: a start takes as long as it takes."""
        self._path = str(run_dir.absolute() / _NAME)
        self._clock = clock
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._word = str(os.getpid()).encode()

    def begin(self) -> None:
        """Say that this process lives, now and every second."""
        with suppress(OSError):  # the launcher is away, or slow: it hears the next one
            self._socket.sendto(self._word, self._path)
        self._clock.after(INTERVAL_S, self.begin)


class HeartbeatEar:
    """Where the launcher hears them."""

    def __init__(self, run_dir: Path) -> None:
        """Take the place over from a launcher that is gone."""
        path = run_dir.absolute() / _NAME
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def heard(self) -> Iterator[int]:
        """The process ids of all that spoke since the last time."""
        with suppress(BlockingIOError):
            while True:
                word = self._socket.recv(32)
                if word.isdigit():
                    yield int(word)

    def close(self) -> None:
        """Hear nobody any more."""
        self._socket.close()
