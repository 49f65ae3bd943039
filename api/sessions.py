"""Sessions of people: one an agent, kept over a restart, ended by time, by signing out or by the next sign-in.

Only the SHA-256 of a session's secret is kept, so that whoever reads the database cannot take a session over.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from api.actors import PeoplePort, Person

TABLE = "http_session"
SEEN_EVERY_S = 60.0
"""How exactly the last use is remembered."""


class KeeperPort(Protocol):
    """Small tables that outlive the process."""

    def put(self, table: str, key: str, value: dict[str, Any]) -> None:
        """Set a value; never waits."""
        ...

    def remove(self, table: str, key: str) -> None:
        """Forget a key."""
        ...

    def load(self, table: str) -> dict[str, dict[str, Any]]:
        """The whole table."""
        ...


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    SIGNED_IN_ELSEWHERE = "signed_in_elsewhere"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long a session lives: without use, and at most.  Seconds."""

    idle_s: float = 1800.0
    most_s: float = 12 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session; times in wall seconds.

    `credential` marks the password of the person then.  One `by_ticket` was opened without it: whether the password must
    be changed is nothing to its page.
    """

    agent_id: str
    began_at: float
    seen_at: float
    credential: str
    by_ticket: bool = False


class Sessions:
    """Those that are open."""

    def __init__(
        self, people: PeoplePort, keeper: KeeperPort, wall: Callable[[], float], limits: SessionLimits
    ) -> None:
        """Go on with the kept ones."""
        self._people = people
        self._keeper = keeper
        self._wall = wall
        self._limits = limits
        self._open: dict[str, Session] = {}
        for key, row in keeper.load(TABLE).items():
            session = Session(**row)
            if self._is_over(session):
                keeper.remove(TABLE, key)
            else:
                self._open[key] = session
        self.on_end: Callable[[str, SessionEnd], None] = lambda key, why: None
        """Told the key of each session that ends."""

    @property
    def limits(self) -> SessionLimits:
        """How long they live."""
        return self._limits

    def begin(self, person: Person, *, by_ticket: bool = False) -> tuple[str, str]:
        """Open a session; the one that this person had ends.  Returns its secret and its key."""
        for key in [key for key, one in self._open.items() if one.agent_id == person.agent_id]:
            self._end(key, SessionEnd.SIGNED_IN_ELSEWHERE)
        secret = secrets.token_urlsafe(32)
        now = self._wall()
        session = Session(
            agent_id=person.agent_id,
            began_at=now,
            seen_at=now,
            credential=_credential_of(person),
            by_ticket=by_ticket,
        )
        key = _key_of(secret)
        self._keep(key, session)
        return secret, key

    def find(self, secret: str) -> tuple[str, Person] | None:
        """The key and the person of a session that lives; using it keeps it alive."""
        key = _key_of(secret)
        person = self.person_of(key)
        return None if person is None else (key, person)

    def person_of(self, key: str) -> Person | None:
        """The person of a session that lives, by its key; using it keeps it alive."""
        session = self._open.get(key)
        if session is None:
            return None
        person = self._people.find(session.agent_id)
        if person is None or self._is_over(session) or session.credential != _credential_of(person):
            self._end(key, SessionEnd.EXPIRED)
            return None
        now = self._wall()
        if now - session.seen_at >= SEEN_EVERY_S:
            self._keep(key, replace(session, seen_at=now))
        return replace(person, must_change=False) if session.by_ticket else person

    def expires_at(self, key: str) -> float:
        """When a session ends at the latest, in wall seconds."""
        return self._open[key].began_at + self._limits.most_s

    def end(self, key: str) -> None:
        """Sign out."""
        if key in self._open:
            self._end(key, SessionEnd.SIGNED_OUT)

    def _is_over(self, session: Session) -> bool:
        now = self._wall()
        return now - session.seen_at > self._limits.idle_s or now - session.began_at > self._limits.most_s

    def _keep(self, key: str, session: Session) -> None:
        self._open[key] = session
        self._keeper.put(TABLE, key, asdict(session))

    def _end(self, key: str, why: SessionEnd) -> None:
        del self._open[key]
        self._keeper.remove(TABLE, key)
        self.on_end(key, why)


def csrf_of(secret: str) -> str:
    """What a page must send with each change: follows from the session's secret, which the page cannot read."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def _key_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _credential_of(person: Person) -> str:
    return hashlib.sha256(person.password.encode()).hexdigest()[:16]
