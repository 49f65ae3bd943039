"""A caller asks to be called back: in a flow by the operator's node, or where the line is too long by an overflow rule."""

from dataclasses import replace
from typing import Any

import pytest

from softswitch.calls.callback import CallbackState
from softswitch.calls.queue_definition import definition_of
from softswitch.settings.distribution import DistributionSettings
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import CALLER, EPOCH, QUEUE
from tests.softswitch.calls.test_flow import FlowNode, business_of

OVERFLOW = OverflowSettings(to=OverflowTo.CALLBACK, waited_s=20.0)
FLOW: dict[str, Any] = {
    "id": "main",
    "start": "menu",
    "nodes": {
        "menu": {"type": "menu", "say": ["menu"], "keys": {"5": "back"}, "otherwise": "people"},
        "back": {"type": "callback", "queue": "hotline", "next": "bye", "otherwise": "people"},
        "people": {"type": "queue", "queue": "hotline"},
        "bye": {"type": "hang_up", "say": ["thanks"]},
    },
}


def overflowing() -> FlowNode:
    """Who has waited twenty seconds is offered a callback; nobody is signed in."""
    node = FlowNode(queue=replace(QUEUE, overflow=(OVERFLOW,)))
    node.enter()
    node.press("1")
    node.pass_time(20.0)
    assert node.plane.prompts_of("in1") == ("offer_callback",)
    return node


def only(node: FlowNode) -> Any:
    """The one callback that there is."""
    (callback,) = node.board.callbacks.all()
    return callback


def test_a_key_of_a_flow_notes_a_callback_and_the_caller_may_hang_up() -> None:
    node = FlowNode()
    node.standing.business = business_of(main=FLOW)
    call_id = node.enter()
    node.press("5")
    assert node.plane.prompts_of("in1") == ("thanks",)
    callback = only(node)
    assert (callback.number, callback.origin, callback.line) == (CALLER, call_id, "12345")
    node.sip.leave("in1")
    node.settle()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.SERVED
    node.login()
    node.sip.pick_up(node.ringing()[0].leg_id)
    node.settle()
    assert [leg.number for leg in node.ringing()] == [CALLER]


def test_a_queue_that_takes_nobody_leads_on_in_the_flow() -> None:
    node = FlowNode()
    node.standing.business = business_of(main=FLOW)
    shut = replace(QUEUE, distribution=DistributionSettings(refuses_when=("nobody",)))
    node.dispatcher.tell(definition_of(shut))
    node.enter()
    node.press("5")
    assert node.board.callbacks.all() == ()
    assert node.plane.prompts_of("in1") == ("busy_later",)


def test_by_overflow_the_place_is_that_in_the_line() -> None:
    """The caller came twenty seconds before whoever has come since."""
    node = overflowing()
    other = node.enter("in2")
    node.press("1", "in2")
    node.press("1")
    assert node.plane.prompts_of("in1") == ("callback_noted",)
    callback = only(node)
    assert (callback.arrived_at, callback.state) == (EPOCH, CallbackState.WAITING)
    assert (node.waits(callback.call_id), node.waits(other)) == (1, 2)
    node.listen()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.SERVED


def test_another_number_is_typed_in() -> None:
    node = overflowing()
    node.press("2")
    assert node.plane.prompts_of("in1") == ("enter_number",)
    node.press("13900000002#")
    assert only(node).number == "13900000002"


@pytest.mark.parametrize(
    "keys", ["", "2110#", "9"], ids=["no key", "a number of no rule", "a key of no meaning"]
)
def test_who_does_not_want_it_waits_on_at_the_old_place_and_is_not_asked_again(keys: str) -> None:
    node = overflowing()
    other = node.enter("in2")
    node.press("1", "in2")
    node.press(keys)
    if not keys:
        node.listen()
        node.pass_time(5.0)
    assert node.board.callbacks.all() == ()
    first = next(call for call in node.board.calls() if call.call_id != other)
    assert (node.waits(first.call_id), node.waits(other)) == (1, 2)
    node.sip.leave("in2")
    node.settle()
    node.pass_time(60.0)
    assert node.waits(first.call_id) == 1
