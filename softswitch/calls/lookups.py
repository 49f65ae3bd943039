"""Web services that flows may ask: GET, a small JSON object as the answer, hosts from a list, no private networks."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

log = structlog.get_logger(__name__)

ANSWER_MOST = 64 * 1024
"""Bytes of an answer; a longer one counts as none."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Where translators reach IPv4 from (RFC 6052 section 2.1)."""

Answered = Callable[[dict[str, str] | None], None]


class LookUpRefused(Exception):
    """The look-up is not allowed, or its answer is none that can be used."""


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public internet; what carries an IPv4 address inside is judged by that one."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return is_public(carried)
        return address.is_global and not address.is_multicast and address.teredo is None
    return address.is_global and not address.is_multicast


class _PublicOnly(AbstractResolver):
    """Names that lead into private networks lead nowhere: what was resolved is what is connected to."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        public = [each for each in found if is_public(ipaddress.ip_address(each["host"]))]
        if not public:
            raise OSError(f"{host} leads into a private network")
        return public

    async def close(self) -> None:
        await self._inner.close()


class Lookups:
    """Asks, and tells the answer later; nobody waits for it."""

    def __init__(self, hosts: tuple[str, ...], *, may_be_private: bool) -> None:
        """`hosts` are those that may be asked, `name` or `name:port`."""
        self._hosts = frozenset(host.lower() for host in hosts)
        self._may_be_private = may_be_private
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(self, url: str, timeout_s: float, answered: Answered) -> None:
        """Begin a look-up; `answered` is told the fields within the time, None for a failure of any kind."""
        task = asyncio.get_running_loop().create_task(self._work(url, timeout_s, answered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _work(self, url: str, timeout_s: float, answered: Answered) -> None:
        fields: dict[str, str] | None = None
        try:
            async with asyncio.timeout(timeout_s):
                fields = await self._fetch(url)
        except (LookUpRefused, aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Of the URL only the host: what callers typed stands in the rest.
            log.warning("look_up.failed", host=_host(url), error=type(error).__name__)
        try:
            answered(fields)
        except Exception:
            log.exception("look_up.answer_failed")

    async def _fetch(self, url: str) -> dict[str, str]:
        self._check(url)
        if self._session is None:
            resolver = None if self._may_be_private else _PublicOnly()
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, limit=32), trust_env=False
            )
        async with self._session.get(url, allow_redirects=False) as answer:
            if answer.status != 200:
                raise LookUpRefused(f"status {answer.status}")
            data = await answer.content.read(ANSWER_MOST + 1)
            while len(data) <= ANSWER_MOST and (more := await answer.content.read(ANSWER_MOST)):
                data += more
        if len(data) > ANSWER_MOST:
            raise LookUpRefused("the answer is too long")
        return _texts(_read(data))

    def _check(self, url: str) -> None:
        host, port = _host(url), urlsplit(url).port
        if host not in self._hosts and f"{host}:{port}" not in self._hosts:
            raise LookUpRefused(f"{host} is not on the list of hosts")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        if not self._may_be_private and not is_public(address):
            raise LookUpRefused(f"{host} lies in a private network")


def _host(url: str) -> str:
    """The host of a URL; empty for what is no URL."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _read(data: bytes) -> Any:
    """The JSON value of an answer; `LookUpRefused` or ValueError for what is none."""
    try:
        return json.loads(data)
    except RecursionError as error:  # no ValueError: whoever waits for the answer would never be told
        raise LookUpRefused("the answer is nested too deeply") from error


def _texts(answer: Any) -> dict[str, str]:
    """The plain values of an object as texts; ValueError when UTF-8 cannot carry them (halves of surrogate pairs)."""
    if not isinstance(answer, dict):
        raise LookUpRefused("the answer is no JSON object")
    found = {}
    for name, value in answer.items():
        match value:
            case bool():
                found[name] = "true" if value else "false"
            case str() | int() | float():
                found[name] = str(value)
    "".join([*found, *found.values()]).encode()  # a flow that asks on with such a text would break on it
    return found
