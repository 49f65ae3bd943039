"""The supervisor's page: seats and lines as they are, and what a supervisor does with them, each with a reason."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bench.desk_phones import Manner
from tests.e2e.test_flows import ask
from tests.peers import CALLER, peers
from tests.stand import Terms, stand
from tests.web.browser import people, picture, sign_in, window

pytestmark = pytest.mark.e2e

SEATS = 28
TERMS = Terms(
    seats=SEATS,
    greeting="",
    announce_agent=False,
    wrap_up_s=60.0,
    agent_extra=people(*["agent"] * (SEATS - 1), "supervisor"),
)


async def assert_side_by_side(page: Page, *places: str) -> None:
    """From left to right, each begins where the one before has ended, and the last ends within the page."""
    edge = 0.0
    for place in places:
        box = await page.locator(place).bounding_box()
        assert box is not None, place
        assert box["x"] >= edge, f"{place} begins under the one before"
        assert box["width"] >= 280, f"{place} is {box['width']} px wide"
        edge = box["x"] + box["width"]
    viewport = page.viewport_size
    assert viewport is not None
    assert edge <= viewport["width"]


async def test_a_supervisor_sees_seats_and_lines_and_ends_a_call(tmp_path: Path) -> None:
    """Tiles follow the agents, the line shows who waits and why, and a forced hang-up is refused without a reason."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(), Manner(), Manner(answer_s=None), Manner(), Manner()) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/supervisor", height=860)
        await sign_in(page, here.agent(1))
        await expect(page.get_by_role("alert")).to_have_text("没有此权限")
        await sign_in(page, here.agent(SEATS))
        tiles = page.locator(".tile")
        await expect(tiles).to_have_count(SEATS)
        first = tiles.nth(0)
        await expect(first).to_contain_text("未签入")
        for number in (1, 2, 3):
            await here.login(number)
        for number, reason in ((4, "lunch"), (5, "training"), (6, "break")):
            await here.api.login(here.agent(number), here.extension(number), "not_ready", reason)
        await expect(first).to_contain_text("空闲")
        for caller in range(1, 4):
            await around.call(f"1380000000{caller}")
        await expect(first).to_contain_text("通话")
        await expect(tiles.nth(2)).to_contain_text("振铃")
        for caller in range(4, 9):
            await around.call(f"1380000000{caller}")
        await expect(page.locator(".callers li")).to_have_count(6)
        await expect(page.locator(".callers li").nth(5)).to_contain_text("暂无空闲坐席")
        await picture(page, "supervisor")
        await first.click()
        drawer = page.locator("#drawer")
        for width, height in ((1920, 1080), (1280, 800)):
            await page.set_viewport_size({"width": width, "height": height})
            await assert_side_by_side(page, "#tiles", ".lines", "#drawer")
            await page.locator(".alarms button").first.click(trial=True)
        await expect(tiles.nth(2)).to_be_in_viewport(ratio=1)
        await page.set_viewport_size({"width": 1280, "height": 860})
        await picture(page, "supervisor-seat")

        await expect(drawer).to_contain_text(CALLER)
        await drawer.locator("[data-deed=force_hang_up]").click()
        await expect(drawer.get_by_role("status")).to_contain_text("操作原因")
        assert len(await here.active_calls()) == 8
        await drawer.get_by_role("button", name="骚扰电话").click()
        await expect(drawer.locator("#why")).to_contain_text(f"来话 {CALLER} 送给坐席 {here.agent(1)}")
        await page.get_by_role("button", name="English").click()
        await expect(drawer.locator("[data-deed=force_hang_up]")).to_have_text("Force hang-up")
        await expect(drawer.get_by_label("Reason")).to_have_value("骚扰电话")
        await page.get_by_role("button", name="中文").click()
        await drawer.locator("[data-deed=force_hang_up]").click()
        await expect(first).to_contain_text("话后处理")
        await expect(drawer.locator(".feed")).to_contain_text("强拆")
        ended = await here.wait_event("CallEnded")
        assert ended["end_reason"] == "forced"

        await page.get_by_role("button", name="关闭").click()
        await page.locator(".callers button").first.click()
        await expect(drawer).to_contain_text("hotline · 正在振铃 1003")
        await expect(drawer.locator("#why")).to_contain_text("送给坐席 1003")
        await page.get_by_role("button", name="关闭").click()

        # By hand: a waiting caller goes first, is given to an agent at lunch, and another agent has to take calls.
        await page.locator(".callers button").nth(5).click()
        await expect(drawer.locator("#why")).to_contain_text("中排第 5 位。")
        await picture(page, "supervisor-waiting-call")
        await drawer.get_by_role("button", name="市民投诉").click()
        await drawer.get_by_role("spinbutton", name="调级").fill("5")
        await drawer.locator("[data-deed=level]").click()
        await expect(drawer.get_by_role("status")).to_have_text("已执行:调级")
        await expect(drawer.locator("#why")).to_contain_text("中排第 1 位。")
        await drawer.get_by_role("combobox", name="分配给").select_option(here.agent(4))
        await drawer.locator("[data-deed=pick_up]").click()
        await expect(tiles.nth(3)).to_contain_text("通话")
        await expect(tiles.nth(3)).to_contain_text("13800000008")
        await tiles.nth(4).click()
        await drawer.get_by_role("button", name="协助坐席").click()
        await drawer.locator("[data-deed=force_ready]").click()
        await expect(tiles.nth(4)).to_contain_text("通话")
        ledger = (await here.api.get("/v1/ledger"))["items"]
        done = ["force_state", "pick_up", "set_level", "force_hang_up"]
        assert [entry["action"] for entry in ledger] == done
        assert {entry["who"] for entry in ledger} == {here.agent(SEATS)}
        await page.get_by_role("button", name="关闭").click()

        await page.reload()
        await expect(page.locator(".callers li").first).to_contain_text("正在振铃 1003")
        await page.get_by_placeholder("查找").fill("1002")
        await expect(tiles).to_have_count(1)
        await page.get_by_role("button", name="English").click()
        await expect(tiles.first).to_contain_text("Talking")


