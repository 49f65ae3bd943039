"""Which listeners fill which recording: every running recording gets one frame a tick, whatever arrives."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from media.commands import Source, SourceKind, StartRecording
from media.events import RecordingClosed, RecordingFaulted, RecordingHeld, SpeechStopped
from media.g711 import FRAME_SAMPLES, LAW_A, SILENCE, Coded
from media.mixing import Mixer
from media.quiet import QuietWatch

Ints = npt.NDArray[np.int64]


class RecordingWriter(Protocol):
    """Who writes the files (`media.recorder.RecordingSet`): never blocks, reports by events."""

    def open(self, recording_id: str, call_id: str, path: str, now: float) -> int:
        """Begin a file; returns the row by which `write` names it."""

    def write(self, rows: Ints, left: Coded, right: Coded) -> None:
        """Append one A-law frame to each channel of each of these recordings."""

    def close(self, recording_id: str) -> None:
        """Finish a file; answered by an event."""

    def take_events(self) -> Sequence[RecordingClosed | RecordingFaulted]:
        """What happened since the last call."""

    def held(self) -> Sequence[RecordingHeld]:
        """Every recording that is being written."""


class RecordingDesk:
    """Running recordings and the two mixer listeners of each."""

    def __init__(
        self, max_recordings: int, mixer: Mixer, first_listener: int, writer: RecordingWriter
    ) -> None:
        self._mixer = mixer
        self._first = first_listener
        self.writer = writer
        self._free = list(range(max_recordings - 1, -1, -1))
        self._seats: dict[str, tuple[int, int]] = {}  # recording id: seat here, row of the writer
        self._rows: Ints = np.zeros(0, dtype=np.int64)
        self._left: Ints = self._rows
        self._quiet = QuietWatch()
        self._news: list[RecordingClosed | RecordingFaulted | SpeechStopped] = []

    def __len__(self) -> int:
        return len(self._seats)

    def __contains__(self, recording_id: str) -> bool:
        return recording_id in self._seats

    @property
    def is_full(self) -> bool:
        """Whether no further recording can run."""
        return not self._free

    def start(self, command: StartRecording, now: float) -> None:
        """Begin a recording with its channels' sources."""
        row = self.writer.open(command.recording_id, command.call_id, command.path, now)
        self._seats[command.recording_id] = (self._free.pop(), row)
        self.set_sources(command.recording_id, command.left, command.right)
        self._plan()
        if command.silence_s > 0:
            listener = self._listener(command.recording_id)
            self._quiet.watch(command.recording_id, command.call_id, listener, command.silence_s)

    def set_sources(self, recording_id: str, left: tuple[str, ...], right: tuple[str, ...]) -> None:
        """Change whose voices go into the channels."""
        listener = self._listener(recording_id)
        for offset, legs in enumerate((left, right)):
            sources = tuple(Source(kind=SourceKind.LEG, name=name) for name in legs)
            self._mixer.set_hearing(listener + offset, LAW_A, sources)

    def stop(self, recording_id: str) -> None:
        """End a recording."""
        self._quiet.forget(recording_id)
        listener = self._listener(recording_id)
        for offset in (0, 1):
            self._mixer.remove_listener(listener + offset)
        seat, _ = self._seats.pop(recording_id)
        self._free.append(seat)
        self.writer.close(recording_id)
        self._plan()

    def _listener(self, recording_id: str) -> int:
        return self._first + 2 * self._seats[recording_id][0]

    def _plan(self) -> None:
        self._rows = np.array([row for _, row in self._seats.values()], dtype=np.int64)
        self._left = self._first + 2 * np.array([seat for seat, _ in self._seats.values()], dtype=np.int64)

    def write(self) -> None:
        """Write this tick's frame of every recording."""
        if self._rows.size:
            codes, code_row = self._mixer.codes, self._mixer.code_row
            self.writer.write(self._rows, codes[code_row[self._left]], codes[code_row[self._left + 1]])
            self._news += self._quiet.look(codes, code_row)

    def take_events(self) -> list[RecordingClosed | RecordingFaulted | SpeechStopped]:
        """What happened since the last call, to the files and in them."""
        news, self._news = self._news, []
        return [*news, *self.writer.take_events()]

    def write_silence(self, frames: int) -> None:
        """Write frames that were missed, so that a recording is never shorter than its time."""
        if not self._rows.size:
            return
        silence = np.full((len(self._rows), FRAME_SAMPLES), SILENCE[LAW_A], dtype=np.uint8)
        for _ in range(frames):
            self.writer.write(self._rows, silence, silence)
