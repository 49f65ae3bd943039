"""Recordings as call control sees them: ordered, closed by the plane, or repaired when the plane died."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog

from media import events as plane_news
from media.wav import NotRepairable, RepairedRecording, repair
from softswitch.calls.chronicle import Chronicle
from softswitch.clock import Clock
from softswitch.store import entries
from softswitch.store.entries import RecordingState

log = structlog.get_logger(__name__)

FRAME_S = 0.02
ALARM = "recording_incomplete"


class RecordingDesk:
    """Knows which recordings are being written, and writes down what became of each file."""

    def __init__(self, chronicle: Chronicle, clock: Clock) -> None:
        """Begin with none."""
        self._chronicle = chronicle
        self._clock = clock
        self._open: dict[str, tuple[str, str]] = {}  # recording id → call id, path
        self._repairs: set[asyncio.Task[None]] = set()
        self._unwanted: dict[str, str] = {}  # recordings to be deleted once they are closed, and why
        self._is_alarmed = False

    def opened(self, recording_id: str, call_id: str, path: str) -> None:
        """A recording is being written (or is believed to be)."""
        self._open[recording_id] = (call_id, path)

    @property
    def open_ids(self) -> frozenset[str]:
        """The recordings that are being written."""
        return frozenset(self._open)

    def hear_plane(self, event: plane_news.Event) -> None:
        """Take what the plane says of recordings."""
        match event:
            case plane_news.RecordingClosed():
                call_id, _ = self._open.pop(event.recording_id, ("", ""))
                self._chronicle.record(
                    entries.RecordingClosed(
                        at=self._clock.wall(),
                        recording_id=event.recording_id,
                        call_id=call_id,
                        path=event.path,
                        frames=event.frames,
                        duration_s=round(event.frames * FRAME_S, 3),
                        size_bytes=event.size_bytes,
                        sha256=event.sha256,
                        state=RecordingState.INCOMPLETE if event.incomplete else RecordingState.DONE,
                        left_dbfs=event.left_dbfs,
                        right_dbfs=event.right_dbfs,
                        fault=event.fault,
                    )
                )
                if not event.incomplete:
                    self._clear_alarm()
                self._delete_unwanted(event.recording_id, call_id, event.path)
            case plane_news.RecordingFaulted():
                self._raise_alarm(event.fault)
            case _:
                pass

    def discard(self, recording_id: str, call_id: str, path: str, reason: str) -> None:
        """Delete a recording, as soon as nobody writes it."""
        self._unwanted[recording_id] = reason
        if recording_id not in self._open:
            self._delete_unwanted(recording_id, call_id, path)

    def _delete_unwanted(self, recording_id: str, call_id: str, path: str) -> None:
        reason = self._unwanted.pop(recording_id, "")
        if reason:
            self._spawn(self._delete(recording_id, call_id, Path(path), reason))

    async def _delete(self, recording_id: str, call_id: str, path: Path, reason: str) -> None:
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            log.error("recording.not_deleted", recording_id=recording_id, call_id=call_id, reason=str(error))
            return
        self._chronicle.record(
            entries.RecordingDeleted(
                at=self._clock.wall(), recording_id=recording_id, call_id=call_id, reason=reason
            )
        )

    def repair_all_but(self, held: frozenset[str]) -> None:
        """Repair every open recording that no plane writes (any more)."""
        for recording_id in tuple(self._open):
            if recording_id not in held:
                self._spawn_repair(recording_id)

    async def wait_repaired(self) -> None:
        """Return when no repair and no deletion is under way."""
        await asyncio.gather(*self._repairs)

    def _spawn_repair(self, recording_id: str) -> None:
        call_id, path = self._open.pop(recording_id)
        self._spawn(self._repair(recording_id, call_id, Path(path)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._repairs.add(task)
        task.add_done_callback(self._repairs.discard)

    async def _repair(self, recording_id: str, call_id: str, path: Path) -> None:
        """Read and mend the file in a thread, then write down what it is."""
        found: RepairedRecording | None = None
        fault = "writer lost"
        try:
            found = await asyncio.to_thread(repair, path)
        except NotRepairable as error:
            log.error(
                "recording.not_repairable", recording_id=recording_id, call_id=call_id, reason=error.reason
            )
            fault = error.reason
        self._chronicle.record(
            entries.RecordingClosed(
                at=self._clock.wall(),
                recording_id=recording_id,
                call_id=call_id,
                path=str(path),
                frames=0 if found is None else found.frames,
                duration_s=0.0 if found is None else round(found.duration_s, 3),
                size_bytes=0 if found is None else found.size_bytes,
                sha256="" if found is None else found.sha256,
                state=RecordingState.CRASH,
                left_dbfs=None if found is None else found.left_dbfs,
                right_dbfs=None if found is None else found.right_dbfs,
                fault=fault,
            )
        )
        self._delete_unwanted(recording_id, call_id, str(path))

    def _raise_alarm(self, fault: str) -> None:
        """One alarm for a disk that fails, however many recordings suffer."""
        if not self._is_alarmed:
            self._is_alarmed = True
            self._chronicle.record(entries.AlarmRaised(at=self._clock.wall(), alarm=ALARM, detail=fault))

    def _clear_alarm(self) -> None:
        """A file was written whole again: the next fault is news."""
        if self._is_alarmed:
            self._is_alarmed = False
            self._chronicle.record(entries.AlarmCleared(at=self._clock.wall(), alarm=ALARM))
