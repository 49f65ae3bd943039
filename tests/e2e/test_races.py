"""Two things in one moment, on real phones: whatever came first, the same few ends, and nobody is stuck anywhere."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.running_server import ApiProblem, Json
from tests.conversation import MUSIC, TERMS, Conversation, conversation
from tests.phones.handset import HandsetFault

pytestmark = [pytest.mark.e2e, pytest.mark.long]

QUICK = replace(TERMS, wrap_up_s=0.0, ring_time_s=20.0)


async def at_once(*deeds: Awaitable[object]) -> list[Json]:
    """Do all of it without waiting for anything; the problems of what was refused.

    A phone that was told of the end before its own turn came has lost the race, and does nothing.
    """
    done = await asyncio.gather(*deeds, return_exceptions=True)
    faults = [each for each in done if isinstance(each, BaseException)]
    assert all(isinstance(each, ApiProblem | HandsetFault) for each in faults), faults
    return [each.problem for each in faults if isinstance(each, ApiProblem)]


async def is_over(talk: Conversation) -> Json:
    """The call ended once, every agent is idle, and no phone believes in a call."""
    record: Json = (await talk.here.wait_call(talk.call_id))["call"]
    await talk.here.wait_event("CallEnded", call_id=talk.call_id)
    for number in range(1, len(talk.phones)):
        await talk.here.wait_agent(number, activity="idle", call_id=None)
    assert len([event for event in talk.here.seen("CallEnded") if event["call_id"] == talk.call_id]) == 1
    assert await talk.here.active_calls() == []
    return record


async def test_caller_and_agent_hang_up_in_one_moment_by_phone_and_by_bar(tmp_path: Path) -> None:
    async with conversation(tmp_path / "stand", QUICK, agents=1) as talk:
        caller, one = talk.phones["caller"], talk.phones["one"]
        for other in (one.hang_up, lambda: talk.operate(1, "hang-up")):
            since = len(one.events)
            await talk.begin()
            await at_once(caller.hang_up(), other())
            await one.wait_for("disconnected", since=since)
            assert (await is_over(talk))["end_reason"] == "completed"
            await talk.here.api.logout(talk.here.agent(1))


async def test_a_phone_is_answered_as_its_caller_leaves(tmp_path: Path) -> None:
    """200 OK and CANCEL cross: the phone is hung up, and the caller has either abandoned or talked for no time."""
    async with conversation(tmp_path / "stand", QUICK, agents=1) as talk:
        here, caller, one = talk.here, talk.phones["caller"], talk.phones["one"]
        await one.ring_only()
        await here.login(1)
        for _ in range(3):
            since, heard = len(here.events), len(one.events)
            await caller.call(here.hotline)
            offered = await here.wait_event("CallOffered", since=since)
            talk.call_id = str(offered["call_id"])
            await one.wait_for("incoming", since=heard)
            await at_once(caller.hang_up(), one.answer())
            await one.wait_for("disconnected", since=heard)
            assert (await is_over(talk))["end_reason"] in ("abandoned", "completed")
            assert (await here.wait_agent(1, presence="ready"))["reason"] == ""


async def test_hold_and_transfer_and_taking_back_are_pressed_in_one_moment(tmp_path: Path) -> None:
    """One of them is refused with what is allowed now; the caller is with one of both agents, or back."""
    async with conversation(tmp_path / "stand", QUICK, agents=2) as talk:
        here, one = talk.here, talk.phones["one"]
        await talk.begin()
        await here.login(2, state="not_ready")
        target = {"kind": "agent", "to": here.agent(2)}
        since = len(here.events)
        refused = await at_once(talk.operate(1, "transfer", target), talk.operate(1, "hold"))
        assert [problem["status"] for problem in refused] in ([], [409])
        await here.wait_event("CallTransferred", since=since, to=here.agent(2))
        await talk.wait_heard(caller={"two"}, two={"caller"})

        await one.ring_only()
        heard = len(one.events)
        await talk.operate(2, "consult", {"kind": "agent", "to": here.agent(1)})
        await one.wait_for("incoming", since=heard)
        await at_once(one.answer(), talk.operate(2, "reconnect"))
        await talk.wait_heard(caller={"two"}, two={"caller"})

        await at_once(talk.phones["caller"].hang_up(), talk.operate(2, "hold"))
        await is_over(talk)


async def test_keys_of_the_phones_cross_buttons_and_hang_ups(tmp_path: Path) -> None:
    """REFER beside re-INVITE, re-INVITE beside BYE, 200 beside the caller's BYE, and two buttons that both end a consult."""
    async with conversation(tmp_path / "stand", QUICK, agents=2) as talk:
        here, caller, one, two = talk.here, *(talk.phones[name] for name in ("caller", "one", "two"))
        await talk.begin()
        await here.login(2, state="not_ready")
        since = len(here.events)
        assert await at_once(one.hold(), one.refer(f"sip:{here.extension(2)}@{here.registrar}")) == []
        await here.wait_event("CallTransferred", since=since, agent=here.agent(1), to=here.agent(2))
        await talk.wait_heard(caller={"two"}, two={"caller"})

        assert await at_once(two.hold(), talk.operate(2, "hold")) == []
        await talk.wait_heard(caller={MUSIC})
        assert await at_once(two.unhold(), talk.operate(2, "retrieve")) == []
        await talk.wait_heard(caller={"two"}, two={"caller"})

        await one.ring_only()
        heard = len(one.events)
        await talk.operate(2, "consult", {"kind": "agent", "to": here.agent(1)})
        await one.wait_for("incoming", since=heard)
        await at_once(one.answer(), caller.hang_up())
        await one.wait_for("disconnected", since=heard)
        await is_over(talk)

        await one.auto_answer(0.1)
        since = len(here.events)
        await caller.call(here.hotline)
        connected = await here.wait_event("CallConnected", since=since, agent=here.agent(1))
        talk.call_id = str(connected["call_id"])
        await talk.operate(1, "consult", {"kind": "agent", "to": here.agent(2)})
        await here.wait_event("ConsultAnswered", since=since, to=here.agent(2))
        refused = await at_once(talk.operate(1, "conference"), talk.operate(1, "transfer", {}))
        assert [problem["status"] for problem in refused] == [409]
        is_conference = refused[0]["code"] == "wrong_target"
        await talk.wait_heard(caller={"one", "two"} if is_conference else {"two"})
        await at_once(two.hold(), caller.hang_up())
        await is_over(talk)


