"""The kinds of documents that make up the business, and how each is read from JSON.

Agents, queues and routes are those of the settings: what a TOML file may seed is what an administrator may change.
"""

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from config.binding import Binding
from config.faults import Fault
from config.values import ABSENT
from softswitch.business.duty import OnDuty
from softswitch.business.strategies import AgentCapacities, RoutingOrder, SelectionOrder, Shares
from softswitch.calendars.hours import Hours, YearOfDays
from softswitch.calendars.opening import midnight
from softswitch.customers.customer import CustomerField
from softswitch.flows.reading import read_flow
from softswitch.settings.accounts import AccountSettings
from softswitch.settings.agents import AgentSettings
from softswitch.settings.distribution import QueuePrioritySettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.settings.terms import DATE, ID, NUMBER
from softswitch.settings.trunks import NumberSettings

HIDDEN: Final = "****"
"""What is shown of a secret; given back, it means that the secret stays."""


CODE: Final = {"pattern": r"[*#]\d{1,8}", "form": " * 或 # 加 1–8 位数字 / * or # and 1 to 8 digits"}
"""Terms of what a phone dials to have something done."""


def _id(doc: str) -> Any:
    return field(metadata={"doc": doc, **ID})


def _name(doc: str = "名称 / name") -> Any:
    return field(default="", metadata={"doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """Something that an agent can be good at (技能)."""

    id: str = _id("技能 / skill")
    name: str = _name()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of agents (班组); agents say themselves which they belong to.

    What an agent does not say of their own, the first of the agent's groups says that has it.
    """

    id: str = _id("班组 / group")
    name: str = _name()
    selection: str = field(
        default="",
        metadata={"doc": "选呼策略,坐席自己的优先 / order of callers, where the agent has none of their own"},
    )
    priorities: tuple[QueuePrioritySettings, ...] = field(
        default=(),
        metadata={
            "doc": "各队列优先级,坐席自己的优先 / priorities of queues, where the agent has none of their own"
        },
    )

    def faults(self) -> Iterator[tuple[str, str]]:
        """A queue stands here once."""
        names = [each.queue for each in self.priorities]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield "priorities", f"{name!r} 重复 / stands here twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service key (业务键): what a caller can ask for, when it is served, and by which queue."""

    id: str = _id("业务键 / service key")
    name: str = _name()
    queue: str = field(metadata={"doc": "队列 / queue"})
    hours: str = field(default="", metadata={"doc": "工作时间,空为全天 / hours, empty = always"})
    routing: str = field(
        default="",
        metadata={
            "doc": "组合策略:来话看坐席的次序,空为队列自己的 / named order in which its callers look at agents; "
            "empty = that of the queue"
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region that callers call from, told by the prefix of their number; the longest prefix counts."""

    id: str = _id("地区 / region")
    name: str = _name()
    prefixes: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "号码前缀(标准形式) / prefixes of numbers in normal form",
            "pattern": r"\+?\d{1,15}",
            "form": NUMBER["form"],
        },
    )


class ReasonCategory(StrEnum):
    """What the time of an agent who is not ready counts as (示忙类别)."""

    BREAK = "break"  # a pause: a meal, a rest
    WORK = "work"  # of use to the hotline, away from callers: training, paperwork
    SYSTEM = "system"  # set by the system or by a supervisor: nobody chooses it


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReadyReason:
    """Why an agent can show busy (示忙原因)."""

    id: str = _id("原因 / reason")
    name: str = _name()
    category: ReasonCategory = field(
        default=ReasonCategory.BREAK,
        metadata={
            "doc": "类别:休息、工作、系统(坐席不可选) / category: break, work, system (no agent can choose it)"
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNumber:
    """A number on a list; the note says why, the appeal what its owner holds against that (申诉)."""

    number: str = field(metadata={"doc": "号码(标准形式) / number in normal form", **NUMBER})
    note: str = _name("说明 / why it stands here")
    appeal: str = _name("申诉 / appeal of its owner, and what came of it")
    until: str = field(
        default="",
        metadata={
            "doc": "有效至此日(含),空为长期 / counts until the end of this day, empty = for good",
            "pattern": f"({DATE['pattern']})?",
            "form": DATE["form"],
        },
    )

    @property
    def ends_at(self) -> float:
        """The moment (wall seconds) from which it does not count any more."""
        return midnight(date.fromisoformat(self.until) + timedelta(days=1)) if self.until else math.inf

    def faults(self) -> Iterator[tuple[str, str]]:
        """There is such a day."""
        try:
            date.fromisoformat(self.until or "2026-01-01")
        except ValueError:
            yield "until", "没有这一天 / there is no such day"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberList:
    """A list of callers that flows can ask for: VIP, blocked…"""

    id: str = _id("名单 / list")
    name: str = _name()
    numbers: tuple[ListedNumber, ...] = field(default=(), metadata={"doc": "号码 / numbers"})

    def faults(self) -> Iterator[tuple[str, str]]:
        """A number stands here once."""
        names = [each.number for each in self.numbers]
        for number in sorted({name for name in names if names.count(name) > 1}):
            yield "numbers", f"{number} 重复 / stands here twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """An uploaded announcement: which file is played under its name.  Uploads make these (`PUT /v1/prompts/ID`)."""

    id: str = _id("提示音 / prompt")
    title: str = _name("说明 / what it says")
    sha256: str = field(metadata={"doc": "文件内容的 SHA-256 / of the file", "pattern": r"[0-9a-f]{64}"})
    duration_s: float = field(
        default=0.0, metadata={"doc": "时长 / length", "unit": "s", "minimum": 0, "maximum": 3600}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkNumbers(NumberSettings):
    """The number rules of a trunk, in place of those of the settings."""

    id: str = field(metadata={"doc": "中继 / trunk"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """The emergency switch (应急开关): while it is on, every new call hears the notice first.

    Then it goes on by its route, all calls by one `flow`, or they ring at a `number` first.  `phones` switch it by a code.
    """

    id: str = field(default="switch", metadata={"doc": "只有一个 / there is one", "pattern": "switch"})
    is_on: bool = field(default=False, metadata={"doc": "是否启用 / whether it is on"})
    notice: tuple[str, ...] = field(default=(), metadata={"doc": "通知提示音 / prompts of the notice"})
    flow: str = field(
        default="", metadata={"doc": "全部来电改走此流程 / flow of all calls, empty = their own"}
    )
    number: str = field(
        default="",
        metadata={
            "doc": "全部来电转到此号码或分机,无人接则照常 / number or extension that all calls ring first, empty = none",
            "pattern": f"({NUMBER['pattern']})?",
            "form": NUMBER["form"],
        },
    )
    phones: tuple[str, ...] = field(
        default=(), metadata={"doc": "可用代码开关的分机 / extensions that may dial the codes"}
    )
    code_on: str = field(default="*99", metadata={"doc": "启用代码 / code that switches it on", **CODE})
    code_off: str = field(default="*990", metadata={"doc": "关闭代码 / code that switches it off", **CODE})

    @property
    def means(self) -> str:
        """What it does, in a line."""
        return " ".join((*self.notice, self.flow or self.number)).strip()

    def faults(self) -> Iterator[tuple[str, str]]:
        """On, it does something, and one thing; a code means one thing."""
        if (self.is_on or self.phones) and not (self.notice or self.flow or self.number):
            yield "notice", "需要通知、流程或号码 / needs a notice, a flow or a number"
        if self.flow and self.number:
            yield "number", "流程与号码只能选一 / either a flow or a number"
        if self.code_on == self.code_off:
            yield "code_off", "与启用代码相同 / is the code that switches it on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of document: how it is read, and what names one."""

    name: str
    title: str
    cls: Any
    id_of: Callable[[Any], str] = lambda value: str(value.id)
    read: Callable[[Any, str], tuple[Any, tuple[Fault, ...]]] | None = None

    def value(self, data: Any, path: str) -> tuple[Any, tuple[Fault, ...]]:
        """The typed document, None when it could not be made; and everything that is wrong with it."""
        given = _without_nulls(data)
        if self.read is not None:
            return self.read(given, path)
        binding = Binding()
        made = binding.table(self.cls, given, path)
        return (None if made is ABSENT else made), tuple(binding.faults)

    def shown(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of the document without its secrets."""
        shown = _without_nulls(copy.deepcopy(dict(data)))
        return {key: HIDDEN if key in self.secrets and value else value for key, value in shown.items()}

    def with_secrets(self, data: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
        """The document as it is to be kept: a secret that comes back hidden is what it was."""
        return {
            key: (before or {}).get(key, "") if key in self.secrets and value == HIDDEN else value
            for key, value in _without_nulls(dict(data)).items()
        }

    def with_present_secrets(self, data: Mapping[str, Any], present: Mapping[str, Any]) -> dict[str, Any]:
        """The document with the secrets of another state of it."""
        found = {key: value for key, value in data.items() if key not in self.secrets}
        return found | {key: present[key] for key in self.secrets if key in present}

    @property
    def secrets(self) -> frozenset[str]:
        """The keys whose values are not shown."""
        if not dataclasses.is_dataclass(self.cls):
            return frozenset()
        return frozenset(item.name for item in dataclasses.fields(self.cls) if item.metadata.get("secret"))


def _without_nulls(value: Any) -> Any:
    """JSON without its nulls: they say that a key is absent."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _route_id(route: RouteSettings) -> str:
    return f"{route.number}.{route.trunk}" if route.trunk else route.number


KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(name="agents", title="坐席 / agents", cls=AgentSettings),
        Kind(name="groups", title="班组 / groups of agents", cls=Group),
        Kind(name="skills", title="技能 / skills", cls=Skill),
        Kind(
            name="accounts",
            title="座席与话机账号 / seats and their SIP accounts",
            cls=AccountSettings,
            id_of=lambda value: str(value.username),
        ),
        Kind(
            name="outbound",
            title="外呼规则 / outbound rules",
            cls=OutboundSettings,
            id_of=lambda value: str(value.name),
        ),
        Kind(name="trunk_numbers", title="中继号码规则 / number rules of trunks", cls=TrunkNumbers),
        Kind(name="queues", title="队列 / queues", cls=QueueSettings, id_of=lambda value: str(value.name)),
        Kind(name="routes", title="路由点 / route points", cls=RouteSettings, id_of=_route_id),
        Kind(name="services", title="业务键 / service keys", cls=Service),
        Kind(name="regions", title="地区 / regions", cls=Region),
        Kind(name="shares", title="地区份额 / region shares", cls=Shares),
        Kind(name="routings", title="选座策略 / orders of free agents", cls=RoutingOrder),
        Kind(name="selections", title="选呼策略 / orders of callers", cls=SelectionOrder),
        Kind(name="capacities", title="媒体容量 / what agents may have in hand at once", cls=AgentCapacities),
        Kind(name="reasons", title="示忙原因 / not-ready reasons", cls=NotReadyReason),
        Kind(name="lists", title="名单 / lists of numbers", cls=NumberList),
        Kind(name="fields", title="客户字段 / fields of customers", cls=CustomerField),
        Kind(name="hours", title="工作时间 / opening hours", cls=Hours),
        Kind(name="days", title="节假日与调休 / holidays and make-up workdays", cls=YearOfDays),
        Kind(name="emergency", title="应急开关 / emergency switch", cls=Emergency),
        Kind(name="duty", title="值班名单 / duty roster", cls=OnDuty),
        Kind(name="prompts", title="上传的提示音 / uploaded announcements", cls=Prompt),
        Kind(name="flows", title="呼叫流程 / call flows", cls=None, read=read_flow),
    )
}
