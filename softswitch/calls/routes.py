"""Route points: which queue stands behind a dialled number."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from softswitch.calls.numbers import normalise
from softswitch.settings.routes import CallerLevelSettings, RouteRowSettings, RouteSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a call goes: a queue, after a greeting (a prompt's name, empty for none).

    With a `flow` the call goes through that instead; the queue is where it lands when the flow cannot run.  All of its
    callers have the `level`, and what the rows for `callers` add to it.  With a `table` they stand in the lines of
    its rows for them once they are in the queue.  Whom no prefix tells a region is of the route's.
    The number of the `strategy` is for overflow rules.
    """

    queue: str
    greeting: str
    flow: str = ""
    level: int = 0
    callers: tuple[CallerLevelSettings, ...] = ()
    strategy: int = 0
    region: str = ""
    table: tuple[RouteRowSettings, ...] = ()

    def level_of(self, caller: str, lists: Collection[str]) -> int:
        """The level of a caller with this number in its normal form, who stands on these lists."""
        return self.level + sum(row.add for row in self.callers if row.is_for(caller, lists))

    def rows_of(self, caller: str, lists: Collection[str]) -> tuple[RouteRowSettings, ...]:
        """The rows of the table that such a caller has."""
        return tuple(row for row in self.table if row.is_for(caller, lists))


class Routes:
    """The table of dialled numbers; a row for one trunk goes before a row for all."""

    def __init__(self, rows: Iterable[RouteSettings], area_code: str) -> None:
        """Bring the numbers into their normal form."""
        self._area_code = area_code
        self._led: dict[tuple[str, str], Route] = {}
        self.take(rows)

    def take(self, rows: Iterable[RouteSettings]) -> None:
        """These are the rows from now on; calls that are up go on as they came."""
        self._rows = {
            (normalise(row.number, self._area_code), row.trunk): Route(
                queue=row.queue,
                greeting=row.greeting,
                flow=row.flow,
                level=row.level,
                callers=row.callers,
                strategy=row.strategy,
                region=row.region,
                table=row.table,
            )
            for row in rows
        }

    def lead(self, number: str, trunk: str, route: Route) -> None:
        """Let a number lead somewhere, as no row says, until `lead_nowhere`."""
        self._led[number, trunk] = route

    def lead_nowhere(self, number: str, trunk: str) -> None:
        """Take that back; harmless for a number that was not led."""
        self._led.pop((number, trunk), None)

    @property
    def ask_for_last_agents(self) -> bool:
        """Whether any of them wants to know who served a caller last."""
        return any(row.last_agent_s for route in self._rows.values() for row in route.table)

    def find(self, called: str, trunk: str) -> Route | None:
        """Return the route of a number in its normal form, None when it leads nowhere."""
        return (
            self._led.get((called, trunk)) or self._rows.get((called, trunk)) or self._rows.get((called, ""))
        )
