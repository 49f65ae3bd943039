"""One-use tickets: an integrator's server asks for one and gives it to a page, which signs in with it."""

import secrets
from collections import OrderedDict
from collections.abc import Callable

LIFE_S = 60.0
OPEN_MOST = 10_000


class Tickets:
    """Those that were not used yet; a restart forgets them, and the integrator asks for another one."""

    def __init__(self, wall: Callable[[], float]) -> None:
        """`wall` gives seconds since 1970."""
        self._wall = wall
        self._open: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def mint(self, agent_id: str) -> tuple[str, float]:
        """A ticket for this agent, and until when it is good in wall seconds."""
        ticket, until = secrets.token_urlsafe(32), self._wall() + LIFE_S
        self._open[ticket] = (agent_id, until)
        if len(self._open) > OPEN_MOST:
            self._open.popitem(last=False)
        return ticket, until

    def redeem(self, ticket: str) -> str | None:
        """The agent of a ticket that is good; it is not good a second time."""
        agent_id, until = self._open.pop(ticket, ("", 0.0))
        return agent_id if agent_id and self._wall() <= until else None
