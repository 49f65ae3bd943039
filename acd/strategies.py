"""Ways to choose among free agents: each is a key, and the smallest goes first.

A key ends with the agent's id, so that no two are equal and a choice never depends on the order of a set.
"""

from collections.abc import Callable, Mapping

from acd.agent import Agent
from acd.errors import UnknownStrategy
from acd.ranking import Key

Strategy = Callable[[Agent], Key]


def longest_idle(agent: Agent) -> Key:
    """先闲先分配: who has been free for longest."""
    return (agent.idle_since, agent.id)


STRATEGIES: Mapping[str, Strategy] = {"longest_idle": longest_idle}
"""By the name that a queue's definition gives."""


def strategy_named(name: str) -> Strategy:
    """Return a strategy; raises `UnknownStrategy`."""
    strategy = STRATEGIES.get(name)
    if strategy is None:
        raise UnknownStrategy(name, tuple(sorted(STRATEGIES)))
    return strategy
