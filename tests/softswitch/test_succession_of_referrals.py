"""A phone that asked for a transfer is told what came of it, though control died while the target rang."""

from api.ports import Target, TargetKind
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.store.writer import Store
from tests.softswitch.calls.node import Node
from tests.softswitch.calls.test_referrals import rung, talk, told
from tests.softswitch.test_succession import node, store, succeed

__all__ = ["node", "store"]
"""Fixtures: a store, and the control that will die."""


async def test_a_phone_whose_target_rang_is_told_that_it_came_to_nothing_and_may_ask_again(
    store: Store, node: Node
) -> None:
    """The target is let go, caller and agent talk on, and the next transfer is one like any other."""
    own = talk(node)
    node.sip.refer(own, "<sip:8002@hotline>")
    target = rung(node)
    after = await succeed(store, node)
    assert told(after, own) == ["100", "503"]
    assert after.outside(target).told[-1][0] == "CANCEL"
    assert (after.plane.hears("in1"), after.plane.hears(own)) == ({own}, {"in1"})
    after.sip.refer(own, "<sip:8002@hotline>")
    after.sip.pick_up(rung(after))
    after.settle()
    assert told(after, own) == ["100", "503", "100", "200"]
    assert [call.state for call in after.board.calls()] == [CallState.TALKING]


async def test_what_a_phone_was_told_already_is_not_told_again(store: Store, node: Node) -> None:
    """A refused transfer was over when control died; one that is asked for from the bar has no phone that waits."""
    own = talk(node)
    node.sip.refer(own, "<sip:8002@hotline>")
    node.sip.refuse(rung(node), 486)
    node.settle()
    again = await succeed(store, node)
    assert told(again, own) == ["100", "486"]
    await Operations(again.board, again.seats).consult("1001", Target(kind=TargetKind.AGENT, to="1002"))
    again.settle()
    after = await succeed(store, again)
    assert told(after, own) == ["100", "486"]
