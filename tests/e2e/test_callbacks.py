"""A caller who does not want to wait is called back on real phones, over a restart of control."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conversation import TERMS, conversation, outbound_terms
from tests.spoken import says, wait_said

pytestmark = [pytest.mark.e2e, pytest.mark.long]

CALLER, CUSTOMER = "13800000001", "13900000002"
OVERFLOW = '\n[[queues.overflow]]\nto = "callback"\nwaited_s = 1.0\n'
RULES = "\n[queues.callback]\ngap_s = 2.0\nring_s = 6.0\n"


async def test_a_caller_hears_the_offer_and_is_noted_by_one_key(tmp_path: Path) -> None:
    """The offer is heard to its end, key 1 means the caller's own number, and it is said that the place is kept."""
    terms = outbound_terms(TERMS)
    terms = replace(terms, extra=terms.extra + OVERFLOW + RULES)
    async with conversation(tmp_path, terms, agents=0) as talk:
        here, caller = talk.here, talk.phones["caller"]
        await caller.call(here.hotline)
        asked = await here.wait_event("CallQueued")
        await wait_said(caller, "offer_callback")
        await caller.send_dtmf("1")
        wanted = await here.wait_event("CallbackRequested", number=CALLER, within_s=20)
        assert wanted["origin"] == asked["call_id"]
        ended = await here.wait_event("CallEnded", call_id=asked["call_id"], within_s=20)
        assert ended["end_reason"] == "served"
        await caller.wait_for("disconnected")
        heard = await caller.recording()
        assert says(heard, "offer_callback") > 0.95
        assert says(heard, "callback_noted") > 0.95
        assert says(heard, "enter_number") < 0.85, "the number is known"
        [kept] = (await here.api.get("/v1/callbacks"))["items"]
        assert (kept["number"], kept["state"], kept["position"]) == (CALLER, "waiting", 1)


async def test_a_caller_presses_a_key_and_is_called_back_when_an_agent_is_free(tmp_path: Path) -> None:
    """The first call back is declined, the second one talks; control is killed in the line and in the talk."""
    terms = outbound_terms(TERMS)
    terms = replace(terms, extra=terms.extra + OVERFLOW + RULES)
    async with conversation(tmp_path, terms, agents=1, outside=True) as talk:
        here, caller, outside = talk.here, talk.phones["caller"], talk.phones["outside"]
        await caller.call(here.hotline)
        asked = await here.wait_event("CallQueued")
        await asyncio.sleep(2.0)  # the offer is being said
        await caller.send_dtmf("2")
        await wait_said(caller, "enter_number")
        await caller.send_dtmf(f"{CUSTOMER}#")
        wanted = await here.wait_event("CallbackRequested", number=CUSTOMER, within_s=20)
        assert wanted["origin"] == asked["call_id"]
        ended = await here.wait_event("CallEnded", call_id=asked["call_id"], within_s=20)
        assert ended["end_reason"] == "served"
        path = f"/v1/callbacks/{wanted['callback_id']}"
        shown = await here.api.get(path)
        assert (shown["state"], shown["position"], shown["tries"]) == ("waiting", 1, 0)

        here.server.kill("control")
        await asyncio.sleep(1.0)
        await here.wait_ready()
        again = await here.api.get(path)
        assert (again["state"], again["arrived_at"]) == ("waiting", shown["arrived_at"])

        await outside.decline(486)
        since = len(here.events)
        await here.login(1)
        tried = await here.wait_event("CallbackTried", since=since, within_s=20)
        assert (tried["cause"], tried["agent"]) == ("busy", here.agent(1))
        await outside.auto_answer(0.5)
        await here.api.post(f"/v1/agents/{here.agent(1)}/ready")
        connected = await here.wait_event("CallConnected", since=since, agent=here.agent(1), within_s=20)
        talk.call_id = str(connected["call_id"])
        await talk.wait_heard(one={"outside"}, outside={"one"})
        detail = await here.api.call(talk.call_id)
        assert detail["call"]["data"]["callback_id"] == wanted["callback_id"]
        here.server.kill("control")  # once more, while they talk
        await asyncio.sleep(1.0)
        await here.wait_ready()
        await talk.wait_heard(one={"outside"}, outside={"one"})
        assert (await here.api.get(path))["state"] == "calling"
        await outside.hang_up()
        await here.wait_event("CallbackClosed", since=since, state="done")
        page = await here.api.get("/v1/callbacks?state=done")
        assert [(each["number"], each["tries"]) for each in page["items"]] == [(CUSTOMER, 1)]
        recording = await here.recording((await here.wait_call(talk.call_id))["recordings"][0])
        assert recording["left_dbfs"] > -30.0
        assert recording["right_dbfs"] > -30.0
