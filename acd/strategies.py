"""Ways to choose among free agents: each is an order of criteria, and makes a key of which the smallest goes first.

A key holds as long as the agent stays free, and ends with the agent's id, so that no two are equal and a choice never
depends on the order of a set.
"""

from collections.abc import Callable, Mapping

from acd.agent import Agent
from acd.criteria import STRATEGIES, Order, Routing
from acd.errors import UnknownStrategy
from acd.names import QueueName
from acd.ranking import Key

_R = Routing

_PARTS: Mapping[Routing, Callable[[Agent, QueueName], float]] = {
    _R.IDLE: lambda agent, _: agent.idle_since,
    _R.TURN: lambda agent, queue: agent.turns.get(queue, 0),
    _R.CALLS: lambda agent, _: agent.taken,
    _R.TALK: lambda agent, _: agent.talk_s,
    _R.OCCUPANCY: lambda agent, _: agent.occupancy,
    _R.RANK: lambda agent, _: agent.rank,
}


def key_of(order: Order, agent: Agent, queue: QueueName) -> Key:
    """Return the key of a free agent by criteria other than skill, which is a matter of the need."""
    return (*[_PARTS[criterion](agent, queue) for criterion in order], agent.id)


def order_named(name: str, defined: Mapping[str, Order]) -> Order:
    """Return the order of a strategy, one of ours or a defined one; raises `UnknownStrategy`."""
    order = STRATEGIES.get(name) or defined.get(name)
    if order is None:
        raise UnknownStrategy(name, tuple(sorted({*STRATEGIES, *defined})))
    return order
