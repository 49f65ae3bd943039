"""The HTTP application: routes of the table behind one boundary that checks, logs and answers for every fault."""

import time
from collections.abc import Awaitable, Callable, Collection
from contextvars import ContextVar
from typing import Any

import structlog
from aiohttp import web

from api.document import make_document
from api.exchange import BODY_MOST, BODY_TIMEOUT_S, Exchange, read_body, read_query
from api.json_text import dump
from api.live import LIVE, Live, LiveLimits
from api.pages import add_pages
from api.ports import Ports
from api.problems import Forbidden, Unauthenticated, from_exception
from api.requests import Nothing
from api.routes import ROUTES, UPGRADES, Route
from api.server import SECURITY_HEADERS
from api.tokens import Token, TokenList

_log = structlog.get_logger(__name__)

_token_name: ContextVar[str] = ContextVar("token_name", default="")
"""Whose token the request of this task carries, for the log."""

CHANGES = frozenset({"POST", "PUT", "PATCH"})
"""Methods that carry a body."""

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(
    ports: Ports,
    tokens: Collection[Token],
    *,
    version: str = "0",
    limits: LiveLimits | None = None,
    body_timeout_s: float = BODY_TIMEOUT_S,
    embedders: Collection[str] = (),
) -> web.Application:
    """The application over these ports; `tokens` are the ones that are let in, `embedders` origins that may frame the pages."""
    app = web.Application(client_max_size=BODY_MOST, middlewares=[_boundary])
    known = TokenList(tokens)
    app[LIVE] = Live(limits or LiveLimits())
    for route in ROUTES:
        step = _step(route, ports, known, body_timeout_s)
        if route.method == "GET" and route.path not in UPGRADES:
            app.router.add_get(route.path, step)  # with HEAD
        else:
            app.router.add_route(route.method, route.path, step)
    document = dump(make_document(version))

    async def show_document(_request: web.Request) -> web.StreamResponse:
        return web.json_response(text=document)

    app.router.add_get("/openapi.json", show_document)
    add_pages(app, embedders)
    app.on_response_prepare.append(_secure)
    app.on_shutdown.append(_stop_live)
    return app


def _step(route: Route, ports: Ports, tokens: TokenList, body_timeout_s: float) -> Step:
    """A request on its way to the handler of a route: token, scope, query, body; then the view as JSON."""

    async def step(request: web.Request) -> web.StreamResponse:
        if route.scopes and route.path not in UPGRADES:
            _admit(route, request, tokens)
        query = read_query(request, route.query or Nothing)
        body = (
            await read_body(request, route.body or Nothing, body_timeout_s)
            if route.method in CHANGES
            else None
        )
        exchange = Exchange(request=request, body=body, query=query, tokens=tokens)
        shown: Any = await route.handler(ports, exchange)
        if isinstance(shown, web.StreamResponse):
            return shown
        return web.json_response(text=dump(shown), status=route.status)

    return step


def _admit(route: Route, request: web.Request, tokens: TokenList) -> None:
    token = tokens.find_in_header(request.headers.get("Authorization", ""))
    if token is None:
        raise Unauthenticated
    _token_name.set(token.name)
    if not token.may(route.scopes):
        raise Forbidden(tuple(sorted(route.scopes)))


@web.middleware
async def _boundary(request: web.Request, handler: Step) -> web.StreamResponse:
    """Turn every exception into its problem, and log every request without its query and headers."""
    began = time.monotonic()
    _token_name.set("")  # a connection serves many requests in one task
    try:
        response = await handler(request)
    except ConnectionError as error:
        if request.transport is None or request.transport.is_closing():
            _log.info("http.request", method=request.method, path=request.path, status=0, reader="gone")
            raise
        response = from_exception(error)  # not this connection, but one of ours inside
    except Exception as error:  # whatever a handler raises is answered; nothing of it is shown
        response = from_exception(error)
    _log.info(
        "http.request",
        method=request.method,
        path=request.path,
        status=response.status,
        duration_ms=round((time.monotonic() - began) * 1000, 1),
        token=_token_name.get(),
        remote=request.remote,
    )
    return response


async def _secure(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


async def _stop_live(app: web.Application) -> None:
    await app[LIVE].close_all()
