"""An agent's record: what a change of state does to reason and times."""

import pytest

from acd.agent import NO_ANSWER, PHONE_LOST, Agent
from acd.agent_state import Activity, AgentTrigger, Presence
from acd.errors import InvalidTransition
from acd.names import AgentId, QueueName, SkillName
from acd.skills import Need


@pytest.fixture
def agent() -> Agent:
    """Ready since 1.0."""
    agent = Agent(AgentId("ana"), (QueueName("main"), QueueName("main")), now=0.0)
    agent.apply(AgentTrigger.LOGGED_IN_READY, 1.0)
    return agent


def test_a_ready_idle_agent_is_available(agent: Agent) -> None:
    """Unless the phone is lost or a refusal is fresh."""
    assert agent.is_available
    agent.is_delayed = True
    assert not agent.is_available
    agent.is_delayed = False
    agent.reachable = False
    assert not agent.is_available


def test_on_duty_is_ready_or_in_wrap_up(agent: Agent) -> None:
    """Busy or not."""
    assert agent.is_on_duty
    agent.apply(AgentTrigger.WRAP_UP_BEGAN, 2.0)
    assert agent.is_on_duty
    agent.apply(AgentTrigger.MADE_NOT_READY, 3.0, "lunch")
    assert not agent.is_on_duty


def test_a_refused_trigger_changes_nothing(agent: Agent) -> None:
    """Neither state nor times."""
    with pytest.raises(InvalidTransition):
        agent.apply(AgentTrigger.ANSWERED, 9.0)
    assert (agent.presence, agent.activity, agent.since, agent.idle_since) == (
        Presence.READY,
        Activity.IDLE,
        1.0,
        1.0,
    )


def test_since_moves_with_each_visible_change_only(agent: Agent) -> None:
    """Ready again is no change; another reason is one."""
    agent.apply(AgentTrigger.MADE_READY, 2.0)
    assert agent.since == 1.0
    agent.apply(AgentTrigger.MADE_NOT_READY, 3.0, "lunch")
    assert agent.since == 3.0
    agent.apply(AgentTrigger.MADE_NOT_READY, 4.0, "lunch")
    assert agent.since == 3.0
    agent.apply(AgentTrigger.MADE_NOT_READY, 5.0, "training")
    assert (agent.since, agent.reason) == (5.0, "training")


def test_idle_is_counted_from_what_an_agent_did(agent: Agent) -> None:
    """A caller who hung up before the answer does not cost the place; letting it ring does."""
    agent.apply(AgentTrigger.RESERVED, 2.0)
    agent.apply(AgentTrigger.OFFER_ENDED, 3.0)
    assert agent.idle_since == 1.0
    agent.apply(AgentTrigger.RESERVED, 4.0)
    agent.apply(AgentTrigger.RANG_OUT, 5.0, NO_ANSWER)
    assert (agent.idle_since, agent.reason) == (5.0, "no_answer")
    agent.apply(AgentTrigger.MADE_READY, 6.0)
    assert (agent.idle_since, agent.reason) == (6.0, "")


def test_a_lost_phone_does_not_overwrite_a_reason(agent: Agent) -> None:
    """Of one who was not ready before."""
    agent.apply(AgentTrigger.MADE_NOT_READY, 2.0, "lunch")
    agent.apply(AgentTrigger.PHONE_LOST, 3.0, PHONE_LOST)
    assert agent.reason == "lunch"


def test_it_shows_name_and_state(agent: Agent) -> None:
    """And serves each queue once."""
    assert repr(agent) == "<Agent ana ready, idle>"
    assert agent.queues == ("main",)


def test_fits_are_remembered_and_never_grow_for_ever(agent: Agent) -> None:
    """However many needs there are; new skills are measured anew."""
    tax = SkillName("tax")
    for level in range(1000):
        assert agent.fit(Need(((tax, level),))) == (0 if level == 0 else None)
    assert len(agent.fits) <= 256
    agent.assign(agent.queues, {tax: 3}, {}, 0)
    assert agent.fit(Need(((tax, 2),))) == 3
