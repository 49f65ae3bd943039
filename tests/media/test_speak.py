"""Texts that a voice speaks, by the real espeak-ng."""

import numpy as np
import pytest

from media.speak import LEVEL_DBFS, Unspoken, speech_of
from tests import spectrum

VOICE = "cmn-latn-pinyin"


def test_a_text_is_speech_of_its_length_at_the_level_of_the_other_prompts() -> None:
    """Twice the text is about twice the sound, and none of it is silence for long."""
    once, twice = (speech_of("您好，欢迎致电。" * times, VOICE, 165) for times in (1, 2))
    assert 0.8 < len(once) / 8000 < 3.0
    assert 1.6 < len(twice) / len(once) < 2.6
    level = spectrum.level_dbfs(np.rint(once * 32767).astype(np.int16))
    assert LEVEL_DBFS - 5 < level < LEVEL_DBFS + 1
    assert np.abs(once).max() <= 0.9


def test_voices_and_their_pace_differ() -> None:
    """The same words by another voice and faster are another sound."""
    slow, fast = (speech_of("good morning everybody", "en-us", pace) for pace in (100, 250))
    assert len(slow) > 1.5 * len(fast)


@pytest.mark.parametrize(("text", "voice"), [("您好", "nobody"), ("。", VOICE), ("", VOICE)])
def test_what_cannot_be_spoken_says_so(text: str, voice: str) -> None:
    """An unknown voice, and texts without a sound."""
    with pytest.raises(Unspoken, match="/"):
        speech_of(text, voice, 165)


def test_without_the_synthesiser_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what has to be installed."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unspoken, match="apt-get install espeak-ng"):
        speech_of("您好", VOICE, 165)
