"""Texts for a voice made into WAV files: `media.speak` runs beside control, bounded in time."""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from softswitch.settings.flows import FlowSettings
from softswitch.speech.item import ENGLISH, Item

EDITION: Final = "1"
"""Of the way in which `media.speak` makes sound: another one makes every text anew."""

AT_ONCE: Final = 8
"""Texts that one process makes, one after the other."""

PATIENCE_S: Final = 60.0
NAME: Final = "speech_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Who speaks, and how fast."""

    chinese: str
    english: str
    words_per_minute: int

    def of(self, item: Item) -> str:
        """The voice that speaks a text."""
        return self.english if item.language == ENGLISH else self.chinese


def voices_of(settings: FlowSettings) -> Voices:
    """The voices that the settings name."""
    return Voices(
        chinese=settings.voice, english=settings.voice_en, words_per_minute=settings.words_per_minute
    )


class Synthesis:
    """Makes the files of one folder, each named by what it says and how."""

    def __init__(self, folder: Path, voices: Voices) -> None:
        self._folder = folder
        self._voices = voices

    def name_of(self, item: Item) -> str:
        """The name of the prompt that says this text: the same text by the same voice has the same."""
        said = "\0".join((EDITION, self._voices.of(item), str(self._voices.words_per_minute), item.value))
        return f"{NAME}{hashlib.sha256(said.encode()).hexdigest()[:32]}"

    def path_of(self, name: str) -> Path:
        """The file of a prompt."""
        return self._folder / f"{name}.wav"

    def made(self) -> frozenset[str]:
        """The names of all prompts whose file is there.  Blocks."""
        return frozenset(path.stem for path in self._folder.glob(f"{NAME}*.wav"))

    async def make(self, items: Sequence[Item]) -> dict[str, str]:
        """Make the files of texts that have none; returns the reason, by name, for each that could not be made."""
        faults: dict[str, str] = {}
        there = await asyncio.to_thread(self.made)
        missing = {name: item for item in items if (name := self.name_of(item)) not in there}
        names = list(missing)
        for first in range(0, len(names), AT_ONCE):
            faults |= await self._work({name: missing[name] for name in names[first : first + AT_ONCE]})
        return faults

    async def _work(self, missing: dict[str, Item]) -> dict[str, str]:
        orders = [
            {
                "path": str(self.path_of(name)),
                "text": item.value,
                "voice": self._voices.of(item),
                "words_per_minute": self._voices.words_per_minute,
            }
            for name, item in missing.items()
        ]
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
            async with asyncio.timeout(PATIENCE_S):
                told = await _worker(json.dumps(orders).encode())
            faults = json.loads(told)
        except TimeoutError:
            return dict.fromkeys(missing, "合成耗时过长 / the speech takes too long")
        except (OSError, ValueError) as fault:
            return dict.fromkeys(missing, f"合成失败 / the speech failed: {type(fault).__name__}")
        return {Path(path).stem: reason for path, reason in faults.items()}


async def _worker(orders: bytes) -> bytes:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "media.speak"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        told, _ = await worker.communicate(orders)
        return told
    finally:
        if worker.returncode is None:
            with suppress(ProcessLookupError):  # with espeak-ng, which is its child
                os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
