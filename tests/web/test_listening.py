"""Listening in the browser, without a phone: the button, and the sound that arrives in the page."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, expect

from bench.scratch_config import TOKEN
from tests import spectrum
from tests.conversation import HEARD_DBFS, TERMS, TONES_HZ, conversation
from tests.stand import stand
from tests.web.browser import people, sign_in, window

pytestmark = pytest.mark.e2e

STAFFED = replace(TERMS, agent_extra=people("agent", "agent", "supervisor"))

LISTEN = """async ({ callId, token, reason }) => {
  const { PhoneBar } = await import('/web/phonebar.js');
  const listener = globalThis.listenerOfTest = new PhoneBar({ token }).listen(callId, reason);
  return listener.start().then(() => 'heard', ({ status, code }) => `${status} ${code}`);
}"""


async def heard_in(page: Page) -> set[str]:
    """Whose tones the last second holds that the page was given."""
    newest: Any = await page.evaluate("() => [...globalThis.listenerOfTest.newest]")
    sound = np.asarray(newest)
    return {name for name, hz in TONES_HZ.items() if spectrum.tone_level_dbfs(sound, hz) > HEARD_DBFS}


@pytest.mark.long
async def test_a_supervisor_listens_by_a_button_and_the_sound_is_the_call_s(tmp_path: Path) -> None:
    """It needs a reason, shows that it is on, and ends at the second press; the phones hear nothing of it."""
    async with (
        conversation(tmp_path / "stand", STAFFED) as talk,
        window(talk.here.api.base) as browser,
    ):
        here = talk.here
        await talk.begin()
        page = await browser.open("/supervisor")
        await sign_in(page, here.agent(3))
        await page.locator(".tile").nth(0).click()
        drawer = page.locator("#drawer")
        button = drawer.locator("[data-deed=listen]")
        await button.click()
        await expect(drawer.get_by_role("status")).to_contain_text("操作原因")
        await drawer.get_by_role("textbox", name="操作原因").fill("质检")
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "true")
        started = await here.wait_event("SupervisionStarted", call_id=talk.call_id, mode="monitor")
        assert (started["supervisor"], started["reason"]) == (here.agent(3), "质检")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await button.click()
        await here.wait_event("SupervisionEnded", call_id=talk.call_id)
        await expect(button).not_to_have_attribute("aria-pressed", "true")

        # A page of an integrator has no session, but a token, which stands in no address.
        plain = await browser.open("/phonebar-example")
        asked = {"callId": talk.call_id, "token": TOKEN, "reason": "test"}
        assert await plain.evaluate(LISTEN, asked | {"token": "wrong"}) == "401 unauthenticated"
        assert await plain.evaluate(LISTEN, asked | {"reason": ""}) == "422 reason_needed"
        assert await plain.evaluate(LISTEN, asked | {"callId": "c0"}) == "404 call_not_found"
        assert await plain.evaluate(LISTEN, asked) == "heard"
        until = time.monotonic() + 15
        while (heard := await heard_in(plain)) != {"caller", "one"}:
            assert time.monotonic() < until, heard
            await asyncio.sleep(0.3)


async def test_every_octet_of_a_law_is_decoded_as_others_do(tmp_path: Path) -> None:
    """All 256 of them, against libsndfile."""
    octets = bytes(range(256))
    (tmp_path / "all.raw").write_bytes(octets)
    wanted, _ = soundfile.read(
        tmp_path / "all.raw", channels=1, samplerate=8000, format="RAW", subtype="ALAW", dtype="float64"
    )
    async with stand(tmp_path / "stand") as here, window(here.api.base) as browser:
        page = await browser.open("/supervisor")
        given: Any = await page.evaluate(
            "async (octets) => [...(await import('/web/listening.js')).decoded(Uint8Array.from(octets))]",
            list(octets),
        )
    assert np.array_equal(np.asarray(given), wanted)
