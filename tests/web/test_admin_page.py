"""The administrator's page in a real browser: objects, faults at their fields, two at once, versions, emergency; flows,
the year, what-if, and the messages that callers left.
"""

import asyncio
import re
from colorsys import rgb_to_hsv
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, expect

from api.pages import PAGES
from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import CALLER, peers
from tests.stand import HOTLINE, Stand, Terms, stand
from tests.web.browser import Window, people, picture, sign_in, sign_in_by_token, window
from tests.web.test_accessibility import assert_accessible

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=3, greeting="", announce_agent=False, agent_extra=people("admin", "admin", "agent"))
NOT_SIGNED_IN = {"/agent/dial", "/phonebar-example"}
"""The first is the agents' page, the second an integrator's, which has the agents' page as a strip in it."""

OTHER_PASSWORD = "another horse 12345"
QUEUE = "/v1/business/documents/queues/hotline"
FLOW: dict[str, Any] = {
    "id": "main",
    "name": "主流程",
    "start": "menu",
    "nodes": {
        "menu": {
            "type": "menu",
            "say": ["menu_services"],
            "keys": {"1": "people", "2": "message"},
            "timeout_s": 50.0,
            "otherwise": "people",
        },
        "people": {"type": "queue", "queue": "hotline", "on_full": "message", "after": "rate"},
        "message": {"type": "voicemail", "say": [], "box": "night", "next": "kept"},
        "kept": {"type": "hang_up", "say": ["message_kept"]},
        "rate": {"type": "survey", "say": ["rate_us"], "keys": {"1": "good"}, "next": "kept"},
    },
}


async def administrator(browser: Window, here: Stand, place: str, number: int = 1) -> Page:
    """The page of an administrator who signed in, at a place of it."""
    page = await browser.open(f"/admin#{place}", width=1440, height=900)
    await sign_in(page, here.agent(number))
    await expect(page.locator("#places a").first).to_be_visible()
    return page


async def assert_red(place: Locator) -> None:
    """What stands there is seen, on red, whatever the colours of the page are."""
    await expect(place).to_be_visible()
    colour = await place.evaluate("one => getComputedStyle(one).backgroundColor")
    red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
    hue, saturation, _ = rgb_to_hsv(red, green, blue)
    assert (hue < 0.04 or hue > 0.96, saturation > 0.5) == (True, True), colour


