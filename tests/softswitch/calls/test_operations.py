"""What agents do with their calls, between scripted neighbours: hold, mute, digits, data, recording, hang-up."""

from dataclasses import replace

import pytest

from api.faults import Conflict, NotFound, Refused, TooLarge
from api.ports import Target, TargetKind
from media.commands import SendDigits
from softswitch.calls.operations import Operations
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from tests.softswitch.calls.node import Node, done


def talk(node: Node) -> tuple[str, str]:
    """A caller `in1` talks with agent 1001: the call and the agent's leg."""
    node.login()
    leg = node.talk("in1")
    return node.board.calls()[0].call_id, leg


# ---- hold ----------------------------------------------------------------------------------------


def test_a_held_caller_hears_music_alone_and_is_heard_again_when_taken_back(
    node: Node, bar: Operations
) -> None:
    call_id, agent = talk(node)
    done(bar.hold("1001"))
    assert node.plane.hears("in1") == {"music"}
    assert node.plane.hears(agent) == {"music"}
    assert done(node.seats.get("1001")).allowed[-3:] == ("consult", "transfer", "to-flow")
    done(bar.retrieve("1001"))
    assert (node.plane.hears("in1"), node.plane.hears(agent)) == ({agent}, {"in1"})
    assert [type(e).__name__ for e in node.journal.entries if getattr(e, "call_id", "") == call_id][-2:] == [
        "CallHeld",
        "CallRetrieved",
    ]


def test_no_leg_is_reinvited_for_a_hold(node: Node, bar: Operations) -> None:
    _, agent = talk(node)
    told = [list(node.outside(leg).told) for leg in ("in1", agent)]
    done(bar.hold("1001"))
    done(bar.retrieve("1001"))
    assert [node.outside(leg).told for leg in ("in1", agent)] == told


@pytest.mark.parametrize("operation", ["retrieve", "alternate", "reconnect", "conference", "unmute"])
def test_what_the_state_does_not_allow_is_refused_with_what_is(
    node: Node, bar: Operations, operation: str
) -> None:
    talk(node)
    with pytest.raises(Conflict) as refused:
        done(getattr(bar, operation)("1001"))
    assert (refused.value.code, refused.value.state) == ("not_allowed", "talking")
    assert refused.value.allowed == ("hang-up", "mute", "digits", "hold", "consult", "transfer", "to-flow")


def test_who_is_in_no_call_can_only_dial(node: Node, bar: Operations) -> None:
    with pytest.raises(Conflict) as refused:
        done(bar.hold("1001"))
    assert (refused.value.state, refused.value.allowed) == ("logged_out", ())
    node.login()
    with pytest.raises(Conflict) as refused:
        done(bar.hold("1001"))
    assert (refused.value.state, refused.value.allowed) == ("idle", ("dial",))
    with pytest.raises(NotFound):
        done(bar.hold("9999"))


def test_a_ringing_call_can_be_refused_and_not_yet_held(node: Node, bar: Operations) -> None:
    node.login()
    call_id = node.call_in("in1")
    with pytest.raises(Conflict) as refused:
        done(bar.hold("1001"))
    assert (refused.value.state, refused.value.allowed) == ("ringing", ("hang-up",))
    with pytest.raises(Conflict, match="pick it up"):
        done(bar.answer("1001"))
    ringing = node.leg_of_agent(call_id)
    done(bar.hang_up_own("1001"))
    node.settle()
    assert node.outside(ringing).told[-1][0] == "CANCEL"
    assert [entry.cause for entry in node.entries(entries.OfferEnded)] == ["declined"]
    assert node.waits(call_id) == 1


def test_a_phone_that_can_be_asked_is_answered_from_the_bar(node: Node, bar: Operations) -> None:
    node.login("1003", "8003")
    call_id = node.call_in("in1")
    ringing = node.leg_of_agent(call_id)
    with pytest.raises(Conflict):
        done(bar.answer("1003"))  # its INVITE is on the way
    node.sip.ring(ringing)
    node.settle()
    assert "answer" in done(node.seats.get("1003")).allowed
    done(bar.answer("1003"))
    assert node.outside(ringing).told[-1][:1] == ("NOTIFY",)
    node.answer(ringing)
    with pytest.raises(Conflict):
        done(bar.answer("1003"))


