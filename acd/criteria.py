"""Combined strategies (组合策略): named orders of criteria, which are data and can be changed while running.

A *selection* says what an agent looks at first among the contacts that wait; a *routing* what a contact looks at first
among the agents who are free.  Each criterion decides only what those before it left equal.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from acd.errors import InvalidValue


class Selection(StrEnum):
    """What an agent can look at among contacts."""

    OWN = "own"  # 指定座席: one that waits for this very agent
    PRIORITY = "priority"  # of the queue, with what waiting added
    LEVEL = "level"  # of the contact, with what rules and waiting added
    REGION = "region"  # 地区优先级: the region whose turn it is by its share
    SKILL = "skill"  # the agent's own best
    ARRIVAL = "arrival"  # first come, first served


class Routing(StrEnum):
    """What a contact can look at among free agents."""

    SKILL = "skill"  # the best in what is asked for
    IDLE = "idle"  # the longest idle
    TURN = "turn"  # whose last offer of the queue is longest ago
    CALLS = "calls"  # the fewest since the login
    TALK = "talk"  # the least time in talk since the login
    OCCUPANCY = "occupancy"  # the least part of the time on duty
    RANK = "rank"  # the smallest rank


Order = tuple[Routing, ...]

RING_ALL = "ring_all"
"""全体振铃: all who are free ring together; see `QueueDefined.ring_most`."""

_R = Routing

STRATEGIES: Mapping[str, Order] = {
    "longest_idle": (_R.SKILL, _R.IDLE),  # 先闲先分配: who has been free for longest
    "round_robin": (_R.SKILL, _R.TURN),  # 轮流分配: in turn, and before all who had none yet
    "fewest_calls": (_R.SKILL, _R.CALLS, _R.IDLE),  # 最少接听
    "least_talk_time": (_R.SKILL, _R.TALK, _R.IDLE),  # 最短通话
    "least_occupied": (_R.SKILL, _R.OCCUPANCY, _R.IDLE),  # 最低占用, up to when the agent came free
    "linear": (_R.SKILL, _R.RANK),  # 固定顺序: by the agents' rank, always
    RING_ALL: (_R.SKILL, _R.IDLE),
}
"""Those that are always there, by the name that a queue's definition gives."""

SELECTION = tuple(Selection)
"""The order that holds unless another one is assigned."""


def check_order(of: object, criteria: Sequence[Selection | Routing]) -> None:
    """Refuse an order that is empty or has a part that could never decide; raises `InvalidValue` with its place."""
    name = type(of).__name__
    if not criteria:
        raise InvalidValue(name, "criteria", criteria, "one at least")
    for place, criterion in enumerate(criteria):
        if criterion in criteria[:place]:
            raise InvalidValue(name, f"criteria[{place}]", criterion, "each once: it has decided before")
        if Selection.ARRIVAL in criteria[:place]:
            raise InvalidValue(
                name, f"criteria[{place}]", criterion, "nothing after arrival: no two are equal in it"
            )
