"""What would happen to a call, by the business as it stands.  Implements `api.what_if_port.WhatIfPort`."""

from collections.abc import Callable

from api.faults import NotFound
from api.views import WallTime
from api.what_if_port import WhatIfView
from softswitch.calls.call_facts import CallFacts
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.flow import BusinessNow
from softswitch.calls.numbers import normalise
from softswitch.calls.routes import Routes
from softswitch.clock import Clock
from softswitch.flows.tracing import Way, way_of


class WhatIf:
    """Walks through flows without a call.  Queues are asked as they are now, calendars as they are at the moment."""

    def __init__(
        self,
        desk: BusinessNow,
        dispatcher: Dispatcher,
        clock: Clock,
        area_code: str,
        customer_level: Callable[[str], int] = lambda number: 0,
    ) -> None:
        """`area_code` brings numbers into their normal form; `customer_level` is what the customer adds to the level."""
        self._desk = desk
        self._dispatcher = dispatcher
        self._clock = clock
        self._area_code = area_code
        self._customer_level = customer_level

    async def ask(self, number: str, trunk: str, caller: str, at: float | None, keys: str) -> WhatIfView:
        """The way of such a caller; `NotFound` for a number that leads nowhere."""
        business = self._desk.business
        called, calling = normalise(number, self._area_code), normalise(caller, self._area_code)
        route = Routes(business.routes, self._area_code).find(called, trunk)
        if route is None:
            raise NotFound("route", number)
        moment = self._clock.wall() if at is None else at
        flow = business.flows.get(route.flow)
        way = Way(nodes=(), queue=route.queue)
        if flow is not None:
            data = {
                "caller": calling,
                "called": called,
                "trunk": trunk,
                "region": business.region_of(calling),
            }
            way = way_of(flow, CallFacts(self._dispatcher, self._clock, business, calling, at), data, keys)
        return WhatIfView(
            number=called,
            at=WallTime(moment),
            flow="" if flow is None else flow.id,
            nodes=way.nodes,
            queue=way.queue,
            level=way.level
            + route.level_of(calling, business.lists_of(calling, moment))
            + self._customer_level(calling),
            box=way.box,
            put_through=way.number,
        )
