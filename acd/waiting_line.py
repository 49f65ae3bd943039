"""The line of one queue: a bucket for each kind of contact, each bucket first come, first served.

Two contacts are of one kind when every agent who may serve the one may serve the other, and they differ in nothing
but their arrival; today that is their level.  So whoever looks for the next contact looks at the heads, and what
that costs does not depend on how many wait.
"""

from bisect import bisect_left
from collections.abc import Iterator

from acd.contact import Contact
from acd.ranking import Ranking


class WaitingLine:
    """Contacts that wait, the highest level first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._buckets: dict[int, Ranking[Contact]] = {}  # by level; none of them empty
        self._levels: list[int] = []  # their negatives, ascending: the highest level first
        self._length = 0

    def join(self, contact: Contact) -> None:
        """Put a contact in the place that its level and arrival give it."""
        bucket = self._buckets.get(contact.level)
        if bucket is None:
            bucket = self._buckets[contact.level] = Ranking()
            self._levels.insert(bisect_left(self._levels, -contact.level), -contact.level)
        bucket.add(contact.place, contact)
        self._length += 1

    def leave(self, contact: Contact) -> None:
        """Take a contact out; raises `KeyError`."""
        bucket = self._buckets[contact.level]
        bucket.remove(contact.place)
        self._length -= 1
        if not len(bucket):
            del self._buckets[contact.level]
            del self._levels[bisect_left(self._levels, -contact.level)]

    def position(self, contact: Contact) -> int:
        """Return the contact's place in the line, 1 for the next; raises `KeyError`."""
        before = 0
        for level in self._levels:
            if -level == contact.level:
                return before + self._buckets[-level].rank(contact.place) + 1
            before += len(self._buckets[-level])
        raise KeyError(contact.id)

    def __iter__(self) -> Iterator[Contact]:
        """Every contact in order, the next one first.  The line must not change meanwhile."""
        for level in self._levels:
            yield from self._buckets[-level]

    def __len__(self) -> int:
        """How many wait."""
        return self._length
