"""Half-hour sums of each queue: what one call adds to them while it goes on.  Pure.

A call counts in the half hour in which it first stood in a line.  All sums are whole numbers (milliseconds), so that the
order in which they are added changes nothing: sums that grew call by call equal those of a fresh fold to the last digit.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from softswitch.store.entries import EndReason
from softswitch.store.rows import CallRow

HALF_HOUR_S = 1800
TABLE = "half_hours"

TEST_LINE = "self-check"
"""The trunk, and the queue, of test calls: the system's own, which count nowhere."""

Key = tuple[str, int]
"""A queue, and the wall second at which the half hour began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What is added up.  Every offered call is answered, abandoned, refused, `lost` (ended otherwise), or still waits."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    refused: int = 0
    lost: int = 0
    requeues: int = 0
    wait_ms: int = 0  # of those who were answered
    abandon_ms: int = 0  # of those who gave up
    ring_ms: int = 0
    talk_ms: int = 0

    def plus(self, other: "Sums", sign: int = 1) -> "Sums":
        """Add, or take away."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Sums(**{name: a + sign * b for name, (a, b) in zip(NAMES, pairs, strict=True)})


NAMES = tuple(field.name for field in fields(Sums))
_COLUMNS = ", ".join(NAMES)
ADD = (
    f"INSERT INTO {TABLE} (queue, began_at, {_COLUMNS}) VALUES (?, ?, {', '.join('?' * len(NAMES))}) "
    f"ON CONFLICT (queue, began_at) DO UPDATE SET {', '.join(f'{n} = {n} + excluded.{n}' for n in NAMES)}"
)
DROP_EMPTY = f"DELETE FROM {TABLE} WHERE queue = ? AND began_at = ? AND offered = 0"


def share_of(call: CallRow) -> tuple[Key, Sums] | None:
    """What a call as it stands now adds, and to which half hour; None for one that never stood in a line, or tested it."""
    if call.queue is None or call.queued_at is None or call.trunk == TEST_LINE:
        return None
    is_answered = call.connected_at is not None
    reason = None if is_answered or call.ended_at is None else call.end_reason
    is_abandoned = reason == EndReason.ABANDONED.value
    is_refused = reason == EndReason.QUEUE_FULL.value
    waited = _ms(call.wait_s)
    began_at = int(call.queued_at // HALF_HOUR_S) * HALF_HOUR_S
    return (call.queue, began_at), Sums(
        offered=1,
        answered=int(is_answered),
        abandoned=int(is_abandoned),
        refused=int(is_refused),
        lost=int(reason is not None and not is_abandoned and not is_refused),
        requeues=call.requeues,
        wait_ms=waited if is_answered else 0,
        abandon_ms=waited if is_abandoned else 0,
        ring_ms=_ms(call.ring_s),
        talk_ms=_ms(call.talk_s),
    )


def _ms(seconds: float | None) -> int:
    """Whole milliseconds, cut off as SQL's CAST does."""
    return int((seconds or 0.0) * 1000)


class HalfHours:
    """The changes of one batch."""

    def __init__(self) -> None:
        """Nothing has changed."""
        self._changes: dict[Key, Sums] = {}

    def change(self, before: CallRow | None, after: CallRow) -> None:
        """A call became another."""
        if before is not None:
            self._add(before, -1)
        self._add(after, 1)

    def _add(self, call: CallRow, sign: int) -> None:
        share = share_of(call)
        if share is not None:
            key, sums = share
            self._changes[key] = self._changes.get(key, Sums()).plus(sums, sign)

    def statements(self) -> Iterator[tuple[str, list[tuple[str | int, ...]]]]:
        """The changes as SQL for `executemany`."""
        rows = [(*key, *astuple(sums)) for key, sums in self._changes.items() if sums != Sums()]
        if rows:
            yield ADD, rows
            yield DROP_EMPTY, [row[:2] for row in rows]
