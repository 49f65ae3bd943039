"""Branches of flows that ask for a region that there is not: their case would never hold, and nobody would be told."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from config.faults import Fault
from softswitch.business.documents import Region
from softswitch.flows.nodes import Branch, Flow


class Regional(Protocol):
    """The business as far as it knows regions, and flows that ask for them."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """Every region."""
        ...

    @property
    def flows(self) -> Mapping[str, Flow]:
        """Every call flow, by id."""
        ...


def unknown_regions(business: Regional) -> Iterator[Fault]:
    """Each case that compares the region of a caller with none that there is; empty is a caller of no region."""
    known = {region.id for region in business.regions} | {""}
    for flow in business.flows.values():
        for name, node in flow.nodes.items():
            for number, case in enumerate(node.cases if isinstance(node, Branch) else ()):
                if case.fact == "region" and case.test in ("is", "is_not") and case.value not in known:
                    yield Fault(
                        path=f"flows.{flow.id}.nodes.{name}.cases[{number}].value",
                        value=case.value,
                        expected="没有此地区 / there is no such region",
                    )
