"""What does not agree is brought together, written down and counted: call control with the real engine."""

import pytest

from acd import events as acd_facts
from acd.names import ContactId, QueueName
from softswitch.calls.call import CallState
from softswitch.operations.reconciliation import PATIENCE, ROUNDS, What
from softswitch.store import entries
from softswitch.store.entries import EndedBy, RecordingState
from tests.softswitch.calls.node import done
from tests.softswitch.calls.scripted_plane import PlaneLeg
from tests.softswitch.operations.clinic import HARMS, Clinic


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def test_a_healthy_node_in_every_state_is_left_alone(clinic: Clinic) -> None:
    node = clinic.node
    node.login("1001", "8001")
    node.talk("in1")
    node.call_in("in2")
    node.call_in("in3")
    assert clinic.rounds(24) == []
    for leg_id in ("in1", "in2", "in3"):
        node.sip.leave(leg_id)
    node.settle()
    assert clinic.rounds(3) == []
    assert clinic.healer.healed == 0
    assert clinic.plane.asked == 27, "each round"
    node.assert_nothing_is_left()


@pytest.mark.parametrize("what", What)
async def test_each_difference_is_healed_once_and_for_all_written_down_and_counted(
    clinic: Clinic, what: What
) -> None:
    """A new kind has to say here how it comes about."""
    subject = HARMS[what](clinic)
    patience = PATIENCE.get(what, ROUNDS)
    assert clinic.rounds(patience - 1) == []
    assert clinic.rounds(1) == [(what.value, subject)]
    assert clinic.healer.healed == 1
    await clinic.node.recordings.wait_repaired()
    (entry,) = clinic.node.entries(entries.DifferenceHealed)
    assert entry.detail
    assert clinic.rounds(max(PATIENCE.values()) + 1) == []


def test_a_leg_in_a_cell_that_belongs_to_no_call_is_hung_up(clinic: Clinic) -> None:
    clinic.hold_stray_leg()
    clinic.rounds()
    assert [type(order).__name__ for order in clinic.cells.ordered] == ["HangUpLeg"]
    assert clinic.node.outside("ghost").is_forgotten


def test_somebody_in_line_without_a_call_leaves_it(clinic: Clinic) -> None:
    clinic.stand_in_line()
    clinic.rounds()
    assert clinic.node.engine.waiting(QueueName("hotline")) == ()


def test_a_chat_waits_in_its_line_though_it_has_no_call(clinic: Clinic) -> None:
    contacts = clinic.node.board.contacts
    chat = contacts.queue("chat", "hotline", level=0, address="web-1", data={}, by="web")
    assert clinic.rounds(3) == []
    assert contacts.position(chat) == 1
    contacts.cancel(chat.contact_id, "web")
    assert clinic.rounds(3) == []


def test_a_caller_whose_place_was_lost_is_put_back_at_the_time_of_arrival(clinic: Clinic) -> None:
    node = clinic.node
    first = node.call_in("in1")
    node.pass_time(2.0)
    second = node.call_in("in2")
    node.dispatcher.tell(acd_facts.ContactLeft(contact=ContactId(first)))
    assert node.waits(second) == 1
    assert clinic.rounds(2) == [("call_without_place", first)]
    assert (node.waits(first), node.waits(second)) == (1, 2)


def test_an_agent_who_is_in_no_call_gets_the_next_one(clinic: Clinic) -> None:
    node = clinic.node
    clinic.engage_agent()
    call_id = node.call_in("in1")
    assert node.waits(call_id) == 1
    clinic.rounds()
    assert node.leg_of_agent(call_id)


def test_an_agent_who_has_left_the_call_that_the_engine_names_is_free(clinic: Clinic) -> None:
    """The caller, with whom nobody talks, goes on as before."""
    call = clinic.lose_agent()
    clinic.rounds()
    assert clinic.node.agent()[1] == "idle"
    assert clinic.node.board.calls() == (call,)


