"""The node's figures in the text form of Prometheus: what is counted (`measures`) and what is looked at when asked."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from acd.engine import Engine
from media import events as plane_news
from softswitch.calls.seats import Seats
from softswitch.calls.switchboard import Switchboard
from softswitch.calls.trunks import Trunks
from softswitch.operations.alarms import AlarmBoard
from softswitch.operations.processes import parts_of_node
from softswitch.store.writer import StoreStatistics

PREFIX = "hotline_"


class EdgeFigures(Protocol):
    """The edge, seen from here."""

    def statistics(self) -> dict[str, int]:
        """Counts by name."""


class PoolFigures(Protocol):
    """The cells, seen from here."""

    hung: int
    nursery_hangs: bool

    @property
    def free_slots(self) -> int:
        """Legs that could be placed."""

    @property
    def used_slots(self) -> int:
        """Legs that are placed."""

    def pids(self) -> dict[str, int]:
        """Process ids by cell."""


class PlaneFigures(Protocol):
    """The link to the plane, seen from here."""

    hung: int
    last_report: plane_news.PlaneReported | None

    @property
    def is_there(self) -> bool:
        """Whether a plane answers."""


class StoreFigures(Protocol):
    """The store, seen from here."""

    def statistics(self) -> StoreStatistics:
        """The writer's figures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Everything that is looked at."""

    edge: EdgeFigures
    pool: PoolFigures
    plane: PlaneFigures
    store: StoreFigures
    engine: Engine
    seats: Seats
    board: Switchboard
    trunks: Trunks
    alarms: AlarmBoard
    run_dir: Path
    data_dir: Path


def text_of(registry: CollectorRegistry) -> str:
    """All metrics of a registry as text (exposition format 0.0.4)."""
    return generate_latest(registry).decode()


