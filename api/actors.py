"""Who asks: a program with a token, or a person who signed in; and what either may do."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from api.tokens import Scope, Token


class Role(StrEnum):
    """What somebody is to the hotline."""

    AGENT = "agent"  # sees and touches what is theirs
    SUPERVISOR = "supervisor"  # sees and touches what belongs to their groups
    ADMIN = "admin"  # everything
    INTEGRATOR = "integrator"  # a program: what the scopes of its token say


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent (工号) as signing in knows it; supervisors and administrators are agents too.

    `password` is a hash of `api.passwords`, empty for somebody who cannot sign in by password; who `must_change` it can do
    nothing else before.
    """

    agent_id: str
    name: str
    role: Role
    groups: frozenset[str]
    queues: frozenset[str]
    password: str = field(default="", repr=False)
    must_change: bool = False


class PeoplePort(Protocol):
    """The people of the hotline."""

    def find(self, agent_id: str) -> Person | None:
        """One of them."""
        ...

    def all(self) -> Collection[Person]:
        """Every one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who stands behind a request.  `session` is the key of a person's session, empty for programs."""

    name: str
    role: Role
    scopes: frozenset[str]
    person: Person | None = None
    session: str = ""

    def may(self, scopes: Collection[Scope], roles: Collection[Role]) -> bool:
        """True when a program has one of the scopes, or a person one of the roles; administrators may do all."""
        if self.person is None:
            return Scope.ADMIN in self.scopes or any(scope in self.scopes for scope in scopes)
        return self.role is Role.ADMIN or self.role in roles


def program(token: Token) -> Actor:
    """The actor behind a token."""
    return Actor(name=token.name, role=Role.INTEGRATOR, scopes=frozenset(token.scopes))


def somebody(person: Person, session: str) -> Actor:
    """The actor behind a session."""
    return Actor(name=person.agent_id, role=person.role, scopes=frozenset(), person=person, session=session)
