"""Calls: look for them and look into one."""

from api.exchange import Exchange
from api.ports import CallQuery, Ports
from api.views import CallDetail, CallView, Page


async def list_some(ports: Ports, exchange: Exchange) -> Page[CallView]:
    """A page of calls."""
    query = exchange.query
    page = await ports.calls.list(
        CallQuery(
            active=query.active,
            since=query.since,
            until=query.until,
            agent=query.agent,
            number=query.number,
            queue=query.queue,
            end_reason=query.end_reason,
            cursor=query.cursor,
            limit=query.limit,
            reach=exchange.reach,
        )
    )
    return Page(items=tuple(map(exchange.reach.of_call, page.items)), next_cursor=page.next_cursor)


async def get(ports: Ports, exchange: Exchange) -> CallDetail:
    """One call with its history."""
    detail = await ports.calls.get(exchange.id_of("call"))
    return CallDetail(
        call=exchange.reach.of_call(detail.call),
        segments=detail.segments,
        recordings=detail.recordings,
        events=tuple(entry for entry in detail.events if exchange.reach.has_entry(entry)),
    )
