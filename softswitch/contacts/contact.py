"""One contact of another medium than voice: a chat, an email, a fax… that an integrator has and agents work on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from softswitch.calls.kept_stays import KeptStay


class WorkState(StrEnum):
    """How far it has come."""

    WAITING = "waiting"  # stands in its lines
    OFFERED = "offered"  # one agent is shown it, or several where all are
    ACCEPTED = "accepted"  # an agent works on it
    COMPLETED = "completed"
    CANCELLED = "cancelled"  # taken back before an agent was done with it
    REFUSED = "refused"  # the queue sent it away: nobody was there


_S = WorkState
WORK_TRANSITIONS: Mapping[WorkState, frozenset[WorkState]] = {
    _S.WAITING: frozenset({_S.OFFERED, _S.CANCELLED, _S.REFUSED}),
    _S.OFFERED: frozenset({_S.WAITING, _S.ACCEPTED, _S.CANCELLED}),
    _S.ACCEPTED: frozenset({_S.WAITING, _S.COMPLETED, _S.CANCELLED}),
    _S.COMPLETED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.REFUSED: frozenset(),
}
OPEN = frozenset({_S.WAITING, _S.OFFERED, _S.ACCEPTED})


class IllegalWorkState(Exception):
    """A contact cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, contact_id: str, before: WorkState, after: WorkState) -> None:
        """Keep what was tried."""
        super().__init__(f"contact {contact_id} cannot go from {before} to {after}")
        self.contact_id = contact_id
        self.before = before
        self.after = after


@dataclass(slots=True, eq=False)
class MediaContact:
    """A contact as control knows it.  Times are wall seconds; `address` is the customer's, as the medium has them.

    It is for the agent who is `wanted` alone, where there is one.  `skills` (levels by name) is what it needs, in place of
    what its queue asks for; `route` the route point that it came by.  `level` is the `given_level` with what rules added.
    """

    contact_id: str
    medium: str
    queue: str
    arrived_at: float
    level: int = 0
    given_level: int = 0
    skills: dict[str, int] = field(default_factory=dict)
    route: str = ""
    address: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    state: WorkState = WorkState.WAITING
    offers: dict[str, str] = field(default_factory=dict)  # the offer, by agent
    agent: str = ""
    wanted: str = ""
    accepted_at: float | None = None
    closed_at: float | None = None
    stay: KeptStay | None = None  # in its queues, for a restart

    def become(self, state: WorkState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalWorkState`."""
        if state is not self.state and state not in WORK_TRANSITIONS[self.state]:
            raise IllegalWorkState(self.contact_id, self.state, state)
        self.state = state

    @property
    def is_open(self) -> bool:
        """Whether there is something to be done still."""
        return self.state in OPEN

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs, in JSON types; offers end with the process."""
        return asdict(self) | {"state": self.state.value, "offers": {}}

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> "MediaContact":
        """Return a contact as it was written down; raises as `KeptStay.restored` for what is none."""
        read = {"state": WorkState(record["state"]), "stay": KeptStay.restored(record.get("stay"))}
        found = cls(**{"given_level": record["level"], **record, **read})
        if found.state is WorkState.OFFERED:
            found.become(WorkState.WAITING)
        return found
