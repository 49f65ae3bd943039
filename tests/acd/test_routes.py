"""Routing tables: several lines at once, and callers who wait for one agent first."""

import pytest

from acd.commands import OfferContact, RefuseCause
from acd.contact_state import ContactState
from acd.errors import InvalidValue, QueueOccupied
from acd.events import ContactQueued, ContactRequeued, QueueDefined, QueueRemoved
from acd.names import AgentId, ContactId, QueueName
from acd.routes import Route
from acd.skills import Widening
from tests.acd.hotline import MAIN, Hotline, skilled

TAX, LAW = QueueName("tax"), QueueName("law")
ANA, BEN = AgentId("ana"), AgentId("ben")
BOTH = (Route(), Route(queue=TAX))
ANA_FIRST = (Route(agent=ANA, until_s=30.0), Route(after_s=30.0))


def hotline(*agents: str) -> Hotline:
    """Queues main, tax and law; agents of main by name."""
    hotline = Hotline(*(QueueDefined(queue=name) for name in (MAIN, TAX, LAW)))
    for agent in agents:
        hotline.login(agent)
    return hotline


def own(hotline: Hotline, agent: AgentId = ANA) -> list[str]:
    """Who waits for this very agent, in order."""
    return [each.contact for each in hotline.engine.waiting_for(agent)]


@pytest.mark.parametrize(
    "build",
    [
        lambda: Route(queue=QueueName("")),
        lambda: Route(agent=AgentId("")),
        lambda: Route(after_s=-1.0),
        lambda: Route(after_s=5.0, until_s=5.0),
        lambda: Route(skills=skilled(tax=1) + skilled(tax=2)),
        lambda: ContactQueued(contact=ContactId("c"), queue=MAIN, skills=skilled(tax=1), routes=BOTH),
    ],
)
def test_what_cannot_be_true_cannot_be_built(build: object) -> None:
    """Refused with the field."""
    with pytest.raises(InvalidValue):
        build()  # type: ignore[operator]


