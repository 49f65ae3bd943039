"""How a call list is worked through: its queue, its way of dialling, its hours, how often and when a number is tried again.

Pure.  Moments are wall seconds since 1970 (UTC).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from softswitch.calendars.hours import SPAN, minutes
from softswitch.calendars.opening import Opening, local, midnight
from softswitch.calls.dial_results import DialResult

DAY_S: Final = 86_400.0
FIRST_IN_LINE: Final = 100
"""The level of somebody whom we called: before everybody who called us."""


class Mode(StrEnum):
    """How numbers are dialled."""

    PREVIEW = "preview"  # an agent looks at the record first, and dials by a click
    PROGRESSIVE = "progressive"  # by the system, never more calls at once than there are free agents


_R = DialResult
RETRY_S: Final[Mapping[DialResult, int]] = {
    _R.BUSY: 600,
    _R.NO_ANSWER: 3600,
    _R.UNREACHABLE: 7200,
    _R.VOICEMAIL: 7200,
    _R.NETWORK_FAILURE: 600,
    _R.ANNOUNCEMENT: 7200,
}
"""After which results a number is tried again, and when; 0 and what is not here: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """The rules of a list.

    `window` is when numbers may be called each day (`HH:MM-HH:MM`, local), within the opening hours `hours` (a calendar of
    the business, empty for none).  A number on one of the lists `do_not_call` is never called.  `line` is the number that
    the called are shown, empty for the hotline's.
    """

    name: str
    queue: str
    mode: Mode = Mode.PREVIEW
    tries_most: int = 3
    window: str = "09:00-20:00"
    hours: str = ""
    do_not_call: tuple[str, ...] = ("do_not_call",)
    line: str = ""
    ring_s: int = 30
    retry_s: Mapping[DialResult, int] = field(default_factory=lambda: dict(RETRY_S))

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with them in themselves."""
        if not re.fullmatch(SPAN, self.window):
            yield "window", f"{self.window!r}: 应为 HH:MM-HH:MM / expected HH:MM-HH:MM"
            return
        start, end = minutes(self.window)
        if end <= start:
            yield "window", f"{self.window}: 结束早于开始 / it ends before it begins"

    def retry_at(self, result: DialResult, now: float) -> float | None:
        """When a number with this result may be tried again; None for never."""
        after_s = self.retry_s.get(result, 0)
        return now + after_s if after_s > 0 else None

    def is_open(self, opening: Opening | None, now: float) -> bool:
        """Whether numbers may be called at a moment."""
        start, end = minutes(self.window)
        moment = local(now)
        return start <= moment.hour * 60 + moment.minute < end and (opening is None or opening.is_open(now))

    def next_look(self, opening: Opening | None, now: float) -> float:
        """When to look again whether numbers may be called, while they may not."""
        start, _ = minutes(self.window)
        today = midnight(local(now).date()) + start * 60
        window = today if today > now else today + DAY_S
        change = None if opening is None else opening.next_change(now)
        return window if change is None else min(window, change)

    def to_record(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "name": self.name,
            "queue": self.queue,
            "mode": self.mode.value,
            "tries_most": self.tries_most,
            "window": self.window,
            "hours": self.hours,
            "do_not_call": list(self.do_not_call),
            "line": self.line,
            "ring_s": self.ring_s,
            "retry_s": {result.value: after_s for result, after_s in self.retry_s.items()},
        }

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> "ListRules":
        """What `to_record` gave."""
        return cls(
            name=record["name"],
            queue=record["queue"],
            mode=Mode(record["mode"]),
            tries_most=record["tries_most"],
            window=record["window"],
            hours=record["hours"],
            do_not_call=tuple(record["do_not_call"]),
            line=record["line"],
            ring_s=record["ring_s"],
            retry_s={DialResult(result): after_s for result, after_s in record["retry_s"].items()},
        )
