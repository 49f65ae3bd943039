"""Contacts without a call on the agent's page: a chat is offered, declined, taken and done by its buttons."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from bench.desk_phones import Manner
from tests.e2e.test_flows import ask
from tests.peers import peers
from tests.stand import Stand, stand
from tests.web.browser import picture, sign_in, window
from tests.web.test_agent_page import TERMS, shows

pytestmark = [pytest.mark.e2e, pytest.mark.long]

MEDIA = {"id": "chats", "media": [{"medium": "voice"}, {"medium": "chat", "beside": ["voice"]}]}


async def may_chat(here: Stand, agent: str) -> None:
    """The agent has one chat at most, beside a call."""
    await ask(here, "PUT", "/v1/business/documents/capacities/chats", json={"data": MEDIA})
    path = f"/v1/business/documents/agents/{agent}"
    document = await ask(here, "GET", path)
    data = {"data": document["data"] | {"capacities": "chats"}}
    await ask(here, "PUT", path, f'"{document["version"]}"', json=data)


async def test_a_chat_is_declined_taken_and_done_by_a_click(tmp_path: Path) -> None:
    """What stands on the card is what the server says, in text; nothing of it is there any more once it is done."""
    async with (
        stand(tmp_path / "stand", replace(TERMS, decline_delay_s=3.0)) as here,
        peers(here, Manner()),
        window(here.api.base) as browser,
    ):
        await may_chat(here, here.agent(1))
        page = await browser.open("/agent", height=860)
        await sign_in(page, here.agent(1), here.extension(1), state="not_ready")
        await shows(page, "示忙")
        chat = {"medium": "chat", "queue": "hotline", "address": "web-1", "data": {"事项": "<b>噪声</b>"}}
        path = f"/v1/contacts/{(await here.api.post('/v1/contacts', chat))['contact_id']}"
        card = page.locator("#contacts-card")
        await expect(card).to_be_hidden()
        await page.get_by_role("button", name="示闲").click()
        await expect(card).to_contain_text("待接受")
        await expect(card).to_contain_text("<b>噪声</b>")
        await card.get_by_role("button", name="拒绝").click()
        await expect(card).to_be_hidden()
        assert (await here.api.get(path))["state"] == "waiting"
        await expect(card).to_contain_text("web-1")  # nobody else is there, and some seconds have passed
        await picture(page, "agent-contact")
        await card.get_by_role("button", name="接受").click()
        await expect(card).to_contain_text("处理中")
        await page.reload()
        await expect(card).to_contain_text("处理中")
        await card.get_by_role("button", name="办结").click()
        await expect(card).to_be_hidden()
        assert (await here.api.get(path))["state"] == "completed"
