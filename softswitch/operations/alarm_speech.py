"""What a phone is told of alarms, as names of prompts (`config/prompts/zh/alarm_*.wav`).  Pure."""

from collections.abc import Collection, Sequence
from typing import Final

from softswitch.calls.announcements import digit_by_digit
from softswitch.operations.alarms import SEVERITY, Alarm, AlarmKind, Severity

SPOKEN_AT_MOST: Final = 3
"""Alarms named in one call, the worst first; whoever acknowledges looks at the list."""

THANKS: Final = ("alarm_noted",)
"""After the key."""

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


def rings(alarm: Alarm, least: str) -> bool:
    """Whether somebody who is rung for `least` and worse is rung for this: a drill rings everybody."""
    if alarm.acknowledged_by:
        return False
    return alarm.kind is AlarmKind.TEST or _RANK[alarm.severity] <= _RANK[Severity(least)]


def sentence(alarms: Sequence[Alarm], known: Collection[str]) -> tuple[str, ...]:
    """One round of what is said: that this is an alarm, which, and which key acknowledges.

    Prompts that are not `known` are left out; a subject's digits are read one by one.
    """
    worst = sorted(alarms, key=lambda alarm: (_RANK[alarm.severity], alarm.raised_at))[:SPOKEN_AT_MOST]
    said: list[str] = ["alarm_intro"]
    for kind in dict.fromkeys(alarm.kind for alarm in worst):
        said.append(prompt_of(kind))
        for alarm in worst:
            if alarm.kind is kind:
                said += digit_by_digit(alarm.subject)
    said.append("alarm_press_one")
    return tuple(name for name in said if name in known)


def prompt_of(kind: AlarmKind) -> str:
    """The prompt that names a kind of alarm."""
    return f"alarm_{kind.value}"


ALARM_PROMPTS: Final = frozenset({"alarm_intro", "alarm_press_one", *THANKS, *map(prompt_of, SEVERITY)})
"""Every prompt that alarms by phone use; a sound folder without one of them leaves that part unsaid."""
