"""Counts the callers at each node of a flow.  Implements `api.flow_callers_port.FlowCallersPort`."""

from collections import Counter

from api.flow_callers_port import FlowCallersView, NodeCallersView
from softswitch.calls.call_table import CallTable


class FlowCensus:
    """Looks at the calls that are up."""

    def __init__(self, table: CallTable) -> None:
        """Count the callers of this table."""
        self._table = table

    def callers_of(self, flow: str) -> FlowCallersView:
        """The nodes of a flow that somebody is at, by name."""
        counts = Counter(
            call.flow.state.node
            for call in self._table.all()
            if call.flow is not None and call.flow.flow.id == flow
        )
        return FlowCallersView(
            flow=flow,
            callers=counts.total(),
            nodes=tuple(NodeCallersView(node=node, callers=counts[node]) for node in sorted(counts)),
        )
