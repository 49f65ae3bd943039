"""Items in the order of a key, in chunks.

What is wanted of a waiting line and of a list of free agents is the same: the first, all in order from the front,
how many are before one, and joining or leaving anywhere at a cost that does not grow with the length (it grows
with its square root, and at a hundred thousand that is some microseconds).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Key = tuple[Any, ...]

_LONGEST_CHUNK = 512


class Ranking(Generic[Item]):
    """Items by key, smallest first.  Keys are tuples of one shape and must be unique."""

    def __init__(self) -> None:
        """Begin empty."""
        self._chunks: list[list[tuple[Key, Item]]] = []  # none of them empty
        self._lasts: list[Key] = []  # the last key of each chunk
        self._length = 0

    def add(self, key: Key, item: Item) -> None:
        """Put an item in its place; raises `ValueError` when the key is taken."""
        if not self._chunks:
            self._chunks.append([(key, item)])
            self._lasts.append(key)
            self._length = 1
            return
        # Mostly items join at the end: then bisect finds no chunk, and the last one is the place.
        index = min(bisect_left(self._lasts, key), len(self._chunks) - 1)
        chunk = self._chunks[index]
        place = bisect_left(chunk, key, key=_key_of)
        if place < len(chunk) and chunk[place][0] == key:
            raise ValueError(f"key {key!r} is taken")
        chunk.insert(place, (key, item))
        self._lasts[index] = chunk[-1][0]
        self._length += 1
        if len(chunk) > _LONGEST_CHUNK:
            half = len(chunk) // 2
            self._chunks[index : index + 1] = [chunk[:half], chunk[half:]]
            self._lasts[index : index + 1] = [chunk[half - 1][0], chunk[-1][0]]

    def remove(self, key: Key) -> None:
        """Take an item out; raises `KeyError`."""
        index, place = self._find(key)
        chunk = self._chunks[index]
        del chunk[place]
        self._length -= 1
        if chunk:
            self._lasts[index] = chunk[-1][0]
        else:
            del self._chunks[index]
            del self._lasts[index]

    def count_while(self, holds: Callable[[Item], bool]) -> int:
        """How many items a condition holds for that holds for the first ones and no others."""
        chunks = self._chunks
        whole = bisect_left(chunks, True, key=lambda chunk: not holds(chunk[-1][1]))
        count = sum(len(chunk) for chunk in chunks[:whole])
        if whole < len(chunks):
            count += bisect_left(chunks[whole], True, key=lambda entry: not holds(entry[1]))
        return count

    def _find(self, key: Key) -> tuple[int, int]:
        index = bisect_left(self._lasts, key)
        if index < len(self._chunks):
            chunk = self._chunks[index]
            place = bisect_left(chunk, key, key=_key_of)
            if chunk[place][0] == key:
                return index, place
        raise KeyError(key)

    def __iter__(self) -> Iterator[Item]:
        """Every item in order.  The ranking must not change meanwhile."""
        for chunk in self._chunks:
            for _, item in chunk:
                yield item

    def __len__(self) -> int:
        """How many."""
        return self._length


def _key_of(entry: tuple[Key, Any]) -> Key:
    return entry[0]
