"""The administrator's tables in a real browser: customers one by one and as a file, announcements, days, the whole business."""

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.async_api import FilePayload, expect

from softswitch.calendars.days import is_published
from tests.stand import Terms, stand
from tests.web.browser import people, picture, window
from tests.web.test_accessibility import assert_accessible
from tests.web.test_admin_page import administrator

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, greeting="", announce_agent=False, agent_extra=people("admin", "admin"))
UNKNOWN = next(year for year in range(2026, 2100) if not is_published(year))
HEARS = """audio => new Promise((hear, fail) => {
  audio.onloadedmetadata = () => hear(audio.duration);
  audio.onerror = () => fail(audio.error.message);
  audio.load();
})"""
CLOSING: dict[str, Any] = {
    "id": "closing",
    "start": "end",
    "nodes": {"end": {"type": "hang_up", "say": ["storm", "text@bye:感谢来电"]}},
}
FIELDS: dict[str, Any] = {"id": "village", "name": "村", "choices": ["东村", "西村"]}


def sound_file(hz: float, seconds: float, kind: str = "WAV") -> FilePayload:
    """A tone as somebody's computer recorded it."""
    target = io.BytesIO()
    soundfile.write(
        target, 0.3 * np.sin(2 * np.pi * hz * np.arange(int(44100 * seconds)) / 44100), 44100, format=kind
    )
    return {"name": f"storm.{kind.lower()}", "mimeType": f"audio/{kind.lower()}", "buffer": target.getvalue()}


def business_file(file: dict[str, Any]) -> FilePayload:
    """The whole business as it comes from a disk."""
    return {"name": "business.json", "mimeType": "application/json", "buffer": json.dumps(file).encode()}


def csv_file(*lines: str) -> FilePayload:
    """A file as a spreadsheet here writes it."""
    return {"name": "客户.csv", "mimeType": "text/csv", "buffer": "\r\n".join(lines).encode("gb18030")}


async def test_customers_are_kept_one_by_one_and_as_a_file(tmp_path: Path) -> None:
    """Made, a fault at its field, two at once, a way back; a file with bad cells is refused, a good one taken and taken back."""
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        await here.api.put("/v1/business/documents/fields/village", {"data": FIELDS})
        page = await administrator(browser, here, "customers/+")
        await page.get_by_label("名称").fill("李四")
        await page.get_by_role("spinbutton", name="级别").fill("5")
        await page.get_by_label("备注").fill("一\n二")
        await page.get_by_text("本热线的字段").click()
        await page.get_by_label("村").select_option("西村")
        numbers = page.get_by_role("group", name="号码")
        await numbers.get_by_role("button", name="添加").click()
        await numbers.get_by_role("textbox").fill("138-0000-000x")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".fault-here")).to_contain_text("不是电话号码")
        await numbers.get_by_role("textbox").fill("138-0000-0001")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told").first).to_contain_text("已保存")
        await expect(page).to_have_url(f"{here.api.base}/admin#customers/1")
        kept = await here.api.get("/v1/customers/1")
        assert (kept["numbers"], kept["level"], kept["notes"]) == (["13800000001"], 5, "一\n二")
        assert kept["fields"] == {"village": "西村"}

        other = await administrator(browser, here, "customers/1", 2)
        await other.get_by_label("单位").fill("水务局")
        await other.get_by_role("button", name="保存").click()
        await expect(other.locator(".told").first).to_contain_text("已保存")
        await page.get_by_role("spinbutton", name="级别").fill("7")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator("#dialog")).to_contain_text("什么也没有被覆盖")
        assert (await here.api.get("/v1/customers/1"))["level"] == 5
        await page.locator("#dialog").get_by_role("button", name="合并后继续编辑").click()
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told").first).to_contain_text("已保存")
        kept = await here.api.get("/v1/customers/1")
        assert (kept["level"], kept["unit"]) == (7, "水务局")
        await page.get_by_text("历次内容").click()
        await expect(page.get_by_role("button", name="恢复")).to_have_count(2)
        await assert_accessible(page)
        await picture(page, "admin-customer")
        await page.get_by_role("button", name="恢复").last.click()
        await expect(page.get_by_role("spinbutton", name="级别")).to_have_value("5")

        await page.goto(f"{here.api.base}/admin#customers/file")
        bad = csv_file(
            "号码,姓名,级别,村",
            "13800000002,王五,高,西村",
            "1380000000x,赵六,1,南村",
            "13800000001,李四,5,东村",
        )
        await page.get_by_label("CSV 文件").set_input_files([bad])
        await page.get_by_role("button", name="试导入").click()
        cells = page.locator(".bad-cells tbody tr")
        await expect(cells).to_have_count(3)
        await expect(cells.first).to_contain_text("应为整数")
        await expect(cells.last).to_contain_text("应为其一:东村, 西村")
        await expect(page.get_by_role("button", name="确认导入")).to_be_disabled()
        await assert_accessible(page)
        await picture(page, "admin-customers-file")
        lines = [f"1380000{number:04d},市民{number},{number % 3},东村" for number in range(2, 122)]
        await page.get_by_label("CSV 文件").set_input_files([csv_file("号码,姓名,级别,村", *lines)])
        await page.get_by_role("button", name="试导入").click()
        await expect(page.locator(".told")).to_contain_text("新增 120")
        assert len((await here.api.get("/v1/customers?limit=500"))["items"]) == 1
        await page.get_by_role("button", name="确认导入").click()
        await expect(page.locator(".told")).to_contain_text("已导入")
        async with page.expect_download() as given:
            await page.get_by_role("button", name="导出 CSV").click()
        text = Path(await (await given.value).path()).read_text(encoding="utf-8-sig")
        assert len(text.splitlines()) >= 122
        assert "13800000121" in text

        await page.get_by_role("link", name="客户", exact=True).click()
        await expect(page.locator("[data-customer]")).to_have_count(100)
        await page.get_by_role("button", name="更多").click()
        await expect(page.locator("[data-customer]")).to_have_count(121)
        await page.get_by_role("searchbox").fill("138 0000 0100")
        await expect(page.locator("[data-customer]")).to_have_count(1)
        await page.get_by_role("searchbox").fill("市民11")
        await expect(page.locator("[data-customer]")).to_have_count(11)
        await assert_accessible(page)
        await picture(page, "admin-customers")
        await page.goto(f"{here.api.base}/admin#fields/village")
        await page.get_by_role("button", name="删除").click()
        await page.locator("#dialog").get_by_role("button", name="删除").click()
        await expect(page.locator(".told")).to_contain_text("121 位客户填有此字段")
        await page.goto(f"{here.api.base}/admin#customers")
        await page.get_by_role("link", name="CSV 导入导出").click()
        await page.locator("table.past tbody tr").first.get_by_role("button", name="撤销").click()
        await page.locator("#dialog").get_by_role("button", name="撤销").click()
        await expect(page.locator(".told")).to_contain_text("已撤销")
        assert len((await here.api.get("/v1/customers?limit=500"))["items"]) == 1

        await page.goto(f"{here.api.base}/admin#customers/1")
        await page.get_by_role("button", name="删除").click()
        await page.locator("#dialog").get_by_role("button", name="删除").click()
        await expect(page.locator(".empty")).to_be_visible()
        assert (await here.api.get("/v1/customers"))["items"] == []


