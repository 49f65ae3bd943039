"""Explanations: why a call or a contact came to its agent, or why it waits."""

from api.decision_views import Explained, ExplanationView
from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports


async def explain(ports: Ports, exchange: Exchange) -> ExplanationView:
    """Every decision on one call; `NotFound` for a call that never was."""
    if ports.decisions is None:
        raise NotBuilt
    call = (await ports.calls.get(exchange.id_of("call"))).call
    asked = Explained(
        id=call.call_id, arrived_at=call.arrived_at, ended_at=call.ended_at, was_offered=bool(call.offers)
    )
    return await ports.decisions.explain(asked, exchange.query)


async def explain_contact(ports: Ports, exchange: Exchange) -> ExplanationView:
    """Every decision on one contact of another medium; `NotFound` for one that is not within reach."""
    if ports.decisions is None or ports.contacts is None:
        raise NotBuilt
    contact = await ports.contacts.get(exchange.id_of("contact"), exchange.reach)
    asked = Explained(
        id=contact.contact_id,
        arrived_at=contact.arrived_at,
        ended_at=contact.closed_at,
        was_offered=contact.state != "waiting",
        is_call=False,
    )
    return await ports.decisions.explain(asked, exchange.query)
