"""What a caller goes through, in one process with scripted neighbours."""

from dataclasses import replace

import pytest

from media.commands import PermitSending
from softswitch.calls.call import CallState
from softswitch.cells.messages import AnswerLeg
from softswitch.store import entries
from softswitch.store.entries import EndedBy, EndReason
from tests.softswitch.calls.node import EPOCH, QUEUE, TRUNK, Node, account_peer


def end_of(node: Node, call_id: str) -> tuple[EndedBy, EndReason]:
    """Who ended a call, and why."""
    (end,) = [entry for entry in node.entries(entries.CallEnded) if entry.call_id == call_id]
    return end.ended_by, end.end_reason


# ---- the main job ------------------------------------------------------------------------------


def test_from_the_greeting_by_the_queue_to_the_talk_and_its_end(node: Node) -> None:
    call_id = node.dial("in1")
    assert node.outside("in1").told == [("answer", 200, ())]
    node.sip.acknowledge("in1")
    node.settle()
    assert node.call(call_id).state is CallState.GREETED
    assert node.plane.prompts_of("in1") == ("welcome",)
    assert PermitSending(leg_id="in1") in node.plane.orders

    node.plane.play_to_the_end("in1")
    node.settle()
    assert node.waits(call_id) == 1
    assert node.plane.hears("in1") == {"prompt", "music"}
    node.plane.play_to_the_end("in1")
    node.settle()
    assert node.plane.hears("in1") == {"music"}

    node.login("1001", "8001")
    agent_leg = node.leg_of_agent(call_id)
    assert [leg.leg_id for leg in node.ringing()] == [agent_leg]
    node.sip.ring(agent_leg)
    node.settle()
    assert node.agent()[:2] == ("ready", "ringing")

    node.sip.pick_up(agent_leg)
    node.settle()
    assert node.call(call_id).state is CallState.INTRODUCED
    assert node.plane.prompts_of("in1") == (
        "digit_1_yao",
        "digit_0",
        "digit_0",
        "digit_1_yao",
        "agent_serves",
    )
    assert node.plane.prompts_of(agent_leg) == node.plane.prompts_of("in1")

    node.plane.play_to_the_end("in1")
    node.settle()
    assert node.call(call_id).state is CallState.TALKING
    assert node.plane.hears("in1") == {agent_leg}
    assert node.plane.hears(agent_leg) == {"in1"}
    assert node.agent()[:2] == ("ready", "talking")
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), (agent_leg,))

    node.sip.leave("in1", cause=16)
    node.settle()
    assert node.outside(agent_leg).told[-1] == ("BYE", 0, (("Reason", "Q.850;cause=16"),))
    assert end_of(node, call_id) == (EndedBy.CALLER, EndReason.COMPLETED)
    assert node.agent()[0] == "wrap_up"
    assert node.story(call_id) == [
        "CallArrived",
        "CallAnswered",
        "RecordingStarted",
        "CallQueued",
        "CallOffered",
        "OfferAccepted",
        "CallConnected",
        "CallEnded",
        "RecordingClosed",
    ]
    node.pass_time(10.0)
    assert node.agent()[:2] == ("ready", "idle")
    node.assert_nothing_is_left()


def test_the_recording_runs_from_the_answer_with_the_agents_side_silent_until_both_talk(node: Node) -> None:
    node.login()
    call_id = node.call_in()
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), ())
    node.sip.pick_up(node.leg_of_agent(call_id))
    node.settle()
    assert not recording.right
    node.plane.play_to_the_end("in1")
    node.settle()
    assert recording.right == (node.leg_of_agent(call_id),)


def test_everything_is_written_down_before_the_caller_is_answered(node: Node) -> None:
    seen: list[int] = []
    send = node.sip.send

    def watched(leg_id: str, command: object) -> None:
        if isinstance(command, AnswerLeg):
            seen.append(len(node.entries(entries.RecordingStarted)))
        send(leg_id, command)  # type: ignore[arg-type]

    node.sip.send = watched  # type: ignore[method-assign]
    call_id = node.dial()
    assert seen == [1]
    assert node.keeper.load("live_call")[call_id]["recording_id"]


