"""The rules of the machine of `test_liveness` that change the rules of the hotline, while everything goes on."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from acd.agent_state import AgentCondition
from acd.commands import ReportOverflow
from acd.criteria import RING_ALL, Routing, Selection
from acd.events import (
    AgentLoggedIn,
    CapacitiesDefined,
    ContactQueued,
    Event,
    QueueDefined,
    QueueHoursChanged,
    QueuePaceRestored,
    QueueRemoved,
    RoutingDefined,
    SelectionDefined,
    SharesDefined,
    TimePassed,
)
from acd.levels import LevelRule
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Overflow
from acd.skills import SkillLevel, Widening
from tests.acd.hotline import skilled
from tests.acd.repertoire import (
    CALLBACKS_MOST,
    CAPACITIES,
    MORE_RULES,
    ORDERS,
    OVERFLOW,
    QUEUES,
    REGIONS,
    ROUTINGS,
    SELECTIONS,
    WIDENING,
    absences,
    ageings,
    agents,
    contacts,
    orders_of_agents,
    orders_of_contacts,
    paces,
    queues,
    routings,
    strategies,
)
from tests.acd.shell import Shell


class RuleChanges(Shell):
    """Queues, orders, shares and capacities come and change."""

    @initialize(
        wrap_up_s=st.sampled_from((None, 0.0, 5.0)),
        limit=st.sampled_from((0, 2, 256)),
        here=st.sets(agents),
        waiting=st.lists(contacts, unique=True, max_size=4),
        ageing=ageings,
        strategy=strategies,
        overflows=st.booleans(),
        absence=absences,
    )
    def open(
        self,
        wrap_up_s: float | None,
        limit: int,
        here: set[AgentId],
        waiting: list[ContactId],
        ageing: dict[str, Any],
        strategy: str,
        overflows: bool,
        absence: tuple[AgentCondition, ...] | None,
    ) -> None:
        """Two queues, and perhaps somebody there already."""
        for event in (
            QueueDefined(
                queue=QUEUES[0],
                wrap_up_s=wrap_up_s,
                ring_time_s=15.0,
                widening=WIDENING,
                overflow=OVERFLOW[QUEUES[0]] if overflows else (),
                busy_delay_s=4.0,
                dismisses_when=absence,
                callbacks_most=CALLBACKS_MOST[QUEUES[0]],
                **ageing,
            ),
            QueueDefined(
                queue=QUEUES[1],
                limit=limit,
                ring_time_s=5.0,
                decline_delay_s=0.0,
                priority=1,
                strategy=strategy,
                ring_most=2,
                overflow=OVERFLOW[QUEUES[1]] if overflows else (),
                **ageing,
            ),
        ):
            self.tell(event)
        everything: tuple[Event, ...] = (*REGIONS, *CAPACITIES.values(), *ORDERS)
        for rules in everything:
            self.tell(rules)
        for contact in waiting:
            self.tell(ContactQueued(contact=contact, queue=QUEUES[0]), 1.0)
        for agent in sorted(here):
            self.tell(AgentLoggedIn(agent=agent, queues=QUEUES))

    @rule(
        queue=queues,
        limit=st.integers(0, 4),
        ring_time_s=st.sampled_from((1.0, 15.0)),
        priority=st.integers(0, 2),
        strategy=st.one_of(routings, st.just(RING_ALL)),
        widening=st.sampled_from(((), WIDENING, WIDENING[:1])),
        overflow=st.sampled_from((OVERFLOW, ())),
        absence=absences,
        levels=st.sampled_from((MORE_RULES["level_rules"], ())),
        busy_delay_s=st.sampled_from((None, 4.0)),
        wrap_up_s=st.sampled_from((3.0, 3.0, 0.0, None)),
        skills=st.sampled_from((skilled(), skilled(), skilled(tax=2))),
        ageing=ageings,
    )
    def define(
        self,
        queue: QueueName,
        limit: int,
        ring_time_s: float,
        priority: int,
        strategy: str,
        widening: tuple[Widening, ...],
        overflow: Mapping[QueueName, tuple[Overflow, ...]],
        absence: tuple[AgentCondition, ...] | None,
        levels: tuple[LevelRule, ...],
        busy_delay_s: float | None,
        wrap_up_s: float | None,
        skills: tuple[SkillLevel, ...],
        ageing: dict[str, Any],
    ) -> None:
        """A queue's rules change, and nobody who waits in a line is behind others than before."""
        self.tell(TimePassed())
        before = {
            each.queue: [one.contact for one in self.engine.waiting(each.queue)]
            for each in self.engine.statistics().queues
        }
        answer = self.tell(
            QueueDefined(
                queue=queue,
                limit=limit,
                ring_time_s=ring_time_s,
                wrap_up_s=wrap_up_s,
                skills=skills,
                priority=priority,
                strategy=strategy,
                ring_most=2,
                widening=widening,
                overflow=overflow[queue] if overflow else (),
                dismisses_when=absence,
                refuses_when=absence,
                callbacks_most=CALLBACKS_MOST[queue],
                busy_delay_s=busy_delay_s,
                **{**MORE_RULES, "level_rules": levels},
                **ageing,
            )
        )
        went = {command.contact for command in answer if isinstance(command, ReportOverflow)}
        for name, line in before.items():
            there = [each.contact for each in self.engine.waiting(name)]
            still = [contact for contact in there if contact in line and contact not in went]
            assert still == [contact for contact in line if contact in still], f"turned about in {name}"

    @rule(queue=queues, is_open=st.booleans())
    def hours(self, queue: QueueName, is_open: bool) -> None:
        """A queue opens or closes."""
        self.tell(QueueHoursChanged(queue=queue, is_open=is_open))

    @rule(queue=queues)
    def remove(self, queue: QueueName) -> None:
        """A queue is taken away (mostly refused)."""
        self.tell(QueueRemoved(queue=queue))

    @rule(queue=queues, pace=paces)
    def restore_pace(self, queue: QueueName, pace: list[tuple[float, float]]) -> None:
        """What was known before a restart of how fast agents are done with callers of a queue."""
        busy_s, ring_s = zip(*pace, strict=True) if pace else ((), ())
        self.tell(QueuePaceRestored(queue=queue, busy_s=busy_s, ring_s=ring_s))

    @rule(name=st.sampled_from(ROUTINGS), criteria=orders_of_agents)
    def define_routing(self, name: str, criteria: tuple[Routing, ...]) -> None:
        """Contacts look at free agents in another order from now on."""
        self.tell(RoutingDefined(name=name, criteria=criteria))

    @rule(name=st.sampled_from(SELECTIONS), criteria=orders_of_contacts)
    def define_selection(self, name: str, criteria: tuple[Selection, ...]) -> None:
        """Agents look at waiting contacts in another order from now on."""
        self.tell(SelectionDefined(name=name, criteria=criteria))

    @rule(rules=st.sampled_from(REGIONS))
    def define_shares(self, rules: SharesDefined) -> None:
        """The regions share the calls otherwise, or as before and counted anew."""
        self.tell(rules)

    @rule(name=st.sampled_from(sorted(CAPACITIES)), other=st.sampled_from(sorted(CAPACITIES)))
    def define_capacities(self, name: str, other: str) -> None:
        """Agents may have more in hand from now on, or less; what they have is left alone."""
        self.lax |= {each.agent for each in self.engine.agents() if each.capacities == name}
        like = CAPACITIES[other]
        self.tell(CapacitiesDefined(name=name, capacities=like.capacities, most_in_all=like.most_in_all))
