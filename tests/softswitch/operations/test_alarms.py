"""An alarm is raised once, stands until its cause is gone, outlives a restart, and is looked after by somebody."""

import pytest

from softswitch.operations.alarms import SEVERITY, AlarmBoard, AlarmKind, NoSuchAlarm
from softswitch.store import entries
from softswitch.store.entries import Entry
from tests.softswitch.calls.node import Keeper

DOWN = AlarmKind.TRUNK_DOWN


class Desk:
    """A board on a keeper, and what it recorded."""

    def __init__(self, keeper: Keeper | None = None) -> None:
        self.keeper = keeper or Keeper()
        self.recorded: list[Entry] = []
        self.now = 1000.0
        self.board = AlarmBoard(self.recorded.append, self.keeper, lambda: self.now)

    @property
    def kinds(self) -> list[str]:
        return [type(entry).__name__ for entry in self.recorded]

    def names(self) -> list[str]:
        return [alarm.alarm_id for alarm in self.board.standing()]


def test_every_kind_has_a_severity() -> None:
    assert SEVERITY.keys() == set(AlarmKind)


def test_it_is_raised_once_and_cleared_once() -> None:
    desk = Desk()
    desk.board.raise_alarm(DOWN, "city", "no answer")
    desk.board.raise_alarm(DOWN, "city", "still none")
    assert desk.names() == ["trunk_down.city"]
    desk.board.clear(DOWN, "city")
    desk.board.clear(DOWN, "city")
    assert desk.kinds == ["AlarmRaised", "AlarmCleared"]
    raised = desk.recorded[0]
    assert isinstance(raised, entries.AlarmRaised)
    assert (raised.alarm, raised.subject, raised.detail) == ("trunk_down", "city", "no answer")
    assert not desk.keeper.load("alarm")


def test_causes_that_are_present_decide_for_their_own_kinds_only() -> None:
    desk = Desk()
    desk.board.raise_alarm(AlarmKind.STORE_FAILING)
    desk.board.settle(frozenset({DOWN}), {(DOWN, "city"): "", (DOWN, "county"): ""})
    assert desk.names() == ["store_failing", "trunk_down.city", "trunk_down.county"]
    desk.board.settle(frozenset({DOWN}), {(DOWN, "county"): ""})
    assert desk.names() == ["store_failing", "trunk_down.county"]


def test_it_outlives_a_restart_with_who_looks_after_it() -> None:
    before = Desk()
    before.board.raise_alarm(DOWN, "city", "no answer")
    before.board.acknowledge("trunk_down.city", "王芳")
    before.keeper.put("alarm", "junk", {"kind": "nonsense"})
    after = Desk(before.keeper)
    (alarm,) = after.board.standing()
    assert (alarm.detail, alarm.raised_at, alarm.acknowledged_by) == ("no answer", 1000.0, "王芳")
    assert after.board.inherited == {(DOWN, "city")}
    assert not after.recorded
    assert after.keeper.load("alarm").keys() == {"trunk_down.city"}


def test_who_acknowledges_first_stays_and_it_still_stands() -> None:
    desk = Desk()
    desk.board.raise_alarm(DOWN, "city")
    desk.now = 1010.0
    desk.board.acknowledge("trunk_down.city", "王芳")
    alarm = desk.board.acknowledge("trunk_down.city", "李强")
    assert (alarm.acknowledged_by, alarm.acknowledged_at) == ("王芳", 1010.0)
    assert desk.names() == ["trunk_down.city"]
    assert desk.kinds == ["AlarmRaised", "AlarmAcknowledged"]


def test_what_cannot_be_undone_ends_when_it_is_acknowledged() -> None:
    desk = Desk()
    desk.board.raise_alarm(AlarmKind.TEST, "", "drill")
    desk.board.acknowledge("test", "王芳")
    assert not desk.names()
    assert desk.kinds == ["AlarmRaised", "AlarmAcknowledged", "AlarmCleared"]
    with pytest.raises(NoSuchAlarm) as missing:
        desk.board.acknowledge("test", "王芳")
    assert missing.value.alarm_id == "test"


def test_what_others_recorded_stands_too_and_is_not_recorded_again() -> None:
    desk = Desk()
    desk.board.hear(entries.AlarmRaised(at=5.0, alarm="recording_incomplete", detail="disk full"))
    desk.board.hear(entries.AlarmRaised(at=6.0, alarm="of_another_program", detail=""))
    assert desk.names() == ["recording_incomplete"]
    desk.board.hear(entries.AlarmCleared(at=7.0, alarm="recording_incomplete"))
    assert not desk.names()
    assert not desk.recorded
