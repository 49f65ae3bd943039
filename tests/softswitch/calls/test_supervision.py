"""Supervisors in calls: who hears them in which mode, and how they come and go, between scripted neighbours."""

from dataclasses import replace

import pytest

from acd.names import ContactId
from api.faults import Conflict
from api.ports import HangUpTarget, SuperviseMode, Target, TargetKind
from softswitch.calls.announcements import BUSY_LATER
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.settings.distribution import DistributionSettings, SkillSettings
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import QUEUE, Node, done


def listen(node: Node, bar: Operations, mode: SuperviseMode = SuperviseMode.MONITOR) -> tuple[str, str, str]:
    """1002 supervises the call of 1001: the call, the agent's leg, the supervisor's."""
    node.login()
    own = node.talk("in1")
    node.login("1002", "8002", "not_ready")
    call_id = node.board.calls()[0].call_id
    done(bar.supervise("1002", call_id, mode, "training"))
    node.settle()
    (ringing,) = node.ringing()
    assert dict(ringing.headers)["Call-Info"].endswith("answer-after=0")
    node.sip.pick_up(ringing.leg_id)
    node.settle()
    return call_id, own, ringing.leg_id


@pytest.mark.parametrize(
    ("mode", "caller", "agent"),
    [
        (SuperviseMode.MONITOR, {"own"}, {"in1"}),
        (SuperviseMode.WHISPER, {"own"}, {"in1", "boss"}),
        (SuperviseMode.BARGE, {"own", "boss"}, {"in1", "boss"}),
    ],
)
def test_a_supervisor_hears_both_and_is_heard_by_the_mode(
    node: Node, bar: Operations, mode: SuperviseMode, caller: set[str], agent: set[str]
) -> None:
    _, own, boss = listen(node, bar, mode)
    names = {own: "own", boss: "boss"}
    assert {names.get(leg, leg) for leg in node.plane.hears("in1")} == caller
    assert {names.get(leg, leg) for leg in node.plane.hears(own)} == agent
    assert node.plane.hears(boss) == {"in1", own}
    (recording,) = node.plane.recordings.values()
    assert set(recording.right) == ({own, boss} if mode is SuperviseMode.BARGE else {own})


def test_the_mode_is_switched_without_ringing_again(node: Node, bar: Operations) -> None:
    call_id, own, boss = listen(node, bar)
    done(bar.supervise("1002", call_id, SuperviseMode.BARGE, "escalated"))
    node.settle()
    assert not node.ringing()
    assert node.plane.hears("in1") == {own, boss}
    assert [(e.mode, e.reason) for e in node.entries(entries.SupervisionChanged)] == [("barge", "escalated")]


def test_a_supervisor_leaves_and_nobody_else_is_touched(node: Node, bar: Operations) -> None:
    _, own, boss = listen(node, bar, SuperviseMode.BARGE)
    assert done(node.seats.get("1002")).allowed[-1] == "stop-supervising"
    done(bar.stop_supervising("1002"))
    node.settle()
    assert node.outside(boss).told[-1][0] == "BYE"
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})
    assert node.agent("1002")[:2] == ("not_ready", "idle")
    assert [entry.cause for entry in node.entries(entries.SupervisionEnded)] == ["left"]
    with pytest.raises(Conflict):
        done(bar.stop_supervising("1002"))


@pytest.mark.parametrize("mode", list(SuperviseMode))
def test_what_the_agent_may_do_gives_no_supervisor_away(
    node: Node, bar: Operations, mode: SuperviseMode
) -> None:
    node.login()
    node.talk("in1")
    alone = done(node.seats.get("1001")).allowed
    call_id = node.board.calls()[0].call_id
    node.login("1002", "8002", "not_ready")
    done(bar.supervise("1002", call_id, mode, "training"))
    node.settle()
    assert done(node.seats.get("1001")).allowed == alone
    node.sip.pick_up(node.ringing()[0].leg_id)
    node.settle()
    assert done(node.seats.get("1001")).allowed == alone
    assert "drop" not in alone


def test_the_call_ends_under_the_supervisor(node: Node, bar: Operations) -> None:
    _, _, boss = listen(node, bar)
    node.sip.leave("in1")
    node.settle()
    assert node.outside(boss).told[-1][0] == "BYE"
    assert node.agent("1002")[1] == "idle"
    node.assert_nothing_is_left()