@pytest.mark.long
async def test_a_waiting_caller_is_moved_and_the_page_says_why_each_waits(tmp_path: Path) -> None:
    """The drawer has the distributor's own words; the caller goes to the other line and keeps the time of arrival."""
    other = '[[queues]]\nname = "english"\n'
    terms = replace(TERMS, seats=2, extra=other, agent_extra=people("agent", "supervisor"))
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here, Manner()) as around,
        window(here.api.base) as browser,
    ):
        path = f"/v1/business/documents/agents/{here.agent(1)}"
        agent = await ask(here, "GET", path)
        both = {"data": agent["data"] | {"queues": ["hotline", "english"]}}
        await ask(here, "PUT", path, f'"{agent["version"]}"', json=both)
        await here.api.login(here.agent(1), here.extension(1), "not_ready", "lunch")
        page = await browser.open("/supervisor", height=860)
        await sign_in(page, here.agent(2))
        _, call_id = await around.call()
        callers, drawer = page.locator(".callers li"), page.locator("#drawer")
        await callers.first.click()
        await expect(drawer.locator("#why")).to_contain_text("在队列 hotline 中排第 1 位")
        await expect(drawer.locator("#why")).to_contain_text(here.agent(1))
        queued_at = (await here.api.call(call_id))["call"]["queued_at"]
        await drawer.get_by_role("button", name="协助坐席").click()
        await drawer.get_by_role("combobox", name="移到队列").select_option("english")
        await drawer.locator("[data-deed=move]").click()
        await expect(page.locator(".queue", has_text="english").locator(".callers li")).to_have_count(1)
        await expect(drawer.locator("#why")).to_contain_text("在队列 english 中排第 1 位")
        call = (await here.api.call(call_id))["call"]
        assert (call["queue"], call["queued_at"]) == ("english", queued_at)
        [entry] = (await here.api.get("/v1/ledger"))["items"]
        assert (entry["action"], entry["reason"]) == ("move", "协助坐席")


