"""Texts of the business and of calls: made before they are needed or as they are said, replaced, bounded."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.schemas import InvalidRequest
from media import commands
from softswitch.business.desk import BusinessDesk
from softswitch.flows.spoken import prompts_of
from softswitch.speech.desk import SpeechDesk
from softswitch.speech.item import item_of
from softswitch.speech.synthesis import Synthesis, Voices
from tests.softswitch.business.conftest import desk

__all__ = ["desk"]


class Hotline:
    """The texts of a hotline, what the plane was told, and the sounds of the operators."""

    def __init__(
        self, folder: Path, voice: str = "cmn-latn-pinyin", timeout_s: float = 20.0, **bounds: int
    ) -> None:
        """In a folder of its own."""
        self.told: list[commands.Command] = []
        self.sounds: set[str] = set()
        self.synthesis = Synthesis(folder, Voices(chinese=voice, english="en-us", words_per_minute=165))
        self.desk = SpeechDesk(
            self.synthesis, self.told.append, self.sounds.__contains__, timeout_s=timeout_s, **bounds
        )

    async def said(self, *written: str) -> tuple[str, ...]:
        """What is played for this, once it is made."""
        heard: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
        self.desk.say(written, heard.set_result)
        return await heard

    def name(self, written: str) -> str:
        """The prompt of a text."""
        item = item_of(written)
        assert item is not None
        return self.synthesis.name_of(item)

    def loaded(self) -> list[str]:
        """The names that the plane has been told to load."""
        return [each.name for each in self.told if isinstance(each, commands.LoadPrompt)]


@pytest.fixture
async def hotline(tmp_path: Path) -> AsyncIterator[Hotline]:
    """With a voice."""
    made = Hotline(tmp_path / "speech")
    yield made
    await made.desk.close()


def flow_of(*say: str) -> dict[str, Any]:
    """A flow that says it."""
    return {"id": "storm", "start": "a", "nodes": {"a": {"type": "hang_up", "say": list(say)}}}


async def put(desk: BusinessDesk, *say: str) -> None:
    """A new flow."""
    await desk.put("flows", "storm", flow_of(*say), expected=None, by="chen", reason="")


async def test_a_flow_is_spoken_before_it_is_taken(hotline: Hotline, desk: BusinessDesk) -> None:
    """The plane has its text at once; a plane that starts anew is told again; texts with data wait for a call."""
    desk.prepare, desk.take = hotline.desk.faults, lambda business, _c, _v: hotline.desk.take(business)
    await put(desk, "text:台风预警", "text:{caller}您好")
    name = hotline.name("text:台风预警")
    assert hotline.loaded() == [name] and hotline.synthesis.made() == {name}
    assert await hotline.said("welcome", "text:台风预警") == ("welcome", name)
    hotline.desk.tell_all()
    assert hotline.loaded() == [name, name]


async def test_a_flow_that_cannot_be_spoken_is_refused_with_its_place(
    tmp_path: Path, desk: BusinessDesk
) -> None:
    """Nothing of it is taken."""
    hotline = Hotline(tmp_path / "speech", voice="nobody")
    desk.prepare = hotline.desk.faults
    with pytest.raises(InvalidRequest) as refused:
        await put(desk, "text:台风预警")
    assert [fault.field for fault in refused.value.faults] == ["flows.storm.nodes.a.say"]
    assert "espeak-ng" in refused.value.faults[0].detail
    assert desk.version == 1


async def test_a_text_with_data_is_made_for_the_call_and_kept(hotline: Hotline) -> None:
    """Many who need it at once have it made once; afterwards it is there at once."""
    [text] = prompts_of(("text:{name}您好",), {"name": "王先生"})
    assert await asyncio.gather(*(hotline.said(text) for _ in range(5))) == [(hotline.name(text),)] * 5
    assert hotline.loaded() == [hotline.name(text)]
    heard: list[tuple[str, ...]] = []
    hotline.desk.say(("welcome", text), heard.append)
    assert heard == [("welcome", hotline.name(text))]


async def test_what_cannot_be_said_in_time_is_left_out(tmp_path: Path) -> None:
    """The rest of the announcement is heard; neither a slow nor a missing voice keeps a caller waiting."""
    for hotline in (Hotline(tmp_path / "a", voice="nobody"), Hotline(tmp_path / "b", timeout_s=0.0)):
        assert await hotline.said("welcome", "text:您好", "goodbye") == ("welcome", "goodbye")
        await hotline.desk.close()


async def test_a_sound_of_the_operators_goes_before_the_voice(hotline: Hotline) -> None:
    """It is heard once it is there, and the voice again once it is gone."""
    hotline.sounds.add("hello")
    assert await hotline.said("text@hello:您好") == ("hello",)
    hotline.sounds.clear()
    assert await hotline.said("text@hello:您好") == (hotline.name("text:您好"),)


async def test_texts_of_calls_are_bounded(tmp_path: Path) -> None:
    """Who was said longest ago goes, from the plane and from the disk; and no more are made at once than there is room."""
    hotline = Hotline(tmp_path / "speech", kept_most=2, making_most=2)
    first, second, third = "text/en:one", "text/en:two", "text/en:three"
    await hotline.said(first)
    await hotline.said(second)
    await hotline.said(first)
    await hotline.said(third)
    await hotline.desk.close()
    assert commands.DropPrompt(name=hotline.name(second)) in hotline.told
    many = await asyncio.gather(*(hotline.said(f"text/en:number {each}") for each in range(4)))
    assert sorted(map(len, many)) == [0, 0, 1, 1]
    await hotline.desk.close()


async def test_a_start_makes_what_was_lost_and_removes_what_was_of_calls(
    hotline: Hotline, desk: BusinessDesk
) -> None:
    """Speech is made of the business: its folder need not be saved."""
    await put(desk, "text:台风预警")
    await hotline.said("text:王先生您好")
    again = Hotline(hotline.synthesis.path_of("x").parent)
    again.desk.open(desk.business)
    async with asyncio.timeout(20):
        while again.synthesis.made() != {again.name("text:台风预警")} or not again.loaded():
            await asyncio.sleep(0.02)
    assert again.loaded() == [again.name("text:台风预警")]
    assert commands.DropPrompt(name=again.name("text:王先生您好")) in again.told
    await again.desk.close()
