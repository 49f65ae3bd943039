"""The bank of announcements and music: every sound is read, checked and decoded once, at start-up.

A folder holds one WAV file per sound, named after it (`welcome.wav`).  Later folders override earlier ones, so a
city replaces single announcements without touching those that come with the system.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ, Linear

PROMPT_MOST_S: Final = 125.0
"""Two minutes, and what a message that was cut off at two minutes may have more."""
MUSIC_MOST_S: Final = 1800.0
RATE_LEAST_HZ: Final = 4000
RATE_MOST_HZ: Final = 192_000
CHANNELS_MOST: Final = 8
SUFFIX: Final = ".wav"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFault:
    """What is wrong with one file or folder, for people."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class PromptFaults(Exception):
    """Sounds are missing or cannot be used: all of them in one go."""

    def __init__(self, faults: Sequence[SoundFault]) -> None:
        lines = "\n".join(f"  {fault}" for fault in faults)
        super().__init__(f"提示音有误 / faults of sounds ({len(faults)}):\n{lines}")
        self.faults = tuple(faults)


class _Unusable(Exception):
    """A file that cannot be used; the text says why."""


class UnusableSound(Exception):
    """A file that cannot be a prompt; the text says why, in both languages."""


def prompt_of(path: Path) -> Linear:
    """One file as the samples of an announcement; raises `UnusableSound`."""
    try:
        sound = _frames(_prompt(*_read(path, PROMPT_MOST_S)))
    except _Unusable as fault:
        raise UnusableSound(str(fault)) from fault
    if not sound.any():
        raise UnusableSound("没有声音 / nothing can be heard")
    return sound


class PromptBank:
    """Decoded sounds by name: int16 at 8 kHz, whole frames of 160 samples, not to be written to."""

    def __init__(self, prompts: Mapping[str, Linear], music: Mapping[str, Linear]) -> None:
        self._prompts = dict(prompts)
        self._music = dict(music)

    def __repr__(self) -> str:
        return f"<PromptBank prompts={len(self._prompts)} music={len(self._music)}>"

    @classmethod
    def load(
        cls,
        prompt_dirs: Sequence[Path],
        music_dir: Path,
        required: Collection[str] = (),
        required_music: Collection[str] = (),
    ) -> "PromptBank":
        """Read every sound of these folders; `required` and `required_music` name what must be there.

        Raises `PromptFaults`, which names each missing, unreadable, empty or far too long file.
        """
        faults: list[SoundFault] = []
        paths: dict[str, Path] = {}
        for folder in prompt_dirs:
            paths |= _sounds_in(folder, faults)
        prompts = _decode_all(paths, _prompt, PROMPT_MOST_S, faults)
        tracks = _sounds_in(music_dir, faults)
        music = _decode_all(tracks, _loop, MUSIC_MOST_S, faults)
        home = prompt_dirs[-1] if prompt_dirs else Path()
        for folder, missing in (
            (home, set(required) - set(paths)),
            (music_dir, set(required_music) - set(tracks)),
        ):
            faults += [
                SoundFault(path=folder / f"{name}{SUFFIX}", reason="缺少文件 / missing")
                for name in sorted(missing)
            ]
        if faults:
            raise PromptFaults(faults)
        return cls(prompts, music)

    def prompt(self, name: str) -> Linear:
        """The samples of an announcement; `KeyError` if unknown."""
        return self._prompts[name]

    def music(self, name: str) -> Linear:
        """The samples of a track, which loops; `KeyError` if unknown."""
        return self._music[name]

    def names(self) -> tuple[str, ...]:
        """The names of all announcements, sorted."""
        return tuple(sorted(self._prompts))

    def music_names(self) -> tuple[str, ...]:
        """The names of all music tracks, sorted."""
        return tuple(sorted(self._music))


