"""Whose phone is back in time is what they were before; whoever was spoken of meanwhile stays what was said."""

from dataclasses import replace

import pytest

from acd.agent_state import Presence
from softswitch.calls.phone_absences import TABLE, ready_from
from softswitch.store.entries import AgentReturned
from tests.softswitch.calls.node import ACCOUNTS, QUEUE, Node, done

PHONE, AGENT = "phone8001", "1001"
BRIEF_S, LONG_S = 299.0, 301.0


@pytest.fixture
def node() -> Node:
    return signed_in(Node())


def signed_in(node: Node) -> Node:
    node.login(AGENT, "8001")
    return node


def lose(node: Node) -> None:
    """The phone answers no more."""
    node.sip.reachable.discard(PHONE)
    node.seats.account_changed(PHONE, reachable=False)


def find(node: Node) -> None:
    """The phone answers again."""
    node.sip.reachable.add(PHONE)
    node.seats.account_changed(PHONE, reachable=True)


def away(node: Node, seconds: float = BRIEF_S) -> None:
    """The phone is away for so long."""
    lose(node)
    node.pass_time(seconds)
    find(node)


def successor(node: Node) -> Node:
    """Another control on what was written down, a second later."""
    after = Node(keeper=node.keeper)
    after.sip.reachable = set(node.sip.reachable)
    after.loop.hands = node.loop.hands + 1.0
    after.seats.restore({})
    return after


def test_a_phone_that_is_back_in_time_makes_its_agent_ready_and_the_journal_says_why(node: Node) -> None:
    away(node)
    assert node.agent(AGENT) == ("ready", "idle", "")
    (entry,) = node.entries(AgentReturned)
    assert (entry.agent, entry.extension, entry.away_s) == (AGENT, "8001", BRIEF_S)
    assert node.keeper.load(TABLE) == {}


def test_a_phone_that_was_away_for_long_leaves_it_to_the_agent(node: Node) -> None:
    away(node, LONG_S)
    assert node.agent(AGENT) == ("not_ready", "idle", "phone_lost")
    assert not node.entries(AgentReturned)
    away(node, 1.0)
    assert node.agent(AGENT)[0] == "not_ready", "a second, brief absence is of somebody who is not ready"


def test_a_seat_may_want_none_of_it() -> None:
    node = signed_in(Node())
    node.seats.take_accounts(replace(account, back_within_s=0.0) for account in ACCOUNTS)
    away(node, 1.0)
    assert node.agent(AGENT)[0] == "not_ready"


@pytest.mark.parametrize("reason", ["lunch", ""])
def test_who_was_made_not_ready_meanwhile_stays_so(node: Node, reason: str) -> None:
    """By themselves or by a supervisor: the last write wins, with a reason and without."""
    lose(node)
    done(node.seats.not_ready(AGENT, reason))
    find(node)
    assert node.agent(AGENT)[0] == "not_ready"
    assert node.keeper.load(TABLE) == {}


def test_who_was_not_ready_before_stays_so(node: Node) -> None:
    done(node.seats.not_ready(AGENT, "lunch"))
    away(node)
    assert node.agent(AGENT) == ("not_ready", "idle", "lunch")


def test_who_signed_out_meanwhile_begins_anew(node: Node) -> None:
    lose(node)
    done(node.seats.logout(AGENT))
    assert node.keeper.load(TABLE) == {}
    node.login(AGENT, "8001")
    assert node.agent(AGENT)[0] == "not_ready"
    find(node)
    assert node.agent(AGENT)[0] == "not_ready"


def test_in_a_talk_that_goes_on_it_is_as_if_nothing_had_been(node: Node) -> None:
    node.talk()
    away(node, 5.0)
    assert node.agent(AGENT)[1] == "talking"
    node.sip.leave("in1")
    node.settle()
    assert node.agent(AGENT)[0] == "wrap_up"


def test_a_wish_for_after_the_talk_is_what_counts(node: Node) -> None:
    """Who wanted to be not ready after the call is not made ready for the phone's sake."""
    node.talk()
    done(node.seats.not_ready(AGENT, "lunch"))
    away(node, 5.0)
    assert node.agent(AGENT)[0] == "not_ready"


def test_a_wrap_up_is_not_cut_short_by_it(node: Node) -> None:
    node.sip.leave(node.talk())
    node.settle()
    assert node.agent(AGENT)[0] == "wrap_up"
    away(node, QUEUE.wrap_up_s / 2)
    assert node.agent(AGENT)[0] == "not_ready"
    node.pass_time(QUEUE.wrap_up_s / 2 + 0.1)
    assert node.agent(AGENT)[0] == "ready"


def test_a_phone_that_is_lost_again_before_the_wrap_up_is_over_is_waited_for_again(node: Node) -> None:
    node.sip.leave(node.talk())
    node.settle()
    away(node, 1.0)
    lose(node)
    node.pass_time(QUEUE.wrap_up_s)
    assert node.agent(AGENT)[0] == "not_ready"
    find(node)
    assert node.agent(AGENT)[0] == "ready"


@pytest.mark.parametrize("is_back_first", [True, False])
def test_it_outlives_a_restart_of_control(node: Node, is_back_first: bool) -> None:
    lose(node)
    if is_back_first:
        node.sip.reachable.add(PHONE)
    after = successor(node)
    if not is_back_first:
        assert after.agent(AGENT) == ("not_ready", "idle", "phone_lost")
        find(after)
    assert after.agent(AGENT)[0] == "ready"


def test_a_phone_that_is_not_known_after_a_restart_until_it_registers_gives_its_agent_back(
    node: Node,
) -> None:
    """A phone by TCP is found again when it registers."""
    node.sip.reachable.discard(PHONE)
    after = successor(node)
    assert after.agent(AGENT) == ("not_ready", "idle", "phone_lost")
    find(after)
    assert after.agent(AGENT)[0] == "ready"


def test_what_nobody_can_read_is_forgotten(node: Node) -> None:
    lose(node)
    node.keeper.put(TABLE, AGENT, {"lost_at": "long ago"})
    after = successor(node)
    assert after.keeper.load(TABLE).keys() <= {AGENT}
    find(after)
    assert after.agent(AGENT)[0] == "not_ready"


@pytest.mark.parametrize(
    ("presence", "pending", "until", "ready_at"),
    [
        (Presence.READY, None, None, 10.0),
        (Presence.READY, Presence.NOT_READY, None, None),
        (Presence.NOT_READY, None, None, None),
        (Presence.NOT_READY, Presence.READY, None, 10.0),
        (Presence.WRAP_UP, None, 15.0, 15.0),
        (Presence.WRAP_UP, None, 5.0, 10.0),
        (Presence.WRAP_UP, None, None, None),
    ],
)
def test_who_would_be_ready_and_when(
    presence: Presence, pending: Presence | None, until: float | None, ready_at: float | None
) -> None:
    assert ready_from(presence, pending, until, 10.0) == ready_at


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_an_absence_is_as_long_as_it_is_when_the_clock_is_set_before_a_restart(
    node: Node, by_s: float
) -> None:
    node.clock.on_set.append(node.seats.clock_set)
    lose(node)
    node.clock.ahead_s = by_s
    node.clock.wall()
    after = Node(keeper=node.keeper)
    after.clock.ahead_s = by_s
    after.sip.reachable = set(node.sip.reachable)
    after.loop.hands = node.loop.hands + 1.0
    after.seats.restore({})
    find(after)
    assert after.agent(AGENT) == ("ready", "idle", "")
    (entry,) = after.entries(AgentReturned)
    assert entry.away_s == 1.0