def test_every_time_stamp_is_the_moment_at_which_it_happened(node: Node) -> None:
    node.login()
    call_id = node.dial("in1")
    node.pass_time(1.0)
    node.sip.acknowledge("in1")
    node.settle()
    node.pass_time(2.0)
    node.plane.play_to_the_end("in1")
    node.settle()
    node.pass_time(3.0)
    agent_leg = node.leg_of_agent(call_id)
    node.sip.pick_up(agent_leg)
    node.settle()
    node.pass_time(4.0)
    node.plane.play_to_the_end("in1")
    node.settle()
    node.pass_time(5.0)
    node.sip.leave(agent_leg)
    node.settle()
    times = {
        type(entry).__name__: entry.at - EPOCH
        for entry in node.journal.entries
        if type(entry).__name__ in node.story(call_id)
    }
    assert times == {
        "CallArrived": 0.0,
        "CallAnswered": 0.0,
        "RecordingStarted": 0.0,
        "CallQueued": 3.0,
        "CallOffered": 3.0,
        "OfferAccepted": 6.0,
        "CallConnected": 10.0,
        "CallEnded": 15.0,
        "RecordingClosed": 15.0,
    }
    assert end_of(node, call_id) == (EndedBy.AGENT, EndReason.COMPLETED)


def test_a_bye_of_the_agent_ends_the_callers_leg(node: Node) -> None:
    node.login()
    agent_leg = node.talk()
    node.sip.leave(agent_leg)
    node.settle()
    assert node.outside("in1").told[-1][0] == "BYE"
    assert node.agent()[0] == "wrap_up"
    node.assert_nothing_is_left()


def test_without_greeting_and_announcement_the_caller_goes_straight_through() -> None:
    node = Node(queue=replace(QUEUE, announce_agent=False), greeting="")
    node.login()
    call_id = node.dial()
    node.sip.acknowledge("in1")
    node.settle()
    agent_leg = node.leg_of_agent(call_id)
    node.sip.pick_up(agent_leg)
    node.settle()
    assert node.call(call_id).state is CallState.TALKING
    assert node.plane.hears("in1") == {agent_leg}


def test_the_legs_of_a_call_never_share_a_cell(node: Node) -> None:
    for agent, seat in (("1001", "8001"), ("1002", "8002"), ("1003", "8003")):
        node.login(agent, seat)
    for leg_id in ("in1", "in2", "in3"):
        agent_leg = node.talk(leg_id)
        cells = {node.sip.cell_of(leg_id), node.sip.cell_of(agent_leg)}
        assert None not in cells
        assert len(cells) == 2


# ---- waiting -----------------------------------------------------------------------------------


def test_the_second_in_the_line_is_told_how_many_stand_before(node: Node) -> None:
    node.call_in("in1")
    second = node.call_in("in2")
    assert node.waits(second) == 2
    assert node.plane.prompts_of("in2") == ("queue_wait", "position_before", "n_1", "position_after")


def test_the_place_is_told_again_every_so_often_and_follows_the_line(node: Node) -> None:
    node.call_in("in1")
    node.call_in("in2")
    node.plane.play_to_the_end("in2")
    node.settle()
    node.sip.leave("in1")
    node.pass_time(29.9)
    assert node.plane.prompts_of("in2") == ()
    node.pass_time(0.2)
    assert node.plane.prompts_of("in2") == ("position_next",)


def test_no_place_is_told_while_a_phone_rings_and_the_wait_goes_on_after_it(node: Node) -> None:
    node.login()
    node.call_in("in1")
    assert node.plane.hears("in1") == {"music"}
    node.pass_time(29.0)  # rang out at 15 s
    assert node.agent() == ("not_ready", "idle", "no_answer")
    assert node.plane.prompts_of("in1") == ()
    node.pass_time(2.0)
    assert node.plane.prompts_of("in1") == ("position_next",)


def test_places_are_told_again_to_a_caller_whose_agent_was_lost_late_in_the_talk(node: Node) -> None:
    node.login()
    agent_leg = node.talk("in1")
    node.pass_time(300.0)
    cell = node.sip.cell_of(agent_leg)
    assert cell is not None
    node.lose_cell(cell.cell_id)
    node.pass_time(29.0)
    assert node.plane.prompts_of("in1") == ()
    node.pass_time(2.0)
    assert node.plane.prompts_of("in1") == ("position_next",)


