"""The line of one queue: a bucket for each kind of contact, each bucket first come, first served.

Two contacts are of one kind when every agent who may serve the one may serve the other, and they differ in nothing
but their arrival: same level, same need (so same medium), same ageing, same region, a caller on the line or none.  What waiting adds grows with the wait alone, so the head of a
bucket is always its most urgent; whoever looks for the next contact looks at the heads, and what that costs does not
depend on how many wait.

How urgent a head is holds until its wait reaches another step, so the buckets lie sorted by it: whoever comes takes the
front one, and most lines are neither looked through nor worked out anew between two decisions.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from functools import partial

from acd.contact import TIMELESS, Ageing, Contact, Place
from acd.ranking import Key, Ranking
from acd.skills import Need

_UNKNOWN = -math.inf
_ROUNDING_S = 1e-3  # far more than the arithmetic of times can be off

_Kind = tuple[int, Need, Ageing, str, bool]


class Bucket:
    """Contacts of one kind, what they have in common, and how urgent the first of them is."""

    __slots__ = (
        "ageing",
        "arrival",
        "contacts",
        "first",
        "front",
        "is_callback",
        "level",
        "need",
        "region",
        "serial",
        "steady_until",
    )

    def __init__(self, kind: _Kind, serial: int) -> None:
        """Begin empty."""
        self.level, self.need, self.ageing, self.region, self.is_callback = kind
        self.contacts: Ranking[Contact] = Ranking()
        self.serial = serial  # tells buckets of the same urgency apart
        self.first: Contact  # of the contacts,
        self.arrival: Key
        self.front: Front = (0, 0, serial, self)  # as looked at last,
        self.steady_until = _UNKNOWN  # and holds as long

    def begin_with(self, first: Contact) -> None:
        """Another contact is the first now."""
        self.first, self.arrival, self.steady_until = first, first.arrival, _UNKNOWN

    def look(self, now: float) -> None:
        """Work out how urgent the first is, and until when that holds."""
        first = self.first
        steps, level = first.urgency(self.ageing, now)
        self.front = (-steps, -level, self.serial, self)
        if self.ageing is TIMELESS:
            self.steady_until = math.inf
            return
        level_s, priority_s, before = self.ageing
        since, steps_then, level_then = first.arrived_at, 0, first.level
        if before:
            since, steps_then, level_then = first.won_in(before)
        coming_s = math.inf if priority_s is None else (steps - steps_then + 1) * priority_s
        if level_s is not None:
            next_level_s = (level - level_then + 1) * level_s
            coming_s = min(coming_s, next_level_s)
        self.steady_until = since + coming_s - _ROUNDING_S


Front = tuple[int, int, int, Bucket]
"""Steps of priority that waiting has won the first of a kind, its level with what waiting added, both negative so that
the smallest is the most urgent; the serial of its bucket, and the bucket.
"""


class WaitingLine:
    """Contacts that wait, the most urgent first."""

    __slots__ = ("_buckets", "_fronts", "_made", "_steady_until", "length")

    def __init__(self) -> None:
        """Begin empty."""
        self._buckets: dict[_Kind, Bucket] = {}  # none of them empty
        self._made = 0  # buckets, so far
        self.length = 0  # how many wait
        self._fronts: list[Front] = []  # in order, of all buckets, each as it was looked at last
        self._steady_until = math.inf  # all of them hold as long

    def join(self, contact: Contact, place: Place) -> None:
        """Put a contact in the bucket that its level and need give it."""
        kind = (contact.level, place.need, place.ageing, contact.region, contact.is_callback)
        bucket = self._buckets.get(kind)
        if bucket is None:
            self._made += 1
            bucket = self._buckets[kind] = Bucket(kind, self._made)
            insort(self._fronts, bucket.front)
        bucket.contacts.add(contact.arrival, contact)
        self.length += 1
        if bucket.contacts.first is contact:
            bucket.begin_with(contact)
            self._steady_until = _UNKNOWN

    def leave(self, contact: Contact, place: Place) -> None:
        """Take a contact out, level and place as they were when it joined; raises `KeyError`."""
        kind = (contact.level, place.need, place.ageing, contact.region, contact.is_callback)
        bucket = self._buckets[kind]
        bucket.contacts.remove(contact.arrival)
        self.length -= 1
        if not len(bucket.contacts):
            del self._buckets[kind]
            del self._fronts[bisect_left(self._fronts, bucket.front)]
            del bucket.front  # the two hold each other: left so, only the collector would free them
        elif bucket.first is contact:
            bucket.begin_with(bucket.contacts.first)
            self._steady_until = _UNKNOWN

    def buckets(self) -> Iterable[Bucket]:
        """All kinds of contacts that wait."""
        return self._buckets.values()

    def heads(self) -> Iterator[Contact]:
        """The first of each kind."""
        return (bucket.contacts.first for bucket in self._buckets.values())

    def fronts(self, now: float) -> list[Front]:
        """The urgency of each kind's first, the most urgent kind first; not to be changed, and good for this moment."""
        if now >= self._steady_until:
            fronts, steady_until = self._fronts, math.inf
            for place, (_, _, _, bucket) in enumerate(fronts):
                if now >= bucket.steady_until:
                    bucket.look(now)
                    fronts[place] = bucket.front
                if bucket.steady_until < steady_until:  # noqa: PLR1730  no call for each kind of each line
                    steady_until = bucket.steady_until
            fronts.sort()  # mostly it is in order still, which costs next to nothing
            self._steady_until = steady_until
        return self._fronts

    def position(self, contact: Contact, place: Place, now: float) -> int:
        """Return the contact's place in the line, 1 for the next; it must be there."""
        mine = order(contact, place.ageing, now)
        before = 0
        for bucket in self._buckets.values():
            is_before = partial(_is_before, ageing=bucket.ageing, now=now, mine=mine)
            before += bucket.contacts.count_while(is_before)
        return before + 1

    def in_order(self, now: float) -> list[Contact]:
        """Every contact, the next one first."""
        keyed = [
            (order(contact, bucket.ageing, now), contact)
            for bucket in self._buckets.values()
            for contact in bucket.contacts
        ]
        return [contact for _, contact in sorted(keyed, key=_first)]

    def __iter__(self) -> Iterator[Contact]:
        """Every contact, kind by kind.  The line must not change meanwhile."""
        for bucket in self._buckets.values():
            yield from bucket.contacts

    def __len__(self) -> int:
        """How many wait."""
        return self.length


def order(contact: Contact, ageing: Ageing, now: float) -> Key:
    """Order of a line: priority won by waiting, level with what waiting added, then first come."""
    steps, level = contact.urgency(ageing, now)
    return (-steps, -level, contact.arrived_at, contact.serial)


def _is_before(contact: Contact, *, ageing: Ageing, now: float, mine: Key) -> bool:
    return order(contact, ageing, now) < mine


def _first(keyed: tuple[Key, Contact]) -> Key:
    return keyed[0]
