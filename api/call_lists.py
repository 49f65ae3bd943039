"""Call lists over HTTP: supervisors make and run them, agents preview their records and dial by a click."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from api.business import asker
from api.call_list_port import (
    CallListBody,
    CallListsPort,
    CallListsQuery,
    CallListView,
    ListRecordsQuery,
    ListRecordView,
    NumbersBody,
    NumbersTakenView,
)
from api.exchange import Exchange
from api.faults import NotBuilt
from api.ports import Ports
from api.route import CHANGE_AGENTS, LOOK_AT_AGENTS, SUPERVISE, Route
from api.views import Page

FILE_MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipBody:
    """Let a record go."""

    for_good: bool = field(
        default=False, metadata={"doc": "不再拨打 / set it aside for good, else it comes again later"}
    )


def _port(ports: Ports) -> CallListsPort:
    if ports.call_lists is None:
        raise NotBuilt
    return ports.call_lists


async def list_some(ports: Ports, exchange: Exchange) -> Page[CallListView]:
    """A page of the lists within reach."""
    return await _port(ports).list(exchange.query, exchange.reach)


async def get(ports: Ports, exchange: Exchange) -> CallListView:
    """One list."""
    return await _port(ports).get(exchange.id_of("list"), exchange.reach)


async def create(ports: Ports, exchange: Exchange) -> CallListView:
    """Make a list."""
    return await _port(ports).create(exchange.body, exchange.reach, asker(exchange))


async def add(ports: Ports, exchange: Exchange) -> NumbersTakenView:
    """Hand numbers in."""
    return await _port(ports).add(exchange.id_of("list"), exchange.body, exchange.reach, asker(exchange))


async def remove(ports: Ports, exchange: Exchange) -> web.Response:
    """Forget a list."""
    await _port(ports).remove(exchange.id_of("list"), exchange.reach, asker(exchange))
    return web.Response(status=204)


async def records(ports: Ports, exchange: Exchange) -> Page[ListRecordView]:
    """Its numbers."""
    return await _port(ports).records(exchange.id_of("list"), exchange.query, exchange.reach)


def _turn(state: str) -> Callable[[Ports, Exchange], Awaitable[CallListView]]:
    async def handle(ports: Ports, exchange: Exchange) -> CallListView:
        return await _port(ports).turn(exchange.id_of("list"), state, exchange.reach, asker(exchange))

    return handle


async def show_next(ports: Ports, exchange: Exchange) -> ListRecordView:
    """The record whose turn it is."""
    return await _port(ports).next(exchange.id_of("list"), exchange.id_of("agent"), exchange.reach)


async def dial(ports: Ports, exchange: Exchange) -> ListRecordView:
    """Call it."""
    return await _port(ports).dial(
        exchange.id_of("list"), exchange.id_of("record"), exchange.id_of("agent"), exchange.reach
    )


async def skip(ports: Ports, exchange: Exchange) -> ListRecordView:
    """Let it go."""
    return await _port(ports).skip(
        exchange.id_of("list"),
        exchange.id_of("record"),
        exchange.id_of("agent"),
        exchange.reach,
        for_good=exchange.body.for_good,
    )


_LIST = "/v1/call-lists/{list_id}"
_PREVIEW = "/v1/agents/{agent_id}/call-lists/{list_id}"


def _state(verb: str, state: str, summary: str) -> Route:
    return Route(
        method="POST",
        path=f"{_LIST}/{verb}",
        command=f"{verb}_call_list",
        summary=summary,
        scopes=SUPERVISE,
        handler=_turn(state),
        shows=CallListView,
        is_done_once=True,
        faults=(404, 409, 501),
    )


CALL_LISTS: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/call-lists",
        summary="外呼名单 / call lists and how far they have come",
        scopes=LOOK_AT_AGENTS,
        handler=list_some,
        query=CallListsQuery,
        shows=Page[CallListView],
        faults=(501,),
    ),
    Route(
        method="POST",
        path="/v1/call-lists",
        command="create_call_list",
        summary="新建外呼名单 / make a call list",
        scopes=SUPERVISE,
        handler=create,
        shows=CallListView,
        body=CallListBody,
        status=201,
        is_done_once=True,
        faults=(501,),
    ),
    Route(
        method="GET",
        path=_LIST,
        summary="一个外呼名单 / one call list",
        scopes=LOOK_AT_AGENTS,
        handler=get,
        shows=CallListView,
        faults=(404, 501),
    ),
    Route(
        method="DELETE",
        path=_LIST,
        summary="删除名单及其号码 / forget a list that was stopped, with its numbers",
        scopes=SUPERVISE,
        handler=remove,
        status=204,
        faults=(404, 409, 501),
    ),
    Route(
        method="POST",
        path=f"{_LIST}/numbers",
        summary="导入号码,可先试 / hand in numbers; dry_run shows every bad line",
        scopes=SUPERVISE,
        handler=add,
        shows=NumbersTakenView,
        body=NumbersBody,
        body_most=FILE_MOST,
        is_done_once=True,
        faults=(404, 409, 413, 501),
    ),
    Route(
        method="GET",
        path=f"{_LIST}/records",
        summary="名单中的号码与结果 / its numbers and what became of them",
        scopes=SUPERVISE,
        handler=records,
        shows=Page[ListRecordView],
        query=ListRecordsQuery,
        faults=(404, 501),
    ),
    _state("start", "running", "开始、继续 / work the list off"),
    _state("pause", "paused", "暂停,正在振铃的继续 / no further call; those that ring go on"),
    _state("stop", "stopped", "终止,挂断正在振铃的 / for good; what rings is hung up"),
    Route(
        method="POST",
        path=f"{_PREVIEW}/next",
        command="next_record",
        summary="取下一条预览 / the record to look at",
        scopes=CHANGE_AGENTS,
        handler=show_next,
        shows=ListRecordView,
        is_done_once=True,
        faults=(404, 409, 501),
    ),
    Route(
        method="POST",
        path=f"{_PREVIEW}/records/{{record_id}}/dial",
        command="dial_record",
        summary="拨打预览的号码 / call the number that the agent looks at",
        scopes=CHANGE_AGENTS,
        handler=dial,
        shows=ListRecordView,
        status=202,
        is_done_once=True,
        faults=(404, 409, 501, 503),
    ),
    Route(
        method="POST",
        path=f"{_PREVIEW}/records/{{record_id}}/skip",
        command="skip_record",
        summary="跳过 / let the record go",
        scopes=CHANGE_AGENTS,
        handler=skip,
        shows=ListRecordView,
        body=SkipBody,
        is_done_once=True,
        faults=(404, 409, 501),
    ),
)
