"""The HTTP application: routes of the table behind one boundary that checks, logs and answers for every fault."""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from api.async_document import make_async_document
from api.cross_origin import CrossOrigin
from api.document import make_document
from api.document_page import make_page, policy
from api.exchange import BODY_MOST, BODY_TIMEOUT_S, read_body, read_file, read_query
from api.gate import DoorRules, Gate, checked_origins
from api.json_text import dump
from api.live import LIVE, Live, LiveLimits
from api.live_messages import Shown
from api.object_document import Shapes
from api.pages import add_pages
from api.ports import Ports
from api.problems import from_exception
from api.request_pace import RequestLimits, RequestPace
from api.requests import Nothing
from api.route import Route
from api.routes import ROUTES
from api.server import SECURITY_HEADERS
from api.service import Errand, Service
from api.sessions import SessionLimits, Sessions
from api.sign_in import DESK, PasswordDesk
from api.single_use import HEADER, Answer, SingleUse
from api.tickets import Tickets
from api.tokens import Token, TokenList

_log = structlog.get_logger(__name__)

_who: ContextVar[str] = ContextVar("who", default="")
"""Whom the request of this task comes from, for the log."""

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(
    ports: Ports,
    tokens: Collection[Token],
    *,
    version: str = "0",
    limits: LiveLimits | None = None,
    body_timeout_s: float = BODY_TIMEOUT_S,
    embedders: Collection[str] = (),
    screen_pop: str = "",
    hosts: Collection[str] = (),
    session_limits: SessionLimits | None = None,
    request_limits: RequestLimits | None = None,
    is_supervision_shown: bool = False,
    kinds: Mapping[str, Shown] | None = None,
    shapes: Shapes | None = None,
    wall: Callable[[], float] = time.time,
) -> web.Application:
    """The application over these ports.

    `tokens` are the ones that are let in, `embedders` origins of other sites whose pages may frame ours and use the
    interface, `hosts` the server's names.  `is_supervision_shown`: agents are told of supervision.  `shapes` are those of
    the business's objects by kind, `kinds` those of the live events, for their description.  `wall` gives seconds since
    1970.
    """
    rules = DoorRules(
        hosts=frozenset(host.lower() for host in hosts),
        origins=checked_origins(embedders),
        is_supervision_shown=is_supervision_shown,
    )
    sessions = Sessions(ports.people, ports.keeper, wall, session_limits or SessionLimits())
    gate = Gate(TokenList(tokens), sessions, Tickets(wall), ports.people, rules)
    service = Service(ports, gate, SingleUse(ports.keeper, wall))
    others = CrossOrigin(rules.origins)
    app = web.Application(client_max_size=BODY_MOST, middlewares=[_boundary(gate, others)])
    live = app[LIVE] = Live(
        limits or LiveLimits(), service, {route.command: route for route in ROUTES if route.command}
    )
    sessions.on_end = live.session_ended
    app[DESK] = PasswordDesk()
    pace = RequestPace(request_limits or RequestLimits())
    for route in ROUTES:
        step = _step(route, service, gate, pace, body_timeout_s)
        if route.method == "GET" and not route.is_upgrade:
            app.router.add_get(route.path, step)  # with HEAD
        else:
            app.router.add_route(route.method, route.path, step)
    _add_document(app, version, kinds or {}, shapes)
    add_pages(app, embedders, screen_pop)
    app.on_response_prepare.append(_secure)
    app.on_response_prepare.append(others.prepare)
    app.on_shutdown.append(_stop_live)
    app.on_cleanup.append(_close_desk)
    return app


def _add_document(
    app: web.Application, version: str, kinds: Mapping[str, Shown], shapes: Shapes | None
) -> None:
    """The interface's description, for programs and for people."""
    text, page = _described(version) if shapes is None else _texts(make_document(version, shapes=shapes))
    live_text = dump(make_async_document(version, kinds))

    async def show_document(_request: web.Request) -> web.StreamResponse:
        return web.json_response(text=text)

    async def show_live_document(_request: web.Request) -> web.StreamResponse:
        return web.json_response(text=live_text)

    async def show_page(_request: web.Request) -> web.StreamResponse:
        headers = {"Content-Security-Policy": policy()}
        return web.Response(text=page, content_type="text/html", headers=headers)

    app.router.add_get("/openapi.json", show_document)
    app.router.add_get("/asyncapi.json", show_live_document)
    app.router.add_get("/docs", show_page)


@cache
def _described(version: str) -> tuple[str, str]:
    """The document without the business's objects: the same for every application of one version."""
    return _texts(make_document(version))


def _texts(document: dict[str, Any]) -> tuple[str, str]:
    """The document as JSON and as a page."""
    return dump(document), make_page(document)


def _step(route: Route, service: Service, gate: Gate, pace: RequestPace, body_timeout_s: float) -> Step:
    """A request on its way to the handler of a route: who, rights, query, body; then the view as JSON."""

    async def step(request: web.Request) -> web.StreamResponse:
        actor = None
        try:
            if not route.is_open and (not route.is_upgrade or "Authorization" in request.headers):
                actor = gate.who(request)
                _who.set("" if actor is None else actor.name)
        finally:  # who shows something wrong is a stranger
            pace.admit(actor, request.remote or "", time.monotonic())
        service.admit(route, actor)
        query = read_query(request, route.query or Nothing)
        body: Any = None
        if route.takes:
            body = await read_file(request, route.takes, body_timeout_s, route.body_most)
        elif route.method != "GET":
            body = await read_body(request, route.body or Nothing, body_timeout_s, route.body_most)
        errand = Errand(
            route=route,
            request=request,
            actor=actor,
            ids=dict(request.match_info),
            query=query,
            body=body,
            key=request.headers.get(HEADER, ""),
        )
        answer = await service.carry_out(errand)
        if isinstance(answer, Answer):
            headers = {"ETag": answer.etag} if answer.etag else None
            return web.json_response(text=answer.text, status=answer.status, headers=headers)
        return answer

    return step


def _boundary(gate: Gate, others: CrossOrigin) -> Middleware:
    """Turn every exception into its problem, and log every request without its query and headers."""

    @web.middleware
    async def boundary(request: web.Request, handler: Step) -> web.StreamResponse:
        began = time.monotonic()
        _who.set("")  # a connection serves many requests in one task
        try:
            gate.check_place(request)
            response = others.preflight(request) or await handler(request)
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
            who=_who.get(),
            remote=request.remote,
        )
        return response

    return boundary


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    if request.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


async def _stop_live(app: web.Application) -> None:
    await app[LIVE].close_all()


async def _close_desk(app: web.Application) -> None:
    app[DESK].close()
