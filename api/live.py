"""The live stream over WebSocket: say who you are, a snapshot (or what was missed), then numbered events.

Operations may be asked for on the same connection.  A reader that is too slow is let go with close code 4008 and may
come back with `stream` and `after`.
"""

import asyncio
import contextlib
from dataclasses import dataclass

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from api.actors import Actor
from api.event_reading import EventTexts, Reading, begin_reading
from api.exchange import Exchange
from api.faults import Unavailable
from api.gate import Gate
from api.introduction import CLOSE_UNAUTHENTICATED, answered_by_close, introduced
from api.json_text import dump
from api.live_commands import CommandFlood, Commands
from api.ports import Ports
from api.reach import Reach
from api.requests import AuthenticateMessage, EventsQuery
from api.route import Route
from api.service import Service
from api.sessions import SessionEnd

_log = structlog.get_logger(__name__)

CLOSE_ELSEWHERE = 4409
CLOSE_FLOOD = 4429
CLOSE_TOO_SLOW = 4008
MESSAGE_MOST = 32 * 1024
"""A longer message from a reader ends its connection; attached data has to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """What one reader may cost.  Times in seconds."""

    readers: int = 500
    buffer_size: int = 2000
    send_timeout_s: float = 10.0
    authenticate_within_s: float = 5.0
    heartbeat_s: float = 10.0
    close_within_s: float = 2.0


class Live:
    """The open connections of one server, and the texts that they share."""

    def __init__(self, limits: LiveLimits, service: Service, commands: dict[str, Route]) -> None:
        """Begin with none; `commands` are the routes that may be asked for on a connection, by name."""
        self.limits = limits
        self.service = service
        self.commands = commands
        self.texts = EventTexts()
        self.sockets: dict[web.WebSocketResponse, Actor | None] = {}
        self.plain_readers: dict[Reading, Actor] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_full(self) -> bool:
        """True when no further reader is let in."""
        return len(self.sockets) + len(self.plain_readers) >= self.limits.readers

    def new_socket(self, request: web.Request) -> web.WebSocketResponse:
        """An upgrade that is still to be prepared; 400 for what is no WebSocket, `Unavailable` when no reader is let in."""
        socket = web.WebSocketResponse(
            heartbeat=self.limits.heartbeat_s * 2,
            timeout=self.limits.close_within_s,
            max_msg_size=MESSAGE_MOST,
        )
        if self.is_full:
            raise Unavailable(
                "too_many_readers", "实时连接过多 / too many live connections", retry_after_s=10
            )
        if not socket.can_prepare(request).ok:
            raise web.HTTPBadRequest
        return socket

    def session_ended(self, session: str, why: SessionEnd) -> None:
        """A person's session has ended: tell its pages and let them go."""
        for reading, actor in tuple(self.plain_readers.items()):
            if actor.session == session:
                reading.subscription.close()
        for socket, who in tuple(self.sockets.items()):
            if who is not None and who.session == session:
                task = asyncio.get_running_loop().create_task(self._dismiss(socket, who, why))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)

    async def _dismiss(self, socket: web.WebSocketResponse, who: Actor, why: SessionEnd) -> None:
        elsewhere = why is SessionEnd.SIGNED_IN_ELSEWHERE
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(self.limits.close_within_s):
                if elsewhere:
                    news = {"type": "event", "kind": why, "data": {"agent_id": who.name}, "sparse": True}
                    await socket.send_str(dump(news))
                code = CLOSE_ELSEWHERE if elsewhere else CLOSE_UNAUTHENTICATED
                await socket.close(code=code, message=why.encode())

    async def close_all(self) -> None:
        """The server stops: tell every reader."""
        for reading in tuple(self.plain_readers):
            reading.subscription.close()
        closing = [
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"server_stops") for socket in self.sockets
        ]
        await asyncio.gather(*closing, *self._closing, return_exceptions=True)


LIVE = web.AppKey("live", Live)


