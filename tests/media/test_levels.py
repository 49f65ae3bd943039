"""Loudness from counts of A-law codes."""

import numpy as np
import pytest

from media.g711 import LAW_A, encode
from media.levels import StereoLevels, rms_dbfs


def coded(linear: np.ndarray) -> bytes:
    """One channel, A-law."""
    return encode(linear.astype(np.int16), LAW_A).tobytes()


def stereo(left: bytes, right: bytes) -> bytes:
    """Two channels in turn."""
    return b"".join(bytes(pair) for pair in zip(left, right, strict=True))


def test_a_sine_lies_three_decibels_below_a_square_wave_of_its_height() -> None:
    time = np.arange(8000) / 8000
    sine = 16384 * np.sin(2 * np.pi * 500 * time)
    levels = StereoLevels()
    levels.add(stereo(coded(sine), coded(np.sign(sine + 0.1) * 16384)))
    assert levels.left_dbfs == pytest.approx(-9.03, abs=0.1)
    assert levels.right_dbfs == pytest.approx(-6.02, abs=0.15)


def test_pieces_add_up_to_the_whole() -> None:
    time = np.arange(4000) / 8000
    sound = stereo(coded(9000 * np.sin(1500 * time)), coded(300 * np.sin(4000 * time)))
    whole, pieces = StereoLevels(), StereoLevels()
    whole.add(sound)
    for start in range(0, len(sound), 322):
        pieces.add(sound[start : start + 322])
    assert (pieces.left_dbfs, pieces.right_dbfs) == (whole.left_dbfs, whole.right_dbfs)


def test_digital_silence_has_no_level_but_the_faintest_sound_has() -> None:
    levels = StereoLevels()
    levels.add(stereo(b"\xd5\x55" * 500, b"\xd5\x55" * 499 + b"\xd4\xd5"))
    assert levels.left_dbfs is None
    assert levels.right_dbfs == pytest.approx(-72.2, abs=0.2)


def test_no_sound_at_all_has_no_level() -> None:
    assert rms_dbfs(np.zeros(256, dtype=np.int64)) is None
    assert StereoLevels().left_dbfs is None
