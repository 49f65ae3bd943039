"""A new version reaches the running system: what is removed while it is in use goes as soon as it is not."""

import pytest

from acd.errors import UnknownQueue
from acd.names import QueueName
from tests.softswitch.business.test_strategies import PLAIN, Documents, Town

TAX: Documents = {
    ("queues", "tax"): {"name": "tax"},
    ("routes", "12346"): {"number": "12346", "queue": "tax", "greeting": ""},
}


@pytest.fixture
def town() -> Town:
    """Somebody waits in a queue that is removed then."""
    town = Town(PLAIN, TAX)
    town.node.dial("in1", "12346")
    town.node.sip.acknowledge("in1")
    town.node.settle()
    town.remove(*TAX)
    assert len(town.node.dispatcher.engine.waiting(QueueName("tax"))) == 1
    return town


@pytest.mark.parametrize("by_change", [True, False], ids=["the next change", "the clock"])
def test_a_removed_queue_goes_when_nobody_waits_in_it_any_more(town: Town, by_change: bool) -> None:
    town.node.sip.leave("in1")
    town.node.settle()
    if by_change:
        town.take({("agents", "1001"): {"id": "1001", "queues": []}})
    else:
        town.live.remove_queues()
    with pytest.raises(UnknownQueue):
        town.node.dispatcher.engine.waiting(QueueName("tax"))


def test_a_queue_that_comes_back_meanwhile_stays(town: Town) -> None:
    town.take(TAX)
    town.node.sip.leave("in1")
    town.node.settle()
    town.live.remove_queues()
    assert town.node.dispatcher.engine.waiting(QueueName("tax")) == ()
