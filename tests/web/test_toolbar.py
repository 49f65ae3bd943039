"""toolbar.js as a page written for an older toolbar uses it: its names pressed in a browser, heard on real phones."""

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page

from bench.scratch_config import TOKEN
from tests.conversation import MUSIC, TERMS, conversation, outbound_terms
from tests.e2e.test_excursion import PASSWORD as FLOW
from tests.e2e.test_flows import ask
from tests.stand import Stand
from tests.web.browser import PASSWORD, Window, people, window

pytestmark = [pytest.mark.e2e, pytest.mark.long]

BEGIN = """async (options) => {
  const { Toolbar } = await import('/web/toolbar.js');
  const toolbar = window.toolbar = new Toolbar(options);
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


async def begun(
    browser: Window, here: Stand, agent: int, *, busy: bool = False, password: str = ""
) -> OldPage:
    """The toolbar of one agent, signed in at their seat; with a token of every scope, or as the agent."""
    page = await browser.open("/phonebar-example")
    shown = {"password": password} if password else {"token": TOKEN}
    await page.evaluate(BEGIN, {"agentId": here.agent(agent), **shown})
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
        assert (await agent.hears("onTalking"))["called"] == here.extension(2)
        await talk.wait_heard(one={"two"}, two={"one"})
        assert await agent.does("transfer", here.agent(3))
        await agent.hears("onTransferred")
        assert await agent.does("logout")
        assert (await here.api.agent(here.agent(1)))["presence"] == "logged_out"


async def test_what_goes_wrong_and_what_others_do_is_told_by_its_old_name(tmp_path: Path) -> None:
    """Of busy numbers, refusals, flows, supervisors, a server that is gone, and of whoever signs in elsewhere."""
    terms = replace(
        outbound_terms(TERMS),
        agent_extra=people("agent", "agent", "supervisor"),
        http_extra="supervision_shown = true",
        queue_extra="hold_reminder_s = 3.0",
        seat_extra='outbound = ["mobile"]\nanswers_by = "talk"',
    )
    async with (
        conversation(tmp_path / "stand", terms, agents=3, outside=True) as talk,
        window(talk.here.api.base) as browser,
    ):
        here, phones = talk.here, talk.phones
        await ask(here, "PUT", "/v1/business/documents/flows/password", json={"data": FLOW})
        await here.login(2, state="not_ready")
        agent = await begun(browser, here, 1, password=PASSWORD)
        chief = await begun(browser, here, 3, busy=True, password=PASSWORD)

        await phones["outside"].decline(486)
        assert await agent.does("dial", "13900000002")
        assert (await agent.hears("onDialResult"))["detail"]["result"] == "busy"
        await agent.hears("onHangup")

        await phones["one"].ring_only()
        await phones["caller"].call(here.hotline)
        talk.call_id = (await agent.hears("onRinging"))["callId"]
        assert await agent.does("answer")
        assert (await agent.hears("onAnswerRefused"))["callId"] == talk.call_id
        await phones["one"].answer()
        await agent.hears("onTalking")

        assert await agent.does("hold")
        await agent.hears("onHeld")
        assert (await agent.hears("onHoldReminded"))["callId"] == talk.call_id
        assert await agent.does("retrieve")
        await agent.page.evaluate("toolbar.bar.pauseRecording('password')")
        assert (await agent.hears("onRecordingPaused"))["detail"]["reason"] == "password"
        await agent.page.evaluate("toolbar.bar.resumeRecording('password given')")
        await agent.hears("onRecordingResumed")

        await phones["two"].decline(603)
        assert await agent.does("consult", here.agent(2))
        assert (await agent.hears("onConsultFailed"))["detail"]["to"] == here.agent(2)
        assert await agent.does("transfer", here.agent(2))
        assert (await agent.hears("onTransferFailed"))["detail"]["to"] == here.agent(2)
        assert await agent.does("toFlow", "password")
        assert (await agent.hears("onSentToFlow"))["detail"]["flow"] == "password"
        await talk.wait_heard(one={MUSIC})
        assert await agent.does("cancelConsult")
        assert (await agent.hears("onBackFromFlow"))["detail"]["cause"] == "taken_back"

        assert await chief.does("monitor", talk.call_id, "质检")
        assert (await agent.hears("onSupervised"))["detail"]["mode"] == "monitor"
        assert await chief.does("stopSupervise")
        assert await chief.does("forceHangup", talk.call_id, "换人接听", "agent_leg")
        assert (await agent.hears("onForced"))["detail"]["reason"] == "换人接听"
        await here.wait_agent(1, presence="wrap_up")
        await phones["one"].auto_answer(0.1)
        assert await agent.does("setIdle")
        assert (await agent.hears("onTalking"))["callId"] == talk.call_id

        await phones["two"].auto_answer(0.1)
        await talk.operate(2, "ready")
        assert await agent.does("consult", "hotline", "queue")
        await agent.hears("onConsultAnswered")
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"})
        assert await agent.does("transfer")
        await agent.hears("onTransferred")
        await talk.wait_heard(caller={"two"}, two={"caller"})
        assert await chief.does("forceHangup", talk.call_id, "骚扰", "customer_leg")
        await phones["caller"].wait_for("disconnected")

        here.server.kill("control", signal.SIGKILL)
        await agent.hears("onConnectionLost")
        await here.wait_ready()
        await agent.hears("onResync")
        second = await begun(browser, here, 1, password=PASSWORD)
        await agent.hears("onKickedOff")
        assert await second.page.evaluate("toolbar.bar.isLive")
