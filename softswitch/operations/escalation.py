"""Whom to ring next about alarms that nobody looks after: a pure machine, time is an argument (wall seconds).

One person at a time, in the order of the roster; who does not acknowledge is followed by the next one, the last by the
first after a longer pause (no longer one when nobody could be rung at all).  An alarm that comes in that pause, or when nothing else stands, begins with the first at once; one
that comes in between is told by the next call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds until the next person, and until the first again."""

    next_after_s: float
    again_after_s: float


class Escalation:
    """How far the roster has been asked."""

    def __init__(self, pace: Pace, record: Mapping[str, Any] | None = None) -> None:
        """Begin at the first, or where `record` says; raises `KeyError`, `TypeError` or `ValueError` for none of ours."""
        self._pace = pace
        self._asked: list[str] = []  # of this round
        self._due_at: float | None = None
        self._rests_since: float | None = None  # when the last one had been asked
        self._was_heard = False  # somebody's phone rang in this round
        self._calling = ""
        if record is not None:
            self._asked = [str(name) for name in record["asked"]]
            self._due_at = None if record["due_at"] is None else float(record["due_at"])
            self._rests_since = None if record["rests_since"] is None else float(record["rests_since"])

    @property
    def due_at(self) -> float | None:
        """When somebody is to be rung; None while nobody need be, or a call is under way."""
        return None if self._calling else self._due_at

    @property
    def calling(self) -> str:
        """Who is being rung, empty for nobody."""
        return self._calling

    def settle(self, newest_at: float | None, now: float) -> None:
        """When the newest alarm was raised that somebody is to be rung for; None when there is none.

        Without one, the next that comes begins with the first.
        """
        if newest_at is None:
            self._asked, self._due_at, self._rests_since = [], None, None
        elif self._due_at is None or (self._rests_since is not None and newest_at > self._rests_since):
            self._asked, self._due_at, self._rests_since = [], now, None

    def clock_set(self, by_s: float) -> None:
        """The wall clock was set: pauses are as long as they were."""
        self._due_at = None if self._due_at is None else self._due_at + by_s
        self._rests_since = None if self._rests_since is None else self._rests_since + by_s

    def next_of(self, roster: Sequence[str], now: float) -> str | None:
        """Whom to ring now, None for nobody yet.  `roster` has those who are on duty, in order."""
        if self.due_at is None or now < self.due_at:
            return None
        person = next((name for name in roster if name not in self._asked), None)
        if person is None:
            self._asked = []
            person = next(iter(roster), None)
        if person is None:
            self._due_at = now + self._pace.next_after_s  # nobody is on duty: somebody may be, later
        return person

    def begin(self, person: str) -> None:
        """Somebody is being rung."""
        self._calling = person

    def end(self, roster: Sequence[str], now: float, *, was_rung: bool = True) -> None:
        """The call is over, or there was no way to make it; what it acknowledged is told by `settle`."""
        if not self._calling:
            return
        self._asked.append(self._calling)
        self._calling = ""
        self._was_heard = was_rung or self._was_heard
        is_last = self._was_heard and all(name in self._asked for name in roster)
        if is_last:
            self._was_heard = False
        self._rests_since = now if is_last else None
        self._due_at = now + (self._pace.again_after_s if is_last else self._pace.next_after_s)

    def to_record(self) -> dict[str, Any]:
        """What a restarted control needs, in JSON types: a call that the restart cut off is made again."""
        return {"asked": list(self._asked), "due_at": self._due_at, "rests_since": self._rests_since}
