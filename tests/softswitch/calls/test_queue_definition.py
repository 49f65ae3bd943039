"""What the distributor is told of queues and agents of the business."""

from acd.agent_state import AgentCondition
from acd.events import QueueDefined
from acd.levels import LevelRule
from acd.names import QueueName, SkillName
from acd.overflow import Overflow, Target, TargetKind
from acd.queue_priority import QueuePriority
from acd.skills import SkillLevel, Widening
from softswitch.calls.queue_definition import definition_of, queue_priorities, skill_levels
from softswitch.settings.distribution import (
    DistributionSettings,
    LevelRuleSettings,
    QueuePrioritySettings,
    SkillSettings,
    WideningSettings,
)
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings


def test_a_queue_is_told_with_all_its_ways_to_distribute() -> None:
    """Each as the engine has it."""
    ways = DistributionSettings(
        strategy="ring_all",
        ring_most=3,
        priority=5,
        ageing_s=60.0,
        promotion_s=300.0,
        skills=(SkillSettings(name="tax", level=2),),
        widening=(WideningSettings(after_s=30.0, lower_by=2),),
        level_rules=(LevelRuleSettings(add=2, waited_s=60.0, listed="vip", calls=3, abandoned=1),),
        busy_delay_s=9.0,
        no_answer_returns_s=(30.0, 300.0),
        resume_s=120.0,
        refuses_when=("nobody",),
        dismisses_when=("not_ready", "unreachable"),
    )
    told = definition_of(QueueSettings(name="tax", distribution=ways))
    assert told == QueueDefined(
        queue=QueueName("tax"),
        ring_time_s=15.0,
        strategy="ring_all",
        ring_most=3,
        priority=5,
        ageing_s=60.0,
        promotion_s=300.0,
        skills=(SkillLevel(skill=SkillName("tax"), level=2),),
        widening=(Widening(after_s=30.0, lower_by=2),),
        level_rules=(LevelRule(add=2, waited_s=60.0, listed="vip", calls=3, abandoned=1),),
        busy_delay_s=9.0,
        no_answer_returns_s=(30.0, 300.0),
        resume_s=120.0,
        refuses_when=(),
        dismisses_when=(AgentCondition.NOT_READY, AgentCondition.UNREACHABLE),
    )


def test_an_overflow_rule_is_told_with_its_conditions_and_limits() -> None:
    """Nobody signed in is an empty list; without a condition agents do not matter."""
    more = OverflowSettings(
        to=OverflowTo.QUEUE, name="law", when_agents=("not_ready",), drops_skills=True, most_visits=2
    )
    nobody = OverflowSettings(to=OverflowTo.BUSY, when_agents=("nobody",), least_level=-999, most_level=999)
    told = definition_of(QueueSettings(name="main", overflow=(more, nobody)))
    assert told.overflow == (
        Overflow(
            target=Target(kind=TargetKind.QUEUE, name="law"),
            agents_all=(AgentCondition.NOT_READY,),
            drops_skills=True,
            most_visits=2,
        ),
        Overflow(target=Target(kind=TargetKind.BUSY), agents_all=(), least_level=-999, most_level=999),
    )


def test_a_plain_queue_is_told_as_the_engine_has_it_by_itself() -> None:
    """Zero stands for nothing where nothing is meant."""
    told = definition_of(QueueSettings(name="main"))
    assert told == QueueDefined(queue=QueueName("main"), ring_time_s=15.0)


def test_skills_and_priorities_of_an_agent_are_told_by_name() -> None:
    """In their order."""
    assert skill_levels((SkillSettings(name="law", level=3),)) == (
        SkillLevel(skill=SkillName("law"), level=3),
    )
    assert queue_priorities((QueuePrioritySettings(queue="tax", priority=2),)) == (
        QueuePriority(queue=QueueName("tax"), priority=2),
    )


def test_what_cannot_be_meant_is_a_fault() -> None:
    """Ageing faster than a second, a skill twice."""
    wrong = DistributionSettings(
        ageing_s=0.5, promotion_s=0.1, skills=(SkillSettings(name="tax"), SkillSettings(name="tax", level=2))
    )
    assert [field for field, _ in wrong.faults()] == ["ageing_s", "promotion_s", "skills"]
    free = DistributionSettings(refuses_when=("free",), dismisses_when=("wrap_up", "free"))
    assert [field for field, _ in free.faults()] == ["refuses_when", "dismisses_when"]
    busy = OverflowSettings(to=OverflowTo.BUSY, most_visits=2, when_nobody=True, when_agents=("wrap_up",))
    assert [field for field, _ in busy.faults()] == ["most_visits", "when_agents"]
    assert list(DistributionSettings(ageing_s=1.0).faults()) == []
