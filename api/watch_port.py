"""How the node is watched over, for the HTTP interface: alarms that stand, and metrics."""

from dataclasses import dataclass
from typing import Protocol

from api.views import WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """An alarm that stands.  `subject` names which of them (a trunk), `severity` is critical, major or warning.

    `acknowledged_by` is null until somebody looks after it.
    """

    alarm_id: str
    kind: str
    subject: str
    severity: str
    detail: str
    raised_at: WallTime
    acknowledged_by: str | None
    acknowledged_at: WallTime | None


class WatchPort(Protocol):
    """Alarms and metrics of the node."""

    async def standing(self) -> tuple[AlarmView, ...]:
        """The alarms that stand, oldest first."""
        ...

    async def test(self, detail: str) -> AlarmView:
        """Raise the test alarm; it goes where every alarm goes, and ends when it is acknowledged."""
        ...

    async def acknowledge(self, alarm_id: str, by: str) -> AlarmView:
        """Somebody looks after an alarm; `NotFound` when it does not stand."""
        ...

    async def metrics(self) -> str:
        """Everything that is measured, in the text form of Prometheus."""
        ...