@pytest.mark.long
async def test_a_call_list_is_made_filled_started_and_paused_on_the_page(tmp_path: Path) -> None:
    """A file with a bad line is taken by no button; a good one is checked, taken, and worked off."""
    terms = Terms(seats=1, agent_extra=people("supervisor"))
    async with stand(tmp_path / "stand", terms) as here, window(here.api.base) as browser:
        page = await browser.open("/supervisor", height=860)
        await sign_in(page, here.agent(1))
        await expect(page.locator("#no-lists")).to_be_visible()
        await page.get_by_role("button", name="新建名单").click()
        form = page.locator("#list-form")
        await form.get_by_label("名称").fill("满意度回访")
        await form.get_by_label("方式").select_option("progressive")
        await form.get_by_label("每日可拨时段").fill("00:00-24:00")
        await form.get_by_role("button", name="新建", exact=True).click()
        await form.get_by_label("CSV").fill("number,姓名\n13900000001,张三\n12x,<i>李四</i>\n")
        await form.get_by_role("button", name="导入", exact=True).click()
        await expect(form).to_contain_text("1 行有误,全部未导入")
        await expect(form).to_contain_text("第 3 行 12x · 不是电话号码")
        await picture(page, "supervisor-import")
        good = tmp_path / "numbers.csv"
        good.write_text("number,姓名\n13900000001,张三\n", encoding="utf-8")
        await form.get_by_label("选择文件").set_input_files(good)
        await form.get_by_role("button", name="试导入").click()
        await expect(form).to_contain_text("可导入 1 个号码,尚未导入")
        [made] = (await here.api.get("/v1/call-lists"))["items"]
        assert (made["total"], made["mode"], made["state"]) == (0, "progressive", "ready")
        await form.get_by_role("button", name="导入", exact=True).click()
        await expect(form).to_contain_text("已导入 1 个号码")
        await page.keyboard.press("Escape")
        card = page.locator("#lists li")
        await expect(card).to_contain_text("满意度回访")
        await expect(card).to_contain_text("未开始")
        await expect(card).to_contain_text("待拨 1")
        await card.get_by_role("button", name="开始").click()
        await expect(card).to_contain_text("进行中")
        await card.get_by_role("button", name="暂停").click()
        await expect(card).to_contain_text("已暂停")
        await picture(page, "supervisor-call-lists")
        await card.get_by_role("button", name="导入").click()
        await form.get_by_role("button", name="终止名单").click()
        await expect(page.locator("#no-lists")).to_be_visible()
        [ended] = (await here.api.get("/v1/call-lists"))["items"]
        assert ended["state"] == "stopped"


@pytest.mark.long
async def test_with_forty_callers_waiting_each_is_reached_and_the_keyboard_keeps_its_place(
    tmp_path: Path,
) -> None:
    """The list moves under neither mouse nor keyboard while callers come and go; whom it does not show is a press away."""
    terms = replace(TERMS, seats=1, channels=60, agent_extra=people("supervisor"))
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/supervisor", height=860)
        await sign_in(page, here.agent(1))
        calls = [(await around.call(f"138000000{caller:02d}"))[0] for caller in range(39)]
        callers, drawer = page.locator(".callers button"), page.locator("#drawer")
        await expect(callers).to_have_count(12)
        await callers.nth(3).focus()
        await around.trunk.hang_up(calls[0])
        await around.call("13800000039")
        await around.call("13800000040")
        more = page.get_by_role("button", name="另有 28 位,全部显示")
        await expect(more).to_be_visible()
        await expect(callers.nth(2)).to_be_focused()
        await expect(callers.nth(2)).to_contain_text("13800000003")
        await more.press("Enter")
        await expect(callers).to_have_count(40)
        await callers.nth(39).press("Enter")
        await expect(drawer).to_contain_text("13800000040")
        await expect(drawer.get_by_role("textbox", name="操作原因")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(callers.nth(39)).to_be_focused()
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="Show the first ones only").click()
        await expect(callers).to_have_count(12)
