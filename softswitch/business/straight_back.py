"""Overflow rules that let callers turn: into a flow that, unless they press a key, only leads back to the same queue."""

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
    """Each such rule that asks for no wait in the queue: it holds again at once when the caller comes back."""
    for queue in business.queues:
        for number, rule in enumerate(queue.overflow):
            flow = business.flows.get(rule.name) if rule.to is OverflowTo.FLOW else None
            if flow is None or rule.waited_s:
                continue
            if all(isinstance(end, Queue) and end.queue == queue.name for end in ends(flow, keys_too=False)):
                expected = (
                    "流程又排回此队列,来话会不停打转:请设 waited_s 或另择去向 / the flow only leads back to this queue, and "
                    "callers would turn for ever: set waited_s, or another target"
                )
                yield Fault(
                    path=f"queues.{queue.name}.overflow[{number}].name", value=rule.name, expected=expected
                )
