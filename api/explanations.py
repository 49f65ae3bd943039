"""Explanations: why a call came to its agent, or why it waits."""

from api.decision_views import ExplanationView
from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports


async def explain(ports: Ports, exchange: Exchange) -> ExplanationView:
    """Every decision on one call; `NotFound` for a call that never was."""
    if ports.decisions is None:
        raise NotBuilt
    detail = await ports.calls.get(exchange.id_of("call"))
    return await ports.decisions.explain(detail.call)
