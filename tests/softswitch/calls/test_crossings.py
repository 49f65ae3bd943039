"""Keys of phones cross buttons of the bar, answers cross hang-ups: in either order one of a few ends, and nothing is left.

As in `test_races`, news of phones lie in the hands of the test until `settle`.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from api.faults import ApiFault, Conflict
from api.ports import ForcedState, SuperviseMode, Target, TargetKind
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.store import entries
from tests.softswitch.calls.node import Node, account_peer, done
from tests.softswitch.calls.test_races import COLLEAGUE, Deed, Desk

QUEUE = Target(kind=TargetKind.QUEUE, to="hotline")
TO_COLLEAGUE = "<sip:8002@hotline>"
EITHER_ORDER = pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])


@pytest.fixture
def desk() -> Desk:
    return Desk()


def in_order(one: Callable[[], object], other: Callable[[], object], *, is_first: bool) -> None:
    """Both in one moment, the one before the other, or after it."""
    for deed in (one, other) if is_first else (other, one):
        deed()


def told(node: Node, leg_id: str) -> list[str]:
    """What a phone was told of the transfers that it asked for."""
    return [
        dict(headers)[""].split()[1]
        for method, _, headers in node.outside(leg_id).told
        if method == "NOTIFY" and dict(headers)["Event"] == "refer"
    ]


# ---- the hold key --------------------------------------------------------------------------------


@EITHER_ORDER
def test_phone_and_bar_hold_in_one_moment(desk: Desk, is_first: bool) -> None:
    """These are two holds: the caller has music until both were taken back, whichever is first."""
    node = desk.node
    node.sip.hold(desk.own, held=True)
    done(desk.bar.hold("1001"))
    node.settle()
    assert node.plane.hears("in1") == {"music"}
    back: list[Callable[[], object]] = [
        lambda: node.sip.hold(desk.own, held=False),
        lambda: done(desk.bar.retrieve("1001")),
    ]
    for deed in back if is_first else back[::-1]:
        assert node.plane.hears("in1") == {"music"}
        deed()
        node.settle()
    desk.assert_pair(desk.own)
    desk.assert_over()


def test_a_second_hold_while_the_first_is_under_way_is_the_same_hold(desk: Desk) -> None:
    """A re-INVITE that is sent again, or one that only refreshes the session, holds nobody twice."""
    for _ in range(2):
        desk.node.sip.hold(desk.own, held=True)
    desk.node.settle()
    assert desk.node.plane.hears("in1") == {"music"}
    assert len(desk.node.entries(entries.CallHeld)) == 1
    desk.node.sip.hold(desk.own, held=False)
    desk.node.settle()
    desk.assert_pair(desk.own)
    assert len(desk.node.entries(entries.CallRetrieved)) == 1
    desk.assert_over()


def test_hold_pressed_twice_on_the_bar_is_one_hold(desk: Desk) -> None:
    done(desk.bar.hold("1001"))
    with pytest.raises(Conflict) as refused:
        done(desk.bar.hold("1001"))
    assert "retrieve" in refused.value.allowed
    done(desk.bar.retrieve("1001"))
    desk.assert_pair(desk.own)
    desk.assert_over()


@EITHER_ORDER
def test_the_hold_key_as_the_caller_leaves(desk: Desk, is_first: bool) -> None:
    in_order(
        lambda: desk.node.sip.hold(desk.own, held=True),
        lambda: desk.node.sip.leave("in1"),
        is_first=is_first,
    )
    desk.assert_over()
    assert len(desk.node.entries(entries.CallEnded)) == 1


def test_the_hold_key_as_the_caller_is_handed_over(desk: Desk) -> None:
    """The phone that held is out of the call: its hold goes with it."""
    asked = desk.consult()
    desk.node.sip.hold(desk.own, held=True)
    done(desk.bar.transfer("1001", None))
    desk.node.settle()
    desk.assert_pair(asked)
    desk.assert_over()


# ---- the transfer key ----------------------------------------------------------------------------


@EITHER_ORDER
def test_the_transfer_key_while_a_hold_is_under_way(desk: Desk, is_first: bool) -> None:
    """Phones hold before they transfer, and some do not wait for the answer to that."""
    in_order(
        lambda: desk.node.sip.hold(desk.own, held=True),
        lambda: desk.node.sip.refer(desk.own, TO_COLLEAGUE),
        is_first=is_first,
    )
    target = desk.rung()
    assert desk.node.plane.hears("in1") == {"music"}
    desk.node.sip.pick_up(target)
    desk.node.settle()
    assert told(desk.node, desk.own) == ["100", "200"]
    desk.assert_pair(target)
    desk.assert_over()


@EITHER_ORDER
def test_a_transfer_that_fails_while_the_phone_takes_back_its_hold(desk: Desk, is_first: bool) -> None:
    desk.node.sip.hold(desk.own, held=True)
    desk.node.sip.refer(desk.own, TO_COLLEAGUE)
    target = desk.rung()
    in_order(
        lambda: desk.node.sip.refuse(target, 486),
        lambda: desk.node.sip.hold(desk.own, held=False),
        is_first=is_first,
    )
    desk.node.settle()
    assert told(desk.node, desk.own) == ["100", "486"]
    desk.assert_pair(desk.own)
    desk.assert_over()


@EITHER_ORDER
def test_the_transfer_key_as_the_caller_leaves(desk: Desk, is_first: bool) -> None:
    """Nobody is rung for a caller who is not there."""
    in_order(
        lambda: desk.node.sip.refer(desk.own, TO_COLLEAGUE),
        lambda: desk.node.sip.leave("in1"),
        is_first=is_first,
    )
    desk.node.settle()
    assert not desk.node.ringing()
    desk.assert_over()


def test_the_transfer_key_twice_is_one_transfer(desk: Desk) -> None:
    desk.node.sip.refer(desk.own, TO_COLLEAGUE)
    desk.node.sip.refer(desk.own, "<sip:8003@hotline>")
    target = desk.rung()
    assert told(desk.node, desk.own) == ["100", "481"]
    desk.node.sip.pick_up(target)
    desk.node.settle()
    desk.assert_pair(target)
    desk.assert_over()


@EITHER_ORDER
def test_phone_and_bar_transfer_in_one_moment(desk: Desk, is_first: bool) -> None:
    """Whichever is heard first is done, and the other is told that it is not."""
    desk.node.sip.refer(desk.own, TO_COLLEAGUE)
    if is_first:
        desk.node.settle()
        with pytest.raises(Conflict):
            done(desk.bar.transfer("1001", COLLEAGUE))
    else:
        done(desk.bar.transfer("1001", COLLEAGUE))
    target = desk.rung()
    assert told(desk.node, desk.own) == (["100"] if is_first else ["481"])
    desk.node.sip.pick_up(target)
    desk.node.settle()
    desk.assert_pair(target)
    desk.assert_over()


@pytest.mark.parametrize("is_answered", [False, True])
def test_the_bar_takes_back_what_the_phone_transfers(desk: Desk, is_answered: bool) -> None:
    """The phone is told that nothing came of it, also when the target answers in that moment."""
    desk.node.sip.refer(desk.own, TO_COLLEAGUE)
    target = desk.rung()
    if is_answered:
        desk.node.sip.pick_up(target)
    done(desk.bar.reconnect("1001"))
    desk.node.settle()
    assert told(desk.node, desk.own) == ["100", "487"]
    assert desk.node.outside(target).is_over
    desk.assert_pair(desk.own)
    desk.assert_over()


@EITHER_ORDER
def test_a_phone_hangs_up_as_the_target_of_its_transfer_answers(desk: Desk, is_first: bool) -> None:
    """Many phones say BYE as soon as the transfer is tried, and do not wait to hear what comes of it."""
    desk.node.sip.refer(desk.own, TO_COLLEAGUE)
    target = desk.rung()
    in_order(
        lambda: desk.node.sip.pick_up(target),
        lambda: desk.node.sip.leave(desk.own),
        is_first=is_first,
    )
    desk.node.settle()
    desk.assert_pair(target)
    assert len(desk.node.entries(entries.CallTransferred)) == 1
    desk.assert_over()


@EITHER_ORDER
def test_a_phone_hangs_up_as_the_target_of_its_transfer_refuses(desk: Desk, is_first: bool) -> None:
    """The caller, whom nobody has, is the first of the line."""
    desk.node.sip.refer(desk.own, TO_COLLEAGUE)
    target = desk.rung()
    in_order(
        lambda: desk.node.sip.refuse(target, 486),
        lambda: desk.node.sip.leave(desk.own),
        is_first=is_first,
    )
    desk.node.settle()
    assert desk.node.waits(desk.call_id) == 1
    desk.assert_over()


@pytest.mark.parametrize("who", ["caller", "asked", "second"])
@EITHER_ORDER
def test_both_calls_of_a_phone_are_joined_as_somebody_leaves(desk: Desk, who: str, is_first: bool) -> None:
    """REFER with Replaces: the caller, whom the agent asked, or the agent's second call itself is gone in that moment."""
    node, second = desk.node, "out2"
    node.sip.hold(desk.own, held=True)
    node.board.invited(node.sip.invite(second, "8002", account_peer("phone8001")))
    target = desk.rung()
    node.sip.pick_up(target)
    node.settle()
    node.sip.acknowledge(second)
    node.settle()
    refer_to = f"<sip:8002@hotline?Replaces=sip-{second}%3Bto-tag%3D1%3Bfrom-tag%3D2>"
    in_order(
        lambda: node.sip.refer(desk.own, refer_to),
        lambda: node.sip.leave({"caller": "in1", "asked": target, "second": second}[who]),
        is_first=is_first,
    )
    node.settle()
    if who == "second" and is_first:
        desk.assert_pair(target)
    elif not is_first and who != "caller":
        assert told(node, desk.own) == ["481"]
        assert node.plane.hears("in1") == {"music"}, "the agent holds the caller still"
        node.sip.hold(desk.own, held=False)
        node.settle()
        desk.assert_pair(desk.own)
    for leg in (desk.own, target, second):
        if not node.outside(leg).is_over:
            node.sip.leave(leg)
        node.settle()
    desk.assert_over()


