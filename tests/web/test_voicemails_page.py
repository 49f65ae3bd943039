"""Messages in a browser: a supervisor gives one to an agent and calls back from another; the agent hears it, calls and is done."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from bench.desk_phones import Manner
from tests.conversation import outbound_terms
from tests.e2e.test_flows import ask
from tests.peers import Peers, peers
from tests.phones.handset import handset
from tests.stand import Stand, stand
from tests.web.browser import people, picture, sign_in, window
from tests.web.test_accessibility import assert_accessible
from tests.web.test_agent_page import TERMS

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CALLER = "13800000002"
NIGHT = {"id": "night", "start": "leave", "nodes": {"leave": {"type": "voicemail", "box": "night"}}}
MEDIA = {"id": "desk", "media": [{"medium": "voice"}, {"medium": "voicemail", "beside": ["voice"]}]}


async def prepare(here: Stand) -> None:
    """A number leads to the box, and the first agent may have a message in hand."""
    for path, data in (
        ("flows/night", NIGHT),
        ("routes/12346", {"number": "12346", "queue": "hotline", "flow": "night"}),
        ("capacities/desk", MEDIA),
    ):
        await ask(here, "PUT", f"/v1/business/documents/{path}", json={"data": data})
    path = f"/v1/business/documents/agents/{here.agent(1)}"
    document = await ask(here, "GET", path)
    data = {"data": document["data"] | {"capacities": "desk"}}
    await ask(here, "PUT", path, f'"{document["version"]}"', json=data)


async def leave_message(here: Stand, around: Peers) -> str:
    """Somebody speaks for a while; the message."""
    since = len(here.events)
    call = await around.trunk.call("12346", CALLER)
    message = str((await here.wait_event("VoicemailStarted", since=since))["voicemail_id"])
    await asyncio.sleep(1.5)
    await around.trunk.hang_up(call)
    await here.wait_event("RecordingClosed", since=since, recording_id=message)
    return message


async def test_a_message_is_handed_to_an_agent_who_hears_it_calls_back_and_is_done(tmp_path: Path) -> None:
    """Everything by a click; the list of the supervisor shows each step by itself."""
    terms = outbound_terms(replace(TERMS, agent_extra=people("agent", "supervisor", "agent")))
    async with (
        stand(tmp_path / "stand", terms) as here,
        peers(here, Manner(), Manner()) as around,
        handset(here.trunk_address, port=5060, account=CALLER) as citizen,
        window(here.api.base) as browser,
    ):
        await prepare(here)
        await citizen.auto_answer(0.1)
        message = await leave_message(here, around)
        lead = await browser.open("/voicemails", width=1440, height=900)
        await sign_in(lead, here.agent(2))
        row = lead.locator(f"[data-message='{message}']")
        await expect(row).to_contain_text(CALLER)
        await expect(row).to_contain_text("流程 night · leave")
        await row.get_by_role("button", name="回拨").click()
        await expect(lead.locator(".told")).to_contain_text("先在坐席页签入")

        seat = await browser.open("/agent", height=900)
        await sign_in(seat, here.agent(1), here.extension(1))
        await row.get_by_label("交给谁").select_option(here.agent(1))
        await row.get_by_role("button", name="交给坐席").click()
        await expect(row).to_contain_text(f"{here.agent(2)} 交给 {here.agent(1)}")
        await assert_accessible(lead)
        await picture(lead, "voicemail-handed")
        card = seat.locator("#contacts-card")
        await expect(card).to_contain_text("语音留言")
        await expect(card).to_contain_text(CALLER)
        await card.get_by_role("button", name="接受").click()
        await expect(card).to_contain_text("处理中")
        sound = card.locator("audio")
        await sound.evaluate("audio => audio.play()")
        await expect(sound).to_have_js_property("paused", False)
        assert await sound.evaluate("audio => audio.duration") > 1.0
        await assert_accessible(seat)
        await picture(seat, "agent-voicemail")

        await card.get_by_role("button", name="回拨").click()
        called = await here.wait_event("VoicemailCalledBack", voicemail_id=message)
        await here.wait_event("CallConnected", call_id=called["call_id"], within_s=15)
        await expect(row).to_contain_text(f"{here.agent(1)} 已回拨")
        await seat.get_by_role("button", name="挂机", exact=True).click()
        await card.get_by_role("button", name="办结").click()
        await expect(card).to_be_hidden()
        await expect(row).to_contain_text(f"{here.agent(1)} 处理于")
        await assert_accessible(lead)

        other = await leave_message(here, around)  # nobody gave it to the agent
        answer = await seat.evaluate(f"fetch('/v1/voicemails/{other}/sound').then(answer => answer.status)")
        assert answer == 403
