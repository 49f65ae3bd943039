"""The reasons to show busy are those of the business, once it has any."""

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Terms, stand
from tests.web.browser import people, sign_in, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=1, greeting="", announce_agent=False, agent_extra=people("agent"))


async def test_an_agent_chooses_a_reason_of_the_business(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner()),
        window(here.api.base) as browser,
        aiohttp.ClientSession(here.api.base, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        page = await browser.open("/agent")
        await sign_in(page, here.agent(1), here.extension(1))
        await expect(page.locator("#state-word")).to_have_text("空闲")
        await page.get_by_role("button", name="示忙").click()
        await expect(page.get_by_role("button", name="小休")).to_be_visible()
        await page.keyboard.press("Escape")
        reason = {"id": "orders", "name": "整理工单"}
        async with client.put("/v1/admin/reasons/orders", json=reason) as answer:
            assert answer.status == 200
        await page.reload()
        await page.get_by_role("button", name="示忙").click()
        await page.get_by_role("button", name="整理工单").click()
        agent = await here.wait_agent(1, presence="not_ready")
        assert agent["reason"] == "orders"
