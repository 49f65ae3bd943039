"""Ways to choose among free agents: each is an order of criteria, and makes a key of which the smallest goes first.

A key holds as long as the agent stays free, and ends with the agent's id, so that no two are equal and a choice never
depends on the order of a set.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter

from acd.agent import Agent
from acd.criteria import STRATEGIES, Order, Routing
from acd.errors import UnknownStrategy
from acd.names import QueueName
from acd.ranking import Key

_R = Routing

_ATTRIBUTES: Mapping[Routing, str] = {
    _R.IDLE: "idle_since",
    _R.CALLS: "taken",
    _R.TALK: "talk_s",
    _R.OCCUPANCY: "occupancy",
    _R.RANK: "rank",
}


def key_of(order: Order, agent: Agent, queue: QueueName) -> Key:
    """Return the key of a free agent by criteria other than skill, which is a matter of the need."""
    values = (
        agent.turns.get(queue, 0) if criterion is _R.TURN else getattr(agent, _ATTRIBUTES[criterion])
        for criterion in order
    )
    return (*values, agent.id)


def key_getter(order: Order, queue: QueueName) -> Callable[[Agent], Key]:
    """Return what makes keys as `key_of` does; where the queue has no say, in one call for all criteria."""
    if not order or _R.TURN in order:
        return lambda agent: key_of(order, agent, queue)
    return attrgetter(*[_ATTRIBUTES[criterion] for criterion in order], "id")


def order_named(name: str, defined: Mapping[str, Order]) -> Order:
    """Return the order of a strategy, one of ours or a defined one; raises `UnknownStrategy`."""
    order = STRATEGIES.get(name) or defined.get(name)
    if order is None:
        raise UnknownStrategy(name, tuple(sorted({*STRATEGIES, *defined})))
    return order
