"""Consult, toggle, conference and transfer, with every way that they end, between scripted neighbours."""

import pytest

from api.faults import Conflict, Denied, NotFound
from api.ports import Target, TargetKind
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.store import entries
from softswitch.store.entries import EndReason
from tests.softswitch.calls.node import Node, done

COLLEAGUE = Target(kind=TargetKind.AGENT, to="1002")
QUEUE = Target(kind=TargetKind.QUEUE, to="hotline")
OUTSIDE = Target(kind=TargetKind.NUMBER, to="13900000002")


def talk(node: Node) -> tuple[str, str]:
    """A caller `in1` talks with agent 1001, and 1002 is there: the call and the agent's leg."""
    node.login()
    leg = node.talk("in1")
    node.login("1002", "8002", "not_ready")
    return node.board.calls()[0].call_id, leg


def rung(node: Node) -> str:
    """The one leg whose phone rings."""
    node.settle()
    (leg,) = node.ringing()
    return leg.leg_id


def consult(node: Node, bar: Operations) -> tuple[str, str, str]:
    """1001 has asked 1002, who answered: the call, and the legs of both."""
    call_id, own = talk(node)
    done(bar.consult("1001", COLLEAGUE))
    asked = rung(node)
    node.sip.ring(asked)
    node.sip.pick_up(asked)
    node.settle()
    return call_id, own, asked


# ---- consult -------------------------------------------------------------------------------------


def test_the_caller_hears_music_while_agent_and_colleague_talk(node: Node, bar: Operations) -> None:
    call_id, own = talk(node)
    done(bar.consult("1001", COLLEAGUE))
    asked = rung(node)
    assert node.plane.hears("in1") == {"music"}
    assert [source.name for source in node.plane.legs[own].hearing] == ["ringback"]
    assert node.agent("1002")[:2] == ("not_ready", "engaged")
    node.sip.ring(asked)
    node.sip.pick_up(asked)
    node.settle()
    assert node.plane.hears("in1") == {"music"}
    assert (node.plane.hears(own), node.plane.hears(asked)) == ({asked}, {own})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, set(recording.right)) == (("in1",), {own, asked})
    done(bar.reconnect("1001"))
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})
    assert node.outside(asked).told[-1][0] == "BYE"
    assert node.agent("1002")[:2] == ("not_ready", "idle")
    assert node.agent("1001")[1] == "talking"
    assert node.story(call_id)[-3:] == ["ConsultStarted", "ConsultAnswered", "PartyDropped"]


def test_toggling_goes_from_one_to_the_other(node: Node, bar: Operations) -> None:
    _, own, asked = consult(node, bar)
    done(bar.alternate("1001"))
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})
    assert node.plane.hears(asked) == {"music"}
    done(bar.alternate("1001"))
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({"music"}, {own})


@pytest.mark.parametrize(
    ("status", "cause"), [(486, "busy"), (603, "declined"), (480, "no_answer"), (500, "failed")]
)
def test_a_consult_that_fails_returns_the_caller(
    node: Node, bar: Operations, status: int, cause: str
) -> None:
    _, own = talk(node)
    done(bar.consult("1001", COLLEAGUE))
    node.sip.refuse(rung(node), status)
    node.settle()
    assert [entry.cause for entry in node.entries(entries.ConsultFailed)] == [cause]
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})
    assert node.agent("1002")[1] == "idle"
    assert "consult" in done(node.seats.get("1001")).allowed


def test_a_colleague_who_does_not_answer_in_time_is_given_up(node: Node, bar: Operations) -> None:
    talk(node)
    done(bar.consult("1001", COLLEAGUE))
    asked = rung(node)
    node.sip.ring(asked)
    node.pass_time(31.0)
    assert node.outside(asked).told[-1][0] == "CANCEL"
    assert [entry.cause for entry in node.entries(entries.ConsultFailed)] == ["no_answer"]


