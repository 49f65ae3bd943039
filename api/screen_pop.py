"""The screen pop (弹屏): who calls, by the customer table, what their last calls were, and their open work orders.

The page asks once the phone rings: nothing of this delays the ring.  The orders come from the integrator's service and
are asked for apart, so that a slow one delays nothing but itself.
"""

from dataclasses import dataclass

from api.actors import Role
from api.customer_views import CustomerView
from api.exchange import Exchange
from api.orders_port import OrderView
from api.ports import CallQuery, Ports
from api.route import LOOK, Route
from api.views import CallView, WallTime

LAST_CALLS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCallView:
    """An earlier call with the same number: whoever served it, no more of it than that."""

    call_id: str
    direction: str
    arrived_at: WallTime
    agent: str | None
    queue: str | None
    talk_s: float | None
    end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerCardView:
    """Whom a call is with.  `customer` is null for a number that stands in no row."""

    call_id: str
    number: str
    customer: CustomerView | None
    last_calls: tuple[PastCallView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersView:
    """Open work orders; `state` is `found`, `failed`, or `none` on a server that knows no service of them."""

    call_id: str
    state: str
    orders: tuple[OrderView, ...] = ()


async def caller(ports: Ports, exchange: Exchange) -> CallerCardView:
    """Whom a call is with."""
    call = (await ports.calls.get(exchange.id_of("call"))).call
    number = _number_of(call)
    found = None if ports.customers is None or not number else await ports.customers.of_number(number)
    past = await ports.calls.list(CallQuery(number=number, limit=LAST_CALLS + 1)) if number else None
    return CallerCardView(
        call_id=call.call_id,
        number=number,
        customer=found,
        last_calls=tuple(
            PastCallView(
                call_id=each.call_id,
                direction="in" if each.sip_call_id else "out",
                arrived_at=each.arrived_at,
                agent=each.agent,
                queue=each.queue,
                talk_s=each.talk_s,
                end_reason=each.end_reason,
            )
            for each in (() if past is None else past.items)
            if each.call_id != call.call_id and each.ended_at is not None
        )[:LAST_CALLS],
    )


async def orders(ports: Ports, exchange: Exchange) -> OrdersView:
    """The open work orders of whom a call is with."""
    call = (await ports.calls.get(exchange.id_of("call"))).call
    if ports.orders is None or not _number_of(call):
        return OrdersView(call_id=call.call_id, state="none")
    found = await ports.orders.of_call(call, _number_of(call))
    return OrdersView(call_id=call.call_id, state="failed" if found is None else "found", orders=found or ())


def _number_of(call: CallView) -> str:
    """The customer's number; of a call that runs it is that of whoever talks, outgoing ones came by no INVITE."""
    customer = next((party.number for party in call.parties if party.role == "customer"), "")
    return customer or (call.caller if call.sip_call_id else call.called)


SCREEN_POP: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/calls/{call_id}/caller",
        summary="弹屏:客户资料与最近来话 / the customer of a call, and the last calls of the number",
        scopes=LOOK,
        roles=frozenset(Role),
        handler=caller,
        shows=CallerCardView,
        faults=(404,),
    ),
    Route(
        method="GET",
        path="/v1/calls/{call_id}/orders",
        summary="弹屏:未结工单,来自集成方 / open work orders of whom a call is with, from the integrator's service",
        scopes=LOOK,
        roles=frozenset(Role),
        handler=orders,
        shows=OrdersView,
        faults=(404,),
    ),
)
