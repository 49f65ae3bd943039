"""Announcements and music from files: decoded alike, replaced by later folders, all faults in one go."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from media.g711 import FRAME_SAMPLES
from media.prompts import PROMPT_MOST_S, PromptBank, PromptFaults
from tests.media.rtp_phone import level_of

FOLDER = Path(__file__).parents[2] / "config"


def tone(frequency_hz: float, seconds: float, rate_hz: int = 8000) -> npt.NDArray[np.float64]:
    """A sine of half the full scale."""
    return np.asarray(0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz))


@pytest.fixture(name="music")
def _music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    soundfile.write(str(folder / "waiting.wav"), tone(440, 1), 8000)
    return folder


@pytest.fixture(name="prompts")
def _prompts(tmp_path: Path) -> Path:
    folder = tmp_path / "prompts"
    folder.mkdir()
    soundfile.write(str(folder / "welcome.wav"), tone(700, 0.5), 8000)
    return folder


def test_what_is_8_khz_already_is_taken_to_the_bit(prompts: Path, music: Path) -> None:
    """Only silence is appended, up to a whole frame; nobody can write into it."""
    samples = np.random.default_rng(1).integers(-32768, 32768, 1000).astype(np.int16)
    soundfile.write(str(prompts / "noise.wav"), samples, 8000, subtype="PCM_16")
    sound = PromptBank.load([prompts], music).prompt("noise")
    assert sound.dtype == np.int16 and len(sound) == 7 * FRAME_SAMPLES
    assert np.array_equal(sound[:1000], samples) and not sound[1000:].any()
    with pytest.raises(ValueError, match="read-only"):
        sound[0] = 1


@pytest.mark.parametrize("rate_hz", [6000, 11025, 16000, 22050, 44100, 48000])
def test_other_rates_and_stereo_become_8_khz_mono(prompts: Path, music: Path, rate_hz: int) -> None:
    """The tone keeps its pitch, its level and its length; what telephones cannot carry is gone."""
    heard = tone(1000, 1, rate_hz)
    unheard = tone(5000, 1, rate_hz) if rate_hz > 10000 else np.zeros_like(heard)
    soundfile.write(str(prompts / "tone.wav"), np.stack([heard, unheard], axis=1), rate_hz, subtype="FLOAT")
    sound = PromptBank.load([prompts], music).prompt("tone")
    assert len(sound) == 8000
    assert level_of(sound[800:7200], 1000) == pytest.approx(32768 / 4, rel=0.02)
    assert level_of(sound[800:7200], 3000) < 20


def test_a_loop_of_any_length_keeps_its_seam(prompts: Path, music: Path) -> None:
    """100 turns of a sine in 0.2273 s at 44.1 kHz: as whole frames still a sine without a step."""
    samples = 10_023
    turns = 0.5 * np.sin(2 * np.pi * 100 * np.arange(samples) / samples)
    soundfile.write(str(music / "turns.wav"), turns, 44100, subtype="FLOAT")
    sound = PromptBank.load([prompts], music).music("turns").astype(np.float64)
    assert len(sound) == 11 * FRAME_SAMPLES
    expected = 16384 * np.sin(2 * np.pi * 100 * np.arange(len(sound)) / len(sound))
    assert np.abs(sound - expected).max() < 2


def test_a_later_folder_replaces_single_prompts(prompts: Path, music: Path, tmp_path: Path) -> None:
    """A city speaks its own welcome, and has the rest from us."""
    own = tmp_path / "own"
    own.mkdir()
    soundfile.write(str(own / "welcome.wav"), tone(1500, 0.3), 8000)
    soundfile.write(str(prompts / "goodbye.wav"), tone(700, 0.2), 8000)
    bank = PromptBank.load([prompts, own], music, {"welcome", "goodbye"})
    assert bank.names() == ("goodbye", "welcome") and bank.music_names() == ("waiting",)
    assert level_of(bank.prompt("welcome"), 1500) > 10_000


def test_a_broken_file_that_a_later_folder_replaces_does_no_harm(
    prompts: Path, music: Path, tmp_path: Path
) -> None:
    """It is not even read."""
    (prompts / "goodbye.wav").write_bytes(b"junk")
    own = tmp_path / "own"
    own.mkdir()
    soundfile.write(str(own / "goodbye.wav"), tone(1500, 0.3), 8000)
    assert len(PromptBank.load([prompts, own], music).prompt("goodbye")) == 2400


def test_every_fault_is_named_at_once(prompts: Path, music: Path, tmp_path: Path) -> None:
    """Missing, junk, empty, too long, not a number, no folder, broken music; each once, each by its path."""
    (prompts / "junk.wav").write_bytes(b"this is not a sound" * 20)
    (prompts / "nothing.wav").write_bytes(b"")
    soundfile.write(str(prompts / "empty.wav"), np.zeros(0), 8000)
    soundfile.write(str(prompts / "long.wav"), np.zeros(round((PROMPT_MOST_S + 1) * 8000)), 8000)
    soundfile.write(str(prompts / "nan.wav"), np.full(800, np.nan), 8000, subtype="FLOAT")
    soundfile.write(str(prompts / "slow.wav"), np.zeros(100), 1000)
    (prompts / "folder.wav").mkdir()
    (music / "bad.wav").write_bytes(b"RIFF")
    (prompts / "notes.txt").write_text("not a sound, and nobody asks", encoding="utf-8")
    (prompts / "._welcome.wav").write_bytes(b"left by another system")
    nowhere = tmp_path / "nowhere"
    with pytest.raises(PromptFaults) as caught:
        PromptBank.load([prompts, nowhere], music, {"welcome", "goodbye", "junk"})
    paths = [fault.path for fault in caught.value.faults]
    names = ["junk", "nothing", "empty", "long", "nan", "slow", "folder"]
    expected = [nowhere, *(prompts / f"{name}.wav" for name in names)]
    assert sorted(paths) == sorted([*expected, music / "bad.wav", nowhere / "goodbye.wav"])
    assert all(str(path) in str(caught.value) for path in paths)
    assert all(fault.reason for fault in caught.value.faults)


def test_an_unknown_name_is_a_key_error(prompts: Path, music: Path) -> None:
    """Music and prompts have names of their own."""
    bank = PromptBank.load([prompts], music)
    with pytest.raises(KeyError):
        bank.prompt("waiting")
    with pytest.raises(KeyError):
        bank.music("welcome")


def test_the_sounds_that_come_with_the_system_are_alike_and_begin_at_once() -> None:
    """None clips, none begins or ends in long silence, all are about as loud; a digit is short."""
    bank = PromptBank.load([FOLDER / "prompts" / "zh"], FOLDER / "music")
    for name in bank.names():
        sound = bank.prompt(name).astype(np.float64) / 32768
        loud = np.flatnonzero(np.abs(sound) > 0.01)
        assert loud[0] < 800 and len(sound) - loud[-1] < 1200, name
        assert np.abs(sound).max() < 0.97, name
        spoken = sound[np.abs(sound) > 0.004]
        assert 10 * np.log10(np.mean(spoken**2)) == pytest.approx(-20, abs=3), name
        if name.startswith(("digit_", "n_")):
            assert len(sound) < 0.7 * 8000, name
