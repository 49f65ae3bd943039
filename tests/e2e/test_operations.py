"""What agents do with a call, on real phones, proven by what each of them hears."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.running_server import ApiProblem
from tests.conversation import MUSIC, TERMS, conversation

pytestmark = pytest.mark.e2e


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
    """A phone without `talk` is rung a second time, with headers by which it answers."""
    terms = replace(TERMS, seat_extra=f'answers_by = "{way}"')
    async with conversation(tmp_path / "stand", terms, agents=1) as talk:
        here, one, caller = talk.here, talk.phones["one"], talk.phones["caller"]
        await (one.ring_until_asked() if way == "talk" else one.ring_until_told())
        await here.login(1)
        await caller.call(here.hotline)
        ringing = await here.wait_agent(1, activity="ringing")
        assert "answer" in ringing["allowed"]
        await talk.operate(1, "answer")
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
        await talk.phones["one"].ring_until_told()
        await talk.begin()
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await here.api.post(f"/v1/agents/{here.agent(1)}/not-ready", {"reason": "break"})
        await talk.operate(1, "hang-up")
        await here.wait_call(talk.call_id)
        await here.login(2, state="not_ready")
        await talk.operate(2, "dial", {"number": here.extension(1)})
        await here.wait_agent(1, activity="engaged")
        [call] = await here.active_calls()
        rung = await here.api.call(call["call_id"])
        assert [
            party["state"] for party in rung["call"]["parties"] if party["agent_id"] == here.agent(1)
        ] == ["ringing"]
