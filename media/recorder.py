"""All running recordings of a plane, written in step with its tick.

A tick stores one 20 ms frame of every recording by one array assignment.  A recording's block of half a second goes
to the writer thread when it is full, each recording at another tick, so a killed process loses less than a second.
"""

import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from media.events import RecordingClosed, RecordingFaulted, RecordingHeld
from media.g711 import FRAME_SAMPLES, Coded
from media.recording_writer import BACKLOG_MOST_BYTES, RecordingWriterThread
from media.wav import BYTES_PER_FRAME, final_path

BLOCK_FRAMES: Final = 25  # half a second
_ROOM_AT_FIRST: Final = 64
_STOP_TIMEOUT_S: Final = 30.0


class RecordingExists(Exception):
    """A recording of this id is being written already."""

    def __init__(self, recording_id: str) -> None:
        super().__init__(f"recording {recording_id!r} is being written already")
        self.recording_id = recording_id


class UnknownRecording(Exception):
    """No recording of this id is being written."""

    def __init__(self, recording_id: str) -> None:
        super().__init__(f"no recording {recording_id!r} is being written")
        self.recording_id = recording_id


class RecordingSet:
    """Running recordings by row.  No method waits for the disk but `finish`."""

    def __init__(
        self,
        sync_interval_s: float = 5.0,
        *,
        backlog_bytes: int = BACKLOG_MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`sync_interval_s`: header update and fdatasync of each file at least so often.

        `backlog_bytes` of sound may wait for a slow disk; what comes on top is lost and becomes silence.  `clock` is
        the writer thread's own, for its syncs.
        """
        self._writer = RecordingWriterThread(sync_interval_s, backlog_bytes, clock)
        self._finalizer = weakref.finalize(self, self._writer.stop, _STOP_TIMEOUT_S)
        self._blocks = np.zeros((_ROOM_AT_FIRST, BLOCK_FRAMES, FRAME_SAMPLES), dtype="<u2")
        self._filled = np.zeros(_ROOM_AT_FIRST, dtype=np.int64)  # frames in the present block
        self._hand_at = np.zeros(_ROOM_AT_FIRST, dtype=np.int64)  # frames at which it is handed over
        self._handed = np.zeros(_ROOM_AT_FIRST, dtype=np.int64)  # frames handed over before
        self._free = list(range(_ROOM_AT_FIRST - 1, -1, -1))
        self._rows: dict[str, int] = {}
        self._held: dict[int, tuple[str, str, str]] = {}  # row: recording, call, path
        self._ending: dict[str, RecordingHeld] = {}  # closed here, not on disk yet

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<RecordingSet running={len(self._rows)}>"

    def open(self, recording_id: str, call_id: str, path: str, now: float) -> int:
        """Begin `<path>.part`; returns the row by which `write` names it.

        What the disk says comes as an event.  Raises `RecordingExists`.
        """
        if recording_id in self._rows:
            raise RecordingExists(recording_id)
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._rows[recording_id] = row
        self._held[row] = (recording_id, call_id, str(final_path(Path(path))))
        self._filled[row] = self._handed[row] = 0
        self._hand_at[row] = row % BLOCK_FRAMES + 1  # the first block is shorter: rows take turns
        self._writer.open(recording_id, path)
        return row

    def write(self, rows: npt.NDArray[np.int64], left: Coded, right: Coded) -> None:
        """Append one A-law frame, (rows, 160) bytes each, to both channels of each of these recordings."""
        pairs = right.astype(np.uint16)
        pairs <<= 8
        pairs |= left
        filled = self._filled[rows]
        self._blocks[rows, filled] = pairs
        filled += 1
        self._filled[rows] = filled
        for row in rows[filled >= self._hand_at[rows]].tolist():
            self._hand_over(row)

    def close(self, recording_id: str) -> None:
        """Finish a file; `RecordingClosed` follows.  Raises `UnknownRecording`."""
        if recording_id not in self._rows:
            raise UnknownRecording(recording_id)
        row = self._rows.pop(recording_id)
        if self._filled[row]:
            self._hand_over(row)
        self._writer.end(recording_id, int(self._handed[row]) * BYTES_PER_FRAME)
        self._ending[recording_id] = self._as_held(row)
        del self._held[row]
        self._free.append(row)

    def take_events(self) -> list[RecordingClosed | RecordingFaulted]:
        """What happened since the last call."""
        events = self._writer.take_events()
        for event in events:
            if isinstance(event, RecordingClosed):
                self._ending.pop(event.recording_id, None)
        return events

    def held(self) -> list[RecordingHeld]:
        """Every recording whose file is not finished yet, those that were closed just now too; `frames` of 20 ms."""
        return [*(self._as_held(row) for row in self._held), *self._ending.values()]

    def _as_held(self, row: int) -> RecordingHeld:
        recording_id, call_id, path = self._held[row]
        frames = int(self._handed[row] + self._filled[row])
        return RecordingHeld(recording_id=recording_id, call_id=call_id, path=path, frames=frames)

    def finish(self, timeout_s: float = _STOP_TIMEOUT_S) -> bool:
        """Close what runs and wait until all of it is on disk, before the process ends.

        False when the disk took longer than `timeout_s`.  `take_events` still has the last events.
        """
        for recording_id in list(self._rows):
            self.close(recording_id)
        return self._writer.stop(timeout_s)

    def _hand_over(self, row: int) -> None:
        """Give the present block of a row to the writer."""
        filled = int(self._filled[row])
        sound = self._blocks[row, :filled].tobytes()
        position = int(self._handed[row]) * BYTES_PER_FRAME
        self._writer.append(self._held[row][0], position, sound)
        self._handed[row] += filled
        self._filled[row] = 0
        self._hand_at[row] = BLOCK_FRAMES

    def _grow(self) -> None:
        """Double the rows."""
        room = len(self._filled)
        for name in ("_blocks", "_filled", "_hand_at", "_handed"):
            old = getattr(self, name)
            setattr(self, name, np.concatenate([old, np.zeros_like(old)]))
        self._free.extend(range(2 * room - 1, room - 1, -1))
