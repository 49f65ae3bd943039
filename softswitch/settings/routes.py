"""A route point, as settings and business documents have it: a dialled number, what is behind it, and for whom."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from softswitch.settings.distribution import SkillSettings
from softswitch.settings.overflow import LEVELS
from softswitch.settings.terms import NUMBER, meta

PREFIX: Final = r"(\+?\d{1,15})?"
"""The beginning of a caller's number, or nothing."""


def _is_in_group(prefix: str, listed: str, caller: str, lists: Collection[str]) -> bool:
    return caller.startswith(prefix) and (not listed or listed in lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLevelSettings:
    """Callers of a route who are told apart by their number; all that is given must hold."""

    add: int = field(
        metadata=meta("级别加减 / levels added", minimum=-LEVELS, maximum=LEVELS, example=1),
    )
    prefix: str = field(
        default="",
        metadata=meta(
            "主叫号码前缀(标准形式) / prefix of the caller's number in normal form, empty = any",
            pattern=PREFIX,
            form=NUMBER["form"],
        ),
    )
    listed: str = field(
        default="", metadata=meta("在此名单上(数据库中) / on this list of the database, empty = any")
    )

    def is_for(self, caller: str, lists: Collection[str]) -> bool:
        """Whether it counts for a caller with this number in its normal form, who stands on these lists."""
        return _is_in_group(self.prefix, self.listed, caller, lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRowSettings:
    """A row of a route's table: a line that its callers stand in, of a queue or of one agent.

    With a `prefix` or `listed` it is only for that group of callers; both must hold where both are given.
    """

    queue: str = field(default="", metadata=meta("队列,空为路由的队列 / queue, empty = that of the route"))
    agent: str = field(default="", metadata=meta("指定坐席 / for this agent alone, empty = any"))
    last_agent_s: float = field(
        default=0.0,
        metadata=meta(
            "此时长内接待过主叫的坐席,0 不限 / for the agent alone who was put through to the caller last, if so "
            "lately; 0 = any",
            unit="s",
            minimum=0,
        ),
    )
    skills: tuple[SkillSettings, ...] = field(
        default=(),
        metadata=meta(
            "此行所需技能(队列的不计) / skills needed here; those of the queue do not count in a table"
        ),
    )
    after_s: float = field(
        default=0.0, metadata=meta("等待满后生效 / open after so long a wait", unit="s", minimum=0)
    )
    until_s: float = field(
        default=0.0, metadata=meta("等待满后失效,0 不失效 / until so long, 0 = always", unit="s", minimum=0)
    )
    least_level: int = field(
        default=-LEVELS,
        metadata=meta("级别下限 / for this level or more, -1000 = any", minimum=-LEVELS, maximum=LEVELS),
    )
    prefix: str = field(
        default="",
        metadata=meta(
            "仅主叫号码以此开头者(标准形式) / only for callers whose number begins so, in normal form; empty = any",
            pattern=PREFIX,
            form=NUMBER["form"],
        ),
    )
    listed: str = field(
        default="",
        metadata=meta(
            "仅在此名单上者(数据库中) / only for callers on this list of the database; empty = any"
        ),
    )

    @property
    def is_for_a_group(self) -> bool:
        """Whether some callers have no such row."""
        return bool(self.prefix or self.listed)

    def takes_level(self, level: int) -> bool:
        """Whether it is for callers of a level; the least that can be set is no bound."""
        return level >= self.least_level or self.least_level <= -LEVELS

    def is_for(self, caller: str, lists: Collection[str]) -> bool:
        """Whether a caller with this number in its normal form, who stands on these lists, has this row."""
        return _is_in_group(self.prefix, self.listed, caller, lists)

    def is_for_all_of(self, other: "RouteRowSettings") -> bool:
        """Whether everybody has it who has another row."""
        return other.prefix.startswith(self.prefix) and self.listed in ("", other.listed)

    def faults(self) -> Iterator[tuple[str, str]]:
        """It is open at some time, for one whom it can be for."""
        if self.until_s and self.until_s <= self.after_s:
            yield "until_s", "应大于 / needs to be more than after_s"
        if self.agent and self.last_agent_s:
            yield "last_agent_s", "与 agent 不能并用 / cannot stand beside agent"
        names = [skill.name for skill in self.skills]
        if len(names) != len(set(names)):
            yield "skills", "技能重复 / a skill stands here twice"

    def is_open_whenever(self, other: "RouteRowSettings") -> bool:
        """Whether it is open from the beginning and for as long as another row, for whomever that one is."""
        return (
            self.is_for_all_of(other)
            and not self.after_s
            and (not self.until_s or 0 < other.until_s <= self.until_s)
            and self.least_level <= other.least_level
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """A dialled number (DNIS) and the queue behind it (seed)."""

    number: str = field(metadata=meta("被叫号码 / dialled number", example="12345"))
    queue: str = field(metadata=meta("队列 / queue", example="hotline"))
    trunk: str = field(default="", metadata=meta("仅此中继 / only for this trunk, empty = any"))
    greeting: str = field(default="welcome", metadata=meta("欢迎词 / greeting prompt, empty = none"))
    flow: str = field(
        default="",
        metadata=meta(
            "呼叫流程,代替欢迎词 / call flow, in place of the greeting; queue = where it cannot run"
        ),
    )
    level: int = field(
        default=0,
        metadata=meta("来话级别 / level of its callers, higher first", minimum=-LEVELS, maximum=LEVELS),
    )
    callers: tuple[CallerLevelSettings, ...] = field(
        default=(), metadata=meta("按主叫加减级别,各条相加 / levels by caller, all that hold are added")
    )
    strategy: int = field(
        default=0,
        metadata=meta("策略号,供溢出规则 / strategy number, for overflow rules", minimum=0, maximum=1000),
    )
    region: str = field(
        default="",
        metadata=meta("号码不属任何地区者的地区(数据库中) / region (database) of whom no prefix tells one"),
    )
    table: tuple[RouteRowSettings, ...] = field(
        default=(),
        metadata=meta(
            "客户服务路由表,依次寻找 / routing table: lines looked at in order, all stood in at once"
        ),
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """A caller always has a line to stand in, also one who is of no group."""
        common = [row for row in self.table if not row.is_for_a_group]
        if self.table and not common:
            yield (
                "table",
                "须有一行不限主叫 / needs a row that is for every caller, without prefix and listed",
            )
        elif common and (common[-1].until_s or common[-1].last_agent_s):
            yield (
                "table",
                "不限主叫的末行须一直有效,且不为上次坐席 / its last row for every caller needs to stay open, for any last agent",
            )

    def in_vain(self) -> Iterator[tuple[str, str]]:
        """Rows that never have a say: where they are, and why.

        Of rows of the table for the same line the last that is open counts, at the place of the first.
        """
        for number, level in enumerate(self.callers):
            if not level.add:
                yield f"callers[{number}].add", "为 0 则无作用 / 0 changes nothing"
        lines: dict[tuple[str, str], list[int]] = {}
        for number, row in enumerate(self.table):
            if not row.last_agent_s:  # whose line that is turns out when somebody calls
                lines.setdefault((row.queue or self.queue, row.agent), []).append(number)
        for first, second in (pair for numbers in lines.values() for pair in pairwise(numbers)):
            before, row = self.table[first], self.table[second]
            if second == first + 1 and row.is_open_whenever(before):
                yield (
                    f"table[{first}]",
                    f"总被同一队伍的第 {second + 1} 行代替 / row {second + 1} for the same line always counts in its place",
                )
            elif before.skills == row.skills and before.is_open_whenever(row):
                yield (
                    f"table[{second}]",
                    f"与第 {first + 1} 行相同,无作用 / row {first + 1} for the same line asks the same: it changes nothing",
                )