async def test_announcements_are_heard_uploaded_replaced_and_kept_while_played(tmp_path: Path) -> None:
    """What is no sound is refused; the second of two who replace one is told; what plays it is named."""
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        page = await administrator(browser, here, "prompts")
        await expect(page.get_by_role("heading", name="提示音", exact=True)).to_be_in_viewport(ratio=1)
        welcome = page.locator("[data-prompt=welcome]")
        await expect(welcome).to_contain_text("随系统带来")
        assert await welcome.locator("audio").evaluate(HEARS) > 0.5
        form = page.locator("form")
        await form.get_by_label("编号").fill("storm")
        await form.get_by_label("内容说明").fill("台风停课通知")
        text: FilePayload = {"name": "storm.wav", "mimeType": "audio/wav", "buffer": "台风".encode()}
        await form.get_by_label("声音文件").set_input_files([text])
        await form.get_by_role("button", name="上传新提示音").click()
        await expect(page.locator(".told")).to_contain_text("声音")
        await expect(page.locator(".told.wrong")).to_be_visible()
        await form.get_by_label("声音文件").set_input_files([sound_file(440, 2.0, "FLAC")])
        await form.get_by_role("button", name="上传新提示音").click()
        storm = page.locator("[data-prompt=storm]")
        await expect(storm).to_contain_text("台风停课通知")
        assert await storm.locator("audio").evaluate(HEARS) == pytest.approx(2.0, abs=0.1)

        other = await administrator(browser, here, "prompts", 2)
        await other.get_by_label("替换 storm").set_input_files([sound_file(880, 3.0)])
        await expect(other.locator(".told")).to_contain_text("storm 已更新")
        await page.get_by_label("替换 storm").set_input_files([sound_file(660, 1.0)])
        await expect(page.locator(".told.wrong")).to_contain_text("未覆盖任何内容")
        assert (await here.api.get("/v1/prompts/storm"))["duration_s"] == pytest.approx(3.0, abs=0.1)
        await page.get_by_label("替换 storm").set_input_files([sound_file(660, 1.0)])
        await expect(storm).to_contain_text("1.0 秒")
        assert (await here.api.get("/v1/prompts/storm"))["title"] == "台风停课通知"

        await here.api.put("/v1/business/documents/flows/closing", {"data": CLOSING})
        await page.get_by_label("替换 welcome").set_input_files([sound_file(660, 1.0)])
        await expect(storm.get_by_role("link", name="flows/closing")).to_be_visible()
        await storm.get_by_role("button", name="删除").click()
        await page.locator("#dialog").get_by_role("button", name="删除").click()
        await expect(page.locator(".told.wrong")).to_contain_text("flows.closing.nodes.end.say")
        await assert_accessible(page)
        await page.evaluate("scrollTo(0, 0)")
        await expect(page.get_by_role("heading", name="提示音", exact=True)).to_be_in_viewport()
        await picture(page, "admin-prompts")
        await page.get_by_role("searchbox").fill("or")
        await expect(storm).to_be_visible()
        await expect(welcome).to_have_count(0)
        await page.get_by_role("searchbox").fill("")
        bye = page.locator("[data-prompt=bye]")
        await expect(bye).to_contain_text("感谢来电")
        await page.get_by_label("替换 bye").set_input_files([sound_file(660, 1.0)])
        await expect(bye).to_contain_text("1.0 秒")
        await bye.get_by_role("button", name="恢复原音").click()
        await page.locator("#dialog").get_by_role("button", name="恢复原音").click()
        await expect(bye).to_contain_text("系统合成")
        await welcome.get_by_role("button", name="恢复原音").click()
        await page.locator("#dialog").get_by_role("button", name="恢复原音").click()
        await expect(welcome).to_contain_text("随系统带来")
        await storm.get_by_role("link", name="flows/closing").click()
        await expect(page.locator("[data-node=end]")).to_be_visible()