async def test_two_supervisors_take_one_caller_in_one_moment(tmp_path: Path) -> None:
    """Whose phone is answered later takes the caller from the other one, who is free again."""
    async with conversation(tmp_path / "stand", QUICK, agents=3) as talk:
        here = talk.here
        await talk.begin()
        await here.login(2, state="not_ready")
        await here.login(3, state="not_ready")
        refused = await at_once(
            *(
                talk.command("intercept", {"supervisor": here.agent(number), "reason": "complaint"})
                for number in (2, 3)
            )
        )
        assert refused == []
        first = await here.wait_event("CallIntercepted", agent=here.agent(1))
        last = await here.wait_event("CallIntercepted", agent=first["supervisor"])
        assert {first["supervisor"], last["supervisor"]} == {here.agent(2), here.agent(3)}
        is_two = last["supervisor"] == here.agent(2)
        for number in (1, 3 if is_two else 2):
            await here.wait_agent(number, activity="idle", call_id=None)
        if is_two:
            await talk.wait_heard(caller={"two"}, two={"caller"})
        else:
            await talk.wait_heard(caller={"three"}, three={"caller"})
        await at_once(
            talk.phones["caller"].hang_up(),
            talk.command("hang-up", {"target": "call", "reason": "abuse"}),
        )
        await is_over(talk)
