"""Alarms on the supervisor's page: shown as they come, looked after by a click."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.stand import Terms, stand
from tests.web.browser import people, sign_in, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]


async def test_a_supervisor_acknowledges_an_alarm(tmp_path: Path) -> None:
    terms = Terms(seats=1, agent_extra=people("supervisor"))
    async with stand(tmp_path / "stand", terms) as here, window(here.api.base) as browser:
        page = await browser.open("/supervisor")
        await sign_in(page, here.agent(1))
        await here.api.post("/v1/alarms/test", {"detail": "消防演习"})
        drill = page.locator("#alarms li", has_text="消防演习")
        await expect(drill).to_be_visible()
        await drill.get_by_role("button", name="确认").click()
        noted = await here.wait_event("AlarmAcknowledged", alarm="test")
        assert noted["by"] == "坐席1"
        await expect(drill).to_have_count(0)
