"""The tone of a test call is found in what was recorded, and told from silence, noise and other tones."""

from pathlib import Path

import numpy as np
import pytest

from softswitch.operations.tone import TONE_DBFS, TONE_HZ, Samples, tone_in, tone_of

RATE = 8000
PROMPT = Path(__file__).resolve().parents[3] / "config" / "prompts" / "zh" / "self_check_tone.wav"


def sine(hz: float, dbfs: float = TONE_DBFS, seconds: float = 3.0) -> Samples:
    time_s = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(np.sqrt(2) * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * time_s))


def test_the_tone_that_is_played_is_well() -> None:
    tone = tone_in(PROMPT)
    assert tone.is_well
    assert tone.hz == pytest.approx(TONE_HZ, abs=2)
    assert tone.dbfs == pytest.approx(TONE_DBFS, abs=0.2)
    assert tone.seconds == pytest.approx(3.0, abs=0.3)


def test_it_is_found_between_silence() -> None:
    silence = np.zeros(2 * RATE)
    assert tone_of(np.concatenate([silence, sine(TONE_HZ), silence]), RATE).is_well


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(3 * RATE),
        np.zeros(0),
        sine(700.0),
        sine(TONE_HZ, dbfs=-26.0),
        sine(TONE_HZ, seconds=1.0),
        np.random.default_rng(1).normal(0, 0.1, 3 * RATE),
    ],
    ids=["silence", "nothing", "another tone", "too soft", "too short", "noise"],
)
def test_what_is_not_the_tone_is_not_well(sound: Samples) -> None:
    assert not tone_of(sound, RATE).is_well
