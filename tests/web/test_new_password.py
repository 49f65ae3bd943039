"""Whoever was given a password chooses another one at the page, before anything else."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.stand import Terms, stand
from tests.web.browser import people, sign_in, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

NEW = "东湖的桥 2026"
GIVEN = tuple(f"{one}\nmust_change_password = true" for one in people("agent"))
TERMS = Terms(seats=1, greeting="", announce_agent=False, agent_extra=GIVEN)


async def test_a_given_password_is_replaced_at_the_page(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, window(here.api.base) as browser:
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
