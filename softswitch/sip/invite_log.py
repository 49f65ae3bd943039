"""First INVITEs as they go out, so that a control that dies in the next milliseconds leaves nobody's phone ringing.

The database takes what happened every few dozen milliseconds, and no phone waits for that.  A line in a file costs
microseconds and outlives the process that wrote it, though not the machine, with which the phones' calls end as well.
"""

import json
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

RECENT_S: Final = 60.0
"""What is older was written down elsewhere long ago."""
MOST_BYTES: Final = 1 << 20
"""Of the file, before what is old is cut from it."""


class InviteLog:
    """The legs that an INVITE was sent for lately, in a file of their own; without a path nothing is kept."""

    def __init__(self, path: Path | None, wall: Callable[[], float], *, most_bytes: int = MOST_BYTES) -> None:
        """Read what an earlier process left; raises nothing, an unreadable file holds no leg."""
        self._wall = wall
        self._most_bytes = most_bytes
        self._file: int | None = None
        self._lines: deque[tuple[float, bytes]] = deque()
        self._size = 0
        self.left: dict[str, dict[str, Any]] = {}
        """The legs of the last minute whose end is not known, by id, as `note` was given them."""
        if path is not None:
            self._read(path)
            self._open(path)

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            try:
                said = json.loads(line)
                if self._wall() - said["at"] > RECENT_S:
                    continue
                if said["record"] is None:
                    self.left.pop(said["leg_id"], None)
                else:
                    self.left[said["leg_id"]] = said["record"]
            except (ValueError, KeyError, TypeError):  # a line that was cut short
                continue

    def _open(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        except OSError as fault:
            log.warning("sip.invite_log_closed", path=str(path), reason=str(fault))

    def note(self, leg_id: str, record: dict[str, Any]) -> None:
        """An INVITE goes out for this leg now."""
        self._write(leg_id, record)

    def over(self, leg_id: str) -> None:
        """The leg ended."""
        self._write(leg_id, None)

    def _write(self, leg_id: str, record: dict[str, Any] | None) -> None:
        if self._file is None:
            return
        now = self._wall()
        line = json.dumps({"at": now, "leg_id": leg_id, "record": record}).encode() + b"\n"
        self._lines.append((now, line))
        while self._lines and now - self._lines[0][0] > RECENT_S:
            self._lines.popleft()
        self._size += len(line)
        if self._size > self._most_bytes:
            line = b"".join(recent for _, recent in self._lines)
            self._size = len(line)
            os.ftruncate(self._file, 0)
        try:
            os.write(self._file, line)
        except OSError as fault:
            log.warning("sip.invite_not_noted", leg_id=leg_id, reason=str(fault))

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
