"""One recording on disk: grows by blocks, survives faults, ends whole.

Every block carries its place in the recording, so what could not be written (disk full, disk behind) is known and
is filled with silence when writing works again: the file's length stays the time that passed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from media.events import RecordingClosed, RecordingFaulted
from media.wav import (
    BYTES_PER_FRAME,
    BYTES_PER_SECOND,
    HEADER_BYTES,
    MOST_DATA_BYTES,
    SILENT_PAIR,
    final_path,
    header,
    measure_in_pieces,
    part_path,
    sync_folder,
)

FILL_MOST_BYTES: Final = 10 * BYTES_PER_SECOND  # of missing sound a block
_SILENCE: Final = SILENT_PAIR * (FILL_MOST_BYTES // 2)

Tell = Callable[[RecordingClosed | RecordingFaulted], None]


def _words(fault: Exception) -> str:
    """What the system says, without our paths."""
    return getattr(fault, "strerror", None) or str(fault)


class RecordingFile:
    """A `.part` file that grows and is renamed at the end.  Belongs to one thread."""

    def __init__(self, recording_id: str, path: str, tell: Tell) -> None:
        self.recording_id = recording_id
        self._final = final_path(Path(path))
        self._part = part_path(self._final)
        self._tell = tell
        self._descriptor: int | None = None
        self._written = 0  # bytes of sound in the file
        self._told_length = -1  # bytes of sound that the header on disk tells of
        self._entry_synced = False  # whether the folder's entry survives a power cut
        self._fault = ""
        self.sync_due_at = 0.0

    def __repr__(self) -> str:
        return f"<RecordingFile {self.recording_id} bytes={self._written} fault={self._fault!r}>"

    @property
    def fault(self) -> str:
        """The first thing that went wrong, empty if nothing did."""
        return self._fault

    def _failed(self, fault: str) -> None:
        if not self._fault:
            self._fault = fault
            self._tell(RecordingFaulted(recording_id=self.recording_id, fault=fault))

    def open(self) -> None:
        """Make the `.part` file with an empty header; never touches a file that exists."""
        if self._descriptor is not None:
            return
        try:
            self._final.parent.mkdir(parents=True, exist_ok=True)
            if self._final.exists():
                self._failed(f"open: {self._final.name} exists already")
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._descriptor = os.open(self._part, flags, 0o640)
        except (OSError, ValueError) as fault:  # ValueError: a path with NUL
            self._failed(f"open: {_words(fault)}")
            return
        self._write_header()

    def append(self, position: int, block: bytes) -> None:
        """Write the block that begins at this byte of the recording, and silence for what is missing before it."""
        self.open()
        if self._descriptor is None or position + len(block) > MOST_DATA_BYTES:
            return
        gap = position - self._written
        if gap > FILL_MOST_BYTES:
            self._put(_SILENCE)
            return
        if gap:
            self._failed("write: the disk fell behind")
            block = _SILENCE[:gap] + block
        self._put(block)

    def _put(self, sound: bytes) -> None:
        """Append sound; a part of it may be all that fits."""
        view = memoryview(sound)
        descriptor = self._descriptor
        if descriptor is None:
            return
        try:
            while view:
                written = os.pwrite(descriptor, view, HEADER_BYTES + self._written)
                self._written += written
                view = view[written:]
        except OSError as fault:
            self._failed(f"write: {_words(fault)}")

    def _write_header(self) -> None:
        length = self._written // 2 * 2
        if self._descriptor is None or length == self._told_length:
            return
        try:
            os.pwrite(self._descriptor, header(length), 0)
            self._told_length = length
        except OSError as fault:
            self._failed(f"write: {_words(fault)}")

    def sync(self) -> None:
        """Bring the header up to date and everything to the disk."""
        if self._descriptor is None:
            return
        self._write_header()
        try:
            os.fdatasync(self._descriptor)
            if not self._entry_synced:
                sync_folder(self._part.parent)
                self._entry_synced = True
        except OSError as fault:
            self._failed(f"sync: {_words(fault)}")

    def finish(self, length: int) -> Iterator[None]:
        """Close the file at this length of sound; reports `RecordingClosed` after the last of many small steps."""
        self.open()
        while self._descriptor is not None and self._written < min(length, MOST_DATA_BYTES - 1):
            before = self._written
            self._failed("write: the disk fell behind")
            self._put(_SILENCE[: length - self._written])
            if self._written == before:
                break
            yield
        if not self._place():
            self._report(size_bytes=0, sha256="", left_dbfs=None, right_dbfs=None)
            return
        yield
        try:
            for measures in measure_in_pieces(self._final):
                if measures is not None:
                    self._report(
                        size_bytes=measures.size_bytes,
                        sha256=measures.sha256,
                        left_dbfs=measures.left_dbfs,
                        right_dbfs=measures.right_dbfs,
                    )
                yield
        except OSError as fault:
            self._failed(f"read: {_words(fault)}")
            self._report(size_bytes=HEADER_BYTES + self._written, sha256="", left_dbfs=None, right_dbfs=None)

    def _place(self) -> bool:
        """Sync, close and rename; False when there is no file at the final path."""
        descriptor = self._descriptor
        if descriptor is None:
            return False
        if self._written % 2:
            self._written -= 1
            with suppress(OSError):
                os.ftruncate(descriptor, HEADER_BYTES + self._written)
        self._write_header()
        self._descriptor = None
        try:
            os.fsync(descriptor)
        except OSError as fault:
            self._failed(f"sync: {_words(fault)}")
        try:
            os.close(descriptor)
            if self._final.exists():
                self._failed(f"rename: {self._final.name} exists already")
                return False
            self._part.rename(self._final)
            sync_folder(self._final.parent)
        except OSError as fault:
            self._failed(f"rename: {_words(fault)}")
            return self._final.exists()
        return True

    def _report(
        self, *, size_bytes: int, sha256: str, left_dbfs: float | None, right_dbfs: float | None
    ) -> None:
        self._tell(
            RecordingClosed(
                recording_id=self.recording_id,
                path=str(self._final),
                frames=max(0, size_bytes - HEADER_BYTES) // BYTES_PER_FRAME,
                size_bytes=size_bytes,
                sha256=sha256,
                incomplete=bool(self._fault),
                fault=self._fault,
                left_dbfs=left_dbfs,
                right_dbfs=right_dbfs,
            )
        )
