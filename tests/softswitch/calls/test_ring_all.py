"""All phones of a queue ring together: one of them has the caller, whatever crosses whatever."""

from dataclasses import replace

from softswitch.settings.distribution import DistributionSettings
from tests.softswitch.calls.node import QUEUE, Node

TOGETHER = replace(QUEUE, distribution=DistributionSettings(strategy="ring_all"), announce_agent=True)


def ringing() -> tuple[Node, str, str, str]:
    """A caller, and two phones that ring for them: the call and both legs."""
    node = Node(greeting="", queue=TOGETHER)
    node.login("1001", "8001")
    node.login("1002", "8002")
    call_id = node.call_in()
    first, second = (leg.leg_id for leg in node.ringing())
    return node, call_id, first, second


def test_of_two_phones_that_answer_in_one_moment_one_has_the_caller_and_the_other_is_hung_up() -> None:
    """The second answer is taken and ended with BYE; its agent is ready again, and nobody is counted as not answering."""
    node, call_id, first, second = ringing()
    node.sip.ring(first)
    node.sip.ring(second)
    node.sip.pick_up(first)
    node.sip.pick_up(second)  # crosses the order to stop
    node.settle()
    agents = {party.agent for party in node.call(call_id).parties if party.agent}
    assert agents == {"1001"}
    assert node.outside(second).is_over
    assert node.agent("1002") == ("ready", "idle", "")
    assert not node.outside(first).is_over


def test_an_agent_whose_answered_leg_is_lost_before_the_talk_leaves_the_caller_first_in_line() -> None:
    """While the agent's number is told: the next phone is rung, and the arrival is kept."""
    node, call_id, first, _ = ringing()
    queued_at = node.call(call_id).queued_at
    node.sip.ring(first)
    node.sip.pick_up(first)
    node.settle()
    cell = node.outside(first).native_cell
    assert cell is not None
    node.lose_cell(cell)
    node.settle()
    assert node.call(call_id).queued_at == queued_at
    assert [leg.peer.name for leg in node.ringing()] == ["phone8002"]
    node.answer(node.ringing()[0].leg_id)
    assert {party.agent for party in node.call(call_id).parties if party.agent} == {"1002"}
