"""The keys of the desk phone mean the same as the bar: hold, blind and attended transfer, and numbers on the keypad."""

from pathlib import Path

import pytest

from tests.conversation import MUSIC, conversation

pytestmark = pytest.mark.e2e


@pytest.mark.long
async def test_a_blind_transfer_by_the_phones_key(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand") as talk:
        here, one, two = talk.here, talk.phones["one"], talk.phones["two"]
        await talk.begin()
        await here.login(2, state="not_ready")
        await two.decline(486)
        await one.refer(f"sip:{here.extension(2)}@{here.registrar}")
        assert (await one.wait_for("transfer", final=True))["status"] == 486
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


async def test_the_keypad_calls_outside_by_the_rules_of_the_seat_alone(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", agents=1) as talk:
        one = talk.phones["one"]
        await one.call(f"sip:13900000002@{talk.here.registrar}")
        assert (await one.wait_for("disconnected"))["status"] == 403
