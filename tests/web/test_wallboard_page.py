"""The wallboard: what it counts is what happened, and each share is shown with its formula."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Terms, stand
from tests.web.browser import picture, sign_in_by_token, window

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=12, greeting="", announce_agent=False, wrap_up_s=60.0)


async def test_the_wallboard_counts_what_happened(tmp_path: Path) -> None:
    """Answered and abandoned callers become a service level that is printed with its formula."""
    async with (
        stand(tmp_path / "stand", TERMS) as here,
        peers(here, Manner(), Manner(talk_s=0.5)) as around,
        window(here.api.base) as browser,
    ):
        page = await browser.open("/wallboard", width=1920, height=1080)
        await sign_in_by_token(page, TOKEN)
        await expect(page.locator("#waiting")).to_have_text("0")
        await here.login(2)
        await around.call()
        await here.wait_agent(2, presence="wrap_up")
        gone, _ = await around.call()
        await expect(page.locator("#waiting")).to_have_text("1")
        await around.trunk.hang_up(gone)
        await expect(page.locator("#level")).to_have_text("100.0%")
        await expect(page.locator("#level-note")).to_contain_text("= 1 ÷ (1 + 1 − 1)")
        await expect(page.locator("#abandon")).to_have_text("50.0%")
        await here.login(1)
        for _ in range(4):
            await around.call()
        await expect(page.locator("#waiting")).to_have_text("3")
        await expect(page.locator("#today")).to_have_text("6")
        await picture(page, "wallboard")
