"""Callbacks: a place in the line without a caller on it."""

import pytest

from acd.agent_state import AgentCondition
from acd.commands import OfferContact
from acd.contact_state import ContactState
from acd.errors import InvalidEvent
from acd.events import (
    CallbackReached,
    ContactRequeued,
    QueueDefined,
)
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from acd.routes import Route
from tests.acd.hotline import MAIN, Hotline


def agree(line: Hotline, contact: str, at: float | None = None) -> None:
    """A caller hangs up, to be called back: the contact stands in its line anew, as a callback."""
    line.call(contact, at, is_callback=True)


def reach(line: Hotline, contact: str, at: float | None = None) -> None:
    """The agent reached the caller."""
    line.tell(CallbackReached(contact=ContactId(contact)), at)


def few(most: int | None) -> QueueDefined:
    """The queue `main` with so many callbacks at once."""
    return QueueDefined(queue=MAIN, callbacks_most=most)


def test_who_agrees_to_be_called_back_keeps_the_place() -> None:
    """Before those who came later, after those who came before; the agent is told what it is."""
    line = Hotline()
    for second, name in enumerate(("c1", "c2", "c3")):
        line.call(name, float(second))
    agree(line, "c2", 5.0)
    assert line.line() == ["c1", "c2", "c3"]
    line.login("ana", 6.0)
    line.accept("c1")
    line.end("c1", 7.0)
    line.wait(17.0)
    (order,) = line.orders(OfferContact)
    assert (order.contact, order.is_callback) == ("c2", True)
    assert line.reported_contact("c2").is_callback
    line.accept("c2")
    reach(line, "c2", 20.0)
    assert not line.reported_contact("c2").is_callback
    line.tell(ContactRequeued(contact=ContactId("c2")), 21.0)
    assert line.line() == ["c2", "c3"]  # as a caller who is there: the agent's leg was lost


def test_who_hangs_up_to_be_called_back_just_as_the_phone_rings_is_offered_as_that() -> None:
    """In the same step, to the same agent."""
    line = Hotline()
    line.login("ana")
    line.call("c1", 1.0)
    agree(line, "c1", 2.0)
    assert line.withdrawn() == [("ana", "contact_left")]
    assert [order.is_callback for order in line.orders(OfferContact)] == [True]


def test_no_more_callbacks_than_the_queue_allows_are_under_way() -> None:
    """Callers who are there go on being served meanwhile; the next callback comes when one is over."""
    line = Hotline(few(1))
    for second, name in enumerate(("b1", "b2", "c1")):
        line.call(name, float(second), is_callback=name[0] == "b")
    for agent in ("ana", "ben", "cid"):
        line.login(agent, 5.0)
    assert {name: line.contact_state(name) for name in ("b1", "b2", "c1")} == {
        "b1": ContactState.OFFERED,
        "b2": ContactState.WAITING,
        "c1": ContactState.OFFERED,
    }
    assert line.engine.why_waiting(ContactId("b2")) == tuple(
        (name, "quota") for name in ("ana", "ben", "cid")
    )
    assert line.engine.statistics().queues[0].callbacks == 1
    line.accept("b1")
    line.end("b1", 6.0)
    assert line.offered() == [("b2", "cid")]


def test_an_agent_who_comes_free_passes_over_callbacks_beyond_the_number() -> None:
    """And takes the caller who is there."""
    line = Hotline(few(1))
    line.call("b1", 0.0, is_callback=True)
    line.call("b2", 1.0, is_callback=True)
    line.login("ana", 2.0)
    line.call("c1", 3.0)
    line.login("ben", 4.0)
    assert line.offered() == [("c1", "ben")]
    line.login("cid", 5.0)
    line.tell(few(2), 6.0)
    assert line.offered() == [("b2", "cid")]


def test_there_are_never_more_callbacks_than_free_agents() -> None:
    """Each has one of its own."""
    line = Hotline(few(None))
    for serial in range(5):
        line.call(f"b{serial}", is_callback=True)
    line.login("ana", 1.0)
    line.login("ben", 1.0)
    assert line.engine.statistics().queues[0].offered == 2
    assert len(line.line()) == 3


def test_who_is_to_be_called_by_one_agent_is_not_counted_with_the_queues() -> None:
    """It keeps no agent of the queue from anybody."""
    line = Hotline(few(1))
    line.login("ana", 0.0)
    line.call("b1", 0.0, is_callback=True)
    line.login("ben", 1.0, queues=())
    line.call("b2", 2.0, is_callback=True, routes=(Route(agent=AgentId("ben")),))
    assert line.offered() == [("b2", "ben")]


def test_a_callback_is_sent_nowhere_but_to_other_queues() -> None:
    """Nobody is there to hear a flow, nor to be sent away."""
    line = Hotline(
        QueueDefined(
            queue=MAIN,
            overflow=(Overflow(target=Target(kind=TargetKind.FLOW, name="night"), waited_s=2.0),),
            dismisses_when=(AgentCondition.NOT_READY,),
        )
    )
    line.call("b1", 0.0, is_callback=True)
    line.wait(3.0)
    assert line.line() == ["b1"]
    line.hang_up("b1", 4.0)
    assert line.line() == []


def test_the_overflow_to_callback_is_answered_by_the_agreement() -> None:
    """The shell asked the caller, who wants it: the place is kept."""
    rule = Overflow(target=Target(kind=TargetKind.CALLBACK), waited_s=10.0)
    line = Hotline(QueueDefined(queue=MAIN, overflow=(rule,)))
    line.call("c1", 0.0)
    line.call("c2", 1.0)
    line.wait(10.0)
    agree(line, "c1", 12.0)
    assert line.line() == ["c1", "c2"]
    line.login("ana", 13.0)
    assert line.offered() == [("c1", "ana")]


def test_only_a_callback_with_an_agent_is_reached() -> None:
    """Everything else is refused with what it is."""
    line = Hotline()
    line.login("ana")
    line.talk("c1")
    with pytest.raises(InvalidEvent, match="voice, connected"):
        reach(line, "c1")
    line.call("b1", is_callback=True)
    with pytest.raises(InvalidEvent, match="callback, waiting"):
        reach(line, "b1")


def test_a_callback_in_two_lines_counts_in_that_which_has_room() -> None:
    """Though the other one stands before it in the table."""
    tax = QueueName("tax")
    line = Hotline(few(1), QueueDefined(queue=tax))
    line.call("b1", 0.0, is_callback=True)
    line.call("b2", 1.0, is_callback=True, routes=(Route(queue=MAIN), Route(queue=tax)))
    line.login("ana", 2.0)
    line.login("ben", 3.0, queues=(MAIN, tax))
    assert line.offered() == [("b2", "ben")]
    assert [queue.callbacks for queue in line.engine.statistics().queues] == [1, 1]
    assert line.orders(OfferContact)[0].queue == tax
