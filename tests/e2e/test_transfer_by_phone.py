"""The keys of the desk phone mean the same as the bar: hold, refusal, transfers, and numbers on the keypad."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conversation import MUSIC, TERMS, conversation, outbound_terms

pytestmark = pytest.mark.e2e


@pytest.mark.long
async def test_hold_and_a_blind_transfer_by_the_phones_keys(tmp_path: Path) -> None:
    """And an agent whom the caller holds hears music."""
    async with conversation(tmp_path / "stand") as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        await talk.begin()
        for key, kind, held in ((one.hold, "CallHeld", True), (one.unhold, "CallRetrieved", False)):
            await key()
            await here.wait_event(kind, call_id=talk.call_id, agent=here.agent(1))
            assert (await here.api.call(talk.call_id))["call"]["held"] is held
            await talk.wait_heard(caller={MUSIC} if held else {"one"})
        await talk.phones["caller"].hold()
        await talk.wait_heard(one={MUSIC})
        await talk.phones["caller"].unhold()
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await here.login(2, state="not_ready")
        await one.refer(f"sip:13900000002@{here.registrar}")
        assert (await one.wait_for("transfer", final=True))["status"] == 403, "no outbound rule of the seat"
        since = len(one.events)
        await two.decline(486)
        await one.refer(f"sip:{here.extension(2)}@{here.registrar}")
        assert (await one.wait_for("transfer", since=since, final=True))["status"] == 486
        await talk.wait_heard(caller={"one"}, one={"caller"})

        await two.auto_answer(0.1)
        since = len(one.events)
        await one.refer(f"sip:{here.extension(2)}@{here.registrar}")
        assert (await one.wait_for("transfer", since=since, final=True))["status"] == 200
        await one.wait_for("disconnected")
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await here.wait_agent(1, presence="wrap_up")
        await talk.phones["caller"].hang_up()
        record = await here.wait_call(talk.call_id)
        assert [segment["agent"] for segment in record["segments"]] == [here.agent(1), here.agent(2)]


@pytest.mark.long
async def test_an_attended_transfer_by_the_phones_keys(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand") as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        await talk.begin()
        await here.login(2, state="not_ready")
        await one.hold()
        await talk.wait_heard(caller={MUSIC})
        since = len(one.events)
        await one.call(f"sip:{here.extension(2)}@{here.registrar}")
        await one.wait_for("confirmed", since=since)
        await two.wait_for("confirmed")
        await talk.wait_heard(caller={MUSIC}, two={"one"})
        await one.refer_first_to_last()
        assert (await one.wait_for("transfer", final=True))["status"] == 200
        await talk.wait_heard(caller={"two"}, two={"caller"})
        await here.wait_agent(1, presence="wrap_up")
        await two.hang_up()
        await talk.phones["caller"].wait_for("disconnected")
        record = await here.wait_call(talk.call_id)
        assert record["call"]["end_reason"] == "completed"
        assert len(record["recordings"]) == 1


@pytest.mark.long
async def test_a_phone_is_told_of_its_transfer_though_control_died_while_the_target_rang(
    tmp_path: Path,
) -> None:
    """By the control that comes after; caller and agent talk all the while, and the key may be pressed again."""
    async with conversation(tmp_path / "stand") as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        await talk.begin()
        await here.login(2, state="not_ready")
        await two.ring_only()
        since = len(one.events)
        await one.refer(f"sip:{here.extension(2)}@{here.registrar}")
        await two.wait_for("incoming")
        assert (await one.wait_for("transfer", since=since))["status"] == 100
        # What is told of the call now goes to the disk with its state, and who reads it waits for that.
        await here.api.put(f"/v1/calls/{talk.call_id}/data", {"data": {"order": 7}})
        await here.api.call(talk.call_id)
        here.server.kill("control")
        await here.wait_ready()
        assert (await one.wait_for("transfer", since=since, final=True))["status"] == 503
        await two.wait_for("disconnected")
        await talk.wait_heard(caller={"one"}, one={"caller"})
        await two.auto_answer(0.1)
        since = len(one.events)
        await one.refer(f"sip:{here.extension(2)}@{here.registrar}")
        assert (await one.wait_for("transfer", since=since, final=True))["status"] == 200
        await talk.wait_heard(caller={"two"}, two={"caller"})


async def test_the_keypad_calls_outside_by_the_rules_of_the_seat_alone(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", agents=1) as talk:
        one = talk.phones["one"]
        await one.call(f"sip:13900000002@{talk.here.registrar}")
        assert (await one.wait_for("disconnected"))["status"] == 403


@pytest.mark.long
async def test_a_number_on_the_keypad_is_called_with_the_hotlines_and_shown_in_the_bar(
    tmp_path: Path,
) -> None:
    """And so is one to which the phone's key transfers a caller; what no rule of the seat takes is refused."""
    async with conversation(tmp_path / "stand", outbound_terms(), agents=1, outside=True) as talk:
        here, one, outside = talk.here, talk.phones["one"], talk.phones["outside"]
        await here.login(1, state="not_ready")
        await one.call(f"sip:13900000002@{here.registrar}")
        dialled = await here.wait_event("CallDialled", agent=here.agent(1), called="13900000002")
        talk.call_id = str(dialled["call_id"])
        await here.wait_agent(1, activity="engaged", call_id=talk.call_id)
        invite = (await outside.wait_for("incoming"))["invite"]
        assert "sip:12345@" in invite
        await here.wait_event("CallConnected", call_id=talk.call_id, agent=here.agent(1))
        await talk.wait_heard(one={"outside"}, outside={"one"})
        assert "transfer" in (await here.api.agent(here.agent(1)))["allowed"]
        await one.hang_up()
        await outside.wait_for("disconnected")
        assert len((await here.wait_call(talk.call_id))["recordings"]) == 1

        await here.api.ready(here.agent(1))
        since = len(here.events)
        await talk.phones["caller"].call(here.hotline)
        connected = await here.wait_event("CallConnected", since=since, agent=here.agent(1))
        talk.call_id = str(connected["call_id"])
        heard = len(one.events)
        await one.refer(f"sip:051085551234@{here.registrar}")
        assert (await one.wait_for("transfer", since=heard, final=True))["status"] == 403, "by no rule"
        await talk.wait_heard(caller={"one"}, one={"caller"})
        heard, rung = len(one.events), len(outside.events)
        await one.refer(f"sip:13900000002@{here.registrar}")
        assert (await one.wait_for("transfer", since=heard, final=True))["status"] == 200
        assert (
            "sip:13900000002@" in (await outside.wait_for("incoming", since=rung))["invite"].splitlines()[0]
        )
        moved = await here.wait_event("CallTransferred", since=since, agent=here.agent(1))
        assert (moved["kind"], moved["to"]) == ("number", "13900000002")
        await talk.wait_heard(caller={"outside"}, outside={"caller"})
        await outside.hang_up()
        await talk.phones["caller"].wait_for("disconnected")
        await here.wait_call(talk.call_id)