# ---- a consult, a conference -----------------------------------------------------------------------


@EITHER_ORDER
def test_whom_the_agent_asks_answers_as_the_caller_leaves(desk: Desk, is_first: bool) -> None:
    """There is nothing left to be asked: both phones are hung up."""
    done(desk.bar.consult("1001", COLLEAGUE))
    asked = desk.rung()
    in_order(
        lambda: desk.node.sip.pick_up(asked),
        lambda: desk.node.sip.leave("in1"),
        is_first=is_first,
    )
    desk.node.settle()
    assert (desk.node.outside(asked).is_over, desk.node.outside(desk.own).is_over) == (True, True)
    desk.assert_over()


@EITHER_ORDER
def test_whom_the_agent_asks_answers_as_the_agent_hangs_up(desk: Desk, is_first: bool) -> None:
    """Hanging up in a consult hands the caller over, answered or not."""
    done(desk.bar.consult("1001", COLLEAGUE))
    asked = desk.rung()
    in_order(
        lambda: desk.node.sip.pick_up(asked),
        lambda: desk.node.sip.leave(desk.own),
        is_first=is_first,
    )
    desk.node.settle()
    desk.assert_pair(asked)
    desk.assert_over()


PRESSED: dict[str, Deed] = {
    "alternate": lambda d: done(d.bar.alternate("1001")),
    "reconnect": lambda d: done(d.bar.reconnect("1001")),
    "conference": lambda d: done(d.bar.conference("1001")),
    "transfer": lambda d: done(d.bar.transfer("1001", None)),
    "mute": lambda d: done(d.bar.mute("1001")),
    "digits": lambda d: done(d.bar.send_digits("1001", "1")),
    "hang up": lambda d: done(d.bar.hang_up_own("1001")),
    "pause": lambda d: done(d.bar.pause_recording(d.call_id, "x")),
    "barge": lambda d: done(d.bar.supervise("1003", d.call_id, SuperviseMode.BARGE, "x")),
}


