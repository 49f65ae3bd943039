"""The shell around the engine: orders in their order, one alarm, late facts."""

from collections.abc import Callable

import pytest

from acd import events as facts
from acd.agent_state import Presence
from acd.commands import Command, OfferContact, ReportAgent, WithdrawOffer
from acd.engine import Engine
from acd.errors import UnknownContact
from acd.names import AgentId, ContactId, QueueName
from softswitch.calls.dispatcher import Dispatcher
from tests.softswitch.sip.stepped_clock import stepped_clock

MAIN = QueueName("main")


class Shell:
    """A dispatcher, what it ordered, and what it does about it."""

    def __init__(self, *, ring_time_s: float = 15.0) -> None:
        self.loop, self.clock = stepped_clock()
        self.orders: list[Command] = []
        self.react: Callable[[Command], None] = lambda order: None
        self.dispatcher = Dispatcher(Engine(run="t"), self.clock, self._carry_out)
        self.tell(facts.QueueDefined(queue=MAIN, ring_time_s=ring_time_s, wrap_up_s=10.0))

    def _carry_out(self, order: Command) -> None:
        self.orders.append(order)
        self.react(order)

    def tell(self, fact: facts.Event) -> None:
        self.dispatcher.tell(fact)

    def login(self, agent: str) -> None:
        self.tell(facts.AgentLoggedIn(agent=AgentId(agent), queues=(MAIN,)))

    def queue(self, contact: str) -> None:
        self.tell(facts.ContactQueued(contact=ContactId(contact), queue=MAIN))

    @property
    def deadlines(self) -> int:
        """How many alarms stand on the clock."""
        return sum(alarm.is_pending for _, _, alarm in self.clock._heap)

    def of(self, kind: type[Command]) -> list[Command]:
        return [order for order in self.orders if isinstance(order, kind)]


@pytest.fixture
def shell() -> Shell:
    return Shell()


def test_a_fact_is_followed_by_its_orders_in_the_same_turn(shell: Shell) -> None:
    shell.login("ana")
    shell.queue("c1")
    (offer,) = shell.of(OfferContact)
    assert isinstance(offer, OfferContact)
    assert (offer.agent, offer.contact, offer.ring_until) == ("ana", "c1", 15.0)


def test_the_deadline_of_the_engine_is_met_to_the_moment(shell: Shell) -> None:
    shell.login("ana")
    shell.queue("c1")
    shell.loop.turn_to(14.999)
    assert not shell.of(WithdrawOffer)
    shell.loop.turn_to(15.0)
    assert len(shell.of(WithdrawOffer)) == 1


def test_a_loop_that_wakes_a_moment_early_does_what_it_was_armed_for_and_does_not_spin(shell: Shell) -> None:
    shell.login("ana")
    shell.queue("c1")
    (handle,) = [handle for handle in shell.loop._armed if not handle.is_cancelled]
    shell.loop.hands = 14.9999
    handle.is_cancelled = True
    handle.callback()
    assert len(shell.of(WithdrawOffer)) == 1
    assert shell.clock.next_deadline() is None


def test_one_alarm_serves_any_number_of_deadlines(shell: Shell) -> None:
    for number in range(20):
        shell.login(f"agent{number:02}")
        shell.queue(f"contact{number:02}")
        shell.loop.turn_to(shell.loop.hands + 0.1)
    assert len(shell.of(OfferContact)) == 20
    assert (shell.deadlines, shell.clock.next_deadline()) == (1, 15.0)


def test_the_alarm_is_taken_back_when_nothing_is_due_any_more(shell: Shell) -> None:
    shell.login("ana")
    shell.queue("c1")
    shell.tell(facts.ContactLeft(contact=ContactId("c1")))
    assert shell.clock.next_deadline() is None


def test_a_fact_told_from_inside_an_order_is_taken_after_the_present_orders(shell: Shell) -> None:
    """The phone cannot be reached: said at once, while the offer is being carried out."""
    shell.login("ana")

    def unreachable(order: Command) -> None:
        if isinstance(order, OfferContact):
            declined = facts.OfferDeclined(offer=order.offer, cause=facts.DeclineCause.UNREACHABLE)
            assert shell.dispatcher.tell_late(declined)

    shell.react = unreachable
    before = len(shell.orders)
    shell.queue("c1")
    names = [type(order).__name__ for order in shell.orders[before:]]
    assert names[0] == "OfferContact"
    assert names.count("ReportContact") == 2  # offered, then waiting again
    assert names.index("OfferContact") < names.index("ReportContact")
    states = [order.activity.value for order in shell.orders[before:] if isinstance(order, ReportAgent)]
    assert states == ["reserved", "idle"]
    assert (shell.deadlines, shell.clock.next_deadline()) == (1, 2.0)  # the delay after a decline


def test_two_agents_who_cannot_be_reached_leave_the_caller_waiting_and_nothing_loops(shell: Shell) -> None:
    shell.login("ana")
    shell.login("bob")

    def unreachable(order: Command) -> None:
        if isinstance(order, OfferContact):
            shell.dispatcher.tell_late(
                facts.OfferDeclined(offer=order.offer, cause=facts.DeclineCause.UNREACHABLE)
            )

    shell.react = unreachable
    shell.queue("c1")
    assert len(shell.of(OfferContact)) == 2
    assert shell.dispatcher.engine.position(ContactId("c1")) == 1


def test_an_order_that_fails_does_not_keep_the_others_from_being_done(shell: Shell) -> None:
    shell.login("ana")

    def broken(order: Command) -> None:
        if isinstance(order, OfferContact):
            raise KeyError("no such call")

    shell.react = broken
    shell.queue("c1")
    assert {type(order).__name__ for order in shell.orders} >= {
        "OfferContact",
        "ReportContact",
        "ReportAgent",
    }
    assert shell.clock.next_deadline() == 15.0
    shell.loop.turn_to(15.0)
    assert len(shell.of(WithdrawOffer)) == 1


def test_a_fact_that_does_not_fit_is_raised_and_nothing_is_ordered(shell: Shell) -> None:
    before = len(shell.orders)
    with pytest.raises(UnknownContact):
        shell.tell(facts.ContactLeft(contact=ContactId("nobody")))
    assert len(shell.orders) == before


def test_a_late_fact_that_does_not_fit_any_more_is_only_said_to_be_late(shell: Shell) -> None:
    assert not shell.dispatcher.tell_late(facts.ContactLeft(contact=ContactId("nobody")))
    shell.login("ana")
    assert shell.dispatcher.tell_late(facts.AgentMadeNotReady(agent=AgentId("ana"), reason="break"))
    found = shell.dispatcher.engine.agent(AgentId("ana"))
    assert found is not None
    assert found.presence is Presence.NOT_READY