async def test_objects_are_changed_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """A list, a form of the schema, faults at their fields, a conflict that is merged, a roll-back, the switch in red."""
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        refused = await browser.open("/admin")
        await sign_in(refused, here.agent(3))
        await expect(refused.get_by_role("alert")).to_have_text("没有此权限")

        page = await administrator(browser, here, "agents")
        await expect(page.locator("tbody tr")).to_have_count(3)
        await assert_accessible(page)
        await picture(page, "admin-agents")
        await page.get_by_role("searchbox", name="查找").fill("坐席2")
        await expect(page.locator("tbody tr")).to_have_count(1)
        await page.get_by_role("searchbox", name="查找").fill("1003")
        await page.get_by_role("link", name="1003").click()
        await page.get_by_role("button", name="设置密码").click()
        await page.get_by_label("新密码").fill(OTHER_PASSWORD)
        await page.get_by_label("登录后须先修改").uncheck()
        await page.locator("#dialog").get_by_role("button", name="设置密码").click()
        await expect(page.locator(".told")).to_contain_text("密码已设置")

        await page.get_by_role("link", name="队列", exact=False).first.click()
        await page.get_by_role("link", name="hotline").click()
        limit = page.get_by_role("spinbutton", name="最多排队数", exact=True)
        await expect(limit).to_have_value("256")
        await limit.fill("0")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".fault-here")).to_have_count(1)
        await expect(limit).to_have_attribute("aria-invalid", "true")
        await assert_accessible(page)
        await picture(page, "admin-queue")
        assert (await here.api.get(QUEUE))["version"] == 1

        other = await administrator(browser, here, "queues/hotline", 2)
        await other.get_by_role("spinbutton", name="振铃时限", exact=True).fill("22")
        await other.get_by_role("spinbutton", name="最多排队数", exact=True).fill("90")
        await other.get_by_role("button", name="保存").click()
        await expect(other.locator(".told")).to_contain_text("已保存")
        await limit.fill("80")
        await page.get_by_role("spinbutton", name="话后处理", exact=True).fill("33")
        await page.get_by_role("button", name="保存").click()
        dialog = page.locator("#dialog")
        await expect(dialog).to_contain_text("什么也没有被覆盖")
        await expect(dialog.locator("tbody tr")).to_have_count(3)
        await assert_accessible(page)
        await picture(page, "admin-conflict")
        await dialog.locator("tr.both input").nth(1).check()
        await dialog.get_by_role("button", name="合并后继续编辑").click()
        assert (await here.api.get(QUEUE))["data"]["limit"] == 90
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told")).to_contain_text("已保存")
        kept = (await here.api.get(QUEUE))["data"]
        assert (kept["limit"], kept["ring_time_s"], kept["wrap_up_s"]) == (80, 22, 33)

        await page.get_by_role("link", name="版本与回退").click()
        await expect(page.locator("tr[data-version]")).to_have_count(4)
        await page.get_by_role("button", name="查看差异").first.click()
        await expect(page.locator(".after").first).to_be_visible()
        await assert_accessible(page)
        await picture(page, "admin-versions")
        await page.locator("tr[data-version='1'] button").click()
        await page.locator("tr[data-version='1'] + tr").get_by_role("button", name="回退到此版本").click()
        await page.locator("#dialog").get_by_role("button", name="回退到此版本").click()
        await expect(page.locator(".told")).to_contain_text("5")
        assert (await here.api.get(QUEUE))["data"]["limit"] == 256

        await page.get_by_role("link", name="应急开关").click()
        notice = page.get_by_role("group", name="通知提示音")
        await notice.get_by_role("button", name="添加").click()
        await notice.get_by_role("combobox").fill("busy_later")
        await page.get_by_role("button", name="启用应急模式").click()
        await expect(page.locator("#emergency")).to_be_visible()
        await expect(other.locator("#emergency")).to_contain_text("应急模式已启用")
        seat = await browser.open("/agent")
        await sign_in(seat, here.agent(3), here.extension(3), OTHER_PASSWORD)
        board = await browser.open("/wallboard", width=1920, height=1080)
        await sign_in_by_token(board, TOKEN)
        supervisor, voicemails = [await page.context.new_page() for _ in range(2)]
        await supervisor.goto(f"{here.api.base}/supervisor")
        await voicemails.goto(f"{here.api.base}/voicemails")
        shown = (page, seat, board, supervisor, voicemails)
        assert {urlsplit(each.url).path for each in shown} == PAGES.keys() - NOT_SIGNED_IN
        for each in shown:
            await expect(each.locator("#emergency")).to_contain_text("应急模式已启用")
            await assert_red(each.locator("#emergency"))
            await assert_accessible(each)
        await seat.set_viewport_size({"width": 1280, "height": 56})
        await expect(seat.locator("#emergency")).to_be_visible()
        chip = await seat.locator("#emergency").bounding_box()
        assert chip is not None
        assert chip["width"] * chip["height"] < 150 * 28, "it hides the bar"
        await assert_red(seat.locator("#emergency"))
        await picture(seat, "agent-strip-emergency")
        await assert_accessible(page)
        await picture(page, "admin-emergency")
        await page.get_by_role("button", name="关闭应急模式").click()
        await page.locator("#dialog").get_by_role("button", name="关闭应急模式").click()
        for each in (other, seat, board, supervisor, voicemails):
            await expect(each.locator("#emergency")).to_be_hidden()
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", name="Emergency switch")).to_be_visible()


async def put_closed_queue(here: Stand) -> None:
    """A number whose queue is never open, with a table and with rules of each kind."""
    rules = [
        {"to": "voicemail", "waiting": 50},
        {"to": "busy", "when_closed": True},
        {"to": "queue", "name": "hotline", "waited_s": 120},
    ]
    table = [{"queue": "shut"}, {"queue": "hotline", "after_s": 30}]
    for path, data in (
        ("hours/never", {"id": "never"}),
        ("queues/shut", {"name": "shut", "hours": "never", "overflow": rules}),
        ("routes/12301", {"number": "12301", "queue": "shut", "greeting": "", "table": table}),
    ):
        await here.api.put(f"/v1/business/documents/{path}", {"data": data})


