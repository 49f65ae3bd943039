"""Texts made into prompts by a process of its own: `python -m media.speak`, which runs espeak-ng.

Reads a JSON list of orders from its standard input, `{"path", "text", "voice", "words_per_minute"}`, makes each WAV (8 kHz,
mono, 16 bit, silence trimmed, speech at -20 dBFS RMS) and writes a JSON object: the reason, in both languages, for each path
that could not be made.  A text is in no argument that other users of the machine could read.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile

from media.g711 import SAMPLE_RATE_HZ
from media.prompts import UnusableSound, prompt_of

SYNTHESISER: Final = "espeak-ng"
LEVEL_DBFS: Final = -20.0
PEAK: Final = 0.9
EDGE_S: Final = 0.03
FLOOR: Final = 0.004  # softer than this at either end is silence
MEMORY_MOST: Final = 1024 * 1024 * 1024
TEXT_PATIENCE_S: Final = 15.0

Sound = npt.NDArray[np.float64]


class Unspoken(Exception):
    """A text that could not be made into sound; says why, in both languages."""


def speech_of(text: str, voice: str, words_per_minute: int) -> Sound:
    """One text as samples of full scale 1.0 at 8 kHz, as loud as the other prompts; raises `Unspoken`."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "speech.wav"
        command = [SYNTHESISER, "-v", voice, "-s", str(words_per_minute), "--stdin", "-w", str(made)]
        try:
            done = subprocess.run(
                command, input=text.encode(), capture_output=True, check=False, timeout=TEXT_PATIENCE_S
            )
        except FileNotFoundError as fault:
            raise Unspoken(
                "espeak-ng 未安装 / espeak-ng is not installed: apt-get install espeak-ng"
            ) from fault
        except subprocess.TimeoutExpired as fault:
            raise Unspoken("合成耗时过长 / the speech takes too long") from fault
        if done.returncode != 0 or not made.is_file():
            reason = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise Unspoken(f"合成失败 / espeak-ng failed: {reason or done.returncode}")
        try:
            samples = prompt_of(made)
        except UnusableSound as fault:
            raise Unspoken(str(fault)) from fault
    return levelled(trimmed(samples / 32768.0))


def trimmed(sound: Sound) -> Sound:
    """Without the silence at both ends, but for a moment of it."""
    loud = np.flatnonzero(np.abs(sound) > FLOOR)
    if not loud.size:
        raise Unspoken("没有声音 / nothing can be heard")
    edge = int(EDGE_S * SAMPLE_RATE_HZ)
    return sound[max(0, loud[0] - edge) : loud[-1] + edge]


def levelled(sound: Sound) -> Sound:
    """At the common level, measured where there is speech; peaks bent, not cut."""
    speech = sound[np.abs(sound) > FLOOR]
    louder = sound * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(speech**2))
    bent = PEAK * np.tanh(louder / PEAK)
    fade = np.linspace(0, 1, min(int(EDGE_S * SAMPLE_RATE_HZ / 2), len(bent)))
    bent[: len(fade)] *= fade
    bent[-len(fade) :] *= fade[::-1]
    return np.asarray(bent)


def _make(order: dict[str, Any]) -> None:
    """The file is there whole or not at all."""
    path = Path(order["path"])
    part = path.with_name(f".{path.name}.part")
    sound = speech_of(order["text"], order["voice"], order["words_per_minute"])
    with part.open("wb") as file:
        soundfile.write(file, sound, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def main() -> int:
    """Carry out all orders."""
    with suppress(OSError, ValueError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(10)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
    faults = {}
    for order in json.load(sys.stdin):
        try:
            _make(order)
        except Unspoken as fault:
            faults[order["path"]] = str(fault)
        except OSError as fault:
            faults[order["path"]] = f"无法写入 / cannot be written: {fault.strerror}"
    json.dump(faults, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
