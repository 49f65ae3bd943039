"""Transfers by the keys of a desk phone, and calls dialled on its keypad: the same rules as those of the bar."""

import pytest

from softswitch.calls.call import CallState
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import Node, account_peer, done


def talk(node: Node) -> str:
    """A caller `in1` talks with agent 1001, and 1002 is there: the agent's leg."""
    node.login()
    leg = node.talk("in1")
    node.login("1002", "8002", "not_ready")
    return leg


def rung(node: Node) -> str:
    """The one leg whose phone rings."""
    node.settle()
    (leg,) = node.ringing()
    return leg.leg_id


def told(node: Node, leg_id: str) -> list[str]:
    """What a phone was told of the transfer that it asked for."""
    return [
        dict(headers)[""].split()[1]
        for method, _, headers in node.outside(leg_id).told
        if method == "NOTIFY" and dict(headers)["Event"] == "refer"
    ]


def dial(node: Node, number: str, leg_id: str = "out1", seat: str = "8001") -> str:
    """A number is dialled on the keypad of a seat's phone; the phone's leg."""
    node.board.invited(node.sip.invite(leg_id, number, account_peer(f"phone{seat}")))
    node.settle()
    return leg_id


# ---- blind ---------------------------------------------------------------------------------------


def test_a_blind_transfer_is_told_of_when_the_target_answers(node: Node) -> None:
    own = talk(node)
    node.sip.refer(own, "<sip:8002@hotline>")
    asked = rung(node)
    assert told(node, own) == ["100"]
    assert node.plane.hears("in1") == {"music"}
    node.sip.pick_up(asked)
    node.settle()
    assert told(node, own) == ["100", "200"]
    assert node.outside(own).told[-1][0] == "BYE"
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
    assert node.agent("1001")[0] == "wrap_up"


def test_a_key_pressed_right_behind_the_ack_is_heard_of_like_any_other(node: Node) -> None:
    """Its REFER is here before the cell's word that the phone talks; the caller hears the introduction first."""
    node.login()
    own = node.leg_of_agent(node.call_in("in1"))
    node.sip.pick_up(own)
    node.sip.refer(own, "<sip:8002@hotline>")
    while node.deliver_edge():
        pass
    assert told(node, own) == []
    node.settle()
    assert told(node, own) == ["481"], "there is no talk yet that could be transferred"
    assert node.plane.prompts_of("in1")


def test_a_target_that_refuses_is_told_of_and_the_caller_is_back(node: Node) -> None:
    own = talk(node)
    node.sip.refer(own, "<sip:1002@hotline>")
    node.sip.refuse(rung(node), 486)
    node.settle()
    assert told(node, own) == ["100", "486"]
    assert node.plane.hears("in1") == {own}


@pytest.mark.parametrize(
    ("refer_to", "status"),
    [
        ("<sip:13900000002@hotline>", "403"),
        ("<sip:nobody@hotline>", "404"),
        ("<sip:1003@hotline>", "480"),
        ("<sip:1002@hotline?Replaces=gone%3Bto-tag%3D1%3Bfrom-tag%3D2>", "481"),
        ("nonsense <", "400"),
    ],
)
def test_what_the_rules_do_not_allow_is_told_at_once_and_the_call_goes_on(
    node: Node, refer_to: str, status: str
) -> None:
    own = talk(node)
    node.sip.refer(own, refer_to)
    node.settle()
    assert told(node, own) == [status]
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})
    assert not node.ringing()


def test_a_caller_who_asks_for_a_transfer_is_told_that_it_is_not_done(node: Node) -> None:
    own = talk(node)
    node.sip.refer("in1", "<sip:8002@hotline>")
    node.settle()
    assert told(node, "in1") == ["501"]
    assert node.plane.hears("in1") == {own}


# ---- the keypad ----------------------------------------------------------------------------------


def test_a_seat_calls_another_by_its_extension(node: Node) -> None:
    node.login()
    node.login("1002", "8002")
    own = dial(node, "8002")
    target = rung(node)
    assert node.agent("1001")[1] == "engaged"
    node.sip.ring(target)
    node.settle()
    assert node.outside(own).told == [("answer", 180, ())]
    node.sip.pick_up(target)
    node.settle()
    assert node.outside(own).told[-1] == ("answer", 200, ())
    node.sip.acknowledge(own)
    node.settle()
    assert (node.plane.hears(own), node.plane.hears(target)) == ({target}, {own})
    node.sip.leave(own)
    node.settle()
    assert [node.agent(agent)[1] for agent in ("1001", "1002")] == ["idle", "idle"]
    node.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("number", "status"), [("13900000002", 403), ("12345", 403), ("nobody", 404), ("1003", 480)]
)
def test_what_the_seat_may_not_dial_is_refused(node: Node, number: str, status: int) -> None:
    own = dial(node, number)
    assert [(kind, code) for kind, code, _ in node.outside(own).told] == [("answer", status)]
    assert not node.board.calls()


def test_a_seat_with_a_rule_dials_outside(node: Node) -> None:
    own = dial(node, "13900000002", seat="8003")
    target = rung(node)
    assert (node.outside(target).number, node.outside(target).from_user) == ("13900000002", "12345")
    node.sip.pick_up(target)
    node.settle()
    node.sip.acknowledge(own)
    node.settle()
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == ((target,), (own,))
    node.sip.leave(target)
    node.settle()
    node.assert_nothing_is_left()


def test_the_phone_that_dialled_hears_why_nobody_came(node: Node) -> None:
    node.login("1002", "8002")
    own = dial(node, "8002")
    node.sip.refuse(rung(node), 486)
    node.settle()
    assert node.outside(own).told[-1][:2] == ("answer", 486)
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.REJECTED
    node.assert_nothing_is_left()


def test_a_phone_that_gives_up_stops_the_ringing(node: Node) -> None:
    node.login("1002", "8002")
    own = dial(node, "8002")
    target = rung(node)
    node.sip.leave(own)
    node.settle()
    assert node.outside(target).told[-1][0] == "CANCEL"
    node.assert_nothing_is_left()


# ---- attended ------------------------------------------------------------------------------------


def test_both_calls_of_a_phone_are_joined_and_the_agent_leaves(node: Node) -> None:
    own = talk(node)
    (main,) = node.board.calls()
    node.sip.hold(own, held=True)
    second = dial(node, "8002", "out2")
    target = rung(node)
    node.sip.pick_up(target)
    node.settle()
    node.sip.acknowledge(second)
    node.settle()
    assert (node.plane.hears(second), node.plane.hears(target)) == ({target}, {second})
    assert node.plane.hears("in1") == {"music"}
    node.sip.refer(own, f"<sip:8002@hotline?Replaces=sip-{second}%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    node.settle()
    assert told(node, own) == ["200"]
    assert (node.plane.hears("in1"), node.plane.hears(target)) == ({target}, {"in1"})
    assert node.outside(own).told[-1][0] == "BYE"
    assert node.outside(second).told[-1][0] == "BYE"
    assert node.board.calls() == (main,)
    assert main.state is CallState.TALKING
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), (target,))
    assert node.agent("1001")[0] == "wrap_up"
    assert done(node.seats.get("1002")).call_id == main.call_id
    node.sip.leave(target)
    node.settle()
    assert node.outside("in1").is_over
    node.assert_nothing_is_left()
