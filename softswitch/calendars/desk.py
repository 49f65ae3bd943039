"""The calendars of the running system: asked by the HTTP interface.  Implements `api.ports.CalendarsPort`."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import groupby

from api.business_views import (
    BadLineView,
    CalendarView,
    DaysImportView,
    DayView,
    DeadlineView,
    WorkingDaysView,
    YearView,
)
from api.faults import NotFound, Outdated, Refused
from api.views import Page, WallTime
from softswitch.business.changes import Data
from softswitch.business.desk import BusinessDesk
from softswitch.calendars.day_list import DayList, read_days
from softswitch.calendars.days import Day, DayKind, DaySource
from softswitch.calendars.deadlines import ALWAYS, after_days, after_minutes
from softswitch.calendars.hours import ReplacedDay, Span
from softswitch.calendars.opening import Opening, local

KIND = "days"


class CalendarDesk:
    """Opening hours and days, read from the business and changed in it."""

    def __init__(self, desk: BusinessDesk, wall: Callable[[], float]) -> None:
        """`wall` gives the moment now, in seconds since 1970."""
        self._desk = desk
        self._wall = wall

    async def list(self, cursor: str, limit: int) -> Page[CalendarView]:
        """A page of the calendars as they are now, by id; the cursor is the last id of the page before."""
        now = self._wall()
        found = self._desk.business.openings
        ids = sorted(each for each in found if each > cursor)
        items = tuple(_shown(found[each], now) for each in ids[:limit])
        return Page(items=items, next_cursor=ids[limit - 1] if len(ids) > limit else None)

    async def get(self, calendar_id: str, at: float | None) -> CalendarView:
        """One calendar at a moment; `NotFound`."""
        opening = self._desk.business.openings.get(calendar_id)
        if opening is None:
            raise NotFound("calendar", calendar_id)
        return _shown(opening, self._wall() if at is None else at)

    async def year(self, year: int) -> YearView:
        """All days of a year."""
        days = self._desk.business.days
        return YearView(
            year=year,
            known=days.is_known(year),
            version=(await self._entered(str(year)))[1] or 0,
            days=tuple(_day(day) for day in days.year(year)),
        )

    async def put_day(
        self, date_text: str, kind: str, name: str, *, expected: int | None, by: str
    ) -> YearView:
        """Replace one day of a year; what somebody entered for it already, only by who names the version that was read."""
        day = _existing(date_text)
        return await self._change(
            str(day.year), {date_text: {"date": date_text, "kind": kind, "name": name}}, expected, by
        )

    async def reset_day(self, date_text: str, *, expected: int | None, by: str) -> YearView:
        """Give a day back to the published arrangement."""
        day = _existing(date_text)
        data, _ = await self._entered(str(day.year))
        if all(each["date"] != date_text for each in data["days"]):
            raise NotFound("day", date_text)
        return await self._change(str(day.year), {date_text: None}, expected, by)

    async def load_days(
        self, text: str, *, dry_run: bool, complete: bool, expected: int | None, by: str
    ) -> DaysImportView:
        """Replace the days of a CSV file in one version, whatever years they are in; with a bad line nothing is changed."""
        version = self._desk.version
        found = read_days(text)
        taken = not dry_run and not found.bad_lines and bool(found.days)
        if taken:
            years: dict[tuple[str, str], Data] = {}
            for year, days in groupby(found.days, key=lambda day: day.date[:4]):
                data, _ = await self._entered(year)
                years[KIND, year] = _year_with(
                    data, {day.date: _document(day) for day in days}, complete=complete
                )
            reason = ", ".join(day.date for day in found.days)[:200]
            await self._desk.put_all(
                years, expected=version if expected is None else expected, by=by, reason=reason
            )
        return _imported(found, dry_run=dry_run, taken=taken, version=self._desk.version)

    async def working_day(self, start: str, count: int) -> WorkingDaysView:
        """So many working days after a date."""
        end = self._desk.business.days.worked_day_after(_existing(start), count)
        return WorkingDaysView(start=start, working_days=count, date=end.isoformat())

    async def deadline(
        self, start: float | None, *, calendar: str, service: str, days: int | None, minutes: int
    ) -> DeadlineView:
        """When a time limit ends, by the hours of a calendar or a service."""
        hours = self._hours_of(service) if service else calendar
        business = self._desk.business
        opening = business.openings.get(hours) if hours else Opening(ALWAYS, business.days)
        if opening is None:
            raise NotFound("calendar", calendar)
        begin = self._wall() if start is None else start
        end = after_minutes(opening, begin, minutes) if days is None else after_days(opening, begin, days)
        if end is None:
            detail = "照此工作时间,十年内到不了 / by these hours it is not reached within ten years"
            raise Refused("never_reached", detail)
        return DeadlineView(
            calendar_id=hours,
            start=WallTime(begin),
            working_days=days,
            working_minutes=minutes if days is None else None,
            deadline=WallTime(end),
        )

    def _hours_of(self, service: str) -> str:
        """The hours of a service: its own, else those of its queue; empty for day and night."""
        business = self._desk.business
        for each in business.services:
            if each.id == service:
                queues = (queue.hours for queue in business.queues if queue.name == each.queue)
                return each.hours or next(queues, "")
        raise NotFound("service", service)

    async def _entered(self, year: str) -> tuple[Data, int | None]:
        """What the operators entered for a year, and its version; None without one."""
        try:
            view = await self._desk.get(KIND, year)
        except NotFound:
            return {"id": year, "complete": False, "days": []}, None
        return view.data, view.version

    async def _change(
        self,
        year: str,
        changed: dict[str, Data | None],
        expected: int | None,
        by: str,
    ) -> YearView:
        data, version = await self._entered(year)
        replaces = any(each["date"] in changed for each in data["days"])
        if expected != (version or 0) and (expected is not None or replaces):
            raise Outdated("year_changed", str(version or 0))
        after = _year_with(data, changed)
        await self._desk.put(
            KIND, year, after, expected=version, by=by, reason=", ".join(sorted(changed))[:200]
        )
        return await self.year(int(year))


def _year_with(data: Data, changed: Mapping[str, Data | None], *, complete: bool = False) -> Data:
    """What the operators entered for a year, with these days; None gives one back."""
    days: dict[str, Data | None] = {**{each["date"]: each for each in data["days"]}, **changed}
    return {
        "id": data["id"],
        "complete": complete or data.get("complete", False),
        "days": [day for _, day in sorted(days.items()) if day is not None],
    }


def _existing(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("no_such_day", f"没有这一天 / there is no day {text}") from error


def _document(day: ReplacedDay) -> Data:
    return {"date": day.date, "kind": day.kind, "name": day.name}


def _day(day: Day) -> DayView:
    return DayView(date=day.date.isoformat(), kind=day.kind.value, name=day.name, source=day.source.value)


def _imported(found: DayList, *, dry_run: bool, taken: bool, version: int) -> DaysImportView:
    days = tuple(
        _day(
            Day(
                date=date.fromisoformat(day.date),
                kind=DayKind(day.kind),
                name=day.name,
                source=DaySource.OPERATOR,
            )
        )
        for day in found.days
    )
    bad = tuple(BadLineView(line=bad.line, text=bad.text, reason=bad.reason) for bad in found.bad_lines)
    return DaysImportView(dry_run=dry_run, taken=taken, version=version, days=days, bad_lines=bad)


def _shown(opening: Opening, at: float) -> CalendarView:
    change = opening.next_change(at)
    return CalendarView(
        calendar_id=opening.hours.id,
        name=opening.hours.name,
        at=WallTime(at),
        is_open=opening.is_open(at),
        next_change=None if change is None else WallTime(change),
        spans=tuple(_text(span) for span in opening.spans(local(at).date())),
    )


def _text(span: Span) -> str:
    (start, end) = span
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"
