"""Causes of alarms: what lasts is one, what is over at once is not, and none flickers."""

from dataclasses import replace

from softswitch.operations.alarms import AlarmKind
from softswitch.operations.conditions import JUDGED, Conditions, Figures

WELL = Figures(now=0.0, trunks={"city": True}, disk_free_mb=5000.0, disk_least_mb=500.0)

WORST = Figures(
    now=0.0,
    trunks={"city": False},
    plane_is_there=False,
    free_slots=0,
    nursery_hangs=True,
    disk_free_mb=0.0,
    disk_least_mb=1.0,
    store_lag_s=9.0,
    certificates={"chain.pem": "no start line"},
    backup_age_s=40 * 3600.0,
)


def kinds(conditions: Conditions, figures: Figures) -> list[str]:
    return sorted(kind.value for kind, _ in conditions.present(figures))


def test_all_is_well() -> None:
    assert kinds(Conditions(), WELL) == []


def test_what_is_over_within_two_seconds_is_no_alarm() -> None:
    """A plane that died is replaced in that time."""
    conditions = Conditions()
    lost = replace(WELL, plane_is_there=False)
    assert kinds(conditions, lost) == []
    assert kinds(conditions, replace(WELL, now=1.0)) == []
    assert kinds(conditions, replace(lost, now=2.0)) == []
    assert kinds(conditions, replace(lost, now=4.0)) == ["plane_lost"]
    assert kinds(conditions, replace(WELL, now=5.0)) == []


def test_each_trunk_has_its_own() -> None:
    conditions = Conditions()
    down = replace(WELL, trunks={"city": False, "county": False, "spare": True})
    conditions.present(down)
    assert set(conditions.present(replace(down, now=3.0))) == {
        (AlarmKind.TRUNK_DOWN, "city"),
        (AlarmKind.TRUNK_DOWN, "county"),
    }


def test_a_disk_at_its_limit_does_not_flicker() -> None:
    conditions = Conditions()
    seen = []
    for now, free in enumerate((499.0, 499.0, 499.0, 501.0, 599.0, 601.0)):
        seen.append(kinds(conditions, replace(WELL, now=now * 2.0, disk_free_mb=free)))
    assert seen == [[], ["disk_low"], ["disk_low"], ["disk_low"], ["disk_low"], []]


def test_a_plane_is_late_by_the_whole_last_minute() -> None:
    conditions = Conditions()
    for _ in range(59):
        conditions.note_ticks(50, 5)
    conditions.present(WELL)
    assert kinds(conditions, replace(WELL, now=3.0)) == []
    conditions.note_ticks(50, 5)
    conditions.present(replace(WELL, now=4.0))
    assert kinds(conditions, replace(WELL, now=6.0)) == ["plane_late"]
    for _ in range(60):
        conditions.note_ticks(50, 0)
    assert kinds(conditions, replace(WELL, now=7.0)) == []


def test_a_store_that_fails_is_not_called_slow_as_well() -> None:
    conditions = Conditions()
    slow = replace(WELL, store_lag_s=3.0)
    conditions.present(slow)
    assert kinds(conditions, replace(slow, now=3.0)) == ["store_slow"]
    assert kinds(conditions, replace(slow, now=4.0, store_is_failing=True)) == []


def test_an_event_stands_until_it_was_calm_for_five_minutes() -> None:
    conditions = Conditions()
    conditions.note(AlarmKind.CELL_LOST, "", "cell 7: 2 legs", 10.0)
    assert kinds(conditions, replace(WELL, now=10.0)) == ["cell_lost"]
    conditions.note(AlarmKind.CELL_LOST, "", "cell 9: 0 legs", 200.0)
    assert kinds(conditions, replace(WELL, now=499.0)) == ["cell_lost"]
    assert kinds(conditions, replace(WELL, now=500.0)) == []


def test_only_kinds_that_are_judged_here_are_ever_found() -> None:
    conditions = Conditions()
    for kind in (AlarmKind.CELL_LOST, AlarmKind.STATE_HEALED, AlarmKind.WORK_STUMBLED):
        conditions.note(kind, "", "", 0.0)
    for _ in range(60):
        conditions.note_ticks(50, 50)
    conditions.present(WORST)
    assert {kind for kind, _ in conditions.present(replace(WORST, now=2.0))} == JUDGED
