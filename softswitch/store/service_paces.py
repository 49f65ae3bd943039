"""How fast agents came free of late, from the projected calls and states of agents: what the expected wait is made of."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from softswitch.store.reader import Reader

SPAN_S = 4 * 3600.0
"""How far back is looked: what was before says nothing of the hour."""

MOST_CALLS = 5_000
MOST_STATES = 50_000
CLOSE_S = 0.001  # the end of a call and the agent's new state are noted one after the other


@dataclass(slots=True)
class ServicePace:
    """The contacts that agents of a queue were done with, the oldest first; seconds.

    Each kept its agent for one of `busy_s`, from the offer until free again, of which it rang for the one of `ring_s`.
    """

    busy_s: list[float] = field(default_factory=list)
    ring_s: list[float] = field(default_factory=list)


async def service_paces(reader: Reader, now: float) -> Mapping[str, ServicePace]:
    """The pace of each queue with calls that ended before `now` (wall seconds); `Unavailable`.

    The agent of a call is free with the first state that is idle and no wrap-up; one who is not free yet counts later.
    """
    calls = await reader.rows(
        "SELECT queue, agent, offered_at, connected_at, ended_at FROM calls"
        " WHERE arrived_at >= ? AND queue IS NOT NULL AND agent IS NOT NULL AND offered_at IS NOT NULL"
        " AND connected_at IS NOT NULL AND ended_at IS NOT NULL ORDER BY arrived_at DESC LIMIT ?",
        (now - SPAN_S, MOST_CALLS),
    )
    states = await reader.rows(
        "SELECT agent, began_at FROM agent_intervals WHERE began_at >= ? AND activity = 'idle'"
        " AND presence <> 'wrap_up' ORDER BY began_at DESC LIMIT ?",
        (now - SPAN_S, MOST_STATES),
    )
    free: defaultdict[str, list[float]] = defaultdict(list)
    for state in reversed(states):
        free[state["agent"]].append(state["began_at"])
    done: list[tuple[float, str, float, float]] = []
    for call in calls:
        moments = free[call["agent"]]
        first = bisect_left(moments, call["ended_at"] - CLOSE_S)
        ring_s = call["connected_at"] - call["offered_at"]
        if first < len(moments) and ring_s >= 0:
            done.append((moments[first], call["queue"], moments[first] - call["offered_at"], ring_s))
    paces: defaultdict[str, ServicePace] = defaultdict(ServicePace)
    for _, queue, busy_s, ring_s in sorted(done):
        paces[queue].busy_s.append(busy_s)
        paces[queue].ring_s.append(min(ring_s, busy_s))
    return dict(paces)
