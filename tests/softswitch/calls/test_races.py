"""Two things in one moment: what is on its way crosses what is decided, in either order, and nothing is left over.

News of phones lie in the hands of the test until `settle`: a button that is pressed before is pressed on what was true.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from api.faults import ApiFault, Conflict
from api.ports import ForcedState, HangUpTarget, SuperviseMode, Target, TargetKind
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.settings.queues import QueueSettings
from softswitch.store import entries
from tests.softswitch.calls.node import Node, done

COLLEAGUE = Target(kind=TargetKind.AGENT, to="1002")


class Desk:
    """A caller `in1` talks with 1001; 1002 and 1003 sit there and take no calls."""

    def __init__(self) -> None:
        self.node = node = Node(more_queues=(QueueSettings(name="other"),))
        self.bar = Operations(node.board, node.seats)
        node.login()
        self.own = node.talk("in1")
        self.call_id = node.board.calls()[0].call_id
        node.login("1002", "8002", "not_ready")
        node.login("1003", "8003", "not_ready")

    def rung(self) -> str:
        """The phone that rings now, ringing."""
        self.node.settle()
        (leg,) = self.node.ringing()
        self.node.sip.ring(leg.leg_id)
        self.node.settle()
        return leg.leg_id

    def consult(self) -> str:
        """1001 has asked 1002, who talks with 1001: the leg."""
        done(self.bar.consult("1001", COLLEAGUE))
        asked = self.rung()
        self.node.sip.pick_up(asked)
        self.node.settle()
        return asked

    def supervise(self, who: str) -> str:
        """A supervisor listens: the leg."""
        done(self.bar.supervise(who, self.call_id, SuperviseMode.MONITOR, "test"))
        leg = self.rung()
        self.node.sip.pick_up(leg)
        self.node.settle()
        return leg

    def intercept(self, who: str) -> str:
        """A supervisor wants the caller; the phone rings."""
        before = {leg.leg_id for leg in self.node.ringing()}
        done(self.bar.intercept(who, self.call_id, "test"))
        self.node.settle()
        (leg,) = [leg.leg_id for leg in self.node.ringing() if leg.leg_id not in before]
        return leg

    def assert_pair(self, leg: str) -> None:
        """The caller and this phone hear each other and nobody else."""
        assert (self.node.plane.hears("in1"), self.node.plane.hears(leg)) == ({leg}, {"in1"})

    def assert_over(self) -> None:
        """The caller goes too, and nothing of anything is left; agents are in no call."""
        if not self.node.outside("in1").is_over:
            self.node.sip.leave("in1")
        self.node.assert_nothing_is_left()
        assert {self.node.agent(agent)[1] for agent in ("1001", "1002", "1003")} == {"idle"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


Deed = Callable[[Desk], object]


# ---- hanging up ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda d: d.node.sip.leave("in1"), lambda d: d.node.sip.leave(d.own)),
        (lambda d: d.node.sip.leave(d.own), lambda d: d.node.sip.leave("in1")),
        (lambda d: d.node.sip.leave("in1"), lambda d: done(d.bar.hang_up_own("1001"))),
        (
            lambda d: d.node.sip.leave("in1"),
            lambda d: done(d.bar.force_hang_up(d.call_id, HangUpTarget.CALL, "x")),
        ),
        (
            lambda d: d.node.sip.leave(d.own),
            lambda d: done(d.bar.force_hang_up(d.call_id, HangUpTarget.AGENT_LEG, "x")),
        ),
        (lambda d: d.node.sip.leave("in1"), lambda d: done(d.bar.hold("1001"))),
        (lambda d: d.node.sip.leave("in1"), lambda d: done(d.bar.consult("1001", COLLEAGUE))),
        (lambda d: d.node.sip.leave("in1"), lambda d: done(d.bar.pause_recording(d.call_id, "x"))),
    ],
    ids=["caller agent", "agent caller", "bar", "force", "force agent", "hold", "consult", "recording"],
)
def test_both_end_the_call_or_one_does_while_the_other_presses(desk: Desk, one: Deed, other: Deed) -> None:
    one(desk)
    other(desk)
    desk.node.settle()
    if desk.node.board.calls():  # the agent alone was let go: the caller waits again
        assert desk.node.call(desk.call_id).state is CallState.WAITING
    desk.assert_over()
    assert len(desk.node.entries(entries.CallEnded)) == 1


# ---- consult, transfer, conference -----------------------------------------------------------------


def test_the_colleague_answers_as_the_caller_leaves_a_blind_transfer(desk: Desk) -> None:
    done(desk.bar.transfer("1001", COLLEAGUE))
    target = desk.rung()
    desk.node.sip.pick_up(target)
    desk.node.sip.leave("in1")
    desk.assert_over()
    assert desk.node.outside(target).is_over


def test_the_colleague_answers_as_the_agent_takes_the_caller_back(desk: Desk) -> None:
    done(desk.bar.consult("1001", COLLEAGUE))
    asked = desk.rung()
    desk.node.sip.pick_up(asked)
    done(desk.bar.reconnect("1001"))
    desk.node.settle()
    desk.assert_pair(desk.own)
    assert desk.node.outside(asked).is_over
    desk.assert_over()


def test_the_colleague_leaves_as_all_are_joined(desk: Desk) -> None:
    asked = desk.consult()
    desk.node.sip.leave(asked)
    done(desk.bar.conference("1001"))
    desk.node.settle()
    desk.assert_pair(desk.own)
    desk.assert_over()


def test_the_caller_is_handed_to_a_colleague_who_leaves_in_that_moment(desk: Desk) -> None:
    """It is the same as a talk that lasted no time: it was the agent who was there last who ended it."""
    desk.node.sip.leave(desk.consult())
    done(desk.bar.transfer("1001", None))
    desk.node.settle()
    assert [entry.ended_by for entry in desk.node.entries(entries.CallEnded)] == ["agent"]
    desk.assert_over()


def test_a_hold_while_the_transfer_rings_is_refused_and_the_transfer_goes_on(desk: Desk) -> None:
    done(desk.bar.transfer("1001", COLLEAGUE))
    target = desk.rung()
    desk.node.sip.pick_up(target)
    with pytest.raises(Conflict):
        done(desk.bar.hold("1001"))
    desk.node.settle()
    desk.assert_pair(target)
    desk.assert_over()


def test_a_transfer_pressed_twice_is_one_transfer(desk: Desk) -> None:
    done(desk.bar.transfer("1001", COLLEAGUE))
    with pytest.raises(Conflict):
        done(desk.bar.transfer("1001", Target(kind=TargetKind.AGENT, to="1003")))
    target = desk.rung()
    desk.node.sip.pick_up(target)
    desk.node.settle()
    desk.assert_pair(target)
    desk.assert_over()


# ---- supervisors -----------------------------------------------------------------------------------


def test_two_supervisors_take_the_caller_and_one_has_him(desk: Desk) -> None:
    """Both phones are answered in one moment: the last word counts, and everybody else is free."""
    first, second = desk.intercept("1002"), desk.intercept("1003")
    desk.node.sip.pick_up(first)
    desk.node.sip.pick_up(second)
    desk.node.settle()
    desk.assert_pair(second)
    assert desk.node.agent("1001")[0] == "wrap_up"
    assert desk.node.agent("1002")[1] == "idle"
    desk.assert_over()


def test_the_agent_leaves_as_the_supervisor_answers(desk: Desk) -> None:
    boss = desk.intercept("1002")
    desk.node.sip.leave(desk.own)
    desk.node.sip.pick_up(boss)
    desk.node.settle()
    desk.assert_over()


def test_the_caller_waits_again_as_the_supervisor_answers(desk: Desk) -> None:
    """The agent was let go by force meanwhile: there is no talk to be taken over, and the caller is first in line."""
    boss = desk.intercept("1002")
    desk.node.sip.pick_up(boss)
    done(desk.bar.force_hang_up(desk.call_id, HangUpTarget.AGENT_LEG, "asleep"))
    desk.node.settle()
    assert desk.node.waits(desk.call_id) == 1
    assert desk.node.outside(boss).is_over
    desk.assert_over()


def test_the_mode_is_switched_as_the_agent_leaves(desk: Desk) -> None:
    desk.supervise("1002")
    desk.node.sip.leave(desk.own)
    done(desk.bar.supervise("1002", desk.call_id, SuperviseMode.BARGE, "test"))
    desk.node.settle()
    desk.assert_over()


def test_a_consult_is_completed_as_a_supervisor_takes_the_caller(desk: Desk) -> None:
    asked = desk.consult()
    boss = desk.intercept("1003")
    desk.node.sip.pick_up(boss)
    done(desk.bar.transfer("1001", None))
    desk.node.settle()
    desk.assert_pair(boss)
    assert desk.node.outside(asked).is_over
    desk.assert_over()


# ---- who waits ---------------------------------------------------------------------------------------


class Line:
    """A caller `in1` for whom 1001's phone rings."""

    def __init__(self) -> None:
        self.node = node = Node(more_queues=(QueueSettings(name="other"),))
        self.bar = Operations(node.board, node.seats)
        node.login()
        self.call_id = node.call_in("in1")
        self.phone = node.leg_of_agent(self.call_id)
        node.sip.ring(self.phone)
        node.settle()


