"""What the HTTP interface shows of the callers in a flow, and whom it asks."""

from dataclasses import dataclass
from typing import Protocol

from api.reach import Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCallersView:
    """How many callers a node has now; who waits in a queue or talks to an agent stands at the queue's node."""

    node: str
    callers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowCallersView:
    """The nodes of a flow that somebody is at.

    A caller goes on in the version that the call began: a node may be there that the flow does not have any more.
    """

    flow: str
    callers: int
    nodes: tuple[NodeCallersView, ...]


class FlowCallersPort(Protocol):
    """Where the callers of a flow are."""

    def callers_of(self, flow: str, reach: Reach) -> FlowCallersView:
        """The nodes that somebody within reach is at, by name; a flow without callers, or that does not exist, has none."""
        ...
