"""Who gets whom."""

from acd.agent import Agent
from acd.agent_state import AgentTrigger
from acd.commands import OfferContact
from acd.contact import Contact
from acd.events import AgentMadeReady, ContactQueued, QueueDefined
from acd.floor import Floor, Queue
from acd.matching import Pairing, best_agent, best_contact, next_pairing
from acd.names import AgentId, ContactId, QueueName
from tests.acd.hotline import MAIN, Hotline

TAX = QueueName("tax")


class TestContacts:
    """Which caller an agent gets."""

    def test_first_come_first_served(self) -> None:
        """In one queue."""
        hotline = Hotline()
        for serial, contact in enumerate(("c1", "c2", "c3")):
            hotline.call(contact, float(serial))
        hotline.login("ana")
        assert hotline.offered() == [("c1", "ana")]

    def test_equal_arrival_goes_by_the_order_of_the_events(self) -> None:
        """Never by name."""
        hotline = Hotline()
        hotline.call("z", 1.0)
        hotline.call("a", 1.0)
        assert hotline.line() == ["z", "a"]

    def test_first_come_first_served_over_all_queues_of_an_agent(self) -> None:
        """The longest wait wins, whichever queue was named first."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
        hotline.call("c1", 2.0, queue="main")
        hotline.call("c2", 1.0 + 2.0, queue="tax")
        hotline.tell(ContactQueued(contact=ContactId("c3"), queue=TAX, arrived_at=1.0), 4.0)
        hotline.login("ana", queues=("main", "tax"))
        assert hotline.offered() == [("c3", "ana")]
        hotline.login("ben", queues=("main", "tax"))
        assert hotline.offered() == [("c1", "ben")]

    def test_a_higher_level_goes_first(self) -> None:
        """Within a level, first come, first served; over queues too."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0, level=5)
        hotline.call("c3", 3.0, level=5)
        hotline.call("c4", 4.0, level=-1)
        hotline.call("c5", 5.0, level=7, queue="tax")
        assert hotline.line() == ["c2", "c3", "c1", "c4"]
        served = []
        for name in ("ana", "ben", "cid", "dan", "eve"):
            hotline.login(name, queues=("main", "tax"))
            served += [contact for contact, _ in hotline.offered()]
        assert served == ["c5", "c2", "c3", "c1", "c4"]

    def test_an_agent_serves_only_their_queues(self) -> None:
        """The others wait."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0, queue="tax")
        hotline.login("ana", queues=("tax",))
        assert hotline.offered() == [("c2", "ana")]
        hotline.login("ben", queues=())
        assert hotline.offered() == []


class TestAgents:
    """Which agent a caller gets."""

    def test_longest_idle_first(self) -> None:
        """Idle since the login, or since the end of the wrap-up."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.talk("c1", 3.0)
        hotline.end("c1", 4.0)
        hotline.wait(14.0)
        hotline.call("c2", 15.0)
        assert hotline.offered() == [("c2", "ben")]
        hotline.call("c3", 16.0)
        assert hotline.offered() == [("c3", "ana")]

    def test_equally_idle_agents_go_by_name(self) -> None:
        """Always the same way."""
        hotline = Hotline()
        hotline.login("ben", 1.0)
        hotline.login("ana", 1.0)
        hotline.call("c1")
        assert hotline.offered() == [("c1", "ana")]

    def test_being_ready_twice_does_not_cost_the_place(self) -> None:
        """A second press is no new beginning."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        assert hotline.tell(AgentMadeReady(agent=AgentId("ana")), 3.0) == ()
        hotline.call("c1")
        assert hotline.offered() == [("c1", "ana")]

    def test_a_break_costs_the_place(self) -> None:
        """Idle is counted from being ready again."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.not_ready("ana", at=3.0)
        hotline.ready("ana", 4.0)
        hotline.call("c1")
        assert hotline.offered() == [("c1", "ben")]

    def test_a_queue_that_is_defined_anew_keeps_their_order(self) -> None:
        """The free ones are ranked again, by the rules that hold now."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 0.5)
        hotline.tell(QueueDefined(queue=MAIN, limit=5))
        hotline.call("c1")
        hotline.call("c2")
        assert [hotline.agent(name).contact for name in ("ana", "ben")] == ["c1", "c2"]


class TestFreshPairs:
    """Several contacts and agents that become free in one moment: looked at directly."""

    def floor(self) -> Floor:
        """Two queues."""
        floor = Floor()
        for name in (MAIN, TAX):
            floor.queues[name] = Queue(QueueDefined(queue=name))
        return floor

    def agent(self, floor: Floor, name: str, since: float, *queues: QueueName) -> Agent:
        """A free agent."""
        agent = Agent(AgentId(name), queues, now=since, wrap_up_s=None)
        agent.apply(AgentTrigger.LOGGED_IN_READY, since)
        floor.agents[agent.id] = agent
        floor.settle(agent)
        return agent

    def contact(self, floor: Floor, name: str, queue: QueueName, arrived_at: float) -> Contact:
        """A contact that waits."""
        contact = Contact(ContactId(name), queue, level=0, arrived_at=arrived_at, serial=len(floor.contacts))
        floor.enter(contact)
        floor.stand(contact)
        return contact

    def test_nothing_fresh_nothing_paired(self) -> None:
        """Not even what would fit: it cannot be there."""
        assert next_pairing(self.floor()) is None

    def test_the_first_contact_of_all_is_paired_first(self) -> None:
        """Though another was fresh before it."""
        floor = self.floor()
        self.agent(floor, "ana", 1.0, MAIN, TAX)
        self.contact(floor, "c1", MAIN, 7.0)
        first = self.contact(floor, "c2", TAX, 5.0)
        pairing = next_pairing(floor)
        assert pairing is not None
        assert pairing.contact is first

    def test_a_fresh_agent_may_be_passed_over_for_one_idle_longer(self) -> None:
        """The strategy of the contact's queue chooses among all who are free."""
        floor = self.floor()
        idle = self.agent(floor, "ana", 1.0, MAIN)
        floor.fresh_agents.clear()
        self.agent(floor, "ben", 9.0, MAIN)
        contact = self.contact(floor, "c1", MAIN, 7.0)
        assert next_pairing(floor) == Pairing(contact, idle)

    def test_an_old_contact_only_a_fresh_agent_may_serve_goes_before_a_fresh_one(self) -> None:
        """First come, first served over what is fresh and what is not."""
        floor = self.floor()
        old = self.contact(floor, "c1", TAX, 1.0)
        floor.fresh_contacts.clear()
        self.contact(floor, "c2", MAIN, 8.0)
        agent = self.agent(floor, "ben", 9.0, MAIN, TAX)
        assert next_pairing(floor) == Pairing(old, agent)

    def test_of_several_fresh_contacts_the_first_goes_first(self) -> None:
        """In whatever order they became so."""
        floor = self.floor()
        agent = self.agent(floor, "ana", 1.0, MAIN, TAX)
        floor.fresh_agents.clear()
        self.contact(floor, "c1", MAIN, 7.0)
        first = self.contact(floor, "c2", TAX, 5.0)
        self.contact(floor, "c3", MAIN, 6.0)
        assert next_pairing(floor) == Pairing(first, agent)

    def test_without_anybody_free_there_is_no_pair(self) -> None:
        """And without anybody waiting neither."""
        floor = self.floor()
        contact = self.contact(floor, "c1", MAIN, 1.0)
        assert next_pairing(floor) is None
        assert best_agent(floor, contact) is None
        other = self.agent(floor, "ana", 1.0, TAX)
        assert best_contact(floor, other) is None
        assert next_pairing(floor) is None

    def test_a_fresh_agent_who_is_free_no_longer_is_left_out(self) -> None:
        """Freshness is a hint, the state decides."""
        floor = self.floor()
        agent = self.agent(floor, "ana", 1.0, MAIN)
        agent.apply(AgentTrigger.MADE_NOT_READY, 2.0, "lunch")
        floor.settle(agent)
        self.contact(floor, "c1", MAIN, 1.0)
        assert agent.id in floor.fresh_agents
        assert next_pairing(floor) is None


def test_the_cost_of_a_decision_does_not_grow_with_the_line() -> None:
    """Of ten thousand callers only the head is looked at (counted, not timed)."""
    hotline = Hotline(QueueDefined(queue=MAIN, limit=20_000))
    for serial in range(10_000):
        hotline.call(f"c{serial}", float(serial))
    queue = hotline.engine._floor.queues[MAIN]
    looked_at: list[str] = []
    served_by = type(queue).may_serve

    class Watched(Queue):
        """A queue that notes whom it is asked about."""

        __slots__ = ()

        def may_serve(self, agent: Agent, contact: Contact) -> bool:
            """Note and answer."""
            looked_at.append(contact.id)
            return served_by(self, agent, contact)

    queue.__class__ = Watched
    hotline.login("ana")
    assert hotline.orders(OfferContact)[0].contact == "c0"
    assert set(looked_at) == {"c0"}
