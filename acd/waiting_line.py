"""The line of one queue: a bucket for each kind of contact, each bucket first come, first served.

Two contacts are of one kind when every agent who may serve the one may serve the other, and they differ in nothing
but their arrival: same level, same need (so same medium), same ageing, same region, a caller on the line or none.  What waiting adds grows with the wait alone, so the head of a
bucket is always its most urgent; whoever looks for the next contact looks at the heads, and what that costs does not
depend on how many wait.
"""

import math
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from acd.contact import Ageing, Contact, Place
from acd.ranking import Key, Ranking
from acd.skills import Need

_UNKNOWN = -math.inf
_ROUNDING_S = 1e-3  # far more than the arithmetic of times can be off

_Kind = tuple[int, Need, Ageing, str, bool]


class Bucket(NamedTuple):
    """Contacts of one kind, and what they have in common."""

    level: int
    need: Need
    ageing: Ageing
    region: str
    is_callback: bool
    contacts: Ranking[Contact]


class WaitingLine:
    """Contacts that wait, the most urgent first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._buckets: dict[_Kind, Bucket] = {}  # none of them empty
        self._length = 0
        self._urgency: tuple[int, int] = (0, 0)  # of the most urgent, and holds
        self._steady_until = _UNKNOWN

    def join(self, contact: Contact, place: Place) -> None:
        """Put a contact in the bucket that its level and need give it."""
        key = (contact.level, place.need, place.ageing, contact.region, contact.is_callback)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(*key, Ranking())
        bucket.contacts.add(contact.arrival, contact)
        self._length += 1
        self._steady_until = _UNKNOWN

    def leave(self, contact: Contact, place: Place) -> None:
        """Take a contact out, level and place as they were when it joined; raises `KeyError`."""
        key = (contact.level, place.need, place.ageing, contact.region, contact.is_callback)
        contacts = self._buckets[key].contacts
        contacts.remove(contact.arrival)
        self._length -= 1
        self._steady_until = _UNKNOWN
        if not len(contacts):
            del self._buckets[key]

    def buckets(self) -> Iterable[Bucket]:
        """All kinds of contacts that wait."""
        return self._buckets.values()

    def heads(self) -> Iterator[Contact]:
        """The first of each kind."""
        return (bucket.contacts.first for bucket in self._buckets.values())

    def urgency(self, now: float) -> tuple[int, int]:
        """Return the most steps of priority that waiting has won anybody here, and the highest level of those.

        Whoever compares lines needs no more of most of them.  It is worked out anew when somebody joins or leaves, or when
        the wait of a head may have reached another step.
        """
        if now >= self._steady_until:
            heads = [(bucket.contacts.first, bucket.ageing) for bucket in self._buckets.values()]
            self._urgency = max(contact.urgency(ageing, now) for contact, ageing in heads)
            self._steady_until = min(_steady_until(contact, ageing, now) for contact, ageing in heads)
        return self._urgency

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
        return self._length


def order(contact: Contact, ageing: Ageing, now: float) -> Key:
    """Order of a line: priority won by waiting, level with what waiting added, then first come."""
    steps, level = contact.urgency(ageing, now)
    return (-steps, -level, contact.arrived_at, contact.serial)


def _steady_until(contact: Contact, ageing: Ageing, now: float) -> float:
    """Until when the urgency of a contact is surely what it is now."""
    waited_s = max(0.0, now - contact.arrived_at)
    coming_s = ((waited_s // span_s + 1) * span_s for span_s in ageing if span_s is not None)
    return contact.arrived_at + min(coming_s, default=math.inf) - _ROUNDING_S


def _is_before(contact: Contact, *, ageing: Ageing, now: float, mine: Key) -> bool:
    return order(contact, ageing, now) < mine


def _first(keyed: tuple[Key, Contact]) -> Key:
    return keyed[0]
