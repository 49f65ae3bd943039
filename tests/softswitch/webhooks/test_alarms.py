"""Every kind of alarm reaches the receivers of webhooks, when it begins and when it ends."""

from dataclasses import replace
from pathlib import Path

from softswitch.operations.alarms import ENDLESS, SEVERITY, AlarmBoard, AlarmKind
from softswitch.operations.conditions import JUDGED, Conditions
from tests.softswitch.operations.test_conditions import WELL, WORST
from tests.softswitch.webhooks.test_desk import Receiver, hotline, receiver

__all__ = ["receiver"]

OVER_AT_ONCE = (AlarmKind.CELL_LOST, AlarmKind.STATE_HEALED, AlarmKind.WORK_STUMBLED)


async def test_every_kind_of_alarm_is_told_once_when_it_is_raised_and_once_when_it_is_cleared(
    tmp_path: Path, receiver: Receiver
) -> None:
    """Those that the watch judges by the figures of the node, the others by whoever knows; endless ones end by a person."""
    conditions = Conditions(calm_s=300.0)
    for kind in OVER_AT_ONCE:
        conditions.note(kind, "part", "once", 0.0)
    for _ in range(60):
        conditions.note_ticks(50, 50)
    conditions.present(WORST)
    async with hotline(tmp_path, receiver, kinds=("alarm.raised", "alarm.cleared")) as here:
        board = AlarmBoard(here.chronicle.record, here.store, here.clock)
        board.settle(JUDGED, conditions.present(replace(WORST, now=10.0)))
        for kind in AlarmKind:
            if kind not in JUDGED:
                board.raise_alarm(kind, "it", "told by whoever knows")
        assert {alarm.kind for alarm in board.standing()} == set(AlarmKind)
        await receiver.wait(lambda: len(receiver.got) >= len(AlarmKind))
        for alarm in board.standing():
            if alarm.kind in ENDLESS:
                board.acknowledge(alarm.alarm_id, "li")
            elif alarm.kind not in JUDGED:
                board.clear(alarm.kind, alarm.subject)
        for _ in range(60):
            conditions.note_ticks(50, 0)
        board.settle(JUDGED, conditions.present(replace(WELL, now=1000.0)))
        assert board.standing() == ()
        await receiver.wait(lambda: len(receiver.got) >= 2 * len(AlarmKind))
    told = [(one["type"], one["data"]["alarm"]) for one in receiver.got]
    assert sorted(told) == sorted(
        (what, kind.value) for what in ("alarm.raised", "alarm.cleared") for kind in AlarmKind
    )
    assert len(set(receiver.ids)) == len(receiver.ids)
    assert SEVERITY.keys() == set(AlarmKind)
