"""Who hears what, as index arrays: one row of sound a source, one row index a listener.

Every tick the plane fills the voice rows; music and prompts come here already compressed.  A listener with one
source at unchanged gain costs one index in a gather.  Only listeners with several sources (or a gain) own a mixed
row, summed and saturated.  Only rows that somebody hears in a law are compressed in that law, once each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.commands import Source, SourceKind
from media.g711 import COMPRESS, FRAME_SAMPLES, LAW_A, LAW_MU, SILENCE, Coded, Linear, encode

Ints = npt.NDArray[np.int64]

SILENT_ROW: Final = 0
CADENCE_MOST_FRAMES: Final = 500
"""A track of at most ten seconds is a cadence, such as the ringing tone: each listener hears it from its beginning."""
CADENCE_STEP_FRAMES: Final = 25
"""It runs in so many places at once that one of them begins within half a second."""


class UnknownMusic(Exception):
    """No music track has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no music track is named {name!r}")
        self.name = name


@dataclass(slots=True)
class _Listener:
    """What one listener hears, by name, and in which law."""

    sources: tuple[Source, ...]
    law: int
    prompt_row: int | None
    music_rows: dict[str, int]


class Mixer:
    """Sound rows of one tick, and what every listener gets of them.

    Rows: silence, music tracks (a cadence has several, each a step behind the one before), voices (one a leg slot), prompts (one a leg slot), mixes (one a listener).
    Listeners: leg slots first, then `channels` of recordings.
    """

    def __init__(self, max_legs: int, channels: int, music: Mapping[str, Linear]) -> None:
        self._tracks: dict[str, _Track] = {}
        self._track_of: list[tuple[_Track, int]] = []  # of each music row, and how far ahead it runs
        for name, samples in music.items():
            track = self._tracks[name] = _Track(samples, first_row=1 + len(self._track_of))
            self._track_of += ((track, offset) for offset in track.offsets)
        self._tick = 0
        self.voice_base: Final = 1 + len(self._track_of)
        self.prompt_base: Final = self.voice_base + max_legs
        self._mix_base: Final = self.prompt_base + max_legs
        self.listeners: Final = max_legs + channels
        self.rows: Final = self._mix_base + self.listeners
        self.sounds: Linear = np.zeros((self.rows, FRAME_SAMPLES), dtype=np.int16)
        self.codes: Coded = np.empty((2 * self.rows, FRAME_SAMPLES), dtype=np.uint8)
        self.codes[: self.rows] = SILENCE[LAW_A]
        self.codes[self.rows :] = SILENCE[LAW_MU]
        self.code_row: Ints = np.zeros(self.listeners, dtype=np.int64)
        self._slots: dict[str, int] = {}
        self._listening: dict[int, _Listener] = {}
        self._mixed: dict[int, list[tuple[int, float]]] = {}
        self._hears: dict[str, set[int]] = {}
        self._changed = True
        self._pair_rows: Ints = np.zeros(0, dtype=np.int64)
        self._pair_gains = np.zeros((0, 1), dtype=np.float32)
        self._mix_starts: Ints = np.zeros(0, dtype=np.int64)
        self._mix_rows: Ints = np.zeros(0, dtype=np.int64)
        self._compressed: list[Ints] = [np.zeros(0, dtype=np.int64)] * 2
        self._played: list[tuple[int, _Track, int]] = []

    def add_voice(self, leg_id: str, slot: int) -> None:
        """A leg's voice can be heard now; rows that named it before it came begin to hear it."""
        self._slots[leg_id] = slot
        self._resolve_all(leg_id)

    def remove_voice(self, leg_id: str) -> None:
        """A leg is gone: nobody hears its row any more, which will be another's soon."""
        slot = self._slots.pop(leg_id)
        self._resolve_all(leg_id)
        self.sounds[self.voice_base + slot] = 0
        self.sounds[self.prompt_base + slot] = 0

    def _resolve_all(self, leg_id: str) -> None:
        for listener in self._hears.get(leg_id, ()):
            self._resolve(listener)

    def set_hearing(
        self, listener: int, law: int, sources: tuple[Source, ...], *, prompt_slot: int | None = None
    ) -> None:
        """Replace what a listener hears; raises `UnknownMusic` and changes nothing.

        A leg that is not known is silence until it is added.  `prompt_slot` is whose playlist PROMPT means.
        """
        for source in sources:
            if source.kind is SourceKind.MUSIC and source.name not in self._tracks:
                raise UnknownMusic(source.name)
        before = self._listening.get(listener)
        heard_on = {} if before is None else before.music_rows
        self._forget_names(listener)
        row = None if prompt_slot is None else self.prompt_base + prompt_slot
        music_rows = {
            source.name: heard_on.get(source.name) or self._tracks[source.name].begins_soonest(self._tick)
            for source in sources
            if source.kind is SourceKind.MUSIC
        }
        self._listening[listener] = _Listener(sources, law, row, music_rows)
        for source in sources:
            if source.kind is SourceKind.LEG:
                self._hears.setdefault(source.name, set()).add(listener)
        self._resolve(listener)

    def remove_listener(self, listener: int) -> None:
        """Nobody listens here any more."""
        self._forget_names(listener)
        self._listening.pop(listener, None)
        self._mixed.pop(listener, None)
        self.code_row[listener] = SILENT_ROW
        self._changed = True

    def _forget_names(self, listener: int) -> None:
        old = self._listening.get(listener)
        for source in old.sources if old else ():
            listeners = self._hears.get(source.name)
            if source.kind is SourceKind.LEG and listeners is not None:
                listeners.discard(listener)
                if not listeners:
                    del self._hears[source.name]

    def _row_of(self, source: Source, listening: _Listener) -> int | None:
        if source.kind is SourceKind.MUSIC:
            return listening.music_rows[source.name]
        if source.kind is SourceKind.PROMPT:
            return listening.prompt_row
        slot = self._slots.get(source.name)
        return None if slot is None else self.voice_base + slot

    def _resolve(self, listener: int) -> None:
        """Turn names into rows for one listener."""
        listening = self._listening[listener]
        heard = [(self._row_of(source, listening), source.gain) for source in listening.sources]
        pairs = [(row, gain) for row, gain in heard if row is not None and gain != 0]
        self._mixed.pop(listener, None)
        if not pairs:
            row = SILENT_ROW
        elif len(pairs) == 1 and pairs[0][1] == 1.0:
            row = pairs[0][0]
        else:
            row = self._mix_base + listener
            self._mixed[listener] = pairs
        self.code_row[listener] = listening.law * self.rows + row
        self._changed = True

    def mix(self) -> None:
        """Make every heard row of this tick: voices and prompts lie in `sounds`, `codes` come out.

        Prompt rows bring their codes along (`Playlists.advance`).
        """
        if self._changed:
            self._plan()
        for row, track, offset in self._played:
            frame = track.frame(self._tick + offset)
            self.sounds[row], self.codes[row], self.codes[self.rows + row] = frame
        self._tick += 1
        if self._mix_rows.size:
            heard = self.sounds[self._pair_rows] * self._pair_gains
            summed = np.add.reduceat(heard, self._mix_starts, axis=0)
            self.sounds[self._mix_rows] = np.clip(np.rint(summed), -32767, 32767)
        for law in (LAW_A, LAW_MU):
            rows = self._compressed[law]
            if rows.size:
                linear = self.sounds[rows].view(np.uint16)
                self.codes[law * self.rows + rows] = COMPRESS[law].take(linear)

    def _plan(self) -> None:
        """Rebuild the index arrays after a change."""
        self._changed = False
        pairs = [pair for listener in self._mixed for pair in self._mixed[listener]]
        counts = [len(self._mixed[listener]) for listener in self._mixed]
        self._pair_rows = np.array([row for row, _ in pairs], dtype=np.int64)
        self._pair_gains = np.array([[gain] for _, gain in pairs], dtype=np.float32).reshape(-1, 1)
        self._mix_starts = np.cumsum([0, *counts[:-1]], dtype=np.int64)[: len(counts)]
        self._mix_rows = np.array([self._mix_base + listener for listener in self._mixed], dtype=np.int64)
        heard = np.zeros(2 * self.rows, dtype=np.bool_)
        heard[self.code_row] = True
        listened = heard[: self.voice_base] | heard[self.rows : self.rows + self.voice_base]
        listened[self._pair_rows[self._pair_rows < self.voice_base]] = True
        self._played = [
            (int(row), *self._track_of[row - 1]) for row in np.flatnonzero(listened) if row != SILENT_ROW
        ]
        for law in (LAW_A, LAW_MU):
            of_law = heard[law * self.rows : (law + 1) * self.rows]
            of_law[: self.voice_base] = False  # silence and music have their codes
            of_law[self.prompt_base : self._mix_base] = False  # prompts too
            self._compressed[law] = np.flatnonzero(of_law)


class _Track:
    """A looping track, compressed once in both laws; it runs at each of its `offsets`, in frames, a row for each."""

    def __init__(self, samples: Linear, first_row: int) -> None:
        frames = samples.reshape(-1, FRAME_SAMPLES)
        self._frames = frames
        self._codes = [encode(frames, law) for law in (LAW_A, LAW_MU)]
        self._first_row = first_row
        is_cadence = len(frames) <= CADENCE_MOST_FRAMES
        self.offsets = range(0, len(frames) if is_cadence else 1, CADENCE_STEP_FRAMES)

    def frame(self, at: int) -> tuple[Linear, Coded, Coded]:
        """The frame so many ticks after the beginning: linear, A-law, mu-law."""
        at %= len(self._frames)
        return self._frames[at], self._codes[LAW_A][at], self._codes[LAW_MU][at]

    def begins_soonest(self, tick: int) -> int:
        """The row that is next to begin anew."""
        waits = [-(tick + offset) % len(self._frames) for offset in self.offsets]
        return self._first_row + waits.index(min(waits))