def asked_to_answer(node: Node, bar: Operations) -> str:
    """The phone of 8003 rings, and was told to answer: its leg."""
    node.login("1003", "8003")
    ringing = node.leg_of_agent(node.call_in("in1"))
    node.sip.ring(ringing)
    node.settle()
    done(bar.answer("1003"))
    return ringing


@pytest.mark.parametrize("status", [405, 481, 489, 500])
def test_a_phone_that_will_not_answer_when_told_has_to_be_picked_up(
    node: Node, bar: Operations, status: int
) -> None:
    ringing = asked_to_answer(node, bar)
    node.sip.say_of_request(ringing, "NOTIFY", status)
    node.settle()
    (told,) = node.entries(entries.AnswerRefused)
    assert (told.agent, told.cause, told.sip_status) == ("1003", "refused", status)
    assert done(node.seats.get("1003")).allowed[-1:] == ("hang-up",)
    with pytest.raises(Conflict, match="pick it up"):
        done(bar.answer("1003"))
    node.pass_time(4.1)
    assert len(node.entries(entries.AnswerRefused)) == 1
    node.answer(ringing)
    assert node.agent("1003")[1] == "talking"


def test_a_phone_that_says_nothing_when_told_to_answer_may_be_told_again(node: Node, bar: Operations) -> None:
    ringing = asked_to_answer(node, bar)
    node.pass_time(3.9)
    assert node.entries(entries.AnswerRefused) == []
    node.pass_time(0.2)
    (told,) = node.entries(entries.AnswerRefused)
    assert (told.cause, told.sip_status) == ("timeout", 408)
    done(bar.answer("1003"))
    node.sip.say_of_request(ringing, "NOTIFY", 200)
    node.answer(ringing)
    node.pass_time(4.1)
    assert len(node.entries(entries.AnswerRefused)) == 1


@pytest.fixture
def second_way(node: Node) -> str:
    """The phone of 8003 knows the headers, and no NOTIFY; its agent is there."""
    desk = node.board.legs
    desk._accounts["phone8003"] = replace(desk._accounts["phone8003"], answers_by="headers")
    node.login("1003", "8003")
    return "1003"


def test_a_phone_that_knows_headers_is_rung_anew_and_answers(
    node: Node, bar: Operations, second_way: str
) -> None:
    """One offer, two INVITEs: the caller keeps the place until the second is answered."""
    call_id = node.call_in("in1")
    first = node.leg_of_agent(call_id)
    with pytest.raises(Conflict):
        done(bar.answer(second_way))  # it does not ring yet
    node.sip.ring(first)
    node.settle()
    done(bar.answer(second_way))
    with pytest.raises(Conflict):
        done(bar.answer(second_way))  # clicked twice
    node.settle()
    assert node.outside(first).told[-1][0] == "CANCEL"
    second = node.leg_of_agent(call_id)
    assert second != first
    assert dict(node.outside(second).headers)["Call-Info"].endswith("answer-after=0")
    node.answer(second)
    assert node.agent(second_way) == ("ready", "talking", "")
    assert len(node.entries(entries.CallOffered)) == len(node.entries(entries.OfferAccepted)) == 1


def test_a_phone_that_does_not_take_the_second_call_has_declined(
    node: Node, bar: Operations, second_way: str
) -> None:
    call_id = node.call_in("in1")
    node.sip.ring(node.leg_of_agent(call_id))
    node.settle()
    done(bar.answer(second_way))
    node.settle()
    node.sip.refuse(node.leg_of_agent(call_id), 486)
    node.settle()
    assert [entry.cause for entry in node.entries(entries.OfferEnded)] == ["busy"]
    assert node.waits(call_id) == 1


def test_a_caller_who_gives_up_between_both_rings_leaves_no_phone_ringing(
    node: Node, bar: Operations, second_way: str
) -> None:
    call_id = node.call_in("in1")
    node.sip.ring(node.leg_of_agent(call_id))
    node.settle()
    done(bar.answer(second_way))
    node.sip.leave("in1")
    node.settle()
    assert not node.ringing()
    assert "CallEnded" in node.story(call_id)


# ---- mute and digits -----------------------------------------------------------------------------


