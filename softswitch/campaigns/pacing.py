"""How many calls of a list may be started now: never more under way than there are free agents to take them.  Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One list that dials by itself: the agents who are free for its queue, and its calls that no agent has yet."""

    list_id: str
    free: frozenset[str]
    under_way: int


def room(wanted: str, demands: Iterable[Demand]) -> int:
    """How many calls the list `wanted` may start.

    Lists that share a free agent share their room: each of their calls may be for that very agent.  So there is always a
    way to give every call under way an agent of its own, for as long as those agents stay free.
    """
    everyone = {demand.list_id: demand for demand in demands}
    free = everyone[wanted].free
    sharing = sum(demand.under_way for demand in everyone.values() if demand.free & free)
    own = everyone[wanted].under_way
    return max(0, len(free) - (sharing if free else own))
