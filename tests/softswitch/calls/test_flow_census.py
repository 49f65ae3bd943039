"""How many callers each node of a flow has: those who hear it, those who wait, and nobody who is gone."""

from api.flow_callers_port import FlowCallersView, NodeCallersView
from api.reach import Reach
from softswitch.calls.flow_census import FlowCensus
from tests.softswitch.calls.test_flow import FlowNode


def test_callers_are_counted_where_they_stand() -> None:
    node = FlowNode()
    census = FlowCensus(node.board.table)
    assert census.callers_of("main") == FlowCallersView(flow="main", callers=0, nodes=())
    node.enter("in1")
    node.enter("in2")
    node.press("1", "in2")
    node.enter("in3")
    node.press("1", "in3")
    found = census.callers_of("main")
    assert found.callers == 3
    assert found.nodes == (
        NodeCallersView(node="menu", callers=1),
        NodeCallersView(node="people", callers=2),
    )
    for queue, callers in (("hotline", 3), ("law", 0)):
        assert (
            census.callers_of("main", Reach(queues=frozenset({queue}), sees_queued=True)).callers == callers
        )
    node.sip.leave("in3")
    node.settle()
    assert census.callers_of("main").callers == 2
    assert census.callers_of("other").callers == 0
