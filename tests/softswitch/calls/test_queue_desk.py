"""Callers in a line, as the queue's settings have it."""

from dataclasses import replace

from softswitch.settings.distribution import DistributionSettings
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
