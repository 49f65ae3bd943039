"""Who gets whom."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agent import Agent
from acd.agent_state import AgentTrigger
from acd.commands import OfferContact
from acd.contact import Ageing, Contact, Place
from acd.contact_state import ContactState
from acd.criteria import STRATEGIES
from acd.events import AgentMadeReady, ContactQueued, QueueDefined
from acd.floor import Floor, Queue
from acd.matching import Pairing, best_agent, choose, next_pairing
from acd.names import AgentId, ContactId, QueueName
from acd.queue_priority import QueuePriority
from tests.acd.hotline import MAIN, Hotline, skilled

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


class TestPriorities:
    """Which queue an agent serves first."""

    def test_the_higher_priority_first_then_the_higher_level(self) -> None:
        """Level and arrival count among queues of one priority."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX, priority=5))
        hotline.call("c1", 1.0, level=9)
        hotline.call("c2", 2.0, queue="tax")
        hotline.call("c3", 3.0, queue="tax", level=1)
        served = []
        for name in ("ana", "ben", "cid"):
            hotline.login(name, queues=("main", "tax"))
            served += [contact for contact, _ in hotline.offered()]
        assert served == ["c3", "c2", "c1"]

    def test_an_agent_can_have_an_order_of_their_own(self) -> None:
        """The group's priority in place of the queue's."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX, priority=5))
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0, queue="tax")
        own = (QueuePriority(queue=MAIN, priority=6),)
        hotline.login("ana", queues=("main", "tax"), priorities=own)
        assert hotline.offered() == [("c1", "ana")]
        assert hotline.agent("ana").priorities == (("main", 6),)

    def test_a_caller_moved_while_it_rang_does_not_come_back_past_a_more_urgent_one(self) -> None:
        """The agent whose phone stops takes whom they should take first, not whom they had."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX))
        own = (QueuePriority(queue=TAX, priority=5),)
        hotline.login("ana", queues=("main", "tax"), priorities=own)
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0, queue="tax")
        hotline.call("c1", 3.0, level=1)
        assert hotline.offered() == [("c2", "ana")]

    def test_of_several_fresh_callers_the_higher_priority_is_first(self) -> None:
        """Whoever of the agents gets it."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX, priority=5))
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0, queue="tax")
        hotline.login("ana", queues=("main", "tax"))
        assert hotline.offered() == [("c2", "ana")]


class TestAgeing:
    """Nobody waits for ever."""

    def test_each_span_of_waiting_is_worth_a_level(self) -> None:
        """Whole spans count; at equal levels the first come goes first."""
        hotline = Hotline(QueueDefined(queue=MAIN, ageing_s=10.0))
        hotline.call("c1", 0.0)
        hotline.call("c2", 9.0, level=1)
        assert hotline.line() == ["c2", "c1"]
        hotline.wait(10.0)
        assert hotline.line() == ["c1", "c2"]
        assert hotline.engine.position(ContactId("c1")) == 1

    def test_each_span_of_waiting_is_worth_a_step_of_priority(self) -> None:
        """Where queues of different priority share agents."""
        hotline = Hotline(QueueDefined(queue=MAIN, promotion_s=60.0), QueueDefined(queue=TAX, priority=1))
        hotline.call("c1", 0.0)
        hotline.call("c2", 30.0, queue="tax")
        hotline.wait(60.0)
        hotline.login("ana", queues=("main", "tax"))
        assert hotline.offered() == [("c1", "ana")]

    def test_a_changed_rule_turns_nobody_about(self) -> None:
        """Those who wait keep what they won by the old ones."""
        hotline = Hotline(QueueDefined(queue=MAIN, ageing_s=10.0))
        hotline.call("c1", 0.0)
        hotline.call("c2", 15.0, level=1)
        hotline.wait(20.0)
        assert hotline.line() == ["c1", "c2"]
        hotline.tell(QueueDefined(queue=MAIN), 21.0)
        assert hotline.line() == ["c1", "c2"]

    @given(
        st.integers(0, 3), st.integers(0, 3), st.sampled_from(("main", "tax")), st.floats(0.5, 3.0), st.data()
    )
    @settings(max_examples=30, deadline=None)
    def test_every_caller_is_served_in_bounded_time(
        self, level: int, higher: int, queue: str, talk_s: float, data: st.DataObject
    ) -> None:
        """With ageing: though more come than can be served, and all of them at a higher level and priority.

        Only those can be served before a caller who came before, or so soon after that their wait does not make up
        for the difference in priority or level, a span for each and one for the rounding.
        """
        ageing_s, promotion_s, every_s = 5.0, 20.0, talk_s / 2
        rules = {"ageing_s": ageing_s, "promotion_s": promotion_s, "wrap_up_s": 0, "limit": 10_000}
        hotline = Hotline(
            QueueDefined(queue=MAIN, **rules),  # type: ignore[arg-type]
            QueueDefined(queue=TAX, priority=2, **rules),  # type: ignore[arg-type]
        )
        hotline.login("ana", queues=("main", "tax"), skills=skilled(tax=3))
        hotline.talk("c0")
        hotline.call("slow", queue=queue, level=level)
        ahead_s = promotion_s * ((queue == "main") * 2 + 1) + ageing_s * (higher + 1)
        bound_s = talk_s * (2 + ahead_s / every_s)
        talking, serial, since, arrives = "c0", 0, 0.0, 0.0
        while hotline.contact_state("slow") is ContactState.WAITING:
            assert hotline.now <= bound_s
            if arrives < since + talk_s:
                serial += 1
                asks = skilled(tax=1) if data.draw(st.booleans()) else ()
                hotline.call(f"c{serial}", arrives, queue="tax", level=level + higher, skills=asks)
                arrives += every_s
            else:
                since += talk_s
                hotline.end(talking, since)
                ((talking, _),) = hotline.offered()
                hotline.accept(talking)


@pytest.mark.parametrize("served", [("main", "tax"), ("tax", "main")])
def test_whoever_comes_in_the_place_of_a_declined_caller_is_as_urgent_as_their_own_wait(
    served: tuple[str, str],
) -> None:
    """The declined one would be first, the next of the kind has not waited for a level yet: another line is first."""
    hotline = Hotline(QueueDefined(queue=MAIN, ageing_s=10.0), QueueDefined(queue=TAX, ageing_s=10.0))
    hotline.login("ben")
    hotline.talk("c0", 0.0)
    hotline.login("ana", queues=served)
    hotline.call("c1", 0.0)
    hotline.decline("c1", 1.0)
    hotline.not_ready("ana", at=2.0)
    hotline.call("c3", 4.0, queue="tax")
    hotline.call("c2", 5.0)
    hotline.wait(14.0)
    hotline.ready("ana", 14.5)
    assert hotline.offered() == [("c3", "ana")]


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
            rules, order = QueueDefined(queue=name), STRATEGIES["longest_idle"]
            floor.queues[name] = Queue(rules, order, floor.attendance)
        return floor

    def agent(self, floor: Floor, name: str, since: float, *queues: QueueName) -> Agent:
        """A free agent."""
        agent = Agent(AgentId(name), queues, now=since)
        agent.apply(AgentTrigger.LOGGED_IN_READY, since)
        floor.agents[agent.id] = agent
        floor.settle(agent)
        return agent

    def contact(self, floor: Floor, name: str, queue: QueueName, arrived_at: float) -> Contact:
        """A contact that waits."""
        place = Place(queue)
        contact = Contact(
            ContactId(name), (place,), level=0, arrived_at=arrived_at, serial=len(floor.contacts)
        )
        floor.enter(contact)
        floor.stand(contact, (place,))
        return contact

    def test_nothing_fresh_nothing_paired(self) -> None:
        """Not even what would fit: it cannot be there."""
        assert next_pairing(self.floor(), 9.0) is None

    def test_the_first_contact_of_all_is_paired_first(self) -> None:
        """Though another was fresh before it."""
        floor = self.floor()
        self.agent(floor, "ana", 1.0, MAIN, TAX)
        self.contact(floor, "c1", MAIN, 7.0)
        first = self.contact(floor, "c2", TAX, 5.0)
        pairing = next_pairing(floor, 9.0)
        assert pairing is not None
        assert pairing.contact is first

    def test_a_fresh_agent_may_be_passed_over_for_one_idle_longer(self) -> None:
        """The strategy of the contact's queue chooses among all who are free."""
        floor = self.floor()
        idle = self.agent(floor, "ana", 1.0, MAIN)
        floor.fresh_agents.clear()
        self.agent(floor, "ben", 9.0, MAIN)
        contact = self.contact(floor, "c1", MAIN, 7.0)
        assert next_pairing(floor, 9.0) == Pairing(contact, idle)

    def test_of_several_fresh_agents_the_strategy_chooses(self) -> None:
        """Who came free at one moment is compared, whoever is asked first."""
        for first, second in (("ana", "ben"), ("ben", "ana")):
            floor = self.floor()
            contact = self.contact(floor, "c1", MAIN, 1.0)
            floor.fresh_contacts.clear()
            agents = {
                name: self.agent(floor, name, since, MAIN) for name, since in ((first, 2.0), (second, 3.0))
            }
            assert next_pairing(floor, 9.0) == Pairing(contact, agents[first])

    def test_who_declined_is_stepped_over_among_the_free(self) -> None:
        """The next one is looked at, in the order of the strategy."""
        floor = self.floor()
        contact = self.contact(floor, "c1", MAIN, 1.0)
        declined = self.agent(floor, "ana", 2.0, MAIN)
        other = self.agent(floor, "ben", 3.0, MAIN)
        contact.declined_by.add(declined.id)
        assert best_agent(floor, contact) is other

    def test_an_old_contact_only_a_fresh_agent_may_serve_goes_before_a_fresh_one(self) -> None:
        """First come, first served over what is fresh and what is not."""
        floor = self.floor()
        old = self.contact(floor, "c1", TAX, 1.0)
        floor.fresh_contacts.clear()
        self.contact(floor, "c2", MAIN, 8.0)
        agent = self.agent(floor, "ben", 9.0, MAIN, TAX)
        assert next_pairing(floor, 9.0) == Pairing(old, agent)

    def test_of_several_fresh_contacts_the_first_goes_first(self) -> None:
        """In whatever order they became so."""
        floor = self.floor()
        agent = self.agent(floor, "ana", 1.0, MAIN, TAX)
        floor.fresh_agents.clear()
        self.contact(floor, "c1", MAIN, 7.0)
        first = self.contact(floor, "c2", TAX, 5.0)
        self.contact(floor, "c3", MAIN, 6.0)
        assert next_pairing(floor, 9.0) == Pairing(first, agent)

    def test_two_are_paired_who_are_each_others_first(self) -> None:
        """A contact that is fresh does not get an agent who would rather have another one."""
        floor = self.floor()
        agent = self.agent(floor, "ana", 1.0, MAIN, TAX)
        agent.priorities[TAX] = 5
        floor.fresh_agents.clear()
        self.contact(floor, "c1", MAIN, 1.0)
        wanted = self.contact(floor, "c2", TAX, 7.0)
        assert next_pairing(floor, 9.0) == Pairing(wanted, agent)

    def test_where_wishes_go_round_in_a_circle_the_agents_count(self) -> None:
        """Ana would have c1, which would have Ben, who would have c2, which would have Ana."""
        floor = self.floor()
        for queue in (MAIN, TAX):
            floor.queues[queue].redefine(QueueDefined(queue=queue), STRATEGIES["round_robin"], 0.0)
        for name, rather, lately in (("ana", MAIN, MAIN), ("ben", TAX, TAX)):
            agent = Agent(AgentId(name), (MAIN, TAX), now=0.0)
            agent.priorities[rather] = 5
            agent.turns[lately] = 1
            agent.apply(AgentTrigger.LOGGED_IN_READY, 0.0)
            floor.settle(agent)
        contacts = [self.contact(floor, name, queue, 1.0) for name, queue in (("c1", MAIN), ("c2", TAX))]
        favourites = [best_agent(floor, contact) for contact in contacts]
        assert [agent and agent.id for agent in favourites] == ["ben", "ana"]
        pairing = next_pairing(floor, 9.0)
        assert pairing is not None
        assert choose(floor, pairing.agent, 9.0)[0] is pairing.contact

    def test_without_anybody_free_there_is_no_pair(self) -> None:
        """And without anybody waiting neither."""
        floor = self.floor()
        contact = self.contact(floor, "c1", MAIN, 1.0)
        assert next_pairing(floor, 9.0) is None
        assert best_agent(floor, contact) is None
        other = self.agent(floor, "ana", 1.0, TAX)
        assert choose(floor, other, 9.0)[0] is None
        assert next_pairing(floor, 9.0) is None

    def test_a_fresh_agent_who_is_free_no_longer_is_left_out(self) -> None:
        """Freshness is a hint, the state decides."""
        floor = self.floor()
        agent = self.agent(floor, "ana", 1.0, MAIN)
        agent.apply(AgentTrigger.MADE_NOT_READY, 2.0, "lunch")
        floor.settle(agent)
        self.contact(floor, "c1", MAIN, 1.0)
        assert agent.id in floor.fresh_agents
        assert next_pairing(floor, 9.0) is None


def test_the_cost_of_a_decision_does_not_grow_with_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten thousand callers only the head is looked at (counted, not timed)."""
    hotline = Hotline(QueueDefined(queue=MAIN, limit=20_000))
    for serial in range(10_000):
        hotline.call(f"c{serial}", float(serial))
    looked_at: list[str] = []
    urgency = Contact.urgency

    def watched(contact: Contact, ageing: Ageing, now: float) -> tuple[int, int]:
        """Note whose urgency is asked for, and answer."""
        looked_at.append(contact.id)
        return urgency(contact, ageing, now)

    monkeypatch.setattr(Contact, "urgency", watched)
    hotline.login("ana")
    assert hotline.orders(OfferContact)[0].contact == "c0"
    assert set(looked_at) == {"c0"}