@pytest.mark.parametrize("who", ["caller", "agent", "colleague"])
@pytest.mark.parametrize("pressed", PRESSED)
def test_a_button_is_pressed_in_a_consult_as_somebody_leaves(desk: Desk, pressed: str, who: str) -> None:
    """The call ends once, with the caller; while there is a caller, somebody of the hotline is there as well."""
    asked = desk.consult()
    desk.node.sip.leave({"caller": "in1", "agent": desk.own, "colleague": asked}[who])
    with suppress(ApiFault):
        PRESSED[pressed](desk)
    desk.node.settle()
    if desk.node.board.calls():
        call = desk.node.call(desk.call_id)
        assert who != "caller"
        assert call.agent is not None
        assert not desk.node.outside(call.agent.leg_id).is_over
    desk.assert_over()
    assert len(desk.node.entries(entries.CallEnded)) == 1


def test_the_transfer_is_completed_as_all_are_joined(desk: Desk) -> None:
    """Either button is heard first; the other one finds a call in which there is nothing for it to do."""
    asked = desk.consult()
    done(desk.bar.conference("1001"))
    with pytest.raises(Conflict) as refused:
        done(desk.bar.transfer("1001", None))
    assert refused.value.code == "wrong_target"
    assert desk.node.plane.hears("in1") == {desk.own, asked}
    desk.assert_over()


