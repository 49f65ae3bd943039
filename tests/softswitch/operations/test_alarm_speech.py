"""What a phone is told of alarms: every kind has its sentence as sound, the worst comes first."""

from pathlib import Path

from softswitch.operations.alarm_speech import ALARM_PROMPTS, rings, sentence
from softswitch.operations.alarms import Alarm, AlarmKind

PROMPTS = Path(__file__).resolve().parents[3] / "config" / "prompts" / "zh"


def alarm(kind: AlarmKind, subject: str = "", at: float = 1.0, by: str = "") -> Alarm:
    return Alarm(kind=kind, subject=subject, detail="", raised_at=at, acknowledged_by=by)


def known() -> frozenset[str]:
    return frozenset(path.stem for path in PROMPTS.glob("*.wav"))


def test_every_kind_can_be_said() -> None:
    assert known() >= ALARM_PROMPTS


def test_the_worst_is_said_first_and_no_more_than_three() -> None:
    said = sentence(
        (
            alarm(AlarmKind.CELL_LOST, at=1.0),
            alarm(AlarmKind.DISK_LOW, at=2.0),
            alarm(AlarmKind.TRUNK_DOWN, "line2", at=4.0),
            alarm(AlarmKind.PLANE_LOST, at=3.0),
        ),
        known(),
    )
    assert said == (
        "alarm_intro",
        "alarm_plane_lost",
        "alarm_trunk_down",
        "digit_2",
        "alarm_disk_low",
        "alarm_press_one",
    )


def test_what_the_sound_folder_lacks_is_left_out() -> None:
    assert sentence((alarm(AlarmKind.TEST),), known() - {"alarm_test"}) == ("alarm_intro", "alarm_press_one")


def test_who_is_rung_for_what() -> None:
    assert rings(alarm(AlarmKind.DISK_LOW), "major")
    assert not rings(alarm(AlarmKind.DISK_LOW), "critical")
    assert not rings(alarm(AlarmKind.DISK_LOW, by="王芳"), "major")
    assert rings(alarm(AlarmKind.TEST), "critical")
