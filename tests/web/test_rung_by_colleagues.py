"""A colleague's own page shows number and data while the phone rings: asked first, then given the caller."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bench.desk_phones import Manner
from tests.peers import CALLER, peers
from tests.stand import stand
from tests.web.browser import sign_in, window
from tests.web.test_agent_page import TERMS, shows
from tests.web.test_operations import aim, press

pytestmark = [pytest.mark.e2e, pytest.mark.long]

POP = "http://{network}.1:8080/phonebar-example?phone={caller}&order={data.order}"


async def told_of_the_call(page: Page) -> None:
    """The phone rings, and the page says who calls and what is known of it."""
    await shows(page, "振铃")
    await expect(page.locator("#caller-number")).to_have_text(CALLER)
    await expect(page).to_have_title(f"振铃 {CALLER} · 12345")
    await expect(page.locator("#data")).to_contain_text("GD-7")


async def test_who_is_asked_or_given_a_caller_knows_the_call_while_the_phone_rings(tmp_path: Path) -> None:
    async with (
        stand(tmp_path / "stand", replace(TERMS, http_extra=f'screen_pop = "{POP}"')) as here,
        peers(here, Manner(answer_s=0.5), Manner(answer_s=None)) as around,
        window(here.api.base) as browser,
    ):
        one, two = await browser.open("/agent"), await browser.open("/agent")
        await sign_in(one, here.agent(1), here.extension(1))
        await shows(one, "空闲")
        _, call_id = await around.call()
        await shows(one, "通话")
        await sign_in(two, here.agent(2), here.extension(2), state="not_ready")
        await shows(two, "示忙")
        await here.api.put(f"/v1/calls/{call_id}/data", {"data": {"order": "GD-7"}})

        await press(one, "咨询")
        offered = one.locator("#ask datalist option")
        await expect(offered).to_have_count(1)  # the other seat is empty
        await expect(offered).to_have_attribute("value", here.agent(2))
        await one.keyboard.press("Escape")

        async with two.context.expect_page() as opened:
            await aim(one, "咨询", "agent", here.agent(2))
        assert (await opened.value).url == f"{here.api.base}/phonebar-example?phone={CALLER}&order=GD-7"
        await told_of_the_call(two)
        await two.reload()
        await told_of_the_call(two)
        await press(one, "收回")
        await shows(two, "示忙")

        phone = around.phones[1]
        await aim(one, "咨询", "agent", here.agent(2))
        await told_of_the_call(two)
        phone.agent.answer(phone.calls[-1])
        for _ in ("as it was told", "as it is read"):
            await shows(two, "通话中")  # it is the other one who holds the caller
            await shows(one, "保持")
            await two.reload()
        await press(one, "收回")
        await shows(two, "示忙")

        await aim(one, "转接", "agent", here.agent(2))
        await told_of_the_call(two)
        phone.agent.answer(phone.calls[-1])
        await shows(two, "通话中")
        await expect(two.locator("#caller-number")).to_have_text(CALLER)
        await expect(two.locator("#data")).to_contain_text("GD-7")
