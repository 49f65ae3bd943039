"""Prompts that come while others play."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.g711 import LAW_A, LAW_MU, encode
from media.mixing import Mixer
from media.playlists import Playlists, UnknownPrompt
from media.prompt_loader import PromptLoader
from tests import spectrum

OLD = np.full(320, 1000, dtype=np.int16)


def tone(path: Path, hz: float, rate: int = 44100) -> Path:
    """Half a second of a tone, in stereo."""
    wave = 0.5 * np.sin(2 * np.pi * hz * np.arange(rate // 2) / rate)
    soundfile.write(path, np.stack([wave, wave], axis=1), rate)
    return path


def taken_in(loader: PromptLoader) -> list[tuple[str, str]]:
    """What cannot be used, once all that was asked for is read."""
    loader._thread.submit(lambda: None).result(10)
    return list(loader.take_in())


def heard(playlists: Playlists, mixer: Mixer, name: str) -> np.ndarray:
    """A prompt as a leg hears it, in all three forms."""
    playlists.start(0, "list", (name,))
    frames = []
    while not playlists.advance(mixer):
        row = mixer.prompt_base
        for law in (LAW_A, LAW_MU):
            assert np.array_equal(mixer.codes[law * mixer.rows + row], encode(mixer.sounds[row], law))
        frames.append(mixer.sounds[row].copy())
    return np.concatenate(frames) / 32768


def test_a_new_prompt_is_heard_one_that_is_replaced_too_and_one_that_is_dropped_as_before(
    tmp_path: Path,
) -> None:
    playlists, mixer = Playlists.of(2, {"old": OLD}), Mixer(2, 0, {})
    loader = PromptLoader(playlists)
    for name, hz in (("new", 400.0), ("old", 1000.0)):
        loader.load(name, str(tone(tmp_path / f"{name}.flac", hz)))
    assert taken_in(loader) == []
    assert spectrum.dominant_tone(heard(playlists, mixer, "new")) == pytest.approx(400, abs=5)
    assert spectrum.dominant_tone(heard(playlists, mixer, "old")) == pytest.approx(1000, abs=5)
    loader.drop("old")
    loader.drop("new")
    assert taken_in(loader) == []
    assert np.array_equal(heard(playlists, mixer, "old") * 32768, OLD)
    with pytest.raises(UnknownPrompt):
        playlists.start(0, "list", ("new",))


def test_a_list_that_plays_goes_on_with_what_it_began(tmp_path: Path) -> None:
    """The array of all sounds moves under it when there is no room."""
    playlists, mixer = Playlists.of(2, {"old": OLD}), Mixer(2, 0, {})
    loader = PromptLoader(playlists)
    playlists.start(1, "list", ("old",))
    playlists.advance(mixer)
    loader.load("old", str(tone(tmp_path / "t.wav", 400)))
    taken_in(loader)
    playlists.advance(mixer)
    assert int(mixer.sounds[mixer.prompt_base + 1, 80]) == 1000
    assert playlists.advance(mixer) == [(1, "list")]


def test_what_is_no_sound_is_told_and_the_old_one_stays(tmp_path: Path) -> None:
    playlists, mixer = Playlists.of(2, {"old": OLD}), Mixer(2, 0, {})
    loader = PromptLoader(playlists)
    (tmp_path / "x.wav").write_bytes(b"RIFF no sound")
    loader.load("old", str(tmp_path / "x.wav"))
    [(path, reason)] = taken_in(loader)
    assert path.endswith("x.wav")
    assert " / " in reason
    assert len(heard(playlists, mixer, "old")) == 320


def test_a_file_that_is_had_is_not_read_again(tmp_path: Path) -> None:
    playlists = Playlists.of(2, {})
    loader = PromptLoader(playlists)
    path = tone(tmp_path / "t.wav", 400)
    loader.load("new", str(path))
    taken_in(loader)
    room = len(playlists._frames)
    for _ in range(20):
        loader.load("new", str(path))
    taken_in(loader)
    assert len(playlists._frames) == room
