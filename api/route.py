"""One endpoint: what the router, the document and the live connection's commands are all made of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from api.actors import Role
from api.exchange import BODY_MOST, Exchange
from api.ports import Ports
from api.tokens import Scope

LOOK = frozenset({Scope.READ, Scope.SUPERVISOR})
LOOK_AT_AGENTS = frozenset({Scope.READ, Scope.AGENT, Scope.SUPERVISOR})
CHANGE_AGENTS = frozenset({Scope.AGENT, Scope.SUPERVISOR})
SUPERVISE = frozenset({Scope.SUPERVISOR})
ANYBODY = frozenset(Scope)
"""Whoever is known."""

OPEN: frozenset[Scope] = frozenset()
"""Nobody is asked who they are."""

Handler = Callable[[Ports, Exchange], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint.  `faults` lists the statuses that its port may cause, beside those that any request may.

    `scopes` are those of which a program needs one, `roles` those of which a person needs one (administrators may do
    all); where `roles` is None they follow from the scopes of the same names.  `command` is its name on the live
    connection, empty where it has none.  `is_done_once` heeds an idempotency key, `is_forced` is written into the
    ledger (of an upgrade, by its handler as it begins).  `is_upgrade` marks a WebSocket, which checks itself who it is: a
    browser's page says so in its first message.
    `is_before_change` is for those too who have to change their password first.
    A body of more than `body_most` bytes is refused; where it `takes` other media types than JSON, it comes as bytes.
    A handler returns a view or a finished response.
    """

    method: str
    path: str
    summary: str
    scopes: frozenset[Scope]
    handler: Handler
    shows: Any = None
    status: int = 200
    body: type | None = None
    body_most: int = BODY_MOST
    takes: tuple[str, ...] = ()
    query: type | None = None
    faults: tuple[int, ...] = ()
    media_type: str = "application/json"
    roles: frozenset[Role] | None = None
    command: str = ""
    is_done_once: bool = False
    is_forced: bool = False
    is_upgrade: bool = False
    is_before_change: bool = False

    @property
    def is_open(self) -> bool:
        """True where nobody is asked who they are."""
        return not self.scopes

    @property
    def people(self) -> frozenset[Role]:
        """The roles that may ask for it."""
        if self.roles is not None:
            return self.roles
        return frozenset(role for role in (Role.AGENT, Role.SUPERVISOR) if role.value in self.scopes)
