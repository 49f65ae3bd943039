"""The whole list of a decision: everybody of both sides, in order, each with a verdict."""

from acd.agent_state import AgentCondition
from acd.bonds import Witness
from acd.contact import Place
from acd.decision import Exclusion
from acd.engine import Engine
from acd.events import CapacitiesDefined, QueueDefined, SharesDefined
from acd.floor import Floor
from acd.matching import Pairing
from acd.medium import Medium, MediumCapacity
from acd.names import AgentId, QueueName
from acd.roll_call import CHOSEN, LATER, VERDICTS, RollCall, call_the_roll
from acd.routes import Route
from acd.shares import RegionShare
from tests.acd.hotline import MAIN, Hotline, skilled

TAX = QueueName("tax")


class Called(Hotline):
    """A hotline where the roll is called at each decision."""

    def __init__(self, *queues: QueueDefined) -> None:
        """Define the queues at 0.0."""
        super().__init__()
        self.calls: list[RollCall] = []
        witness: Witness = self.witness
        self.engine = Engine(witness=witness)
        for queue in queues or (QueueDefined(queue=MAIN),):
            self.tell(queue)

    def witness(self, floor: Floor, pairing: Pairing, place: Place, now: float) -> None:
        """Call the roll, and see that the place is one of the contact's."""
        assert place in pairing.contact.standing
        self.calls.append(call_the_roll(floor, pairing, now))

    def agents(self) -> list[tuple[str, int, int, str]]:
        """The agents of the last decision: who, row, place, verdict."""
        return [(each.values.agent, each.row, each.place, each.verdict) for each in self.calls[-1].agents]

    def contacts(self) -> list[tuple[str, int, str]]:
        """The contacts of the last decision: which, place, verdict."""
        return [(each.values.contact, each.place, each.verdict) for each in self.calls[-1].contacts]


def test_every_agent_of_the_lines_has_a_verdict() -> None:
    """More than the record lists: all thirty, those who could in the order in which they would have been asked."""
    line = Called()
    for serial in range(30):
        line.login(f"a{serial:02}", float(serial), skills=skilled(tax=1))
    line.login("busy", 40.0, skills=skilled(tax=9))
    line.not_ready("busy")
    line.login("cid", 41.0)
    line.call("c1", 50.0, skills=skilled(tax=1))
    assert line.agents() == [
        ("a00", 0, 1, CHOSEN),
        *[(f"a{serial:02}", 0, serial + 1, LATER) for serial in range(1, 30)],
        ("busy", 0, 0, AgentCondition.NOT_READY),
        ("cid", 0, 0, Exclusion.SKILL),
    ]
    assert line.calls[-1].agents[0].values.idle_since == 0.0
    assert line.contacts() == [("c1", 1, CHOSEN)]


