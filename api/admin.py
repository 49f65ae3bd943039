"""The business object by object: each kind has paths of its own, whose document is made of what reads it.

The same documents as under `/v1/business/documents`, flat: a GET gives the object, a PUT takes it.
"""

from typing import Any

from aiohttp import web

from api.business import asker, business_of, expected_version, tagged, usable_id
from api.business_requests import DocumentsQuery, ReasonQuery
from api.exchange import Exchange
from api.ports import Ports
from api.route import LOOK, Route
from api.tokens import Scope
from api.views import Page

ADMINISTER = frozenset({Scope.ADMIN})
KIND, OBJECT = "/v1/admin/{kind}", "/v1/admin/{kind}/{object_id}"


def _place(exchange: Exchange) -> tuple[str, str]:
    return exchange.ids["kind"], exchange.ids["object_id"]


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    """Without the nulls that say that something is absent."""
    return {key: value for key, value in data.items() if value is not None}


async def list_some(ports: Ports, exchange: Exchange) -> Page[dict[str, Any]]:
    """A page of objects of a kind."""
    query = exchange.query
    page = await business_of(ports).list(exchange.ids["kind"], query.cursor, query.limit)
    return Page(items=tuple(_flat(view.data) for view in page.items), next_cursor=page.next_cursor)


async def get(ports: Ports, exchange: Exchange) -> web.Response:
    """One object with its ETag."""
    view = await business_of(ports).get(*_place(exchange))
    return tagged(_flat(view.data), view.version)


async def put(ports: Ports, exchange: Exchange) -> web.Response:
    """Make or replace an object; one that is there needs `If-Match`."""
    kind, key = _place(exchange)
    expected = expected_version(exchange)
    view = await business_of(ports).put(
        kind,
        usable_id(kind, key, expected),
        exchange.body,
        expected=expected,
        by=asker(exchange),
        reason=exchange.query.reason,
    )
    return tagged(_flat(view.data), view.version)


async def remove(ports: Ports, exchange: Exchange) -> web.Response:
    """Remove an object; needs `If-Match`."""
    await business_of(ports).remove(
        *_place(exchange),
        expected=expected_version(exchange),
        by=asker(exchange),
        reason=exchange.query.reason,
    )
    return web.Response(status=204)


OBJECTS: tuple[Route, ...] = (
    Route(
        method="GET",
        path=KIND,
        summary="一类对象 / objects of a kind",
        scopes=LOOK,
        handler=list_some,
        shows=Page[dict[str, Any]],
        query=DocumentsQuery,
        faults=(404, 501),
    ),
    Route(
        method="GET",
        path=OBJECT,
        summary="一个对象,带 ETag / one object with its ETag",
        scopes=LOOK,
        handler=get,
        shows=dict[str, Any],
        faults=(404, 501),
    ),
    Route(
        method="PUT",
        path=OBJECT,
        summary="新增或修改,修改须带 If-Match / make or replace an object; to replace needs If-Match",
        scopes=ADMINISTER,
        handler=put,
        shows=dict[str, Any],
        body=dict,
        query=ReasonQuery,
        faults=(404, 412, 501),
    ),
    Route(
        method="DELETE",
        path=OBJECT,
        summary="删除,须带 If-Match / remove an object; needs If-Match",
        scopes=ADMINISTER,
        handler=remove,
        status=204,
        query=ReasonQuery,
        faults=(404, 412, 501),
    ),
)
