"""Signing in and out of people, and the tickets with which an integrator's server lets a page sign in."""

import asyncio
import contextlib
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from aiohttp import web

from api.actors import Actor, Person, Role, somebody
from api.crowd import network_of
from api.exchange import Exchange
from api.faults import NotFound, Refused, Unavailable
from api.gate import Gate, cookie_name
from api.json_text import dump
from api.passwords import is_right
from api.ports import Ports
from api.problems import Forbidden, SignInRefused, TooManyTries, Unauthenticated
from api.sessions import csrf_of
from api.tokens import Scope
from api.views import WallTime

_log = structlog.get_logger(__name__)

PATIENCE = 10
"""The nice value of the thread that looks at passwords."""

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

    async def check(self, gate: Gate, source: str, agent_id: str, password: str) -> Person:
        """The person behind number and password; `SignInRefused`, `TooManyTries` or `Unavailable`."""
        if self._waiting >= WAITING_MOST:
            raise Unavailable("sign_in_busy", "登录请求过多 / too many sign-ins at once", retry_after_s=5)
        self._waiting += 1
        try:
            async with self._one_at_a_time:
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
        finally:
            self._waiting -= 1


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
        secret, key = gate.sessions.begin(person)
        view = _view(gate, somebody(person, key), csrf=None, token=secret)
        return web.json_response(text=dump(view), status=201)
    source = network_of(request.remote or "")
    person = await request.app[DESK].check(gate, source, body.agent_id, body.password)
    secret, key = gate.sessions.begin(person)
    view = _view(gate, somebody(person, key), csrf=csrf_of(secret), token=None)
    response = web.json_response(text=dump(view), status=201)
    response.set_cookie(
        cookie_name(request), secret, path="/", secure=request.secure, httponly=True, samesite="Strict"
    )
    _log.info("sign_in.done", agent=person.agent_id, source=source)
    return response


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
    )
