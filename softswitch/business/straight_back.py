"""Overflow rules that lead callers nowhere: into a flow that, unless they press a key, is only the way back to the same queue."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from config.faults import Fault
from softswitch.flows.graph import ends
from softswitch.flows.nodes import Flow, Queue
from softswitch.settings.overflow import OverflowTo
from softswitch.settings.queues import QueueSettings


class Overflowing(Protocol):
    """The business as far as it says where callers overflow to."""

    @property
    def queues(self) -> tuple[QueueSettings, ...]:
        """Every line."""
        ...

    @property
    def flows(self) -> Mapping[str, Flow]:
        """Every call flow, by id."""
        ...


def straight_back(business: Overflowing) -> Iterator[Fault]:
    """Each such rule that asks for no wait in the queue: who just came would only come once more."""
    for queue in business.queues:
        for number, rule in enumerate(queue.overflow):
            flow = business.flows.get(rule.name) if rule.to is OverflowTo.FLOW else None
            if flow is None or rule.waited_s:
                continue
            if all(isinstance(end, Queue) and end.queue == queue.name for end in ends(flow, keys_too=False)):
                expected = (
                    "流程只排回此队列,来话一到又回原处:请设 waited_s 或另择去向 / the flow only leads back to this queue, where "
                    "callers have only just come: set waited_s, or another target"
                )
                yield Fault(
                    path=f"queues.{queue.name}.overflow[{number}].name", value=rule.name, expected=expected
                )
