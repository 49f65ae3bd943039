"""Customers over HTTP: looked for by whoever talks with them, kept by supervisors, imported and exported by administrators."""

from aiohttp import web

from api.actors import Role
from api.business import asker, expected_version, looked_at, tagged
from api.customer_views import (
    ChangesQuery,
    CustomerBody,
    CustomerChangeView,
    CustomerRestoreBody,
    CustomersImportQuery,
    CustomersImportView,
    CustomersPort,
    CustomersQuery,
    CustomerVersionView,
    CustomerView,
    UndoBody,
)
from api.exchange import Exchange
from api.faults import NotBuilt, NotFound
from api.ports import Ports
from api.problems import NotYours
from api.route import LOOK, SUPERVISE, Route
from api.schemas import compiled
from api.tokens import Scope
from api.views import Page

ADMINISTER = frozenset({Scope.ADMIN})
CSV = "text/csv"
FILE_MOST = 4 * 1024 * 1024
"""Some thousands of customers with everything that is known of them."""


def _port(ports: Ports) -> CustomersPort:
    if ports.customers is None:
        raise NotBuilt
    return ports.customers


def _number(exchange: Exchange, name: str) -> int:
    text = exchange.ids[name]
    if not compiled(r"\d{1,15}").fullmatch(text):
        raise NotFound(name.removesuffix("_id"), text[:32])
    return int(text)


async def list_some(ports: Ports, exchange: Exchange) -> Page[CustomerView]:
    """A page of customers.  An agent looks for a number: nobody needs the whole town to serve one caller."""
    port = _port(ports)
    person = None if exchange.actor is None else exchange.actor.person
    if person is not None and person.role is Role.AGENT and not exchange.query.number:
        raise NotYours
    return await port.list(exchange.query)


async def get(ports: Ports, exchange: Exchange) -> web.Response:
    """One customer with their ETag."""
    view = await _port(ports).get(_number(exchange, "customer_id"))
    return tagged(view, view.version)


async def make(ports: Ports, exchange: Exchange) -> web.Response:
    """Somebody new."""
    view = await _port(ports).make(exchange.body, by=asker(exchange))
    return tagged(view, view.version, 201)


async def put(ports: Ports, exchange: Exchange) -> web.Response:
    """Replace what is known of somebody; needs `If-Match`."""
    view = await _port(ports).put(
        _number(exchange, "customer_id"),
        exchange.body,
        expected=expected_version(exchange),
        by=asker(exchange),
    )
    return tagged(view, view.version)


async def remove(ports: Ports, exchange: Exchange) -> web.Response:
    """Remove somebody; needs `If-Match`."""
    await _port(ports).remove(
        _number(exchange, "customer_id"), expected=expected_version(exchange), by=asker(exchange)
    )
    return web.Response(status=204)


async def versions(ports: Ports, exchange: Exchange) -> Page[CustomerVersionView]:
    """What somebody was."""
    return await _port(ports).versions(_number(exchange, "customer_id"), exchange.query)


async def restore(ports: Ports, exchange: Exchange) -> web.Response:
    """Make somebody what they were; needs `If-Match` unless they were removed."""
    view = await _port(ports).restore(
        _number(exchange, "customer_id"),
        exchange.body.version,
        expected=expected_version(exchange),
        by=asker(exchange),
        reason=exchange.body.reason,
    )
    return tagged(view, view.version)


async def changes(ports: Ports, exchange: Exchange) -> Page[CustomerChangeView]:
    """A page of changes."""
    return await _port(ports).changes(exchange.query)


async def undo(ports: Ports, exchange: Exchange) -> CustomerChangeView:
    """Take a change back, a file with all of its lines."""
    return await _port(ports).undo(
        _number(exchange, "version"), by=asker(exchange), reason=exchange.body.reason
    )


