"""Control dies between its 200 and the caller's ACK: the call is taken over, and the ACK takes it further."""

import asyncio
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from tests.aftermath import judge_aftermath
from tests.peers import peers
from tests.softswitch.sip.raw_peer import RawPeer, header, sdp, status, uri
from tests.stand import Terms, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TERMS = Terms(seats=1, wrap_up_s=0.0, greeting="", announce_agent=False)


async def test_a_caller_who_has_not_acknowledged_yet_reaches_an_agent_after_the_take_over(
    tmp_path: Path,
) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(answer_s=0.0)):
        await here.login(1)
        caller = await RawPeer.open(here.trunk_address, 0)
        try:
            invite = caller.request(
                "INVITE",
                here.hotline,
                from_=f"<sip:13800000001@{caller.address}>;tag=c1",
                content=sdp(caller.address),
            )
            caller.send(invite, here.sip)
            call = header(invite, "Call-ID")
            await caller.wait(lambda m: status(m) == 200 and header(m, "Call-ID") == call)
            await asyncio.sleep(0.4)  # all of it is written down
            call_id = (await here.wait_event("CallArrived"))["call_id"]
            here.server.kill("control")
            await asyncio.sleep(0.5)
            await here.wait_ready()
            (adopted,) = here.server.log_lines("call.adopted")
            assert (adopted["call_id"], adopted["fate"]) == (call_id, "arrives")
            again = await caller.wait(lambda m: status(m) == 200 and header(m, "Call-ID") == call)
            since = len(here.events)

            def within(method: str, cseq: int) -> str:
                return caller.request(
                    method,
                    uri(header(again, "Contact")),
                    call_id=call,
                    cseq=cseq,
                    from_=header(invite, "From"),
                    to=header(again, "To"),
                )

            caller.send(within("ACK", 1), here.sip)
            await here.wait_event("CallConnected", since=since, call_id=call_id)
            caller.send(within("BYE", 2), here.sip)
            await caller.wait_status(200, "BYE")
            detail = await here.wait_call(call_id)
            assert (detail["call"]["ended_by"], detail["call"]["end_reason"]) == ("caller", "completed")
            assert (await here.recording(detail["recordings"][0]))["state"] == "done"
            names = [entry["kind"] for entry in detail["events"]]
            assert names.count("CallAnswered") == names.count("CallQueued") == 1
            await judge_aftermath(here)
        finally:
            caller.close()
