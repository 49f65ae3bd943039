"""A new version reaches the running system: what is removed while it is in use goes as soon as it is not."""

import pytest

from acd.names import QueueName
from softswitch.calls.call import CallState
from softswitch.calls.callbacks import Wish
from softswitch.settings.callbacks import CallbackSettings
from softswitch.store import entries
from tests.softswitch.business.test_strategies import PLAIN, Documents, Town
from tests.softswitch.calls.test_callbacks import MOBILE, agent_takes

TAX: Documents = {
    ("queues", "tax"): {"name": "tax"},
    ("routes", "12346"): {"number": "12346", "queue": "tax", "greeting": ""},
}
BOTH: Documents = {("agents", "1001"): {"id": "1001", "queues": ["hotline", "tax"]}}
ELSEWHERE: Documents = {("routes", "12346"): {"number": "12346", "queue": "hotline", "greeting": ""}}
ONE_QUEUE: Documents = {("agents", "1001"): {"id": "1001", "queues": ["hotline"]}}


def come(town: Town, leg: str, number: str) -> None:
    """Somebody calls a number, and waits or is offered."""
    town.node.dial(leg, number)
    town.node.sip.acknowledge(leg)
    town.node.settle()


def is_there(town: Town) -> bool:
    """Whether the distributor has the queue."""
    return town.node.dispatcher.has_queue("tax")


def waiting(town: Town, queue: str = "hotline") -> list[float]:
    """When those who wait in a queue came, in the order in which they are served."""
    return [one.arrived_at for one in town.node.dispatcher.engine.waiting(QueueName(queue))]


@pytest.fixture
def town() -> Town:
    """Somebody waits in a queue that is removed then, and whose number is gone with it."""
    town = Town(PLAIN, TAX)
    come(town, "in1", "12346")
    town.remove(*TAX)
    assert len(waiting(town, "tax")) == 1
    return town


def test_a_removed_queue_goes_when_its_last_caller_leaves(town: Town) -> None:
    """Nobody has to change anything for it, and no midnight has to come."""
    assert is_there(town)
    town.node.sip.leave("in1")
    town.node.settle()
    town.node.pass_time(0.0)
    assert not is_there(town)
    assert town.node.dispatcher.line_changed is None


def test_a_queue_that_comes_back_meanwhile_stays(town: Town) -> None:
    town.take(TAX)
    town.node.sip.leave("in1")
    town.node.settle()
    town.node.pass_time(0.0)
    assert waiting(town, "tax") == []


def test_who_waits_in_a_removed_queue_waits_where_the_number_leads_now_in_order_of_arrival() -> None:
    """Before those who came later to that line; whoever is free serves them."""
    town = Town(PLAIN, TAX, BOTH)
    for leg, number in (("in1", "12345"), ("in2", "12346"), ("in3", "12346"), ("in4", "12345")):
        come(town, leg, number)
        town.node.pass_time(1.0)
    town.take(ELSEWHERE, ONE_QUEUE)
    town.remove(("queues", "tax"))
    assert not is_there(town)
    assert waiting(town) == [0.0, 1.0, 2.0, 3.0]
    moved = [(one.queue, one.position) for one in town.node.entries(entries.CallQueued)[-2:]]
    assert moved == [("hotline", 2), ("hotline", 3)]
    town.node.login("1001", "8001")
    assert len(town.served(2)) == 2
    assert waiting(town) == [3.0], "the third is offered"


def test_a_talk_goes_on_and_who_is_left_by_the_agent_waits_in_the_other_queue() -> None:
    """The queue is gone with the talk; a caller whose agent is lost is served by the others."""
    town = Town(PLAIN, TAX, BOTH)
    town.node.login("1001", "8001")
    come(town, "in1", "12346")
    (call,) = town.node.board.calls()
    town.node.answer(call.offered[0].leg_id)
    town.take(ELSEWHERE, ONE_QUEUE)
    town.remove(("queues", "tax"))
    assert (call.state, is_there(town)) == (CallState.TALKING, True)
    town.node.board.queue_desk.requeue(call, "agent_lost")
    town.node.pass_time(0.0)
    assert (call.route.queue, is_there(town)) == ("hotline", False)


def test_a_customer_who_is_to_be_called_back_keeps_the_place_when_the_queue_goes() -> None:
    """In the line where the number leads now; and after a try that came to nothing, too."""
    town = Town(PLAIN, TAX, BOTH)
    node = town.node
    now = node.clock.wall()
    callback = node.board.callbacks.ask(Wish(number=MOBILE, queue="tax", arrived_at=now, line="12346"))
    town.take(ELSEWHERE, ONE_QUEUE)
    town.remove(("queues", "tax"))
    assert (waiting(town), is_there(town)) == ([0.0], False)
    node.login("1001", "8001")
    _, customer = agent_takes(node)
    node.sip.refuse(customer, 486)
    node.settle()
    assert callback.tries == 1
    node.pass_time(CallbackSettings().gap_s + 1.0)
    _, customer = agent_takes(node)
    assert (callback.queue, node.outside(customer).number) == ("hotline", MOBILE)
