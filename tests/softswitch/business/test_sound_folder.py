"""Uploaded announcements inside a business file: what one machine gave out is whole on another."""

import base64
import copy
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.schemas import InvalidRequest
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import from_file
from softswitch.business.sound_folder import SoundFolder
from softswitch.store.business import StoredVersions
from softswitch.store.reader import Reader
from tests.softswitch.business.conftest import MACHINE, NOW, city_file
from tests.softswitch.business.test_prompt_shelf import sound
from tests.softswitch.store.samples import open_store

WHO: dict[str, Any] = {"expected": None, "by": "li", "reason": "test"}


async def city(stack: AsyncExitStack, folder: Path) -> BusinessDesk:
    """The example city on a machine of its own."""
    folder.mkdir()
    sounds = SoundFolder(folder / "prompts")
    store = await open_store(folder)
    stack.push_async_callback(store.close)
    reader = await Reader.open(folder / "hotline.db", store.committed)
    stack.push_async_callback(reader.close)
    machine = replace(MACHINE, has_sound=lambda sha256: sounds.path_of(sha256).is_file())
    desk = BusinessDesk(store, StoredVersions(reader), machine, lambda: NOW)
    desk.sounds = sounds
    await desk.open(from_file(city_file()))
    return desk


@pytest.fixture
async def cities(tmp_path: Path) -> AsyncIterator[tuple[BusinessDesk, BusinessDesk]]:
    """One that plays a notice of its own, and another that has never heard of it."""
    async with AsyncExitStack() as stack:
        one, other = await city(stack, tmp_path / "one"), await city(stack, tmp_path / "other")
        assert one.sounds is not None
        sha256, duration_s = await one.sounds.keep(sound(700))
        notice = {"id": "storm", "title": "台风", "sha256": sha256, "duration_s": duration_s}
        await one.put("prompts", "storm", notice, **WHO)
        yield one, other


async def test_a_business_with_its_sounds_is_whole_on_another_machine(
    cities: tuple[BusinessDesk, BusinessDesk],
) -> None:
    one, other = cities
    file = await one.export()
    tried = await other.load(copy.deepcopy(file), dry_run=True, **WHO)
    assert [change.id for change in tried.changes] == ["storm"]
    await other.load(file, dry_run=False, **WHO)
    assert await other.export() == file
    [prompt] = other.business.prompts
    assert one.sounds is not None
    assert other.sounds is not None
    heard = other.sounds.path_of(prompt.sha256).read_bytes()
    assert heard == one.sounds.path_of(prompt.sha256).read_bytes()
    assert hashlib.sha256(heard).hexdigest() == prompt.sha256


@pytest.mark.parametrize(
    ("enclosed", "wrong"),
    [
        ("no sounds", "prompts.storm.sha256"),
        ([], "sounds"),
        ("%%%", "sounds."),
        (7, "sounds."),
        (base64.b64encode(b"no sound at all").decode(), "sounds."),
        (base64.b64encode(sound(900)).decode(), "sounds."),
    ],
)
async def test_sounds_that_are_missing_or_not_what_they_say_are_refused(
    cities: tuple[BusinessDesk, BusinessDesk], enclosed: Any, wrong: str
) -> None:
    """With the place and the rule in both languages; nothing of the file is taken."""
    one, other = cities
    file = await one.export()
    [sha256] = file["sounds"]
    if enclosed == "no sounds":
        del file["sounds"]
    else:
        file["sounds"] = enclosed if enclosed == [] else {sha256: enclosed}
    with pytest.raises(InvalidRequest) as refused:
        await other.load(file, dry_run=False, **WHO)
    [fault] = refused.value.faults
    assert fault.field.startswith(wrong)
    assert " / " in fault.detail
    assert other.version == 1


async def test_a_sound_that_no_document_names_is_not_kept(
    cities: tuple[BusinessDesk, BusinessDesk],
) -> None:
    one, other = cities
    file = await one.export()
    file["documents"]["prompts"] = []
    await other.load(file, dry_run=False, **WHO)
    assert other.sounds is not None
    [sha256] = file["sounds"]
    assert not other.sounds.path_of(sha256).exists()
