"""A contact that waits, is being offered or talks, as the engine keeps it."""

from acd.commands import ReportContact
from acd.contact_state import ContactState, ContactTrigger, next_state
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.ranking import Key


class Contact:
    """One contact.  State changes through `apply` alone.

    `arrived_at` and `serial` are its place among those of its level: they stay whatever happens to it.
    """

    __slots__ = (
        "agent",
        "arrived_at",
        "declined_by",
        "id",
        "level",
        "offer",
        "queue",
        "reported",
        "serial",
        "state",
    )

    def __init__(
        self, contact: ContactId, queue: QueueName, *, level: int, arrived_at: float, serial: int
    ) -> None:
        """Begin waiting."""
        self.id = contact
        self.queue = queue
        self.level = level
        self.arrived_at = arrived_at
        self.serial = serial
        self.state = ContactState.WAITING
        self.offer: OfferId | None = None
        self.agent: AgentId | None = None
        self.declined_by: set[AgentId] = set()
        self.reported: ReportContact | None = None

    @property
    def place(self) -> Key:
        """Order among contacts of one level: first come, first served."""
        return (self.arrived_at, self.serial)

    @property
    def order(self) -> Key:
        """Order among all contacts that one agent could serve: level, then first come."""
        return (-self.level, self.arrived_at, self.serial)

    def apply(self, trigger: ContactTrigger) -> None:
        """Change the state as the table says; raises `InvalidTransition` and changes nothing."""
        self.state = next_state(self.state, trigger)

    def __repr__(self) -> str:
        """Name, state and queue."""
        return f"<Contact {self.id} {self.state} in {self.queue}>"
