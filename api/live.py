"""The live stream over WebSocket: authenticate, a snapshot (or what was missed), then numbered events.

The token comes in the `Authorization` header or, since browsers cannot set one, in the first message; never in
the URL.  A reader that is too slow is let go with close code 4008 and may come back with `stream` and `after`.
"""

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import dataclass

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from api.exchange import Exchange
from api.faults import Unavailable
from api.json_text import MalformedJson, dump, iso_time, parse
from api.ports import EventsPort, Ports, Subscription
from api.problems import Forbidden, Unauthenticated
from api.requests import AuthenticateMessage, EventsQuery
from api.schemas import InvalidRequest, bind
from api.tokens import Scope, Token, TokenList
from api.views import StreamEvent

_log = structlog.get_logger(__name__)

CLOSE_UNAUTHENTICATED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TOO_SLOW = 4008
MESSAGE_MOST = 4096
"""A longer message from a reader ends its connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """What one reader may cost.  Times in seconds."""

    readers: int = 500
    buffer_size: int = 2000
    send_timeout_s: float = 10.0
    authenticate_within_s: float = 5.0
    heartbeat_s: float = 20.0
    close_within_s: float = 2.0


class Live:
    """The open connections of one server, and the texts that they share."""

    def __init__(self, limits: LiveLimits) -> None:
        """Begin with none."""
        self.limits = limits
        self.sockets: set[web.WebSocketResponse] = set()
        self._texts: OrderedDict[int, str] = OrderedDict()

    def text_of(self, event: StreamEvent) -> str:
        """The event as JSON: made once, however many read it."""
        text = self._texts.get(event.number)
        if text is None:
            head = {
                "type": "event",
                "number": event.number,
                "at": iso_time(event.at),
                "kind": event.kind,
            }
            try:
                text = dump({**head, "data": event.data})
            except (TypeError, ValueError):  # one event that is no JSON must not cost every reader the stream
                _log.exception("live.event_not_json", kind=event.kind, number=event.number)
                text = dump({**head, "data": {}})
            self._texts[event.number] = text
            if len(self._texts) > 1000:
                self._texts.popitem(last=False)
        return text

    async def close_all(self) -> None:
        """The server stops: tell every reader."""
        closing = [
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"server_stops") for socket in self.sockets
        ]
        await asyncio.gather(*closing, return_exceptions=True)


LIVE = web.AppKey("live", Live)


async def stream(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Serve one reader until it leaves, is too slow, or the server stops."""
    live = exchange.request.app[LIVE]
    limits = live.limits
    token = _token_of_header(exchange)
    if len(live.sockets) >= limits.readers:
        raise Unavailable("too_many_readers", "实时连接过多 / too many live connections", retry_after_s=10)
    socket = web.WebSocketResponse(
        heartbeat=limits.heartbeat_s,
        timeout=limits.close_within_s,
        max_msg_size=MESSAGE_MOST,
    )
    await socket.prepare(exchange.request)
    live.sockets.add(socket)
    try:
        begin = exchange.query
        if token is None:
            message = await _authenticate(socket, exchange.tokens, limits.authenticate_within_s)
            if message is None:
                return socket
            token, begin = message
        _log.info("live.reader_joined", token=token.name, readers=len(live.sockets))
        await _serve(live, ports.events, socket, begin)
    except ConnectionError:
        raise
    except Exception:  # the answer is an upgraded connection: no problem document can be sent any more
        _log.exception("live.failed")
        await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"internal_error")
    finally:
        live.sockets.discard(socket)
    return socket


def _token_of_header(exchange: Exchange) -> Token | None:
    """The header's token; None without a header.  A wrong one is refused before the upgrade."""
    header = exchange.request.headers.get("Authorization")
    if header is None:
        return None
    token = exchange.tokens.find_in_header(header)
    if token is None:
        raise Unauthenticated
    if not token.may(READERS):
        raise Forbidden(tuple(sorted(READERS)))
    return token


READERS = frozenset({Scope.READ, Scope.AGENT, Scope.SUPERVISOR})


async def _authenticate(
    socket: web.WebSocketResponse, tokens: TokenList, within_s: float
) -> tuple[Token, EventsQuery] | None:
    """Who it is and where to go on, from the first message; for anything else closes the socket: None."""
    try:
        async with asyncio.timeout(within_s):
            first = await socket.receive()
        if first.type is not WSMsgType.TEXT:
            raise Unauthenticated
        value = parse(first.data.encode())
        message = bind(AuthenticateMessage, value if isinstance(value, dict) else {}, is_text=False)
    except (TimeoutError, MalformedJson, InvalidRequest, Unauthenticated, UnicodeEncodeError):
        await socket.close(code=CLOSE_UNAUTHENTICATED, message=b"unauthenticated")
        return None
    token = tokens.find(message.token)
    if token is None:
        await socket.close(code=CLOSE_UNAUTHENTICATED, message=b"unauthenticated")
        return None
    if not token.may(READERS):
        await socket.close(code=CLOSE_FORBIDDEN, message=b"forbidden")
        return None
    return token, EventsQuery(stream=message.stream, after=message.after)


async def _serve(live: Live, events: EventsPort, socket: web.WebSocketResponse, begin: EventsQuery) -> None:
    size = live.limits.buffer_size
    subscription = events.resume(begin.stream, begin.after, size) if begin.stream else None
    head = {"type": "resumed", "stream": events.stream_id, "number": begin.after}
    if subscription is None:  # subscribed, numbered and shown in one turn of the loop: nothing falls between
        snapshot = events.snapshot()
        subscription = events.subscribe(size)
        head = {
            "type": "snapshot",
            "stream": events.stream_id,
            "number": events.number,
            "data": snapshot,
        }
    tasks: list[asyncio.Task[bool] | asyncio.Task[None]] = []
    try:
        sender = asyncio.create_task(_send_all(live, socket, subscription, dump(head)))
        receiver = asyncio.create_task(_receive_all(socket))
        tasks += [sender, receiver]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if sender.done() and sender.result():
            _log.warning("live.reader_too_slow", buffer_overflowed=subscription.is_lost)
            await _close_slow(live, socket)
    finally:
        subscription.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await socket.close()


async def _send_all(live: Live, socket: web.WebSocketResponse, subscription: Subscription, head: str) -> bool:
    """Send until the subscription ends; True when the reader was too slow."""
    try:
        async with asyncio.timeout(live.limits.send_timeout_s):
            await socket.send_str(head)
        async for event in subscription:
            async with asyncio.timeout(live.limits.send_timeout_s):
                await socket.send_str(live.text_of(event))
    except TimeoutError:
        return True
    return subscription.is_lost


async def _receive_all(socket: web.WebSocketResponse) -> None:
    """Read until the other side closes.  Readers have nothing to say but `ping`, which browsers cannot send."""
    async for message in socket:
        if message.type is WSMsgType.TEXT and message.data == '{"type":"ping"}':
            await socket.send_str('{"type":"pong"}')


async def _close_slow(live: Live, socket: web.WebSocketResponse) -> None:
    """Say why, and cut the line of a reader that does not even take that."""
    transport = socket._req.transport if socket._req is not None else None  # noqa: SLF001
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(live.limits.close_within_s):
            await socket.close(code=CLOSE_TOO_SLOW, message=b"too_slow", drain=False)
            return
    if transport is not None:
        transport.abort()
