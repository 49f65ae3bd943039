"""A sound of whatever kind made into a prompt of ours, by a process of its own: `python -m media.reencode IN OUT`.

Files of strangers are read here and nowhere else: what their reader does wrong costs this process.  OUT is 8 kHz, mono,
16 bit.  Prints the length in seconds; exit code 1 with the reason, in both languages, for what is no sound that can serve.
"""

import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import soundfile

from media.g711 import SAMPLE_RATE_HZ
from media.prompts import UnusableSound, prompt_of

MEMORY_MOST: Final = 1024 * 1024 * 1024
SECONDS_MOST: Final = 20


def main(words: list[str]) -> int:
    """Make OUT of IN."""
    with suppress(OSError, ValueError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(10)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MOST, MEMORY_MOST))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MOST, SECONDS_MOST))
    given, made = (Path(word) for word in words)
    try:
        samples = prompt_of(given)
    except UnusableSound as fault:
        sys.stdout.write(f"{fault}\n")
        return 1
    with made.open("wb") as file:
        soundfile.write(file, samples, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
        file.flush()
        os.fsync(file.fileno())
    sys.stdout.write(f"{len(samples) / SAMPLE_RATE_HZ:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
