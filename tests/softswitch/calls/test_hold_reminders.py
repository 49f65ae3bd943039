"""A caller on hold is not forgotten."""

from dataclasses import replace

import pytest

from api.ports import Target, TargetKind
from softswitch.calls.operations import Operations
from softswitch.store import entries
from tests.softswitch.calls.node import QUEUE, Node, done


def talking(hold_reminder_s: float = 60.0, hold_ringback_s: float = 180.0) -> tuple[Node, Operations, str]:
    """An agent talks with a caller: the node, the bar, the agent's leg."""
    queue = replace(QUEUE, hold_reminder_s=hold_reminder_s, hold_ringback_s=hold_ringback_s)
    node = Node(queue=queue)
    node.login()
    return node, Operations(node.board, node.seats), node.talk("in1")


def consulting(node: Node, bar: Operations) -> str:
    """The agent asks a colleague, who answers; the colleague's leg."""
    node.login("1002", "8002", "not_ready")
    done(bar.consult("1001", Target(kind=TargetKind.AGENT, to="1002")))
    node.settle()
    (asked,) = node.ringing()
    node.sip.pick_up(asked.leg_id)
    node.settle()
    return asked.leg_id


def reminders(node: Node) -> list[tuple[str, float]]:
    """Whom the journal says were told, and how long the caller had been held."""
    return [(entry.agent, entry.held_s) for entry in node.entries(entries.HoldReminded)]


def tracks(node: Node, *legs: str) -> list[str]:
    """What each leg hears, where that is one track."""
    return [source.name for leg in legs for source in node.plane.legs[leg].hearing]


def test_the_agent_is_reminded_again_and_again_until_the_caller_is_taken_back() -> None:
    node, bar, _ = talking()
    node.pass_time(200.0)
    assert reminders(node) == []
    done(bar.hold("1001"))
    node.pass_time(59.0)
    assert reminders(node) == []
    node.pass_time(122.0)
    assert reminders(node) == [("1001", 60.0), ("1001", 120.0), ("1001", 180.0)]
    done(bar.retrieve("1001"))
    node.pass_time(200.0)
    assert len(reminders(node)) == 3
    done(bar.hold("1001"))
    node.pass_time(61.0)
    assert reminders(node)[3:] == [("1001", 60.0)]


def test_a_hold_by_the_phones_key_is_one_too() -> None:
    node, _, own = talking()
    node.sip.hold(own, held=True)
    node.settle()
    node.pass_time(61.0)
    assert reminders(node) == [("1001", 60.0)]
    node.sip.hold(own, held=False)
    node.settle()
    node.pass_time(100.0)
    assert len(reminders(node)) == 1


@pytest.mark.parametrize("hold_reminder_s", [0.0, 5.0])
def test_a_queue_says_when_and_may_say_never(hold_reminder_s: float) -> None:
    node, bar, _ = talking(hold_reminder_s)
    done(bar.hold("1001"))
    node.pass_time(11.0)
    assert len(reminders(node)) == (2 if hold_reminder_s else 0)


def test_who_asks_a_colleague_forgets_nobody() -> None:
    """However long they talk; the time begins when the caller is held again without that."""
    node, bar, _ = talking()
    consulting(node, bar)
    node.pass_time(300.0)
    assert reminders(node) == []
    done(bar.reconnect("1001"))
    node.settle()
    done(bar.hold("1001"))
    node.pass_time(61.0)
    assert reminders(node) == [("1001", 60.0)]


@pytest.mark.parametrize("hold_reminder_s", [0.0, 60.0])
def test_who_lets_a_caller_be_for_long_hears_it_ring_until_they_take_the_caller_back(
    hold_reminder_s: float,
) -> None:
    """In the agent's ear alone; it begins anew with the next hold."""
    node, bar, own = talking(hold_reminder_s)
    for _ in range(2):
        done(bar.hold("1001"))
        node.pass_time(179.0)
        assert tracks(node, own, "in1") == ["waiting", "waiting"]
        node.pass_time(1.0)
        assert tracks(node, own, "in1") == ["ringback", "waiting"]
        done(bar.mute("1001"))
        assert tracks(node, own, "in1") == ["ringback", "waiting"]
        done(bar.unmute("1001"))
        done(bar.retrieve("1001"))
        assert (node.plane.hears(own), node.plane.hears("in1")) == ({"in1"}, {own})


def test_nothing_rings_for_who_asks_a_colleague_or_where_the_queue_says_never() -> None:
    """Music as before."""
    node, bar, own = talking()
    done(bar.hold("1001"))
    node.pass_time(200.0)
    asked = consulting(node, bar)
    assert node.plane.hears(own) == {asked}
    node, bar, own = talking(hold_ringback_s=0.0)
    done(bar.hold("1001"))
    node.pass_time(1000.0)
    assert tracks(node, own) == ["waiting"]


def test_nobody_is_reminded_of_a_call_that_is_over() -> None:
    node, bar, _ = talking()
    done(bar.hold("1001"))
    node.sip.leave("in1")
    node.settle()
    node.pass_time(200.0)
    assert reminders(node) == []
    node.assert_nothing_is_left()
