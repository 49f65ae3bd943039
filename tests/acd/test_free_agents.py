"""Free agents in the order of each need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agent import Agent
from acd.agent_state import AgentTrigger
from acd.criteria import STRATEGIES, Routing
from acd.free_agents import MOST_NEEDS, FreeAgents
from acd.medium import VOICE_ONLY
from acd.names import AgentId, QueueName, SkillName
from acd.skills import ANYBODY, Need, fit

MAIN = QueueName("main")
LONGEST_IDLE = STRATEGIES["longest_idle"]
TAX, LAW = SkillName("tax"), SkillName("law")


def agent(serial: int, since: float, tax: int = 0) -> Agent:
    """An agent idle since then, with a skill."""
    one = Agent(AgentId(f"a{serial:03}"), (MAIN,), now=since)
    one.assign((MAIN,), {TAX: tax} if tax else {}, {}, 0)
    one.apply(AgentTrigger.LOGGED_IN_READY, since)
    return one


def need(level: int) -> Need:
    """Of that skill."""
    return Need(((TAX, level),))


def need_of_two(level: int) -> Need:
    """Of that skill and another one that anybody has enough of."""
    return Need(((LAW, 0), (TAX, level)))


def test_who_is_not_there_cannot_be_taken_out() -> None:
    """It would hide a mistake."""
    free = FreeAgents(MAIN, LONGEST_IDLE)
    with pytest.raises(KeyError):
        free.withdraw(agent(1, 0.0))


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(0, 4), st.booleans()), max_size=40))
def test_every_need_has_its_own_order(people: list[tuple[float, int, bool]]) -> None:
    """As if sorted anew each time, whoever came and went before and after the need was first asked for."""
    free = FreeAgents(MAIN, LONGEST_IDLE)
    here: list[Agent] = []
    for serial, (since, tax, goes) in enumerate(people):
        one = agent(serial, since, tax)
        free.admit(one, VOICE_ONLY)
        here.append(one)
        if goes:
            free.withdraw(here.pop(len(here) // 2))
        asked = need(serial % 5)
        able = [each for each in here if fit(each.skills, asked) is not None]
        able.sort(key=lambda each: (-each.skills.get(TAX, 0), each.idle_since, each.id))
        assert list(free.best_first(asked)) == able
        assert list(free.best_first(need_of_two(serial % 5))) == able
        for one_or_two in (asked, need_of_two(serial % 5)):
            assert free.first(one_or_two, 3) == (len(able), able[:3])
    assert {each.id for each in free} == {each.id for each in here}
    assert len(free) == len(here)
    assert all(each.id in free for each in here)


def test_needs_that_come_and_go_leave_no_growing_trace() -> None:
    """Only so many rankings are kept, and that of everybody always."""
    free = FreeAgents(MAIN, LONGEST_IDLE)
    one = agent(1, 0.0, tax=10_000)
    free.admit(one, VOICE_ONLY)
    for level in range(1, 5 * MOST_NEEDS):
        assert list(free.best_first(need_of_two(level))) == [one]
    assert len(free._rankings) == MOST_NEEDS
    assert len(free._places[one.id]) == MOST_NEEDS
    assert list(free.best_first(ANYBODY)) == [one]
    free.withdraw(one)
    assert list(free.best_first(need_of_two(7))) == []


def test_where_skill_does_not_come_first_nobody_who_has_it_is_overlooked() -> None:
    """Behind those who have it not, or where the strategy does not look at skill at all."""
    for order in ((Routing.IDLE, Routing.SKILL), (Routing.IDLE,)):
        free = FreeAgents(MAIN, order)
        people = [agent(serial, float(serial), tax=serial % 3) for serial in range(9)]
        for one in people:
            free.admit(one, VOICE_ONLY)
        able = [one for one in people if one.skills.get(TAX, 0) >= 2]
        assert list(free.best_first(need(2))) == able
        assert free.able(need(2)) == len(able)


def test_needs_of_one_skill_share_a_ranking() -> None:
    """However many levels are asked for, and those too that came down to 0; who has it not at all is last."""
    free = FreeAgents(MAIN, LONGEST_IDLE)
    one, other = agent(1, 0.0, tax=2), agent(2, 1.0, tax=5)
    free.admit(one, VOICE_ONLY)
    free.admit(other, VOICE_ONLY)
    beginner = agent(3, 0.0)
    free.admit(beginner, VOICE_ONLY)
    for level, able in (
        (0, [other, one, beginner]),
        (1, [other, one]),
        (2, [other, one]),
        (3, [other]),
        (6, []),
    ):
        assert list(free.best_first(need(level))) == able
        assert free.able(need(level)) == len(able)
    assert len(free._rankings) == 1
