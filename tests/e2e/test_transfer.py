"""Consult, conference and transfer on real phones: who hears whom at every step."""

import asyncio
from pathlib import Path

import pytest

from bench.running_server import ApiProblem
from tests.conversation import MUSIC, RINGBACK, Conversation, conversation, outbound_terms

pytestmark = pytest.mark.e2e


async def _agent_is_free(talk: Conversation, agent: int) -> None:
    await talk.here.wait_agent(agent, activity="idle", call_id=None)


async def test_a_colleague_is_asked_confers_and_takes_the_caller_over(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand") as talk:
        here, colleague = talk.here, talk.here.agent(2)
        await talk.begin()
        await here.login(2, state="not_ready")

        await talk.phones["two"].ring_only()
        await talk.operate(1, "consult", {"kind": "agent", "to": colleague})
        await here.wait_event("ConsultStarted", agent=here.agent(1), to=colleague)
        await talk.wait_heard(caller={MUSIC}, one={RINGBACK})
        await talk.phones["two"].answer()
        await here.wait_event("ConsultAnswered", to=colleague)
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"})

        await talk.operate(1, "alternate")
        await talk.wait_heard(caller={"one"}, one={"caller"}, two={MUSIC})
        await talk.operate(1, "conference")
        await talk.wait_heard(caller={"one", "two"}, one={"caller", "two"}, two={"caller", "one"})
        assert {party["role"] for party in await talk.parties()} == {"customer", "agent", "consultee"}

        await talk.operate(1, "hang-up")
        await talk.phones["one"].wait_for("disconnected")
        await here.wait_agent(1, presence="wrap_up")
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await talk.phones["two"].hang_up()
        await talk.phones["caller"].wait_for("disconnected")
        record = await here.wait_call(talk.call_id)
        assert [segment["agent"] for segment in record["segments"]] == [here.agent(1), colleague]
        assert len(record["recordings"]) == 1
        await _agent_is_free(talk, 2)


@pytest.mark.long
async def test_a_target_that_refuses_returns_the_caller_and_one_that_answers_has_him(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand") as talk:
        here = talk.here
        await talk.begin()
        await here.login(2, state="not_ready")
        await talk.phones["two"].decline(486)
        target = {"kind": "agent", "to": here.agent(2)}
        await talk.operate(1, "transfer", target)
        failed = await here.wait_event("TransferFailed", agent=here.agent(1))
        assert failed["cause"] == "busy"
        await talk.wait_heard(caller={"one"}, one={"caller"})

        await talk.phones["two"].auto_answer(0.2)
        await talk.operate(1, "transfer", target)
        await talk.phones["one"].wait_for("disconnected")
        await here.wait_event("CallTransferred", agent=here.agent(1), to=here.agent(2))
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await talk.phones["caller"].hang_up()
        await talk.phones["two"].wait_for("disconnected")
        await here.wait_call(talk.call_id)


@pytest.mark.long
async def test_back_into_the_queue_the_caller_keeps_the_arrival_and_gets_the_next_agent(
    tmp_path: Path,
) -> None:
    """Before that somebody of the queue was asked, while the caller heard music; who came later waits behind."""
    async with conversation(tmp_path / "stand", outside=True) as talk:
        here = talk.here
        await talk.begin()
        arrived = (await here.api.call(talk.call_id))["call"]["queued_at"]
        await talk.operate(1, "consult", {"kind": "queue", "to": "hotline"})
        asked = await here.wait_event("ConsultStarted", to="hotline", agent=here.agent(1))
        assert asked["kind"] == "queue"
        await talk.wait_heard(caller={MUSIC}, one={RINGBACK})
        await here.login(2)
        await here.wait_event("ConsultAnswered", to=here.agent(2), agent=here.agent(1))
        await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"})
        await talk.operate(1, "reconnect")
        await talk.phones["two"].wait_for("disconnected")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await here.api.logout(here.agent(2))

        since = len(here.events)
        await talk.phones["outside"].call(here.hotline)
        await here.wait_event("CallQueued", since=since, position=1)
        await talk.operate(1, "transfer", {"kind": "queue", "to": "hotline"})
        queued = await here.wait_event("CallQueued", since=since, call_id=talk.call_id)
        assert queued["position"] == 1, "before who came later"
        await talk.phones["one"].wait_for("disconnected")
        await talk.wait_heard(caller={MUSIC})
        await here.login(2)
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(2))
        await talk.wait_heard(caller={"two"}, two={"caller"}, outside={MUSIC})
        record = (await here.api.call(talk.call_id))["call"]
        assert record["queued_at"] == arrived, "who is handed back waits since the arrival"
        await talk.phones["two"].hang_up()
        record = await here.wait_call(talk.call_id)
        assert [segment["agent"] for segment in record["segments"]] == [here.agent(1), here.agent(2)]


@pytest.mark.long
async def test_an_outside_number_is_asked_and_dialled_and_only_by_the_rules(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", outbound_terms(), agents=1, outside=True) as talk:
        here, mobile = talk.here, "13900000002"
        await talk.begin()
        for number in ("12345678901234", "051085551234"):
            with pytest.raises(ApiProblem, match="number_not_allowed") as refused:
                await talk.operate(1, "consult", {"kind": "number", "to": number})
            assert refused.value.status == 403
        await talk.phones["outside"].speak_before_answering()
        await talk.operate(1, "consult", {"kind": "number", "to": mobile})
        await talk.wait_heard(caller={MUSIC}, one={"outside"})
        await talk.phones["outside"].answer()
        await here.wait_event("ConsultAnswered", to=mobile)
        invite = (await talk.phones["outside"].wait_for("incoming"))["invite"]
        assert f"sip:{mobile}@" in invite.splitlines()[0]
        assert "sip:12345@" in invite
        await talk.wait_heard(caller={MUSIC}, one={"outside"}, outside={"one"})
        await talk.operate(1, "transfer", {})
        await talk.phones["one"].wait_for("disconnected")
        await talk.wait_heard(caller={"outside"}, outside={"caller"})
        await talk.phones["caller"].hang_up()
        await talk.phones["outside"].wait_for("disconnected")
        await here.wait_call(talk.call_id)
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")

        await talk.phones["outside"].speak_before_answering()
        since = len(talk.phones["outside"].events)
        dialled = await talk.operate(1, "dial", {"number": mobile, "data": {"order": 7}})
        talk.call_id = str(dialled["call_id"])
        await talk.wait_heard(one={"outside"})
        assert (await here.api.call(talk.call_id))["call"]["connected_at"] is None
        await talk.phones["outside"].answer()
        await talk.phones["outside"].wait_for("confirmed", since=since)
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(1))
        await talk.wait_heard(one={"outside"}, outside={"one"})
        running = (await here.api.call(talk.call_id))["call"]
        assert (running["called"], running["data"]) == (mobile, {"order": 7})
        await asyncio.sleep(0.5)
        await talk.phones["outside"].hang_up()
        record = await here.wait_call(talk.call_id)
        assert record["call"]["talk_s"] > 0.5
        await _agent_is_free(talk, 1)
        await _transferred_blind_to(talk, mobile)


async def _transferred_blind_to(talk: Conversation, number: str) -> None:
    """A caller is handed to somebody outside: music for the caller and ringback for the agent while it rings there."""
    here, caller, one, outside = talk.here, *(talk.phones[name] for name in ("caller", "one", "outside"))
    since = len(here.events)
    await caller.call(here.hotline)
    connected = await here.wait_event("CallConnected", since=since, agent=here.agent(1))
    talk.call_id = str(connected["call_id"])
    with pytest.raises(ApiProblem, match="number_not_allowed"):
        await talk.operate(1, "transfer", {"kind": "number", "to": "051085551234"})
    await talk.wait_heard(caller={"one"}, one={"caller"})
    await outside.ring_only()
    heard = len(one.events)
    await talk.operate(1, "transfer", {"kind": "number", "to": number})
    await talk.wait_heard(caller={MUSIC}, one={RINGBACK})
    await outside.answer()
    await one.wait_for("disconnected", since=heard)
    moved = await here.wait_event("CallTransferred", since=since, agent=here.agent(1))
    assert (moved["kind"], moved["to"]) == ("number", number)
    await here.wait_agent(1, presence="wrap_up", call_id=None)
    await talk.wait_heard(caller={"outside"}, outside={"caller"})
    await caller.hang_up()
    await outside.wait_for("disconnected")
    assert len((await here.wait_call(talk.call_id))["recordings"]) == 1


@pytest.mark.long
async def test_a_customer_whom_an_agent_dialled_is_shown_to_the_next_one(tmp_path: Path) -> None:
    """Handed to a queue: the phone that rings there shows the customer's number, and both talk."""
    async with conversation(tmp_path / "stand", outbound_terms(), outside=True) as talk:
        here, two = talk.here, talk.phones["two"]
        await here.login(1, state="not_ready")
        dialled = await talk.operate(1, "dial", {"number": "13900000002"})
        talk.call_id = str(dialled["call_id"])
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(1))
        await here.login(2)
        await talk.operate(1, "transfer", {"kind": "queue", "to": "hotline"})
        invite = (await two.wait_for("incoming"))["invite"]
        assert "sip:13900000002@" in next(line for line in invite.splitlines() if line.startswith("From:"))
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(2))
        await talk.wait_heard(two={"outside"}, outside={"two"})
        await talk.phones["outside"].hang_up()
        assert len((await here.wait_call(talk.call_id))["recordings"]) == 1
