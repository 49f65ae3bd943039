"""The one thread that writes recordings, so that no tick ever waits for a disk.

It does what is waiting in this order: blocks of sound, then one step of something slower (a sync that is due, a
piece of a hash).  A slow disk thus delays syncs and hashes, not the sound on its way to the file.
"""

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from media.events import RecordingClosed, RecordingFaulted
from media.recording_file import RecordingFile

log = structlog.get_logger(__name__)

BACKLOG_MOST_BYTES: Final = 64 << 20  # about an hour of one recording, or a minute of 70
_IDLE_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class _Opened:
    recording_id: str
    path: str


@dataclass(frozen=True, slots=True)
class _Block:
    recording_id: str
    position: int
    sound: bytes


@dataclass(frozen=True, slots=True)
class _Ended:
    recording_id: str
    length: int


_Message = _Opened | _Block | _Ended | None


class RecordingWriterThread:
    """A queue in, events out.  Every method but `_run` and what it calls belongs to the caller's thread."""

    def __init__(self, sync_interval_s: float, backlog_bytes: int, clock: Callable[[], float]) -> None:
        self._sync_interval_s = sync_interval_s
        self._backlog_bytes = backlog_bytes
        self._clock = clock
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._events: deque[RecordingClosed | RecordingFaulted] = deque()
        self._files: dict[str, RecordingFile] = {}
        self._finishing: deque[Iterator[None]] = deque()
        self._handed_bytes = 0
        self._taken_bytes = 0
        self._thread: threading.Thread | None = None

    # -- the caller's thread

    def open(self, recording_id: str, path: str) -> None:
        """Begin a file."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="recording-writer", daemon=True)
            self._thread.start()
        self._inbox.put(_Opened(recording_id, path))

    def append(self, recording_id: str, position: int, sound: bytes) -> None:
        """Hand over a block; when the disk is too far behind it is dropped, and silence takes its place."""
        if self._handed_bytes - self._taken_bytes < self._backlog_bytes:
            self._handed_bytes += len(sound)
            self._inbox.put(_Block(recording_id, position, sound))

    def end(self, recording_id: str, length: int) -> None:
        """Finish a file of so many bytes of sound."""
        self._inbox.put(_Ended(recording_id, length))

    def take_events(self) -> list[RecordingClosed | RecordingFaulted]:
        """What happened since the last call."""
        events, taken = self._events, []
        while events:
            taken.append(events.popleft())
        return taken

    def stop(self, timeout_s: float) -> bool:
        """Finish what was ended, sync the rest and end the thread; False when that took too long."""
        thread = self._thread
        if thread is None:
            return True
        self._inbox.put(None)
        thread.join(timeout_s)
        if thread.is_alive():
            return False
        self._thread = None
        return True

    # -- the writer's thread

    def _run(self) -> None:
        """Write until told to stop; then leave every file whole on disk."""
        running = True
        while running or self._finishing:
            wait_s = 0.0 if self._finishing else self._until_sync_s()
            try:
                message = self._inbox.get(timeout=wait_s) if wait_s > 0 else self._inbox.get_nowait()
            except queue.Empty:
                self._guard(self._one_slow_step)
                continue
            if message is None:
                running = False
            else:
                self._guard(self._take, message)
        for file in self._files.values():
            self._guard(file.sync)

    def _guard(self, step: Callable[..., None], *arguments: object) -> None:
        """One recording's surprise must not end the others."""
        try:
            step(*arguments)
        except Exception:
            log.exception("recording.writer_failed", step=step.__name__)

    def _until_sync_s(self) -> float:
        if not self._files:
            return _IDLE_S
        return min(file.sync_due_at for file in self._files.values()) - self._clock()

    def _take(self, message: _Message) -> None:
        match message:
            case _Opened(recording_id, path):
                file = RecordingFile(recording_id, path, self._events.append)
                file.sync_due_at = self._clock() + self._sync_interval_s
                self._files[recording_id] = file
                file.open()
            case _Block(recording_id, position, sound):
                self._taken_bytes += len(sound)
                self._files[recording_id].append(position, sound)
            case _Ended(recording_id, length):
                self._finishing.append(self._files.pop(recording_id).finish(length))
            case None:
                pass

    def _one_slow_step(self) -> None:
        """The sync that is most overdue, else one step of finishing a file."""
        now = self._clock()
        file = min(self._files.values(), key=lambda each: each.sync_due_at, default=None)
        if file is not None and file.sync_due_at <= now:
            file.sync_due_at = now + self._sync_interval_s
            file.sync()
        elif self._finishing:
            job = self._finishing.popleft()
            try:
                next(job)
            except StopIteration:
                return
            self._finishing.append(job)
            os.sched_yield()  # under a real-time class the tick would wait for us otherwise
