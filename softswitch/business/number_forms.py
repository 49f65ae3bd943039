"""Numbers that no caller has: calls come with theirs in normal form, and what is written otherwise would never match."""

from collections.abc import Iterator
from typing import Protocol

from config.faults import Fault
from softswitch.business.documents import KINDS, NumberList, Region
from softswitch.calls.numbers import normal_prefix, normalise
from softswitch.settings.routes import RouteSettings


class Numbered(Protocol):
    """The business as far as numbers stand in it that calls are compared with."""

    @property
    def lists(self) -> tuple[NumberList, ...]:
        """Every list of callers."""
        ...

    @property
    def regions(self) -> tuple[Region, ...]:
        """Every region."""
        ...

    @property
    def routes(self) -> tuple[RouteSettings, ...]:
        """Every route point."""
        ...


def never_matching(business: Numbered, area_code: str) -> Iterator[Fault]:
    """Listed numbers and callers' prefixes that are in no normal form, and route points that are one number twice."""
    for listed in business.lists:
        for number, entry in enumerate(listed.numbers):
            place = f"lists.{listed.id}.numbers[{number}].number"
            yield from _otherwise(place, entry.number, normalise(entry.number, area_code))
    for region in business.regions:
        for number, prefix in enumerate(region.prefixes):
            yield from _otherwise(f"regions.{region.id}.prefixes[{number}]", prefix, normal_prefix(prefix))
    first: dict[tuple[str, str], RouteSettings] = {}
    for route in business.routes:
        path = f"routes.{KINDS['routes'].id_of(route)}"
        for number, row in enumerate(route.callers):
            yield from _otherwise(f"{path}.callers[{number}].prefix", row.prefix, normal_prefix(row.prefix))
        for number, group in enumerate(route.table):
            yield from _otherwise(f"{path}.table[{number}].prefix", group.prefix, normal_prefix(group.prefix))
        other = first.setdefault((normalise(route.number, area_code), route.trunk), route)
        if other is not route:
            expected = (
                f"与路由 {other.number} 为同一号码 / the same number as that of the route {other.number}"
            )
            yield Fault(path=f"{path}.number", value=route.number, expected=expected)


def _otherwise(path: str, written: str, normal: str) -> Iterator[Fault]:
    if written != normal:
        expected = (
            f"须为标准形式 {normal},否则永不相符 / needs to be in normal form, {normal}, or it matches nobody"
        )
        yield Fault(path=path, value=written, expected=expected)
