"""Prompts playing to legs, all of them in one step a tick.

Every prompt is compressed once in both laws.  A playing leg is a cursor into one long array of frames; Python runs
for a leg only when a prompt ends, not for each frame.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from media.g711 import FRAME_SAMPLES, LAW_A, LAW_MU, Linear, encode
from media.mixing import SILENT_ROW, Mixer

Ints = npt.NDArray[np.int64]


class UnknownPrompt(Exception):
    """No prompt has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no prompt is named {name!r}")
        self.name = name


@dataclass(slots=True)
class _Playlist:
    """One leg's list: which prompts are still to come."""

    playlist_id: str
    rest: list[str]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A prompt as it is played: frames of samples, and the same in both laws."""

    frames: Linear
    codes: tuple[npt.NDArray[np.uint8], ...]


def encoded(samples: Linear) -> Encoded:
    """Whole frames of samples, ready to be played; costs some 10 ms a minute of sound."""
    frames = samples.reshape(-1, FRAME_SAMPLES)
    return Encoded(frames, tuple(encode(frames, law) for law in (LAW_A, LAW_MU)))


def _longer(rows: npt.NDArray[Any], more: int) -> npt.NDArray[Any]:
    return np.concatenate([rows, np.zeros((more, *rows.shape[1:]), dtype=rows.dtype)])


class Playlists:
    """The playlist of each leg slot; `load` fetches the samples of a prompt by name, KeyError if unknown."""

    def __init__(self, max_legs: int, names: Iterable[str], load: Callable[[str], Linear]) -> None:
        frames = [np.zeros((1, FRAME_SAMPLES), dtype=np.int16)]
        self._spans: dict[str, tuple[int, int]] = {}
        total = 1
        for name in names:
            prompt = load(name).reshape(-1, FRAME_SAMPLES)
            self._spans[name] = (total, total + len(prompt))
            total += len(prompt)
            frames.append(prompt)
        self._shipped: dict[str, tuple[int, int]] = dict(self._spans)
        self._used = total
        self._free: list[tuple[int, int]] = []  # room that prompts left, by place; none touches the next
        self._frames: Linear = np.concatenate(frames)
        self._codes = [encode(self._frames, law) for law in (LAW_A, LAW_MU)]
        self._playing: dict[int, _Playlist] = {}
        self._cursor: Ints = np.zeros(max_legs, dtype=np.int64)
        self._end: Ints = np.zeros(max_legs, dtype=np.int64)
        self._slots: Ints = np.zeros(0, dtype=np.int64)

    @classmethod
    def of(cls, max_legs: int, prompts: Mapping[str, Linear]) -> "Playlists":
        """Playlists over prompts that are at hand in a mapping."""
        return cls(max_legs, list(prompts), prompts.__getitem__)

    def put(self, name: str, prompt: "Encoded") -> None:
        """Have a prompt from now on, in place of one of its name; lists that play the old one end with it."""
        self._give_up(name)
        first, end = self._room(len(prompt.frames))
        self._frames[first:end] = prompt.frames
        for law, codes in enumerate(prompt.codes):
            self._codes[law][first:end] = codes
        self._spans[name] = (first, end)

    def drop(self, name: str) -> None:
        """Have the prompt of that name that came with the system again, or none."""
        self._give_up(name)
        if name in self._shipped:
            self._spans[name] = self._shipped[name]

    def _give_up(self, name: str) -> None:
        """The room of a prompt is free for another; that of one that came with the system is kept for it."""
        span = self._spans.pop(name, None)
        if span is None or span == self._shipped.get(name):
            return
        merged: list[tuple[int, int]] = []
        for first, end in sorted((*self._free, span)):
            if merged and merged[-1][1] == first:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((first, end))
        self._free = merged

    def _room(self, length: int) -> tuple[int, int]:
        """Room for so many frames: what others left and nobody plays any more, else at the end."""
        played_to = sorted(set(self._end[self._slots].tolist()))
        for place, (left, right) in enumerate(self._free):
            for first in (left, *(end for end in played_to if left < end < right)):
                end = first + length
                if end <= right and not self._is_playing(first, end):
                    kept = ((left, first), (end, right))
                    self._free[place : place + 1] = [room for room in kept if room[0] < room[1]]
                    return first, end
        first, end = self._used, self._used + length
        if end > len(self._frames):
            more = max(end, 2 * len(self._frames)) - len(self._frames)
            self._frames = _longer(self._frames, more)
            self._codes = [_longer(codes, more) for codes in self._codes]
        self._used = end
        return first, end

    def _is_playing(self, first: int, end: int) -> bool:
        """Whether a list has frames of this room still to come."""
        slots = self._slots
        cursors, ends = self._cursor[slots], self._end[slots]
        return bool(((cursors < ends) & (ends > first) & (cursors < end)).any())

    def start(self, slot: int, playlist_id: str, names: tuple[str, ...]) -> str | None:
        """Begin a list with the next tick; returns the id of the list that it replaced.

        Raises `UnknownPrompt` before anything changed.
        """
        for name in names:
            if name not in self._spans:
                raise UnknownPrompt(name)
        replaced = self._playing.get(slot)
        self._playing[slot] = _Playlist(playlist_id, list(names))
        self._cursor[slot] = self._end[slot] = 0
        self._slots = np.array(sorted(self._playing), dtype=np.int64)
        return replaced.playlist_id if replaced else None

    def playing(self, slot: int) -> str:
        """The id of the list that plays, empty for none."""
        playing = self._playing.get(slot)
        return playing.playlist_id if playing else ""

    def stop(self, slot: int) -> str | None:
        """Forget a list; returns its id.  Its row falls silent with the next `advance`, or by `Mixer`."""
        stopped = self._playing.pop(slot, None)
        self._slots = np.array(sorted(self._playing), dtype=np.int64)
        return stopped.playlist_id if stopped else None

    def advance(self, mixer: Mixer) -> list[tuple[int, str]]:
        """Put one frame of every list into its prompt row; returns (slot, playlist id) of lists at their end."""
        finished: list[tuple[int, str]] = []
        slots = self._slots
        if not slots.size:
            return finished
        for slot in slots[self._cursor[slots] == self._end[slots]].tolist():
            if not self._next_prompt(slot):
                playlist_id = self.stop(slot)
                finished.append((slot, playlist_id or ""))
                self.silence(slot, mixer)
        slots = self._slots
        if slots.size:
            at = self._cursor[slots]
            rows = mixer.prompt_base + slots
            mixer.sounds[rows] = self._frames[at]
            for law in (LAW_A, LAW_MU):
                mixer.codes[law * mixer.rows + rows] = self._codes[law][at]
            self._cursor[slots] = at + 1
        return finished

    def _next_prompt(self, slot: int) -> bool:
        """Set the cursor to the next prompt that has any frames and is there still; False at the end of the list."""
        rest = self._playing[slot].rest
        while rest:
            first, end = self._spans.get(rest.pop(0), (0, 0))
            if first < end:
                self._cursor[slot], self._end[slot] = first, end
                return True
        return False

    @staticmethod
    def silence(slot: int, mixer: Mixer) -> None:
        """Make a prompt row silent, linear and in both laws."""
        row = mixer.prompt_base + slot
        mixer.sounds[row] = 0
        for law in (LAW_A, LAW_MU):
            mixer.codes[law * mixer.rows + row] = mixer.codes[law * mixer.rows + SILENT_ROW]
