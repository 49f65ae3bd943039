"""Prompts that come while the plane runs: read and encoded beside the tick, taken in between two of its frames."""

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from media.playlists import Encoded, Playlists, encoded
from media.prompts import UnusableSound, prompt_of


class PromptLoader:
    """One thread that reads, one deque that it fills."""

    def __init__(self, playlists: Playlists) -> None:
        """Nothing is read yet; the thread starts with the first file."""
        self._playlists = playlists
        self._had: dict[str, str] = {}
        self._thread = ThreadPoolExecutor(1, "prompts", initializer=_yield_to_the_tick)
        self._asked: Counter[str] = Counter()  # by name, until taken in
        self._read: deque[tuple[str, str, Encoded | str | None]] = deque()

    def load(self, name: str, path: str) -> None:
        """Have the file's sound as this prompt as soon as it is read; in the order in which this was asked for.

        A control that comes back asks for all of them again: a path that is had already is not read twice.
        """
        if self._had.get(name) != path:
            self._had[name] = path
            self._asked[name] += 1
            self._thread.submit(self._load, name, path)

    def drop(self, name: str) -> None:
        """Have the prompt that came with the system again, or none; in its turn."""
        self._had.pop(name, None)
        self._asked[name] += 1
        self._thread.submit(lambda: self._read.append((name, "", None)))

    def is_reading(self, names: Iterable[str]) -> bool:
        """Whether one of these prompts is about to be another one, or to be there at all."""
        return any(self._asked[name] > 0 for name in names)

    def take_in(self) -> Iterator[tuple[str, str]]:
        """Take in what was read, once a tick; path and reason of each file that cannot be used."""
        while self._read:
            name, path, found = self._read.popleft()
            self._asked[name] -= 1
            if isinstance(found, Encoded):
                self._playlists.put(name, found)
            elif found is None:
                self._playlists.drop(name)
            else:
                yield path, found

    def _load(self, name: str, path: str) -> None:
        try:
            self._read.append((name, path, encoded(prompt_of(Path(path)))))
        except UnusableSound as fault:
            self._read.append((name, path, str(fault)))


def _yield_to_the_tick() -> None:
    """This thread has time, whatever precedence its process has (Linux sets it by thread)."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
