"""What a sound holds: levels, tones and when they are heard.  Arrays of samples in −1…1 or int16, pure numpy.

Levels are dBFS with a full-scale square wave as 0 dBFS, so a full-scale sine is −3.01 dBFS.
"""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ = 8000
SILENCE_DBFS = -120.0
Samples = npt.NDArray[np.float64]


def samples_of(sound: npt.ArrayLike) -> Samples:
    """Any sound as float64 in −1…1; integers are scaled by their full range."""
    array = np.asarray(sound)
    if array.ndim != 1:
        message = f"one channel is wanted, got an array of shape {array.shape}"
        raise ValueError(message)
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.float64) / (np.iinfo(array.dtype).max + 1)
    return array.astype(np.float64)


def read_channels(path: Path) -> tuple[tuple[Samples, ...], int]:
    """The channels of a WAV file (any coding that libsndfile reads) and its rate in Hz."""
    data, rate = soundfile.read(str(path), dtype="float64", always_2d=True)
    return tuple(np.ascontiguousarray(data[:, channel]) for channel in range(data.shape[1])), int(rate)


def level_dbfs(sound: npt.ArrayLike) -> float:
    """RMS level of the whole sound; digital silence and the empty sound are −120."""
    samples = samples_of(sound)
    if not len(samples):
        return SILENCE_DBFS
    power = float(np.mean(samples**2))
    return max(SILENCE_DBFS, 10 * math.log10(power)) if power > 0 else SILENCE_DBFS


def tone_level_dbfs(sound: npt.ArrayLike, hz: float, rate: int = RATE_HZ) -> float:
    """RMS level of one frequency: what a sine of `hz` in the sound would measure alone (Hann window)."""
    samples = samples_of(sound)
    if not len(samples):
        return SILENCE_DBFS
    window = np.hanning(len(samples) + 2)[1:-1]
    turns = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / rate)
    amplitude = 2 * abs(np.dot(samples * window, turns)) / float(np.sum(window))
    power = amplitude**2 / 2
    return max(SILENCE_DBFS, 10 * math.log10(power)) if power > 0 else SILENCE_DBFS


def dominant_tone(sound: npt.ArrayLike, rate: int = RATE_HZ) -> float:
    """The strongest frequency in Hz (0 for silence), interpolated between bins."""
    samples = samples_of(sound)
    if len(samples) < 4:
        return 0.0
    size = max(4096, 1 << (len(samples) - 1).bit_length())
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    power[0] = 0.0
    peak = int(np.argmax(power))
    if power[peak] == 0.0 or peak in {0, len(power) - 1}:
        return 0.0
    low, top, high = (math.log(max(float(value), 1e-12)) for value in power[peak - 1 : peak + 2])
    curve = low - 2 * top + high
    shift = 0.5 * (low - high) / curve if curve else 0.0
    return (peak + shift) * rate / size


def find_tone_spans(
    sound: npt.ArrayLike,
    hz: float,
    rate: int = RATE_HZ,
    *,
    at_least_dbfs: float = -40.0,
    window_s: float = 0.08,
    bridge_s: float = 0.1,
    least_s: float = 0.1,
) -> list[tuple[float, float]]:
    """When a tone is heard: spans (start, end) in seconds, to about a quarter of `window_s`.

    A window counts when the tone reaches `at_least_dbfs` and makes up half of the window's power, so that
    speech or music that merely touches the frequency does not count.  Gaps up to `bridge_s` (a lost packet or
    two) are bridged, spans shorter than `least_s` are dropped.
    """
    samples = samples_of(sound)
    size, step = round(window_s * rate), max(1, round(window_s * rate / 4))
    if len(samples) < size:
        return []
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::step]
    window = np.hanning(size + 2)[1:-1]
    turns = np.exp(-2j * np.pi * hz * np.arange(size) / rate) * window
    tone_power = (2 * np.abs(frames @ turns) / np.sum(window)) ** 2 / 2
    whole_power = np.sum((frames * window) ** 2, axis=1) / np.sum(window**2)
    heard = (tone_power >= 10 ** (at_least_dbfs / 10)) & (tone_power >= 0.5 * whole_power)
    spans: list[tuple[float, float]] = []
    # A window counts from half of it heard: the tone's edge lies near the window's middle.
    for index in np.flatnonzero(heard):
        middle = (int(index) * step + size / 2) / rate
        start, end = middle - step / rate / 2, middle + step / rate / 2
        if spans and start - spans[-1][1] <= bridge_s + step / rate / 2:  # neighbours touch but for rounding
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [(start, end) for start, end in spans if end - start >= least_s]


def find_holes(
    sound: npt.ArrayLike, rate: int = RATE_HZ, *, window_s: float = 0.01, depth_db: float = 12.0
) -> list[tuple[float, float]]:
    """Where a steady sound is missing: windows that lie `depth_db` below the median one, joined, in seconds.

    Sharper than the spans of a tone: one lost 20 ms packet is a hole.
    """
    samples = samples_of(sound)
    size = round(window_s * rate)
    windows = samples[: len(samples) // size * size].reshape(-1, size)
    if not len(windows):
        return []
    power = np.mean(windows**2, axis=1)
    missing = np.flatnonzero(power < np.median(power) * 10 ** (-depth_db / 10))
    holes: list[tuple[float, float]] = []
    for index in missing:
        start, end = int(index) * window_s, (int(index) + 1) * window_s
        if holes and start - holes[-1][1] < window_s / 2:
            holes[-1] = (holes[-1][0], end)
        else:
            holes.append((start, end))
    return holes


def likeness(part: npt.ArrayLike, loop: npt.ArrayLike) -> float:
    """How surely a sound is a piece of a loop, wherever it begins: correlation at the best place, 1 = the very same."""
    piece, whole = samples_of(part), samples_of(loop)
    tiled = np.concatenate([whole, whole[: len(piece)]])
    size = 1 << (len(tiled) + len(piece) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(tiled, size) * np.conj(np.fft.rfft(piece, size)), size)
    at = int(np.argmax(products[: len(whole)]))
    there = tiled[at : at + len(piece)]
    scale = float(np.linalg.norm(piece) * np.linalg.norm(there))
    return float(np.dot(piece, there)) / scale if scale else 0.0


def alignment(late: npt.ArrayLike, early: npt.ArrayLike) -> int:
    """How many samples `late` lags behind `early`, by the peak of their cross-correlation (negative: it leads)."""
    one, other = samples_of(late), samples_of(early)
    size = 1 << (len(one) + len(other) - 1).bit_length()
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    correlation = np.fft.irfft(product, size)
    peak = int(np.argmax(correlation))
    return peak - size if peak > size // 2 else peak


def without_tone(sound: npt.ArrayLike, hz: float, rate: int = RATE_HZ) -> Samples:
    """The middle half of a sound without a tone of `hz` and its near neighbours: what lies under an announcement."""
    samples = samples_of(sound)
    window = np.hanning(len(samples))
    bins = np.fft.rfft(samples * window)
    bins[np.abs(np.fft.rfftfreq(len(samples), 1 / rate) - hz) < 40] = 0
    middle = slice(len(samples) // 4, -len(samples) // 4)
    rest: Samples = np.fft.irfft(bins, len(samples))[middle] / window[middle]
    return rest