async def stream(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Serve one reader until it leaves, is too slow, or the server stops."""
    live = exchange.request.app[LIVE]
    begin = exchange.query
    socket = live.new_socket(exchange.request)
    await socket.prepare(exchange.request)
    live.sockets[socket] = exchange.actor
    try:
        async with answered_by_close(socket):
            if exchange.actor is None:
                within_s = live.limits.authenticate_within_s
                exchange, message = await introduced(socket, exchange, AuthenticateMessage, within_s)
                begin = EventsQuery(stream=message.stream, after=message.after)
                live.sockets[socket] = exchange.actor
            actor = exchange.somebody
            _log.info("live.reader_joined", who=actor.name, readers=len(live.sockets))
            await _Line(live, ports, exchange, socket, actor).serve(begin)
    finally:
        live.sockets.pop(socket, None)
    return socket


class _Line:
    """One connection whose other end is known."""

    def __init__(
        self, live: Live, ports: Ports, exchange: Exchange, socket: web.WebSocketResponse, actor: Actor
    ) -> None:
        self._live = live
        self._events = ports.events
        self._gate: Gate = exchange.gate
        self._socket = socket
        self._actor = actor
        self._reach: Reach = self._gate.reach(actor)
        self._loop = asyncio.get_running_loop()
        self._commands = Commands(live.service, live.commands, exchange.request, self._loop.time)
        self._request = exchange.request

    async def serve(self, begin: EventsQuery) -> None:
        """Send and receive until either side has enough."""
        reading = begin_reading(self._events, self._reach, begin, self._live.limits.buffer_size)
        tasks: list[asyncio.Task[bool]] = []
        try:
            sender = asyncio.create_task(self._send_all(reading))
            receiver = asyncio.create_task(self._receive_all())
            tasks += [sender, receiver]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if any(task.done() and task.result() for task in tasks):
                _log.warning(
                    "live.reader_too_slow",
                    who=self._actor.name,
                    buffer_overflowed=reading.subscription.is_lost,
                )
                await self._close_slow()
        finally:
            reading.subscription.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._socket.close()

    async def _send_all(self, reading: Reading) -> bool:
        """Send until the subscription ends; True when the reader was too slow."""
        limits, subscription = self._live.limits, reading.subscription
        try:
            await self._send(dump(reading.head))
            seen = int(reading.head["number"])
            next_beat = self._loop.time() + limits.heartbeat_s
            while True:
                try:
                    async with asyncio.timeout_at(next_beat):
                        event = await anext(subscription)
                except TimeoutError:
                    if not self._is_still_welcome():
                        return False
                    await self._send(f'{{"type":"heartbeat","number":{seen}}}')
                    next_beat = self._loop.time() + limits.heartbeat_s
                    continue
                seen = event.number
                if self._reach.is_all:
                    await self._send(self._live.texts.text_of(event))
                elif self._reach.has(event.concern):
                    await self._send(self._live.texts.sparse_text_of(event))
        except TimeoutError:
            return True
        except StopAsyncIteration:
            return subscription.is_lost

    async def _send(self, text: str) -> None:
        async with asyncio.timeout(self._live.limits.send_timeout_s):
            await self._socket.send_str(text)

    async def _receive_all(self) -> bool:
        """Answer pings and commands until the other side closes; True when it was too slow to take an answer."""
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                self._commands.count()
                if message.data == '{"type":"ping"}':
                    await self._send('{"type":"pong"}')
                elif self._is_still_welcome():
                    await self._send(await self._commands.answer(message.data, self._actor))
        except CommandFlood:
            _log.warning("live.flood", who=self._actor.name)
            await self._socket.close(code=CLOSE_FLOOD, message=b"flood")
        except TimeoutError:
            return True
        return False

    def _is_still_welcome(self) -> bool:
        """Look again at who it is: the session may have ended, the role may be another one."""
        actor = self._gate.refreshed(self._actor)
        if actor is None:
            return False
        self._actor, self._reach = actor, self._gate.reach(actor)
        return True

    async def _close_slow(self) -> None:
        """Say why, and cut the line of a reader that does not even take that."""
        transport = self._request.transport
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(self._live.limits.close_within_s):
                await self._socket.close(code=CLOSE_TOO_SLOW, message=b"too_slow", drain=False)
                return
        if transport is not None:
            transport.abort()
