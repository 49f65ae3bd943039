"""A caller goes through a flow and comes back to the agent, with every way that it ends, between scripted neighbours."""

import json
from contextlib import suppress
from typing import Any

import pytest

from api.faults import Conflict, Refused
from api.ports import HangUpTarget, SuperviseMode, Target, TargetKind
from softswitch.calls.adoption import Fate, decide
from softswitch.calls.call import Call, CallState
from softswitch.calls.operations import Operations
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import done
from tests.softswitch.calls.test_flow import FLOW, FlowNode, business_of

PASSWORD: dict[str, Any] = {
    "id": "password",
    "start": "pin",
    "nodes": {
        "pin": {
            "type": "collect",
            "say": ["ask"],
            "into": "pin",
            "masked": True,
            "next": "checked",
            "otherwise": "people",
        },
        "checked": {"type": "set", "data": {"checked": "yes"}, "next": "back"},
        "back": {"type": "hang_up", "say": []},
        "people": {"type": "queue", "queue": "hotline"},
    },
}
INTO = Target(kind=TargetKind.FLOW, to="password")


@pytest.fixture
def node() -> FlowNode:
    node = FlowNode()
    node.standing.business = business_of(main=FLOW, password=PASSWORD)
    return node


def talk(node: FlowNode) -> tuple[str, str]:
    """A caller `in1` has come through the hotline's flow to agent 1001: the call and the agent's leg."""
    node.login()
    call_id = node.enter()
    node.press("1")
    leg = node.leg_of_agent(call_id)
    node.answer(leg)
    return call_id, leg


def away(node: FlowNode, bar: Operations) -> tuple[str, str]:
    """The caller is asked for a password, and the agent waits."""
    call_id, leg = talk(node)
    done(bar.to_flow("1001", "password"))
    node.settle()
    return call_id, leg


def causes(node: FlowNode) -> list[str]:
    return [one.cause for one in node.entries(entries.CallBackFromFlow)]


def test_the_agent_waits_with_music_and_gets_the_caller_back_with_what_the_flow_attached(
    node: FlowNode, bar: Operations
) -> None:
    call_id, leg = away(node, bar)
    call = node.call(call_id)
    assert call.state.value == "in_flow"
    assert (node.plane.hears("in1"), node.plane.prompts_of("in1")) == ({"prompt"}, ("ask",))
    assert node.plane.hears(leg) == {"music"}
    assert node.recorded_voices(call_id) == (), "digits are heard in no recording"
    assert node.agent() == ("ready", "talking", "")
    node.press("4711#")
    assert call.state is CallState.TALKING
    assert (node.plane.hears("in1"), node.plane.hears(leg)) == ({leg}, {"in1"})
    recording = node.plane.recordings[call.recording_id]
    assert (recording.left, recording.right) == (("in1",), (leg,))
    assert call.data == {"checked": "yes"}
    assert causes(node) == ["completed"]
    assert [one.data for one in node.entries(entries.CallDataChanged)] == ['{"checked": "yes"}']
    assert "4711" not in repr(node.journal.entries)


def test_the_flow_of_before_goes_on_after_the_agent(node: FlowNode, bar: Operations) -> None:
    """The survey follows the talk, as if there had been no excursion."""
    call_id, leg = away(node, bar)
    node.press("4711#")
    node.sip.leave(leg)
    node.settle()
    assert (node.call(call_id).state, node.plane.prompts_of("in1")) == (CallState.IN_FLOW, ("rate",))


def test_the_agent_takes_the_caller_back(node: FlowNode, bar: Operations) -> None:
    call_id, leg = away(node, bar)
    assert bar._seat("1001")[0].call_id == call_id
    with pytest.raises(Conflict):
        done(bar.hold("1001"))
    done(bar.reconnect("1001"))
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(leg)) == ({leg}, {"in1"})
    assert causes(node) == ["taken_back"]
    node.press("4711#")
    node.pass_time(60.0)
    assert node.call(call_id).state is CallState.TALKING, "the flow is over for good"


