"""Calls: look for them and look into one."""

from api.exchange import Exchange
from api.ports import CallQuery, Ports
from api.views import CallDetail, CallView, Page


async def list_some(ports: Ports, exchange: Exchange) -> Page[CallView]:
    """A page of calls."""
    query = exchange.query
    return await ports.calls.list(
        CallQuery(
            active=query.active,
            since=query.since,
            until=query.until,
            agent=query.agent,
            number=query.number,
            queue=query.queue,
            cursor=query.cursor,
            limit=query.limit,
        )
    )


async def get(ports: Ports, exchange: Exchange) -> CallDetail:
    """One call with its history."""
    return await ports.calls.get(exchange.id_of("call"))
