"""What a queue is worth to one agent."""

from dataclasses import dataclass

from acd.names import QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePriority:
    """The priority of a queue for one agent (or agent group), in place of the queue's own."""

    queue: QueueName
    priority: int
