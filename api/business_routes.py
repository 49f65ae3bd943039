"""The endpoints of the hotline's business and its calendars."""

from typing import Any

from api import business, calendars
from api.business_requests import (
    CheckBody,
    DayBody,
    DaysImportBody,
    DeadlineQuery,
    DocumentBody,
    DocumentsQuery,
    ImportBody,
    MomentQuery,
    ReasonQuery,
    RestoreBody,
    WorkingDaysQuery,
)
from api.business_views import (
    CalendarView,
    CheckView,
    DaysImportView,
    DeadlineView,
    DocumentView,
    ImportView,
    KindView,
    ReasonView,
    VersionDetail,
    VersionView,
    WorkingDaysView,
    YearView,
)
from api.route import LOOK, LOOK_AT_AGENTS, Handler, Route
from api.tokens import Scope
from api.views import Page

ADMINISTER = frozenset({Scope.ADMIN})
FILE_MOST = 24 * 1024 * 1024
"""A whole business is seldom more than a few hundred kB; some minutes of uploaded announcements are what it has room for."""


def _look(path: str, summary: str, handler: Handler, shows: Any, **more: Any) -> Route:
    return Route(
        method="GET",
        path=path,
        summary=summary,
        handler=handler,
        shows=shows,
        **{"scopes": LOOK, "faults": (404, 501), **more},
    )


def _change(method: str, path: str, summary: str, handler: Handler, shows: Any, **more: Any) -> Route:
    return Route(
        method=method,
        path=path,
        summary=summary,
        handler=handler,
        shows=shows,
        scopes=ADMINISTER,
        **{"faults": (404, 412, 501), **more},
    )


_DOCUMENT = "/v1/business/documents/{kind}/{document_id}"
_VERSION = "/v1/business/versions/{version}"
_DAY = "/v1/calendars/days/{date}"

BUSINESS: tuple[Route, ...] = (
    _look("/v1/business", "业务数据的种类 / kinds of documents", business.kinds, Page[KindView]),
    _look(
        "/v1/business/schemas",
        "各类业务数据的 JSON Schema / the JSON Schema of each kind, of the nodes of flows, and names of this machine",
        business.schemas,
        dict[str, Any],
        faults=(501,),
    ),
    _look(
        "/v1/reasons",
        "示忙原因 / reasons to show busy",
        business.reasons,
        Page[ReasonView],
        scopes=LOOK_AT_AGENTS,
        faults=(501,),
    ),
    _look(
        "/v1/business/documents/{kind}",
        "一类业务数据 / documents of a kind",
        business.list_some,
        Page[DocumentView],
        query=DocumentsQuery,
    ),
    _look(_DOCUMENT, "一份业务数据,带 ETag / one document with its ETag", business.get, DocumentView),
    _change(
        "PUT",
        _DOCUMENT,
        "新增或修改,修改须带 If-Match / make or replace a document; to replace needs If-Match",
        business.put,
        DocumentView,
        body=DocumentBody,
    ),
    _change(
        "POST",
        f"{_DOCUMENT}/check",
        "仅检查:列出全部问题及位置,不改动 / only check: every fault with its place, nothing is changed",
        business.check,
        CheckView,
        body=CheckBody,
        faults=(404, 501),
    ),
    _change(
        "DELETE",
        _DOCUMENT,
        "删除,须带 If-Match / remove a document; needs If-Match",
        business.remove,
        None,
        status=204,
        query=ReasonQuery,
    ),
    _look(
        "/v1/business/versions",
        "版本,新的在前 / versions, newest first",
        business.versions,
        Page[VersionView],
        query=DocumentsQuery,
        scopes=ADMINISTER,
    ),
    _look(
        _VERSION,
        "一个版本的改动 / what changed in a version",
        business.version,
        VersionDetail,
        scopes=ADMINISTER,
    ),
    _change(
        "POST",
        f"{_VERSION}/restore",
        "回退到此版本,须带 If-Match / bring the whole business back to a version; needs If-Match",
        business.restore,
        VersionDetail,
        body=RestoreBody,
        faults=(404, 412, 428, 501),
    ),
    _look(
        "/v1/business/export",
        "导出全部业务数据,带 ETag / the whole business as one file, with its ETag",
        business.export,
        dict[str, Any],
        scopes=ADMINISTER,
        faults=(501,),
    ),
    _change(
        "POST",
        "/v1/business/import",
        "导入全部业务数据,可先试,须带 If-Match / replace the whole business by a file; dry_run only tries; needs If-Match",
        business.load,
        ImportView,
        body=ImportBody,
        body_most=FILE_MOST,
        faults=(412, 428, 501),
    ),
    _look(
        "/v1/calendars",
        "工作时间现况 / opening hours as they are now",
        calendars.list_some,
        Page[CalendarView],
        query=DocumentsQuery,
        faults=(501,),
    ),
    _look(
        "/v1/calendars/{calendar_id}",
        "某一时刻是否上班 / whether a service is open at a moment",
        calendars.get,
        CalendarView,
        query=MomentQuery,
    ),
    _look(
        "/v1/calendars/years/{year}",
        "一年的工作日与节假日 / the days of a year",
        calendars.year,
        YearView,
    ),
    _change(
        "PUT",
        _DAY,
        "修改一天,已改过的须带 If-Match / make a day what you say; one that was changed before needs If-Match",
        calendars.put_day,
        YearView,
        body=DayBody,
    ),
    _change(
        "DELETE",
        _DAY,
        "恢复一天,须带 If-Match / give a day back to the published arrangement; needs If-Match",
        calendars.reset_day,
        YearView,
    ),
    _change(
        "POST",
        "/v1/calendars/days/import",
        "导入 CSV,可先试,须带 If-Match / days from a CSV text; dry_run shows every bad line; needs If-Match",
        calendars.load_days,
        DaysImportView,
        body=DaysImportBody,
        faults=(412, 428, 501),
    ),
    _look(
        "/v1/working-days",
        "工作日推算 / the date so many working days after another",
        calendars.working_day,
        WorkingDaysView,
        query=WorkingDaysQuery,
        faults=(501,),
    ),
    _look(
        "/v1/deadlines",
        "办理时限推算:按工作时间 / when a time limit ends, by the hours of a calendar or a service",
        calendars.deadline,
        DeadlineView,
        query=DeadlineQuery,
    ),
)
