"""A flow rings a seat or a number outside for its caller: who answers has the caller, else the flow goes on."""

from typing import Any

import pytest

from softswitch.calls.call import CallState
from softswitch.store import entries
from softswitch.store.entries import EndedBy
from tests.softswitch.calls.test_flow import FlowNode, business_of

DUTY = "13900000002"


def ringing_for_the_caller(to: str) -> tuple[FlowNode, str, str]:
    """A caller whose flow transfers: the node, the call, and the leg that rings."""
    node = FlowNode()
    flow: dict[str, Any] = {
        "id": "main",
        "start": "through",
        "nodes": {
            "through": {"type": "transfer", "to": to, "ring_s": 12, "otherwise": "sorry"},
            "sorry": {"type": "hang_up", "say": ["thanks"]},
        },
    }
    node.standing.business = business_of(main=flow)
    call_id = node.enter()
    (leg,) = node.ringing()
    return node, call_id, leg.leg_id


def test_who_answers_outside_has_the_caller_and_both_are_recorded() -> None:
    node, call_id, duty = ringing_for_the_caller(DUTY)
    assert node.outside(duty).number == DUTY
    assert [source.name for source in node.plane.legs["in1"].hearing] == ["ringback"]
    node.sip.pick_up(duty)
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(duty)) == ({duty}, {"in1"})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), (duty,))
    assert node.call(call_id).state is CallState.TALKING
    node.press("1")  # the flow is over: keys mean nothing
    [transfer] = node.entries(entries.CallTransferred)
    assert (transfer.kind, transfer.to) == ("number", DUTY)
    node.sip.leave(duty)
    node.settle()
    node.assert_nothing_is_left()


@pytest.mark.parametrize("way", ["busy", "silent"])
def test_the_flow_goes_on_when_nobody_takes_the_caller(way: str) -> None:
    node, call_id, duty = ringing_for_the_caller(DUTY)
    if way == "busy":
        node.sip.refuse(duty, 486)
    else:
        node.pass_time(12.0)
    node.settle()
    assert node.call(call_id).state is CallState.IN_FLOW
    assert node.plane.prompts_of("in1") == ("thanks",)
    node.listen()
    assert node.entries(entries.CallEnded)[-1].ended_by is EndedBy.SYSTEM
    node.assert_nothing_is_left()


def test_a_caller_who_gives_up_stops_the_ringing() -> None:
    node, _, duty = ringing_for_the_caller(DUTY)
    node.sip.leave("in1")
    node.settle()
    assert not node.ringing()
    assert node.outside(duty).told[-1][0] == "CANCEL"
    node.assert_nothing_is_left()


def test_a_seat_is_rung_by_its_agent_who_is_in_a_call_then() -> None:
    node = FlowNode()
    node.login()
    flow: dict[str, Any] = {
        "id": "main",
        "start": "through",
        "nodes": {
            "through": {"type": "transfer", "to": "1001", "otherwise": "sorry"},
            "sorry": {"type": "hang_up", "say": ["thanks"]},
        },
    }
    node.standing.business = business_of(main=flow)
    call_id = node.enter()
    (leg,) = node.ringing()
    node.sip.pick_up(leg.leg_id)
    node.settle()
    party = node.call(call_id).agent
    assert party is not None
    assert (party.agent, node.plane.hears("in1")) == ("1001", {leg.leg_id})
    node.sip.leave("in1")
    node.settle()
    node.assert_nothing_is_left()


def test_a_number_that_no_rule_takes_is_not_rung_and_the_flow_goes_on() -> None:
    node = FlowNode()
    flow: dict[str, Any] = {
        "id": "main",
        "start": "through",
        "nodes": {
            "through": {"type": "transfer", "to": "0085212345678", "otherwise": "sorry"},
            "sorry": {"type": "hang_up", "say": ["thanks"]},
        },
    }
    node.standing.business = business_of(main=flow)
    node.enter()
    assert not node.ringing()
    assert node.plane.prompts_of("in1") == ("thanks",)
