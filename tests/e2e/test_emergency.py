"""The emergency switch by a code on a listed desk phone: confirmed, shown, kept over a kill, and all calls ring elsewhere."""

from pathlib import Path

import pytest

from tests import spectrum
from tests.conversation import RINGBACK_HZ, Conversation, conversation, outbound_terms
from tests.e2e.test_flows import ask
from tests.phones.handset import Handset
from tests.spoken import says
from tests.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SWITCH = "/v1/business/documents/emergency/switch"
STORM = {
    "id": "storm",
    "start": "say",
    "nodes": {"say": {"type": "hang_up", "say": ["emergency_is_off"]}},
}
"""All calls go by this flow; what it says is a sound that no call hears otherwise."""


async def dialled(here: Stand, phone: Handset, code: str) -> None:
    """A code, until the phone is let go of again."""
    since = len(phone.events)
    await phone.call(f"sip:{code}@{here.registrar}")
    await phone.wait_for("disconnected", since=since, within_s=15)


async def switched(here: Stand) -> tuple[bool, str]:
    """Whether it is on, and who switched it."""
    shown = await ask(here, "GET", "/v1/emergency")
    return shown["is_on"], shown["by"]


async def shown_on(here: Stand) -> list[str]:
    """Where it is shown: as an alarm, and by /health, which stays green."""
    health = await here.api.health()
    assert health is not None and health["ready"]
    kinds = [alarm["kind"] for alarm in (await here.api.get("/v1/alarms"))["items"]]
    parts = [part["name"] for part in health["parts"]]
    return [each for each in (*kinds, *parts) if each.startswith("emergency")]


async def put_through(talk: Conversation) -> None:
    """A caller of the hotline rings at the number outside and is answered there."""
    here, caller = talk.here, talk.phones["caller"]
    since = len(here.events)
    await caller.call(here.hotline)
    moved = await here.wait_event("CallTransferred", since=since, to="13900000002", within_s=20)
    assert spectrum.find_tone_spans(await caller.recording(), RINGBACK_HZ)
    await talk.wait_heard(caller={"outside"}, outside={"caller"})
    await caller.hang_up()
    await here.wait_event("CallEnded", call_id=moved["call_id"])


async def test_a_listed_phone_sends_all_calls_to_a_number_until_it_dials_the_other_code(
    tmp_path: Path,
) -> None:
    async with conversation(tmp_path, outbound_terms(), outside=True) as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        data = {"is_on": False, "number": "13900000002", "phones": [here.extension(1)]}
        await ask(here, "PUT", SWITCH, json={"data": data})
        await talk.phones["outside"].auto_answer(6.0)  # one whole round of the ringing tone

        await dialled(here, two, "*99")
        assert two.seen("disconnected")[-1]["status"] == 403
        assert (await switched(here))[0] is False

        await here.login(1)
        await dialled(here, one, "*99")
        assert says(await one.recording(), "emergency_is_on") > 0.9
        assert await switched(here) == (True, here.agent(1))
        assert await shown_on(here) == ["emergency_on", "emergency"]
        assert here.seen("emergency_switched")
        await put_through(talk)
        assert not one.seen("incoming")

        here.server.kill("control")
        await here.wait_ready()
        assert await switched(here) == (True, here.agent(1))
        assert await shown_on(here) == ["emergency_on", "emergency"]
        await put_through(talk)

        await dialled(here, one, "*990")
        assert says(await one.recording(), "emergency_is_off") > 0.9
        assert (await switched(here))[0] is False
        assert await shown_on(here) == []
        await here.wait_agent(1, presence="ready")
        await talk.phones["caller"].call(here.hotline)
        await here.wait_event("CallConnected", agent=here.agent(1), within_s=15)
        assert {call["called"] for call in (await here.api.get("/v1/calls"))["items"]} == {"12345"}
        await talk.phones["caller"].hang_up()

        await ask(here, "PUT", "/v1/business/documents/flows/storm", json={"data": STORM})
        switch = await ask(here, "GET", SWITCH)
        data = {"is_on": True, "flow": "storm"}
        await ask(here, "PUT", SWITCH, f'"{switch["version"]}"', json={"data": data})
        since = len(here.events)
        await talk.phones["caller"].call(here.hotline)
        await here.wait_event("CallEnded", since=since, end_reason="served", within_s=15)
        assert says(await talk.phones["caller"].recording(), "emergency_is_off") > 0.9
        assert await shown_on(here) == ["emergency_on", "emergency"]
