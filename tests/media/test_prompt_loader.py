"""Prompts that come while others play."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.commands import LoadPrompt, PlayPrompts, SetHearing, Source, SourceKind, StopPrompts
from media.events import LegRefused, PlaylistFinished
from media.g711 import LAW_A, LAW_MU, encode
from media.mixing import Mixer
from media.playlists import Playlists, UnknownPrompt
from media.prompt_loader import PromptLoader
from tests import spectrum
from tests.media.rtp_phone import Desk, Phone

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


def test_what_is_played_while_its_prompt_is_read_waits_for_it(tmp_path: Path) -> None:
    """A plane that starts anew is told of the uploads and of callers in one breath: nobody is refused for that."""
    desk = Desk()
    try:
        caller = desk.open(Phone("caller"))
        desk.do(LoadPrompt(name="storm", path=str(tone(tmp_path / "storm.flac", 620.0))))
        desk.do(PlayPrompts(leg_id="caller", playlist_id="call:1", prompts=("storm",)))
        desk.do(SetHearing(leg_id="caller", sources=(Source(kind=SourceKind.PROMPT),)))
        desk.plane._loader._thread.submit(lambda: None).result(10)
        desk.tick(50)
        [finished] = desk.told(PlaylistFinished)
        assert (finished.playlist_id, finished.completed) == ("call:1", True)
        assert not desk.told(LegRefused)
        assert spectrum.dominant_tone(caller.heard_sound() / 32768) == pytest.approx(620, abs=10)
    finally:
        desk.close()


@pytest.mark.parametrize("stop", [True, False])
def test_what_waits_for_its_prompt_can_be_stopped_and_replaced(tmp_path: Path, stop: bool) -> None:
    desk = Desk()
    try:
        desk.open(Phone("caller"))
        desk.do(LoadPrompt(name="storm", path=str(tone(tmp_path / "storm.flac", 620.0))))
        desk.do(PlayPrompts(leg_id="caller", playlist_id="call:1", prompts=("storm",)))
        desk.do(
            StopPrompts(leg_id="caller")
            if stop
            else PlayPrompts(leg_id="caller", playlist_id="call:2", prompts=("storm",))
        )
        desk.plane._loader._thread.submit(lambda: None).result(10)
        desk.tick(50)
        told = [(each.playlist_id, each.completed) for each in desk.told(PlaylistFinished)]
        assert told == ([("call:1", False)] if stop else [("call:1", False), ("call:2", True)])
    finally:
        desk.close()