async def load(ports: Ports, exchange: Exchange) -> CustomersImportView:
    """Take the customers of a CSV file, or with `dry_run` show every bad cell; needs `If-Match`, the table that was looked at."""
    query = exchange.query
    return await _port(ports).load(
        exchange.body,
        dry_run=query.dry_run,
        expected=looked_at(exchange, dry_run=query.dry_run),
        by=asker(exchange),
        reason=query.reason,
    )


async def export(ports: Ports, exchange: Exchange) -> web.StreamResponse:
    """All customers as CSV, sent as they are read."""
    pieces = _port(ports).export()
    first = await anext(pieces)
    response = web.StreamResponse(
        headers={
            "Content-Type": f"{CSV}; charset=utf-8",
            "Content-Disposition": 'attachment; filename="customers.csv"',
        }
    )
    await response.prepare(exchange.request)
    await response.write(first.encode())
    async for piece in pieces:
        await response.write(piece.encode())
    await response.write_eof()
    return response


_CUSTOMER = "/v1/customers/{customer_id}"

CUSTOMERS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/customers",
        summary="客户,按号码或姓名;坐席须给号码 / customers by number or name; agents give a number",
        scopes=LOOK,
        roles=frozenset(Role),
        handler=list_some,
        shows=Page[CustomerView],
        query=CustomersQuery,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/customers",
        summary="新增客户 / a new customer",
        scopes=SUPERVISE,
        handler=make,
        shows=CustomerView,
        status=201,
        body=CustomerBody,
        is_done_once=True,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/customers/import",
        summary="导入 CSV,可先试,须带 If-Match / customers from a CSV file; dry_run shows every bad cell; needs If-Match",
        scopes=ADMINISTER,
        handler=load,
        shows=CustomersImportView,
        query=CustomersImportQuery,
        takes=(CSV,),
        body_most=FILE_MOST,
        faults=(412, 428, 501),
    ),
    Route(
        method="GET",
        path="/v1/customers/export",
        summary="导出 CSV / all customers as a CSV file",
        scopes=ADMINISTER,
        handler=export,
        media_type=CSV,
        faults=(501,),
    ),
    Route(
        method="GET",
        path="/v1/customers/changes",
        summary="客户表的改动,新的在前 / changes of the table, newest first",
        scopes=ADMINISTER,
        handler=changes,
        shows=Page[CustomerChangeView],
        query=ChangesQuery,
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/customers/changes/{version}/undo",
        summary="撤销一次改动 / take one change back, a file with all of its lines",
        scopes=ADMINISTER,
        handler=undo,
        shows=CustomerChangeView,
        body=UndoBody,
        faults=(404, 412, 501),
    ),
    Route(
        method="GET",
        path=_CUSTOMER,
        summary="一个客户,带 ETag / one customer with their ETag",
        scopes=LOOK,
        handler=get,
        shows=CustomerView,
        faults=(404, 501),
    ),
    Route(
        method="PUT",
        path=_CUSTOMER,
        summary="修改客户,须带 If-Match / replace what is known of a customer; needs If-Match",
        scopes=SUPERVISE,
        handler=put,
        shows=CustomerView,
        body=CustomerBody,
        faults=(404, 412, 501),
    ),
    Route(
        method="DELETE",
        path=_CUSTOMER,
        summary="删除客户,须带 If-Match / remove a customer; needs If-Match",
        scopes=ADMINISTER,
        handler=remove,
        status=204,
        faults=(404, 412, 501),
    ),
    Route(
        method="GET",
        path=f"{_CUSTOMER}/versions",
        summary="客户的历次内容 / what a customer was, newest first",
        scopes=SUPERVISE,
        handler=versions,
        shows=Page[CustomerVersionView],
        query=ChangesQuery,
        faults=(404, 501),
    ),
    Route(
        method="POST",
        path=f"{_CUSTOMER}/restore",
        summary="恢复客户的某一版本 / make a customer what they were with a version",
        scopes=SUPERVISE,
        handler=restore,
        shows=CustomerView,
        body=CustomerRestoreBody,
        faults=(404, 412, 501),
    ),
)
