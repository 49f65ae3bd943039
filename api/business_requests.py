"""Bodies and query strings of the business and its calendars."""

from dataclasses import dataclass, field
from typing import Any, Final

from api.views import WallTime

CUSTOMERS: Final = "customers"
"""Where the customers stand in a business file."""

_REASON = {"doc": "原因 / why", "most": 200}
_DRY_RUN = {"doc": "仅检查 / only say what would change"}
_DATE = r"\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsQuery:
    """A page, by id."""

    cursor: str = field(
        default="", metadata={"doc": "上一页的 next_cursor / of the page before", "most": 128}
    )
    limit: int = field(
        default=100, metadata={"doc": "每页条数 / items of a page", "minimum": 1, "maximum": 500}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonQuery:
    """Why something is changed."""

    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentBody:
    """A document; its id stands in it too."""

    data: dict[str, Any] = field(metadata={"doc": "内容 / content"})
    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBody:
    """A document as it might become."""

    data: dict[str, Any] = field(metadata={"doc": "内容 / content"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreBody:
    """Roll back."""

    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportBody:
    """A file of `GET /v1/business/export`."""

    file: dict[str, Any] = field(metadata={"doc": "业务文件 / business file"})
    dry_run: bool = field(default=False, metadata=_DRY_RUN)
    customers_version: int | None = field(
        default=None,
        metadata={
            "doc": "所见客户表的版本,不符则拒收 / version of the customers that was looked at, refused if it is another",
            "minimum": 0,
            "maximum": 10**15,
        },
    )
    reason: str = field(default="", metadata=_REASON)


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentQuery:
    """At which moment."""

    at: WallTime | None = field(default=None, metadata={"doc": "时刻,缺省现在 / moment, now when absent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBody:
    """What a day is."""

    kind: str = field(
        metadata={
            "doc": "工作日、休息日、节假日、调休 / kind",
            "choices": ("workday", "weekend", "holiday", "make_up"),
        }
    )
    name: str = field(default="", metadata={"doc": "节日名 / name of the holiday", "most": 40})


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysImportBody:
    """Days as CSV: a first line `date,kind,name`, then one day a line."""

    csv: str = field(metadata={"doc": "CSV 文本 / CSV text", "most": 60_000, "lines": True})
    complete: bool = field(
        default=False, metadata={"doc": "确认这些年份已完整 / the years that it names are complete"}
    )
    dry_run: bool = field(default=False, metadata=_DRY_RUN)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingDaysQuery:
    """So many working days after a date."""

    start: str = field(metadata={"doc": "起始日期 / date", "pattern": _DATE, "name": "from"})
    count: int = field(metadata={"doc": "工作日数 / working days", "minimum": 0, "maximum": 1000})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineQuery:
    """A time limit by the hours of a calendar or a service: one of the two, and one of the two counts."""

    start: WallTime | None = field(
        default=None,
        metadata={
            "doc": "受理时刻,缺省现在 / moment of acceptance, now when absent",
            "name": "from",
            "example": "2026-09-29T16:30:00+08:00",
        },
    )
    calendar: str = field(
        default="",
        metadata={"doc": "工作时间的编号 / id of opening hours", "most": 40, "example": "office"},
    )
    service: str = field(
        default="",
        metadata={
            "doc": "或业务键:其工作时间,没有则其队列的,再没有则全天 / or a service key: its hours, else those of its queue, "
            "else day and night",
            "most": 40,
        },
    )
    working_days: int | None = field(
        default=None,
        metadata={
            "doc": "工作日数,到当日下班时 / working days, up to the closing time of the last",
            "minimum": 0,
            "maximum": 1000,
            "example": 3,
        },
    )
    working_minutes: int | None = field(
        default=None,
        metadata={
            "doc": "或工作分钟数 / or minutes in which the service is open",
            "minimum": 0,
            "maximum": 600_000,
        },
    )