def test_all_are_joined_as_the_transfer_is_completed(desk: Desk) -> None:
    asked = desk.consult()
    done(desk.bar.transfer("1001", None))
    with pytest.raises(Conflict):
        done(desk.bar.conference("1001"))
    desk.node.settle()
    desk.assert_pair(asked)
    desk.assert_over()


def test_three_are_joined_twice(desk: Desk) -> None:
    asked = desk.consult()
    done(desk.bar.conference("1001"))
    with pytest.raises(Conflict):
        done(desk.bar.conference("1001"))
    assert desk.node.plane.hears(asked) == {"in1", desk.own}
    assert len(desk.node.entries(entries.CallConferenced)) == 1
    desk.assert_over()


# ---- a queue is asked ------------------------------------------------------------------------------


@pytest.fixture
def asked_queue(desk: Desk) -> tuple[Desk, str]:
    """The agent asks the queue, and the phone of 1002 rings for it."""
    done(desk.bar.consult("1001", QUEUE))
    done(desk.node.seats.ready("1002"))
    return desk, desk.rung()


@EITHER_ORDER
@pytest.mark.parametrize("who", ["caller", "agent"])
def test_an_agent_of_the_asked_queue_answers_as_somebody_leaves(
    asked_queue: tuple[Desk, str], who: str, is_first: bool
) -> None:
    """An agent who is gone has handed the caller over to the queue; without the caller everybody is free."""
    desk, phone = asked_queue
    in_order(
        lambda: desk.node.sip.pick_up(phone),
        lambda: desk.node.sip.leave("in1" if who == "caller" else desk.own),
        is_first=is_first,
    )
    desk.node.settle()
    if who == "caller":
        assert desk.node.outside(phone).is_over
    else:
        assert desk.node.board.calls(), "the caller is not hung up"
    desk.assert_over()
    assert len(desk.node.entries(entries.CallEnded)) == 1


@pytest.mark.parametrize("pressed", ["reconnect", "transfer"])
def test_an_agent_of_the_asked_queue_answers_as_the_agent_goes_on(
    asked_queue: tuple[Desk, str], pressed: str
) -> None:
    """Back with the caller, the phone is hung up; handed over, the caller has somebody or stands in that line."""
    desk, phone = asked_queue
    desk.node.sip.pick_up(phone)
    PRESSED[pressed](desk)
    desk.node.settle()
    if pressed == "reconnect":
        desk.assert_pair(desk.own)
        assert desk.node.outside(phone).is_over
    else:
        call = desk.node.call(desk.call_id)
        assert call.state is CallState.WAITING or call.agent is not None and call.agent.agent == "1002"
        assert desk.node.outside(desk.own).is_over
    desk.assert_over()


# ---- supervisors and who waits -----------------------------------------------------------------------


@EITHER_ORDER
def test_a_supervisor_answers_as_the_caller_leaves(desk: Desk, is_first: bool) -> None:
    boss = desk.intercept("1003")
    in_order(
        lambda: desk.node.sip.pick_up(boss),
        lambda: desk.node.sip.leave("in1"),
        is_first=is_first,
    )
    desk.node.settle()
    assert desk.node.outside(boss).is_over
    desk.assert_over()


def test_a_supervisor_asks_twice_before_the_own_phone_is_answered(desk: Desk) -> None:
    """The phone rings once, and the last word says how the supervisor takes part."""
    done(desk.bar.supervise("1003", desk.call_id, SuperviseMode.MONITOR, "x"))
    done(desk.bar.supervise("1003", desk.call_id, SuperviseMode.BARGE, "x"))
    boss = desk.rung()
    desk.node.sip.pick_up(boss)
    desk.node.settle()
    assert desk.node.plane.hears("in1") == {desk.own, boss}
    assert [entry.mode for entry in desk.node.entries(entries.SupervisionStarted)] == ["barge"]
    desk.assert_over()