def test_a_queue_that_is_full_tells_the_next_caller_so_and_lets_go() -> None:
    node = Node(queue=replace(QUEUE, limit=1), greeting="")
    node.call_in("in1")
    call_id = node.dial("in2")
    node.sip.acknowledge("in2")
    node.settle()
    assert node.plane.prompts_of("in2") == ("busy_later",)
    node.plane.play_to_the_end("in2")
    node.settle()
    assert end_of(node, call_id) == (EndedBy.SYSTEM, EndReason.QUEUE_FULL)
    assert node.outside("in2").told[-1] == ("BYE", 0, (("Reason", "Q.850;cause=17"),))
    assert node.waits(node.board.calls()[0].call_id) == 1
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_who_is_turned_away_and_hangs_up_first_found_a_full_queue() -> None:
    node = Node(queue=replace(QUEUE, limit=1), greeting="")
    node.call_in("in1")
    call_id = node.dial("in2")
    node.sip.acknowledge("in2")
    node.settle()
    node.sip.leave("in2")
    node.settle()
    assert end_of(node, call_id) == (EndedBy.CALLER, EndReason.QUEUE_FULL)
    node.sip.leave("in1")
    node.assert_nothing_is_left()


# ---- offers that come to nothing ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "cause"), [(603, "declined"), (486, "busy"), (480, "declined"), (302, "declined")]
)
def test_a_phone_that_says_no_makes_way_for_the_next_agent(node: Node, status: int, cause: str) -> None:
    node.login("1001", "8001")
    node.pass_time(1.0)
    node.login("1002", "8002")
    call_id = node.call_in()
    first = node.leg_of_agent(call_id)
    node.sip.refuse(first, status)
    node.settle()
    (ended,) = node.entries(entries.OfferEnded)
    assert (ended.agent, ended.cause) == ("1001", cause)
    (phone,) = node.ringing()
    assert phone.peer.name == "phone8002"
    away = ("not_ready", "phone_busy") if status == 486 else ("ready", "")
    assert node.agent("1001")[::2] == away
    node.answer(phone.leg_id)
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_no_answer_makes_the_agent_not_ready_and_the_caller_keeps_the_place(node: Node) -> None:
    node.login("1001", "8001")
    node.pass_time(1.0)
    node.login("1002", "8002")
    first = node.call_in("in1")
    rung = node.leg_of_agent(first)
    node.sip.ring(rung)
    node.pass_time(15.0)
    assert node.outside(rung).told[-1][0] == "CANCEL"
    assert node.agent("1001") == ("not_ready", "idle", "no_answer")
    (phone,) = node.ringing()
    assert phone.peer.name == "phone8002"
    assert [entry.cause for entry in node.entries(entries.OfferEnded)] == ["ring_timeout"]


@pytest.mark.parametrize("rings", [True, False])
def test_a_caller_who_leaves_while_a_phone_rings_has_abandoned_and_the_phone_is_let_go(
    node: Node, *, rings: bool
) -> None:
    node.login()
    call_id = node.call_in()
    agent_leg = node.leg_of_agent(call_id)
    if rings:
        node.sip.ring(agent_leg)
        node.settle()
    node.sip.leave("in1")
    node.settle()
    assert node.outside(agent_leg).told[-1][0] == "CANCEL"
    assert end_of(node, call_id) == (EndedBy.CALLER, EndReason.ABANDONED)
    assert [entry.cause for entry in node.entries(entries.OfferEnded)] == ["contact_left"]
    assert node.agent() == ("ready", "idle", "")
    node.assert_nothing_is_left()


def test_a_phone_that_answers_just_as_the_caller_leaves_is_hung_up(node: Node) -> None:
    node.login()
    call_id = node.call_in()
    agent_leg = node.leg_of_agent(call_id)
    node.sip.leave("in1")
    node.sip.pick_up(agent_leg)
    node.settle()
    assert node.outside(agent_leg).told[-1][0] == "BYE"
    assert end_of(node, call_id) == (EndedBy.CALLER, EndReason.ABANDONED)
    node.assert_nothing_is_left()


def test_a_phone_that_answers_just_as_the_ring_time_ends_is_hung_up(node: Node) -> None:
    node.login()
    call_id = node.call_in()
    agent_leg = node.leg_of_agent(call_id)
    node.sip.pick_up(agent_leg)  # on its way
    node.loop.turn_to(node.loop.hands + 15.0)
    node.settle()
    assert node.call(call_id).state is CallState.WAITING
    assert node.outside(agent_leg).told[-1][0] == "BYE"
    assert node.agent() == ("not_ready", "idle", "no_answer")


def test_an_agent_whose_phone_is_not_registered_is_stepped_over(node: Node) -> None:
    node.login("1001", "8001")
    node.pass_time(1.0)
    node.login("1002", "8002")
    node.sip.reachable.discard("phone8001")  # the engine does not know yet
    node.call_in()
    (phone,) = node.ringing()
    assert phone.peer.name == "phone8002"


