"""Who is rung when an alarm stands: one document a person of the duty roster (值班)."""

from dataclasses import dataclass, field
from typing import Literal

from softswitch.settings.terms import ID, NUMBER

Least = Literal["critical", "major", "warning"]
"""The lowest severity that somebody is rung for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """Somebody who is rung when an alarm stands, in the order of `position`."""

    id: str = field(metadata={"doc": "值班人 / person on duty", **ID})
    name: str = field(default="", metadata={"doc": "名称 / name"})
    number: str = field(
        metadata={
            "doc": "分机,或外线号码(标准形式) / extension of a seat, or a number outside in its normal form",
            **NUMBER,
        }
    )
    position: int = field(
        default=1, metadata={"doc": "呼叫次序 / place in the order", "minimum": 1, "maximum": 99}
    )
    hours: str = field(default="", metadata={"doc": "值班时间,空为全天 / hours of duty, empty = always"})
    least: Least = field(
        default="major",
        metadata={"doc": "最低级别 / the least severity that rings (critical, major, warning)"},
    )
