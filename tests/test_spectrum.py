"""The measures that every sound test leans on are themselves measured against sounds made here."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests import spectrum


def _tone(hz: float, seconds: float, amplitude: float = 0.5) -> npt.NDArray[np.float64]:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * 8000)) / 8000)


def test_level_of_a_sine_is_three_decibels_below_its_peak() -> None:
    assert spectrum.level_dbfs(_tone(440, 1, 1.0)) == pytest.approx(-3.01, abs=0.01)
    assert spectrum.level_dbfs(np.zeros(800)) == spectrum.SILENCE_DBFS
    assert spectrum.level_dbfs(np.zeros(0)) == spectrum.SILENCE_DBFS


def test_integers_and_floats_of_the_same_sound_measure_alike() -> None:
    sound = _tone(440, 1)
    assert spectrum.level_dbfs((sound * 32768).astype(np.int16)) == pytest.approx(
        spectrum.level_dbfs(sound), abs=0.01
    )


def test_tone_level_sees_one_frequency_and_not_its_neighbour() -> None:
    sound = _tone(440, 2, 0.25) + _tone(1000, 2, 0.5)
    assert spectrum.tone_level_dbfs(sound, 440) == pytest.approx(-15.05, abs=0.1)
    assert spectrum.tone_level_dbfs(sound, 1000) == pytest.approx(-9.03, abs=0.1)
    assert spectrum.tone_level_dbfs(sound, 700) < -70


@pytest.mark.parametrize("hz", [300.0, 440.5, 1004.0, 3333.0])
def test_dominant_tone_is_found_to_a_hertz_in_noise(hz: float) -> None:
    noise = np.random.default_rng(5).normal(0, 0.05, 8000)
    assert spectrum.dominant_tone(_tone(hz, 1) + noise) == pytest.approx(hz, abs=1.0)


def test_silence_has_no_dominant_tone() -> None:
    assert spectrum.dominant_tone(np.zeros(8000)) == 0.0
    assert spectrum.dominant_tone(np.zeros(2)) == 0.0


def test_spans_of_a_tone_are_found_to_a_hundredth() -> None:
    silence = np.zeros(4000)
    sound = np.concatenate([silence, _tone(440, 1), silence, _tone(700, 1), silence, _tone(440, 0.5)])
    spans = spectrum.find_tone_spans(sound, 440)
    assert np.asarray(spans) == pytest.approx(np.asarray([(0.5, 1.5), (3.5, 3.96)]), abs=0.03)


def test_a_lost_packet_does_not_split_a_span_and_a_click_is_none() -> None:
    sound = _tone(440, 2)
    sound[8000:8160] = 0
    assert len(spectrum.find_tone_spans(sound, 440)) == 1
    click = np.zeros(8000)
    click[4000] = 1.0
    assert spectrum.find_tone_spans(click, 440) == []
    assert spectrum.find_tone_spans(np.zeros(10), 440) == []


def test_a_steady_tone_is_one_span_also_without_a_bridge_and_one_lost_packet_is_a_hole() -> None:
    sound = _tone(440, 3)
    (whole,) = spectrum.find_tone_spans(sound, 440, bridge_s=0.0)
    assert whole == pytest.approx((0.0, 3.0), abs=0.06)
    assert spectrum.find_holes(sound) == []
    sound[8000:8160] = 0
    assert np.asarray(spectrum.find_holes(sound)) == pytest.approx(np.asarray([(1.0, 1.02)]), abs=0.011)
    sound[16000:17600] = 0
    assert len(spectrum.find_tone_spans(sound, 440, bridge_s=0.0)) == 2
    assert spectrum.find_holes(np.zeros(0)) == []


def test_noise_that_touches_the_frequency_is_no_tone() -> None:
    noise = np.random.default_rng(6).normal(0, 0.3, 16000)
    assert spectrum.find_tone_spans(noise, 440) == []


@pytest.mark.parametrize("lag", [-321, 0, 160, 2000])
def test_alignment_finds_the_lag_of_a_copy(lag: int) -> None:
    source = np.random.default_rng(7).normal(0, 0.2, 8000)
    late = np.concatenate([np.zeros(lag), source]) if lag >= 0 else source[-lag:]
    assert spectrum.alignment(late, source) == lag


def test_a_piece_of_a_loop_is_known_wherever_it_begins_and_another_sound_is_not() -> None:
    loop = np.random.default_rng(8).normal(0, 0.2, 16000)
    assert spectrum.likeness(loop[3000:7000] * 0.5, loop) == pytest.approx(1.0)
    assert spectrum.likeness(np.concatenate([loop[-1000:], loop[:1000]]), loop) == pytest.approx(1.0)
    assert spectrum.likeness(_tone(440, 0.5), loop) < 0.3
    assert spectrum.likeness(np.zeros(800), loop) == 0.0


def test_what_lies_under_a_tone_comes_out_without_it() -> None:
    under = _tone(900, 1.0, 0.02)
    rest = spectrum.without_tone(_tone(650, 1.0, 0.3) + under, 650)
    assert spectrum.level_dbfs(rest) == pytest.approx(spectrum.level_dbfs(under), abs=0.5)
    assert spectrum.tone_level_dbfs(rest, 650) < -70


def test_channels_of_an_a_law_file_come_back_apart(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    both = np.stack([_tone(440, 1), _tone(700, 1)], axis=1)
    soundfile.write(str(path), both, 8000, format="WAV", subtype="ALAW")
    (left, right), rate = spectrum.read_channels(path)
    assert rate == 8000
    assert spectrum.dominant_tone(left) == pytest.approx(440, abs=1)
    assert spectrum.dominant_tone(right) == pytest.approx(700, abs=1)


def test_a_stereo_array_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="one channel"):
        spectrum.level_dbfs(np.zeros((2, 8)))