def test_a_phone_that_is_lost_while_it_rings_is_withdrawn_in_the_same_turn(node: Node) -> None:
    node.login()
    call_id = node.call_in()
    agent_leg = node.leg_of_agent(call_id)
    node.seats.account_changed("phone8001", reachable=False)
    assert node.agent() == ("not_ready", "idle", "phone_lost")
    node.settle()
    assert node.outside(agent_leg).told[-1][0] == "CANCEL"
    assert node.waits(call_id) == 1


# ---- refused at the door ---------------------------------------------------------------------------------


def test_with_all_channels_busy_the_next_call_gets_503_and_is_counted() -> None:
    node = Node(trunk=replace(TRUNK, channels=1))
    node.dial("in1")
    node.dial("in2")
    assert node.outside("in2").told == [
        ("answer", 503, (("Reason", "Q.850;cause=34"), ("Retry-After", "10")))
    ]
    end = node.entries(entries.CallEnded)[-1]
    assert (end.end_reason, end.sip_status, end.q850_cause) == (EndReason.NO_CHANNEL, 503, 34)
    assert [trunk.refused for trunk in node.trunks.statistics()] == [1]
    node.sip.leave("in1")
    node.assert_nothing_is_left()


def test_a_number_that_leads_nowhere_gets_404(node: Node) -> None:
    node.dial("in1", number="110")
    assert node.outside("in1").told == [("answer", 404, (("Reason", "Q.850;cause=1"),))]
    assert node.entries(entries.CallEnded)[0].end_reason is EndReason.NO_ROUTE
    node.assert_nothing_is_left()


def test_an_offer_that_fits_nothing_gets_488_with_its_warning(node: Node) -> None:
    node.sip.unacceptable.add("in1")
    node.dial("in1")
    ((_, status, headers),) = node.outside("in1").told
    assert status == 488
    assert dict(headers)["Warning"].startswith("304 ")
    assert node.entries(entries.CallEnded)[0].end_reason is EndReason.FAILED
    node.assert_nothing_is_left()


def test_without_a_plane_calls_are_refused_until_it_is_back(node: Node) -> None:
    node.plane.die()
    node.dial("in1")
    assert node.outside("in1").told[0][:2] == ("answer", 503)
    node.plane.come_back()
    assert node.dial("in2")


def test_a_call_that_a_desk_phone_dials_is_refused_and_leaves_nothing(node: Node) -> None:
    node.board.invited(node.sip.invite("out1", peer=account_peer()))
    assert node.outside("out1").told == [("answer", 403, ())]
    node.assert_nothing_is_left()


@pytest.mark.parametrize("number", ["12345", "110"])
def test_a_caller_who_withdrew_before_control_was_ready_is_on_record_and_gone(
    node: Node, number: str
) -> None:
    """News that came during a take-over are heard late, one after the other."""
    invite = node.sip.invite("in1", number)
    node.sip.leave("in1")
    node.board.invited(invite)
    node.settle()
    assert node.entries(entries.CallEnded)[0].end_reason in (EndReason.ABANDONED, EndReason.NO_ROUTE)
    node.assert_nothing_is_left()


def test_a_caller_whom_the_edge_has_forgotten_already_is_on_record_and_gone(node: Node) -> None:
    invite = node.sip.invite("in1")
    del node.sip.legs_by_id["in1"]
    node.board.invited(invite)
    assert node.entries(entries.CallEnded)[0].end_reason is EndReason.ABANDONED
    node.assert_nothing_is_left()


# ---- holding ---------------------------------------------------------------------------------------------


def test_a_phone_that_holds_gives_the_caller_music_and_takes_it_away_again(node: Node) -> None:
    node.login()
    agent_leg = node.talk()
    node.sip.hold(agent_leg, held=True)
    node.settle()
    assert node.plane.hears("in1") == {"music"}
    assert node.plane.hears(agent_leg) == {"in1"}
    node.sip.hold(agent_leg, held=False)
    node.settle()
    assert node.plane.hears("in1") == {agent_leg}


# ---- losses ------------------------------------------------------------------------------------------------


