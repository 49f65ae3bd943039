"""Outbound rules: which numbers a seat may call, and by which trunk (a table of the TOML file)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from softswitch.settings.terms import meta


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundSettings:
    """An outbound rule: numbers that a seat may call, when and how often, and the trunk that carries them."""

    name: str = field(metadata=meta("规则名 / name of the rule", example="mobile"))
    pattern: str = field(
        metadata=meta(
            "号码(归一后)的正则 / regular expression of the whole number in its normal form",
            example=r"1[3-9]\d{9}",
        )
    )
    trunk: str = field(metadata=meta("中继 / trunk", example="city"))
    hours: str = field(
        default="",
        metadata=meta("可外呼的工作时间,空为全天 / opening hours in which it holds, empty = always"),
    )
    calls_at_once: int = field(
        default=3,
        metadata=meta("每一座席同时外呼数 / calls of one seat at once", minimum=1, maximum=1000),
    )
    calls_per_minute: int = field(
        default=12,
        metadata=meta("每一座席每分钟外呼数 / calls of one seat a minute", minimum=1, maximum=10_000),
    )

    def takes(self, number: str) -> bool:
        """Whether the rule is for this number (in its normal form)."""
        return re.fullmatch(self.pattern, number) is not None

    def faults(self) -> Iterator[tuple[str, str]]:
        """The pattern can be read."""
        try:
            re.compile(self.pattern)
        except re.error as error:
            yield "pattern", f"{self.pattern!r} 不是正则表达式 / is no regular expression: {error}"
