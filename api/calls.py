"""Calls: look for them, look into one, end one by force."""

from dataclasses import dataclass

from api.exchange import Exchange
from api.ports import CallQuery, Ports
from api.views import CallDetail, CallView, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpAccepted:
    """The call is being ended; its record says when it is over."""

    call_id: str


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


async def hang_up(ports: Ports, exchange: Exchange) -> HangUpAccepted:
    """End a call by force."""
    call_id = exchange.id_of("call")
    await ports.calls.hang_up(call_id, exchange.body.reason)
    return HangUpAccepted(call_id=call_id)
