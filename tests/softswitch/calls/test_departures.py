"""An agent who answers and is gone before the talk: the caller is not lost, and goes to somebody else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from acd import events as acd_facts
from acd.agent_state import Presence
from acd.names import AgentId
from softswitch.calls.call import CallState
from softswitch.cells import messages as cell_words
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import QUEUE, Node
from tests.softswitch.calls.test_flow import FlowNode

Leave = Callable[[Node, str, str], None]


def by_phone(node: Node, call_id: str, leg_id: str) -> None:
    """BYE of the phone."""
    node.sip.leave(leg_id)


def by_bar(node: Node, call_id: str, leg_id: str) -> None:
    """The button of the bar."""
    party = node.call(call_id).party_at(leg_id)
    assert party is not None
    node.board.leave(node.call(call_id), party)


def by_fault(node: Node, call_id: str, leg_id: str) -> None:
    """The SIP stack says that the leg has come to an end."""
    cell_id = node.outside(leg_id).native_cell
    assert cell_id is not None
    end = cell_words.LegEnded(leg_id=leg_id, status=408, reason="", by_far_end=False)
    node.sip.cell_news.append((cell_id, end))


def introduced(node: Node, agent: str = "1001", seat: str = "8001") -> tuple[str, str]:
    """A caller who hears the number of an agent who has answered: the call and the agent's leg."""
    node.login(agent, seat)
    call_id = node.call_in()
    leg_id = node.leg_of_agent(call_id)
    node.sip.ring(leg_id)
    node.sip.pick_up(leg_id)
    node.settle()
    assert node.call(call_id).state is CallState.INTRODUCED
    return call_id, leg_id


@pytest.mark.parametrize("leave", [by_phone, by_bar, by_fault])
@pytest.mark.parametrize("wrap_up_s", [0.0, 10.0])
def test_the_caller_has_music_again_and_the_head_of_the_line_and_the_agent_is_not_ready(
    leave: Leave, wrap_up_s: float
) -> None:
    """Whoever came later stays behind; nobody wraps up a talk that was none; one recording goes on."""
    node = Node(greeting="", queue=replace(QUEUE, wrap_up_s=wrap_up_s))
    call_id, leg_id = introduced(node)
    queued_at, recording_id = node.call(call_id).queued_at, node.call(call_id).recording_id
    later = node.call_in("in2")
    leave(node, call_id, leg_id)
    node.settle()
    assert node.call(call_id).state is CallState.WAITING
    assert node.agent() == ("not_ready", "idle", "hung_up")
    assert node.plane.hears("in1") == {"music"}
    assert (node.waits(call_id), node.waits(later)) == (1, 2)
    node.pass_time(60.0)
    assert node.ringing() == []

    node.login("1002", "8002")
    node.answer(node.leg_of_agent(call_id))
    call = node.call(call_id)
    assert (call.state, call.queued_at, call.recording_id) == (CallState.TALKING, queued_at, recording_id)
    assert [one.cause for one in node.entries(entries.CallRequeued)] == ["agent_hung_up"]
    assert [one.agent for one in node.entries(entries.CallConnected)] == ["1002"]


def test_the_next_phone_rings_at_once_and_the_agent_may_be_ready_again() -> None:
    node = Node(greeting="")
    call_id, leg_id = introduced(node)
    node.login("1002", "8002")
    node.sip.leave(leg_id)
    node.settle()
    assert [leg.peer.name for leg in node.ringing()] == ["phone8002"]
    node.dispatcher.tell(acd_facts.AgentMadeReady(agent=AgentId("1001")))
    node.settle()
    assert node.agent() == ("ready", "idle", "")
    assert node.call(call_id).state is CallState.WAITING


def test_a_caller_who_hangs_up_meanwhile_ends_the_call_and_the_agent_stays() -> None:
    node = Node(greeting="")
    call_id, leg_id = introduced(node)
    node.sip.leave("in1")
    node.settle()
    assert node.outside(leg_id).is_over
    assert node.agent()[0] == Presence.WRAP_UP
    assert [one.call_id for one in node.entries(entries.CallEnded)] == [call_id]
    node.assert_nothing_is_left()


def test_both_hang_up_in_one_moment_and_nothing_is_left() -> None:
    for first, second in (("in1", "agent"), ("agent", "in1")):
        node = Node(greeting="")
        call_id, leg_id = introduced(node)
        for who in (first, second):
            node.sip.leave(leg_id if who == "agent" else who)
        node.settle()
        assert [one.call_id for one in node.entries(entries.CallEnded)] == [call_id]
        node.assert_nothing_is_left()


def test_a_talk_that_never_was_is_not_rated() -> None:
    """The flow that goes on after the talk waits for one."""
    node = FlowNode()
    node.login()
    call_id = node.enter()
    node.press("1")
    leg_id = node.leg_of_agent(call_id)
    node.sip.ring(leg_id)
    node.sip.pick_up(leg_id)
    node.settle()
    node.sip.leave(leg_id)
    node.settle()
    assert node.call(call_id).state is CallState.WAITING
    node.login("1002", "8002")
    leg_id = node.leg_of_agent(call_id)
    node.answer(leg_id)
    node.sip.leave(leg_id)
    node.settle()
    assert node.plane.prompts_of("in1") == ("rate",)
    node.press("1")
    node.listen()
    [ended] = node.entries(entries.CallEnded)
    assert ended.end_reason is EndReason.COMPLETED
    node.assert_nothing_is_left()
