"""Makes the music that comes with the system: `python config/music/make_music.py`.

The waiting music is a quiet piece of eight bars, synthesised, so that nobody owes anybody for it: broken chords over C,
A minor, F and G with a slow melody.  Ringback is the tone of the network here: 450 Hz, 1 s on, 4 s off.  Notes ring on past the end into the beginning, so the loop has no seam.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

RATE_HZ: Final = 8000
BEAT_S: Final = 0.75  # 80 a minute; a whole number of 20 ms frames in every two beats
BEATS: Final = 32
LEVEL_DBFS: Final = -20.0
RINGS_S: Final = 3.0
# Overtones of a plucked, soft string, each with its strength and how fast it fades (1/s).
OVERTONES: Final = ((1, 1.0, 1.6), (2, 0.38, 2.4), (3, 0.16, 3.6), (4, 0.06, 5.0))

# MIDI notes, one chord for each bar of four beats: bass, then the notes of the broken chord.
CHORDS: Final = (
    (48, (60, 64, 67, 72)),
    (45, (57, 60, 64, 69)),
    (41, (57, 60, 65, 69)),
    (43, (55, 59, 62, 67)),
    (48, (60, 64, 67, 72)),
    (45, (57, 60, 64, 72)),
    (50, (57, 62, 65, 69)),
    (43, (55, 59, 62, 71)),
)
# (beat, MIDI note) of the melody: five tones only, C D E G A.
MELODY: Final = (
    *((0, 79), (2, 76), (3, 74), (4, 72), (6, 69), (8, 72), (9, 74), (10, 76), (12, 74)),
    *((16, 79), (18, 81), (19, 79), (20, 76), (22, 72), (24, 74), (25, 76), (26, 69), (28, 74), (30, 67)),
)

Sound = npt.NDArray[np.float64]


def note(midi: int, strength: float) -> Sound:
    """One plucked note that fades over `RINGS_S` seconds."""
    time_s = np.arange(round(RINGS_S * RATE_HZ)) / RATE_HZ
    pitch_hz = 440 * 2 ** ((midi - 69) / 12)
    sound = np.zeros(len(time_s))
    for multiple, share, fade in OVERTONES:
        if pitch_hz * multiple < 3400:
            sound += share * np.sin(2 * np.pi * pitch_hz * multiple * time_s) * np.exp(-fade * time_s)
    edges = np.minimum(1, np.minimum(time_s / 0.012, time_s[::-1] / 0.2))
    return np.asarray(strength * sound * edges)


def waiting() -> Sound:
    """The loop, whole frames long, at its level."""
    loop = np.zeros(round(BEATS * BEAT_S * RATE_HZ))

    def play(beat: float, sound: Sound) -> None:
        at = round(beat * BEAT_S * RATE_HZ) + np.arange(len(sound))
        np.add.at(loop, at % len(loop), sound)

    for bar, (bass, chord) in enumerate(CHORDS):
        play(4 * bar, note(bass, 0.5))
        for step in range(8):
            play(4 * bar + step / 2, note(chord[(0, 1, 2, 3, 2, 1, 2, 1)[step]], 0.34))
    for beat, midi in MELODY:
        play(beat, note(midi, 0.6))
    return np.asarray(loop * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(loop**2)))


def ringback() -> Sound:
    """One second of tone, four of silence."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    edges = np.minimum(1, np.minimum(time_s / 0.01, time_s[::-1] / 0.01))
    tone = np.sin(2 * np.pi * 450 * time_s) * edges * np.sqrt(2) * 10 ** (LEVEL_DBFS / 20)
    return np.concatenate([tone, np.zeros(4 * RATE_HZ)])


def main() -> None:
    """Write the file into a folder: the first argument, else the one of this file."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(folder / "waiting.wav"), waiting(), RATE_HZ, subtype="PCM_16")
    soundfile.write(str(folder / "ringback.wav"), ringback(), RATE_HZ, subtype="PCM_16")


if __name__ == "__main__":
    main()
