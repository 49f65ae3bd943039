"""Alarms by phone: how long a phone rings, and when the next one does (a table of the TOML file)."""

from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCallSettings:
    """Ringing whoever is on duty.  Who that is stands in the business documents `duty`, and changes without a restart."""

    ring_s: float = field(
        default=30.0, metadata=meta("振铃时限 / ring time", unit="s", minimum=5, maximum=180)
    )
    next_after_s: float = field(
        default=60.0,
        metadata=meta(
            "未确认时,多久后呼叫下一位 / until the next one is rung, after a call that acknowledged nothing",
            unit="s",
            minimum=1,
            maximum=3600,
        ),
    )
    again_after_s: float = field(
        default=600.0,
        metadata=meta(
            "名单走完仍未确认,多久后从头再呼 / until it begins again, after the last one",
            unit="s",
            minimum=10,
            maximum=86_400,
        ),
    )
    times: int = field(
        default=3, metadata=meta("每次通话播报遍数 / how often a call says it", minimum=1, maximum=10)
    )
