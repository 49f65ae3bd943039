"""The integrator's work orders of a caller, for the screen pop: asked for when a page shows the call, never before.

`GET` of an address of the configuration; the answer is `{"orders": [{"number", "title", "state", "url"}, …]}`, all texts.
"""

import asyncio
import json
import re
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog

from api.orders_port import OrderView
from api.views import CallView
from softswitch.url_values import quoted

log = structlog.get_logger(__name__)

ANSWER_MOST = 64 * 1024
ORDERS_MOST = 20
TEXT_MOST = 200
_PLACE = re.compile(r"\{(data\.)?([^{}]+)\}")


class UnusableAnswer(Exception):
    """The service's answer is none that can be shown."""


class WorkOrders:
    """Asks the service.  Implements `api.orders_port.OrdersPort`."""

    def __init__(self, address: str, timeout_s: float) -> None:
        """`address` has places to be filled in: `{caller}`, `{called}`, `{queue}`, `{call_id}`, `{data.name}`."""
        self._address = address
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def of_call(self, call: CallView, number: str) -> tuple[OrderView, ...] | None:
        """The open orders of a number; None when the service does not say within its time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._asked(_filled(self._address, call, number))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, UnusableAnswer) as error:
            log.warning("work_orders.failed", call_id=call.call_id, error=type(error).__name__)
            return None

    async def close(self) -> None:
        """Let the service go."""
        if self._session is not None:
            await self._session.close()

    async def _asked(self, url: str) -> tuple[OrderView, ...]:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise UnusableAnswer(f"status {answer.status}")
            data = b""
            async for piece in answer.content.iter_any():
                data += piece
                if len(data) > ANSWER_MOST:
                    raise UnusableAnswer("too long")
        try:
            answer = json.loads(data)
        except RecursionError as error:
            raise UnusableAnswer("nested too deeply") from error
        return _orders(answer)


def _filled(address: str, call: CallView, number: str) -> str:
    """The address of one call; what is filled in is encoded.  `{caller}` is whom the call is with."""
    known = {"caller": number, "called": call.called, "queue": call.queue, "call_id": call.call_id}

    def value(place: re.Match[str]) -> str:
        found = call.data.get(place[2]) if place[1] else known.get(place[2])
        text = "" if found is None else found if isinstance(found, str) else json.dumps(found)
        return quoted(text)

    return _PLACE.sub(value, address)


def _orders(answer: Any) -> tuple[OrderView, ...]:
    found = answer.get("orders") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UnusableAnswer("no list of orders")
    return tuple(
        OrderView(
            number=_text(one, "number"),
            title=_text(one, "title"),
            state=_text(one, "state"),
            url=_link(one.get("url")),
        )
        for one in found[:ORDERS_MOST]
    )


def _text(one: dict[str, Any], name: str) -> str:
    value = one.get(name, "")
    return str(value)[:TEXT_MOST] if isinstance(value, str | int) else ""


def _link(url: Any) -> str:
    """A link that a page may show: nothing but http and https."""
    if not isinstance(url, str) or len(url) > 1000:
        return ""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else ""
    except ValueError:
        return ""