async def test_a_year_comes_and_goes_as_a_file_and_a_day_has_hours_of_its_own(tmp_path: Path) -> None:
    """Next year, of which nothing is published; every bad line; a day by hand with its note; an afternoon off."""
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        office = {"id": "office", "name": "办公时间", "monday": ["08:30-12:00", "13:30-17:30"]}
        await here.api.put("/v1/business/documents/hours/office", {"data": office})
        page = await administrator(browser, here, f"year/{UNKNOWN}")
        await expect(page.locator(".banner[role=status]")).to_contain_text("尚未公布")
        monday = next(day for day in range(4, 12) if date(UNKNOWN, 3, day).weekday() == 0)
        first, second = f"{UNKNOWN}-03-{monday:02d}", f"{UNKNOWN}-03-{monday + 7:02d}"

        await page.get_by_role("button", name="导入 CSV").click()
        dialog = page.locator("#dialog")
        await dialog.get_by_label("CSV", exact=True).fill(
            f"date,kind,name\n{UNKNOWN}-02-30,holiday,无\n{first},festival,节\n"
        )
        await dialog.get_by_role("button", name="试导入").click()
        await expect(dialog.locator(".faults li")).to_have_count(2)
        await expect(dialog.locator(".faults li").first).to_contain_text("第 2 行")
        await assert_accessible(page)
        await dialog.get_by_label("CSV", exact=True).fill(f"date,kind,name\n{first},holiday,春节\n")
        await dialog.get_by_label("这些年份已完整").check()
        await expect(dialog.get_by_role("button", name="确认导入")).to_be_disabled()
        await dialog.get_by_role("button", name="试导入").click()
        await dialog.get_by_role("button", name="确认导入").click()
        day = page.locator(f"[data-date='{first}']")
        await expect(day).to_have_attribute("data-kind", "holiday")
        await expect(page.locator(".banner[role=status]")).to_have_count(0)
        async with page.expect_download() as given:
            await page.get_by_role("button", name="导出 CSV").click()
        assert f"{first},holiday,春节" in Path(await (await given.value).path()).read_text(
            encoding="utf-8-sig"
        )

        await page.locator(f"[data-date='{second}']").click()
        await expect(dialog).to_contain_text("08:30-12:00")
        await dialog.get_by_role("textbox", name="当日例外").fill("08:30-12:00")
        await dialog.get_by_role("textbox", name="说明").fill("下午停电")
        await assert_accessible(page)
        await picture(page, "admin-day")
        await dialog.get_by_role("button", name="保存").last.click()
        await expect(dialog).to_be_hidden()
        kept = (await here.api.get("/v1/business/documents/hours/office"))["data"]["exceptions"]
        assert [(each["date"], each["open"], each["note"]) for each in kept] == [
            (second, ["08:30-12:00"], "下午停电")
        ]
        at_four = await here.api.get(f"/v1/calendars/office?at={second}T16:00:00%2B08:00")
        assert not at_four["is_open"]
        await page.locator(f"[data-date='{second}']").click()
        await dialog.get_by_role("textbox", name="当日例外").fill("08:30-12:00 11:00-13:00")
        await dialog.get_by_role("button", name="保存").last.click()
        await expect(dialog.locator(".told.wrong")).to_be_visible()
        await dialog.get_by_role("button", name="取消例外").click()
        await expect(dialog).to_be_hidden()
        assert (await here.api.get("/v1/business/documents/hours/office"))["data"]["exceptions"] == []

        await day.click()
        await dialog.get_by_role("button", name="恢复公布的安排").click()
        await expect(day).to_have_attribute("data-kind", "workday")