def test_the_agent_goes_back_before_the_colleague_answers(node: Node, bar: Operations) -> None:
    _, own = talk(node)
    done(bar.consult("1001", COLLEAGUE))
    asked = rung(node)
    done(bar.reconnect("1001"))
    node.settle()
    assert node.outside(asked).told[-1][0] == "CANCEL"
    assert [entry.cause for entry in node.entries(entries.ConsultFailed)] == ["cancelled"]
    assert node.plane.hears("in1") == {own}


def test_an_answer_that_crosses_the_cancel_does_not_count(node: Node, bar: Operations) -> None:
    _, own = talk(node)
    done(bar.consult("1001", COLLEAGUE))
    asked = rung(node)
    node.sip.pick_up(asked)
    done(bar.reconnect("1001"))
    node.settle()
    assert node.plane.hears("in1") == {own}
    assert node.outside(asked).is_over
    assert node.agent("1002")[1] == "idle"


def test_the_colleague_leaves_and_the_caller_is_back(node: Node, bar: Operations) -> None:
    _, own, asked = consult(node, bar)
    node.sip.leave(asked)
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})


def test_the_caller_leaves_while_the_agent_asks(node: Node, bar: Operations) -> None:
    _, own, asked = consult(node, bar)
    node.sip.leave("in1")
    node.settle()
    assert node.outside(own).is_over
    assert node.outside(asked).is_over
    assert (node.agent("1001")[0], node.agent("1002")[1]) == ("wrap_up", "idle")
    node.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (Target(kind=TargetKind.AGENT, to="1003"), "agent_logged_out"),
        (Target(kind=TargetKind.AGENT, to="9999"), "agent_not_found"),
        (OUTSIDE, "number_not_allowed"),
    ],
)
def test_who_cannot_be_asked_leaves_the_caller_where_he_is(
    node: Node, bar: Operations, target: Target, code: str
) -> None:
    _, own = talk(node)
    with pytest.raises((Conflict, NotFound, Denied)) as refused:
        done(bar.consult("1001", target))
    assert getattr(refused.value, "code", "agent_not_found") == code
    assert node.plane.hears("in1") == {own}
    assert not node.entries(entries.ConsultStarted)


def test_one_at_a_time_is_asked(node: Node, bar: Operations) -> None:
    consult(node, bar)
    with pytest.raises(Conflict) as refused:
        done(bar.consult("1001", COLLEAGUE))
    assert refused.value.state == "consulting"
    assert {"alternate", "reconnect", "conference", "transfer"} <= set(refused.value.allowed)


# ---- a queue is asked ----------------------------------------------------------------------------


def test_a_queue_is_asked_and_its_first_free_agent_rings(node: Node, bar: Operations) -> None:
    call_id, own = talk(node)
    done(bar.consult("1001", QUEUE))
    node.settle()
    assert node.plane.hears("in1") == {"music"}
    done(node.seats.ready("1002"))
    asked = rung(node)
    node.sip.ring(asked)
    node.sip.pick_up(asked)
    node.settle()
    assert (node.plane.hears(own), node.plane.hears(asked)) == ({asked}, {own})
    assert done(node.seats.get("1002")).call_id == call_id
    done(bar.transfer("1001", None))
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
    assert node.agent("1001")[0] == "wrap_up"
    node.sip.leave("in1")
    node.settle()
    assert node.agent("1002")[0] == "wrap_up"
    node.assert_nothing_is_left()


def test_asking_a_queue_is_given_up(node: Node, bar: Operations) -> None:
    _, own = talk(node)
    done(bar.consult("1001", QUEUE))
    done(bar.reconnect("1001"))
    node.settle()
    assert node.plane.hears("in1") == {own}
    done(node.seats.ready("1002"))
    node.settle()
    assert not node.ringing()
    node.sip.leave("in1")
    node.settle()
    node.assert_nothing_is_left()


