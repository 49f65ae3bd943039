"""Since when a contact is in its queue, and in which it was: what overflow goes by, and what a restart must not undo."""

from dataclasses import dataclass

from acd.checks import check_at_least, check_distinct, check_finite, check_named
from acd.names import QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A contact was given to a queue so many `times`."""

    queue: QueueName
    times: int = 1

    def __post_init__(self) -> None:
        """Check the name and the range."""
        check_named(self, queue=self.queue)
        check_at_least(self, 1, times=self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A contact is in its queue `since` then, on the monotonic clock; `visits` are all queues that it was given to, this one too."""

    since: float
    visits: tuple[Visit, ...] = ()

    def __post_init__(self) -> None:
        """Check the time, and that each queue stands once."""
        check_finite(self, since=self.since)
        check_distinct(self, "visits", [each.queue for each in self.visits])


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRestored:
    """Everybody of before a restart is here again: from now on rules are looked at for contacts that came with their stay.

    Before that agents are missing, and a queue that seems to have nobody would send away who waits.
    """
