"""The agent's page in a real browser on a real server: a caller calls, a phone rings, and the page shows the truth."""

import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from bench.desk_phones import Manner
from tests.peers import CALLER, Peers, peers
from tests.sipp.runner import sipp_running
from tests.stand import Stand, Terms, stand
from tests.web.browser import Window, key, people, picture, sign_in, window

pytestmark = pytest.mark.e2e

TERMS = Terms(
    seats=3, greeting="", announce_agent=False, wrap_up_s=60.0, agent_extra=people("agent", "agent", "agent")
)


@dataclass(slots=True, eq=False)
class Seated:
    """Agent 1 signed in at the page, ready, with a phone beside it."""

    here: Stand
    around: Peers
    browser: Window
    page: Page


@asynccontextmanager
async def seated(
    folder: Path, manner: Manner, terms: Terms = TERMS, height: int = 800
) -> AsyncIterator[Seated]:
    """A softswitch, a phone that behaves so, and the page of its agent."""
    async with (
        stand(folder / "stand", terms) as here,
        peers(here, manner) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/agent", height=height)
        await sign_in(page, here.agent(1), here.extension(1))
        await shows(page, "空闲")
        yield Seated(here, around, browser, page)


async def shows(page: Page, word: str) -> None:
    """The bar's state says this word."""
    await expect(page.locator("#state-word")).to_have_text(word)


async def test_a_call_from_sign_in_to_the_end_of_its_wrap_up(tmp_path: Path) -> None:
    """Sign in, ready; a call pops while the phone rings, is answered there, ends; wrap-up, ready again, sign out."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(answer_s=1.0)) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/agent")
        await expect(page.get_by_role("heading", name="坐席登录")).to_be_visible()
        await picture(page, "agent-sign-in")
        await sign_in(page, here.agent(1), here.extension(1), "wrong")
        await expect(page.get_by_role("alert")).to_have_text("工号或密码不正确")
        await sign_in(page, here.agent(1), here.extension(1))
        await shows(page, "空闲")
        await picture(page, "agent-ready")

        call, call_id = await around.call()
        await shows(page, "振铃")
        await expect(page.locator("#caller-number")).to_have_text(CALLER)
        await expect(page).to_have_title(f"振铃 {CALLER} · 12345")
        await expect(page.get_by_role("status")).to_contain_text(f"振铃{CALLER}")
        await picture(page, "agent-ringing")
        await shows(page, "通话")
        await here.wait_event("CallConnected", call_id=call_id)
        await picture(page, "agent-talking")
        await page.set_viewport_size({"width": 640, "height": 400})  # 1280 px at 200 %
        assert await page.evaluate("document.documentElement.scrollWidth") <= 640
        await page.locator("#transfer").click(trial=True)
        await page.set_viewport_size({"width": 1280, "height": 800})

        await around.trunk.hang_up(call)
        await shows(page, "话后处理")
        await expect(page.locator("#mine tbody tr")).to_have_count(1)
        await expect(page.locator("#mine")).to_contain_text("正常结束")
        await expect(page.get_by_role("button", name="延长话后")).to_be_enabled()
        await expect(page.locator("#state-left")).to_have_text(re.compile(r"^剩余 [01]:\d\d$"))
        await picture(page, "agent-wrap-up")
        await page.keyboard.press("Alt+R")
        await shows(page, "空闲")

        await page.get_by_role("button", name="示忙").click()
        await page.get_by_role("button", name="用餐").click()
        await shows(page, "示忙")
        await expect(page.locator("#state-note")).to_have_text("用餐")
        assert (await here.api.agent(here.agent(1)))["reason"] == "lunch"
        await page.reload()
        await shows(page, "示忙")
        await page.get_by_role("button", name="签出").click()
        await expect(page.get_by_role("heading", name="坐席登录")).to_be_visible()
        assert (await here.api.agent(here.agent(1)))["presence"] == "logged_out"
        await page.reload()
        await expect(page.get_by_role("heading", name="坐席登录")).to_be_visible()


@pytest.mark.long
async def test_the_second_page_of_an_agent_wins_and_the_first_is_told(tmp_path: Path) -> None:
    """Whoever signs in again is in; the page before says why it is out, and the agent stays where they were."""
    async with seated(tmp_path, Manner()) as desk:
        first, here = desk.page, desk.here
        second = await desk.browser.open("/agent")
        await sign_in(second, here.agent(1), here.extension(1))
        await shows(second, "空闲")
        await expect(first.get_by_role("alert")).to_have_text("此工号已在别处登录,本页已退出。")
        await second.keyboard.press("Alt+B")
        await second.get_by_role("button", name="小休").click()
        await shows(second, "示忙")


@pytest.mark.long
async def test_a_page_outlives_the_server_and_shows_what_is_true_afterwards(tmp_path: Path) -> None:
    """Control is killed during a call: the page says so, comes back by itself, and the call is still there."""
    async with seated(tmp_path, Manner()) as desk:
        page, around, here = desk.page, desk.around, desk.here
        call, _ = await around.call()
        await shows(page, "通话")
        here.server.kill("control", signal.SIGKILL)
        await expect(page.locator("#banner")).to_contain_text("连接中断")
        await expect(page.get_by_role("button", name="示忙")).to_be_disabled()
        await expect(page.locator("#banner")).to_be_hidden(timeout=20_000)
        await shows(page, "通话")
        await expect(page.locator("#caller-number")).to_have_text(CALLER)
        await expect(page.get_by_role("button", name="示忙")).to_be_enabled()
        await around.trunk.hang_up(call)
        await shows(page, "话后处理")


async def test_what_a_caller_sends_is_shown_as_text(tmp_path: Path) -> None:
    """Markup in a caller's number is letters on the page, never elements of it."""
    async with seated(tmp_path, Manner(answer_s=None)) as desk:
        page = desk.page
        await desk.around.trunk.call("12345", "%3Cimg%20src=x%3E")
        await shows(page, "振铃")
        await expect(page.locator("#caller-number")).to_contain_text("img")
        assert await page.locator("img").count() == 0


@pytest.mark.long
async def test_the_strip_of_56_pixels_holds_everything(tmp_path: Path) -> None:
    """In a frame of 56 px nothing is cut off, each form fits into the same line, and what is told leaves the buttons free."""
    async with seated(tmp_path, Manner(), height=56) as desk:
        page = desk.page
        await desk.here.api.post("/v1/customers", {"numbers": [CALLER], "name": "王芳"})
        await desk.around.call()
        await shows(page, "通话")
        await expect(page.locator("#bar-call")).to_have_text(f"{CALLER} 王芳 · hotline")
        await picture(page, "agent-strip")
        assert await page.evaluate("document.documentElement.scrollHeight") <= 56
        assert await page.evaluate("document.documentElement.scrollWidth") <= 1280
        await page.keyboard.press("Alt+B")
        await expect(page.get_by_role("button", name="小休")).to_be_in_viewport(ratio=1)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("button", name="小休")).to_have_count(0)
        await page.keyboard.press("Alt+T")
        await page.locator("#ask input").fill(desk.here.agent(1))
        await page.keyboard.press("Enter")
        await expect(page.locator("#banner")).to_contain_text("不能转给自己")
        await page.locator("#ask").get_by_role("button", name="转接").click(trial=True)
        await picture(page, "agent-strip-refused")
        await page.keyboard.press("Escape")
        await expect(page.locator("#banner")).to_be_visible()
        await page.locator("#hang-up").click(trial=True)  # nothing lies over it
        await page.keyboard.press("Escape")
        await expect(page.locator("#banner")).to_be_hidden()


