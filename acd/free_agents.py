"""The free agents of one queue, best first for each need, of those media that an agent may be offered now.

For every need that contacts of this queue have brought there is a ranking of those who may serve it, in the order of the
queue's strategy.  So whoever looks for an agent looks at the first of one ranking, whatever the number of agents and
skills.  Needs of one skill share a ranking, whatever the level, where the strategy looks at skill first: those who have
too little of it, or none, stand behind all who have enough.
"""

from collections.abc import Iterator
from itertools import takewhile

from acd.agent import Agent
from acd.criteria import Order, Routing
from acd.medium import Medium
from acd.names import AgentId, QueueName
from acd.ranking import Key, Ranking
from acd.skills import Need
from acd.strategies import key_getter

MOST_NEEDS = 64
"""Rankings kept for one queue; the one that was made first goes when there are more."""

_Able = tuple[tuple[Ranking[Agent], Medium, int], ...]


class FreeAgents:
    """Who is available now."""

    __slots__ = ("_able", "_filed", "_key_of", "_open", "_places", "_rankings", "_skill_at")

    def __init__(self, queue: QueueName, order: Order) -> None:
        """Begin with nobody."""
        self._skill_at = order.index(Routing.SKILL) if Routing.SKILL in order else None
        others = tuple(criterion for criterion in order if criterion is not Routing.SKILL)
        self._key_of = key_getter(others, queue)
        # With the key without the skill, which differs by need, and the media that are open:
        self._filed: dict[AgentId, tuple[Agent, Key, frozenset[Medium]]] = {}
        self._open = dict.fromkeys(Medium, 0)  # how many may be offered something of a medium
        self._places: dict[AgentId, list[tuple[Ranking[Agent], Key]]] = {}
        self._rankings: dict[Need, Ranking[Agent]] = {}
        self._able: dict[AgentId, tuple[int, _Able]] = {}  # of one assignment: what each may serve, how well

    def admit(self, agent: Agent, open_media: frozenset[Medium]) -> None:
        """File an agent as free for these media."""
        known = self._able.get(agent.id)
        if known is None or known[0] != agent.assignment:
            fits = ((ranking, need.medium, agent.fit(need)) for need, ranking in self._rankings.items())
            known = (
                agent.assignment,
                tuple((one, medium, fit) for one, medium, fit in fits if fit is not None),
            )
            self._able[agent.id] = known
        key = self._key_of(agent)
        self._filed[agent.id] = (agent, key, open_media)
        for medium in open_media:
            self._open[medium] += 1
        places = self._places[agent.id] = []
        is_skill_first = self._skill_at == 0
        for ranking, medium, fit in known[1]:
            if medium in open_media:
                whole = (-fit, *key) if is_skill_first else self._with_skill(key, fit)
                ranking.add(whole, agent)
                places.append((ranking, whole))

    def withdraw(self, agent: Agent) -> None:
        """Take an agent out; raises `KeyError`."""
        for ranking, key in self._places.pop(agent.id):
            ranking.remove(key)
        for medium in self._filed.pop(agent.id)[2]:
            self._open[medium] -= 1

    def best_first(self, need: Need) -> Iterator[Agent]:
        """Those who may serve a need, best first.  Nobody may come or go meanwhile."""
        if not self._filed:  # mostly so while contacts wait
            return iter(())
        if not self._shares_ranking(need):
            return iter(self._ranking(need))
        ((skill, least),) = need.skills
        shared = self._ranking(need.bare)
        return takewhile(lambda agent: agent.skills.get(skill, 0) >= least, shared)

    def able(self, need: Need) -> int:
        """How many of them may serve a need."""
        return self.first(need, 0)[0]

    def first(self, need: Need, most: int) -> tuple[int, list[Agent]]:
        """How many of them may serve a need, and the first of those, so many at most."""
        if not self._shares_ranking(need):
            ranking = self._ranking(need)
            return len(ranking), ranking.head(most)
        ((skill, least),) = need.skills
        shared = self._ranking(need.bare)
        count = shared.count_while(lambda agent: agent.skills.get(skill, 0) >= least)
        return count, shared.head(min(count, most))

    def open_to(self, medium: Medium) -> int:
        """How many of them may be offered something of a medium, whatever their skills."""
        return self._open[medium]

    def _shares_ranking(self, need: Need) -> bool:
        """Whether who has the skill, but not enough of it, stands behind all who have enough."""
        return self._skill_at == 0 and len(need.skills) == 1

    def _ranking(self, need: Need) -> Ranking[Agent]:
        """The ranking of a need, made if it is new."""
        ranking = self._rankings.get(need)
        return self._ranked(need) if ranking is None else ranking

    def _ranked(self, need: Need) -> Ranking[Agent]:
        """Make the ranking of a need that is new."""
        if len(self._rankings) >= MOST_NEEDS:
            self._drop(next(iter(self._rankings)))
        self._able.clear()
        ranking = self._rankings[need] = Ranking()
        for agent, bare, open_media in self._filed.values():
            fit = agent.fit(need) if need.medium in open_media else None
            if fit is not None:
                key = self._with_skill(bare, fit)
                ranking.add(key, agent)
                self._places[agent.id].append((ranking, key))
        return ranking

    def _drop(self, need: Need) -> None:
        dropped = self._rankings.pop(need)
        for agent in dropped:
            self._places[agent.id] = [place for place in self._places[agent.id] if place[0] is not dropped]

    def _with_skill(self, key: Key, fit: int) -> Key:
        at = self._skill_at
        if at is None:
            return key
        return (-fit, *key) if at == 0 else (*key[:at], -fit, *key[at:])

    def __contains__(self, agent: AgentId) -> bool:
        """Whether the agent is free."""
        return agent in self._places

    def __len__(self) -> int:
        """How many are free."""
        return len(self._places)

    def __iter__(self) -> Iterator[Agent]:
        """All of them, in no order."""
        return (filed[0] for filed in self._filed.values())
