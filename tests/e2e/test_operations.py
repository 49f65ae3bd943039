"""What agents do with a call, on real phones, proven by what each of them hears."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.running_server import ApiProblem
from tests.conversation import MUSIC, TERMS, conversation
from tests.peers import seconds
from tests.phones.handset import Event

pytestmark = pytest.mark.e2e

TOLD_TO_ANSWER = {
    "Call-Info: <sip:hotline>;answer-after=0",
    "Alert-Info: <sip:hotline>;info=alert-autoanswer;delay=0",
}


def told_by(incoming: Event) -> set[str]:
    """The headers of an INVITE by which a phone answers by itself."""
    return {
        line for line in incoming["invite"].splitlines() if line.startswith(("Call-Info:", "Alert-Info:"))
    }


async def test_hold_mute_data_keys_and_the_recording(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", agents=1) as talk:
        here = talk.here
        await talk.begin()
        await talk.wait_heard(caller={"one"}, one={"caller"})

        agent = await talk.operate(1, "hold")
        assert {"retrieve", "consult", "mute"} <= set(agent["allowed"])
        await talk.wait_heard(caller={MUSIC}, one={MUSIC})
        assert (await here.api.call(talk.call_id))["call"]["held"] is True
        with pytest.raises(ApiProblem) as refused:
            await talk.operate(1, "hold")
        assert (refused.value.status, refused.value.code) == (409, "not_allowed")
        await talk.operate(1, "retrieve")
        await talk.wait_heard(caller={"one"}, one={"caller"})

        assert (await talk.operate(1, "mute"))["muted"] is True
        await talk.wait_heard(caller={MUSIC}, one={"caller"})
        await talk.operate(1, "unmute")
        await talk.operate(1, "digits", {"digits": "5#"})
        assert (await talk.phones["caller"].wait_for("digit"))["digit"] == "5"
        assert (await talk.phones["caller"].wait_for("digit", digit="#"))["digit"] == "#"

        await talk.command("recording/pause", {"reason": "password"})
        await talk.command("recording/resume", {"reason": "password given"})
        await here.api.put(f"/v1/calls/{talk.call_id}/data", {"data": {"order": 7}})
        changed = await here.wait_event("CallDataChanged", call_id=talk.call_id)
        assert changed["data"] == {"order": 7}
        await talk.operate(1, "hang-up")
        await talk.phones["caller"].wait_for("disconnected")
        record = await here.wait_call(talk.call_id)
        assert record["call"]["ended_by"] == "agent"
        kinds = [event["kind"] for event in record["events"]]
        for kind in (
            "CallHeld",
            "CallRetrieved",
            "PartyMuted",
            "PartyUnmuted",
            "DigitsSent",
            "RecordingPaused",
        ):
            assert kinds.count(kind) == 1, kind
        await here.wait_agent(1, presence="wrap_up")


@pytest.mark.parametrize("way", ["talk", pytest.param("headers", marks=pytest.mark.long)])
async def test_the_phone_is_answered_from_the_bar(tmp_path: Path, way: str) -> None:
    """A phone without `talk` is rung a second time, with headers by which it answers.

    The bar is told whose call it is, with what is attached to it, before the phone has its INVITE.
    """
    terms = replace(TERMS, seat_extra=f'answers_by = "{way}"')
    async with conversation(tmp_path / "stand", terms, agents=1) as talk:
        here, one, caller = talk.here, talk.phones["one"], talk.phones["caller"]
        await (one.ring_until_asked() if way == "talk" else one.ring_until_told())
        await caller.call(here.hotline)
        waiting = await here.wait_event("CallQueued")
        await here.api.put(f"/v1/calls/{waiting['call_id']}/data", {"data": {"order": 7}})
        await here.login(1)
        offered = await here.wait_event("CallOffered", agent=here.agent(1))
        assert (offered["call"]["caller"], offered["call"]["data"]) == ("13800000001", {"order": 7})
        first = await one.wait_for("incoming")
        invited_at = time.time() - (time.monotonic() - first["at"])
        assert seconds(offered["_at"]) <= invited_at
        assert told_by(first) == set(), "a key of the phone, or of the bar, answers this"
        ringing = await here.wait_agent(1, activity="ringing")
        assert "answer" in ringing["allowed"]
        heard = len(one.events)
        await talk.operate(1, "answer")
        if way == "headers":
            assert told_by(await one.wait_for("incoming", since=heard)) == TOLD_TO_ANSWER
        connected = await here.wait_event("CallConnected", agent=here.agent(1))
        talk.call_id = str(connected["call_id"])
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await talk.operate(1, "hang-up")
        await here.wait_call(talk.call_id)


@pytest.mark.long
async def test_a_phone_whose_profile_says_so_answers_by_itself(tmp_path: Path) -> None:
    """An offered call comes with the headers at once; a colleague's call rings as ever."""
    terms = replace(TERMS, seat_extra='answers_by = "auto"')
    async with conversation(tmp_path / "stand", terms) as talk:
        here = talk.here
        one = talk.phones["one"]
        await one.ring_until_told()
        await talk.begin()
        assert told_by(await one.wait_for("incoming")) == TOLD_TO_ANSWER
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await here.api.post(f"/v1/agents/{here.agent(1)}/not-ready", {"reason": "break"})
        await talk.operate(1, "hang-up")
        await here.wait_call(talk.call_id)
        await here.login(2, state="not_ready")
        heard = len(one.events)
        await talk.operate(2, "dial", {"number": here.extension(1)})
        await here.wait_agent(1, activity="engaged")
        assert told_by(await one.wait_for("incoming", since=heard)) == set()
        [call] = await here.active_calls()
        rung = await here.api.call(call["call_id"])
        assert [
            party["state"] for party in rung["call"]["parties"] if party["agent_id"] == here.agent(1)
        ] == ["ringing"]
