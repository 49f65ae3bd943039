"""What needs a person: alarms that are raised once, stand until their cause is gone, and can be acknowledged.

Each has a kind with a chapter in `docs/operations.md`, and a subject (which trunk, which disk).  They are told to the
journal and the live stream, and outlive a restart of control.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

import structlog

from softswitch.store import entries
from softswitch.store.entries import Entry
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE = "alarm"


class Severity(StrEnum):
    """How soon somebody has to come (ITU-T X.733 section 8.1.2.3)."""

    CRITICAL = "critical"  # no calls, or no sound
    MAJOR = "major"  # part of the service is lost
    WARNING = "warning"  # it will be, if nobody looks


class AlarmKind(StrEnum):
    """Every alarm there is."""

    TRUNK_DOWN = "trunk_down"
    PLANE_LOST = "plane_lost"
    PLANE_LATE = "plane_late"
    CELL_LOST = "cell_lost"
    CELLS_SHORT = "cells_short"
    NURSERY_HUNG = "nursery_hung"
    DISK_LOW = "disk_low"
    STORE_FAILING = "store_failing"
    STORE_SLOW = "store_slow"
    ENTRY_REJECTED = "entry_rejected"
    RECORDING_INCOMPLETE = "recording_incomplete"
    RECORDS_DIFFER = "records_differ"
    STATE_HEALED = "state_healed"
    WORK_STUMBLED = "work_stumbled"
    HOLIDAYS_UNKNOWN = "holidays_unknown"
    EMERGENCY_ON = "emergency_on"
    NO_ANSWER = "no_answer"
    CERTIFICATE_REFUSED = "certificate_refused"
    BACKUP_OVERDUE = "backup_overdue"
    SELF_CHECK_FAILED = "self_check_failed"
    TEST = "test"


SEVERITY: Mapping[AlarmKind, Severity] = {
    AlarmKind.TRUNK_DOWN: Severity.CRITICAL,
    AlarmKind.PLANE_LOST: Severity.CRITICAL,
    AlarmKind.PLANE_LATE: Severity.MAJOR,
    AlarmKind.CELL_LOST: Severity.WARNING,
    AlarmKind.CELLS_SHORT: Severity.CRITICAL,
    AlarmKind.NURSERY_HUNG: Severity.MAJOR,
    AlarmKind.DISK_LOW: Severity.MAJOR,
    AlarmKind.STORE_FAILING: Severity.CRITICAL,
    AlarmKind.STORE_SLOW: Severity.WARNING,
    AlarmKind.ENTRY_REJECTED: Severity.MAJOR,
    AlarmKind.RECORDING_INCOMPLETE: Severity.MAJOR,
    AlarmKind.RECORDS_DIFFER: Severity.MAJOR,
    AlarmKind.STATE_HEALED: Severity.WARNING,
    AlarmKind.WORK_STUMBLED: Severity.MAJOR,
    AlarmKind.HOLIDAYS_UNKNOWN: Severity.WARNING,
    AlarmKind.EMERGENCY_ON: Severity.MAJOR,
    AlarmKind.NO_ANSWER: Severity.WARNING,
    AlarmKind.CERTIFICATE_REFUSED: Severity.MAJOR,
    AlarmKind.BACKUP_OVERDUE: Severity.WARNING,
    AlarmKind.SELF_CHECK_FAILED: Severity.MAJOR,
    AlarmKind.TEST: Severity.WARNING,
}

ENDLESS = frozenset({AlarmKind.ENTRY_REJECTED, AlarmKind.RECORDS_DIFFER, AlarmKind.TEST})
"""What happened and cannot be undone: such an alarm ends when somebody acknowledges it."""

Key = tuple[AlarmKind, str]
"""A kind and its subject, "" when there is only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm that stands.  Times are wall seconds; `acknowledged_by` is empty until somebody looks after it."""

    kind: AlarmKind
    subject: str
    detail: str
    raised_at: float
    acknowledged_by: str = ""
    acknowledged_at: float | None = None

    @property
    def alarm_id(self) -> str:
        """How it is named in paths: `trunk_down.city`."""
        return f"{self.kind.value}.{self.subject}" if self.subject else self.kind.value

    @property
    def severity(self) -> Severity:
        """How soon somebody has to come."""
        return SEVERITY[self.kind]


class NoSuchAlarm(Exception):
    """No alarm of this id stands."""

    def __init__(self, alarm_id: str) -> None:
        """Keep the id."""
        super().__init__(f"no alarm {alarm_id} stands")
        self.alarm_id = alarm_id


class AlarmBoard:
    """The alarms that stand.  `changed` is told whenever one is raised, acknowledged or cleared."""

    changed: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self, record: Callable[[Entry], None], keeper: StateKeeper, wall: Callable[[], float]
    ) -> None:
        """Begin with those that stood when the process before this one ended."""
        self._record = record
        self._keeper = keeper
        self._wall = wall
        self._standing: dict[Key, Alarm] = {}
        for key, value in keeper.load(TABLE).items():
            try:
                alarm = Alarm(**{**value, "kind": AlarmKind(value["kind"])})
            except (KeyError, TypeError, ValueError):
                log.warning("alarm.unreadable", key=key)
                keeper.remove(TABLE, key)
            else:
                self._standing[alarm.kind, alarm.subject] = alarm
        self.inherited: frozenset[Key] = frozenset(self._standing)
        """Those of before: whoever raised them is gone, and will not clear them."""

    def standing(self) -> tuple[Alarm, ...]:
        """Every alarm that stands, oldest first."""
        return tuple(sorted(self._standing.values(), key=lambda alarm: alarm.raised_at))

    def stands(self, kind: AlarmKind, subject: str = "") -> bool:
        """Whether this one does."""
        return (kind, subject) in self._standing

    def raise_alarm(self, kind: AlarmKind, subject: str = "", detail: str = "") -> None:
        """Raise an alarm, once; its detail is that of the first moment."""
        if self.stands(kind, subject):
            return
        now = self._wall()
        self._set(Alarm(kind=kind, subject=subject, detail=detail, raised_at=now))
        self._record(entries.AlarmRaised(at=now, alarm=kind.value, subject=subject, detail=detail))
        self.changed()

    def clear(self, kind: AlarmKind, subject: str = "") -> None:
        """The cause is gone; nothing happens when it did not stand."""
        alarm = self._standing.pop((kind, subject), None)
        if alarm is not None:
            self._keeper.remove(TABLE, alarm.alarm_id)
            self._record(entries.AlarmCleared(at=self._wall(), alarm=kind.value, subject=subject))
            self.changed()

    def settle(self, kinds: frozenset[AlarmKind], present: Mapping[Key, str]) -> None:
        """Bring the alarms of these kinds to the causes that are present, each with its detail."""
        for kind, subject in tuple(self._standing):
            if kind in kinds and (kind, subject) not in present:
                self.clear(kind, subject)
        for (kind, subject), detail in present.items():
            self.raise_alarm(kind, subject, detail)

    def hear(self, entry: entries.AlarmRaised | entries.AlarmCleared) -> None:
        """Somebody else recorded an alarm (the store, the recordings): it stands here too."""
        try:
            kind = AlarmKind(entry.alarm)
        except ValueError:
            return
        if isinstance(entry, entries.AlarmCleared):
            alarm = self._standing.pop((kind, entry.subject), None)
            if alarm is not None:
                self._keeper.remove(TABLE, alarm.alarm_id)
                self.changed()
        elif not self.stands(kind, entry.subject):
            self._set(Alarm(kind=kind, subject=entry.subject, detail=entry.detail, raised_at=entry.at))
            self.changed()

    def acknowledge(self, alarm_id: str, by: str) -> Alarm:
        """Somebody looks after it.  Raises `NoSuchAlarm`; who acknowledged first stays."""
        found = next((alarm for alarm in self._standing.values() if alarm.alarm_id == alarm_id), None)
        if found is None:
            raise NoSuchAlarm(alarm_id)
        if found.acknowledged_by:
            return found
        now = self._wall()
        alarm = replace(found, acknowledged_by=by, acknowledged_at=now)
        self._set(alarm)
        self._record(entries.AlarmAcknowledged(at=now, alarm=alarm.kind.value, subject=alarm.subject, by=by))
        if alarm.kind in ENDLESS:
            self.clear(alarm.kind, alarm.subject)
        else:
            self.changed()
        return alarm

    def _set(self, alarm: Alarm) -> None:
        self._standing[alarm.kind, alarm.subject] = alarm
        self._keeper.put(TABLE, alarm.alarm_id, {**asdict(alarm), "kind": alarm.kind.value})

    def __repr__(self) -> str:
        return f"<AlarmBoard standing={len(self._standing)}>"
