"""A trunk that does not take a call is passed over: the same leg begins again by the next one."""

from dataclasses import replace

import pytest

from softswitch.calls.leg import LegState
from softswitch.calls.operations import Operations
from softswitch.settings.trunks import NumberSettings
from softswitch.store import entries
from tests.softswitch.calls.node import TRUNK, Node
from tests.softswitch.calls.test_outgoing import MOBILE, dial

RESERVE = replace(
    TRUNK,
    name="reserve",
    media_networks=("127.65.9.0/24",),
    numbers=NumberSettings(outbound_format="e164", presented_number="01012345000"),
)


@pytest.fixture
def node() -> Node:
    return Node(reserve=RESERVE)


def in_use(node: Node) -> dict[str, int]:
    """Channels in use by trunk."""
    return {trunk.name: trunk.in_use for trunk in node.trunks.statistics()}


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_the_next_trunk_gets_the_call_in_its_own_form_and_the_agent_notices_nothing(
    node: Node, bar: Operations, status: int
) -> None:
    call_id, own, target = dial(node, bar)
    assert node.outside(target).patience_s == 3.0
    assert in_use(node) == {"city": 1, "reserve": 0}
    node.sip.refuse(target, status)
    node.settle()
    outside = node.outside(target)
    assert (outside.peer.name, outside.number, outside.from_user) == (
        "reserve",
        "+86" + MOBILE,
        "+861012345000",
    )
    assert outside.patience_s is None, "there is no third one"
    assert in_use(node) == {"city": 0, "reserve": 1}
    (rerouted,) = node.entries(entries.CallRerouted)
    assert (rerouted.former, rerouted.trunk, rerouted.number, rerouted.sip_status) == (
        "city",
        "reserve",
        MOBILE,
        status,
    )
    leg = node.legs.find(target)
    assert leg is not None
    assert leg.networks == RESERVE.media_networks
    node.sip.ring(target)
    node.sip.pick_up(target)
    node.settle()
    assert (node.plane.hears(own), node.plane.hears(target)) == ({target}, {own})
    node.sip.leave(target)
    node.settle()
    assert node.story(call_id)[-2:] == ["CallEnded", "RecordingClosed"]
    assert in_use(node) == {"city": 0, "reserve": 0}
    node.assert_nothing_is_left()


def test_a_call_that_no_trunk_takes_fails_as_before(node: Node, bar: Operations) -> None:
    call_id, own, target = dial(node, bar)
    for _ in range(2):
        node.sip.refuse(target, 503)
        node.settle()
    assert node.outside(own).told[-1][0] == "BYE"
    assert node.story(call_id)[-1] == "CallEnded"
    assert in_use(node) == {"city": 0, "reserve": 0}
    node.assert_nothing_is_left()


def test_what_a_trunk_asked_for_before_it_failed_is_not_asked_by_the_next(
    node: Node, bar: Operations
) -> None:
    _, own, target = dial(node, bar)
    node.sip.refer(target, "<sip:8002@hotline>")
    node.settle()
    node.sip.refuse(target, 503)
    node.settle()
    node.sip.pick_up(target)
    node.settle()
    assert node.plane.hears(own) == {target}
    assert "NOTIFY" not in {method for method, *_ in node.outside(target).told}
    node.sip.leave(target)
    node.settle()
    node.assert_nothing_is_left()


@pytest.mark.parametrize("status", [404, 480, 486, 603])
def test_what_a_person_or_the_number_says_is_no_fault_of_the_trunk(
    node: Node, bar: Operations, status: int
) -> None:
    call_id, _, target = dial(node, bar)
    node.sip.refuse(target, status)
    node.settle()
    assert node.story(call_id)[-1] == "CallEnded"
    assert in_use(node) == {"city": 0, "reserve": 0}
    node.assert_nothing_is_left()


def test_a_trunk_that_fails_once_it_rang_has_had_its_turn(node: Node, bar: Operations) -> None:
    """Somebody's phone rang: the next trunk would ring it again."""
    call_id, _, target = dial(node, bar)
    node.sip.ring(target)
    node.settle()
    node.sip.refuse(target, 503)
    node.settle()
    assert node.story(call_id)[-1] == "CallEnded"
    node.assert_nothing_is_left()


def test_a_trunk_without_a_channel_or_down_is_no_detour(node: Node, bar: Operations) -> None:
    call_id, _, target = dial(node, bar)
    node.trunks.set_up("reserve", up=False)
    node.sip.refuse(target, 503)
    node.settle()
    assert node.story(call_id)[-1] == "CallEnded"
    node.assert_nothing_is_left()


def test_an_agent_who_hangs_up_on_the_way_round_ends_it(node: Node, bar: Operations) -> None:
    """Between the two trunks, before the second has heard of the call."""
    call_id, own, target = dial(node, bar)
    node.sip.refuse(target, 503)
    while node.deliver_edge() or node.deliver_cell():
        pass
    leg = node.legs.find(target)
    assert leg is not None
    assert leg.state is LegState.OPENING
    node.sip.leave(own)
    node.settle()
    assert node.story(call_id)[-1] == "CallEnded"
    assert node.legs.find(target) is None
    assert in_use(node) == {"city": 0, "reserve": 0}
    node.assert_nothing_is_left()


def test_a_call_by_the_only_trunk_has_all_the_time_of_the_protocol() -> None:
    """Without another way, patience would only lose calls on a bad line."""
    node = Node()
    _, _, target = dial(node, Operations(node.board, node.seats))
    assert node.outside(target).patience_s is None
