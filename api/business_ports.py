"""What the HTTP interface needs for the hotline's business and its calendars."""

from typing import Any, Protocol

from api.business_views import (
    CalendarView,
    CheckView,
    DaysImportView,
    DeadlineView,
    DocumentView,
    ImportView,
    KindView,
    VersionDetail,
    VersionView,
    WorkingDaysView,
    YearView,
)
from api.views import Page


class BusinessPort(Protocol):
    """Versioned documents.  `expected` is the version that a change was made of: `Outdated` when it is not that now.

    What would not be whole is refused with `InvalidRequest`, which names every fault; nothing is changed then.
    """

    @property
    def version(self) -> int:
        """The number of the version of the whole that stands."""
        ...

    async def kinds(self) -> tuple[KindView, ...]:
        """Every kind of document."""
        ...

    async def schemas(self) -> dict[str, Any]:
        """The JSON Schema of every kind and of the nodes of flows, and the names that the machine knows."""
        ...

    async def list(self, kind: str, cursor: str, limit: int) -> Page[DocumentView]:
        """A page of documents, by id; `NotFound` for the kind."""
        ...

    async def get(self, kind: str, key: str) -> DocumentView:
        """One document; `NotFound`."""
        ...

    async def check(self, kind: str, key: str, data: dict[str, Any]) -> CheckView:
        """Every fault that taking a document would meet, as `put` tells them; nothing is changed."""
        ...

    async def put(
        self, kind: str, key: str, data: dict[str, Any], *, expected: int | None, by: str, reason: str
    ) -> DocumentView:
        """Make (`expected` None) or replace a document."""
        ...

    async def set_password(
        self, agent_id: str, hashed: str, *, must_change: bool, by: str, reason: str
    ) -> None:
        """Give an agent another password, by its hash; `NotFound`."""
        ...

    async def remove(self, kind: str, key: str, *, expected: int | None, by: str, reason: str) -> None:
        """Remove a document; `NotFound`."""
        ...

    async def versions(self, cursor: str, limit: int) -> Page[VersionView]:
        """A page of versions, newest first; `Refused("bad_cursor")`."""
        ...

    async def version_of(self, number: int) -> VersionDetail:
        """One version; `NotFound`."""
        ...

    async def restore(self, number: int, *, expected: int | None, by: str, reason: str) -> VersionDetail:
        """Bring the whole business back to what it was with a version; `NotFound`.

        `expected` is the version of the whole; None is for a try, and for who changes the business alone.
        """
        ...

    async def export(self) -> dict[str, Any]:
        """The whole business as one file."""
        ...

    async def load(
        self,
        file: dict[str, Any],
        *,
        dry_run: bool,
        expected: int | None,
        by: str,
        reason: str,
        expected_customers: int | None = None,
    ) -> ImportView:
        """Replace the whole business by a file; `expected` is the version of the whole, the other one that of the customers.

        None for either is for a try, and for who changes the business alone.
        """
        ...


class CalendarsPort(Protocol):
    """Opening hours, holidays and working days."""

    async def list(self, cursor: str, limit: int) -> Page[CalendarView]:
        """A page of the calendars as they are now, by id."""
        ...

    async def get(self, calendar_id: str, at: float | None) -> CalendarView:
        """One calendar at a moment, now for None; `NotFound`."""
        ...

    async def year(self, year: int) -> YearView:
        """All days of a year."""
        ...

    async def put_day(self, date: str, kind: str, name: str, *, expected: int | None, by: str) -> YearView:
        """Replace one day; `Refused("no_such_day")`.

        `expected` is the version of the year, None where nobody has entered anything for the day yet.
        """
        ...

    async def reset_day(self, date: str, *, expected: int | None, by: str) -> YearView:
        """Give a day back to the published arrangement; `NotFound` when it was not replaced."""
        ...

    async def load_days(
        self, text: str, *, dry_run: bool, complete: bool, expected: int | None, by: str
    ) -> DaysImportView:
        """Replace the days of a CSV file, all or none; `complete` confirms the years that it names.

        `expected` is the version of the whole business, None for whatever it is.
        """
        ...

    async def working_day(self, start: str, count: int) -> WorkingDaysView:
        """The date that is so many working days after another; `Refused("no_such_day")`."""
        ...

    async def deadline(
        self, start: float | None, *, calendar: str, service: str, days: int | None, minutes: int
    ) -> DeadlineView:
        """When a time limit ends: so many working days, or for None so many minutes, of a calendar, or else of a service.

        `start` is the moment of acceptance, now for None.  `NotFound`: the calendar, the service;
        `Refused("never_reached")`.
        """
        ...
