"""Where callers are in a call flow at this moment, node by node."""

from api.exchange import Exchange
from api.faults import NotBuilt
from api.flow_callers_port import FlowCallersView
from api.ports import Ports
from api.route import LOOK, Route


async def show(ports: Ports, exchange: Exchange) -> FlowCallersView:
    """The flow as its callers within reach stand in it."""
    if ports.flow_callers is None:
        raise NotBuilt
    return ports.flow_callers.callers_of(exchange.id_of("flow"), exchange.reach)


FLOW_CALLERS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/flows/{flow_id}/callers",
        summary="流程各节点此刻的来电数 / how many callers are at each node of a flow",
        scopes=LOOK,
        handler=show,
        shows=FlowCallersView,
        faults=(404, 501),
    ),
)
