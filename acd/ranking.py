"""Items in the order of a key, in chunks.

What is wanted of a waiting line and of a list of free agents is the same: the first, all in order from the front,
how many are before one, and joining or leaving anywhere at a cost that does not grow with the length (it grows
with its square root, and at a hundred thousand that is some microseconds).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Key = tuple[Any, ...]

_LONGEST_CHUNK = 512


class Ranking(Generic[Item]):
    """Items by key, smallest first.  Keys are tuples of one shape and must be unique.

    Keys and items lie in lists of their own, side by side, so that the search compares keys and nothing else.
    """

    __slots__ = ("_items", "_keys", "_lasts", "_length")

    def __init__(self) -> None:
        """Begin empty."""
        self._keys: list[list[Key]] = []  # chunks, none of them empty
        self._items: list[list[Item]] = []
        self._lasts: list[Key] = []  # the last key of each chunk
        self._length = 0

    def add(self, key: Key, item: Item) -> None:
        """Put an item in its place; raises `ValueError` when the key is taken."""
        if not self._length:
            self._keys.append([key])
            self._items.append([item])
            self._lasts.append(key)
            self._length = 1
            return
        index = bisect_left(self._lasts, key)
        if index == len(self._lasts):  # mostly items join at the end
            index -= 1
            keys, items = self._keys[index], self._items[index]
            keys.append(key)
            items.append(item)
            self._lasts[index] = key
        else:
            keys, items = self._keys[index], self._items[index]
            place = bisect_left(keys, key)
            if keys[place] == key:
                raise ValueError(f"key {key!r} is taken")
            keys.insert(place, key)
            items.insert(place, item)
        self._length += 1
        if len(keys) > _LONGEST_CHUNK:
            half = len(keys) // 2
            self._keys[index : index + 1] = [keys[:half], keys[half:]]
            self._items[index : index + 1] = [items[:half], items[half:]]
            self._lasts[index : index + 1] = [keys[half - 1], keys[-1]]

    def remove(self, key: Key) -> None:
        """Take an item out; raises `KeyError`."""
        index = bisect_left(self._lasts, key)
        if index == len(self._lasts):
            raise KeyError(key)
        keys = self._keys[index]
        place = bisect_left(keys, key)
        if keys[place] != key:
            raise KeyError(key)
        del keys[place]
        del self._items[index][place]
        self._length -= 1
        if not keys:
            del self._keys[index]
            del self._items[index]
            del self._lasts[index]
        elif place == len(keys):
            self._lasts[index] = keys[-1]

    @property
    def first(self) -> Item:
        """The item with the smallest key; there must be one."""
        return self._items[0][0]

    def head(self, most: int) -> list[Item]:
        """The first items, so many at most."""
        return list(islice(self, most))

    def count_while(self, holds: Callable[[Item], bool]) -> int:
        """How many items a condition holds for that holds for the first ones and no others."""
        chunks = self._items
        whole = bisect_left(chunks, True, key=lambda chunk: not holds(chunk[-1]))
        count = sum(len(chunk) for chunk in chunks[:whole])
        if whole < len(chunks):
            count += bisect_left(chunks[whole], True, key=lambda item: not holds(item))
        return count

    def __iter__(self) -> Iterator[Item]:
        """Every item in order.  The ranking must not change meanwhile."""
        return chain.from_iterable(self._items)

    def __len__(self) -> int:
        """How many."""
        return self._length
