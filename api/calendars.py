"""Opening hours, holidays and make-up workdays over HTTP (工作时间管理, 节假日管理)."""

from typing import Any

from aiohttp import web

from api.business import asker, expected_version, looked_at, tagged
from api.business_ports import CalendarsPort
from api.business_views import CalendarView, DaysImportView, DeadlineView, WorkingDaysView
from api.exchange import Exchange
from api.faults import NotBuilt, NotFound
from api.ports import Ports
from api.schemas import FieldFault, InvalidRequest, compiled
from api.views import Page


def _port(ports: Ports) -> CalendarsPort:
    if ports.calendars is None:
        raise NotBuilt
    return ports.calendars


async def list_some(ports: Ports, exchange: Exchange) -> Page[CalendarView]:
    """A page of the calendars as they are now."""
    return await _port(ports).list(exchange.query.cursor, exchange.query.limit)


async def get(ports: Ports, exchange: Exchange) -> CalendarView:
    """One calendar, now or at another moment."""
    return await _port(ports).get(exchange.id_of("calendar"), exchange.query.at)


def _match(exchange: Exchange, name: str, pattern: str) -> str:
    text = exchange.ids[name]
    if not compiled(pattern).fullmatch(text):
        raise NotFound(name, text[:32])
    return text


async def year(ports: Ports, exchange: Exchange) -> web.Response:
    """A year at a glance."""
    view = await _port(ports).year(int(_match(exchange, "year", r"[1-9]\d{3}")))
    return tagged(view, view.version)


async def put_day(ports: Ports, exchange: Exchange) -> web.Response:
    """Make a day what the operators say."""
    view = await _port(ports).put_day(
        _match(exchange, "date", r"\d{4}-\d{2}-\d{2}"),
        exchange.body.kind,
        exchange.body.name,
        expected=expected_version(exchange),
        by=asker(exchange),
    )
    return tagged(view, view.version)


async def reset_day(ports: Ports, exchange: Exchange) -> web.Response:
    """Make a day what the published arrangement says."""
    view = await _port(ports).reset_day(
        _match(exchange, "date", r"\d{4}-\d{2}-\d{2}"),
        expected=expected_version(exchange),
        by=asker(exchange),
    )
    return tagged(view, view.version)


async def load_days(ports: Ports, exchange: Exchange) -> DaysImportView:
    """Take the days of a CSV file, or with `dry_run` show every bad line; needs `If-Match`, the whole that was looked at."""
    body = exchange.body
    return await _port(ports).load_days(
        body.csv,
        dry_run=body.dry_run,
        complete=body.complete,
        expected=looked_at(exchange, dry_run=body.dry_run),
        by=asker(exchange),
    )


def _not_one_of(query: Any, one: str, other: str) -> FieldFault | None:
    """What is wrong when both of two fields are given, or neither."""
    given = [name for name in (one, other) if getattr(query, name) not in ("", None)]
    if len(given) == 1:
        return None
    detail = f"{one} 与 {other} 须给且只给一个 / give one of {one} and {other}"
    return FieldFault(field=one, code="not_allowed" if given else "missing", detail=detail)


async def deadline(ports: Ports, exchange: Exchange) -> DeadlineView:
    """A time limit by the hours of a service."""
    query = exchange.query
    pairs = (("calendar", "service"), ("working_days", "working_minutes"))
    faults = tuple(fault for one, other in pairs if (fault := _not_one_of(query, one, other)) is not None)
    if faults:
        raise InvalidRequest(faults)
    return await _port(ports).deadline(
        query.start,
        calendar=query.calendar,
        service=query.service,
        days=query.working_days,
        minutes=query.working_minutes or 0,
    )


async def working_day(ports: Ports, exchange: Exchange) -> WorkingDaysView:
    """A time limit in working days."""
    return await _port(ports).working_day(exchange.query.start, exchange.query.count)