def test_the_call_ends_while_the_supervisors_phone_rings(node: Node, bar: Operations) -> None:
    node.login()
    node.talk("in1")
    node.login("1002", "8002", "not_ready")
    done(bar.supervise("1002", node.board.calls()[0].call_id, SuperviseMode.MONITOR, "training"))
    node.settle()
    (ringing,) = node.ringing()
    node.sip.leave("in1")
    node.sip.pick_up(ringing.leg_id)
    node.settle()
    assert node.outside(ringing.leg_id).is_over
    assert node.agent("1002")[1] == "idle"
    node.assert_nothing_is_left()


def test_a_supervisor_who_does_not_answer_is_let_go(node: Node, bar: Operations) -> None:
    node.login()
    own = node.talk("in1")
    node.login("1002", "8002", "not_ready")
    done(bar.supervise("1002", node.board.calls()[0].call_id, SuperviseMode.MONITOR, "training"))
    node.settle()
    (ringing,) = node.ringing()
    node.sip.refuse(ringing.leg_id, 486)
    node.settle()
    assert node.plane.hears("in1") == {own}
    assert [entry.cause for entry in node.entries(entries.SupervisionEnded)] == ["busy"]
    assert node.agent("1002")[1] == "idle"


def test_nobody_supervises_a_waiting_caller_or_the_own_call(node: Node, bar: Operations) -> None:
    call_id = node.call_in("in1")
    node.login("1002", "8002", "not_ready")
    with pytest.raises(Conflict) as refused:
        done(bar.supervise("1002", call_id, SuperviseMode.MONITOR, "training"))
    assert refused.value.code == "nobody_talks"
    node.login()
    node.answer(node.leg_of_agent(call_id))
    with pytest.raises(Conflict) as refused:
        done(bar.supervise("1001", call_id, SuperviseMode.MONITOR, "training"))
    assert refused.value.code == "own_call"


# ---- intercept -----------------------------------------------------------------------------------


def test_who_listens_already_takes_the_caller_at_once(node: Node, bar: Operations) -> None:
    call_id, own, boss = listen(node, bar)
    done(bar.intercept("1002", call_id, "complaint"))
    node.settle()
    assert node.outside(own).is_over
    assert (node.plane.hears("in1"), node.plane.hears(boss)) == ({boss}, {"in1"})
    assert node.agent("1001")[0] == "wrap_up"
    assert [(e.supervisor, e.agent) for e in node.entries(entries.CallIntercepted)] == [("1002", "1001")]
    assert [entry.agent for entry in node.entries(entries.CallConnected)] == ["1001", "1002"]
    node.sip.leave(boss)
    node.settle()
    assert node.outside("in1").is_over
    node.assert_nothing_is_left()


def test_intercepting_in_the_middle_of_a_consult_lets_everybody_else_go(node: Node, bar: Operations) -> None:
    node.login()
    own = node.talk("in1")
    call_id = node.board.calls()[0].call_id
    node.login("1002", "8002", "not_ready")
    node.login("1003", "8003", "not_ready")
    done(bar.consult("1001", Target(kind=TargetKind.AGENT, to="1003")))
    node.settle()
    (asked,) = node.ringing()
    node.sip.pick_up(asked.leg_id)
    node.settle()
    done(bar.intercept("1002", call_id, "complaint"))
    node.settle()
    assert node.plane.hears("in1") == {"music"}, "nothing changes before the supervisor answers"
    (boss,) = node.ringing()
    node.sip.pick_up(boss.leg_id)
    node.settle()
    assert node.plane.hears("in1") == {boss.leg_id}
    assert node.outside(own).is_over
    assert node.outside(asked.leg_id).is_over
    assert [node.agent(agent)[1] for agent in ("1001", "1002", "1003")] == ["idle", "engaged", "idle"]


# ---- force, pick up, move ------------------------------------------------------------------------


def test_forcing_the_agents_leg_puts_the_caller_back_at_the_head(node: Node, bar: Operations) -> None:
    node.login()
    own = node.talk("in1")
    call_id = node.board.calls()[0].call_id
    node.call_in("in2")
    done(bar.force_hang_up(call_id, HangUpTarget.AGENT_LEG, "asleep"))
    node.settle()
    assert node.outside(own).told[-1][0] == "BYE"
    assert (node.waits(call_id), node.agent("1001")[0]) == (1, "wrap_up")


