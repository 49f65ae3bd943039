"""The administrator's tables in a real browser: customers one by one and as a file, announcements, days, the whole business."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import FilePayload, expect

from tests.stand import Terms, stand
from tests.web.browser import people, picture, window
from tests.web.test_accessibility import assert_accessible
from tests.web.test_admin_page import administrator

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, greeting="", announce_agent=False, agent_extra=people("admin", "admin"))
FIELDS: dict[str, Any] = {"id": "village", "name": "村", "choices": ["东村", "西村"]}


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
