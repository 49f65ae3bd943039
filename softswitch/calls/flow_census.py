"""Counts the callers at each node of a flow.  Implements `api.flow_callers_port.FlowCallersPort`."""

from collections import Counter

from api.call_index import Concern
from api.flow_callers_port import FlowCallersView, NodeCallersView
from api.reach import EVERYTHING, Reach
from softswitch.calls.call import Call
from softswitch.calls.call_table import CallTable


class FlowCensus:
    """Looks at the calls that are up."""

    def __init__(self, table: CallTable) -> None:
        """Count the callers of this table."""
        self._table = table

    def callers_of(self, flow: str, reach: Reach = EVERYTHING) -> FlowCallersView:
        """The nodes of a flow that somebody within reach is at, by name."""
        counts = Counter(
            call.flow.state.node
            for call in self._table.all()
            if call.flow is not None and call.flow.flow.id == flow and reach.has(_concern_of(call))
        )
        return FlowCallersView(
            flow=flow,
            callers=counts.total(),
            nodes=tuple(NodeCallersView(node=node, callers=counts[node]) for node in sorted(counts)),
        )


def _concern_of(call: Call) -> Concern:
    """Whose caller it is: nobody's yet, of a queue, or of the agents in the call."""
    return Concern(
        agents=frozenset(party.agent for party in call.parties if party.agent),
        queues=frozenset({call.route.queue} if call.route.queue else ()),
    )
