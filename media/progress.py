"""What a network says of a call by sound: ringback, busy, congestion, special information, fax, the beep of a mailbox, speech.

Tones of the public network here (GF 002-9002, ITU-T E.180 supplement 2: China): one frequency of 450 Hz, told apart by its
rhythm.  Special information: E.180 section 7.  Fax: T.30 section 4 (CED 2100 Hz, CNG 1100 Hz).

All legs that ask are measured at once, each frame with the one before it (40 ms, 25 Hz a bin).  What a leg hears becomes a
chain of *runs*: silence, one steady tone, or any other sound.  Only where a run ends, or a limit of its length is
passed, are the last runs of that leg looked at.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WINDOW: Final = 2 * FRAME_SAMPLES
BIN_HZ: Final = SAMPLE_RATE_HZ / WINDOW
FRAME_S: Final = FRAME_SAMPLES / SAMPLE_RATE_HZ


class Progress(StrEnum):
    """What was heard."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    SPECIAL_INFORMATION = "special_information"
    FAX = "fax"
    BEEP = "beep"  # one steady tone after speech, and then silence: a mailbox waits for a message
    ANNOUNCEMENT = "announcement"  # speech, or music: whatever is no tone


LEAST_RMS: Final = 160.0
"""Softer is silence: about -43 dBm0 (a full-scale sine is +3.14 dBm0 in A-law, G.711 table 5)."""

QUIETER: Final = 0.28
"""Of the last tone's level (-11 dB): noise of the line between the bursts of a tone is silence as well."""

LEAST_SHARE: Final = 0.8
"""Of the energy that one frequency has in a tone."""

NOISE_SHARE: Final = 0.14
"""Of the energy that the strongest frequency has in the noise of a line, at most; in speech it is far more."""

SETTLE_FRAMES: Final = 3
"""So many frames of another kind end a run; fewer are a lost packet or the edge of a burst."""

STEADY_HZ: Final = 12.0
"""How far one run of a beep may wander: a sung or played note does more, or fades."""
STEADY_LEVEL: Final = 1.26
"""Ratio of the loudest to the softest frame in a beep (2 dB)."""

RUNS_KEPT: Final = 8
SPEECH_S: Final = 1.2
"""So much sound that is no tone, in all, is an announcement."""
SPEECH_BEFORE_BEEP_S: Final = 0.8
SILENCE_AFTER_BEEP_S: Final = 0.5

_SILENCE: Final = 0
_SOUND: Final = 1
_TONE: Final = 2
"""A tone of the list below has this number and its place in the list added; any other steady tone comes after them."""

_BANDS: Final = ((450, 30), (950, 55), (1400, 55), (1800, 55), (2100, 25), (1100, 45))
"""Centre and tolerance in Hz."""
_NET, _INFO_1, _INFO_2, _INFO_3, _CED, _CNG, _OTHER = range(_TONE, _TONE + 7)

_HANN: Final = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_NO_RANGE: Final = (np.inf, 0.0, np.inf, 0.0)
_LOWEST_BIN: Final = round(300 / BIN_HZ)
_CENTRES: Final = np.array([centre for centre, _ in _BANDS], dtype=np.float64)
_TOLERANCES: Final = np.array([tolerance for _, tolerance in _BANDS], dtype=np.float64)