def test_an_agents_leg_that_is_lost_costs_the_caller_only_time(node: Node) -> None:
    node.login("1001", "8001")
    agent_leg = node.talk("in1")
    call_id = node.board.calls()[0].call_id
    node.call_in("in2")  # somebody waits already
    cell = node.sip.cell_of(agent_leg)
    assert cell is not None
    node.pass_time(60.0)
    node.lose_cell(cell.cell_id)
    assert node.outside(agent_leg).told[-1][0] == "BYE"
    assert node.call(call_id).state is CallState.WAITING
    assert node.waits(call_id) == 1  # the arrival time is kept: before the one who came later
    assert node.plane.hears("in1") == {"music"}
    (recording,) = [r for r in node.plane.recordings.values() if r.left == ("in1",)]
    assert recording.right == ()
    assert node.agent()[0] == "wrap_up"
    assert node.story(call_id)[-1] == "CallRequeued"
    node.login("1002", "8002")
    (phone,) = node.ringing()
    node.answer(phone.leg_id)
    assert node.plane.hears("in1") == {phone.leg_id}
    node.sip.leave("in1")
    node.sip.leave("in2")
    node.assert_nothing_is_left()


def test_a_callers_leg_that_is_lost_ends_the_call_and_the_agent_wraps_up(node: Node) -> None:
    node.login()
    agent_leg = node.talk("in1")
    cell = node.sip.cell_of("in1")
    assert cell is not None
    node.lose_cell(cell.cell_id)
    assert node.outside("in1").told[-1][0] == "BYE"
    assert node.outside(agent_leg).told[-1][0] == "BYE"
    assert node.entries(entries.CallEnded)[0].end_reason is EndReason.FAILED
    assert node.agent()[0] == "wrap_up"
    node.assert_nothing_is_left()


def test_a_phone_lost_with_its_cell_while_ringing_is_not_held_against_the_agent(node: Node) -> None:
    node.login()
    call_id = node.call_in()
    cell = node.sip.cell_of(node.leg_of_agent(call_id))
    assert cell is not None
    node.lose_cell(cell.cell_id)
    assert node.outside(node.sip.living(lambda leg: leg.inbound)[0].leg_id).leg_id == "in1"
    assert [entry.cause for entry in node.entries(entries.OfferEnded)] == ["failed"]
    assert node.agent()[0] == "ready"
    node.pass_time(2.0)
    assert len(node.ringing()) == 1


def test_when_the_plane_dies_everybody_is_told_goodbye_and_new_calls_come_in(node: Node) -> None:
    node.login("1001", "8001")
    node.talk("in1")
    node.call_in("in2")
    node.dial("in3")
    node.lose_plane()
    assert {entry.end_reason for entry in node.entries(entries.CallEnded)} == {EndReason.MEDIA_LOST}
    assert [node.outside(leg).told[-1][0] for leg in ("in1", "in2", "in3")] == ["BYE", "BYE", "answer"]
    assert ("Reason", "Q.850;cause=41") in node.outside("in1").told[-1][2]
    node.repair()
    assert {entry.state.value for entry in node.entries(entries.RecordingClosed)} == {"crash"}
    assert node.call_in("in4")
    node.sip.leave("in4")
    node.assert_nothing_is_left()


def test_the_plane_dies_and_nobody_who_waits_is_offered_on_the_way(node: Node) -> None:
    node.login("1001", "8001")
    node.call_in("in1")
    node.call_in("in2")
    offered = len(node.entries(entries.CallOffered))
    node.lose_plane()
    assert len(node.entries(entries.CallOffered)) == offered
    assert node.agent() == ("ready", "idle", "")


def test_a_sound_address_that_is_not_allowed_ends_the_call_as_failed(node: Node) -> None:
    call_id = node.call_in()
    node.plane.refuse_remote("in1")
    node.settle()
    assert end_of(node, call_id) == (EndedBy.SYSTEM, EndReason.FAILED)
    node.assert_nothing_is_left()


# ---- by force --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["arriving", "greeted", "waiting", "ringing", "introduced", "talking"])
def test_a_supervisor_can_end_a_call_in_any_state(node: Node, state: str) -> None:
    if state in ("ringing", "introduced", "talking"):
        node.login()
    call_id = node.dial("in1")
    if state != "arriving":
        node.sip.acknowledge("in1")
        node.settle()
    if state not in ("arriving", "greeted"):
        node.plane.play_to_the_end("in1")
        node.settle()
    if state in ("introduced", "talking"):
        node.sip.pick_up(node.leg_of_agent(call_id))
        node.settle()
    if state == "talking":
        node.plane.play_to_the_end("in1")
        node.settle()
    assert node.board.hang_up(call_id, "test")
    node.settle()
    assert end_of(node, call_id) == (EndedBy.SYSTEM, EndReason.FORCED)
    assert not node.board.hang_up(call_id, "again")
    node.assert_nothing_is_left()
    if state in ("introduced", "talking"):
        assert [entry.presence for entry in node.entries(entries.AgentStateChanged)][-2:] == [
            "wrap_up",
            "ready",
        ]
