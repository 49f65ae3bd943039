"""The live stream as server-sent events (HTML standard, section 9.2), for wallboards and programs.

The id of an event is `stream:number`; a browser that reconnects sends the last one by itself (`Last-Event-ID`).
"""

import asyncio

from aiohttp import web

from api.event_reading import begin_reading
from api.exchange import Exchange
from api.faults import Refused, Unavailable
from api.json_text import dump
from api.live import LIVE
from api.ports import Ports
from api.requests import EventsQuery

_RETRY_MS = 2000


async def stream(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Serve one reader until it leaves, is too slow, or the server stops."""
    request, actor = exchange.request, exchange.somebody
    live = request.app[LIVE]
    if live.is_full:
        raise Unavailable("too_many_readers", "实时连接过多 / too many live connections", retry_after_s=10)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    begin = _begin(request, exchange.query)
    reading = begin_reading(ports.events, exchange.reach, begin, live.limits.buffer_size)
    live.plain_readers[reading] = actor
    loop = asyncio.get_running_loop()
    name, reach = ports.events.stream_id, exchange.reach
    try:
        await response.prepare(request)
        head = f"retry: {_RETRY_MS}\nid: {name}:{reading.head['number']}\nevent: {reading.head['type']}\n"
        await _send(response, f"{head}data: {dump(reading.head)}\n\n", live.limits.send_timeout_s)
        next_beat = loop.time() + live.limits.heartbeat_s
        while True:
            try:
                async with asyncio.timeout_at(next_beat):
                    event = await anext(reading.subscription)
            except TimeoutError:
                current = exchange.gate.refreshed(actor)
                if current is None:
                    break
                reach = exchange.gate.reach(current)
                await _send(response, ": heartbeat\n\n", live.limits.send_timeout_s)
                next_beat = loop.time() + live.limits.heartbeat_s
                continue
            if reach.has(event.concern):
                text = live.texts.text_of(event) if reach.is_all else live.texts.sparse_text_of(event)
                await _send(
                    response,
                    f"id: {name}:{event.number}\nevent: event\ndata: {text}\n\n",
                    live.limits.send_timeout_s,
                )
    except (StopAsyncIteration, TimeoutError, ConnectionError):
        response.force_close()  # lost, too slow or gone: it comes back with its last id
    finally:
        live.plain_readers.pop(reading, None)
        reading.subscription.close()
    return response


async def _send(response: web.StreamResponse, text: str, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        await response.write(text.encode())


def _begin(request: web.Request, query: EventsQuery) -> EventsQuery:
    """Where to go on: the last id that a browser saw, else what the query says."""
    last = request.headers.get("Last-Event-ID", "")
    if not last:
        return query
    name, _, number = last.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise Refused("bad_last_event_id", "Last-Event-ID 无效 / Last-Event-ID is not one of ours")
    return EventsQuery(stream=name[:64], after=int(number))
