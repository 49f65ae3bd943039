"""Whoever was given a password chooses another one at the page, before anything else."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.stand import Terms, stand
from tests.web.browser import PASSWORD, people, picture, sign_in, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NEW = "东湖的桥 2026"
GIVEN = tuple(f"{one}\nmust_change_password = true" for one in people("agent"))
TERMS = Terms(seats=1, greeting="", announce_agent=False, agent_extra=GIVEN)


async def assert_told_in_the_strip(page: Page, agent: str, extension: str) -> None:
    """A frame of 56 px has the switch of the language too, and room for all that the form may ask and tell."""
    await page.get_by_role("button", name="English").click()
    await page.get_by_label("Agent number").fill(agent)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("Seat extension").fill(extension)
    await picture(page, "agent-strip-sign-in")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("New password")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_text("Please choose a new password")
    for place in ("input", "select", ".fault", "button[name=go]"):
        for one in await page.locator(f"#sign-in {place}").all():
            await expect(one).to_be_in_viewport(ratio=1)
    await page.get_by_role("button", name="中文").click()
    await expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)
    await expect(page.get_by_role("button", name="登录")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollHeight") <= 56


async def test_a_given_password_is_replaced_at_the_page(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
        await assert_told_in_the_strip(
            await browser.open("/agent", height=56), here.agent(1), here.extension(1)
        )
        page = await browser.open("/agent")
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.get_by_role("alert")).to_have_text("请设置新密码")
        chosen = page.get_by_label("新密码(至少 8 个字符)")
        await chosen.fill("hotline1001")  # the agent's number is in it
        await page.get_by_role("button", name="登录").click()
        await expect(page.get_by_role("alert")).to_contain_text("太易猜")
        await chosen.fill(NEW)
        await page.get_by_role("button", name="登录").click()
        await here.wait_agent(1, extension=here.extension(1))
        other = await browser.open("/supervisor")
        await sign_in(other, here.agent(1), password=NEW)
        await expect(other.get_by_role("alert")).to_have_text("没有此权限")  # known, and no supervisor
