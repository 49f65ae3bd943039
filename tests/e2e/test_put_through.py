"""A call flow puts its caller through to a number outside, and goes on where nobody takes the caller."""

from pathlib import Path

import pytest

from tests import spectrum
from tests.conversation import RINGBACK_HZ, TERMS, conversation, outbound_terms
from tests.e2e.test_flows import ask
from tests.stand import HOTLINE, Stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

FLOW = {
    "id": "main",
    "start": "through",
    "nodes": {
        "through": {"type": "transfer", "to": "13900000002", "ring_s": 20, "otherwise": "people"},
        "people": {"type": "queue", "queue": "hotline"},
    },
}


async def set_flow(here: Stand) -> None:
    """The hotline's number leads into the flow."""
    await ask(here, "PUT", "/v1/business/documents/flows/main", json={"data": FLOW})
    path = f"/v1/business/documents/routes/{HOTLINE}"
    route = await ask(here, "GET", path)
    await ask(here, "PUT", path, f'"{route["version"]}"', json={"data": route["data"] | {"flow": "main"}})


async def test_a_caller_is_put_through_by_the_flow_and_recorded(tmp_path: Path) -> None:
    """Ringing until it answers, then each hears the other; both sides are in the recording."""
    async with conversation(tmp_path, outbound_terms(TERMS), outside=True) as talk:
        here, caller = talk.here, talk.phones["caller"]
        await set_flow(here)
        await talk.phones["outside"].auto_answer(6.0)  # one whole round of the ringing tone
        talk.call_id = await caller.call(here.hotline)
        moved = await here.wait_event("CallTransferred", to="13900000002", within_s=15)
        talk.call_id = str(moved["call_id"])
        assert spectrum.find_tone_spans(await caller.recording(), RINGBACK_HZ)
        await talk.wait_heard(caller={"outside"}, outside={"caller"})
        await caller.hang_up()
        await here.wait_event("CallEnded", call_id=talk.call_id)
        recording = await here.recording((await here.wait_call(talk.call_id))["recordings"][0])
        assert recording["left_dbfs"] > -30.0
        assert recording["right_dbfs"] > -30.0


async def test_who_is_busy_outside_leaves_the_caller_to_the_queue(tmp_path: Path) -> None:
    async with conversation(tmp_path, outbound_terms(TERMS), outside=True) as talk:
        here, caller = talk.here, talk.phones["caller"]
        await set_flow(here)
        await talk.phones["outside"].decline(486)
        await caller.call(here.hotline)
        queued = await here.wait_event("CallQueued", queue="hotline", within_s=10)
        await caller.hang_up()
        await here.wait_event("CallEnded", call_id=queued["call_id"], end_reason="abandoned")
