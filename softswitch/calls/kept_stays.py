"""How long somebody has been in their queue, and in which they were before, kept where a restarted process finds it.

Overflow goes by it: a rule counts the wait in one queue, and nobody is sent to a queue more often than the rule says.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from acd.engine import Engine
from acd.names import ContactId, QueueName
from acd.stay import Stay, Visit
from softswitch.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStay:
    """In the queue since a moment, in wall seconds; `visits` says how often in each queue, this one too."""

    since: float
    visits: Mapping[str, int]

    @classmethod
    def now(cls, engine: Engine, clock: Clock, contact: str) -> Self | None:
        """As the engine has it; None for one that it does not know."""
        found = engine.contact(ContactId(contact))
        return None if found is None else cls(since=clock.wall_at(found.given_at), visits=dict(found.visits))

    @classmethod
    def restored(cls, record: Mapping[str, Any] | None) -> Self | None:
        """As it was written down; None for a record of before that has none.

        Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError` for what is no record of ours.
        """
        if record is None:
            return None
        visits = {str(queue): int(times) for queue, times in record["visits"].items()}
        return cls(
            since=float(record["since"]),
            visits={queue: times for queue, times in visits.items() if queue and times > 0},
        )

    def to_record(self) -> dict[str, Any]:
        """Return it in JSON types."""
        return asdict(self)

    def told(self, clock: Clock) -> Stay:
        """As the engine is told of it."""
        visits = tuple(Visit(queue=QueueName(queue), times=times) for queue, times in self.visits.items())
        return Stay(since=clock.moment_of(self.since), visits=visits)