async def test_flows_days_and_messages_are_looked_after(tmp_path: Path) -> None:
    """A chart with callers in it, a fault at its node, a way drawn anew; a day; what-if; a message that is dealt with."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner()) as around,
        window(here.api.base) as browser,
    ):
        await here.api.put("/v1/business/documents/flows/main", {"data": FLOW})
        page = await administrator(browser, here, "routes/12345")
        await page.get_by_label("呼叫流程").select_option("main")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told")).to_contain_text("已保存")
        await page.get_by_role("link", name="呼叫流程").click()
        await page.get_by_role("link", name="main").click()
        nodes = page.locator("[data-node]")
        await expect(nodes).to_have_count(5)
        waiting = await around.trunk.call(HOTLINE, CALLER)
        assert await waiting.answered == 200
        await expect(page.locator("[data-node=menu] .callers-count")).to_have_text("1")
        await page.locator("[data-node=menu]").click()
        await expect(page.get_by_label("节点名")).to_have_value("menu")
        await assert_accessible(page)
        await picture(page, "admin-flow")

        await page.locator("[data-node=kept]").click()
        said = page.get_by_role("group", name="播报")
        await said.get_by_role("combobox").first.fill("no_such_prompt")
        await page.get_by_role("button", name="检查").click()
        await expect(page.locator("[data-node=kept].is-wrong")).to_be_visible()
        await expect(page.locator(".told")).to_have_text("有 1 处问题")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told")).to_contain_text("未保存")
        await expect(page.locator("[data-node=kept].is-wrong")).to_be_visible()
        await expect(page.locator(".fault-here")).to_contain_text("没有此提示音")
        await picture(page, "admin-flow-fault")
        await said.get_by_role("combobox").first.fill("message_kept")
        await page.get_by_role("button", name="检查").click()
        await expect(page.locator(".told")).to_contain_text("没有问题")
        await page.get_by_label("添加节点").select_option("hang_up")
        await expect(nodes).to_have_count(6)
        name = page.get_by_label("节点名")
        await name.fill("bye")
        await name.press("Enter")
        await expect(page.locator("[data-node=bye].is-wrong")).to_be_visible()
        port, target = page.locator("[data-port='rate:next']"), page.locator("[data-node=bye]")
        start, end = await port.bounding_box(), await target.bounding_box()
        assert start is not None
        assert end is not None
        await page.mouse.move(start["x"] + 5, start["y"] + 5)
        await page.mouse.down()
        await page.mouse.move(end["x"] + 60, end["y"] + 30, steps=4)
        await page.mouse.up()
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told")).to_contain_text("已保存")
        kept = (await here.api.get("/v1/business/documents/flows/main"))["data"]
        assert kept["nodes"]["rate"]["next"] == "bye"
        assert kept["nodes"]["kept"]["say"] == ["message_kept"]

        await page.get_by_role("link", name="来电试算").click()
        await page.get_by_label("依次按键").fill("1")
        await page.get_by_role("button", name="试算").click()
        await expect(page.locator(".way-list")).to_contain_text("排入队列 hotline")
        through = {
            "id": "through",
            "start": "ring",
            "nodes": {
                "ring": {"type": "transfer", "to": "8002", "otherwise": "end"},
                "end": {"type": "hang_up"},
            },
        }
        await here.api.put("/v1/business/documents/flows/through", {"data": through})
        route = {"number": "12300", "queue": "hotline", "flow": "through"}
        await here.api.put("/v1/business/documents/routes/12300", {"data": route})
        await page.get_by_label("被叫号码").fill("12300")
        await page.get_by_role("button", name="试算").click()
        await expect(page.locator(".way-list")).to_contain_text("转接 8002")
        await put_closed_queue(here)
        await page.get_by_label("被叫号码").fill("12301")
        await page.get_by_role("button", name="试算").click()
        way = page.locator(".way-list")
        await expect(way).to_contain_text("队列此时不在工作时间,溢出到:播报忙")
        await expect(way).to_contain_text("路由表所列队列:shut, hotline")
        await expect(way.locator(".by-load")).to_have_text(
            [
                "视当时负荷:若 等待超过 50 人,溢出到 语音信箱",
                "视当时负荷:若 已等 120 秒,溢出到 队列 hotline",
            ]
        )
        await assert_accessible(page)
        await picture(page, "admin-what-if")

        await page.goto(f"{here.api.base}/admin#year/2026")
        await expect(page.locator(".month")).to_have_count(12)
        await expect(page.locator("[data-date='2026-10-01']")).to_have_attribute("data-kind", "holiday")
        await page.locator("[data-date='2026-12-31']").click()
        await page.get_by_label("这一天是").select_option("holiday")
        await page.get_by_label("名称").fill("年终")
        await page.locator("#dialog").get_by_role("button", name="保存").first.click()
        day = page.locator("[data-date='2026-12-31']")
        await expect(day).to_have_attribute("data-source", "operator")
        await assert_accessible(page)
        await picture(page, "admin-year")

        night = {
            "id": "night",
            "start": "message",
            "nodes": {"message": {"type": "voicemail", "box": "night"}},
        }
        await here.api.put("/v1/business/documents/flows/night", {"data": night})
        route = {"number": "12346", "queue": "hotline", "flow": "night"}
        await here.api.put("/v1/business/documents/routes/12346", {"data": route})
        call = await around.trunk.call("12346", "13800000002")
        await here.wait_event("VoicemailStarted")
        await asyncio.sleep(1.5)  # the caller speaks
        await around.trunk.hang_up(call)
        await here.wait_event("CallEnded")
        messages = await browser.open("/voicemails", width=1440, height=900)
        await sign_in(messages, here.agent(2))
        await expect(messages.locator("[data-message]")).to_contain_text("13800000002")
        await assert_accessible(messages)
        await picture(messages, "voicemails")
        await messages.get_by_label("处理说明").fill("已回电")
        await messages.get_by_role("button", name="标记已处理").click()
        await expect(messages.locator("[data-message]")).to_contain_text("已回电")
