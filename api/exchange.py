"""One request as its handler sees it: checked body and query, and who asked."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from api.actors import Actor
from api.faults import NotFound
from api.gate import Gate
from api.json_text import parse
from api.problems import BodyBroken, BodyTimeout, Unauthenticated, UnsupportedBody
from api.reach import Reach
from api.requests import ID_PATTERN, Nothing
from api.schemas import FieldFault, InvalidRequest, bind, compiled, plain_object

BODY_MOST = 64 * 1024
"""A longer body is refused (413)."""

BODY_TIMEOUT_S = 10.0
"""A body that arrives more slowly is refused (408)."""

SLOWEST_BYTES_PER_S = 250_000
"""A file that comes more slowly is refused in the end."""

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request that may be carried out.  `body` and `query` are what the route's classes made of it.

    A command of a live connection is one too: `request` is then the one that opened the connection.  `actor` is None
    where nobody is asked for, or nobody has said yet who it is; `reach` is what of the hotline the actor may see.
    `admit` gives the exchange as that of an actor who becomes known later, after the same check of rights and reach.
    """

    request: web.Request
    ids: Mapping[str, str]
    body: Any
    query: Any
    actor: Actor | None
    reach: Reach
    gate: Gate
    admit: Callable[[Actor], Awaitable["Exchange"]]

    @property
    def somebody(self) -> Actor:
        """Who asked; `Unauthenticated` where nobody has said so."""
        if self.actor is None:
            raise Unauthenticated
        return self.actor

    def id_of(self, kind: str) -> str:
        """The id of a thing in the path; one that no id can look like is not found."""
        wanted = self.ids[f"{kind}_id"]
        if not compiled(ID_PATTERN).fullmatch(wanted):
            raise NotFound(kind, wanted[:128])
        return wanted


async def read_body(
    request: web.Request,
    cls: type[Request] | type[Nothing],
    timeout_s: float = BODY_TIMEOUT_S,
    most: int = BODY_MOST,
) -> Any:
    """The body as `cls`, of at most so many bytes; a body without fields may be left out.  A `dict` is any object."""
    data = await _received(request, timeout_s, most)
    if not data and cls is Nothing:
        return Nothing()
    if request.content_type != "application/json":
        raise UnsupportedBody("应为 application/json / expected application/json")
    value = parse(data)
    if not isinstance(value, dict):
        fault = FieldFault(field="", code="wrong_type", detail="应为对象 / expected an object")
        raise InvalidRequest((fault,))
    return plain_object(value) if cls is dict else bind(cls, value, is_text=False)


async def read_file(request: web.Request, takes: Collection[str], timeout_s: float, most: int) -> bytes:
    """The body as it is, of one of these media types and at most so many bytes; a long one has more time."""
    if request.content_type not in takes:
        raise UnsupportedBody(f"应为其一 / expected one of {', '.join(takes)}")
    return await _received(request, timeout_s + most / SLOWEST_BYTES_PER_S, most)


async def _received(request: web.Request, timeout_s: float, most: int) -> bytes:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedBody("不收压缩的请求体 / compressed bodies are not taken")
    try:
        async with asyncio.timeout(timeout_s):
            return await (request if most == BODY_MOST else request.clone(client_max_size=most)).read()
    except TimeoutError as error:
        raise BodyTimeout("请求体到达过慢 / the body arrived too slowly") from error
    except web.RequestPayloadError as error:
        raise BodyBroken("请求体不完整 / the body is not whole") from error


def read_query(request: web.Request, cls: type[Request] | type[Nothing]) -> Any:
    """The query string as `cls`; a name that stands twice is a fault."""
    twice = tuple(
        FieldFault(field=name[:64], code="not_allowed", detail="出现两次 / stands there twice")
        for name in sorted(set(request.query))
        if len(request.query.getall(name)) > 1
    )
    if twice:
        raise InvalidRequest(twice)
    return bind(cls, dict(request.query), is_text=True)
