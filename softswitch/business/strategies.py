"""Combined strategies (组合策略), region shares (地区优先级) and media (媒体统一排队) as documents: by name, for queues and agents to use."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from acd.criteria import Routing, Selection
from acd.errors import InvalidValue
from acd.events import CapacitiesDefined, QueueEvent, RoutingDefined, SelectionDefined, SharesDefined
from acd.medium import Medium, MediumCapacity
from acd.shares import RegionShare
from softswitch.settings.terms import ID


def _id(doc: str) -> Any:
    return field(metadata={"doc": doc, **ID})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPart:
    """A region and its part of the calls, in any unit: 3 and 1 are 75 % and 25 %."""

    region: str = field(metadata={"doc": "地区 / region"})
    share: float = field(metadata={"doc": "份额 / share", "minimum": 0.001, "maximum": 1e6})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How the calls of some regions are shared among the agents who have these shares."""

    id: str = _id("份额 / shares")
    name: str = field(default="", metadata={"doc": "名称 / name"})
    parts: tuple[RegionPart, ...] = field(metadata={"doc": "各地区份额 / the parts of the regions"})

    def told(self) -> SharesDefined:
        """What the distributor is told; raises `InvalidValue`."""
        parts = tuple(RegionShare(region=part.region, share=part.share) for part in self.parts)
        return SharesDefined(name=self.id, shares=parts)

    def faults(self) -> Iterator[tuple[str, str]]:
        """They divide something."""
        yield from _faults(
            self.told, "parts", "至少两个不同的地区 / needs two regions at least, all different"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingOrder:
    """What a caller looks at first among free agents; a queue names it as its `routing`."""

    id: str = _id("选座策略 / routing")
    name: str = field(default="", metadata={"doc": "名称 / name"})
    criteria: tuple[Routing, ...] = field(
        metadata={"doc": "准则,先者为先 / criteria, the first decides first"}
    )

    def told(self) -> RoutingDefined:
        """What the distributor is told; raises `InvalidValue`."""
        return RoutingDefined(name=self.id, criteria=self.criteria)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Every criterion can decide something, and the name is none of ours."""
        expected = (
            "至少一条,不重复,不用内置策略名 / one at least, each once, and no name of a built-in strategy"
        )
        yield from _faults(self.told, "criteria", expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionOrder:
    """What an agent looks at first among callers; an agent names it as the `selection`."""

    id: str = _id("选呼策略 / selection")
    name: str = field(default="", metadata={"doc": "名称 / name"})
    criteria: tuple[Selection, ...] = field(
        metadata={"doc": "准则,先者为先 / criteria, the first decides first"}
    )

    def told(self) -> SelectionDefined:
        """What the distributor is told; raises `InvalidValue`."""
        return SelectionDefined(name=self.id, criteria=self.criteria)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Every criterion can decide something."""
        expected = "至少一条,不重复,arrival 之后无 / one at least, each once, none after arrival"
        yield from _faults(self.told, "criteria", expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumPart:
    """How many contacts of a medium an agent may have at once, and beside which other media a new one may come."""

    medium: Medium = field(metadata={"doc": "媒体 / medium"})
    most: int = field(default=1, metadata={"doc": "同时至多 / at most", "minimum": 1, "maximum": 50})
    beside: tuple[Medium, ...] = field(
        default=(), metadata={"doc": "可与之并行的其他媒体 / may come beside contacts of these"}
    )

    def told(self) -> MediumCapacity:
        """What the distributor is told; raises `InvalidValue`."""
        return MediumCapacity(medium=self.medium, most=self.most, beside=self.beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCapacities:
    """What an agent may have in hand at once; an agent names it as the `capacities`."""

    id: str = _id("媒体容量 / capacities")
    name: str = field(default="", metadata={"doc": "名称 / name"})
    media: tuple[MediumPart, ...] = field(metadata={"doc": "各媒体 / each medium"})
    most_in_all: int = field(
        default=0,
        metadata={"doc": "总数上限,0 为不限 / at most in all, 0: no bound", "minimum": 0, "maximum": 100},
    )

    def told(self) -> CapacitiesDefined:
        """What the distributor is told; raises `InvalidValue`."""
        parts = tuple(part.told() for part in self.media)
        return CapacitiesDefined(name=self.id, capacities=parts, most_in_all=self.most_in_all or None)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Nothing contradicts something else."""
        if any(part.most < 1 for part in self.media):
            return  # its range says so
        for place, part in enumerate(self.media):
            try:
                part.told()
            except InvalidValue as fault:
                yield f"media[{place}].{fault.field}", f"自相矛盾 / expected {fault.expected}"
                return
        try:
            self.told()
        except InvalidValue as fault:
            path = fault.field.replace("capacities", "media")
            yield path, f"自相矛盾 / expected {fault.expected}"


StrategyDocument = Shares | RoutingOrder | SelectionOrder | AgentCapacities
"""What the distributor is told of by itself."""


def _faults(told: Callable[[], QueueEvent], place: str, expected: str) -> Iterator[tuple[str, str]]:
    try:
        told()
    except InvalidValue:
        yield place, expected
