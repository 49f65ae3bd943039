"""Callbacks over HTTP: who is to be called back, by whose wish, and what came of it."""

from api.business import asker
from api.callback_views import CallbackBody, CallbacksPort, CallbacksQuery, CallbackView
from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.route import CHANGE_AGENTS, LOOK_AT_AGENTS, SUPERVISE, Route
from api.views import Page


def _port(ports: Ports) -> CallbacksPort:
    if ports.callbacks is None:
        raise NotBuilt
    return ports.callbacks


async def list_some(ports: Ports, exchange: Exchange) -> Page[CallbackView]:
    """A page of callbacks within reach."""
    return await _port(ports).list(exchange.query, exchange.reach)


async def get(ports: Ports, exchange: Exchange) -> CallbackView:
    """One callback."""
    return await _port(ports).get(exchange.id_of("callback"), exchange.reach)


async def ask(ports: Ports, exchange: Exchange) -> CallbackView:
    """A customer is to be called back."""
    return await _port(ports).ask(exchange.body, exchange.reach, asker(exchange))


async def cancel(ports: Ports, exchange: Exchange) -> CallbackView:
    """Or not any more."""
    return await _port(ports).cancel(exchange.id_of("callback"), exchange.reach, asker(exchange))


_ONE = "/v1/callbacks/{callback_id}"

CALLBACKS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/callbacks",
        summary="回呼 / callbacks: open ones and those that are over",
        scopes=LOOK_AT_AGENTS,
        handler=list_some,
        shows=Page[CallbackView],
        query=CallbacksQuery,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/callbacks",
        summary="要求回呼;同号同队列只有一个 / call a number back; one callback a number and queue",
        scopes=CHANGE_AGENTS,
        handler=ask,
        shows=CallbackView,
        status=201,
        body=CallbackBody,
        is_done_once=True,
        faults=(403, 409, 413, 501),
    ),
    Route(
        method="GET",
        path=_ONE,
        summary="一个回呼 / one callback",
        scopes=LOOK_AT_AGENTS,
        handler=get,
        shows=CallbackView,
        faults=(404, 501),
    ),
    Route(
        method="DELETE",
        path=_ONE,
        summary="取消回呼 / do not call any more",
        scopes=SUPERVISE,
        handler=cancel,
        shows=CallbackView,
        faults=(404, 409, 501),
    ),
)
