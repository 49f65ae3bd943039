"""Callers in a line, as the queue's settings have it."""

from dataclasses import replace

from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import DistributionSettings, SkillSettings, WideningSettings
from softswitch.store import entries
from tests.softswitch.calls.node import QUEUE, Node


def test_a_caller_who_gives_up_and_calls_again_has_the_old_place() -> None:
    """Known by the number; where the queue keeps no places they stand last."""
    for resume_s, places in ((60.0, (1, 2)), (0.0, (2, 1))):
        node = Node(queue=replace(QUEUE, distribution=DistributionSettings(resume_s=resume_s)))
        node.call_in("in1")
        node.pass_time(10.0)
        node.board.invited(node.sip.invite("in2", caller="13900002222"))
        node.settle()
        node.sip.acknowledge("in2")
        node.settle()
        node.plane.play_to_the_end("in2")
        node.settle()
        (other,) = [call.call_id for call in node.board.calls() if call.caller == "13900002222"]
        node.sip.leave("in1")
        node.settle()
        node.pass_time(10.0)
        again = node.call_in("in3")
        assert (node.waits(again), node.waits(other)) == places


def test_each_widening_is_an_event_of_the_call() -> None:
    """In the journal, each time the queue asks less for who waits, before the offer that it makes possible."""
    ways = DistributionSettings(
        skills=(SkillSettings(name="tax", level=5),),
        widening=(WideningSettings(after_s=30.0), WideningSettings(after_s=60.0, lower_by=2)),
    )
    node = Node(queue=replace(QUEUE, distribution=ways))
    beginner = (SkillSettings(name="tax", level=3),)
    node.seats.take([AgentSettings(id="1001", queues=("hotline",), skills=beginner)])
    node.login("1001", "8001")
    call_id = node.call_in()
    node.pass_time(29.9)
    assert node.entries(entries.CallWidened) == []
    node.pass_time(60.0)
    steps = [(each.call_id, each.queue, each.lowered_by) for each in node.entries(entries.CallWidened)]
    assert steps == [(call_id, "hotline", 1), (call_id, "hotline", 2)]
    story = [each for each in node.story(call_id) if each in ("CallQueued", "CallWidened", "CallOffered")]
    assert story == ["CallQueued", "CallWidened", "CallWidened", "CallOffered"]