# ---- conference ----------------------------------------------------------------------------------


def test_all_three_hear_each_other_and_any_of_them_may_leave(node: Node, bar: Operations) -> None:
    call_id, own, asked = consult(node, bar)
    done(bar.conference("1001"))
    assert node.plane.hears("in1") == {own, asked}
    assert node.plane.hears(own) == {"in1", asked}
    assert node.plane.hears(asked) == {"in1", own}
    done(bar.drop("1001", asked))
    node.settle()
    assert (node.plane.hears("in1"), node.outside(asked).is_over) == ({own}, True)
    assert [entry.agent for entry in node.entries(entries.PartyDropped)] == ["1001"]
    assert node.story(call_id)[-1] == "PartyDropped"


def test_the_agent_leaves_a_conference_and_the_others_go_on(node: Node, bar: Operations) -> None:
    call_id, own, asked = consult(node, bar)
    done(bar.conference("1001"))
    node.sip.leave(own)
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
    assert node.agent("1001")[0] == "wrap_up"
    agent = node.call(call_id).agent
    assert agent is not None
    assert agent.agent == "1002"
    assert [entry.agent for entry in node.entries(entries.CallConnected)] == ["1001", "1002"]


def test_a_supervisor_and_a_stranger_are_not_the_agents_to_drop(node: Node, bar: Operations) -> None:
    consult(node, bar)
    with pytest.raises(NotFound):
        done(bar.drop("1001", "nobody"))


# ---- transfer ------------------------------------------------------------------------------------


def test_after_a_consult_the_colleague_has_the_caller(node: Node, bar: Operations) -> None:
    call_id, own, asked = consult(node, bar)
    done(bar.transfer("1001", None))
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
    assert node.outside(own).is_over
    assert node.agent("1001")[0] == "wrap_up"
    assert node.agent("1002")[1] == "engaged"
    (recording,) = node.plane.recordings.values()
    assert recording.right == (asked,)
    assert node.story(call_id)[-2:] == ["CallTransferred", "CallConnected"]
    node.sip.leave(asked)
    node.settle()
    assert node.outside("in1").is_over
    assert node.agent("1002")[0] == "not_ready", "who was not ready has no wrap-up"
    node.assert_nothing_is_left()


def test_who_was_ready_wraps_up_after_a_caller_who_was_handed_over(node: Node, bar: Operations) -> None:
    talk(node)
    done(node.seats.ready("1002"))
    done(bar.transfer("1001", COLLEAGUE))
    asked = rung(node)
    node.sip.pick_up(asked)
    node.settle()
    node.sip.leave(asked)
    node.settle()
    assert node.agent("1002")[0] == "wrap_up"
    node.pass_time(10.0)
    assert node.agent("1002")[:2] == ("ready", "idle")


def test_a_transfer_before_the_answer_lets_the_agent_go_at_once(node: Node, bar: Operations) -> None:
    call_id, own = talk(node)
    done(bar.consult("1001", COLLEAGUE))
    asked = rung(node)
    done(bar.transfer("1001", None))
    node.settle()
    assert node.outside(own).is_over
    assert node.plane.hears("in1") == {"music"}
    assert node.story(call_id)[-1] == "CallTransferred", (
        "the agent's talk is over, not that of who has not answered"
    )
    node.sip.pick_up(asked)
    node.settle()
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
    assert node.call(call_id).state is CallState.TALKING
    assert node.story(call_id)[-2:] == ["CallTransferred", "CallConnected"]


def test_a_blind_transfer_rings_the_target_and_leaves_with_its_answer(node: Node, bar: Operations) -> None:
    _, own = talk(node)
    done(bar.transfer("1001", COLLEAGUE))
    asked = rung(node)
    assert node.plane.hears("in1") == {"music"}
    assert not node.outside(own).is_over
    node.sip.pick_up(asked)
    node.settle()
    assert node.outside(own).is_over
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
    assert [(e.agent, e.to) for e in node.entries(entries.CallTransferred)] == [("1001", "1002")]


