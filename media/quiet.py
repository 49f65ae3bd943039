"""Recordings that end when nobody speaks any more: how long the left channel has been silent, counted in ticks."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.events import SpeechStopped
from media.g711 import EXPAND, FRAME_SAMPLES, LAW_A, SAMPLE_RATE_HZ, Coded
from media.levels import FULL_SCALE

TICK_S: Final = FRAME_SAMPLES / SAMPLE_RATE_HZ
QUIET_DBFS: Final = -45.0
"""A frame whose RMS is not above this is silence: speech on a telephone is 15 to 30 dB louder, a line's noise less."""

_POWER: Final = (EXPAND[LAW_A].astype(np.float32) / np.float32(FULL_SCALE)) ** 2
_QUIET_POWER: Final = 10 ** (QUIET_DBFS / 10)


@dataclass(slots=True)
class _Watched:
    call_id: str
    listener: int
    limit: int  # ticks
    silent: int = 0


class QuietWatch:
    """The recordings that want to know; a recording that does not costs nothing."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._listeners: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def watch(self, recording_id: str, call_id: str, listener: int, silence_s: float) -> None:
        """Tell once `listener` (of the mixer) has been silent for so long, and again only after a sound."""
        self._watched[recording_id] = _Watched(call_id, listener, max(1, round(silence_s / TICK_S)))
        self._plan()

    def forget(self, recording_id: str) -> None:
        """The recording is over; harmless for one that is not watched."""
        if self._watched.pop(recording_id, None) is not None:
            self._plan()

    def _plan(self) -> None:
        self._listeners = np.array([each.listener for each in self._watched.values()], dtype=np.int64)

    def look(self, codes: Coded, code_row: npt.NDArray[np.int64]) -> list[SpeechStopped]:
        """What this tick's frames say: A-law `codes`, (rows, 160) bytes, of which `code_row` is each listener's."""
        if not self._watched:
            return []
        is_loud = _POWER[codes[code_row[self._listeners]]].mean(axis=1) > _QUIET_POWER
        return [
            SpeechStopped(recording_id=name, call_id=each.call_id, silent_s=each.limit * TICK_S)
            for (name, each), loud in zip(self._watched.items(), is_loud.tolist(), strict=True)
            if _counted(each, is_loud=loud) == each.limit
        ]


def _counted(each: _Watched, *, is_loud: bool) -> int:
    each.silent = 0 if is_loud else each.silent + 1
    return each.silent
