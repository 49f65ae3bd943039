"""Signing in and out of people, and the tickets with which an integrator's server lets a page sign in."""

import asyncio
import contextlib
import math
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import structlog
from aiohttp import web

from api.actors import Actor, Person, Role, somebody
from api.business_ports import BusinessPort
from api.crowd import network_of
from api.exchange import Exchange
from api.faults import NotBuilt, NotFound, Refused, Unavailable
from api.gate import Gate, cookie_name
from api.json_text import dump
from api.passwords import PASSWORD_LEAST, hash_password, is_right
from api.ports import Ports
from api.problems import Forbidden, SignInRefused, TooManyTries, Unauthenticated
from api.schemas import FieldFault, InvalidRequest
from api.sessions import csrf_of
from api.tokens import Scope
from api.views import WallTime

_log = structlog.get_logger(__name__)

PATIENCE = 10
"""The nice value of the thread that looks at passwords."""

LEAST_VARIETY = 4
"""So many different characters a new password has at least."""

WAITING_MOST = 100
"""Sign-ins that wait for their password to be looked at; each costs some 50 ms of a core, one after the other."""

_GIVES: dict[Role, frozenset[Scope]] = {
    Role.AGENT: frozenset({Scope.AGENT, Scope.SUPERVISOR}),
    Role.SUPERVISOR: frozenset({Scope.SUPERVISOR}),
    Role.ADMIN: frozenset(),  # the scope `admin` alone
}
"""A ticket never gives more than the token has with which it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """Who is signed in.  `csrf` goes into `X-CSRF-Token` of each change that a page makes with its cookie.

    Who `must_change_password` can do nothing else before.
    `token` is shown once, to a page that signed in with a ticket: it is a bearer token, to be kept in memory only.
    """

    role: str
    name: str
    agent_id: str | None
    groups: tuple[str, ...]
    scopes: tuple[str, ...]
    csrf: str | None
    token: str | None
    expires_at: WallTime | None
    must_change_password: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket: good once, and until `expires_at`."""

    ticket: str
    expires_at: WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """The session has ended."""

    agent_id: str


