"""Ways to choose among free agents of equal skill: each is a key, and the smallest goes first.

A key holds as long as the agent stays free, and ends with the agent's id, so that no two are equal and a choice never
depends on the order of a set.
"""

from collections.abc import Callable, Mapping

from acd.agent import Agent
from acd.errors import UnknownStrategy
from acd.names import QueueName
from acd.ranking import Key

Strategy = Callable[[Agent, QueueName], Key]


def longest_idle(agent: Agent, _: QueueName) -> Key:
    """先闲先分配: who has been free for longest."""
    return (agent.idle_since, agent.id)


def round_robin(agent: Agent, queue: QueueName) -> Key:
    """轮流分配: in turn; whose last offer of this queue is longest ago, and before them who had none yet."""
    return (agent.turns.get(queue, 0), agent.id)


def fewest_calls(agent: Agent, _: QueueName) -> Key:
    """最少接听: who has taken the fewest calls since the login."""
    return (agent.taken, agent.idle_since, agent.id)


def least_talk_time(agent: Agent, _: QueueName) -> Key:
    """最短通话: who has talked least since the login."""
    return (agent.talk_s, agent.idle_since, agent.id)


def least_occupied(agent: Agent, _: QueueName) -> Key:
    """最低占用: who was busy for the smallest part of the time on duty, up to when they came free."""
    return (agent.occupancy, agent.idle_since, agent.id)


def linear(agent: Agent, _: QueueName) -> Key:
    """固定顺序: by the agents' rank, the smallest first, always."""
    return (agent.rank, agent.id)


RING_ALL = "ring_all"
"""全体振铃: all who are free ring together; see `QueueDefined.ring_most`."""

STRATEGIES: Mapping[str, Strategy] = {
    "longest_idle": longest_idle,
    "round_robin": round_robin,
    "fewest_calls": fewest_calls,
    "least_talk_time": least_talk_time,
    "least_occupied": least_occupied,
    "linear": linear,
    RING_ALL: longest_idle,
}
"""By the name that a queue's definition gives."""


def strategy_named(name: str) -> Strategy:
    """Return a strategy; raises `UnknownStrategy`."""
    strategy = STRATEGIES.get(name)
    if strategy is None:
        raise UnknownStrategy(name, tuple(sorted(STRATEGIES)))
    return strategy