@pytest.fixture
def line() -> Line:
    return Line()


def test_a_caller_is_moved_as_the_phone_is_answered(line: Line) -> None:
    """The order came first: the caller stands in the other line, and the phone is hung up."""
    node = line.node
    node.sip.pick_up(line.phone)
    done(line.bar.move(line.call_id, "other", "test"))
    node.settle()
    assert (node.call(line.call_id).route.queue, node.waits(line.call_id)) == ("other", 1)
    assert node.outside(line.phone).is_over
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_the_phone_is_answered_and_then_the_caller_moved(line: Line) -> None:
    """The answer came first: nobody who talks is moved."""
    line.node.sip.pick_up(line.phone)
    line.node.settle()
    with pytest.raises(Conflict):
        done(line.bar.move(line.call_id, "other", "test"))


@pytest.mark.parametrize("state", [ForcedState.NOT_READY, ForcedState.LOGGED_OUT])
def test_an_agent_is_taken_off_by_force_as_the_phone_is_answered(line: Line, state: ForcedState) -> None:
    """Either the talk stands and the wish comes after it, or the caller waits on; never both."""
    node = line.node
    node.sip.pick_up(line.phone)
    with suppress(ApiFault):
        done(line.bar.force_state("1001", state, "test"))
    node.settle()
    is_waiting = node.waits(line.call_id) is not None
    assert is_waiting is node.outside(line.phone).is_over
    node.sip.leave("in1")
    node.assert_nothing_is_left()
    assert node.agent("1001")[1] == "idle"


def test_a_break_as_the_phone_is_answered(line: Line) -> None:
    node = line.node
    node.sip.pick_up(line.phone)
    done(node.seats.not_ready("1001", "lunch"))
    node.settle()
    assert (node.waits(line.call_id) is not None) is node.outside(line.phone).is_over
    node.sip.leave("in1")
    node.assert_nothing_is_left()
    assert node.agent("1001")[0] in ("not_ready", "wrap_up", "ready")


def test_a_call_is_dialled_as_the_phone_begins_to_ring(line: Line) -> None:
    """The seat has one call at a time: what rings already goes first."""
    with pytest.raises(Conflict):
        done(line.bar.dial("1001", "8002", {}))
    line.node.sip.leave("in1")
    line.node.assert_nothing_is_left()