def _sounds_in(folder: Path, faults: list[SoundFault]) -> dict[str, Path]:
    """The WAV files of a folder by name; what begins with a dot is not ours."""
    try:
        found = sorted(folder.iterdir())
    except OSError as fault:
        faults.append(SoundFault(path=folder, reason=f"目录不可读 / folder: {fault.strerror or fault}"))
        return {}
    return {
        path.stem: path for path in found if path.suffix.lower() == SUFFIX and not path.name.startswith(".")
    }


def _decode_all(
    paths: Mapping[str, Path],
    to_8_khz: Callable[[Floats, int], Floats],
    most_s: float,
    faults: list[SoundFault],
) -> dict[str, Linear]:
    sounds: dict[str, Linear] = {}
    for name, path in paths.items():
        try:
            sounds[name] = _frames(to_8_khz(*_read(path, most_s)))
        except _Unusable as fault:
            faults.append(SoundFault(path=path, reason=str(fault)))
    return sounds


def _read(path: Path, most_s: float) -> tuple[Floats, int]:
    """The file's sound, all channels in one, full scale 1.0, and its rate in Hz; raises `_Unusable`."""
    try:
        with soundfile.SoundFile(str(path)) as file:
            rate, channels, length = file.samplerate, file.channels, file.frames
            if length <= 0:
                raise _Unusable("没有声音 / empty")
            if not RATE_LEAST_HZ <= rate <= RATE_MOST_HZ or channels > CHANNELS_MOST:
                raise _Unusable(f"格式超限 / {rate} Hz, {channels} channels are beyond limits")
            if length > most_s * rate:
                raise _Unusable(f"过长 / {length / rate:.0f} s, at most {most_s:.0f} s")
            samples: Floats = file.read(dtype="float64", always_2d=True).mean(axis=1)
    except (soundfile.SoundFileError, OSError, RuntimeError, ValueError) as fault:
        raise _Unusable(f"无法读取 / unreadable: {_reason(fault)}") from fault
    if not samples.size:
        raise _Unusable("没有声音 / empty")
    if not np.isfinite(samples).all():
        raise _Unusable("含非数值样本 / samples that are no numbers")
    return samples, rate


def _reason(fault: Exception) -> str:
    """The library's words without its quotation of the path, which stands before them already."""
    return str(getattr(fault, "error_string", None) or fault)


def _prompt(samples: Floats, rate_hz: int) -> Floats:
    """A prompt at 8 kHz; its end does not ring into its beginning."""
    if rate_hz == SAMPLE_RATE_HZ:
        return samples
    shared = math.gcd(rate_hz, SAMPLE_RATE_HZ)
    unit_in, unit_out = rate_hz // shared, SAMPLE_RATE_HZ // shared
    units = -(-(len(samples) + rate_hz // 10) // unit_in)  # a tenth of a second parts end and beginning
    whole = np.concatenate([samples, np.zeros(units * unit_in - len(samples))])
    return _in_so_many_samples(whole, units * unit_out)[: -(-len(samples) * unit_out // unit_in)]


def _loop(samples: Floats, rate_hz: int) -> Floats:
    """Music at 8 kHz, stretched or squeezed by at most 10 ms to whole frames, so that its seam stays whole."""
    frames = max(1, round(len(samples) * SAMPLE_RATE_HZ / rate_hz / FRAME_SAMPLES))
    return _in_so_many_samples(samples, frames * FRAME_SAMPLES)


def _in_so_many_samples(samples: Floats, count: int) -> Floats:
    """The same sound, seen as a loop, in another number of samples; what lies above half the new rate is cut off."""
    if count == len(samples):
        return samples
    return np.asarray(np.fft.irfft(np.fft.rfft(samples), count) * (count / len(samples)))


def _frames(samples: Floats) -> Linear:
    """Samples of full scale 1.0 as int16, silence appended up to a whole frame; read-only."""
    sound = np.zeros(-(-len(samples) // FRAME_SAMPLES) * FRAME_SAMPLES, dtype=np.int16)
    sound[: len(samples)] = np.clip(np.rint(samples * 32768), -32768, 32767)
    sound.flags.writeable = False
    return sound
