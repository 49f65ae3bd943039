"""A caller whom nobody can serve talks with a number outside, on the same trunk; and who gave up before goes first."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conversation import MUSIC, TERMS, conversation, outbound_terms
from tests.peers import peers
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

OVERFLOW = '\n[[queues.overflow]]\nto = "external"\nname = "13900000002"\nwaited_s = 2.0\n'
RULE = "\n[[queues.distribution.level_rules]]\nadd = 5\nabandoned = 1\n"


async def test_a_number_outside_has_the_caller_whom_nobody_can_serve(tmp_path: Path) -> None:
    """Music until it answers, then each hears the other; both sides are in the recording."""
    terms = outbound_terms(TERMS)
    async with conversation(tmp_path, replace(terms, extra=terms.extra + OVERFLOW), outside=True) as talk:
        here, caller = talk.here, talk.phones["caller"]
        await talk.phones["outside"].auto_answer(3.0)
        await caller.call(here.hotline)
        call = await here.wait_event("CallQueued")
        talk.call_id = str(call["call_id"])
        await talk.wait_heard(caller={MUSIC})
        await here.wait_event("CallTransferred", call_id=talk.call_id, to="13900000002", within_s=15)
        await talk.wait_heard(caller={"outside"}, outside={"caller"})
        await caller.hang_up()
        ended = await here.wait_event("CallEnded", call_id=talk.call_id)
        assert ended["end_reason"] == "served"
        detail = await here.wait_call(talk.call_id)
        assert 4.0 < detail["call"]["wait_s"] < 12.0
        recording = await here.recording(detail["recordings"][0])
        assert recording["left_dbfs"] > -30.0
        assert recording["right_dbfs"] > -30.0


async def test_who_gave_up_before_goes_first(tmp_path: Path) -> None:
    """Known from the database as the call arrives, without a greeting to gain time."""
    terms = Terms(seats=1, greeting="", extra=RULE)
    async with stand(tmp_path, terms) as here, peers(here) as around:
        first, given_up = await around.call("13800000002")
        await asyncio.sleep(0.5)
        await around.trunk.hang_up(first)
        await here.wait_event("CallEnded", call_id=given_up, end_reason="abandoned")
        _, other = await around.call("13800000003")
        _, again = await around.call("13800000002")
        explained = {call: await here.api.get(f"/v1/calls/{call}/explain") for call in (other, again)}
        assert [explained[call]["why_waiting"]["position"] for call in (other, again)] == [2, 1]
