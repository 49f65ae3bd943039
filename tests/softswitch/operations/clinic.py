"""A node whose parts stopped agreeing, and the comparison that brings them together again.

Call control, the engine and the comparison are real; edge, cells and plane keep their contracts without a socket.
"""

from collections.abc import Callable, Mapping

from acd import events as acd_facts
from acd.names import AgentId, ContactId, QueueName
from media import commands as plane_words
from media import events as plane_news
from softswitch.calls.call import Call
from softswitch.cells.messages import CellCommand
from softswitch.operations.healer import ROUND_S, Healer
from softswitch.operations.reconciliation import ROUNDS, What
from softswitch.store import entries
from tests.softswitch.calls.node import Node
from tests.softswitch.calls.scripted_plane import PlaneLeg, PlaneRecording

Healed = tuple[str, str]
"""What was healed, and of which subject."""


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

    def rounds(self, count: int = ROUNDS) -> list[Healed]:
        """What was healed within so many rounds."""
        before = len(self.node.entries(entries.DifferenceHealed))
        self.node.pass_time(count * ROUND_S + 0.1)
        return [(entry.what, entry.subject) for entry in self.node.entries(entries.DifferenceHealed)[before:]]

    # ---- what goes wrong; each tells whom it harms ---------------------------------------------------

    def hold_stray_leg(self) -> str:
        """A cell holds a leg, and the edge its dialog, of which call control was never told."""
        self.node.sip.invite("ghost")
        self.cells.strays.add("ghost")
        return "ghost"

    def lose_cell(self) -> str:
        """The cell of a caller's leg is dead and nobody was told."""
        self.node.call_in("in1")
        cell = self.node.sip.cell_of("in1")
        assert cell is not None
        self.node.sip.kill_cell(cell.cell_id)
        return "in1"

    def overhear_invite(self) -> str:
        """The edge has a dialog of which call control was never told."""
        self.node.sip.invite("ghost")
        return "ghost"

    def leak_port(self) -> str:
        """The plane holds the sockets of a leg that is over."""
        self.node.plane.legs["ghost"] = PlaneLeg()
        return "ghost"

    def lose_sound(self) -> str:
        """The plane has closed a caller's leg and nobody was told."""
        self.node.call_in("in1")
        del self.node.plane.legs["in1"]
        return "in1"

    def stand_in_line(self) -> str:
        """The engine has somebody in a line who does not call."""
        ghost = acd_facts.ContactQueued(contact=ContactId("ghost"), queue=QueueName("hotline"))
        self.node.dispatcher.tell(ghost)
        return "ghost"

    def lose_place(self) -> str:
        """The engine has let a caller go who waits."""
        call_id = self.node.call_in("in1")
        self.node.dispatcher.tell(acd_facts.ContactLeft(contact=ContactId(call_id)))
        return call_id

    def engage_agent(self) -> str:
        """The engine has an agent in a call that there is not."""
        self.node.login("1001", "8001")
        self.node.dispatcher.tell(acd_facts.AgentEngaged(agent=AgentId("1001")))
        return "1001"

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

    def lose_offer(self) -> str:
        """The phone that was rung for a caller is let go, of which the engine was told nothing."""
        node = self.node
        node.login("1001", "8001")
        call = node.call(node.call_in("in1"))
        (party,) = call.offered
        call.parties.remove(party)
        node.legs.hang_up(party.leg)
        node.settle()
        return party.offer_id

    def free_agent(self) -> str:
        """The engine takes an agent for free who talks."""
        self.node.login("1001", "8001")
        agent_leg = self.node.talk("in1")
        (call,) = self.node.board.calls()
        self.node.dispatcher.tell(acd_facts.ContactEnded(contact=ContactId(call.call_id)))
        assert self.node.agent()[1] == "idle"
        return agent_leg

    def keep_channel(self) -> str:
        """A trunk's channel is held by a call that is over."""
        self.node.trunks.seize("city", "ghost")
        return "ghost"

    def record_for_ever(self) -> str:
        """The plane records a call that is over."""
        self.node.plane.recordings["r9"] = PlaneRecording("/recordings/r9.wav", (), ())
        return "r9"

    def lose_recording(self) -> str:
        """The plane writes a caller's recording no more and nobody was told."""
        call = self.node.call(self.node.call_in("in1"))
        del self.node.plane.recordings[call.recording_id]
        return call.recording_id


HARMS: Mapping[What, Callable[[Clinic], str]] = {
    What.STRAY_IN_CELL: Clinic.hold_stray_leg,
    What.LEG_WITHOUT_CELL: Clinic.lose_cell,
    What.STRAY_OUTSIDE: Clinic.overhear_invite,
    What.STRAY_IN_PLANE: Clinic.leak_port,
    What.LEG_WITHOUT_SOUND: Clinic.lose_sound,
    What.STRAY_CONTACT: Clinic.stand_in_line,
    What.CALL_WITHOUT_PLACE: Clinic.lose_place,
    What.AGENT_IN_NO_CALL: Clinic.engage_agent,
    What.AGENT_NOT_IN_CALL: lambda clinic: clinic.lose_agent().call_id,
    What.OFFER_WITHOUT_LEG: Clinic.lose_offer,
    What.AGENT_IDLE_IN_CALL: Clinic.free_agent,
    What.STRAY_CHANNEL: Clinic.keep_channel,
    What.STRAY_RECORDING: Clinic.record_for_ever,
    What.LOST_RECORDING: Clinic.lose_recording,
}
"""How each difference comes about, and whom it is found at."""
