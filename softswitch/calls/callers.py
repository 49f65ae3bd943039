"""What the business knows of a caller, and what the distributor is told of one who stands in line."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from acd.events import ContactQueued
from acd.levels import CallerHistory
from acd.names import AgentId, ContactId, QueueName
from acd.routes import Route
from softswitch.calls.call import Call
from softswitch.calls.queue_definition import skill_levels
from softswitch.calls.routes import Route as RoutePoint
from softswitch.calls.routes import Routes
from softswitch.settings.overflow import LEVELS
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteRowSettings
from softswitch.store.caller_past import Found
from softswitch.store.state import StateKeeper

TABLE: Final = "last_agent"
REMEMBERED: Final = 20_000
"""Callers whose last agent is remembered; beyond that the one who was served longest ago is forgotten."""


class KnowsCallers(Protocol):
    """The business as far as it knows numbers (`softswitch.business.whole.Business`)."""

    def lists_of(self, number: str, at: float = 0.0) -> tuple[str, ...]:
        """The lists that a number stands on at a moment (wall seconds)."""
        ...

    def region_of(self, number: str) -> str:
        """The region that a number belongs to, empty for none."""
        ...


def region_of(business: KnowsCallers | None, number: str, point: RoutePoint | None) -> str:
    """The region that a number belongs to, or else that of the route point; empty for none."""
    region = "" if business is None else business.region_of(number)
    return region or ("" if point is None else point.region)


class KnowsPast(Protocol):
    """The store as far as it knows earlier calls (`softswitch.store.caller_past.CallerPast`)."""

    def ask(self, number: str, now: float, found: Found) -> None:
        """Count the calls of a number before `now`; `found` is told them a little later."""
        ...


class Callers:
    """Callers by their numbers, by the business as it stands, by who served them last and by their earlier calls.

    `past` and `customer_level` (what the table of customers adds to the level of a number's calls) are set by the
    composition root.
    """

    past: KnowsPast | None = None
    customer_level: Callable[[str], int] = staticmethod(lambda number: 0)

    def __init__(self, routes: Routes, keeper: StateKeeper) -> None:
        """Nobody is known yet, but who served whom before a restart."""
        self._routes = routes
        self._keeper = keeper
        self._business: KnowsCallers | None = None
        self._rules_regard_past = False
        kept = {number: _served_of(each) for number, each in keeper.load(TABLE).items()}
        self._served: dict[str, tuple[str, float]] = dict(sorted(kept.items(), key=lambda one: one[1][1]))

    def take(self, business: KnowsCallers) -> None:
        """This is known from now on; whoever stands in line is known as before."""
        self._business = business

    def take_queues(self, queues: Iterable[QueueSettings]) -> None:
        """These are all queues from now on: their rules say whether earlier calls are asked for."""
        self._rules_regard_past = any(
            rule.regards_past for queue in queues for rule in queue.distribution.level_rules
        )

    def recall(self, call: Call, found: Found) -> None:
        """Ask for the earlier calls of a caller, where some rule looks at them; nobody waits for the answer."""
        if self.past is not None and call.number and self._rules_regard_past:
            self.past.ask(call.number, call.arrived_at, found)

    def history_of(self, call: Call) -> CallerHistory:
        """What the rules of queues look at."""
        return CallerHistory(
            calls=sum(day.calls for day in call.past),
            abandoned=sum(day.abandoned for day in call.past),
            days=call.past,
            lists=self.lists_of(call.number, call.arrived_at),
        )

    def lists_of(self, number: str, at: float) -> tuple[str, ...]:
        """The lists that a number stands on at a moment (wall seconds); none for a number that is withheld."""
        return self._business.lists_of(number, at) if self._business is not None and number else ()

    def put_through(self, call: Call, agent: str, now: float) -> None:
        """A caller of a queue talks with an agent from now (wall seconds) on; kept while some route asks for it."""
        number = call.number
        if not number or call.queued_at is None or not self._routes.ask_for_last_agents:
            return
        self._served.pop(number, None)
        self._served[number] = (agent, now)
        self._keeper.put(TABLE, number, {"agent": agent, "at": now})
        if len(self._served) > REMEMBERED:
            oldest = next(iter(self._served))
            del self._served[oldest]
            self._keeper.remove(TABLE, oldest)

    def queued(self, call: Call, queue: str, arrived_at: float | None, now: float) -> ContactQueued:
        """The fact that a caller stands in a line, with all that its rules look at.

        `arrived_at` is on the engine's clock, `now` in wall seconds.  In the queue of its route a caller stands in the
        lines of the route's table.
        """
        route = self._routes.find(call.called, call.trunk)
        has_table = route is not None and route.queue == queue
        return ContactQueued(
            contact=ContactId(call.call_id),
            queue=QueueName(queue),
            level=call.level,
            arrived_at=arrived_at,
            routes=self.rows_of(route, call.number, now) if route is not None and has_table else (),
            caller=self.history_of(call),
            strategy=0 if route is None else route.strategy,
            region=self.region_of_call(call),
            number=call.number,
            is_callback=call.calls_back,
        )

    def lead(self, call: Call) -> bool:
        """Let the call go to the queue that its dialled number leads to now; False when that is none."""
        point = self._routes.find(call.called, call.trunk)
        if point is not None:
            call.route = replace(call.route, queue=point.queue)
        return point is not None

    def route_point(self, number: str) -> RoutePoint | None:
        """The route point of a dialled number in its normal form, whatever the trunk."""
        return self._routes.find(number, "")

    def region_of_call(self, call: Call) -> str:
        """The region that a caller counts for: what a flow said, else that of the number, else of the route point."""
        return call.region or self.region_of(call.number, self._routes.find(call.called, call.trunk))

    def region_of(self, number: str, point: RoutePoint | None) -> str:
        """The region that a number belongs to, or else that of the route point."""
        return region_of(self._business, number, point)

    def rows_of(self, point: RoutePoint, number: str, now: float) -> tuple[Route, ...]:
        """The lines of a route point's table for who has this number, in the engine's words."""
        return tuple(self._rows(point.rows_of(number, self.lists_of(number, now)), number, now))

    def _rows(self, table: tuple[RouteRowSettings, ...], caller: str, now: float) -> Iterator[Route]:
        """These rows, but for one for the last agent when there is none."""
        for row in table:
            agent = row.agent
            if row.last_agent_s:
                agent, served_at = self._served.get(caller, ("", 0.0))
                if not agent or now - served_at > row.last_agent_s:
                    continue
            yield Route(
                queue=QueueName(row.queue) if row.queue else None,
                skills=skill_levels(row.skills),
                agent=AgentId(agent) if agent else None,
                after_s=row.after_s,
                until_s=row.until_s or None,
                least_level=None if row.least_level <= -LEVELS else row.least_level,
            )


def _served_of(record: Mapping[str, Any]) -> tuple[str, float]:
    """Agent and time; what nobody can read is nobody, long ago."""
    agent, at = record.get("agent"), record.get("at")
    return (agent, at) if isinstance(agent, str) and isinstance(at, float) else ("", 0.0)
