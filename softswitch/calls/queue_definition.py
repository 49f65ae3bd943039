"""What the distributor is told of a queue of the business."""

from acd.events import QueueDefined
from acd.names import QueueName
from acd.overflow import Overflow, Target, TargetKind
from softswitch.overflow_settings import OverflowSettings
from softswitch.settings import QueueSettings


def definition_of(queue: QueueSettings) -> QueueDefined:
    """The queue as the engine knows it; told again it redefines the queue, and nobody who waits is moved."""
    return QueueDefined(
        queue=QueueName(queue.name),
        limit=queue.limit,
        ring_time_s=queue.ring_time_s,
        wrap_up_s=queue.wrap_up_s,
        decline_delay_s=queue.decline_delay_s,
        overflow=tuple(_rule_of(rule) for rule in queue.overflow),
    )


def _rule_of(rule: OverflowSettings) -> Overflow:
    return Overflow(
        target=Target(kind=TargetKind(rule.to.value), name=rule.name),
        waited_s=rule.waited_s or None,
        longest_wait_s=rule.longest_wait_s or None,
        waiting=rule.waiting if rule.waiting >= 0 else None,
        agents_all=() if rule.when_nobody else None,
        is_closed=rule.when_closed,
        least_level=rule.least_level,
        most_level=rule.most_level,
    )