class TestSeveralLines:
    """客户服务路由表."""

    def test_free_agents_are_sought_in_the_order_of_the_table(self) -> None:
        """However long those of a later row have been idle."""
        line = hotline()
        line.login("ben", 1.0, queues=("tax",))
        line.login("ana", 2.0)
        line.call("c1", 3.0, routes=BOTH)
        assert line.offered() == [("c1", "ana")]
        line.call("c2", 4.0, routes=BOTH)
        assert line.orders(OfferContact)[0].queue == TAX

    def test_with_nobody_free_the_caller_waits_in_all_and_counts_once(self) -> None:
        """In the queue of the first row."""
        line = hotline()
        line.call("c1", 1.0, routes=BOTH)
        assert line.line("main") == line.line("tax") == ["c1"]
        figures = {each.queue: (each.waiting, each.standing) for each in line.engine.statistics().queues}
        assert figures == {MAIN: (1, 1), TAX: (0, 1), LAW: (0, 0)}

    @pytest.mark.parametrize("queue", [MAIN, TAX])
    def test_an_offer_from_one_line_takes_the_caller_out_of_all(self, queue: QueueName) -> None:
        """And a decline puts them back into all, at their place."""
        line = hotline()
        line.call("c1", 1.0, routes=BOTH)
        line.call("c2", 2.0, queue=queue)
        line.login("ana", 3.0, queues=(queue,))
        assert line.line("main") + line.line("tax") == ["c2"]
        assert line.reported_contact("c1").queue == queue
        line.login("ben", 3.5, queues=(queue,))
        assert line.offered() == [("c2", "ben")]
        line.decline("c1", 4.0)
        assert line.line("main") == line.line("tax") == ["c1"]
        assert line.reported_contact("c1").queue == MAIN

    def test_a_caller_who_hangs_up_has_left_all(self) -> None:
        """At once."""
        line = hotline()
        line.call("c1", 1.0, routes=BOTH)
        line.hang_up("c1", 2.0)
        assert line.line("main") == line.line("tax") == []

    def test_a_row_opens_after_its_wait_and_closes_at_its_end(self) -> None:
        """To the second; the arrival counts in every line."""
        line = hotline()
        line.call("c1", 10.0, routes=(Route(until_s=20.0), Route(queue=TAX, after_s=5.0)))
        line.call("c2", 12.0, queue="tax")
        assert line.line("tax") == ["c2"]
        line.wait(15.0)
        assert (line.line("main"), line.line("tax")) == (["c1"], ["c1", "c2"])
        line.wait(30.0)
        assert (line.line("main"), line.line("tax")) == ([], ["c1", "c2"])
        assert line.reported_contact("c1").queue == TAX
        assert line.engine.next_deadline() is None

    def test_deadlines_hold_to_the_last_bit(self) -> None:
        """1275.3 + 0.3 - 1275.3 is less than 0.3: nothing may spin on that."""
        line = hotline()
        widening = (Widening(after_s=0.3),)
        line.tell(QueueDefined(queue=MAIN, widening=widening))
        line.call("c1", 1275.3, routes=(Route(skills=skilled(tax=2)), Route(queue=TAX, after_s=0.3)))
        line.wait(1275.3 + 0.3)
        assert line.line("tax") == ["c1"]
        assert line.engine.next_deadline() is None

    def test_without_an_open_row_the_next_is_open_before_its_time(self) -> None:
        """And the last one for ever: nobody stands nowhere."""
        line = hotline()
        later = (
            Route(least_level=5),
            Route(queue=TAX, after_s=60.0, until_s=70.0),
            Route(queue=LAW, after_s=90.0),
        )
        line.call("c1", 0.0, routes=later)
        assert (line.line("main"), line.line("tax")) == ([], ["c1"])
        line.wait(70.0)
        assert (line.line("tax"), line.line("law")) == ([], ["c1"])
        line.call("c2", 80.0, routes=(Route(until_s=5.0),))
        line.wait(100.0)
        assert line.line("main") == ["c2"]

    def test_rows_can_be_for_higher_levels_alone(self) -> None:
        """A move to another level opens them."""
        line = hotline()
        rows = (Route(), Route(queue=TAX, least_level=2))
        line.call("c1", 0.0, level=1, routes=rows)
        assert line.line("tax") == []
        line.call("c1", 1.0, level=2, routes=rows)
        assert line.line("tax") == ["c1"]

    def test_of_two_rows_for_one_line_the_later_open_one_counts(self) -> None:
        """So a table can ask for less after a while."""
        line = hotline()
        line.login("ana", skills=skilled(tax=1))
        line.call("c1", 0.0, routes=(Route(skills=skilled(tax=3)), Route(after_s=9.0, skills=skilled(tax=1))))
        assert line.line() == ["c1"]
        line.wait(9.0)
        assert line.offered() == [("c1", "ana")]

    def test_a_queue_that_is_not_defined_is_named(self) -> None:
        """The whole table is refused."""
        line = hotline()
        line.call("c1", routes=(Route(), Route(queue=QueueName("moon"))))
        assert line.refused() == [("c1", RefuseCause.UNKNOWN_QUEUE)]
        assert line.engine.contact(ContactId("c1")) is None

    def test_a_queue_that_somebody_has_a_row_for_cannot_be_removed(self) -> None:
        """Even if the row is not open yet."""
        line = hotline()
        line.call("c1", routes=(Route(), Route(queue=TAX, after_s=60.0)))
        with pytest.raises(QueueOccupied):
            line.tell(QueueRemoved(queue=TAX))
        line.hang_up("c1")
        line.tell(QueueRemoved(queue=TAX))

    def test_a_full_queue_lets_in_whom_an_agent_of_any_open_row_can_take(self) -> None:
        """Such a caller does not wait."""
        line = hotline()
        line.tell(QueueDefined(queue=MAIN, limit=0))
        line.login("ben", queues=("tax",))
        line.call("c1", routes=(Route(), Route(queue=TAX, after_s=1.0)))
        assert line.refused() == [("c1", RefuseCause.QUEUE_FULL)]
        line.call("c1", routes=BOTH)
        assert line.offered() == [("c1", "ben")]

    def test_who_declined_is_held_back_for_a_colleague_of_another_row(self) -> None:
        """Any who can serve the caller."""
        line = hotline("ana")
        line.login("ben", queues=("tax",))
        line.talk("c0")
        line.call("c1", 1.0, routes=BOTH)
        line.decline("c1", 2.0)
        line.wait(5.0)
        assert line.line() == ["c1"]
        line.end("c0", 6.0)
        assert line.offered() == []
        line.not_ready("ana", at=7.0)
        assert line.offered() == [("c1", "ben")]


