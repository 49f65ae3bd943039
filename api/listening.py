"""Listening to a call in the browser (监听): its sound over WebSocket, without a phone.

One text message names the format; then come binary messages of 20 ms of G.711 A-law at 8 kHz each, until the call ends
or somebody leaves.  Who listens is heard by nobody.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from api.exchange import Exchange
from api.faults import ApiFault, NotBuilt, Refused
from api.introduction import answered_by_close, close_code, introduced
from api.json_text import dump
from api.live import CLOSE_TOO_SLOW, LIVE, Live
from api.ports import ForcedAction, Ports, Sound
from api.problems import Unauthenticated

_log = structlog.get_logger(__name__)

_REASON = {"doc": "原因,必填 / reason, needed", "most": 64}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenQuery:
    """Why, of a program that shows its token in the header."""

    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenMessage:
    """The first message of a page that listens: who it is, and why; without a token its session's cookie counts."""

    type: str = field(metadata={"choices": ("authenticate",)})
    token: str = field(default="", metadata={"most": 512})
    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningView:
    """The first message to who listens: what the binary ones hold."""

    type: str
    call_id: str
    codec: str
    sample_rate_hz: int
    frame_ms: int


async def listen(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Hear a call until it ends; what forbids it is said before the upgrade, to a page by the close."""
    live = exchange.request.app[LIVE]
    socket = live.new_socket(exchange.request)
    if exchange.actor is not None:
        with contextlib.closing(await _begun(ports, exchange, exchange.query.reason)) as sound:
            await socket.prepare(exchange.request)
            await _serve(live, exchange, socket, sound)
        return socket
    await socket.prepare(exchange.request)
    live.sockets[socket] = None
    try:
        async with answered_by_close(socket):
            within_s = live.limits.authenticate_within_s
            exchange, message = await introduced(socket, exchange, ListenMessage, within_s)
            with contextlib.closing(await _begun(ports, exchange, message.reason)) as sound:
                await _serve(live, exchange, socket, sound)
    finally:
        live.sockets.pop(socket, None)
    return socket


async def _begun(ports: Ports, exchange: Exchange, reason: str) -> Sound:
    """The sound of the call, and the ledger's line of who hears it and why."""
    if ports.listening is None:
        raise NotBuilt
    if not reason.strip():
        raise Refused("reason_needed", "监听需要原因 / listening needs a reason", field="reason")
    who, call_id = exchange.somebody.name, exchange.id_of("call")
    concern = ports.events.concern_of(call_id)
    sound = await ports.listening.listen(call_id, who, reason.strip())
    if ports.ledger is not None:
        ports.ledger.record(
            ForcedAction(
                who=who,
                action="listen",
                agent=None if concern is None else concern.talking,
                call_id=call_id,
                reason=reason.strip(),
                detail={},
            )
        )
    return sound


async def _serve(live: Live, exchange: Exchange, socket: web.WebSocketResponse, sound: Sound) -> None:
    """Send and wait for the end of either side."""
    live.sockets[socket] = exchange.actor
    head = ListeningView(
        type="listening", call_id=exchange.id_of("call"), codec="PCMA", sample_rate_hz=8000, frame_ms=20
    )
    tasks: list[asyncio.Task[int]] = []
    try:
        await socket.send_str(dump(head))
        tasks += [
            asyncio.create_task(_send_all(live, socket, sound)),
            asyncio.create_task(_wait_left(socket)),
            asyncio.create_task(_wait_unwelcome(live, exchange)),
        ]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = next(iter(done)).result()
    finally:
        live.sockets.pop(socket, None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await socket.close(code=code)


async def _send_all(live: Live, socket: web.WebSocketResponse, sound: Sound) -> int:
    try:
        async for frame in sound:
            async with asyncio.timeout(live.limits.send_timeout_s):
                await socket.send_bytes(frame)
    except TimeoutError:
        _log.warning("listening.too_slow")
        return CLOSE_TOO_SLOW
    return 1000


async def _wait_left(socket: web.WebSocketResponse) -> int:
    """Nothing is expected of who listens."""
    async for _ in socket:
        pass
    return 1000


async def _wait_unwelcome(live: Live, exchange: Exchange) -> int:
    """Look at every beat whether the session lives and the call is still within reach."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(live.limits.heartbeat_s):
                await asyncio.Event().wait()
        try:
            actor = exchange.gate.refreshed(exchange.somebody)
            if actor is None:
                raise Unauthenticated
            await exchange.admit(actor)
        except ApiFault as fault:
            return close_code(fault)
