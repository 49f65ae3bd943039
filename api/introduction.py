"""Who is at the other end of a WebSocket.

A program shows its token in the `Authorization` header and is checked before the upgrade.  A page, since browsers cannot
set one, says in its first message who it is: by a token, or by the cookie that came with the connection; never in the
URL.  Both pass the same check.  Whoever is refused after the upgrade is told by the close: its code is 4000 and the
status that HTTP would have answered, its reason the problem's code.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from api.exchange import Exchange
from api.faults import ApiFault
from api.json_text import MalformedJson, parse
from api.problems import Unauthenticated, status_and_code
from api.schemas import InvalidRequest, bind

_log = structlog.get_logger(__name__)

CLOSE_UNAUTHENTICATED = 4401


class FirstMessage(Protocol):
    """What a page says first."""

    @property
    def token(self) -> str:
        """Of the configuration, or a session's secret; without one the session's cookie counts."""
        ...


Message = TypeVar("Message", bound=FirstMessage)


async def introduced(
    socket: web.WebSocketResponse, exchange: Exchange, cls: type[Message], within_s: float
) -> tuple[Exchange, Message]:
    """The exchange as that of whom the first message names, and the message.

    Raises `Unauthenticated` for anything but a good message in time, else what `Exchange.admit` raises.
    """
    try:
        async with asyncio.timeout(within_s):
            first = await socket.receive()
        if first.type is not WSMsgType.TEXT:
            raise Unauthenticated
        value = parse(first.data.encode())
        message = bind(cls, value if isinstance(value, dict) else {}, is_text=False)
    except (TimeoutError, MalformedJson, InvalidRequest, UnicodeEncodeError) as error:
        raise Unauthenticated from error
    gate = exchange.gate
    actor = gate.by_secret(message.token) if message.token else gate.by_cookie(exchange.request)
    if actor is None:
        raise Unauthenticated
    return await exchange.admit(actor), message


def close_code(fault: ApiFault) -> int:
    """What a connection is closed with for this fault."""
    return 4000 + status_and_code(fault)[0]


@asynccontextmanager
async def answered_by_close(socket: web.WebSocketResponse) -> AsyncIterator[None]:
    """Faults of the block close the connection: once it is upgraded no problem document can be sent any more."""
    try:
        yield
    except ConnectionError:
        raise
    except ApiFault as fault:
        await socket.close(code=close_code(fault), message=status_and_code(fault)[1].encode())
    except Exception:
        _log.exception("live.failed")
        await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=b"internal_error")