def test_a_caller_whose_agent_left_meanwhile_goes_back_into_the_line(node: FlowNode, bar: Operations) -> None:
    call_id, leg = away(node, bar)
    node.sip.leave(leg)
    node.settle()
    assert (node.call(call_id).state, node.plane.hears("in1")) == (CallState.IN_FLOW, {"prompt"})
    assert node.agent()[0] == "wrap_up"
    node.press("4711#")
    assert (node.call(call_id).state, node.waits(call_id)) == (CallState.WAITING, 1)
    assert [one.cause for one in node.entries(entries.CallRequeued)] == ["agent_left"]


def test_a_flow_that_takes_the_caller_elsewhere_lets_the_agent_go(node: FlowNode, bar: Operations) -> None:
    """Nobody waits for a caller who does not come back."""
    call_id, _ = away(node, bar)
    for _ in range(3):
        node.listen()
        node.pass_time(9.0)
    assert node.call(call_id).state is CallState.WAITING
    assert (node.agent()[0], causes(node)) == ("wrap_up", ["moved_on"])


def test_a_caller_who_hangs_up_in_the_flow_ends_the_talk(node: FlowNode, bar: Operations) -> None:
    call_id, _ = away(node, bar)
    node.sip.leave("in1")
    node.settle()
    assert "CallEnded" in node.story(call_id)
    assert node.agent()[0] == "wrap_up"
    node.pass_time(60.0)
    node.assert_nothing_is_left()


@pytest.mark.parametrize("is_first", [True, False], ids=["key", "agent"])
@pytest.mark.parametrize("act", ["reconnect", "hang up", "phone"])
def test_the_last_key_is_pressed_as_the_agent_takes_back_or_leaves(
    node: FlowNode, bar: Operations, act: str, is_first: bool
) -> None:
    """Taken back, both talk, whatever came of the flow; without the agent the caller waits, or the survey begins."""
    call_id, leg = away(node, bar)
    node.press("4711")

    def agent_acts() -> None:
        if act == "phone":
            node.sip.leave(leg)
        else:
            done(bar.reconnect("1001") if act == "reconnect" else bar.hang_up_own("1001"))
        node.settle()

    def caller_presses() -> None:
        node.press("#")

    for deed in (caller_presses, agent_acts)[:: 1 if is_first else -1]:
        with suppress(Conflict):
            deed()
    if act == "reconnect":
        assert (node.plane.hears("in1"), node.plane.hears(leg)) == ({leg}, {"in1"})
        assert causes(node) == ["completed" if is_first else "taken_back"]
    else:
        assert node.call(call_id).state is (CallState.IN_FLOW if is_first else CallState.WAITING)
        assert node.agent()[0] == "wrap_up"
    node.sip.leave("in1")
    node.settle()
    node.assert_nothing_is_left()


def test_a_caller_is_sent_into_a_flow_in_the_moment_of_hanging_up(node: FlowNode, bar: Operations) -> None:
    call_id, leg = talk(node)
    node.sip.leave("in1")
    done(bar.to_flow("1001", "password"))
    node.settle()
    assert node.outside(leg).is_over
    assert node.story(call_id).count("CallEnded") == 1
    node.assert_nothing_is_left()


def test_force_takes_the_caller_out_of_the_flow(node: FlowNode, bar: Operations) -> None:
    call_id, _ = away(node, bar)
    done(bar.force_hang_up(call_id, HangUpTarget.AGENT_LEG, "test"))
    node.settle()
    assert (node.call(call_id).state, node.waits(call_id)) == (CallState.WAITING, 1)
    node.press("4711#")
    assert node.call(call_id).state is CallState.WAITING


def restarted(node: FlowNode, call_id: str, leg: str) -> FlowNode:
    """The next control, which has this call again."""
    record, legs = node.call(call_id).to_record(), {"in1", leg}
    assert decide(record, legs, legs).fate is Fate.TALKS
    assert "47" not in json.dumps(record["flow"])
    after = FlowNode(before=node, keeper=node.keeper, journal=node.journal)
    call = Call.restored(record, legs)
    for party in call.parties:
        after.legs.adopt(party.leg)
        call.rows[party.leg_id] = node.plane.legs[party.leg_id].hearing
    after.board.adopt(call)
    after.board.excursions.resume(call)
    after.settle()
    return after


