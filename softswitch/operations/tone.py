"""How a tone sounds in a recording: where it is, how high and how loud.  Pure but for reading the file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

TONE_HZ: Final = 1000.0
TONE_DBFS: Final = -20.0
"""RMS of the tone as it is played (`config/prompts/zh/self_check_tone.wav`)."""
WINDOW_S: Final = 0.5
HZ_OFF: Final = 5.0
DB_OFF: Final = 2.0
LEAST_S: Final = 1.5
"""So much of the tone is to be found."""

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """What was found: the frequency in Hz, the RMS level in dBFS, and for how many seconds it was there."""

    hz: float
    dbfs: float
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether it is the tone that was played, as loud as it was."""
        return (
            abs(self.hz - TONE_HZ) <= HZ_OFF
            and abs(self.dbfs - TONE_DBFS) <= DB_OFF
            and self.seconds >= LEAST_S
        )

    def __str__(self) -> str:
        return f"{self.hz:.0f} Hz, {self.dbfs:.1f} dBFS, {self.seconds:.1f} s"


def tone_of(sound: Samples, rate_hz: int) -> Tone:
    """The tone of a sound, by half seconds; silence has 0 Hz."""
    size = int(WINDOW_S * rate_hz)
    windows = [sound[at : at + size] for at in range(0, len(sound) - size + 1, size // 2)]
    found = [(_highest(window, rate_hz), _level(window)) for window in windows]
    tones = [(hz, level) for hz, level in found if abs(hz - TONE_HZ) <= HZ_OFF and level > TONE_DBFS - 10]
    if not tones:
        hz, level = max(found, key=lambda pair: pair[1], default=(0.0, -120.0))
        return Tone(hz=hz, dbfs=level, seconds=0.0)
    levels = sorted(level for _, level in tones)
    middle = len(tones) // 2
    return Tone(
        hz=sorted(hz for hz, _ in tones)[middle],
        dbfs=levels[middle],
        seconds=(len(tones) + 1) * WINDOW_S / 2,
    )


def _highest(window: Samples, rate_hz: int) -> float:
    """The frequency of most power."""
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window))))
    return float(np.argmax(spectrum) * rate_hz / len(window)) if spectrum.max() > 0 else 0.0


def _level(window: Samples) -> float:
    """RMS in dBFS, -120 for silence."""
    return float(20 * np.log10(max(1e-6, np.sqrt(np.mean(window**2)))))


def tone_in(recording: Path) -> Tone:
    """The tone on the caller's channel, which is the left one.  Raises `OSError` or `soundfile.LibsndfileError`."""
    sound, rate_hz = soundfile.read(recording, dtype="float64", always_2d=True)
    return tone_of(sound[:, 0], rate_hz)
