"""The screen pop in a real browser: the customer's record, the last calls and the work orders as the phone rings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import expect

from bench.desk_phones import Manner
from tests.peers import CALLER
from tests.web.browser import picture
from tests.web.test_agent_page import TERMS, seated, shows

pytestmark = [pytest.mark.e2e, pytest.mark.long]

ORDERS = {
    "orders": [
        {
            "number": "GD-20261128-7",
            "title": "路灯不亮 <b>三天</b>",
            "state": "办理中",
            "url": "https://orders.test/7",
        },
    ]
}


@asynccontextmanager
async def order_system(may_answer: asyncio.Event) -> AsyncIterator[str]:
    """The integrator's service, which takes its time."""

    async def show(request: web.Request) -> web.Response:
        assert request.query["phone"] == CALLER
        await may_answer.wait()
        return web.json_response(ORDERS)

    app = web.Application()
    app.router.add_get("/orders", show)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.63.0.10", 0).start()
    yield f"http://127.63.0.10:{runner.addresses[0][1]}/orders?phone={{caller}}"
    may_answer.set()
    await runner.cleanup()


async def test_the_caller_s_record_and_orders_are_there_while_the_phone_rings(tmp_path: Path) -> None:
    """A slow order system delays neither the ring nor the record; markup in all of it is letters."""
    may_answer = asyncio.Event()
    async with order_system(may_answer) as address:
        terms = replace(TERMS, http_extra=f'work_orders = "{address}"\nwork_orders_timeout_s = 20.0')
        async with seated(tmp_path, Manner(answer_s=None), terms) as desk:
            page, api = desk.page, desk.here.api
            customer = {
                "numbers": [CALLER],
                "name": "王芳",
                "level": 3,
                "address": "和平路 12 号",
                "unit": "市图书馆",
                "notes": "<img src=x onerror=alert(1)>\n耳背,请大声",
            }
            await api.post("/v1/customers", customer)
            first, first_id = await desk.around.call()
            await shows(page, "振铃")
            known = page.locator("#customer")
            await expect(known).to_contain_text("王芳")
            await expect(known).to_contain_text("<img src=x onerror=alert(1)>")
            await expect(known).to_contain_text("市图书馆")
            await expect(known.locator(".orders li")).to_have_count(0)
            may_answer.set()
            await expect(known.locator(".orders li")).to_have_count(1)
            await expect(known).to_contain_text("路灯不亮 <b>三天</b>")
            await expect(known.get_by_role("link", name="GD-20261128-7")).to_have_attribute(
                "href", "https://orders.test/7"
            )
            assert await page.locator("#customer img, #customer .orders b").count() == 0
            await picture(page, "agent-screen-pop")

            await desk.around.trunk.hang_up(first)
            await desk.here.wait_event("CallEnded", call_id=first_id)
            await desk.around.call()
            await shows(page, "振铃")
            await expect(page.locator("#history tbody tr")).to_have_count(1)
            await expect(page.locator("#history")).to_contain_text("未接通即挂机")
