"""The machine's clock is set while people talk and wait: nothing seems to last an hour."""

import pytest

from softswitch.calls.call_table import TABLE
from softswitch.calls.seats import TABLE as SEATS
from softswitch.calls.set_clock import SetClock
from softswitch.store import entries
from tests.softswitch.calls.node import Node


@pytest.fixture
def node() -> Node:
    """One caller talks with the agent, and another waits."""
    node = Node()
    node.clock.on_set += (
        SetClock(node.clock, node.board.table, node.chronicle).hear,
        node.seats.clock_set,
    )
    node.login()
    node.talk("in1")
    node.pass_time(5.0)
    node.call_in("in2")
    node.pass_time(2.0)
    return node


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
def test_who_talks_and_who_waits_is_told_in_the_new_time(node: Node, by_s: float) -> None:
    """Both calls and the agent, in memory and for the next control."""
    calls = node.board.table.all()
    before = [(call.arrived_at, call.answered_at, call.queued_at, call.connected_at) for call in calls]
    since = node.keeper.load(SEATS)["1001"]["since"]
    node.clock.ahead_s = by_s
    node.clock.wall()
    for call, old in zip(calls, before, strict=True):
        new = [None if moment is None else moment + by_s for moment in old]
        assert [call.arrived_at, call.answered_at, call.queued_at, call.connected_at] == new
        kept = node.keeper.load(TABLE)[call.call_id]
        assert [kept["arrived_at"], kept["answered_at"], kept["queued_at"], kept["connected_at"]] == new
    talking = next(call for call in calls if call.agent is not None)
    assert talking.agent is not None
    assert talking.agent.joined_at == talking.connected_at
    assert node.keeper.load(SEATS)["1001"]["since"] == pytest.approx(since + by_s)
    told = node.entries(entries.ClockSet)
    assert [entry.agent for entry in told if entry.call_id is None] == ["1001"]
    assert {(entry.call_id, entry.recording_id) for entry in told if entry.agent is None} == {
        (call.call_id, call.recording_id) for call in calls
    }


def test_it_is_written_down_before_whatever_happens_in_the_new_time(node: Node) -> None:
    """The caller hangs up: that is what finds the clock changed."""
    written = len(node.journal.entries)
    node.clock.ahead_s = 3600.0
    node.sip.leave("in1")
    node.settle()
    kinds = [type(entry) for entry in node.journal.entries[written:]]
    assert kinds[:3] == [entries.ClockSet] * 3
    assert kinds.count(entries.ClockSet) == 3
    assert entries.CallEnded in kinds


def test_who_waits_keeps_the_place_of_who_came_before(node: Node) -> None:
    """Set back by an hour: a caller who comes now is behind one who has waited, and who is put in line anew."""
    first, later = node.board.table.all()[1].call_id, ""
    node.clock.ahead_s = -3600.0
    later = node.call_in("in3")
    node.sip.leave("in1")
    node.settle()
    assert node.waits(later) is not None
    assert node.call(first).queued_at is not None
    assert node.call(first).queued_at < node.call(later).queued_at  # type: ignore[operator]
