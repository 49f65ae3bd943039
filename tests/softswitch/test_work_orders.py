"""Work orders of a real web service: what is asked, what is taken of its answer, and that nobody waits for it for long."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from api.orders_port import OrderView
from api.views import CallView, WallTime
from softswitch.work_orders import ORDERS_MOST, WorkOrders

CALL = CallView(
    **dict.fromkeys(f for f in CallView.__dataclass_fields__ if f not in ("data", "parties", "held")),  # type: ignore[arg-type]
)
CALL = replace(CALL, call_id="c1", caller="13800000001", called="12345", arrived_at=WallTime(0.0))


@dataclass
class Service:
    """A business system whose answer the test sets."""

    answer: Any = field(default_factory=lambda: {"orders": []})
    asked: list[str] = field(default_factory=list)
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""

    async def show(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.raw_path)
        await self.silent.wait()
        return self.answer if isinstance(self.answer, web.StreamResponse) else web.json_response(self.answer)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    found = Service()
    found.silent.set()
    app = web.Application()
    app.router.add_get("/orders{more:.*}", found.show)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.63.0.9", 0).start()
    found.base = f"http://127.63.0.9:{runner.addresses[0][1]}/orders"
    yield found
    found.silent.set()
    await runner.cleanup()


async def ask(service: Service, query: str = "", **call: Any) -> tuple[OrderView, ...] | None:
    orders = WorkOrders(service.base + query, timeout_s=0.3)
    try:
        return await orders.of_call(replace(CALL, **call), "13800000001")
    finally:
        await orders.close()


async def test_the_open_orders_of_a_number(service: Service) -> None:
    """What is filled in is encoded; a link is one that a page may follow."""
    service.answer = {
        "orders": [
            {"number": 7, "title": "<b>路灯</b>", "state": "办理中", "url": "https://orders.test/7"},
            {"number": "8", "url": "javascript:alert(1)", "secret": "x"},
        ]
    }
    found = await ask(service, "?phone={caller}&order={data.order}&x={data.nothing}", data={"order": "a&b"})
    assert service.asked == ["/orders?phone=13800000001&order=a%26b&x="]
    assert found == (
        OrderView(number="7", title="<b>路灯</b>", state="办理中", url="https://orders.test/7"),
        OrderView(number="8", title="", state="", url=""),
    )


async def test_a_caller_who_is_named_like_a_step_in_a_path_takes_none(service: Service) -> None:
    await ask(service, "/{data.order}/open", data={"order": ".."})
    assert service.asked == ["/orders//open"]


async def test_no_more_is_taken_than_a_page_can_show(service: Service) -> None:
    service.answer = {"orders": [{"title": "x" * 400}] * 99}
    found = await ask(service)
    assert found is not None
    assert (len(found), len(found[0].title)) == (ORDERS_MOST, 200)


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"orders": "none"},
        {"orders": [1]},
        {"orders": [{"title": "x" * 70_000}]},
        web.Response(status=500),
        web.Response(text="<html>"),
        web.Response(text="[" * 60_000),
        web.Response(status=302, headers={"Location": "/orders"}),
    ],
)
async def test_what_cannot_be_used_is_no_answer(service: Service, answer: Any) -> None:
    service.answer = answer
    assert await ask(service) is None


async def test_a_service_that_is_silent_or_gone_is_not_waited_for(service: Service) -> None:
    service.silent.clear()
    assert await ask(service) is None
    service.base = "http://127.63.0.9:1/"
    assert await ask(service) is None
