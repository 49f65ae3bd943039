"""The waiting music that comes with the system."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ

WAITING = Path(__file__).parents[2] / "config" / "music" / "waiting.wav"


@pytest.fixture(scope="module", name="sound")
def _sound() -> np.ndarray:
    """The loop, full scale 1.0."""
    sound, rate_hz = soundfile.read(str(WAITING))
    assert rate_hz == SAMPLE_RATE_HZ and sound.ndim == 1
    return np.asarray(sound)


def test_it_is_whole_frames_long_and_pleasantly_quiet(sound: np.ndarray) -> None:
    """-20 dBFS RMS all through, nothing clips, no bar falls silent."""
    assert len(sound) % FRAME_SAMPLES == 0
    assert 10 * np.log10(np.mean(sound**2)) == pytest.approx(-20, abs=0.2)
    assert np.abs(sound).max() < 0.7
    bars = sound.reshape(8, -1)
    assert np.all(10 * np.log10(np.mean(bars**2, axis=1)) > -26)


def test_nobody_hears_where_it_begins_again(sound: np.ndarray) -> None:
    """The step over the seam, and that in its slope, are no larger than elsewhere."""
    around = np.concatenate([sound[-2:], sound[:2]])
    assert np.abs(np.diff(around)).max() <= np.percentile(np.abs(np.diff(sound)), 95)
    assert np.abs(np.diff(around, 2)).max() <= np.percentile(np.abs(np.diff(sound, 2)), 95)
