"""Who is at the door: the one check that every request and every live connection passes.

A program shows a bearer token.  A person shows a session: a page of ours as a cookie that scripts cannot read, with a
CSRF token beside each change; a page inside another site's frame, or an integrator's script, as a bearer token.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from http import cookies
from ipaddress import ip_address

from aiohttp import web

from api.actors import Actor, PeoplePort, program, somebody
from api.problems import Misdirected, OriginRefused, TokenOfPageMissing, Unauthenticated
from api.reach import Reach, reach_of
from api.sessions import Sessions, csrf_of
from api.sign_in_throttle import SignInThrottle
from api.tickets import Tickets
from api.tokens import TOKEN_MOST, TokenList

CSRF_HEADER = "X-CSRF-Token"
LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorRules:
    """Under which names the server is asked, and whose pages may use it.

    `hosts`: names beside IP addresses and `localhost`.  `origins`: of other sites, such as `https://crm.example.cn`;
    their pages may call the interface, connect to the live stream and show our pages in a frame.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    is_supervision_shown: bool = False


class Gate:
    """Knows tokens, sessions and tickets, and says who a request comes from."""

    def __init__(
        self, tokens: TokenList, sessions: Sessions, tickets: Tickets, people: PeoplePort, rules: DoorRules
    ) -> None:
        """Nobody is in yet but those whose session is kept."""
        self._tokens = tokens
        self.sessions = sessions
        self.tickets = tickets
        self.people = people
        self.rules = rules
        self.throttle = SignInThrottle()

    def check_place(self, request: web.Request) -> None:
        """Refuse a request under a foreign name, and a change that another site's page asks for.

        A name that is not ours is how a hostile page reaches a server inside (DNS rebinding); an address cannot be
        rebound.
        """
        if not self._is_our_host(_host_of(request)):
            raise Misdirected
        origin = request.headers.get("Origin")
        is_change = request.method not in LOOKS or "Upgrade" in request.headers
        if is_change and origin is not None and not self.is_welcome(origin, request):
            raise OriginRefused

    def is_welcome(self, origin: str, request: web.Request) -> bool:
        """True for our own pages and for those of the sites that were named."""
        return origin == f"{request.scheme}://{_host_of(request)}" or origin in self.rules.origins

    def who(self, request: web.Request) -> Actor | None:
        """The actor behind a request; None when nothing was shown.  `Unauthenticated` for what is not known.

        Raises `TokenOfPageMissing` for a change that carries the cookie alone.
        """
        header = request.headers.get("Authorization")
        if header is not None:
            scheme, _, presented = header.partition(" ")
            actor = self.by_secret(presented.strip()) if scheme.lower() == "bearer" else None
            if actor is None:
                raise Unauthenticated
            return actor
        secret = self.cookie_of(request)
        actor = None if not secret else self._by_session(secret)
        if actor is not None and request.method not in LOOKS:
            shown = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(shown.encode("utf-8", "surrogateescape"), csrf_of(secret).encode()):
                raise TokenOfPageMissing
        return actor

    def by_secret(self, presented: str) -> Actor | None:
        """The actor of a token or of a session's secret."""
        token = self._tokens.find(presented)
        return program(token) if token is not None else self._by_session(presented)

    def by_cookie(self, request: web.Request) -> Actor | None:
        """The actor of a request's cookie."""
        secret = self.cookie_of(request)
        return self._by_session(secret) if secret else None

    def refreshed(self, actor: Actor) -> Actor | None:
        """The actor as it is now; None when its session has ended.  Asking keeps the session alive."""
        if not actor.session:
            return actor
        person = self.sessions.person_of(actor.session)
        return None if person is None else somebody(person, actor.session)

    def reach(self, actor: Actor | None) -> Reach:
        """What an actor may see and touch."""
        return reach_of(actor, self.people, is_supervision_shown=self.rules.is_supervision_shown)

    def cookie_of(self, request: web.Request) -> str:
        """The session's secret in the cookie, or nothing."""
        name = cookie_name(request)
        try:
            return request.cookies.get(name, "")[:TOKEN_MOST]
        except cookies.CookieError:
            return ""

    def _by_session(self, secret: str) -> Actor | None:
        found = self.sessions.find(secret) if 0 < len(secret) <= TOKEN_MOST else None
        return None if found is None else somebody(found[1], found[0])

    def _is_our_host(self, host: str) -> bool:
        name = _name_of(host)
        if name == "localhost" or name in self.rules.hosts:
            return True
        try:
            ip_address(name)
        except ValueError:
            return False
        return True


def cookie_name(request: web.Request) -> str:
    """The session cookie's name; over HTTPS one that browsers take only from this very host (RFC 6265bis `__Host-`)."""
    return "__Host-session" if request.secure else "session"


def _host_of(request: web.Request) -> str:
    """The `Host` header, nothing without one.  (`request.host` would ask the name service then, and wait for it.)"""
    return request.headers.get("Host", "")


def _name_of(host: str) -> str:
    """The host of a `Host` header without its port, in lower case."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if ":" in name else name


def checked_origins(origins: Collection[str]) -> frozenset[str]:
    """Origins as browsers write them: lower case, without a slash at the end."""
    return frozenset(origin.rstrip("/").lower() for origin in origins)
