"""Which causes of alarms are present: a pure judgement of the node's figures, with room so that none flickers."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from softswitch.operations.alarms import AlarmKind, Key
from softswitch.operations.last_backup import OLDEST_S

JUDGED = frozenset(
    {
        AlarmKind.TRUNK_DOWN,
        AlarmKind.PLANE_LOST,
        AlarmKind.PLANE_LATE,
        AlarmKind.CELL_LOST,
        AlarmKind.CELLS_SHORT,
        AlarmKind.NURSERY_HUNG,
        AlarmKind.DISK_LOW,
        AlarmKind.STORE_SLOW,
        AlarmKind.STATE_HEALED,
        AlarmKind.WORK_STUMBLED,
        AlarmKind.CERTIFICATE_REFUSED,
        AlarmKind.BACKUP_OVERDUE,
    }
)
"""The kinds that are judged here; the others have somebody who knows when they begin and end."""

LATE_RATIO = 0.01
"""Ticks that began more than 10 ms late, of those of the last minute."""
LATE_WINDOW = 60
SLOW_STORE_S = 1.0
SHORT_SLOTS = 2
DISK_ROOM = 1.2
"""The disk alarm is cleared with so many times the room that raises it."""
GRACE_S = 2.0
"""What lasts no longer than this is no alarm: a part that died is replaced in that time, a trunk registers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The node at one moment; `trunks` maps names to whether they are up, `disk_free_mb` is None when unknown.

    `certificates` are those whose files cannot be used, with the reason; `backup_age_s` is None on a node of which no
    backup was ever made.
    """

    now: float
    trunks: dict[str, bool] = field(default_factory=dict)
    plane_is_there: bool = True
    free_slots: int = 8
    nursery_hangs: bool = False
    disk_free_mb: float | None = None
    disk_least_mb: float = 0.0
    store_lag_s: float = 0.0
    store_is_failing: bool = False
    certificates: dict[str, str] = field(default_factory=dict)
    backup_age_s: float | None = None


class Conditions:
    """What must be remembered to judge."""

    def __init__(self, calm_s: float = 300.0) -> None:
        """Begin with everything well; what is over at once is an alarm until `calm_s` without another one."""
        self._calm_s = calm_s
        self._reports: deque[tuple[int, int]] = deque(maxlen=LATE_WINDOW)
        self._recent: dict[Key, tuple[float, str]] = {}
        self._disk_is_low = False
        self._since: dict[Key, float] = {}

    def note_ticks(self, ticks: int, late_ticks: int) -> None:
        """One report of the plane."""
        self._reports.append((ticks, late_ticks))

    def note(self, kind: AlarmKind, subject: str, detail: str, now: float) -> None:
        """Something happened that is over at once; it stands until it was calm for a while."""
        self._recent[kind, subject] = (now, detail)

    @property
    def late_ratio(self) -> float:
        """The share of late ticks in the last minute."""
        ticks = sum(count for count, _ in self._reports)
        return sum(late for _, late in self._reports) / ticks if ticks else 0.0

    def present(self, figures: Figures) -> dict[Key, str]:
        """Every cause that is present, with its detail."""
        now = figures.now
        causes = dict(self._causes(figures))
        self._since = {key: self._since.get(key, now) for key in causes}
        self._recent = {
            key: (at, text) for key, (at, text) in self._recent.items() if now - at < self._calm_s
        }
        return {key: text for key, text in causes.items() if now - self._since[key] >= GRACE_S} | {
            key: text for key, (_, text) in self._recent.items()
        }

    def _causes(self, figures: Figures) -> Iterator[tuple[Key, str]]:
        for name, is_up in figures.trunks.items():
            if not is_up:
                yield (AlarmKind.TRUNK_DOWN, name), "no answer"
        for name, fault in figures.certificates.items():
            yield (AlarmKind.CERTIFICATE_REFUSED, name), fault
        if figures.backup_age_s is not None and figures.backup_age_s >= OLDEST_S:
            yield (
                (AlarmKind.BACKUP_OVERDUE, ""),
                f"the last whole backup is older than {OLDEST_S / 3600:.0f} h",
            )
        if not figures.plane_is_there:
            yield (AlarmKind.PLANE_LOST, ""), "no media plane answers"
        # A minute of reports is wanted: the first seconds of a process are late on any machine.
        if len(self._reports) == LATE_WINDOW and self.late_ratio > LATE_RATIO:
            yield (AlarmKind.PLANE_LATE, ""), f"{self.late_ratio:.1%} of the ticks were late"
        if figures.free_slots < SHORT_SLOTS:
            yield (AlarmKind.CELLS_SHORT, ""), f"{figures.free_slots} free slots"
        if figures.nursery_hangs:
            yield (AlarmKind.NURSERY_HUNG, ""), "cells that end are not replaced"
        if figures.store_lag_s > SLOW_STORE_S and not figures.store_is_failing:
            yield (AlarmKind.STORE_SLOW, ""), f"the last commit took {figures.store_lag_s:.1f} s"
        if figures.disk_free_mb is not None:
            least = figures.disk_least_mb * (DISK_ROOM if self._disk_is_low else 1.0)
            self._disk_is_low = figures.disk_free_mb < least
            if self._disk_is_low:
                yield (AlarmKind.DISK_LOW, ""), f"{figures.disk_free_mb:.0f} MB free"
