"""The screen pop in a real browser: the customer's record, the last calls and the work orders as the phone rings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from bench.desk_phones import Manner
from tests import spectrum
from tests.conversation import HEARD_DBFS, TONES_HZ, Conversation, conversation
from tests.peers import CALLER, seconds
from tests.sipp.runner import sipp_running
from tests.spectrum import RATE_HZ
from tests.stand import Stand
from tests.web.browser import key, picture, sign_in, window
from tests.web.test_agent_page import TERMS, seated, shows
from tests.web.test_operations import STAFFED, press

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


CUSTOMER = {
    "numbers": [CALLER],
    "name": "王芳",
    "level": 3,
    "address": "和平路 12 号",
    "unit": "市图书馆",
    "notes": "<img src=x onerror=alert(1)>\n耳背,请大声",
}


async def shows_the_customer(page: Page) -> None:
    """Everything that the table knows of the caller; markup in it is letters."""
    known = page.locator("#customer")
    await expect(known.locator(".name").first).to_have_text("王芳")
    await expect(known.locator(".badge").first).to_have_text("客户级别 3")
    for fact in ("市图书馆", "和平路 12 号", "<img src=x onerror=alert(1)>", "耳背,请大声"):
        await expect(known).to_contain_text(fact)


async def shows_the_order(page: Page) -> None:
    """The one open work order, which leads to the integrator's page."""
    known = page.locator("#customer")
    await expect(known.locator(".orders li")).to_have_count(1)
    await expect(known.locator(".orders li")).to_contain_text("办理中")
    await expect(known).to_contain_text("路灯不亮 <b>三天</b>")
    link = known.get_by_role("link", name="GD-20261128-7")
    await expect(link).to_have_attribute("href", "https://orders.test/7")
    assert await page.locator("#customer img, #customer .orders b").count() == 0


async def test_the_caller_s_record_and_orders_are_there_while_the_phone_rings(tmp_path: Path) -> None:
    """A slow order system delays neither the ring nor the record; markup in all of it is letters."""
    may_answer = asyncio.Event()
    async with order_system(may_answer) as address:
        terms = replace(TERMS, http_extra=f'work_orders = "{address}"\nwork_orders_timeout_s = 20.0')
        async with seated(tmp_path, Manner(answer_s=None), terms) as desk:
            page, api = desk.page, desk.here.api
            await api.post("/v1/customers", CUSTOMER)
            first, first_id = await desk.around.call()
            await shows(page, "振铃")
            await shows_the_customer(page)
            await expect(page.locator("#customer .orders li")).to_have_count(0)
            may_answer.set()
            await shows_the_order(page)
            await picture(page, "agent-screen-pop")

            await desk.around.trunk.hang_up(first)
            await desk.here.wait_event("CallEnded", call_id=first_id)
            await desk.around.call()
            await shows(page, "振铃")
            await expect(page.locator("#history tbody tr")).to_have_count(1)
            await expect(page.locator("#history")).to_contain_text("未接通即挂机")


async def agent_hears_itself(talk: Conversation, *, is_so: bool = True) -> None:
    """Until the agent's own voice has come back to the phone for the last of two seconds from now on, or has not."""
    phone = talk.phones["one"]
    begun = len(await phone.recording())
    async with asyncio.timeout(15):
        while True:
            sound = (await phone.recording())[begun:]
            is_there = spectrum.tone_level_dbfs(sound[-RATE_HZ:], TONES_HZ["one"]) > HEARD_DBFS
            if len(sound) >= 2 * RATE_HZ and is_there is is_so:
                return
            await asyncio.sleep(0.2)


async def heard_by_the_caller(here: Stand, call_id: str) -> list[str]:
    """Before, during and after the hold: `voice` for the agent's, `music` for any other sound, `nothing`."""
    detail = await here.wait_call(call_id)
    moments = [
        seconds(str((await here.wait_event(kind, call_id=call_id))["_at"]))
        for kind in ("RecordingStarted", "CallConnected", "CallHeld", "CallRetrieved", "CallEnded")
    ]
    begun, *moments = moments
    (left, _), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
    heard = []
    for start, end in pairwise(moments):
        part = left[round((start - begun + 0.5) * RATE_HZ) : round((end - begun - 0.1) * RATE_HZ)]
        assert len(part) > RATE_HZ / 4, (
            f"{start - begun:.2f} to {end - begun:.2f} of {len(left) / RATE_HZ:.2f} s"
        )
        is_voice = spectrum.tone_level_dbfs(part, TONES_HZ["one"]) > HEARD_DBFS
        heard.append("voice" if is_voice else "music" if spectrum.level_dbfs(part) > -50 else "nothing")
    return heard


async def test_a_sipp_caller_pops_with_all_that_is_known_and_hears_music_while_held(tmp_path: Path) -> None:
    """SIPp sends back what it hears, so the recording's left channel is what the caller heard: voice, music, voice."""
    may_answer = asyncio.Event()
    may_answer.set()
    async with order_system(may_answer) as address:
        terms = replace(STAFFED, http_extra=f'work_orders = "{address}"')
        async with (
            conversation(tmp_path / "stand", terms, agents=1) as talk,
            window(talk.here.api.base) as browser,
        ):
            here, page = talk.here, await browser.open("/agent")
            await here.api.post("/v1/customers", CUSTOMER)
            await talk.phones["caller"].call(here.hotline)
            earlier = await here.wait_event("CallQueued")
            await talk.phones["caller"].hang_up()
            await here.wait_event("CallEnded", call_id=earlier["call_id"])
            await sign_in(page, here.agent(1), here.extension(1), state="not_ready")
            await shows(page, "示忙")
            async with sipp_running(
                "caller_echoes", here.sip, address=here.trunk_address, caller=CALLER, echoes=True
            ) as caller:
                since = len(here.events)
                call_id = str((await here.wait_event("CallQueued", since=since))["call_id"])
                await here.api.put(f"/v1/calls/{call_id}/data", {"data": {"工单": "GD-7"}})
                await key(page, "Alt+R", "示闲")
                await shows(page, "通话")
                await shows_the_customer(page)
                await shows_the_order(page)
                await expect(page.locator("#data")).to_contain_text("GD-7")
                await expect(page.locator("#history tbody tr")).to_have_count(1)
                await expect(page.locator("#history")).to_contain_text("未接通即挂机")
                await agent_hears_itself(talk)
                await press(page, "保持")
                await shows(page, "保持")
                await agent_hears_itself(talk, is_so=False)
                await key(page, "Alt+H", "取回")
                await shows(page, "通话")
                await agent_hears_itself(talk)
                await key(page, "Alt+Q", "挂机")
                result = await caller.wait()
            assert (result.successful, result.failed) == (1, 0), result.errors
            assert await heard_by_the_caller(here, call_id) == ["voice", "music", "voice"]
