"""Keys that are heard as tones (DTMF in band, ITU-T Q.23 and Q.24), for legs whose far end sends no telephone events.

All legs of a tick at once: one product of their frames with sixteen rows of sine and cosine.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from media.digits import Pressed
from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ

LOW_HZ: Final = (697, 770, 852, 941)
HIGH_HZ: Final = (1209, 1336, 1477, 1633)
KEYS: Final = "123A456B789C*0#D"
FRAME_MS: Final = 20

LEAST_AMPLITUDE: Final = 250.0
"""Of full scale 32768: about -42 dBFS for each tone; a softer one is no key (Q.24: -36 dBm0 at the most)."""

LEAST_SHARE: Final = 0.5
"""Of the frame's energy that both tones have together; speech has seldom so much in just two of them, and hardly ever
for two frames on end."""

TWIST_MOST: Final = 10.0
"""Ratio of the powers of both tones: 10 dB either way, as the leakage of one into the other blurs it."""

NEIGHBOUR_LEAST: Final = 2.0
"""How much more power a tone has than the next of its group."""

FRAMES_LEAST: Final = 2
"""A key lasts 40 ms at least; what is shorter is none (Q.24)."""

PAUSE_FRAMES: Final = 2
"""A key is over after so many frames without it: one may be lost or disturbed."""

_NONE: Final = -1


def _basis() -> npt.NDArray[np.float32]:
    time = np.arange(FRAME_SAMPLES) / SAMPLE_RATE_HZ
    angles = 2 * np.pi * np.outer(time, LOW_HZ + HIGH_HZ)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


_BASIS: Final = _basis()


def keys_in(frames: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """The key that each frame (n × 160 samples at 8 kHz) holds, as its index in `KEYS`; -1 for none."""
    sound = frames.astype(np.float32)
    parts = sound @ _BASIS
    powers = parts[:, :8] ** 2 + parts[:, 8:] ** 2
    low, high = powers[:, :4], powers[:, 4:]
    row, column = low.argmax(axis=1), high.argmax(axis=1)
    one, other = low.max(axis=1), high.max(axis=1)
    energy = (sound**2).sum(axis=1)
    least = (LEAST_AMPLITUDE * FRAME_SAMPLES / 2) ** 2
    is_key = (
        (np.minimum(one, other) >= least)
        & ((one + other) * 2 / FRAME_SAMPLES >= LEAST_SHARE * energy)
        & (np.maximum(one, other) <= TWIST_MOST * np.minimum(one, other))
        & (one >= NEIGHBOUR_LEAST * np.partition(low, -2, axis=1)[:, -2])
        & (other >= NEIGHBOUR_LEAST * np.partition(high, -2, axis=1)[:, -2])
    )
    return np.where(is_key, row * 4 + column, _NONE)


class ToneReceiver:
    """The keys that legs press, each told once, when its tone has ended."""

    def __init__(self, max_legs: int) -> None:
        """Nothing was heard yet."""
        self._key = np.full(max_legs, _NONE, dtype=np.int64)
        self._frames = np.zeros(max_legs, dtype=np.int64)
        self._pause = np.zeros(max_legs, dtype=np.int64)

    def reset(self, slot: int) -> None:
        """A slot has another leg."""
        self._key[slot], self._frames[slot], self._pause[slot] = _NONE, 0, 0

    def hear(self, slots: npt.NDArray[np.int64], frames: npt.NDArray[np.int16]) -> list[tuple[int, Pressed]]:
        """Take one frame of each of these slots; the keys that have ended with it."""
        heard, known = keys_in(frames), self._key[slots]
        goes_on = (heard == known) & (known != _NONE)
        self._frames[slots[goes_on]] += 1
        self._pause[slots[goes_on]] = 0
        changed = np.flatnonzero(~goes_on & ((heard != _NONE) | (known != _NONE)))
        return [key for at in changed for key in self._change(int(slots[at]), int(heard[at]))]

    def _change(self, slot: int, key: int) -> list[tuple[int, Pressed]]:
        """A frame that does not go on with the slot's key: a pause in it, its end, or another key."""
        if key == _NONE:
            self._pause[slot] += 1
            if self._pause[slot] < PAUSE_FRAMES:
                return []
        ended: list[tuple[int, Pressed]] = []
        frames = int(self._frames[slot])
        if self._key[slot] != _NONE and frames >= FRAMES_LEAST:
            pressed = Pressed(digit=KEYS[int(self._key[slot])], duration_ms=frames * FRAME_MS)
            ended.append((slot, pressed))
        self._key[slot], self._frames[slot], self._pause[slot] = key, int(key != _NONE), 0
        return ended
