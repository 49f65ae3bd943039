"""What waiting was worth before a restart: who waits stands in the order in which they stood."""

from typing import Any

import pytest

from acd.events import QueueDefined
from acd.levels import LevelRule
from acd.names import QueueName
from softswitch.calls.past_rules import CHANGES_MOST, TABLE, RuleHistory
from softswitch.clock import Clock
from tests.softswitch.business.test_strategies import PLAIN, Documents, Town
from tests.softswitch.calls.node import Keeper
from tests.softswitch.sip.stepped_clock import SteppedLoop

VIP: Documents = {
    ("routes", "12346"): {"number": "12346", "queue": "hotline", "greeting": "", "level": 1},
}
HOTLINE, TAX = QueueName("hotline"), QueueName("tax")


def with_rules(**distribution: Any) -> Documents:
    """The queue, with what waiting is worth in it."""
    plain = PLAIN["queues", "hotline"]
    return {("queues", "hotline"): {**plain, "distribution": distribution}}


AGEING = with_rules(ageing_s=10.0)
RAISED = with_rules(level_rules=[{"add": 1, "waited_s": 10.0}])


def line(town: Town) -> list[str]:
    """Who waits, in order, by the numbers of those who call."""
    calls = {call.call_id: call.caller for call in town.node.board.calls()}
    return [calls[each.contact] for each in town.node.dispatcher.engine.waiting(HOTLINE)]


def come(town: Town, leg: str, number: str) -> None:
    """Somebody calls a number, and waits."""
    town.node.dial(leg, number, f"138{leg}")
    town.node.sip.acknowledge(leg)
    town.node.settle()


def restarted(town: Town, *documents: Documents) -> list[str]:
    """Control is restarted with this business, and told who waits, the last one first: who waits there, in order."""
    after = Town(*documents, before=town)
    node = after.node
    for call in reversed(list(town.node.board.calls())):
        assert call.queued_at is not None
        arrived_at = node.clock.moment_of(call.queued_at)
        node.dispatcher.tell(node.board.table.callers.queued(call, "hotline", arrived_at, node.clock.wall()))
    calls = {call.call_id: call.caller for call in town.node.board.calls()}
    return [calls[each.contact] for each in node.dispatcher.engine.waiting(HOTLINE)]


@pytest.mark.parametrize("rules", [AGEING, RAISED], ids=["ageing", "level rule"])
def test_what_was_won_by_rules_that_hold_no_longer_outlives_a_restart(rules: Documents) -> None:
    """The old one has won a level, the other came with it and later: ageing is switched off, control dies, twice."""
    town = Town(PLAIN, VIP, rules)
    come(town, "00000001", "12345")
    town.node.pass_time(12.0)
    come(town, "00000002", "12346")
    town.take(PLAIN)
    town.node.pass_time(5.0)
    stood = ["13800000001", "13800000002"]
    assert line(town) == stood
    assert restarted(town, PLAIN, VIP) == stood
    town.node.pass_time(5.0)
    assert restarted(town, PLAIN, VIP) == stood
    assert len(town.node.keeper.load(TABLE)["hotline"]["past"]) == 1, "a restart is no change"


def test_rules_that_were_changed_while_control_was_down_held_until_it_was_back() -> None:
    """As if they had been changed in that moment."""
    town = Town(PLAIN, VIP, AGEING)
    come(town, "00000001", "12345")
    town.node.pass_time(12.0)
    come(town, "00000002", "12346")
    assert restarted(town, PLAIN, VIP) == ["13800000001", "13800000002"]


@pytest.fixture
def clock() -> Clock:
    """Its wall clock says what its hands say."""
    loop = SteppedLoop()
    return Clock(loop, lambda: 1000.0 + loop.hands)


def queue(name: QueueName = HOTLINE, ageing_s: float | None = None, **more: Any) -> QueueDefined:
    """A queue in which waiting is worth so much."""
    return QueueDefined(queue=name, ageing_s=ageing_s, **more)


def test_only_what_waiting_alone_is_worth_counts_as_a_change(clock: Clock) -> None:
    """Other rules look at what is so now."""
    keeper = Keeper()
    history = RuleHistory(keeper, clock)
    listed = LevelRule(add=1, listed="vip")
    for definition in (queue(), queue(limit=3), queue(level_rules=(listed,))):
        history.take(definition)
    assert RuleHistory(keeper, clock).told([queue()]) == []


def test_of_endless_changes_the_latest_are_kept_and_what_is_gone_or_unreadable_is_not(clock: Clock) -> None:
    keeper = Keeper()
    history = RuleHistory(keeper, clock)
    for number in range(CHANGES_MOST + 10):
        history.take(queue(ageing_s=1.0 + number))
    told = RuleHistory(keeper, clock).told([queue(ageing_s=CHANGES_MOST + 10.0)])
    assert [each.ageing_s for _, each in told] == [10.0 + number for number in range(CHANGES_MOST + 1)]
    keeper.put(TABLE, "tax", {"now": "?"})
    found = RuleHistory(keeper, clock)
    assert repr(found) == "<RuleHistory queues=1>"
    assert found.told([queue(TAX)]) == []
    assert list(keeper.load(TABLE)) == ["tax"]
    found.forget("tax")
    found.forget("tax")
    assert keeper.load(TABLE) == {}


def test_a_wall_clock_that_is_set_back_turns_no_changes_about() -> None:
    """Each rule holds from the end of the one before."""
    hands = [50.0]
    keeper, clock = Keeper(), Clock(SteppedLoop(), lambda: hands[0])
    history = RuleHistory(keeper, clock)
    history.take(queue())
    history.take(queue(ageing_s=1.0))
    hands[0] = 20.0
    history.take(queue(ageing_s=2.0))
    told = RuleHistory(keeper, clock).told([queue(ageing_s=2.0)])
    assert [(at, each.ageing_s) for at, each in told] == [(50.0, None), (50.0, 1.0), (50.0, 2.0)]