class TestDesignatedAgent:
    """指定座席."""

    def test_their_own_caller_goes_before_any_queue(self) -> None:
        """Whatever level and priority the others have; among their own, first come, first served."""
        line = hotline("ana")
        line.talk("c0", 1.0)
        line.call("c1", 2.0, level=9)
        line.call("c2", 3.0, routes=ANA_FIRST)
        line.call("c3", 4.0, routes=ANA_FIRST)
        assert own(line) == ["c2", "c3"]
        assert line.engine.position(ContactId("c3")) == 2
        line.hang_up("c2", 4.5)
        assert own(line) == ["c3"]
        line.end("c0", 5.0)
        line.wait(15.0)
        assert line.offered() == [("c3", "ana")]

    def test_after_the_limit_the_skill_queue_has_them_with_their_arrival(self) -> None:
        """Before those who came later."""
        line = hotline("ana")
        line.talk("c0")
        line.call("c1", 10.0, routes=ANA_FIRST)
        line.call("c2", 20.0)
        assert line.line() == ["c2"]
        line.wait(40.0)
        assert line.line() == ["c1", "c2"]
        assert own(line) == []

    def test_an_agent_who_is_not_there_is_not_waited_for(self) -> None:
        """Nor one who logs out meanwhile; one who comes is, for the rest of the time."""
        line = hotline("ben")
        line.talk("c0")
        line.call("c1", 1.0, routes=ANA_FIRST)
        assert line.line() == ["c1"]
        line.login("ana", 2.0, queues=("tax",))
        assert line.offered() == [("c1", "ana")]
        line.decline("c1", 3.0)
        assert line.line() == ["c1"]
        line.call("c2", 4.0, routes=ANA_FIRST)
        assert own(line) == ["c2"]
        line.logout("ana", 4.5)
        assert line.line() == ["c1", "c2"]

    def test_who_talks_already_is_left_alone(self) -> None:
        """Whoever comes."""
        line = hotline("ben")
        line.call("c1", 1.0, routes=ANA_FIRST)
        line.accept("c1", 2.0)
        line.login("ana", 3.0)
        assert line.offered() == []
        assert line.agent("ben").contact == "c1"

    def test_an_own_call_that_was_declined_goes_to_the_queue(self) -> None:
        """To Ben, at once."""
        line = hotline("ana", "ben")
        line.call("c1", 1.0, routes=ANA_FIRST)
        assert line.offered() == [("c1", "ana")]
        line.decline("c1", 2.0)
        assert line.offered() == [("c1", "ben")]

    def test_a_direct_call_waits_for_as_long_as_it_takes(self) -> None:
        """An extension without a fallback, whichever queues the agent serves; declined, it comes again."""
        line = hotline("ben")
        line.call("c1", 1.0, routes=(Route(agent=ANA),))
        assert own(line) == ["c1"]
        line.login("ana", 2.0, queues=("tax",))
        assert line.orders(OfferContact)[0].queue == MAIN
        line.decline("c1", 3.0)
        line.wait(5.0)
        assert line.offered() == [("c1", "ana")]
        line.hang_up("c1")
        assert line.engine._floor.wanted == {}

    def test_a_caller_who_loses_the_designated_agent_waits_for_them_again(self) -> None:
        """Within the limit."""
        line = hotline("ana", "ben")
        line.call("c1", 1.0, routes=ANA_FIRST)
        line.accept("c1", 2.0)
        line.tell(ContactRequeued(contact=ContactId("c1")), 9.0)
        assert own(line) == ["c1"]
        line.wait(19.0)
        assert line.offered() == [("c1", "ana")]

    def test_the_skills_of_a_row_hold_for_its_agent_too(self) -> None:
        """Who has them not is not offered the call, and takes others."""
        line = hotline("ana")
        line.call("c1", 1.0, routes=(Route(agent=ANA, skills=skilled(tax=1)), Route(queue=TAX)))
        assert line.contact_state("c1") is ContactState.WAITING
        line.not_ready("ana")
        line.call("c2", 2.0)
        line.ready("ana", 3.0)
        assert line.offered() == [("c2", "ana")]

    def test_a_group_that_rings_together_does_not_ring_for_one_agents_caller(self) -> None:
        """The row says whose it is."""
        line = hotline()
        line.tell(QueueDefined(queue=MAIN, strategy="ring_all"))
        line.login("ana")
        line.login("ben")
        line.call("c1", 1.0, routes=ANA_FIRST)
        assert line.offered() == [("c1", "ana")]
        line.login("cid", 2.0)
        assert line.offered() == []