def test_a_target_that_does_not_answer_returns_the_call_with_its_cause(node: Node, bar: Operations) -> None:
    _, own = talk(node)
    done(bar.transfer("1001", COLLEAGUE))
    node.sip.refuse(rung(node), 486)
    node.settle()
    assert [entry.cause for entry in node.entries(entries.TransferFailed)] == ["busy"]
    assert (node.plane.hears("in1"), node.plane.hears(own)) == ({own}, {"in1"})
    assert "hold" in done(node.seats.get("1001")).allowed


def test_a_target_that_fails_after_the_agent_left_puts_the_caller_back_into_the_line(
    node: Node, bar: Operations
) -> None:
    call_id, own = talk(node)
    done(bar.transfer("1001", COLLEAGUE))
    asked = rung(node)
    node.sip.leave(own)
    node.settle()
    assert node.agent("1001")[0] == "wrap_up"
    node.sip.refuse(asked, 480)
    node.settle()
    assert node.call(call_id).state is CallState.WAITING
    assert node.waits(call_id) == 1
    assert node.plane.hears("in1") <= {"music", "prompt"}
    assert [entry.cause for entry in node.entries(entries.CallRequeued)] == ["transfer_failed"]
    node.sip.leave("in1")
    node.settle()
    assert node.entries(entries.CallEnded)[-1].end_reason is EndReason.COMPLETED
    node.assert_nothing_is_left()


def test_into_a_queue_the_arrival_time_is_kept(node: Node, bar: Operations) -> None:
    call_id, own = talk(node)
    second = node.call_in("in2")
    assert node.waits(second) == 1
    done(bar.transfer("1001", QUEUE))
    node.settle()
    assert node.outside(own).is_over
    assert (node.waits(call_id), node.waits(second)) == (1, 2)
    assert node.agent("1001")[0] == "wrap_up"
    done(node.seats.ready("1002"))
    node.answer(rung(node))
    assert node.plane.hears("in1") == {node.leg_of_agent(call_id)}
    assert [(e.kind, e.to) for e in node.entries(entries.CallTransferred)] == [("queue", "hotline")]


def test_a_full_queue_leaves_the_caller_with_the_agent(node: Node, bar: Operations) -> None:
    call_id, own = talk(node)
    for number in range(2, 6):
        node.call_in(f"in{number}")
    with pytest.raises(Conflict) as refused:
        done(bar.transfer("1001", QUEUE))
    assert refused.value.code == "queue_full"
    assert node.plane.hears("in1") == {own}
    assert node.call(call_id).state is CallState.TALKING
    assert node.agent("1001")[1] == "talking"


def test_holding_is_refused_while_a_transfer_rings(node: Node, bar: Operations) -> None:
    talk(node)
    done(bar.transfer("1001", COLLEAGUE))
    with pytest.raises(Conflict) as refused:
        done(bar.hold("1001"))
    assert refused.value.allowed[-2:] == ("reconnect", "transfer") or "drop" in refused.value.allowed


def test_the_caller_leaves_while_the_transfer_rings(node: Node, bar: Operations) -> None:
    talk(node)
    done(bar.transfer("1001", COLLEAGUE))
    asked = rung(node)
    node.sip.leave("in1")
    node.settle()
    assert node.outside(asked).told[-1][0] == "CANCEL"
    node.assert_nothing_is_left()


def test_the_agents_leg_is_lost_during_a_consult_and_the_colleague_has_the_caller(
    node: Node, bar: Operations
) -> None:
    _, own, asked = consult(node, bar)
    cell = node.sip.cell_of(own)
    assert cell is not None
    node.lose_cell(cell.cell_id)
    assert (node.plane.hears("in1"), node.plane.hears(asked)) == ({asked}, {"in1"})