async def test_an_agent_is_made_and_goes_and_the_whole_comes_as_a_file(tmp_path: Path) -> None:
    """A new agent who may sit down at once; out as a file, in again after a look, refused with its faults and with 412."""
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        page = await administrator(browser, here, "agents/+")
        await page.get_by_role("textbox", name="工号").fill("1078")
        await page.get_by_label("姓名").fill("新坐席")
        queues = page.get_by_role("group", name="服务队列")
        await queues.get_by_role("button", name="添加").click()
        await queues.get_by_role("combobox").select_option("hotline")
        await page.get_by_role("button", name="保存").click()
        await expect(page.locator(".told")).to_contain_text("已保存")
        assert (await here.api.get("/v1/agents/1078"))["agent_id"] == "1078"

        await page.get_by_role("link", name="导入导出").click()
        async with page.expect_download() as given:
            await page.get_by_role("button", name="导出全部业务数据").click()
        file = json.loads(Path(await (await given.value).path()).read_text(encoding="utf-8"))
        agents = file["documents"]["agents"]
        assert [each["id"] for each in agents] == ["1001", "1002", "1078"]

        agents[2]["queues"] = ["none"]
        await page.get_by_label("业务文件").set_input_files([business_file(file)])
        await page.get_by_role("button", name="试导入").click()
        await expect(page.locator(".faults li")).to_contain_text("agents.1078.queues")
        agents[2]["queues"] = ["hotline"]
        agents[2]["name"] = "老坐席"
        file["customers"] = "numbers,name\nx,李\n"
        await page.get_by_label("业务文件").set_input_files([business_file(file)])
        await page.get_by_role("button", name="试导入").click()
        await expect(page.locator(".faults li")).to_contain_text("customers[2].numbers")
        file["customers"] = "numbers,name\n13812345678,李\n"
        await page.get_by_label("业务文件").set_input_files([business_file(file)])
        await page.get_by_role("button", name="试导入").click()
        await expect(page.locator(".told")).to_contain_text("将有 1 处改动")
        await expect(page.get_by_text("新增 1、修改 0、移除 0")).to_be_visible()
        await assert_accessible(page)
        await picture(page, "admin-exchange")
        await here.api.put("/v1/business/documents/skills/law", {"data": {"id": "law", "name": "法律"}})
        await page.get_by_role("button", name="确认导入").click()
        await expect(page.locator(".told.wrong")).to_contain_text("什么也没有被覆盖")
        assert (await here.api.get("/v1/business/documents/skills/law"))["data"]["name"] == "法律"
        assert (await here.api.get("/v1/agents/1078"))["name"] == "新坐席"
        await page.get_by_role("button", name="试导入").click()
        await expect(page.locator(".told")).to_contain_text("将有 2 处改动")
        await page.get_by_role("button", name="确认导入").click()
        await expect(page.locator(".told")).to_contain_text("已导入")
        assert (await here.api.get("/v1/agents/1078"))["name"] == "老坐席"
        assert [one["name"] for one in (await here.api.get("/v1/customers"))["items"]] == ["李"]

        await page.get_by_role("link", name="版本与回退").click()
        await page.locator("tr[data-version='1'] button").click()
        await here.api.put("/v1/business/documents/skills/music", {"data": {"id": "music"}})
        await page.locator("tr[data-version='1'] + tr").get_by_role("button", name="回退到此版本").click()
        await page.locator("#dialog").get_by_role("button", name="回退到此版本").click()
        await expect(page.locator(".told.wrong")).to_contain_text("什么也没有被覆盖")
        await expect(page.locator("tr[data-version]").first).to_contain_text("技能 music")
        assert (await here.api.get("/v1/agents/1078"))["name"] == "老坐席"

        await page.get_by_role("link", name="坐席", exact=False).first.click()
        await page.get_by_role("link", name="1078").click()
        await page.get_by_role("button", name="删除").click()
        await page.locator("#dialog").get_by_role("button", name="删除").click()
        await expect(page.locator("tbody tr")).to_have_count(2)
        assert "1078" not in {each["agent_id"] for each in (await here.api.get("/v1/agents"))["items"]}
