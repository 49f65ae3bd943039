"""What the distributor is told of a queue of the business."""

from collections.abc import Iterable

from acd.agent_state import AgentCondition
from acd.events import QueueDefined
from acd.levels import LevelRule
from acd.names import QueueName, SkillName
from acd.overflow import Overflow, Target, TargetKind
from acd.queue_priority import QueuePriority
from acd.skills import SkillLevel, Widening
from softswitch.settings.distribution import QueuePrioritySettings, SkillSettings
from softswitch.settings.overflow import NOBODY, OverflowSettings
from softswitch.settings.queues import QueueSettings


def definition_of(queue: QueueSettings, service_routing: str = "") -> QueueDefined:
    """The queue as the engine knows it; told again it redefines the queue, and nobody who waits is moved.

    `service_routing` is the order that the services have which it serves, for a queue without one of its own.
    """
    ways = queue.distribution
    return QueueDefined(
        queue=QueueName(queue.name),
        limit=queue.limit,
        ring_time_s=queue.ring_time_s,
        wrap_up_s=None if queue.wrap_up_manual else queue.wrap_up_s,
        decline_delay_s=queue.decline_delay_s,
        strategy=ways.routing or service_routing or ways.strategy,
        ring_most=ways.ring_most,
        priority=ways.priority,
        ageing_s=ways.ageing_s or None,
        promotion_s=ways.promotion_s or None,
        skills=skill_levels(ways.skills),
        widening=tuple(Widening(after_s=each.after_s, lower_by=each.lower_by) for each in ways.widening),
        level_rules=tuple(
            LevelRule(
                add=each.add,
                waited_s=each.waited_s,
                listed=each.listed,
                calls=each.calls,
                abandoned=each.abandoned,
                days=each.days,
            )
            for each in ways.level_rules
        ),
        busy_delay_s=ways.busy_delay_s or None,
        no_answer_returns_s=ways.no_answer_returns_s,
        resume_s=ways.resume_s or None,
        overflow=tuple(rule_of(rule) for rule in queue.overflow),
        callbacks_most=queue.callback.most or None,
        refuses_when=_conditions(ways.refuses_when),
        dismisses_when=_conditions(ways.dismisses_when),
    )


def skill_levels(skills: Iterable[SkillSettings]) -> tuple[SkillLevel, ...]:
    """Skills as the engine knows them."""
    return tuple(SkillLevel(skill=SkillName(each.name), level=each.level) for each in skills)


def queue_priorities(priorities: Iterable[QueuePrioritySettings]) -> tuple[QueuePriority, ...]:
    """An agent's own priorities as the engine knows them."""
    return tuple(QueuePriority(queue=QueueName(each.queue), priority=each.priority) for each in priorities)


def rule_of(rule: OverflowSettings) -> Overflow:
    """A rule as the engine knows it."""
    least_level, most_level = rule.level_bounds
    return Overflow(
        target=Target(kind=TargetKind(rule.to.value), name=rule.name),
        waited_s=rule.waited_s or None,
        longest_wait_s=rule.longest_wait_s or None,
        waiting=rule.waiting if rule.waiting >= 0 else None,
        expected_wait_s=rule.expected_wait_s or None,
        agents_all=() if rule.when_nobody else _conditions(rule.when_agents),
        is_closed=rule.when_closed,
        strategies=rule.strategies,
        least_level=least_level,
        most_level=most_level,
        drops_skills=rule.drops_skills,
        most_visits=rule.most_visits,
    )


def conditions_of(rule: Overflow) -> tuple[str, ...]:
    """What had to hold for a rule, by the names of the settings: with a colon and the value where there is one."""
    values = {
        "waited_s": rule.waited_s,
        "longest_wait_s": rule.longest_wait_s,
        "waiting": rule.waiting,
        "expected_wait_s": rule.expected_wait_s,
    }
    said = [f"{name}:{value:g}" for name, value in values.items() if value is not None]
    if rule.agents_all is not None:
        said.append("when_agents" if rule.agents_all else "when_nobody")
    if rule.is_closed:
        said.append("when_closed")
    return tuple(said)


def _conditions(states: tuple[str, ...]) -> tuple[AgentCondition, ...] | None:
    """The states that all agents are in; the engine has an empty list for nobody signed in, None for never."""
    return tuple(AgentCondition(each) for each in states if each != NOBODY) if states else None
