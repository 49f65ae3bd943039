"""The hotline's business as the HTTP interface shows it: documents, versions, calendars."""

from dataclasses import dataclass
from typing import Any

from api.schemas import FieldFault
from api.views import WallTime


@dataclass(frozen=True, slots=True, kw_only=True)
class KindView:
    """A kind of document; `title` is for people."""

    kind: str
    title: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """Why an agent can show busy (示忙原因); `name` is for people, `category` is `break` or `work`."""

    reason_id: str
    name: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """One document.  `version` is that of the whole in which it changed last, and its ETag; secrets show as `****`."""

    kind: str
    id: str
    version: int
    changed_at: WallTime
    changed_by: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceView:
    """One value that changed; `value` in `before` and `after`, null for nothing."""

    path: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """What would be wrong with the business if a document were as it was sent: empty, and it could be taken."""

    faults: tuple[FieldFault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedDocument:
    """What became of a document: `made`, `changed` or `removed`."""

    kind: str
    id: str
    action: str
    differences: tuple[DifferenceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version of the business: who made it, when, and the documents (`kind/id`) that changed."""

    version: int
    at: WallTime
    by: str
    reason: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDetail:
    """A version with every difference."""

    version: VersionView
    changes: tuple[ChangedDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersReplacedView:
    """What became of the customers, or would; `version` is that of their table now."""

    version: int
    made: int
    changed: int
    removed: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """What an import changed, or with `dry_run` would change; `version` is the one that stands now.

    `customers` is null when the file says nothing of them.
    """

    version: int
    dry_run: bool
    changes: tuple[ChangedDocument, ...]
    customers: CustomersReplacedView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """The hours of a service at the moment `at`: whether it is open, and when that changes (null: not within a year).

    `spans` are the hours of that day.
    """

    calendar_id: str
    name: str
    at: WallTime
    is_open: bool
    next_change: WallTime | None
    spans: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """One date: `kind` is `workday`, `weekend`, `holiday` or `make_up` (调休), `source` `notice`, `rule` or `operator`."""

    date: str
    kind: str
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A year of days; `known` when its arrangement is published here or confirmed.

    `version` is that of what the operators entered, and the ETag; 0 when they entered nothing.
    """

    year: int
    known: bool
    version: int
    days: tuple[DayView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLineView:
    """A line of a file that cannot be used; lines count from 1."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysImportView:
    """What a file of days changed or would change; with bad lines nothing is changed.

    `version` is that of the whole business: sent back as `If-Match` it takes the file only if nothing changed since.
    """

    dry_run: bool
    taken: bool
    version: int
    days: tuple[DayView, ...]
    bad_lines: tuple[BadLineView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDaysView:
    """The date that is so many working days (工作日) after another."""

    start: str
    working_days: int
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineView:
    """When a time limit (办理时限) ends; `calendar_id` is that of the hours which it was reckoned by, empty for none."""

    calendar_id: str
    start: WallTime
    working_days: int | None
    working_minutes: int | None
    deadline: WallTime
