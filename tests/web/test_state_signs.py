"""Each state of an agent is told by a sign and a word on every page: colour is never the only signal."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from acd.agent_state import Activity, Presence
from bench.scratch_config import TOKEN
from tests.conversation import TERMS, Conversation, conversation
from tests.web.browser import people, sign_in, sign_in_by_token, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

STAFFED = replace(TERMS, agent_extra=people("agent", "agent", "supervisor"))

WORDS = {
    "logged_out": ("未签入", "Signed out"),
    "not_ready": ("示忙", "Not ready"),
    "ready": ("空闲", "Ready"),
    "reserved": ("来话", "Incoming"),
    "ringing": ("振铃", "Ringing"),
    "talking": ("通话", "Talking"),
    "held": ("保持", "On hold"),
    "wrap_up": ("话后处理", "Wrap-up"),
    "engaged": ("通话中", "In a call"),
    "unreachable": ("话机离线", "Phone offline"),
}
GROUPS = {"reserved": "ringing", "held": "talking", "engaged": "talking", "unreachable": "not_ready"}
"""States that the wallboard counts under another one, which is read from ten metres."""

SIGN = """async (state) => (await import('/web/icons.js')).stateIcon(state).querySelector('path').getAttribute('d')"""


async def each_state(talk: Conversation, page: Page) -> AsyncIterator[str]:
    """Agent one comes into every state there is, by the page and by real phones; told once each is reached."""
    here, phone, caller = talk.here, talk.phones["one"], talk.phones["caller"]
    yield "logged_out"
    await sign_in(page, here.agent(1), here.extension(1), state="not_ready")
    yield "not_ready"
    await page.get_by_role("button", name="示闲").click()
    yield "ready"
    await phone.ignore()
    await caller.call(here.hotline)
    yield "reserved"
    await caller.hang_up()
    await here.wait_agent(1, activity="idle", presence="ready")
    await phone.ring_only()
    await caller.call(here.hotline)
    yield "ringing"
    await phone.answer()
    yield "talking"
    await talk.operate(1, "hold")
    yield "held"
    await caller.hang_up()
    yield "wrap_up"
    await phone.auto_answer(0.1)
    await talk.operate(1, "dial", {"number": here.extension(2)})
    yield "engaged"
    await talk.operate(1, "hang-up")
    await here.wait_agent(1, activity="idle")
    await phone.unregister()
    yield "unreachable"


async def told(place: Locator, state: str, word: str) -> None:
    """In this place stand the sign of the state and its word, and both are to be seen."""
    await expect(place).to_contain_text(word, use_inner_text=True)
    sign = place.locator("svg path").first
    await expect(sign).to_have_attribute("d", await place.page.evaluate(SIGN, state))
    await expect(place.locator("svg").first).to_be_in_viewport(ratio=1)
    await expect(place).to_be_in_viewport(ratio=1)


async def test_each_state_is_told_by_sign_and_word_on_every_page(tmp_path: Path) -> None:
    """On the bar, on the supervisor's tiles and on the wallboard, in either language."""
    assert WORDS.keys() == {*Presence, *Activity, "held", "unreachable"} - {Activity.IDLE}
    for words in zip(*WORDS.values(), strict=True):
        assert len(set(words)) == len(WORDS), "two states have one word"
    async with (
        conversation(tmp_path / "stand", STAFFED) as talk,
        window(talk.here.api.base) as browser,
    ):
        here = talk.here
        page = await browser.open("/agent")
        desk = await browser.open("/supervisor")
        await sign_in(desk, here.agent(3))
        board = await browser.open("/wallboard", width=1920, height=1080)
        await sign_in_by_token(board, TOKEN)
        await board.get_by_role("button", name="English").click()
        async for state in each_state(talk, page):
            chinese, _ = WORDS[state]
            tile = desk.locator(f".tile[data-state={state}]", has_text=here.agent(1))
            await told(tile.locator(".tile-state"), state, chinese)
            group = GROUPS.get(state, state)
            counted = board.locator(f"#agents li[data-state={group}]")
            await expect(counted.locator("strong")).to_have_text("3" if state == "logged_out" else "1")
            await told(counted, group, WORDS[group][1])
            if state != "logged_out":  # whose bar is the form to sign in
                await told(page.locator(f"#state[data-state={state}]"), state, chinese)