def test_a_caller_who_waits_while_the_engine_believes_in_a_talk_is_at_the_head_of_the_line(
    clinic: Clinic,
) -> None:
    node, call = clinic.node, clinic.lose_agent()
    second = node.call_in("in2")
    call.become(CallState.WAITING)
    assert clinic.rounds(2) == [("agent_not_in_call", call.call_id)]
    done(node.seats.ready("1001"))
    node.settle()
    assert node.leg_of_agent(call.call_id)
    assert node.waits(second) is not None
    assert clinic.rounds(3) == []


def test_an_offer_for_which_no_phone_rings_goes_to_the_next_agent(clinic: Clinic) -> None:
    node = clinic.node
    lost = clinic.lose_offer()
    node.login("1002", "8002")
    clinic.rounds()
    (call,) = node.board.calls()
    (rung,) = call.offered
    assert rung.offer_id != lost
    assert node.agent("1001")[0] == "ready", "it is not held against the agent"
    assert clinic.rounds(1) == []


def test_an_agent_in_a_call_whom_the_engine_takes_for_free_is_offered_nothing_until_its_end(
    clinic: Clinic,
) -> None:
    node = clinic.node
    clinic.free_agent()
    clinic.rounds()
    assert node.agent()[1] == "engaged"
    node.sip.leave("in1")
    node.settle()
    assert node.agent()[1] == "idle"
    assert clinic.rounds(3) == []


def test_a_channel_that_nobody_uses_is_free_again(clinic: Clinic) -> None:
    clinic.keep_channel()
    clinic.rounds()
    assert [trunk.in_use for trunk in clinic.node.trunks.statistics()] == [0]


def test_what_the_plane_holds_for_nobody_is_closed(clinic: Clinic) -> None:
    """Ports of a leg that is over, and a recording of a call that is: within two rounds.  Who listens in a browser has no call."""
    node = clinic.node
    clinic.leak_port()
    clinic.record_for_ever()
    node.plane.legs["ear-1"] = PlaneLeg()
    assert clinic.rounds(1) == []
    assert clinic.rounds(1) == [("stray_in_plane", "ghost"), ("stray_recording", "r9")]
    assert list(node.plane.legs) == ["ear-1"]
    assert not node.plane.recordings


def test_a_leg_that_the_plane_has_lost_is_ended_and_its_call_with_it(clinic: Clinic) -> None:
    clinic.lose_sound()
    clinic.rounds()
    assert clinic.node.board.calls() == ()
    assert clinic.node.outside("in1").told[-1][0] == "BYE"


def test_a_caller_whose_cell_is_gone_gets_a_bye_and_nothing_of_the_call_is_left(clinic: Clinic) -> None:
    leg_id = clinic.lose_cell()
    clinic.rounds()
    assert clinic.node.outside(leg_id).told[-1][0] == "BYE"
    (ended,) = clinic.node.entries(entries.CallEnded)
    assert (ended.ended_by, ended.q850_cause) == (EndedBy.SYSTEM, 41)
    clinic.node.assert_nothing_is_left()


def test_who_is_known_to_the_edge_alone_is_refused_and_forgotten(clinic: Clinic) -> None:
    leg = clinic.node.outside(clinic.overhear_invite())
    clinic.rounds(PATIENCE[What.STRAY_OUTSIDE])
    assert leg.told == [("answer", 503, ())]
    assert leg.is_forgotten


async def test_a_recording_that_nobody_writes_is_closed_and_its_call_goes_on(clinic: Clinic) -> None:
    recording_id = clinic.lose_recording()
    clinic.rounds()
    await clinic.node.recordings.wait_repaired()
    (closed,) = clinic.node.entries(entries.RecordingClosed)
    assert (closed.recording_id, closed.state) == (recording_id, RecordingState.CRASH)
    assert len(clinic.node.board.calls()) == 1
