"""Prompt playlists frame by frame."""

import numpy as np
import pytest

from media.g711 import LAW_MU, encode
from media.mixing import Mixer
from media.playlists import Playlists, UnknownPrompt, encoded

ONE = np.full(320, 1000, dtype=np.int16)
TWO = np.full(160, -2000, dtype=np.int16)
NOTHING = np.zeros(0, dtype=np.int16)


def setting() -> tuple[Playlists, Mixer]:
    """Three prompts for two legs."""
    return Playlists.of(2, {"one": ONE, "two": TWO, "nothing": NOTHING}), Mixer(2, 0, {})


def test_prompts_play_one_after_the_other_without_a_gap() -> None:
    """Both laws and the linear row agree; the end is told in the tick after the last frame."""
    playlists, mixer = setting()
    playlists.start(1, "list", ("one", "nothing", "two"))
    row = mixer.prompt_base + 1
    heard = []
    for _ in range(3):
        assert playlists.advance(mixer) == []
        heard.append(int(mixer.sounds[row, 80]))
        assert np.array_equal(mixer.codes[LAW_MU * mixer.rows + row], encode(mixer.sounds[row], LAW_MU))
    assert heard == [1000, 1000, -2000]
    assert playlists.advance(mixer) == [(1, "list")]
    assert not mixer.sounds[row].any()
    assert playlists.advance(mixer) == []


def test_a_new_list_replaces_the_old_and_an_unknown_prompt_changes_nothing() -> None:
    """The replaced id comes back."""
    playlists, mixer = setting()
    assert playlists.start(0, "first", ("one",)) is None
    with pytest.raises(UnknownPrompt, match="none"):
        playlists.start(0, "bad", ("one", "none"))
    assert playlists.start(0, "second", ("two",)) == "first"
    playlists.advance(mixer)
    assert mixer.sounds[mixer.prompt_base, 0] == -2000
    assert playlists.stop(0) == "second"
    assert playlists.stop(0) is None


def test_a_list_of_nothing_ends_at_once() -> None:
    """Empty, or of empty prompts."""
    playlists, mixer = setting()
    playlists.start(0, "empty", ())
    playlists.start(1, "nothing", ("nothing",))
    assert playlists.advance(mixer) == [(0, "empty"), (1, "nothing")]


def test_what_is_dropped_gives_its_room_to_the_next_but_not_under_a_listener() -> None:
    """However many come and go: there is never more room than for those that are there or are played still."""
    playlists, mixer = setting()
    row = mixer.prompt_base
    room = set()
    for value in range(1, 50):
        playlists.put("message", encoded(np.full(800, value, dtype=np.int16)))
        playlists.start(0, "review", ("message",))
        playlists.advance(mixer)
        assert mixer.sounds[row, 0] == value
        playlists.put("other", encoded(np.full(480, -value, dtype=np.int16)))
        playlists.drop("message")
        playlists.put("message", encoded(np.full(640, 7, dtype=np.int16)))
        playlists.advance(mixer)
        assert mixer.sounds[row, 0] == value  # the one that was dropped is heard to its end
        playlists.drop("message")
        playlists.drop("other")
        room |= {len(playlists._frames)} if value > 10 else set()
    assert len(room) == 1
    playlists.start(0, "list", ("two", "one"))
    playlists.put("two", encoded(np.full(160, 5, dtype=np.int16)))
    playlists.drop("two")
    playlists.advance(mixer)
    assert mixer.sounds[row, 0] == -2000  # what came with the system is never written over


def test_a_prompt_that_goes_before_its_turn_is_passed_over() -> None:
    """The list goes on with what is there."""
    playlists, mixer = setting()
    playlists.put("message", encoded(np.full(160, 9, dtype=np.int16)))
    playlists.start(0, "list", ("one", "message", "two"))
    playlists.advance(mixer)
    playlists.drop("message")
    playlists.advance(mixer)
    playlists.advance(mixer)
    assert mixer.sounds[mixer.prompt_base, 0] == -2000
