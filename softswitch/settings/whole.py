"""The whole TOML file, and what must fit together between its tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from softswitch.settings.accounts import AccountSettings
from softswitch.settings.agents import AgentSettings
from softswitch.settings.alarm_calls import AlarmCallSettings
from softswitch.settings.cells import CellSettings
from softswitch.settings.flows import FlowSettings
from softswitch.settings.media import MediaSettings, RecordingSettings
from softswitch.settings.node import NodeSettings
from softswitch.settings.outbound import OutboundSettings
from softswitch.settings.overflow import OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.settings.self_check import SelfCheckSettings
from softswitch.settings.sip import SipSettings
from softswitch.settings.skill_names import misspelt_skills
from softswitch.settings.terms import Fault, meta
from softswitch.settings.trunks import TrunkSettings
from softswitch.settings.web import HttpSettings

_STORED = "在数据库里,文件中留空 / lives in the database: leave it empty here"
_Name = TypeVar("_Name", str, tuple[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole file."""

    node: NodeSettings = field(default_factory=NodeSettings, metadata=meta("节点 / node"))
    sip: SipSettings = field(metadata=meta("信令边缘 / signalling edge"))
    trunks: tuple[TrunkSettings, ...] = field(default=(), metadata=meta("中继 / trunks"))
    accounts: tuple[AccountSettings, ...] = field(default=(), metadata=meta("话机账号 / SIP accounts"))
    outbound: tuple[OutboundSettings, ...] = field(default=(), metadata=meta("外呼规则 / outbound rules"))
    queues: tuple[QueueSettings, ...] = field(default=(), metadata=meta("队列(初始) / queues (seed)"))
    routes: tuple[RouteSettings, ...] = field(default=(), metadata=meta("路由(初始) / routes (seed)"))
    agents: tuple[AgentSettings, ...] = field(default=(), metadata=meta("坐席(初始) / agents (seed)"))
    media: MediaSettings = field(default_factory=MediaSettings, metadata=meta("媒体平面 / media plane"))
    cells: CellSettings = field(default_factory=CellSettings, metadata=meta("信令单元 / signalling cells"))
    http: HttpSettings = field(default_factory=HttpSettings, metadata=meta("HTTP 接口 / HTTP interface"))
    recording: RecordingSettings = field(default_factory=RecordingSettings, metadata=meta("录音 / recording"))
    flows: FlowSettings = field(default_factory=FlowSettings, metadata=meta("呼叫流程 / call flows"))
    alarm_calls: AlarmCallSettings = field(
        default_factory=AlarmCallSettings, metadata=meta("电话告警 / alarms by phone")
    )
    self_check: SelfCheckSettings = field(
        default_factory=SelfCheckSettings, metadata=meta("每日自检 / daily self-check")
    )

    def faults(self) -> Iterator[Fault]:
        """Names are unique and every reference has a target."""
        yield from self._twins()
        for queue in self.queues:
            yield from self._queue_faults(queue)
        for route in self.routes:
            yield from self._route_faults(route)
        yield from self._outbound_faults()
        for agent in self.agents:
            yield from self._agent_faults(agent)
        had = [(f"agents.{agent.id}.skills", agent.skills) for agent in self.agents]
        needed = [
            *(
                (f"queues.{queue.name}.distribution.skills", queue.distribution.skills)
                for queue in self.queues
            ),
            *((f"routes.{route.number}.table", row.skills) for route in self.routes for row in route.table),
        ]
        yield from misspelt_skills(had, needed)

    def _twins(self) -> Iterator[Fault]:
        """What may stand in the file but once."""
        for table, names in (
            ("trunks", [t.name for t in self.trunks]),
            ("accounts", [a.username for a in self.accounts]),
            ("outbound", [r.name for r in self.outbound]),
            ("queues", [q.name for q in self.queues]),
            ("agents", [a.id for a in self.agents]),
        ):
            for name in _twice(names):
                yield table, f"{name!r} 重复 / stands here twice"
        for extension in _twice([a.extension for a in self.accounts]):
            yield (
                "accounts",
                f"分机 {extension} 有两个账号 / extension {extension} belongs to two accounts; a seat has one",
            )
        for number, trunk in _twice([(r.number, r.trunk) for r in self.routes]):
            yield f"routes.{number}", f"重复 / stands here twice for {trunk or 'any trunk'}"

    def _queue_faults(self, queue: QueueSettings) -> Iterator[Fault]:
        if queue.hours or any(rule.to is OverflowTo.FLOW for rule in queue.overflow):
            yield (
                f"queues.{queue.name}",
                "工作时间与流程在数据库里,文件中留空 / hours and flows live in the database: not in this file",
            )
        ways = queue.distribution
        if ways.routing or any(rule.listed for rule in ways.level_rules):
            yield f"queues.{queue.name}.distribution", _STORED

    def _route_faults(self, route: RouteSettings) -> Iterator[Fault]:
        place = f"routes.{route.number}"
        queues = {q.name for q in self.queues}
        if route.queue not in queues:
            yield f"{place}.queue", f"无此队列 / no queue is named {route.queue!r}"
        if route.trunk and route.trunk not in {t.name for t in self.trunks}:
            yield f"{place}.trunk", f"无此中继 / no trunk is named {route.trunk!r}"
        for name, value in (("flow", route.flow), ("region", route.region)):
            if value:
                yield f"{place}.{name}", _STORED
        for row in route.table:
            if row.queue and row.queue not in queues:
                yield f"{place}.table", f"无此队列 / no queue is named {row.queue!r}"
            if row.agent and row.agent not in {a.id for a in self.agents}:
                yield f"{place}.table", f"无此坐席 / no agent is named {row.agent!r}"
            if row.listed:
                yield f"{place}.table", f"listed: {_STORED}"
        if any(row.listed for row in route.callers):
            yield f"{place}.callers", _STORED

    def _outbound_faults(self) -> Iterator[Fault]:
        trunks, rules = {t.name for t in self.trunks}, {rule.name for rule in self.outbound}
        for rule in self.outbound:
            if rule.trunk not in trunks:
                yield f"outbound.{rule.name}.trunk", f"无此中继 / no trunk is named {rule.trunk!r}"
        for account in self.accounts:
            for name in account.outbound:
                if name not in rules:
                    yield f"accounts.{account.username}.outbound", f"无此规则 / no rule is named {name!r}"

    def _agent_faults(self, agent: AgentSettings) -> Iterator[Fault]:
        if agent.selection or agent.shares or agent.capacities:
            yield f"agents.{agent.id}", f"selection, shares, capacities: {_STORED}"
        queues = {q.name for q in self.queues}
        for queue in agent.queues:
            if queue not in queues:
                yield f"agents.{agent.id}.queues", f"无此队列 / no queue is named {queue!r}"


def _twice(names: Sequence[_Name]) -> list[_Name]:
    """What stands there more than once, in order."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
