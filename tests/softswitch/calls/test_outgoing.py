"""Calls that agents make: their own phone first, then the target, by the rules of their seat."""

from dataclasses import replace

import pytest

from api.faults import Conflict, Denied, Refused, Unavailable
from api.ports import Target, TargetKind
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.cells.messages import Credentials, MakeLeg
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import TRUNK, Node, account_peer, done

MOBILE = "13900000002"


def rung(node: Node) -> str:
    """The one leg whose phone rings."""
    node.settle()
    (leg,) = node.ringing()
    return leg.leg_id


def dial(node: Node, bar: Operations, number: str = MOBILE) -> tuple[str, str, str]:
    """1003 at the seat that may call mobiles dials and has the own phone answered: call, own leg, target's leg."""
    node.login("1003", "8003")
    call_id = done(bar.dial("1003", number, {"order": 7}))
    own = rung(node)
    node.sip.pick_up(own)
    return call_id, own, rung(node)


def test_the_agents_own_phone_rings_first_then_the_number_with_the_hotlines(
    node: Node, bar: Operations
) -> None:
    call_id, own, target = dial(node, bar)
    assert node.agent("1003")[:2] == ("ready", "engaged")
    assert [source.name for source in node.plane.legs[own].hearing] == ["ringback"]
    outside = node.outside(target)
    assert (outside.number, outside.from_user) == (MOBILE, "12345")
    assert [trunk.in_use for trunk in node.trunks.statistics()] == [1]
    node.sip.ring(target)
    node.sip.pick_up(target)
    node.settle()
    assert (node.plane.hears(own), node.plane.hears(target)) == ({target}, {own})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == ((target,), (own,))
    assert node.call(call_id).data == {"order": 7}
    assert node.story(call_id) == [
        "CallDialled",
        "CallDataChanged",
        "CallAnswered",
        "DialResulted",
        "RecordingStarted",
        "CallConnected",
    ]
    node.sip.leave(target)
    node.settle()
    assert node.outside(own).told[-1][0] == "BYE"
    assert node.agent("1003")[:2] == ("ready", "idle")
    node.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (486, EndReason.REJECTED),
        (404, EndReason.NO_ROUTE),
        (480, EndReason.ABANDONED),
        (503, EndReason.FAILED),
    ],
)
def test_a_target_that_does_not_come_ends_the_call_with_its_reason(
    node: Node, bar: Operations, status: int, reason: EndReason
) -> None:
    _, own, target = dial(node, bar)
    node.sip.refuse(target, status)
    node.settle()
    assert node.outside(own).told[-1][0] == "BYE"
    (end,) = node.entries(entries.CallEnded)
    assert (end.end_reason, end.sip_status) == (reason, status)
    node.assert_nothing_is_left()


def test_who_dials_on_the_keypad_during_a_talk_is_offered_nobody_when_the_talk_is_over(node: Node) -> None:
    """The phone has two lines, the agent has two ears: the next caller waits until the second call is over too."""
    node.login("1003", "8003")
    node.talk("in1")
    node.board.invited(node.sip.invite("out1", MOBILE, account_peer("phone8003")))
    node.settle()
    (target,) = (leg for leg in node.ringing() if leg.number == MOBILE)
    node.sip.pick_up(target.leg_id)
    node.settle()
    node.sip.acknowledge("out1")
    waiting = node.call_in("in2", "13900001111")
    node.sip.leave("in1")
    node.settle()
    node.pass_time(60.0)
    assert node.agent("1003")[1] == "engaged"
    assert node.ringing() == []
    node.sip.leave(target.leg_id)
    node.settle()
    assert [party.agent for party in node.call(waiting).offered] == ["1003"]


def test_the_agent_gives_up_before_the_target_answers(node: Node, bar: Operations) -> None:
    _, own, target = dial(node, bar)
    node.sip.leave(own)
    node.settle()
    assert node.outside(target).told[-1][0] == "CANCEL"
    node.assert_nothing_is_left()


def test_an_own_phone_that_is_not_answered_calls_nobody(node: Node, bar: Operations) -> None:
    node.login("1003", "8003")
    done(bar.dial("1003", MOBILE, {}))
    rung(node)
    node.pass_time(31.0)
    assert len([leg for leg in node.sip.legs_by_id.values() if leg.number]) == 0
    assert node.agent("1003")[:2] == ("ready", "idle")
    node.assert_nothing_is_left()