def _gauge(name: str, text: str, samples: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _counter(name: str, text: str, samples: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = CounterMetricFamily(PREFIX + name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


class NodeCollector(Collector):
    """Looks at all parts at the moment of a scrape; changes none."""

    def __init__(self, sources: Sources) -> None:
        """Look at these."""
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Every family of metrics."""
        yield from self._calls()
        yield from self._trunks()
        yield from self._signalling()
        yield from self._sound()
        yield from self._store()
        yield from self._machine()

    def _calls(self) -> Iterator[Metric]:
        sources = self._sources
        states: dict[str, int] = {}
        for call in sources.board.calls():
            states[call.state.value] = states.get(call.state.value, 0) + 1
        yield _gauge(
            "calls", "进行中的呼叫 / calls that are up", [((s,), n) for s, n in states.items()], "state"
        )
        figures = sources.engine.statistics()
        for name, text, field in (
            ("queue_waiting", "排队人数 / callers who wait", "waiting"),
            ("queue_limit", "排队上限 / callers at most", "limit"),
            ("queue_longest_wait_seconds", "最长等待 / longest wait", "longest_wait_s"),
            ("queue_agents_free", "空闲坐席 / agents free", "agents_free"),
            ("queue_agents_on_duty", "在岗坐席 / agents on duty", "agents_on_duty"),
        ):
            yield _gauge(
                name, text, [((str(q.queue),), float(getattr(q, field))) for q in figures.queues], "queue"
            )
        agents: dict[tuple[str, str], int] = {}
        for agent in sources.seats.views():
            key = (agent.presence, agent.activity)
            agents[key] = agents.get(key, 0) + 1
        yield _gauge("agents", "坐席状态 / agents by state", agents.items(), "presence", "activity")
        tally = figures.tally
        yield _counter(
            "engine_events",
            "派话引擎 / what the engine did",
            [((name,), getattr(tally, name)) for name in type(tally).__slots__],
            "what",
        )

    def _trunks(self) -> Iterator[Metric]:
        trunks = self._sources.trunks.statistics()
        yield _gauge("trunk_up", "中继可用 / trunk answers", [((t.name,), t.up) for t in trunks], "trunk")
        yield _gauge(
            "trunk_channels_in_use",
            "占用信道 / channels in use",
            [((t.name,), t.in_use) for t in trunks],
            "trunk",
        )
        yield _gauge("trunk_channels", "信道 / channels", [((t.name,), t.limit) for t in trunks], "trunk")
        yield _counter(
            "trunk_refused",
            "信道全忙 / calls that found no channel",
            [((t.name,), t.refused) for t in trunks],
            "trunk",
        )

    def _signalling(self) -> Iterator[Metric]:
        pool = self._sources.pool
        yield _gauge("cells", "信令单元 / signalling cells", [((), len(pool.pids()))])
        yield _gauge(
            "cell_slots",
            "信令腿位 / native call slots",
            [(("free",), pool.free_slots), (("used",), pool.used_slots)],
            "state",
        )
        yield _counter("cells_hung", "挂死的单元 / cells ended because they hung", [((), pool.hung)])
        counts = self._sources.edge.statistics()
        answers = {name: count for name, count in counts.items() if name.startswith("answers_")}
        yield _counter(
            "sip_answers",
            "SIP 应答 / SIP answers by direction and status",
            [(tuple(name.removeprefix("answers_").split("_")), count) for name, count in answers.items()],
            "direction",
            "status",
        )
        yield _gauge(
            "sip",
            "信令边缘 / counts of the edge",
            [((n,), c) for n, c in counts.items() if n not in answers],
            "what",
        )

    def _sound(self) -> Iterator[Metric]:
        plane = self._sources.plane
        yield _gauge("plane_up", "媒体平面 / the plane answers", [((), plane.is_there)])
        yield _counter("planes_hung", "挂死的平面 / planes ended because they hung", [((), plane.hung)])
        report = plane.last_report
        if report is not None:
            for name, text, value in (
                ("plane_legs", "腿 / legs", report.legs),
                ("plane_recordings", "录音 / recordings", report.recordings),
                ("plane_latest_seconds", "最迟时钟 / worst start of a tick", report.latest_ms / 1000),
                ("plane_work_median_seconds", "时钟用时 / work of a tick", report.work_p50_ms / 1000),
                ("plane_work_worst_seconds", "最长用时 / longest tick", report.work_max_ms / 1000),
            ):
                yield _gauge(name, text, [((), value)])

    def _store(self) -> Iterator[Metric]:
        store = self._sources.store.statistics()
        yield _counter("store_entries", "日志条目 / journal entries", [((), store.entries)])
        yield _counter("store_commits", "提交 / commits", [((), store.commits)])
        yield _counter("store_failures", "失败的提交 / commits that failed", [((), store.failures)])
        yield _gauge("store_backlog", "待写 / what waits to be written", [((), store.backlog)])
        yield _gauge("store_lag_seconds", "写入延迟 / lag of the last commit", [((), store.last_lag_s)])
        yield _gauge("store_worst_lag_seconds", "最大延迟 / worst lag", [((), store.worst_lag_s)])
        yield _gauge("store_failing", "写入失败 / the disk refuses", [((), store.is_failing)])

    def _machine(self) -> Iterator[Metric]:
        sources = self._sources
        yield _gauge(
            "alarm",
            "告警 / alarms that stand",
            [((a.kind.value, a.subject, a.severity.value), 1) for a in sources.alarms.standing()],
            "alarm",
            "subject",
            "severity",
        )
        parts = parts_of_node(sources.run_dir)
        yield _counter(
            "process_cpu_seconds", "CPU / CPU by part", [((p.name,), p.cpu_s) for p in parts], "part"
        )
        yield _gauge(
            "process_resident_bytes",
            "内存 / memory by part",
            [((p.name,), p.resident_bytes) for p in parts],
            "part",
        )
        yield _gauge(
            "process_open_files", "描述符 / descriptors", [((p.name,), p.files) for p in parts], "part"
        )
        yield _gauge(
            "disk_free_bytes", "磁盘剩余 / free disk", [((), shutil.disk_usage(sources.data_dir).free)]
        )
