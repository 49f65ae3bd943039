"""Listening: the application on one address, with problems also for what is not even HTTP."""

import asyncio
from typing import Any

import structlog
from aiohttp import web

from api.certificate import Certificate
from api.crowd import Crowd, network_of
from api.problems import response
from api.tls_door import BACKLOG, TlsDoor

_log = structlog.get_logger(__name__)

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer carries."""

KEEP_ALIVE_S = 60.0
HEADERS_S = 10.0
"""In which a request's headers have to be there, from the connection on or from its first byte: no slow-loris."""
HANDSHAKE_S = 5.0
_LINGER_S = 0.5
_SHUTDOWN_S = 3.0


class _Connection(web.RequestHandler):
    """One connection.  What its peer sends is neither echoed nor logged when it cannot be read."""

    __slots__ = ("_crowd", "_deadline", "_headers_s", "_network")

    def __init__(self, crowd: Crowd, manager: web.Server, headers_s: float, **options: Any) -> None:
        """Be one of this crowd, if there is room."""
        super().__init__(manager, **options)
        self._crowd = crowd
        self._headers_s = headers_s
        self._deadline: asyncio.TimerHandle | None = None
        self._network: str | None = None  # where its peer is; None for one that was not let in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected; one too many is cut off at once, before it costs anything."""
        peer = transport.get_extra_info("peername")
        network = network_of(peer[0] if peer else "")
        if not self._crowd.enter(network):
            _log.warning("http.too_many_connections", network=network, connections=len(self._crowd))
            if isinstance(transport, asyncio.Transport):
                transport.abort()
            return
        self._network = network
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request: it is whole within its time, or the connection is over."""
        requests = self._request_count
        super().data_received(data)
        if self._request_count != requests:
            self._expect_nothing()
        elif self._waiter is not None:  # no request is under way, and another one begins
            self._expect_headers()

    def _expect_headers(self) -> None:
        if self._deadline is None:
            self._deadline = self._loop.call_later(self._headers_s, self._give_up)

    def _expect_nothing(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()

    def _give_up(self) -> None:
        self._deadline = None
        _log.info("http.too_slow", network=self._network)
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone."""
        if self._network is None:
            return
        self._expect_nothing()
        self._crowd.leave(self._network)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that cannot be read, or that failed outside of the boundary."""
        if status >= 500:
            _log.error("http.connection_failed", remote=request.remote, exc_info=exc)
        else:
            _log.info("http.malformed", remote=request.remote, fault=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer is on its way already")
        code = "internal_error" if status >= 500 else "bad_request"
        headers = {**SECURITY_HEADERS, "Server": "softswitch"}
        answer = response(status, code, "无法读取此请求 / the request cannot be read", headers)
        answer.force_close()
        return answer


class HttpServer:
    """A listening application; `port` is the one that it got."""

    def __init__(self, runner: web.AppRunner, listener: asyncio.Server | TlsDoor) -> None:
        """Use `serve`."""
        self._runner = runner
        self._listener = listener
        if isinstance(listener, TlsDoor):
            self.port = listener.port
        else:
            self.port = int(listener.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, tell the readers of the live stream, end what runs."""
        if isinstance(self._listener, TlsDoor):
            await self._listener.close()
        else:
            self._listener.close()
        await self._runner.cleanup()


async def serve(
    app: web.Application,
    address: str,
    port: int,
    certificate: Certificate | None = None,
    crowd: Crowd | None = None,
    headers_s: float = HEADERS_S,
) -> HttpServer:
    """Listen on `address`, with a certificate for HTTPS; port 0 takes a free one.  `crowd` bounds the connections.

    Who has not sent whole headers in `headers_s` is cut off.

    `OSError` when the address cannot be had.
    """
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    loop = asyncio.get_running_loop()
    everybody = crowd or Crowd()
    options: dict[str, Any] = {
        "access_log": None,
        "keepalive_timeout": KEEP_ALIVE_S,
        "lingering_time": _LINGER_S,
    }

    def connection() -> _Connection:
        if runner.server is None:
            raise ConnectionError("the server has stopped")
        return _Connection(everybody, runner.server, headers_s, loop=loop, **options)

    listener: asyncio.Server | TlsDoor
    try:
        if certificate is None:
            listener = await loop.create_server(
                connection, address, port, backlog=BACKLOG, reuse_address=True
            )
        else:
            at_door = Crowd()
            listener = TlsDoor(
                address,
                port,
                certificate,
                connection,
                enter=lambda peer: at_door.enter(network_of(peer)),
                leave=lambda peer: at_door.leave(network_of(peer)),
                handshake_s=HANDSHAKE_S,
            )
    except OSError:
        await runner.cleanup()
        raise
    return HttpServer(runner, listener)
