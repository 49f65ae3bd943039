"""How loud each channel of a recording is, counted without decoding it.

A-law has 256 codes: counting how often each occurs gives the exact RMS of any length in constant memory.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from media.g711 import EXPAND, LAW_A

FULL_SCALE: Final = 32768.0
_POWER: Final = EXPAND[LAW_A].astype(np.float64) ** 2
_SILENT: Final = np.abs(EXPAND[LAW_A].astype(np.int64)) <= 8  # the two codes next to zero (0xD5, 0x55)


def rms_dbfs(counts: npt.NDArray[np.int64]) -> float | None:
    """RMS of a channel in dBFS from the counts of its A-law codes; full-scale square wave = 0.

    None for digital silence (nothing but the two codes next to zero) and for no sound at all.
    """
    total = int(counts.sum())
    if total == int(counts[_SILENT].sum()):
        return None
    return round(10 * math.log10(float(counts @ _POWER) / total / FULL_SCALE**2), 2)


class StereoLevels:
    """Code counts of both channels of an A-law recording, added up piece by piece."""

    def __init__(self) -> None:
        self._counts = np.zeros((2, 256), dtype=np.int64)

    def add(self, interleaved: bytes) -> None:
        """Count a piece of the file: left and right bytes in turn, an even number of them."""
        pairs = np.frombuffer(interleaved, dtype=np.uint8).reshape(-1, 2)
        for channel in (0, 1):
            self._counts[channel] += np.bincount(pairs[:, channel], minlength=256)

    @property
    def left_dbfs(self) -> float | None:
        """The caller's level, None for digital silence."""
        return rms_dbfs(self._counts[0])

    @property
    def right_dbfs(self) -> float | None:
        """The agent's level, None for digital silence."""
        return rms_dbfs(self._counts[1])
