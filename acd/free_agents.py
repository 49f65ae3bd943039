"""The free agents of one queue, best first for each need.

For every need that contacts of this queue have brought there is a ranking of those who may serve it, in the order of the
queue's strategy.  So whoever looks for an agent looks at the first of one ranking, whatever
the number of agents and skills.  Needs of one skill share a ranking, whatever the level: those who have not enough of
the skill stand behind all who have.
"""

from collections.abc import Iterator
from itertools import takewhile

from acd.agent import Agent
from acd.criteria import Order
from acd.names import AgentId, QueueName
from acd.ranking import Key, Ranking
from acd.skills import ANYBODY, Need
from acd.strategies import key_of

MOST_NEEDS = 64
"""Rankings kept for one queue; the one that was made first goes when there are more."""


class FreeAgents:
    """Who is available now."""

    __slots__ = ("_order", "_places", "_queue", "_rankings")

    def __init__(self, queue: QueueName, order: Order) -> None:
        """Begin with nobody."""
        self._queue = queue
        self._order = order
        self._places: dict[AgentId, list[tuple[Ranking[Agent], Key]]] = {}
        self._rankings: dict[Need, Ranking[Agent]] = {ANYBODY: Ranking()}

    def admit(self, agent: Agent) -> None:
        """File an agent as free."""
        places = self._places[agent.id] = []
        for need, ranking in self._rankings.items():
            self._enter(agent, need, ranking, places)

    def withdraw(self, agent: Agent) -> None:
        """Take an agent out; raises `KeyError`."""
        for ranking, key in self._places.pop(agent.id):
            ranking.remove(key)

    def best_first(self, need: Need) -> Iterator[Agent]:
        """Those who may serve a need, best first.  Nobody may come or go meanwhile."""
        if len(need.skills) != 1:
            return iter(self._ranking(need))
        ((skill, least),) = need.skills
        shared = self._ranking(Need(((skill, 0),)))
        return takewhile(lambda agent: agent.skills.get(skill, 0) >= least, shared)

    def _ranking(self, need: Need) -> Ranking[Agent]:
        """The ranking of a need, made if it is new."""
        ranking = self._rankings.get(need)
        return self._ranked(need) if ranking is None else ranking

    def _ranked(self, need: Need) -> Ranking[Agent]:
        """Make the ranking of a need that is new."""
        if len(self._rankings) >= MOST_NEEDS:
            self._drop(next(each for each in self._rankings if each != ANYBODY))
        ranking = self._rankings[need] = Ranking()
        for agent in self._rankings[ANYBODY]:
            self._enter(agent, need, ranking, self._places[agent.id])
        return ranking

    def _drop(self, need: Need) -> None:
        dropped = self._rankings.pop(need)
        for agent in dropped:
            self._places[agent.id] = [place for place in self._places[agent.id] if place[0] is not dropped]

    def _enter(
        self, agent: Agent, need: Need, ranking: Ranking[Agent], places: list[tuple[Ranking[Agent], Key]]
    ) -> None:
        fit = agent.fit(need)
        if fit is not None:
            key = key_of(self._order, agent, self._queue, fit)
            ranking.add(key, agent)
            places.append((ranking, key))

    def __contains__(self, agent: AgentId) -> bool:
        """Whether the agent is free."""
        return agent in self._places

    def __len__(self) -> int:
        """How many are free."""
        return len(self._places)

    def __iter__(self) -> Iterator[Agent]:
        """All of them, in the order of the strategy."""
        return iter(self._rankings[ANYBODY])