def test_after_a_restart_the_caller_begins_the_node_again_and_the_agent_waits_on(
    node: FlowNode, bar: Operations
) -> None:
    """Half of a secret was typed: neither the agent nor the recording ever has anything of it."""
    call_id, leg = away(node, bar)
    node.press("47")
    after = restarted(node, call_id, leg)
    assert (after.plane.hears("in1"), after.plane.prompts_of("in1")) == ({"prompt"}, ("ask",))
    assert (after.plane.hears(leg), after.recorded_voices(call_id)) == ({"music"}, ())
    after.press("4711#")
    call = after.call(call_id)
    assert (call.state, call.data) == (CallState.TALKING, {"checked": "yes"})
    assert (after.plane.hears("in1"), after.plane.hears(leg)) == ({leg}, {"in1"})
    assert causes(after) == ["completed"]
    after.sip.leave(leg)
    after.settle()
    assert (call.state, after.plane.prompts_of("in1")) == (CallState.IN_FLOW, ("rate",)), "the flow of before"


def test_after_a_restart_without_the_flow_the_caller_is_back_at_once(node: FlowNode, bar: Operations) -> None:
    """Who waits must not wait for a flow that nobody runs any more."""
    call_id, leg = away(node, bar)
    node.standing.business = business_of(main=FLOW)
    after = restarted(node, call_id, leg)
    assert after.call(call_id).state is CallState.TALKING
    assert (after.plane.hears("in1"), after.plane.hears(leg)) == ({leg}, {"in1"})
    assert causes(after) == ["restarted"]


def test_a_secret_reaches_nobody_who_monitors(node: FlowNode, bar: Operations) -> None:
    call_id, leg = talk(node)
    node.login("1002", "8002", "not_ready")
    done(bar.supervise("1002", call_id, SuperviseMode.MONITOR, "test"))
    node.settle()
    (monitor,) = [each.leg_id for each in node.ringing()]
    node.sip.pick_up(monitor)
    node.settle()
    assert node.plane.hears(monitor) == {"in1", leg}
    done(bar.to_flow("1001", "password"))
    node.listen()
    assert node.plane.hears(monitor) == {"music"}
    node.press("4711#")
    assert node.plane.hears(monitor) == {"in1", leg}


def test_the_flow_of_a_caller_whose_agent_left_ends_in_the_line_after_a_restart_too(
    node: FlowNode, bar: Operations
) -> None:
    call_id, leg = away(node, bar)
    node.sip.leave(leg)
    node.settle()
    call = node.call(call_id)
    record = call.to_record()
    assert (record["state"], record["flow"]["flow"]) == ("in_flow", "password")
    call.flow, call.flow_record, call.state = None, record["flow"], CallState.WAITING
    assert node.board.resume_flow(call)
    node.press("4711#")
    assert (call.state, node.waits(call_id)) == (CallState.WAITING, 1)


def test_a_transfer_into_a_flow_is_for_good(node: FlowNode, bar: Operations) -> None:
    call_id, _ = talk(node)
    done(bar.transfer("1001", INTO))
    node.settle()
    assert (node.call(call_id).state, node.agent()[0]) == (CallState.IN_FLOW, "wrap_up")
    [told] = node.entries(entries.CallTransferred)
    assert (told.kind, told.to) == ("flow", "password")
    node.press("4711#")
    [ended] = node.entries(entries.CallEnded)
    assert ended.end_reason is EndReason.COMPLETED


def test_what_there_is_not_or_not_now_is_refused(node: FlowNode, bar: Operations) -> None:
    talk(node)
    for work in (
        bar.to_flow("1001", "nowhere"),
        bar.transfer("1001", Target(kind=TargetKind.FLOW, to="nowhere")),
    ):
        with pytest.raises(Refused):
            done(work)
    assert done(bar.flows()).keys() == {"main", "password"}
    with pytest.raises(Conflict):
        done(bar.to_flow("1002", "password"))
