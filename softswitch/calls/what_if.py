"""What would happen to a call, by the business as it stands.  Implements `api.what_if_port.WhatIfPort`."""

from collections.abc import Callable, Collection, Iterable

from api.faults import NotFound
from api.views import WallTime
from api.what_if_port import LoadRuleView, WhatIfView
from softswitch.business.whole import Business
from softswitch.calls.call_facts import CallFacts
from softswitch.calls.callers import region_of
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.flow import BusinessNow
from softswitch.calls.numbers import inbound_number, normalise
from softswitch.calls.own_flows import in_emergency
from softswitch.calls.queue_definition import conditions_of, rule_of
from softswitch.calls.routes import Routes
from softswitch.clock import Clock
from softswitch.flows.tracing import Way, way_of
from softswitch.settings.overflow import OverflowSettings
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteRowSettings
from softswitch.settings.trunks import NumberSettings


class WhatIf:
    """Walks through flows without a call.  Queues are asked as they are now, calendars as they are at the moment.

    Overflow rules that depend on the load are told and not followed.
    """

    def __init__(
        self,
        desk: BusinessNow,
        dispatcher: Dispatcher,
        clock: Clock,
        area_code: str,
        numbers_of: Callable[[str], NumberSettings],
        customer_level: Callable[[str], int] = lambda number: 0,
    ) -> None:
        """`area_code` brings numbers into their normal form, after a trunk's rules (`numbers_of`, which raises `KeyError`).

        `customer_level` is what the customer adds to the level.
        """
        self._desk = desk
        self._dispatcher = dispatcher
        self._clock = clock
        self._area_code = area_code
        self._numbers_of = numbers_of
        self._customer_level = customer_level

    async def ask(self, number: str, trunk: str, caller: str, at: float | None, keys: str) -> WhatIfView:
        """The way of such a caller, whose numbers are as the trunk sends them; `NotFound`: the trunk, a way for the number."""
        business = self._desk.business
        called, calling = self._normal(number, trunk), self._normal(caller, trunk)
        route = Routes(business.routes, self._area_code).find(called, trunk)
        if route is None:
            raise NotFound("route", number)
        moment = self._clock.wall() if at is None else at
        switch = business.emergency
        flow = business.flows.get((switch.flow if switch is not None else "") or route.flow)
        if switch is not None:
            flow = in_emergency(switch, flow, route.queue)
        region = region_of(business, calling, route)
        way = Way(nodes=(), queue=route.queue, region=region)
        if flow is not None:
            data = {
                "caller": calling,
                "called": called,
                "trunk": trunk,
                "region": region,
            }
            way = way_of(flow, CallFacts(self._dispatcher, self._clock, business, calling, at), data, keys)
        lists = business.lists_of(calling, moment)
        level = way.level + route.level_of(calling, lists) + self._customer_level(calling)
        level += _added_in(_queue(business, way.queue), lists)
        is_open, overflow = _closed_at(business, way.queue, route.strategy, level, moment)
        return WhatIfView(
            number=called,
            at=WallTime(moment),
            flow="" if flow is None else flow.id,
            nodes=way.nodes,
            queue=way.queue,
            level=level,
            region=way.region,
            is_open=is_open,
            overflow=overflow,
            lines=_lines(route.rows_of(calling, lists), way.queue, level),
            by_load=_by_load(business, way.queue, route.strategy, level, moment),
            box=way.box,
            put_through=way.number,
        )

    def _normal(self, number: str, trunk: str) -> str:
        if not trunk:
            return normalise(number, self._area_code)
        try:
            rules = self._numbers_of(trunk)
        except KeyError:
            raise NotFound("trunk", trunk) from None
        return inbound_number(number, rules, self._area_code)


def _added_in(queue: QueueSettings | None, lists: Collection[str]) -> int:
    """What a queue adds at once to the level of a caller on these lists, of whose past nothing is asked."""
    rules = () if queue is None else queue.distribution.level_rules
    counting = (rule for rule in rules if not (rule.waited_s or rule.regards_past))
    return sum(rule.add for rule in counting if not rule.listed or rule.listed in lists)


def _lines(table: Iterable[RouteRowSettings], queue: str, level: int) -> tuple[str, ...]:
    """The queues of a caller's rows that the level is high enough for, each once; a row without one is of the caller's own."""
    rows = (row for row in table if row.takes_level(level)) if queue else ()
    return tuple(dict.fromkeys(row.queue or queue for row in rows))


def _closed_at(business: Business, name: str, strategy: int, level: int, moment: float) -> tuple[bool, str]:
    """Whether the queue is open then, and where the first rule for a closed one takes such a caller, as `to` or `to name`."""
    queue = _queue(business, name)
    if queue is None or _is_open(business, queue, moment):
        return True, ""
    closed = (rule for rule in queue.overflow if conditions_of(rule_of(rule)) == ("when_closed",))
    return False, next((_to(rule) for rule in closed if rule_of(rule).is_for(level, strategy)), "")


def _by_load(
    business: Business, name: str, strategy: int, level: int, moment: float
) -> tuple[LoadRuleView, ...]:
    """The rules for such a caller that depend on who waits and who is there."""
    queue = _queue(business, name)
    if queue is None:
        return ()
    rules = [(rule, rule_of(rule)) for rule in queue.overflow]
    return tuple(
        LoadRuleView(conditions=conditions_of(told), to=_to(rule))
        for rule, told in rules
        if conditions_of(told) != ("when_closed",)
        and told.is_for(level, strategy)
        and not (told.is_closed and _is_open(business, queue, moment))
    )


def _queue(business: Business, name: str) -> QueueSettings | None:
    return next((each for each in business.queues if each.name == name), None)


def _is_open(business: Business, queue: QueueSettings, moment: float) -> bool:
    opening = business.openings.get(business.hours_of(queue))
    return opening is None or opening.is_open(moment)


def _to(rule: OverflowSettings) -> str:
    return f"{rule.to} {rule.name}".strip()
