"""What becomes of a recording, and who is on its channels when."""

from dataclasses import dataclass
from enum import StrEnum


class RecordingState(StrEnum):
    """What became of a recording's file."""

    OPEN = "open"
    DELETED = "deleted"  # there is no file any more
    DONE = "done"
    INCOMPLETE = "incomplete"  # a write failed on the way (disk full)
    CRASH = "crash"  # the writer died; the file was repaired


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    """A recording's file is about to be opened at `path` (`<path>.part` until it is closed)."""

    at: float
    recording_id: str
    call_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSegmentStarted:
    """Whose voices are on a recording's channels from now on: agents by their id, others by their number.

    Several are separated by blanks; both are empty while the recording is paused.
    """

    at: float
    recording_id: str
    call_id: str
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused:
    """A recording holds silence from now on."""

    at: float
    recording_id: str
    call_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingResumed:
    """A paused recording holds the voices again."""

    at: float
    recording_id: str
    call_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingClosed:
    """A recording's file stands at `path`.  Levels are RMS in dBFS, None for digital silence."""

    at: float
    recording_id: str
    call_id: str
    path: str
    frames: int
    duration_s: float
    size_bytes: int
    sha256: str
    state: RecordingState
    left_dbfs: float | None = None
    right_dbfs: float | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDeleted:
    """The file of a recording is no more; its link in the chain stays, and says that there was one."""

    at: float
    recording_id: str
    call_id: str
    reason: str
