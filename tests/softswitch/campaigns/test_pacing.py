"""Never more calls under way than free agents to take them, however lists share agents."""

from hypothesis import given
from hypothesis import strategies as st

from softswitch.campaigns.pacing import Demand, room

AGENTS = st.frozensets(st.sampled_from("abcdef"))


def test_each_free_agent_is_room_for_one_call() -> None:
    lone = Demand(list_id="x", free=frozenset("abc"), under_way=1)
    assert room("x", [lone]) == 2
    sharing = Demand(list_id="y", free=frozenset("cd"), under_way=1)
    assert room("x", [lone, sharing]) == 1
    apart = Demand(list_id="y", free=frozenset("de"), under_way=2)
    assert room("x", [lone, apart]) == 2


def test_without_a_free_agent_nobody_is_called() -> None:
    assert room("x", [Demand(list_id="x", free=frozenset(), under_way=0)]) == 0


def _can_be_served(calls: list[frozenset[str]], taken: frozenset[str] = frozenset()) -> bool:
    """Whether every call can have an agent of its own."""
    if not calls:
        return True
    return any(_can_be_served(calls[1:], taken | {agent}) for agent in calls[0] - taken)


@given(free=st.lists(AGENTS, min_size=1, max_size=3), turns=st.lists(st.integers(0, 2), max_size=12))
def test_all_calls_that_are_started_have_an_agent_of_their_own(
    free: list[frozenset[str]], turns: list[int]
) -> None:
    """Whatever the order in which lists ask for room."""
    under_way = [0] * len(free)
    for turn in turns:
        at = turn % len(free)
        demands = [
            Demand(list_id=str(place), free=agents, under_way=under_way[place])
            for place, agents in enumerate(free)
        ]
        under_way[at] += min(1, room(str(at), demands))
    calls = [agents for place, agents in enumerate(free) for _ in range(under_way[place])]
    assert _can_be_served(calls)
