"""The wallboard: what it counts is what happened, and each share is shown with its formula."""

import time
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers, seconds
from tests.stand import Stand, Terms, stand
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
        asked: list[str] = []
        page.on("request", lambda request: _note(request, asked))
        await sign_in_by_token(page, TOKEN)
        await expect(page.locator("#waiting")).to_have_text("0")
        await here.login(2)
        await around.call()
        await here.wait_agent(2, presence="wrap_up")
        gone, _ = await around.call()
        await expect(page.locator("#waiting")).to_have_text("1")
        await around.trunk.hang_up(gone)
        await expect(page.locator("#level")).to_have_text("100.0%")
        await expect(page.locator("#level.good")).to_have_attribute("title", "良好")
        await expect(page.locator("#level svg")).to_be_visible()
        await expect(page.locator("#level-note")).to_contain_text("= 1 ÷ (1 + 1 − 1)")
        await expect(page.locator("#abandon")).to_have_text("50.0%")
        await here.login(1)
        await here.login(3, state="not_ready")
        for _ in range(4):
            await around.call()
        await expect(page.locator("#waiting")).to_have_text("3")
        await expect(page.locator("#today")).to_have_text("6")
        await expect(page.locator("#today-note")).to_have_text("接通 2")
        await picture(page, "wallboard")
        await _assert_shows_what_the_interface_says(page, here, asked)

        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", name="Wallboard")).to_be_visible()
        await expect(page.locator("#level-note")).to_contain_text("answered in 15 s ÷")
        await expect(page.locator("#agents li").first).to_contain_text("Ready")


def _note(request: Request, asked: list[str]) -> None:
    if "/v1/figures" in request.url:
        asked.append(request.url)


async def _assert_shows_what_the_interface_says(page: Page, here: Stand, asked: list[str]) -> None:
    """Every figure against what the same questions are answered now: nothing has happened since."""
    whole = len(asked) // 2 * 2  # it asks for the day and for the last hours at once
    day, hours = [await here.api.get(url.removeprefix(here.api.base)) for url in asked[whole - 2 : whole]]

    async def shown(place: str) -> str:
        return await page.locator(place).inner_text()

    assert await shown("#waiting") == str(day["waiting"])
    assert await shown("#today") == str(day["offered"])
    assert await shown("#today-note") == f"接通 {day['answered']}"
    level = day["answered_in_time"] / (day["answered"] + day["abandoned"] - day["abandoned_in_time"])
    assert day["service_level"] == pytest.approx(level)
    assert await shown("#level") == f"{level:.1%}"
    parts = [day[name] for name in ("answered_in_time", "answered", "abandoned", "abandoned_in_time")]
    assert (await shown("#level-note")).endswith("= {} ÷ ({} + {} − {})".format(*parts))
    assert await shown("#abandon") == f"{day['abandon_rate']:.1%}"
    assert (await shown("#abandon-note")).endswith(f"= {parts[2]} ÷ {parts[1] + parts[2]}")

    states = [
        agent["presence"] if agent["activity"] == "idle" else agent["activity"]
        for agent in (await here.api.get("/v1/agents"))["items"]
    ]
    for state in ("ready", "ringing", "talking", "wrap_up", "not_ready", "logged_out"):
        assert await shown(f"#agents li[data-state={state}] strong") == str(states.count(state)), state
    assert await shown("#on-duty") == f"在岗 {len(states) - states.count('logged_out')} / {len(states)}"

    half_hours = [one for one in hours["intervals"] if one["offered"]]
    said = await page.locator("#hours title").all_text_contents()
    busy = [text.partition(" · ")[2] for text in said if "来话 0" not in text]
    assert busy == [f"来话 {one['offered']} · 接通 {one['answered']}" for one in half_hours]

    calls = (await here.api.get("/v1/calls", active="true"))["items"]
    first = min(seconds(call["queued_at"]) for call in calls if call["connected_at"] is None)
    until = time.monotonic() + 10
    while True:  # the page's second and ours do not begin together
        minutes, _, rest = (await shown("#longest")).partition(":")
        if abs(int(minutes) * 60 + int(rest) - (time.time() - first)) <= 2:
            return
        assert time.monotonic() < until, (minutes, rest, time.time() - first)
        await page.wait_for_timeout(200)
