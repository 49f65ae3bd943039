"""What the distributor is told of a queue of the business."""

from acd.events import QueueDefined
from acd.names import QueueName
from softswitch.settings import QueueSettings


def definition_of(queue: QueueSettings) -> QueueDefined:
    """The queue as the engine knows it; told again it redefines the queue, and nobody who waits is moved."""
    return QueueDefined(
        queue=QueueName(queue.name),
        limit=queue.limit,
        ring_time_s=queue.ring_time_s,
        wrap_up_s=queue.wrap_up_s,
        decline_delay_s=queue.decline_delay_s,
    )