@pytest.mark.long
async def test_a_call_opens_the_integrator_s_page_with_its_number_and_data(tmp_path: Path) -> None:
    """SIPp calls and waits, is given data, and pops with it: in the integrator's window, encoded, and on the page."""
    template = "http://{network}.1:8080/phonebar-example?phone={caller}&to={called}&order={data.order}"
    terms = replace(TERMS, http_extra=f'screen_pop = "{template}"')
    async with seated(tmp_path, Manner(answer_s=1.0), terms) as desk:
        page, here = desk.page, desk.here
        await key(page, "Alt+B", "示忙")
        await page.get_by_role("button", name="小休").click()
        await shows(page, "示忙")
        number, order = "13800000007", "GD 7/八&"
        async with sipp_running(
            "caller_stays", here.sip, address=here.trunk_address, caller=number
        ) as caller:
            call_id = (await here.wait_event("CallArrived", caller=number))["call_id"]
            await here.wait_event("CallQueued", call_id=call_id)
            await here.api.put(f"/v1/calls/{call_id}/data", {"data": {"order": order}})
            async with page.context.expect_page() as opened:
                await key(page, "Alt+R", "示闲")
            wanted = f"{here.api.base}/phonebar-example?phone={number}&to=12345&order={quote(order, safe='')}"
            assert (await opened.value).url == wanted
            await expect(page.get_by_role("link", name="打开业务页面")).to_have_attribute("href", wanted)
            await expect(page.locator("#caller-number")).to_have_text(number)
            await expect(page.locator("#data")).to_contain_text(order)
            await shows(page, "通话")
            await key(page, "Alt+Q", "挂机")
            await shows(page, "话后处理")
            result = await caller.wait()
        assert (result.successful, result.failed) == (1, 0), result.errors