def measured(windows: npt.NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    """RMS, the strongest frequency in Hz and its share of the energy, of each window (n × 320 samples at 8 kHz)."""
    rms = np.sqrt(np.mean(windows**2, axis=1, dtype=np.float64))
    powers = np.abs(np.fft.rfft(windows * _HANN, axis=1)) ** 2
    powers[:, :4] = 0  # below 100 Hz is hum
    total = powers.sum(axis=1) + 1e-9
    peak = np.clip(powers[:, _LOWEST_BIN:-2].argmax(axis=1) + _LOWEST_BIN, 2, powers.shape[1] - 3)
    rows = np.arange(len(windows))
    around = np.stack([powers[rows, peak + offset] for offset in (-2, -1, 0, 1, 2)], axis=1)
    left, top, right = (np.sqrt(around[:, at]) for at in (1, 2, 3))
    # A Hann window's main lobe: the ratio of two neighbouring bins gives the place between them.
    is_right = right > left
    beside = np.where(is_right, right, left)
    ratio = beside / (top + 1e-9)
    shift = np.clip((2 * ratio - 1) / (1 + ratio), 0, 0.5)
    frequency = (peak + np.where(is_right, shift, -shift)) * BIN_HZ
    return rms, frequency, around.sum(axis=1) / total


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One stretch of the same: its kind, its length in frames, whether pitch and level stayed where they were."""

    kind: int
    frames: int
    is_steady: bool

    def lasts(self, least_s: float, most_s: float) -> bool:
        """Whether it is that long, give or take the edge of a frame on either side."""
        return least_s - FRAME_S <= self.frames * FRAME_S <= most_s + FRAME_S


def recognised(runs: tuple[Run, ...], *, speech_s: float) -> Progress | None:
    """What the runs of a leg mean, the newest last; that one may not be over.

    `speech_s` is how much sound there was in all that is no tone.
    """
    newest = runs[-1]
    kinds = tuple(run.kind for run in runs)
    if newest.kind == _CED and newest.lasts(0.5, 60.0):
        return Progress.FAX
    if kinds[-2:] == (_CNG, _SILENCE) and runs[-2].lasts(0.42, 0.58) and newest.lasts(1.0, 60.0):
        return Progress.FAX
    if kinds[-3:] == (_INFO_1, _INFO_2, _INFO_3) and all(run.lasts(0.2, 0.46) for run in runs[-3:]):
        return Progress.SPECIAL_INFORMATION
    if kinds[-4:] == (_NET, _SILENCE, _NET, _SILENCE):
        # The newest run only has to have begun: two bursts and the pause between them are the rhythm.  A tenth is the
        # network's, the rest that of a window of 40 ms, which takes an edge for what is on either side of it.
        if all(run.lasts(0.28, 0.42) for run in runs[-4:-1]):
            return Progress.BUSY
        if all(run.lasts(0.6, 0.8) for run in runs[-4:-1]):
            return Progress.CONGESTION
    if kinds[-2:] == (_NET, _SILENCE) and runs[-2].lasts(0.9, 1.1) and newest.lasts(2.0, 60.0):
        return Progress.RINGBACK
    if newest.kind == _SILENCE and len(runs) > 1 and newest.lasts(SILENCE_AFTER_BEEP_S, 60.0):
        beep = runs[-2]
        is_beep = beep.kind >= _TONE and beep.is_steady and beep.lasts(0.14, 2.0)
        if is_beep and _came_alone(runs) and speech_s >= SPEECH_BEFORE_BEEP_S:
            return Progress.BEEP
    return Progress.ANNOUNCEMENT if speech_s >= SPEECH_S else None


def _came_alone(runs: tuple[Run, ...]) -> bool:
    """Whether the run before the newest is the only tone among the last: a rhythm of tones, or a tune, is no beep."""
    return not any(run.kind >= _TONE for run in runs[-6:-2])


class ProgressReceiver:
    """What the legs that ask for it hear, each thing told once a leg."""

    def __init__(self, max_legs: int) -> None:
        """Nobody asks yet."""
        self._before = np.zeros((max_legs, FRAME_SAMPLES), dtype=np.float32)
        self._kind: Ints = np.full(max_legs, _SILENCE, dtype=np.int64)
        self._frames: Ints = np.zeros(max_legs, dtype=np.int64)
        self._next_kind: Ints = np.full(max_legs, _SILENCE, dtype=np.int64)
        self._next_frames: Ints = np.zeros(max_legs, dtype=np.int64)
        self._between: Ints = np.zeros(max_legs, dtype=np.int64)  # frames of neither
        self._tone_rms: Floats = np.zeros(max_legs)
        self._range = np.zeros(
            (max_legs, 4)
        )  # lowest and highest pitch, softest and loudest frame of the run
        self._newest = np.zeros((max_legs, 2))  # pitch and level of its last frame, which may be an edge
        self._speech: Ints = np.zeros(max_legs, dtype=np.int64)
        self._runs: dict[int, deque[Run]] = {}
        self._told: dict[int, set[Progress]] = {}
        self.slots: Ints = np.zeros(0, dtype=np.int64)

    def ask(self, slot: int) -> None:
        """Listen to a leg from now on."""
        self.forget(slot)
        self._before[slot] = 0
        self._kind[slot] = self._next_kind[slot] = _SILENCE
        for counts in (self._frames, self._next_frames, self._between, self._speech):
            counts[slot] = 0
        self._tone_rms[slot] = 0
        self._range[slot], self._newest[slot] = _NO_RANGE, np.nan
        self._runs[slot] = deque(maxlen=RUNS_KEPT)
        self._told[slot] = set()
        self._replan()

    def forget(self, slot: int) -> None:
        """Listen no more; harmless for a leg that was not listened to."""
        if self._runs.pop(slot, None) is not None:
            del self._told[slot]
            self._replan()

    def _replan(self) -> None:
        self.slots = np.array(sorted(self._runs), dtype=np.int64)

    def hear(self, frames: npt.NDArray[np.int16]) -> list[tuple[int, Progress]]:
        """Take one frame of each of `slots`; what has become clear with it."""
        slots = self.slots
        windows = np.concatenate([self._before[slots], frames], axis=1, dtype=np.float32)
        self._before[slots] = frames
        kinds, rms, pitch = self._kinds_of(windows)
        goes_on = kinds == self._kind[slots]
        self._go_on(slots[goes_on], kinds[goes_on], rms[goes_on], pitch[goes_on])
        self._speech[slots] += kinds == _SOUND
        others = slots[~goes_on]
        same = self._next_kind[others] == kinds[~goes_on]
        self._between[others] += np.where(same, 0, self._next_frames[others])
        self._next_frames[others] = np.where(same, self._next_frames[others] + 1, 1)
        self._next_kind[others] = kinds[~goes_on]
        told: list[tuple[int, Progress]] = []
        for slot in others[self._next_frames[others] >= SETTLE_FRAMES].tolist():
            self._change(slot)
            told += self._look(slot)
        for slot in slots[goes_on & (self._frames[slots] % 5 == 0)].tolist():
            told += self._look(slot)
        return told

    def _kinds_of(self, windows: npt.NDArray[np.float32]) -> tuple[Ints, Floats, Floats]:
        rms, pitch, share = measured(windows)
        distance = np.abs(pitch[:, np.newaxis] - _CENTRES)
        nearest = distance.argmin(axis=1)
        is_listed = distance[np.arange(len(pitch)), nearest] <= _TOLERANCES[nearest]
        tone = np.where(is_listed, _TONE + nearest, _OTHER)
        floor = np.maximum(LEAST_RMS, QUIETER * self._tone_rms[self.slots])
        kinds = np.where(share >= LEAST_SHARE, tone, _SOUND)
        return np.where((rms < floor) | (share < NOISE_SHARE), _SILENCE, kinds), rms, pitch

    def _go_on(self, slots: Ints, kinds: Ints, rms: Floats, pitch: Floats) -> None:
        """The run goes on; what came between belongs to it."""
        self._frames[slots] += 1 + self._next_frames[slots] + self._between[slots]
        self._next_frames[slots] = self._between[slots] = 0
        tonal = kinds >= _TONE
        at = slots[tonal]
        if at.size:
            self._tone_rms[at] = rms[tonal]
            ranges, before = self._range[at], self._newest[at]
            for edge, choose, value in ((0, np.fmin, 0), (1, np.fmax, 0), (2, np.fmin, 1), (3, np.fmax, 1)):
                ranges[:, edge] = choose(ranges[:, edge], before[:, value])
            self._range[at] = ranges
            self._newest[at, 0], self._newest[at, 1] = pitch[tonal], rms[tonal]

    def _change(self, slot: int) -> None:
        """Another run has begun, for good."""
        self._runs[slot].append(self._run(slot))
        self._kind[slot] = self._next_kind[slot]
        self._frames[slot] = self._next_frames[slot] + self._between[slot]
        self._next_frames[slot] = self._between[slot] = 0
        self._range[slot], self._newest[slot] = _NO_RANGE, np.nan
        if self._kind[slot] == _SOUND:
            self._tone_rms[slot] = 0

    def _run(self, slot: int) -> Run:
        low, high, soft, loud = self._range[slot]
        is_steady = high - low <= STEADY_HZ and loud <= STEADY_LEVEL * soft
        return Run(kind=int(self._kind[slot]), frames=int(self._frames[slot]), is_steady=bool(is_steady))

    def _look(self, slot: int) -> list[tuple[int, Progress]]:
        runs = (*self._runs[slot], self._run(slot))
        heard = recognised(runs, speech_s=int(self._speech[slot]) * FRAME_S)
        if heard is None or heard in self._told[slot]:
            return []
        self._told[slot].add(heard)
        return [(slot, heard)]
