"""What the business knows of a caller, and what the distributor is told of one who stands in line."""

from typing import Protocol

from acd.events import ContactQueued
from acd.levels import CallerHistory
from acd.names import ContactId, QueueName
from softswitch.calls.call import Call


class KnowsCallers(Protocol):
    """The business as far as it knows numbers (`softswitch.business.whole.Business`)."""

    def lists_of(self, number: str) -> tuple[str, ...]:
        """The lists that a number stands on."""
        ...


class Callers:
    """Callers by their numbers, by the business as it stands."""

    def __init__(self) -> None:
        """Nobody is known yet."""
        self._business: KnowsCallers | None = None

    def take(self, business: KnowsCallers) -> None:
        """This is known from now on; whoever stands in line is known as before."""
        self._business = business

    def lists_of(self, number: str) -> tuple[str, ...]:
        """The lists that a number stands on; none for a number that is withheld."""
        return self._business.lists_of(number) if self._business is not None and number else ()

    def queued(self, call: Call, queue: str, arrived_at: float | None) -> ContactQueued:
        """The fact that a caller stands in a line, with all that its rules look at."""
        return ContactQueued(
            contact=ContactId(call.call_id),
            queue=QueueName(queue),
            level=call.level,
            arrived_at=arrived_at,
            caller=CallerHistory(lists=self.lists_of(call.caller)),
            number=call.caller,
        )
