"""Ways to choose among free agents."""

import pytest

from acd.agent import Agent
from acd.errors import UnknownStrategy
from acd.names import AgentId
from acd.strategies import STRATEGIES, longest_idle, strategy_named


def agent(name: str, since: float) -> Agent:
    """An agent who is idle since then."""
    return Agent(AgentId(name), (), now=since, wrap_up_s=None)


def test_longest_idle_puts_the_earliest_first_and_names_break_ties() -> None:
    """A total order."""
    people = [agent("cid", 5.0), agent("ben", 5.0), agent("ana", 9.0)]
    assert [each.id for each in sorted(people, key=longest_idle)] == ["ben", "cid", "ana"]


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy_tells_agents_apart(name: str) -> None:
    """Its key never depends on anything but the agent, and is never the same for two."""
    strategy = strategy_named(name)
    assert strategy(agent("ana", 1.0)) == strategy(agent("ana", 1.0))
    assert strategy(agent("ana", 1.0)) != strategy(agent("ben", 1.0))


def test_an_unknown_one_is_named_with_those_that_exist() -> None:
    """So that a mistyped name is found at once."""
    with pytest.raises(UnknownStrategy, match="'best_smile' is not known, there are: longest_idle"):
        strategy_named("best_smile")