class PasswordDesk:
    """Looks at one password at a time, so that guesses in parallel gain nothing and cost callers nothing."""

    def __init__(self) -> None:
        """Nobody waits."""
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, "password", initializer=_yield_to_calls)

    def close(self) -> None:
        """No more of them; one that is being looked at is finished."""
        self._thread.shutdown()

    async def hash(self, password: str) -> str:
        """A fresh hash, made in its turn; `Unavailable`."""
        async with self._turn():
            return await asyncio.get_running_loop().run_in_executor(self._thread, hash_password, password)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING_MOST:
            raise Unavailable("sign_in_busy", "登录请求过多 / too many sign-ins at once", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                yield
        finally:
            self._waiting -= 1

    async def check(self, gate: Gate, source: str, agent_id: str, password: str) -> Person:
        """The person behind number and password; `SignInRefused`, `TooManyTries` or `Unavailable`."""
        async with self._turn():
            wait_s = gate.throttle.wait_s(source, agent_id, time.monotonic())
            if wait_s > 0:
                raise TooManyTries(math.ceil(wait_s))
            person = gate.people.find(agent_id)
            known = "" if person is None else person.password
            loop = asyncio.get_running_loop()
            fits = await loop.run_in_executor(self._thread, is_right, password, known)
            if person is None or not fits:
                gate.throttle.failed(source, agent_id, time.monotonic())
                _log.warning("sign_in.refused", source=source)
                raise SignInRefused
            gate.throttle.succeeded(source, agent_id)
            return person


def _yield_to_calls() -> None:
    """This thread has time: whatever urgency its process has, a password has not (Linux sets both by thread)."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(PATIENCE)


DESK = web.AppKey("password_desk", PasswordDesk)


async def sign_in(_ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Open a session: a cookie for number and password, a bearer token for a ticket."""
    gate, body, request = exchange.gate, exchange.body, exchange.request
    if bool(body.ticket) == bool(body.agent_id and body.password):
        raise Refused(
            "credentials_incomplete",
            "须给出工号与密码,或票据 / give agent_id and password, or a ticket",
        )
    if body.ticket:
        person = gate.people.find(gate.tickets.redeem(body.ticket) or "")
        if person is None:
            raise SignInRefused
        secret, key = gate.sessions.begin(person, by_ticket=True)
        person = replace(person, must_change=False)
        view = _view(gate, somebody(person, key), csrf=None, token=secret)
        return web.json_response(text=dump(view), status=201)
    source = network_of(request.remote or "")
    person = await request.app[DESK].check(gate, source, body.agent_id, body.password)
    _log.info("sign_in.done", agent=person.agent_id, source=source)
    return _let_in(gate, request, person, 201)


def _let_in(gate: Gate, request: web.Request, person: Person, status: int) -> web.Response:
    """A new session with its cookie."""
    secret, key = gate.sessions.begin(person)
    view = _view(gate, somebody(person, key), csrf=csrf_of(secret), token=None)
    response = web.json_response(text=dump(view), status=status)
    response.set_cookie(
        cookie_name(request), secret, path="/", secure=request.secure, httponly=True, samesite="Strict"
    )
    return response


async def change_password(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """Change one's own password; the session ends with the old one, and a new one begins."""
    gate, body, request = exchange.gate, exchange.body, exchange.request
    actor = _known(exchange)
    if actor.person is None:
        raise Refused("no_session", "令牌没有密码 / a token has no password")
    if body.new_password == body.password:
        raise _unfit("new_password", "与现密码相同 / is the password as it is")
    agent_id, desk = actor.person.agent_id, request.app[DESK]
    await desk.check(gate, network_of(request.remote or ""), agent_id, body.password)
    hashed = await _hashed(desk, agent_id, "new_password", body.new_password)
    await _business(ports).set_password(agent_id, hashed, must_change=False, by=agent_id, reason="password")
    person = gate.people.find(agent_id)
    if person is None:
        raise SignInRefused
    return _let_in(gate, request, person, 200)


async def set_password(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """An administrator sets somebody's password; their session ends."""
    agent_id, body = exchange.id_of("agent"), exchange.body
    if exchange.gate.people.find(agent_id) is None:
        raise NotFound("agent", agent_id)
    hashed = await _hashed(exchange.request.app[DESK], agent_id, "password", body.password)
    by = _known(exchange).name
    await _business(ports).set_password(
        agent_id, hashed, must_change=body.must_change, by=by, reason=body.reason or "password"
    )
    return web.Response(status=204)


async def _hashed(desk: PasswordDesk, agent_id: str, name: str, password: str) -> str:
    """The hash of a password that will do; `InvalidRequest`."""
    if len(password) < PASSWORD_LEAST:
        raise _unfit(name, f"少于{PASSWORD_LEAST}个字符 / has fewer than {PASSWORD_LEAST} characters")
    if agent_id in password or len(set(password)) < LEAST_VARIETY:
        raise _unfit(name, "太易猜 / is too easy to guess")
    return await desk.hash(password)


def _unfit(name: str, detail: str) -> InvalidRequest:
    return InvalidRequest((FieldFault(field=name, code="not_allowed", detail=detail),))


def _business(ports: Ports) -> BusinessPort:
    if ports.business is None:
        raise NotBuilt
    return ports.business


async def show(_ports: Ports, exchange: Exchange) -> SessionView:
    """Who the one is that asks."""
    secret = exchange.gate.cookie_of(exchange.request)
    actor = _known(exchange)
    by_cookie = bool(secret) and "Authorization" not in exchange.request.headers
    return _view(exchange.gate, actor, csrf=csrf_of(secret) if by_cookie else None, token=None)


async def sign_out(_ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """End the session."""
    actor = _known(exchange)
    if not actor.session:
        raise Refused("no_session", "令牌没有会话可退出 / a token has no session to end")
    exchange.gate.sessions.end(actor.session)
    response = web.json_response(text=dump(SignedOut(agent_id=actor.name)))
    response.del_cookie(
        cookie_name(exchange.request),
        path="/",
        secure=exchange.request.secure,
        httponly=True,
        samesite="Strict",
    )
    return response


async def mint_ticket(_ports: Ports, exchange: Exchange) -> TicketView:
    """A ticket for an agent, for the integrator's page."""
    gate, agent_id, actor = exchange.gate, exchange.body.agent_id, _known(exchange)
    person = gate.people.find(agent_id)
    if person is None:
        raise NotFound("agent", agent_id)
    needed = _GIVES[person.role]
    if not actor.may(needed, ()):
        raise Forbidden(tuple(sorted(needed or {Scope.ADMIN})))
    ticket, until = gate.tickets.mint(agent_id)
    return TicketView(ticket=ticket, expires_at=WallTime(until))


def _known(exchange: Exchange) -> Actor:
    if exchange.actor is None:
        raise Unauthenticated
    return exchange.actor


def _view(gate: Gate, actor: Actor, *, csrf: str | None, token: str | None) -> SessionView:
    person = actor.person
    return SessionView(
        role=actor.role,
        name=actor.name if person is None else person.name,
        agent_id=None if person is None else person.agent_id,
        groups=() if person is None else tuple(sorted(person.groups)),
        scopes=tuple(sorted(actor.scopes)),
        csrf=csrf,
        token=token,
        expires_at=WallTime(gate.sessions.expires_at(actor.session)) if actor.session else None,
        must_change_password=person is not None and person.must_change,
    )