def test_an_agent_is_signed_out_by_force_as_the_phone_hangs_up(desk: Desk) -> None:
    desk.node.sip.leave(desk.own)
    done(desk.bar.force_state("1001", ForcedState.LOGGED_OUT, "x"))
    desk.assert_over()
    assert desk.node.agent("1001")[0] == "logged_out"


class Waiting:
    """A caller `in1` waits; 1001 and 1002 sit there and take no calls."""

    def __init__(self) -> None:
        self.node = node = Node()
        self.bar = Operations(node.board, node.seats)
        node.login(state="not_ready")
        node.login("1002", "8002", "not_ready")
        self.call_id = node.call_in("in1")

    def given_to(self, agent: str) -> str:
        """The caller is given to an agent whose phone rings: the leg."""
        before = {leg.leg_id for leg in self.node.ringing()}
        done(self.bar.pick_up(agent, self.call_id, "x"))
        self.node.settle()
        (leg,) = [leg.leg_id for leg in self.node.ringing() if leg.leg_id not in before]
        return leg


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@EITHER_ORDER
@pytest.mark.parametrize("is_offered", [False, True], ids=["given to both", "offered to the other"])
def test_two_phones_that_ring_for_a_caller_are_answered_in_one_moment(
    waiting: Waiting, is_first: bool, is_offered: bool
) -> None:
    """The first has the caller, and the other one is hung up."""
    node, one = waiting.node, waiting.given_to("1002")
    if is_offered:
        done(node.seats.ready("1001"))
        node.settle()
    two = node.leg_of_agent(waiting.call_id) if is_offered else waiting.given_to("1001")
    assert one != two
    in_order(lambda: node.sip.pick_up(one), lambda: node.sip.pick_up(two), is_first=is_first)
    node.settle()
    if node.call(waiting.call_id).state is CallState.INTRODUCED:  # who was offered announces the agent first
        node.plane.play_to_the_end("in1")
        node.settle()
    has, lost = (one, two) if is_first else (two, one)
    assert node.outside(lost).is_over
    assert (node.plane.hears("in1"), node.plane.hears(has)) == ({has}, {"in1"})
    assert sum(node.agent(agent)[1] != "idle" for agent in ("1001", "1002")) == 1
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_a_phone_stops_ringing_for_a_caller_whom_another_agent_has(waiting: Waiting) -> None:
    one, two = waiting.given_to("1001"), waiting.given_to("1002")
    waiting.node.sip.pick_up(one)
    waiting.node.settle()
    assert waiting.node.outside(two).told[-1][0] == "CANCEL"
    assert waiting.node.agent("1002")[1] == "idle"
    waiting.node.sip.leave("in1")
    waiting.node.assert_nothing_is_left()


@EITHER_ORDER
def test_a_caller_leaves_as_the_agent_to_whom_the_call_was_given_answers(
    waiting: Waiting, is_first: bool
) -> None:
    node, phone = waiting.node, waiting.given_to("1001")
    in_order(lambda: node.sip.pick_up(phone), lambda: node.sip.leave("in1"), is_first=is_first)
    node.settle()
    assert node.outside(phone).is_over
    node.assert_nothing_is_left()
    assert len(node.entries(entries.CallEnded)) == 1


@EITHER_ORDER
def test_a_level_is_changed_as_the_phone_is_answered(waiting: Waiting, is_first: bool) -> None:
    """Who has an agent already waits for nobody, whatever the level."""
    node, phone = waiting.node, waiting.given_to("1001")
    node.sip.pick_up(phone)
    if is_first:
        done(waiting.bar.set_level(waiting.call_id, 9, "x"))
        node.settle()
    else:
        node.settle()
        with pytest.raises(Conflict):
            done(waiting.bar.set_level(waiting.call_id, 9, "x"))
    assert node.plane.hears("in1") == {phone}
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_a_wrap_up_that_is_over_cannot_be_longer(desk: Desk) -> None:
    desk.node.sip.leave("in1")
    desk.node.settle()
    desk.node.pass_time(10.1)
    assert desk.node.agent("1001")[0] == "ready"
    with pytest.raises(Conflict):
        done(desk.bar.extend_wrap_up("1001", 60))
    assert not desk.node.entries(entries.WrapUpExtended)
