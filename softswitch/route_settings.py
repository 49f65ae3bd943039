"""A route point, as settings and business documents have it: a dialled number, what is behind it, and for whom."""

from dataclasses import dataclass, field
from typing import Any

from softswitch.overflow_settings import LEVELS


def _meta(doc: str, **terms: Any) -> dict[str, Any]:
    return {"doc": doc, **terms}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLevelSettings:
    """Callers of a route who are told apart by their number; all that is given must hold."""

    add: int = field(
        metadata=_meta("级别加减 / levels added", minimum=-LEVELS, maximum=LEVELS, example=1),
    )
    prefix: str = field(
        default="",
        metadata=_meta(
            "主叫号码前缀(标准形式) / prefix of the caller's number in normal form, empty = any",
            pattern=r"(\+?\d{1,15})?",
        ),
    )
    listed: str = field(
        default="", metadata=_meta("在此名单上(数据库中) / on this list of the database, empty = any")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """A dialled number (DNIS) and the queue behind it (seed)."""

    number: str = field(metadata=_meta("被叫号码 / dialled number", example="12345"))
    queue: str = field(metadata=_meta("队列 / queue", example="hotline"))
    trunk: str = field(default="", metadata=_meta("仅此中继 / only for this trunk, empty = any"))
    greeting: str = field(default="welcome", metadata=_meta("欢迎词 / greeting prompt, empty = none"))
    flow: str = field(
        default="",
        metadata=_meta(
            "呼叫流程,代替欢迎词 / call flow, in place of the greeting; queue = where it cannot run"
        ),
    )
    level: int = field(
        default=0,
        metadata=_meta("来话级别 / level of its callers, higher first", minimum=-LEVELS, maximum=LEVELS),
    )
    callers: tuple[CallerLevelSettings, ...] = field(
        default=(), metadata=_meta("按主叫加减级别,各条相加 / levels by caller, all that hold are added")
    )
