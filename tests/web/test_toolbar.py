"""toolbar.js as a page written for an older toolbar uses it: its names pressed in a browser, heard on real phones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page

from bench.scratch_config import TOKEN
from tests.conversation import MUSIC, TERMS, conversation
from tests.stand import Stand
from tests.web.browser import Window, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

BEGIN = """async ({ agentId, token }) => {
  const { Toolbar } = await import('/web/toolbar.js');
  const toolbar = window.toolbar = new Toolbar({ agentId, token });
  window.told = [];
  const names = Object.keys(toolbar).filter((name) => name.startsWith('on'));
  for (const name of names) toolbar[name] = (event) => window.told.push({ ...event, name, code: event?.code ?? '' });
}"""
FIND = """([name, fields, read]) => 1 + told.findIndex((one, index) => index >= read && one.name === name
  && Object.entries(fields).every(([field, value]) => one[field] === value))"""


@dataclass
class OldPage:
    """A page around the older toolbar, and how far its events were read."""

    page: Page
    read: int = 0

    async def does(self, method: str, *arguments: object) -> bool:
        """Press one of its buttons: whether the server accepted it."""
        done: bool = await self.page.evaluate(
            "([name, given]) => toolbar[name](...given)", [method, arguments]
        )
        return done

    async def hears(self, name: str, **fields: object) -> dict[str, Any]:
        """The next event of this name with these fields; the ones before it are behind us then."""
        try:
            found = await self.page.wait_for_function(FIND, arg=[name, fields, self.read])
        except Error as late:
            told = await self.page.evaluate("read => told.slice(read)", self.read)
            raise AssertionError(f"no {name} {fields or ''}, but {told}") from late
        self.read = await found.json_value()
        event: dict[str, Any] = await self.page.evaluate("index => told[index]", self.read - 1)
        return event


async def begun(browser: Window, here: Stand, agent: int, *, busy: bool = False) -> OldPage:
    """The toolbar of one agent, signed in at their seat."""
    page = await browser.open("/phonebar-example")
    await page.evaluate(BEGIN, {"agentId": here.agent(agent), "token": TOKEN})
    old = OldPage(page)
    assert await old.does("login", here.extension(agent), {"busy": busy, "reason": "training"})
    await old.hears("onReady")
    return old


async def test_every_name_of_an_older_toolbar_does_what_it_says(tmp_path: Path) -> None:
    """An agent's day by the old names, then a supervisor's; each is true when the phones hear it."""
    async with (
        conversation(tmp_path / "stand", TERMS, agents=3) as talk,
        window(talk.here.api.base) as browser,
    ):
        here, caller = talk.here, talk.phones["caller"]
        await here.login(2, state="not_ready")
        agent, chief = await begun(browser, here, 1), await begun(browser, here, 3, busy=True)
        assert (await here.api.agent(here.agent(3)))["reason"] == "training"

        assert await agent.does("setBusy", "lunch")
        await agent.hears("onAgentState", state="not_ready", reason="lunch")
        assert await agent.does("setIdle")
        await here.wait_agent(1, presence="ready")
        assert not await agent.does("answer")
        assert (await agent.hears("onError"))["code"] == "no_call"

        await caller.call(here.hotline)
        ringing = await agent.hears("onRinging")
        assert (ringing["caller"], ringing["called"], ringing["queue"]) == ("13800000001", "12345", "hotline")
        assert (await agent.hears("onTalking"))["callId"] == ringing["callId"]
        talk.call_id = ringing["callId"]
        assert await agent.does("hold")
        await agent.hears("onHeld")
        await talk.wait_heard(caller={MUSIC})
        assert await agent.does("retrieve")
        await agent.hears("onRetrieved")
        assert await agent.does("mute")
        assert (await agent.hears("onMuted"))["detail"]["agent"] == here.agent(1)
        assert await agent.does("unmute")
        await agent.hears("onUnmuted")
        assert await agent.does("sendDtmf", "7")
        await caller.wait_for("digit", digit="7")
        assert await agent.does("setCallData", {"order": 7})
        assert (await agent.hears("onDataChanged"))["data"] == {"order": 7}
        assert await agent.does("consult", here.agent(2))
        await agent.hears("onConsulting")
        await agent.hears("onConsultAnswered")
        assert await agent.does("cancelConsult")
        await agent.hears("onPartyDropped")
        assert await agent.does("consult", here.agent(2))
        await agent.hears("onConsultAnswered")
        assert await agent.does("conference")
        assert (await agent.hears("onConferenced"))["data"] == {"order": 7}
        await talk.wait_heard(caller={"one", "two"}, one={"caller", "two"}, two={"caller", "one"})
        assert await agent.does("hangup")
        await agent.hears("onHangup")
        await agent.hears("onAcwStart")
        assert await agent.does("setIdle")
        await agent.hears("onAcwEnd")

        assert not await chief.does("monitor", talk.call_id, "")
        assert (await chief.hears("onError"))["code"] == "invalid_request"
        assert await chief.does("monitor", talk.call_id, "质检")
        await talk.wait_heard(caller={"two"}, two={"caller"}, three={"caller", "two"})
        assert await chief.does("whisper", talk.call_id, "质检")
        await here.wait_event("SupervisionChanged", call_id=talk.call_id, mode="whisper")
        assert await chief.does("insert", talk.call_id, "质检")
        await talk.wait_heard(caller={"two", "three"}, two={"caller", "three"})
        assert await chief.does("stopSupervise")
        await here.wait_event("SupervisionEnded", call_id=talk.call_id)
        assert await chief.does("intercept", talk.call_id, "投诉")
        assert (await chief.hears("onIntercepted"))["callId"] == talk.call_id
        await talk.wait_heard(caller={"three"}, three={"caller"})
        assert await chief.does("forceHangup", talk.call_id, "骚扰")
        assert (await chief.hears("onHangup"))["detail"]["end_reason"] == "forced"
        await caller.wait_for("disconnected")

        assert await agent.does("dial", here.extension(2), {"order": 8})
        await talk.wait_heard(one={"two"}, two={"one"})
        assert await agent.does("transfer", here.agent(3))
        await agent.hears("onTransferred")
        assert await agent.does("logout")
        assert (await here.api.agent(here.agent(1)))["presence"] == "logged_out"