def test_a_muted_agent_hears_and_is_neither_heard_nor_recorded(node: Node, bar: Operations) -> None:
    call_id, agent = talk(node)
    done(bar.mute("1001"))
    assert node.plane.hears("in1") == {"music"}
    assert node.plane.hears(agent) == {"in1"}
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), ())
    assert done(node.seats.get("1001")).muted
    done(bar.unmute("1001"))
    assert (node.plane.hears("in1"), recording.right) == ({agent}, (agent,))
    kinds = [entry.right for entry in node.entries(entries.RecordingSegmentStarted)]
    assert kinds == ["1001", "", "1001"]
    assert call_id == node.entries(entries.PartyMuted)[0].call_id


def test_keys_go_to_the_caller(node: Node, bar: Operations) -> None:
    talk(node)
    done(bar.send_digits("1001", "74#"))
    assert node.plane.orders[-1] == SendDigits(leg_id="in1", digits="74#")


def test_how_many_keys_were_pressed_is_told_and_not_which(node: Node, bar: Operations) -> None:
    call_id, _ = talk(node)
    done(bar.send_digits("1001", "7431#"))
    assert node.entries(entries.DigitsSent) == [
        entries.DigitsSent(at=node.clock.wall(), call_id=call_id, agent="1001", count=5)
    ]


# ---- data and recording --------------------------------------------------------------------------


def test_attached_data_is_replaced_merged_and_bounded(node: Node, bar: Operations) -> None:
    call_id, _ = talk(node)
    assert done(bar.set_data(call_id, {"order": 7, "who": {"name": "王"}})) == {
        "order": 7,
        "who": {"name": "王"},
    }
    merged = done(bar.set_data(call_id, {"order": None, "who": {"vip": True}}, merge=True))
    assert merged == {"who": {"name": "王", "vip": True}}
    running = node.board.running(call_id)
    assert running is not None
    assert running.data == merged
    assert node.keeper.load("live_call")[call_id]["data"] == merged
    with pytest.raises(TooLarge):
        done(bar.set_data(call_id, {"text": "x" * 16_384}))
    with pytest.raises(Refused):
        done(bar.set_data(call_id, {"number": float("nan")}))
    assert node.call(call_id).data == merged
    with pytest.raises(NotFound):
        done(bar.set_data("nothing", {}))


def test_a_paused_recording_holds_nobodys_voice(node: Node, bar: Operations) -> None:
    call_id, agent = talk(node)
    (recording,) = node.plane.recordings.values()
    done(bar.pause_recording(call_id, "password"))
    assert (recording.left, recording.right) == ((), ())
    with pytest.raises(Conflict):
        done(bar.pause_recording(call_id, "again"))
    done(bar.resume_recording(call_id, "password given"))
    assert (recording.left, recording.right) == (("in1",), (agent,))
    assert [entry.reason for entry in node.entries(entries.RecordingPaused)] == ["password"]


# ---- hang-up -------------------------------------------------------------------------------------


def test_hanging_up_by_the_bar_is_hanging_up(node: Node, bar: Operations) -> None:
    _, agent = talk(node)
    done(bar.hang_up_own("1001"))
    node.settle()
    assert node.outside("in1").told[-1][0] == "BYE"
    assert node.outside(agent).told[-1][0] == "BYE"
    (end,) = node.entries(entries.CallEnded)
    assert (end.ended_by, end.end_reason) == (EndedBy.AGENT, EndReason.COMPLETED)
    assert node.agent()[0] == "wrap_up"
    node.assert_nothing_is_left()


def test_both_hang_up_in_the_same_moment(node: Node, bar: Operations) -> None:
    talk(node)
    node.sip.leave("in1")
    done(bar.hang_up_own("1001"))
    node.settle()
    assert len(node.entries(entries.CallEnded)) == 1
    node.assert_nothing_is_left()


def test_a_transfer_names_a_target_and_a_consult_is_completed_without(node: Node, bar: Operations) -> None:
    talk(node)
    with pytest.raises(Conflict) as refused:
        done(bar.transfer("1001", None))
    assert refused.value.code == "wrong_target"
    with pytest.raises(Refused):
        done(bar.consult("1001", Target(kind=TargetKind.QUEUE, to="nowhere")))
    with pytest.raises(Refused):
        done(bar.transfer("1001", Target(kind=TargetKind.AGENT, to="1001")))