def test_rows_of_a_table_are_told_apart() -> None:
    """An agent counts in the first row in which they could; where they could not, a skill is the weakest reason."""
    line = Called(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
    line.login("ana", queues=())
    line.not_ready("ana")
    line.login("ben", queues=("main", "tax"))
    line.login("cid", queues=("main", "tax"))
    line.not_ready("cid")
    line.login("dan", queues=("tax",))
    routes = (Route(agent=AgentId("ana")), Route(skills=skilled(law=1)), Route(queue=TAX))
    line.call("c1", 1.0, routes=routes)
    assert line.agents() == [
        ("ben", 2, 1, CHOSEN),
        ("dan", 2, 2, LATER),
        ("ana", 0, 0, AgentCondition.NOT_READY),
        ("cid", 2, 0, AgentCondition.NOT_READY),
    ]


def test_every_contact_of_the_agents_lines_has_a_verdict() -> None:
    """Also those behind the first of a kind, with their own level by waiting; one in two lines counts once."""
    line = Called(QueueDefined(queue=MAIN, ageing_s=60.0), QueueDefined(queue=TAX, priority=1))
    line.call("old", 0.0)
    line.call("young", 50.0)
    line.call("hard", 51.0, skills=skilled(law=3))
    line.call("both", 52.0, routes=(Route(), Route(queue=TAX)))
    line.login("ana", 100.0, queues=("main", "tax"), skills=skilled(law=1))
    assert line.contacts() == [
        ("both", 1, CHOSEN),
        ("old", 2, LATER),
        ("young", 3, LATER),
        ("hard", 0, Exclusion.SKILL),
    ]
    values = {str(each.values.contact): each.values for each in line.calls[-1].contacts}
    assert (values["both"].priority, values["old"].level, values["young"].level) == (1, 1, 0)


def test_the_region_whose_turn_it_is_stands_first() -> None:
    """Though another came before."""
    line = Called(QueueDefined(queue=MAIN, wrap_up_s=0))
    shares = tuple(RegionShare(region=name, share=1.0) for name in ("north", "west"))
    line.tell(SharesDefined(name="cities", shares=shares))
    line.login("ana", shares="cities")
    line.talk("c0")
    line.call("c1", 1.0, region="west")
    line.call("c2", 2.0, region="north")
    line.end("c0", 3.0)
    assert line.contacts() == [("c2", 1, CHOSEN), ("c1", 2, LATER)]


def test_who_declined_is_told_on_both_sides() -> None:
    """While somebody else is on duty."""
    line = Called(QueueDefined(queue=MAIN, wrap_up_s=0))
    line.login("ben")
    line.login("ana", 1.0)
    line.talk("c0")
    line.call("c1", 2.0)
    line.decline("c1", 3.0)
    line.wait(5.0)
    line.call("c2", 6.0, level=1)
    assert line.contacts() == [("c2", 1, CHOSEN), ("c1", 0, Exclusion.DECLINED)]
    line.hang_up("c2", 7.0)
    line.end("c0", 8.0)
    assert line.agents() == [("ben", 0, 1, CHOSEN), ("ana", 0, 0, Exclusion.DECLINED)]


def test_own_callers_media_and_callbacks_beyond_the_number() -> None:
    """What waits for the very agent is theirs first; what they have no room for, or may not begin now, is told."""
    line = Called(QueueDefined(queue=MAIN, callbacks_most=1))
    both = (MediumCapacity(medium=Medium.VOICE), MediumCapacity(medium=Medium.CHAT))
    line.tell(CapacitiesDefined(name="", capacities=both))
    line.login("ben")
    line.call("back1", 1.0, is_callback=True)
    line.call("back2", 2.0, is_callback=True)
    line.call("mail", 3.0, medium=Medium.EMAIL)
    line.call("own", 4.0, routes=(Route(agent=AgentId("ana")),))
    line.call("own2", 4.5, routes=(Route(agent=AgentId("ana")), Route()))
    line.login("ana", 5.0)
    assert line.contacts() == [
        ("own", 1, CHOSEN),
        ("own2", 2, LATER),
        ("back2", 0, Exclusion.QUOTA),
        ("mail", 0, Exclusion.MEDIUM),
    ]


def test_a_callback_beyond_the_number_goes_to_its_own_agent_alone() -> None:
    """The others of the queue have the number for a reason."""
    line = Called(QueueDefined(queue=MAIN, callbacks_most=1))
    for name in ("ana", "ben", "cid"):
        line.login(name)
    line.call("back1", 1.0, is_callback=True)
    line.call("back2", 2.0, is_callback=True, routes=(Route(), Route(agent=AgentId("cid"))))
    assert line.agents() == [
        ("cid", 1, 1, CHOSEN),
        ("ana", 0, 0, Exclusion.QUOTA),
        ("ben", 0, 0, Exclusion.QUOTA),
    ]


def test_every_verdict_has_chinese_words() -> None:
    """The conditions that an agent can be in, the exclusions, and the two of those who could."""
    said = {*AgentCondition, *Exclusion, CHOSEN, LATER} - {AgentCondition.FREE}
    assert {str(each) for each in said} == set(VERDICTS)
