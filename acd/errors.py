"""What the engine refuses, and how it says so.

AcdError
├── InvalidValue       an event that cannot be true (raised when it is built)
├── InvalidEvent       an event that does not fit the state it meets
├── InvalidTransition  the same, as the state tables say it; leaves the engine as InvalidEvent
├── UnknownAgent       nobody of that name is logged in
├── UnknownContact     no such contact is waiting, being offered or talking
├── UnknownQueue       no such queue is defined
├── UnknownStrategy    no such way to choose among agents
├── QueueOccupied      a queue with contacts cannot be removed
└── JournalFault       a line of a journal that is not one of ours

Whatever `Engine.handle` raises is one of these, and then nothing has changed.
"""

from acd.names import AgentId, ContactId, QueueName


class AcdError(Exception):
    """Root of all that `acd` raises on purpose."""


class InvalidValue(AcdError, ValueError):
    """A field holds what it cannot: `field` of the class `event` is `value`, which should be `expected`."""

    def __init__(self, event: str, field: str, value: object, expected: str) -> None:
        """Keep what is wrong."""
        super().__init__(f"{event}.{field} is {value!r}, expected {expected}")
        self.event = event
        self.field = field
        self.value = value
        self.expected = expected


class InvalidEvent(AcdError):
    """`event` (its class name) does not fit `subject`, which is in `state`."""

    def __init__(self, event: str, subject: str, state: str) -> None:
        """Keep what met what."""
        super().__init__(f"{event} does not fit {subject}: {state}")
        self.event = event
        self.subject = subject
        self.state = state


class InvalidTransition(AcdError):
    """`trigger` does not fit `state`; the state is unchanged."""

    def __init__(self, state: str, trigger: str) -> None:
        """Keep what met what."""
        super().__init__(f"{trigger} does not fit {state}")
        self.state = state
        self.trigger = trigger


class UnknownAgent(AcdError):
    """The agent is not logged in."""

    def __init__(self, agent: AgentId) -> None:
        """Keep the name."""
        super().__init__(f"agent {agent!r} is not logged in")
        self.agent = agent


class UnknownContact(AcdError):
    """The contact is not here (any more)."""

    def __init__(self, contact: ContactId) -> None:
        """Keep the name."""
        super().__init__(f"contact {contact!r} is not known")
        self.contact = contact


class UnknownQueue(AcdError):
    """The queue is not defined."""

    def __init__(self, queue: QueueName) -> None:
        """Keep the name."""
        super().__init__(f"queue {queue!r} is not defined")
        self.queue = queue


class UnknownStrategy(AcdError):
    """No strategy of that name; `known` lists those that are."""

    def __init__(self, strategy: str, known: tuple[str, ...]) -> None:
        """Keep the name and what it could have been."""
        super().__init__(f"strategy {strategy!r} is not known, there are: {', '.join(known)}")
        self.strategy = strategy
        self.known = known


class QueueOccupied(AcdError):
    """The queue still has `contacts` contacts that wait, are offered or talk."""

    def __init__(self, queue: QueueName, contacts: int) -> None:
        """Keep the queue and how many."""
        super().__init__(f"queue {queue!r} still has {contacts} contacts")
        self.queue = queue
        self.contacts = contacts


class JournalFault(AcdError):
    """A line that cannot be read back; `detail` says why."""

    def __init__(self, line: bytes, detail: str) -> None:
        """Keep the line (shortened) and the reason."""
        super().__init__(f"{detail}: {line[:200]!r}")
        self.line = line
        self.detail = detail
