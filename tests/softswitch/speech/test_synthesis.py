"""Files of spoken texts: made once, named by what they say, by a process beside control."""

from pathlib import Path

import pytest
import soundfile

from softswitch.speech.item import Item
from softswitch.speech.synthesis import Synthesis, Voices

VOICES = Voices(chinese="cmn-latn-pinyin", english="en-us", words_per_minute=165)
HELLO = Item(kind="text", value="您好")
GOOD_DAY = Item(kind="text", language="en", value="Good day")


async def test_texts_become_prompts_and_are_made_once(tmp_path: Path) -> None:
    """A text that has its file is not made again, and the name of a replacement changes nothing."""
    synthesis = Synthesis(tmp_path / "speech", VOICES)
    assert await synthesis.make((HELLO, GOOD_DAY)) == {}
    names = {synthesis.name_of(item) for item in (HELLO, GOOD_DAY)}
    assert synthesis.made() == names and len(names) == 2
    for name in names:
        shape = soundfile.info(synthesis.path_of(name))
        assert (shape.samplerate, shape.channels, shape.subtype) == (8000, 1, "PCM_16")
        assert shape.duration > 0.2
    before = {name: synthesis.path_of(name).stat().st_mtime_ns for name in names}
    assert await synthesis.make((Item(kind="text", name="hello", value="您好"), GOOD_DAY)) == {}
    assert {name: synthesis.path_of(name).stat().st_mtime_ns for name in names} == before


def test_the_voice_and_its_pace_are_part_of_the_name(tmp_path: Path) -> None:
    """Another voice says the same text with another file."""
    others = (
        VOICES,
        Voices(chinese="yue", english="en-us", words_per_minute=165),
        Voices(chinese="cmn-latn-pinyin", english="en-us", words_per_minute=200),
    )
    assert len({Synthesis(tmp_path, voices).name_of(HELLO) for voices in others}) == 3


async def test_what_cannot_be_made_is_named_and_the_rest_is_made(tmp_path: Path) -> None:
    """One voice is unknown, the other is not."""
    synthesis = Synthesis(tmp_path, Voices(chinese="nobody", english="en-us", words_per_minute=165))
    faults = await synthesis.make((HELLO, GOOD_DAY))
    assert list(faults) == [synthesis.name_of(HELLO)] and "espeak-ng" in faults[synthesis.name_of(HELLO)]
    assert synthesis.made() == {synthesis.name_of(GOOD_DAY)}


async def test_a_machine_without_the_synthesiser_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process inherits a path on which there is none."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert "apt-get install espeak-ng" in "".join((await Synthesis(tmp_path, VOICES).make((HELLO,))).values())
