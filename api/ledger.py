"""The ledger of forced actions: who made whom do what, when and why."""

from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import LedgerQuery, Ports
from api.views import ForcedActionView, Page


async def list_some(ports: Ports, exchange: Exchange) -> Page[ForcedActionView]:
    """A page of it, newest first."""
    if ports.ledger is None:
        raise NotBuilt
    query = exchange.query
    return await ports.ledger.list(
        LedgerQuery(
            since=query.since,
            until=query.until,
            who=query.who,
            agent=query.agent,
            call_id=query.call_id,
            cursor=query.cursor,
            limit=query.limit,
            reach=exchange.reach,
        )
    )
