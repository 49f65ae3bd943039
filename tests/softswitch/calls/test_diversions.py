"""Overflow to a number outside: rung while the caller keeps the place; whoever answers first has the caller."""

from dataclasses import replace

import pytest

from softswitch.calls.announcements import BUSY_LATER
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.calls.own_flows import LEAVE_MESSAGE
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.routes import RouteSettings
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import QUEUE, Node, done
from tests.softswitch.calls.test_flow import FlowNode

DUTY = "13900000002"
OUTSIDE = OverflowSettings(to=OverflowTo.EXTERNAL, name=DUTY, waited_s=20.0)
THEN_BUSY = OverflowSettings(to=OverflowTo.BUSY, waited_s=20.0)


def overflowing(*rules: OverflowSettings) -> Node:
    """A hotline with these rules."""
    return Node(greeting="", queue=replace(QUEUE, overflow=rules))


def rung_outside(node: Node) -> tuple[str, str]:
    """A caller has waited for twenty seconds: the call, and the leg that rings outside."""
    call_id = node.call_in("in1")
    node.pass_time(20.0)
    (leg,) = node.ringing()
    assert (leg.number, leg.from_user) == (DUTY, "12345")
    assert node.waits(call_id) == 1
    assert node.plane.hears("in1") == {"music"}
    return call_id, leg.leg_id


def test_the_number_outside_takes_the_caller_over_and_is_recorded() -> None:
    node = overflowing(OUTSIDE)
    call_id, duty = rung_outside(node)
    node.sip.ring(duty)
    node.sip.pick_up(duty)
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(duty)) == ({duty}, {"in1"})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), (duty,))
    assert (node.waits(call_id), node.call(call_id).state) == (None, CallState.TALKING)
    assert [trunk.in_use for trunk in node.trunks.statistics()] == [2]
    node.login()
    assert not node.ringing()
    node.sip.leave("in1")
    node.settle()
    assert node.outside(duty).told[-1][0] == "BYE"
    assert [each.to for each in node.entries(entries.CallTransferred)] == [DUTY]
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.SERVED
    node.assert_nothing_is_left()


def test_when_the_one_outside_hangs_up_the_call_ends() -> None:
    node = overflowing(OUTSIDE)
    _, duty = rung_outside(node)
    node.sip.pick_up(duty)
    node.settle()
    node.sip.leave(duty)
    node.settle()
    assert node.outside("in1").told[-1][0] == "BYE"
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.COMPLETED
    node.assert_nothing_is_left()


def test_an_agent_who_answers_first_has_the_caller_and_the_ringing_outside_stops() -> None:
    node = overflowing(OUTSIDE)
    call_id, duty = rung_outside(node)
    node.login()
    phone = node.leg_of_agent(call_id)
    node.answer(phone)
    assert node.plane.hears("in1") == {phone}
    assert not node.ringing()
    assert node.outside(duty).is_over
    node.sip.leave("in1")
    node.settle()
    assert node.agent()[:2] == ("wrap_up", "idle")
    node.assert_nothing_is_left()


def test_an_offer_that_rings_as_the_one_outside_answers_is_called_off() -> None:
    node = overflowing(OUTSIDE)
    call_id, duty = rung_outside(node)
    node.login()
    phone = node.leg_of_agent(call_id)
    node.sip.pick_up(duty)
    node.settle()
    assert node.plane.hears("in1") == {duty}
    assert node.outside(phone).is_over
    assert [each.cause for each in node.entries(entries.OfferEnded)] == ["diverted"]
    assert node.agent()[:2] == ("ready", "idle")


@pytest.mark.parametrize(
    ("to", "prompt"), [(OverflowTo.BUSY, BUSY_LATER), (OverflowTo.VOICEMAIL, LEAVE_MESSAGE)]
)
def test_a_caller_who_is_taken_elsewhere_stops_the_phone_that_rings_by_order(
    to: OverflowTo, prompt: str
) -> None:
    """Who was to pick the caller up is free again, at once."""
    rules = (OverflowSettings(to=to, waited_s=20.0),)
    node = FlowNode(queue=replace(QUEUE, overflow=rules))
    node.board._arrivals._routes.take([RouteSettings(number="12345", queue="hotline", greeting="")])
    call_id = node.call_in("in1")
    node.login("1002", "8002", "not_ready")
    node.pass_time(10.0)
    done(Operations(node.board, node.seats).pick_up("1002", call_id, "known to us"))
    node.settle()
    (phone,) = node.ringing()
    node.pass_time(10.0)
    assert node.plane.prompts_of("in1") == (prompt,)
    assert (node.ringing(), node.agent("1002")[1]) == ([], "idle")
    assert node.outside(phone.leg_id).is_over


@pytest.mark.parametrize("status", [486, 404, 0], ids=["busy", "no such number", "no answer"])
def test_nobody_outside_means_the_next_rule(status: int) -> None:
    node = overflowing(OUTSIDE, THEN_BUSY)
    call_id, duty = rung_outside(node)
    if status:
        node.sip.refuse(duty, status)
        node.settle()
    else:
        node.pass_time(30.0)
    assert node.waits(call_id) is None
    assert node.plane.prompts_of("in1") == (BUSY_LATER,)
    assert [trunk.in_use for trunk in node.trunks.statistics()] == [1]


@pytest.mark.parametrize("number", ["110", "01082345678"])
def test_a_number_that_no_outbound_rule_takes_is_passed_over(number: str) -> None:
    node = overflowing(replace(OUTSIDE, name=number), THEN_BUSY)
    node.call_in("in1")
    node.pass_time(20.0)
    assert not node.ringing()
    assert node.plane.prompts_of("in1") == (BUSY_LATER,)


def test_a_caller_who_hangs_up_stops_the_ringing_outside() -> None:
    node = overflowing(OUTSIDE)
    _, duty = rung_outside(node)
    node.sip.leave("in1")
    node.settle()
    assert node.outside(duty).is_over
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.ABANDONED
    node.assert_nothing_is_left()
