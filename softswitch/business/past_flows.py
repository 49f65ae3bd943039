"""Flows as they stood: a caller finishes the version that the call began, also when control was replaced meanwhile."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from softswitch.flows.nodes import Flow
from softswitch.flows.reading import read_flow
from softswitch.store.business import StoredVersions

FlowVersion = tuple[str, int]
"""A flow's id, and the number of the business's version in which it stood so."""


def begun(records: Iterable[Mapping[str, Any]]) -> frozenset[FlowVersion]:
    """The flows that calls of before a restart were in; records that are none of ours have none."""
    found: set[FlowVersion] = set()
    for record in records:
        flow = record.get("flow")
        while isinstance(flow, dict):
            if isinstance(flow.get("flow"), str) and isinstance(flow.get("version"), int):
                found.add((flow["flow"], flow["version"]))
            flow = flow.get("before")  # to which its caller comes back
    return frozenset(found)


async def past_flows(versions: StoredVersions, wanted: Iterable[FlowVersion]) -> dict[FlowVersion, Flow]:
    """Those of the wanted that have changed since, as they were; what has not changed stands in the business."""
    left = set(wanted)
    past: dict[FlowVersion, Flow] = {}
    if not left:
        return past
    for entry in await versions.since(min(version for _, version in left)):
        for kind, key, before, _ in json.loads(entry.changes):
            # The first change after a version tells how the flow stood in it.
            for name, version in [one for one in left if kind == "flows" and one[0] == key]:
                if version < entry.version:
                    left.discard((name, version))
                    flow, faults = read_flow(before)
                    if flow is not None and not faults:
                        past[name, version] = flow
    return past