@pytest.mark.parametrize("target", [HangUpTarget.CALL, HangUpTarget.CUSTOMER_LEG])
def test_forcing_the_call_ends_it(node: Node, bar: Operations, target: HangUpTarget) -> None:
    node.login()
    node.talk("in1")
    done(bar.force_hang_up(node.board.calls()[0].call_id, target, "abuse"))
    node.settle()
    assert node.outside("in1").told[-1][0] == "BYE"
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.FORCED
    node.assert_nothing_is_left()


def test_a_waiting_caller_is_picked_up_past_the_line(node: Node, bar: Operations) -> None:
    first, second = node.call_in("in1"), node.call_in("in2")
    node.login("1002", "8002", "not_ready")
    done(bar.pick_up("1002", second, "known to us"))
    node.settle()
    (ringing,) = node.ringing()
    assert node.waits(second) == 2, "the place is kept until the phone is answered"
    node.sip.pick_up(ringing.leg_id)
    node.settle()
    assert (node.plane.hears("in2"), node.plane.hears(ringing.leg_id)) == ({ringing.leg_id}, {"in2"})
    assert (node.waits(first), node.waits(second)) == (1, None)
    with pytest.raises(Conflict) as refused:
        done(bar.pick_up("1002", second, "again"))
    assert refused.value.code == "not_waiting"


def test_who_answers_first_has_the_caller(node: Node, bar: Operations) -> None:
    """An agent is offered the caller while another one's phone rings to pick him up."""
    call_id = node.call_in("in1")
    node.login("1002", "8002", "not_ready")
    done(bar.pick_up("1002", call_id, "known to us"))
    node.settle()
    (picking,) = node.ringing()
    node.login()
    offered = node.leg_of_agent(call_id)
    node.answer(offered)
    assert node.plane.hears("in1") == {offered}
    assert node.outside(picking.leg_id).told[-1][0] == "CANCEL", "it rings for nobody"
    assert node.agent("1002")[1] == "idle"
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_who_picks_up_first_stops_the_offer(node: Node, bar: Operations) -> None:
    call_id = node.call_in("in1")
    node.login("1002", "8002", "not_ready")
    done(bar.pick_up("1002", call_id, "known to us"))
    node.settle()
    (picking,) = node.ringing()
    node.login()
    offered = node.leg_of_agent(call_id)
    node.sip.pick_up(picking.leg_id)
    node.settle()
    assert node.plane.hears("in1") == {picking.leg_id}
    assert node.outside(offered).told[-1][0] == "CANCEL"
    assert node.agent("1001")[:2] == ("ready", "idle")
    assert [entry.cause for entry in node.entries(entries.OfferEnded)] == ["picked_up"]
    node.sip.leave("in1")
    node.settle()
    node.assert_nothing_is_left()


def test_a_higher_level_goes_first(node: Node, bar: Operations) -> None:
    first, second = node.call_in("in1"), node.call_in("in2")
    done(bar.set_level(second, 5, "important"))
    assert (node.waits(first), node.waits(second)) == (2, 1)
    done(bar.move(second, "hotline", "back"))
    assert node.waits(second) == 1
    assert node.call(second).state is CallState.WAITING


def test_another_level_makes_no_wait_begin_anew() -> None:
    """Overflow is due when it was, in the queue that the caller went on to too, and what they need stays."""
    onwards = OverflowSettings(to=OverflowTo.QUEUE, name="hotline", waited_s=10.0)
    busy = OverflowSettings(to=OverflowTo.BUSY, waited_s=20.0)
    needs = DistributionSettings(skills=(SkillSettings(name="law", level=3),))
    node = Node(
        route=RouteSettings(number="12345", queue="law", greeting=""),
        queue=replace(QUEUE, overflow=(busy,)),
        more_queues=(QueueSettings(name="law", overflow=(onwards,), distribution=needs),),
    )
    bar = Operations(node.board, node.seats)
    call_id = node.call_in("in1")
    node.pass_time(8.0)
    done(bar.set_level(call_id, 5, "important"))
    node.pass_time(3.0)
    before = node.engine.contact(ContactId(call_id))
    assert before is not None
    assert (before.queue, before.level) == ("hotline", 5)
    node.pass_time(15.0)
    done(bar.set_level(call_id, -5, "less important"))
    after = node.engine.contact(ContactId(call_id))
    assert after is not None
    assert after == replace(before, level=-5)
    assert after.lines[0].need.skills == (("law", 3),)
    assert node.engine.statistics().tally.moved == 0
    node.pass_time(5.0)
    assert node.waits(call_id) is None
    assert node.plane.prompts_of("in1")[-1] == BUSY_LATER