@pytest.mark.parametrize("number", ["1002", "8002"])
def test_a_colleague_is_called_by_agent_id_or_extension(node: Node, bar: Operations, number: str) -> None:
    node.login("1002", "8002")
    call_id, own, target = dial(node, bar, number)
    assert node.agent("1002")[1] == "engaged"
    node.sip.pick_up(target)
    node.settle()
    assert (node.plane.hears(own), node.plane.hears(target)) == ({target}, {own})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == ((target,), (own,))
    (segment,) = node.entries(entries.RecordingSegmentStarted)
    assert (segment.left, segment.right) == ("1002", "1003")
    done(bar.hang_up_own("1002"))
    node.settle()
    assert [node.agent(agent)[1] for agent in ("1002", "1003")] == ["idle", "idle"]
    assert call_id not in {call.call_id for call in node.board.calls()}
    node.assert_nothing_is_left()


def test_calls_among_colleagues_are_not_recorded_where_the_hotline_does_not_want_it() -> None:
    node = Node(records_internal=False)
    node.login("1002", "8002")
    _, own, target = dial(node, Operations(node.board, node.seats), "1002")
    node.sip.pick_up(target)
    node.settle()
    assert (node.plane.hears(own), node.plane.hears(target)) == ({target}, {own})
    assert not node.plane.recordings


def test_a_dialled_customer_is_transferred_into_the_queue(node: Node, bar: Operations) -> None:
    call_id, own, target = dial(node, bar)
    node.sip.pick_up(target)
    node.settle()
    done(bar.transfer("1003", Target(kind=TargetKind.QUEUE, to="hotline")))
    node.settle()
    assert node.call(call_id).state is CallState.WAITING or node.call(call_id).offered
    node.login("1001", "8001")
    node.settle()
    for phone in node.ringing():
        assert phone.from_user == MOBILE, "the next agent's phone shows the customer, not the hotline"
    agents = {party.agent for party in node.call(call_id).parties if party.agent}
    assert agents & {"1001", "1003"}
    assert node.outside(own).is_over


@pytest.mark.parametrize(
    ("number", "fault"),
    [("051085551234", Denied), ("110", Denied), ("nobody", Refused), ("1003", Refused), ("8003", Refused)],
)
def test_what_the_seat_may_not_call_is_refused_before_anything_rings(
    node: Node, bar: Operations, number: str, fault: type[Exception]
) -> None:
    node.login("1003", "8003")
    with pytest.raises(fault):
        done(bar.dial("1003", number, {}))
    node.settle()
    assert not node.ringing()
    assert node.agent("1003")[1] == "idle"


def test_a_seat_without_rules_calls_nobody_outside_and_is_told_so(node: Node, bar: Operations) -> None:
    node.login()
    with pytest.raises(Denied) as refused:
        done(bar.dial("1001", MOBILE, {}))
    assert refused.value.rule == "none"


def test_only_numbers_of_ours_are_shown(node: Node, bar: Operations) -> None:
    node.login("1003", "8003")
    with pytest.raises(Denied) as refused:
        done(bar.dial("1003", MOBILE, {}, "95588"))
    assert refused.value.code == "caller_id_not_allowed"
    done(bar.dial("1003", MOBILE, {}, "12345"))


def test_a_trunk_without_a_channel_or_down_is_said_at_once(bar: Operations) -> None:
    node = Node(trunk=replace(TRUNK, channels=1))
    operations = Operations(node.board, node.seats)
    node.dial("in1")
    node.login("1003", "8003")
    with pytest.raises(Unavailable):
        done(operations.dial("1003", MOBILE, {}))


def test_who_is_in_a_call_does_not_dial(node: Node, bar: Operations) -> None:
    dial(node, bar)
    with pytest.raises(Conflict) as refused:
        done(bar.dial("1003", MOBILE, {}))
    assert refused.value.code == "agent_busy"


def test_a_trunk_that_challenges_is_answered_with_its_own_credentials() -> None:
    node = Node(trunk=replace(TRUNK, realm="provider", username="hotline", password="secret"))
    dial(node, Operations(node.board, node.seats))
    made = [order for order in node.sip.orders if isinstance(order, MakeLeg)]
    assert [order.credentials for order in made] == [
        None,
        Credentials(realm="provider", username="hotline", password="secret"),
    ]


def test_what_the_network_says_is_heard_by_the_agent_and_not_recorded(node: Node, bar: Operations) -> None:
    _, own, target = dial(node, bar)
    node.sip.announce(target)
    node.settle()
    assert node.plane.hears(own) == {target}
    assert not node.plane.recordings
    node.sip.refuse(target, 404)
    node.settle()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.NO_ROUTE
    node.assert_nothing_is_left()


def test_no_call_begins_while_the_node_drains(node: Node, bar: Operations) -> None:
    node.login("1003", "8003")
    node.board.outgoing.is_open = False
    with pytest.raises(Unavailable) as refused:
        done(bar.dial("1003", MOBILE, {}))
    assert refused.value.code == "draining"
    node.assert_nothing_is_left()
