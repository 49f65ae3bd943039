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
from api.faults import NotBuilt, Refused
from api.json_text import dump
from api.live import CLOSE_TOO_SLOW, CLOSE_UNAUTHENTICATED, LIVE, MESSAGE_MOST, Live
from api.ports import ForcedAction, Ports, Sound
from api.problems import Unauthenticated

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenQuery:
    """Why."""

    reason: str = field(default="", metadata={"doc": "原因,必填 / reason, needed", "most": 64})


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningView:
    """The first message: what the binary ones hold."""

    type: str
    call_id: str
    codec: str
    sample_rate_hz: int
    frame_ms: int


async def listen(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Hear a call until it ends; whatever forbids it is said before the upgrade."""
    live, actor, reason = exchange.request.app[LIVE], exchange.actor, exchange.query.reason.strip()
    if actor is None:
        raise Unauthenticated
    if ports.listening is None:
        raise NotBuilt
    if not reason:
        raise Refused("reason_needed", "监听需要原因 / listening needs a reason")
    socket = web.WebSocketResponse(
        heartbeat=live.limits.heartbeat_s * 2, timeout=live.limits.close_within_s, max_msg_size=MESSAGE_MOST
    )
    if not socket.can_prepare(exchange.request).ok:
        raise web.HTTPBadRequest
    call_id = exchange.id_of("call")
    concern = ports.events.concern_of(call_id)
    sound = await ports.listening.listen(call_id, actor.name, reason)
    with contextlib.closing(sound):
        if ports.ledger is not None:
            ports.ledger.record(
                ForcedAction(
                    who=actor.name,
                    action="listen",
                    agent=None if concern is None else concern.talking,
                    call_id=call_id,
                    reason=reason,
                    detail={},
                )
            )
        await socket.prepare(exchange.request)
        live.sockets[socket] = actor
        try:
            await _serve(live, exchange, socket, sound, call_id)
        finally:
            live.sockets.pop(socket, None)
    return socket


async def _serve(
    live: Live, exchange: Exchange, socket: web.WebSocketResponse, sound: Sound, call_id: str
) -> None:
    """Send and wait for the end of either side."""
    head = ListeningView(type="listening", call_id=call_id, codec="PCMA", sample_rate_hz=8000, frame_ms=20)
    await socket.send_str(dump(head))
    tasks = [
        asyncio.create_task(_send_all(live, socket, sound)),
        asyncio.create_task(_wait_left(socket)),
        asyncio.create_task(_wait_signed_out(live, exchange)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = next(iter(done)).result()
    finally:
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


async def _wait_signed_out(live: Live, exchange: Exchange) -> int:
    """Look at every beat whether the session lives and the call is still within reach."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(live.limits.heartbeat_s):
                await asyncio.Event().wait()
        if exchange.actor is None or exchange.gate.refreshed(exchange.actor) is None:
            return CLOSE_UNAUTHENTICATED
