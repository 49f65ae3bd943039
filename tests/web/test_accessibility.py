"""Every page in its main states, judged by axe-core: WCAG 2.2 A and AA, and what it calls best practice."""

from importlib.resources import files
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Terms, stand
from tests.web.browser import people, sign_in, sign_in_by_token, window

pytestmark = pytest.mark.e2e

TERMS = Terms(
    seats=3,
    greeting="",
    announce_agent=False,
    wrap_up_s=60.0,
    agent_extra=people("agent", "agent", "supervisor"),
)
JUDGE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
ASK = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await axe.run(document, { runOnly: tags });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}"""


async def assert_accessible(page: Page) -> None:
    """Nothing of the page as it stands now is against a rule."""
    await page.evaluate(f"{JUDGE};0")
    assert await page.evaluate(ASK) == []


async def test_no_page_keeps_anybody_out(tmp_path: Path) -> None:
    """Sign-in, bar, call, a form of the bar, tiles, drawer, wallboard and the example."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner()) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/agent")
        await expect(page.get_by_label("工号")).to_be_visible()
        await assert_accessible(page)
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.locator("#state-word")).to_have_text("空闲")
        await assert_accessible(page)
        await around.call()
        await around.call()
        await expect(page.locator(".parties li")).to_have_count(2)
        await assert_accessible(page)
        await page.keyboard.press("Alt+T")
        await expect(page.get_by_role("combobox", name="转给")).to_be_focused()
        await assert_accessible(page)

        desk = await browser.open("/supervisor")
        await sign_in(desk, here.agent(3))
        await expect(desk.locator(".callers li")).to_have_count(1)
        await assert_accessible(desk)
        await desk.locator(".tile").first.click()
        await expect(desk.locator("#why")).to_be_visible()
        await assert_accessible(desk)
        await desk.keyboard.press("Escape")
        await desk.get_by_role("button", name="新建名单").click()
        await assert_accessible(desk)

        board = await browser.open("/wallboard", width=1920, height=1080)
        await sign_in_by_token(board, TOKEN)
        await expect(board.locator("#hours svg")).to_be_visible()
        await assert_accessible(board)
        await assert_accessible(await browser.open("/phonebar-example"))
