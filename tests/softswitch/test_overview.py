"""What screens are told of the queues: how long a call that came now would wait, as a band."""

from dataclasses import replace

from softswitch.overview import expected_wait_s
from tests.softswitch.calls.node import QUEUE, Node


def expected(node: Node) -> tuple[float, ...]:
    """Of the one queue that there is."""
    engine = node.dispatcher.engine
    (queue,) = engine.statistics().queues
    return expected_wait_s(engine, queue)


def test_the_expected_wait_is_a_band_of_the_place_behind_all_who_wait() -> None:
    """Nothing while nobody was served, no wait while somebody is free, and more with each who stands before."""
    node = Node(queue=replace(QUEUE, wrap_up_s=0.0))
    assert expected(node) == ()
    node.login()
    assert expected(node) == (0.0, 0.0)
    for serial in range(3):
        leg = node.talk(f"old{serial}")
        assert serial > 1 or expected(node) == ()
        node.pass_time(60.0)
        node.sip.leave(leg)
        node.settle()
    node.talk("in1")
    low_s, high_s = expected(node)
    assert 0 < low_s < 60 < high_s
    node.call_in("in2")
    second = expected(node)
    assert second[0] > low_s and second[1] > high_s