@pytest.mark.long
@pytest.mark.parametrize(("status", "away"), [(486, ("not_ready", "phone_busy")), (302, ("ready", ""))])
async def test_a_phone_that_refuses_or_wants_the_call_elsewhere(
    tmp_path: Path, status: int, away: tuple[str, str]
) -> None:
    """Do not disturb is not ready; a diversion is a refusal and never followed: the next agent has the caller."""
    terms = outbound_terms(replace(TERMS, decline_delay_s=60.0))
    async with conversation(tmp_path / "stand", terms, outside=True) as talk:
        here, one, outside = talk.here, talk.phones["one"], talk.phones["outside"]
        await one.decline(status, f"sip:13900000002@{here.trunk_address}:5060" if status == 302 else "")
        await here.login(1)
        await here.wait_agent(1, presence="ready")
        await here.login(2)
        await talk.phones["caller"].call(here.hotline)
        ended = await here.wait_event("OfferEnded", agent=here.agent(1))
        connected = await here.wait_event("CallConnected", agent=here.agent(2))
        talk.call_id = str(connected["call_id"])
        assert ended["cause"] == ("busy" if status == 486 else "declined")
        shown = await here.api.agent(here.agent(1))
        assert (shown["presence"], shown["reason"]) == away
        await talk.wait_heard(caller={"two"}, two={"caller"})
        assert not outside.seen("incoming"), "nobody is called whom a phone names"
