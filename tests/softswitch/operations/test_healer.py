"""What does not agree is brought together, written down and counted: call control with the real engine."""

from collections.abc import Callable

import pytest

from acd import events as acd_facts
from acd.names import AgentId, ContactId, QueueName
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.call import Call, CallState
from softswitch.cells.messages import CellCommand
from softswitch.operations.healer import ROUND_S, Healer
from softswitch.store import entries
from tests.softswitch.calls.node import Node, done
from tests.softswitch.calls.scripted_plane import PlaneLeg, PlaneRecording


class Cells:
    """What the cells of the node hold."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.strays: set[str] = set()
        self.ordered: list[CellCommand] = []

    def live_legs(self) -> frozenset[str]:
        return frozenset(self.node.sip.legs_up()) | self.strays

    def send(self, leg_id: str, command: CellCommand) -> None:
        self.ordered.append(command)
        self.strays.discard(leg_id)


class Plane:
    """The plane of the node, asked directly."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.asked = 0

    def inquire(self, answer: Callable[[plane_news.HoldingsListed], None]) -> None:
        self.asked += 1
        calls = {call.recording_id: call.call_id for call in self.node.board.calls()}
        recordings = tuple((name, calls.get(name, "over")) for name in self.node.plane.recordings)
        legs = tuple(self.node.plane.legs)
        answer(plane_news.HoldingsListed(legs=legs, recordings=recordings, finishing=()))

    def send(self, command: plane_words.Command) -> None:
        self.node.plane.tell(command)


class Clinic:
    """A node and its healer."""

    def __init__(self) -> None:
        self.node = node = Node(greeting="")
        self.cells, self.plane = Cells(node), Plane(node)
        self.healer = Healer(
            edge=node.sip,
            pool=self.cells,
            plane=self.plane,
            legs=node.legs,
            board=node.board,
            trunks=node.trunks,
            recordings=node.recordings,
            dispatcher=node.dispatcher,
            record=node.chronicle.record,
            clock=node.clock,
        )
        self.healer.open()

    def rounds(self, count: int) -> list[tuple[str, str]]:
        """What was healed within so many rounds."""
        before = len(self.node.entries(entries.DifferenceHealed))
        self.node.pass_time(count * ROUND_S + 0.1)
        return [(entry.what, entry.subject) for entry in self.node.entries(entries.DifferenceHealed)[before:]]

    def lose_agent(self) -> Call:
        """A call that the agent 1001 talked in and is gone from, of which the engine was told nothing."""
        node = self.node
        node.login("1001", "8001")
        agent_leg = node.talk("in1")
        (call,) = node.board.calls()
        party = call.party_at(agent_leg)
        assert party is not None
        party.contact = ""
        node.board.table.remove(call, party)
        assert node.agent()[1] == "talking"
        return call


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


def test_a_leg_in_a_cell_that_belongs_to_no_call_is_hung_up(clinic: Clinic) -> None:
    clinic.cells.strays.add("ghost")
    assert clinic.rounds(2) == [("stray_in_cell", "ghost")]
    assert [type(order).__name__ for order in clinic.cells.ordered] == ["HangUpLeg"]


def test_somebody_in_line_without_a_call_leaves_it(clinic: Clinic) -> None:
    clinic.node.dispatcher.tell(
        acd_facts.ContactQueued(contact=ContactId("ghost"), queue=QueueName("hotline"))
    )
    assert clinic.rounds(2) == [("stray_contact", "ghost")]
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
    node.login("1001", "8001")
    node.dispatcher.tell(acd_facts.AgentEngaged(agent=AgentId("1001")))
    call_id = node.call_in("in1")
    assert node.waits(call_id) == 1
    assert clinic.rounds(2) == [("agent_in_no_call", "1001")]
    assert node.leg_of_agent(call_id)


def test_an_agent_who_has_left_the_call_that_the_engine_names_is_free(clinic: Clinic) -> None:
    """The caller, with whom nobody talks, goes on as before."""
    node, call = clinic.node, clinic.lose_agent()
    assert clinic.rounds(1) == []
    assert clinic.rounds(1) == [("agent_not_in_call", call.call_id)]
    assert node.agent()[1] == "idle"
    assert clinic.rounds(3) == []


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
    node.login("1001", "8001")
    call_id = node.call_in("in1")
    node.login("1002", "8002")
    call = node.call(call_id)
    (party,) = call.offered
    assert party.agent == "1001"
    call.parties.remove(party)
    node.legs.hang_up(party.leg)
    node.settle()
    assert clinic.rounds(1) == []
    assert clinic.rounds(1) == [("offer_without_leg", party.offer_id)]
    (rung,) = call.offered
    assert rung.offer_id != party.offer_id
    assert node.agent("1001")[0] == "ready", "it is not held against the agent"
    assert clinic.rounds(1) == []


def test_an_agent_in_a_call_whom_the_engine_takes_for_free_is_offered_nothing_until_its_end(
    clinic: Clinic,
) -> None:
    node = clinic.node
    node.login("1001", "8001")
    agent_leg = node.talk("in1")
    call = node.board.calls()[0]
    node.dispatcher.tell(acd_facts.ContactEnded(contact=ContactId(call.call_id)))
    assert node.agent()[1] == "idle"
    assert clinic.rounds(1) == []
    assert clinic.rounds(1) == [("agent_idle_in_call", agent_leg)]
    assert node.agent()[1] == "engaged"
    assert clinic.rounds(3) == []
    node.sip.leave("in1")
    node.settle()
    assert node.agent()[1] == "idle"
    assert clinic.rounds(3) == []


def test_a_channel_that_nobody_uses_is_free_again(clinic: Clinic) -> None:
    clinic.node.trunks.seize("city", "ghost")
    assert clinic.rounds(2) == [("stray_channel", "ghost")]
    assert [trunk.in_use for trunk in clinic.node.trunks.statistics()] == [0]


def test_what_the_plane_holds_for_nobody_is_closed(clinic: Clinic) -> None:
    """Ports of a leg that is over, and a recording of a call that is: within two rounds.  Who listens in a browser has no call."""
    node = clinic.node
    node.plane.legs["ghost"] = PlaneLeg()
    node.plane.legs["ear-1"] = PlaneLeg()
    node.plane.recordings["r9"] = PlaneRecording("/recordings/r9.wav", (), ())
    assert clinic.rounds(1) == []
    assert clinic.rounds(1) == [("stray_in_plane", "ghost"), ("stray_recording", "r9")]
    assert list(node.plane.legs) == ["ear-1"]
    assert not node.plane.recordings


def test_a_leg_that_the_plane_has_lost_is_ended_and_its_call_with_it(clinic: Clinic) -> None:
    node = clinic.node
    call_id = node.call_in("in1")
    del node.plane.legs["in1"]
    clinic.rounds(1)
    assert ("leg_without_sound", "in1") in clinic.rounds(1)
    assert call_id not in [call.call_id for call in node.board.calls()]
    assert node.outside("in1").told[-1][0] == "BYE"
