"""Every kind of document on the administrator's page, in a real browser: listed, opened, refused in Chinese, put right, saved."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from softswitch.business.documents import KINDS
from softswitch.calendars.hours import WEEKDAYS
from softswitch.flows.nodes import NODES
from tests.e2e.test_flows import ask
from tests.stand import Stand, Terms, stand
from tests.web.browser import people, picture, window
from tests.web.test_accessibility import assert_accessible
from tests.web.test_admin_page import administrator

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=2, greeting="", announce_agent=False, agent_extra=people("admin", "admin"))
PAGES_OF_THEIR_OWN = {"emergency", "days", "flows", "prompts"}
"""Kinds without a list of forms: `test_admin_page` and `test_admin_records` drive their pages."""

CHINESE = re.compile(r"[\u4e00-\u9fff]")

Steps = tuple[tuple[str, str], ...]
"""Where something is filled in or chosen, and what; a place that ends in `+` gets one more row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is done to a document of a kind.

    `sample` is there before, or the document is made on the page.  `bad` is refused at `place` with words that hold
    `says`, `good` puts it right; then the document holds what is `kept`.
    """

    key: str
    sample: Mapping[str, Any] = field(default_factory=dict)
    bad: Steps
    place: str
    says: str
    good: Steps
    kept: Mapping[str, Any]


EDITS: Mapping[str, Edit] = {
    "agents": Edit(
        key="1009",
        sample={"id": "1009", "name": "新人", "queues": ["hotline"]},
        bad=(("wrap_up_s", "-1"),),
        place="wrap_up_s",
        says="≥ 0",
        good=(("wrap_up_s", "20"), ("name", "张三")),
        kept={"wrap_up_s": 20, "name": "张三"},
    ),
    "groups": Edit(
        key="night",
        sample={"id": "night"},
        bad=(("priorities+", ""), ("priorities[0].queue", "hotline"), ("priorities[0].priority", "2000")),
        place="priorities[0].priority",
        says="≤ 1000",
        good=(("priorities[0].priority", "8"), ("name", "夜班")),
        kept={"name": "夜班", "priorities": [{"queue": "hotline", "priority": 8}]},
    ),
    "skills": Edit(
        key="law",
        bad=(("id", "法律"),),
        place="id",
        says="字母、数字",
        good=(("id", "law"), ("name", "法律")),
        kept={"id": "law", "name": "法律"},
    ),
    "accounts": Edit(
        key="8009",
        bad=(
            ("username", "8009"),
            ("password", "desk-phone"),
            ("extension", "8001"),
            ("media_networks+", ""),
            ("media_networks[0]", "192.0.2.0/24"),
        ),
        place="extension",
        says="分机已属账号 8001",
        good=(("extension", "8009"),),
        kept={"username": "8009", "extension": "8009", "password": "****"},
    ),
    "outbound": Edit(
        key="手机",
        bad=(("name", "手机"), ("pattern", "1("), ("trunk", "city")),
        place="pattern",
        says="不是正则表达式",
        good=(("pattern", r"1[3-9]\d{9}"),),
        kept={"name": "手机", "pattern": r"1[3-9]\d{9}", "trunk": "city"},
    ),
    "trunk_numbers": Edit(
        key="city",
        bad=(("id", "nowhere"),),
        place="id",
        says="没有此中继",
        good=(("id", "city"), ("presented_number", "12345")),
        kept={"id": "city", "presented_number": "12345"},
    ),
    "queues": Edit(
        key="night",
        sample={"name": "night"},
        bad=(("limit", "0"),),
        place="limit",
        says="≥ 1",
        good=(("limit", "30"),),
        kept={"limit": 30},
    ),
    "routes": Edit(
        key="12346",
        sample={"number": "12346", "queue": "hotline", "greeting": ""},
        bad=(("level", "5000"),),
        place="level",
        says="≤ 1000",
        good=(("level", "7"), ("queue", "night")),
        kept={"level": 7, "queue": "night"},
    ),
    "services": Edit(
        key="tax",
        sample={"id": "tax", "queue": "hotline", "hours": ""},
        bad=(("hours", "office"),),
        place="hours",
        says="与同队列的业务键 consult 不同",
        good=(("queue", "night"), ("name", "税务")),
        kept={"hours": "office", "queue": "night", "name": "税务"},
    ),
    "regions": Edit(
        key="east",
        sample={"id": "east", "prefixes": ["051081"]},
        bad=(("prefixes+", ""), ("prefixes[1]", "东")),
        place="prefixes[1]",
        says="应",
        good=(("prefixes[1]", "051091"), ("name", "东区")),
        kept={"prefixes": ["051081", "051091"], "name": "东区"},
    ),
    "shares": Edit(
        key="county",
        sample={
            "id": "county",
            "parts": [{"region": "east", "share": 1.0}, {"region": "west", "share": 1.0}],
        },
        bad=(("parts[1].region", "east"),),
        place="parts",
        says="至少两个不同的地区",
        good=(("parts[1].region", "west"), ("parts[0].share", "3")),
        kept={"parts": [{"region": "east", "share": 3}, {"region": "west", "share": 1}]},
    ),
    "routings": Edit(
        key="fair",
        sample={"id": "fair", "criteria": ["idle"]},
        bad=(("criteria+", ""), ("criteria[1]", "idle")),
        place="criteria",
        says="至少一条,不重复",
        good=(("criteria[1]", "calls"),),
        kept={"criteria": ["idle", "calls"]},
    ),
    "selections": Edit(
        key="public",
        sample={"id": "public", "criteria": ["arrival"]},
        bad=(("criteria+", ""), ("criteria[1]", "level")),
        place="criteria",
        says="arrival 之后无",
        good=(("criteria[0]", "level"), ("criteria[1]", "arrival")),
        kept={"criteria": ["level", "arrival"]},
    ),
    "capacities": Edit(
        key="desk",
        sample={"id": "desk", "media": [{"medium": "voice"}]},
        bad=(("most_in_all", "101"),),
        place="most_in_all",
        says="≤ 100",
        good=(("most_in_all", "3"),),
        kept={"most_in_all": 3},
    ),
    "reasons": Edit(
        key="lunch",
        bad=(("name", "午饭"),),
        place="id",
        says="编号",
        good=(("id", "lunch"), ("category", "work")),
        kept={"id": "lunch", "name": "午饭", "category": "work"},
    ),
    "lists": Edit(
        key="blocked",
        sample={"id": "blocked", "name": "限制名单"},
        bad=(("numbers+", ""), ("numbers[0].number", "一三八")),
        place="numbers[0].number",
        says="应",
        good=(
            ("numbers[0].number", "13800000001"),
            ("numbers[0].note", "一日拨打 300 次"),
            ("numbers[0].appeal", "本人来函申诉,待复核"),
        ),
        kept={
            "numbers": [{"number": "13800000001", "note": "一日拨打 300 次", "appeal": "本人来函申诉,待复核"}]
        },
    ),
    "fields": Edit(
        key="village",
        bad=(("id", "numbers"),),
        place="id",
        says="与固有字段重名",
        good=(("id", "village"), ("name", "村"), ("choices+", ""), ("choices[0]", "东村")),
        kept={"id": "village", "name": "村", "choices": ["东村"]},
    ),
    "hours": Edit(
        key="office",
        sample={"id": "office", "monday": ["08:30-12:00"]},
        bad=(("monday+", ""), ("monday[1]", "11:00-17:00")),
        place="monday",
        says="与另一段重叠",
        good=(("monday[1]", "13:30-17:00"),),
        kept={"monday": ["08:30-12:00", "13:30-17:00"]},
    ),
    "duty": Edit(
        key="li",
        sample={"id": "li", "number": "8001"},
        bad=(("number", "7777"),),
        place="number",
        says="既非分机,也无外呼规则适用",
        good=(("number", "8002"), ("least", "critical")),
        kept={"number": "8002", "least": "critical"},
    ),
}
ALSO: tuple[tuple[str, dict[str, Any]], ...] = (
    ("services/consult", {"id": "consult", "queue": "hotline"}),
    ("regions/west", {"id": "west", "prefixes": ["051082"]}),
)


async def put_samples(here: Stand) -> None:
    """What is there before the page is opened; what names something comes after it."""
    await ask(
        here, "DELETE", "/v1/business/documents/trunk_numbers/city", '"1"'
    )  # it is made anew on the page
    samples = [(f"{kind}/{edit.key}", dict(edit.sample)) for kind, edit in EDITS.items() if edit.sample]
    for path, data in sorted([*ALSO, *samples], key=lambda one: one[0].startswith("shares/")):
        await here.api.put(f"/v1/business/documents/{path}", {"data": data})


def at(page: Page, place: str) -> Locator:
    """What stands at a place of the form."""
    return page.locator(f'.form [data-place="{place}"]')


async def take(page: Page, steps: Steps) -> None:
    """Fill in, choose, and add rows."""
    for place, value in steps:
        if place.endswith("+"):
            await at(page, place.removesuffix("+")).locator(":scope > .list > button.add").click()
            continue
        control = at(page, place).locator("input, select, textarea").first
        if await control.evaluate("one => one.tagName") == "SELECT":
            await control.select_option(value)
        else:
            await control.fill(value)


async def edited(page: Page, here: Stand, kind: str, edit: Edit) -> None:
    """One kind, from its list to the version that holds the change."""
    document = f"/v1/business/documents/{kind}/{edit.key}"
    await page.locator(f'#places a[href="#{kind}"]').click()
    if edit.sample:
        await page.locator(f'tbody a[href="#{kind}/{edit.key}"]').click()
    else:
        await page.locator(f'a[href="#{kind}/+"]').click()
    before = (await here.api.get("/v1/business/versions", limit=1))["items"][0]["version"]
    await take(page, edit.bad)
    save = page.get_by_role("button", name="保存")
    await save.click()
    fault = at(page, edit.place).locator(".fault-here")
    await expect(fault.first).to_contain_text(edit.says)
    await expect(page.locator(".told").first).to_contain_text("未保存")
    assert (await here.api.get("/v1/business/versions", limit=1))["items"][0]["version"] == before

    await fault.first.locator("xpath=..").locator("input, select").first.dispatch_event("input")
    await expect(fault).to_have_count(0)
    await take(page, edit.good)
    await save.click()
    await expect(page.locator(".told").first).to_contain_text("已保存")
    await expect(page.locator(".place-head .note")).to_contain_text(f"1001 修改,版本 {before + 1}")
    kept = (await here.api.get(document))["data"]
    assert {name: kept.get(name) for name in edit.kept} == edit.kept
    assert (await here.api.get(f"/v1/business/versions/{before + 1}"))["version"]["documents"] == [
        f"{kind}/{edit.key}"
    ]


async def looked_over(page: Page) -> None:
    """What is there, what is advised, and what is needed: each with the way to mend it."""
    await page.locator("#places").get_by_role("link", name="概览").click()
    checks = page.locator("[data-check]")
    await expect(checks).to_have_count(13)
    for name, state in (
        ("trunks", "done"),
        ("routes", "done"),
        ("staffed", "needed"),  # the sample queue has no agents
        ("overflow", "advice"),
        ("hours", "done"),
    ):
        await expect(page.locator(f"[data-check={name}]")).to_have_attribute("data-state", state)
    await expect(page.locator("[data-check=staffed]")).to_contain_text("night")
    await expect(page.locator(".told")).to_contain_text("必须补齐")
    for wide in (1280, 1920):
        await page.set_viewport_size({"width": wide, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await assert_accessible(page)
    await picture(page, "admin-overview")
    await page.locator("[data-check=staffed]").get_by_role("link").click()
    await expect(page.get_by_role("heading", name="队列 · night")).to_be_visible()


async def reckoned(page: Page) -> None:
    """Three days and four hours of an office that is open on Mondays, and on the Saturday that is worked for National Day."""
    await page.locator("#places").get_by_role("link", name="时限推算").click()
    await page.get_by_label("受理时刻").fill("2026-09-29T16:30")
    await page.get_by_role("button", name="推算").click()
    await expect(page.locator(".told")).to_contain_text("2026/10/19 12:00")
    await page.get_by_label("时限", exact=True).fill("4")
    await page.get_by_label("单位").select_option("hours")
    await page.get_by_role("button", name="推算").click()
    await expect(page.locator(".told")).to_contain_text("2026/10/12 09:00")
    await assert_accessible(page)
    await picture(page, "admin-deadline")


async def one_day_five_times(page: Page, here: Stand) -> None:
    """A week is entered by its Monday; nothing is kept before it is saved."""
    await page.locator('#places a[href="#hours"]').click()
    await page.locator('a[href="#hours/+"]').click()
    await take(page, (("id", "shop"), ("monday+", ""), ("monday[0]", "09:00-17:00")))
    await page.get_by_role("button", name="周二至周五同周一").click()
    await expect(at(page, "friday[0]").locator("input")).to_have_value("09:00-17:00")
    await expect(page.locator(".told")).to_contain_text("还未保存")
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator(".told")).to_contain_text("已保存")
    kept = (await here.api.get("/v1/business/documents/hours/shop"))["data"]
    assert kept == {"id": "shop"} | {day: ["09:00-17:00"] for day in WEEKDAYS[:5]}


async def every_node(page: Page) -> None:
    """A flow with a node of each type, which has a form in Chinese; what is missing is told at each of them."""
    await page.locator('#places a[href="#flows"]').click()
    await page.locator('a[href="#flows/+"]').click()
    await page.get_by_label("流程编号").fill("every")
    drawer = page.locator(".node-drawer")
    for kind in NODES:
        await page.get_by_label("添加节点").select_option(kind)
        await expect(page.locator(f"[data-node={kind}1]")).to_be_visible()
        await expect(drawer.get_by_role("heading")).to_have_text(CHINESE)
        await expect(drawer.locator("label, legend").nth(1)).to_have_text(CHINESE)
    await assert_accessible(page)
    await page.get_by_role("button", name="检查").click()
    await expect(page.locator(".told")).to_contain_text("处问题")
    await expect(page.locator("[data-node].is-wrong").first).to_be_visible()
    page.on("dialog", lambda question: asyncio.ensure_future(question.accept()))  # it was not saved


async def test_every_kind_is_opened_refused_put_right_and_saved(tmp_path: Path) -> None:
    """A kind that is new has to be entered here: the page is asked which there are."""
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        kinds = {one["kind"] for one in (await here.api.get("/v1/business"))["items"]}
        assert kinds == KINDS.keys() == EDITS.keys() | PAGES_OF_THEIR_OWN
        await put_samples(here)
        page = await administrator(browser, here, "agents")
        await looked_over(page)
        await reckoned(page)
        await one_day_five_times(page, here)
        for kind, edit in EDITS.items():
            try:
                await edited(page, here, kind, edit)
                await assert_accessible(page)
            except AssertionError as failure:
                failure.add_note(f"kind: {kind}")
                raise
        await every_node(page)
        await page.goto(f"{here.api.base}/admin#lists/blocked")
        await expect(at(page, "numbers[0].appeal").locator("input")).to_have_value("本人来函申诉,待复核")
        await page.get_by_role("link", name="版本与回退").click()
        newest = page.locator("tr[data-version]").first
        await expect(newest).to_contain_text(f"{KINDS[kind].title.split(' / ')[0]} {edit.key}")
