"""A large floor for the benches of the distributor: many queues, skilled agents and callers, every policy of voice on.

By policy of the contract: many queues (1) first come, first served (2), each with one of seven strategies or a combined
order (3, 11), a priority, ageing and promotion (4), skills and widening (5); callers who wait for one agent first (6),
are of a region (7), bring a table of several lines (8), are known from before (9) or overflow (10).
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from acd.commands import Command
from acd.criteria import RING_ALL, Routing, Selection
from acd.engine import Engine
from acd.events import (
    AgentLoggedIn,
    ContactQueued,
    Event,
    QueueDefined,
    RoutingDefined,
    SelectionDefined,
    SharesDefined,
)
from acd.levels import CallerHistory, LevelRule
from acd.names import AgentId, ContactId, QueueName, SkillName
from acd.overflow import Overflow, Target, TargetKind
from acd.routes import Route
from acd.shares import RegionShare
from acd.simulate import Caller, Fact, Simulation
from acd.skills import SkillLevel, Widening

SKILLS = 20
SKILLS_PER_AGENT = 5
LEVELS = 5  # of a skill
STRATEGIES = (
    "longest_idle",
    "round_robin",
    "fewest_calls",
    "least_talk_time",
    "least_occupied",
    "linear",
    "even",
)
RING_ALL_EVERY = 25  # queues, of which one rings three phones at once
WIDENING = (Widening(after_s=60.0), Widening(after_s=180.0, lower_by=3))
LEVEL_RULES = (
    LevelRule(add=1, calls=3),
    LevelRule(add=1, abandoned=1),
    LevelRule(add=2, listed="known"),
    LevelRule(add=1, waited_s=45.0),
)
REGIONS = ("east", "west", "north")
RULES: tuple[Event, ...] = (
    RoutingDefined(name="even", criteria=(Routing.SKILL, Routing.CALLS, Routing.TALK, Routing.RANK)),
    SelectionDefined(
        name="urgent", criteria=(Selection.OWN, Selection.LEVEL, Selection.PRIORITY, Selection.ARRIVAL)
    ),
    SelectionDefined(
        name="expert", criteria=(Selection.OWN, Selection.SKILL, Selection.PRIORITY, Selection.LEVEL)
    ),
    SharesDefined(
        name="fair",
        shares=tuple(
            RegionShare(region=region, share=share)
            for region, share in zip(REGIONS, (3.0, 2.0, 1.0), strict=True)
        ),
    ),
)
"""The combined orders and the shares that queues and agents name."""

SELECTIONS = ("", "", "", "", "", "", "urgent", "expert")
SHARES = ("", "fair")

Happening = tuple[Event, float]
"""An event and when it was told."""


def queue_name(number: int) -> QueueName:
    """Queue 1, 2, …"""
    return QueueName(f"q{number:02}")


def _overflow(number: int, queues: int, most_waiting: int) -> tuple[Overflow, ...]:
    """Long waits go on to the next queue, whoever may serve there; nobody there or closed, to the machine."""
    target = Target(kind=TargetKind.QUEUE, name=queue_name((number + 1) % queues))
    return (
        Overflow(target=target, waited_s=300.0, drops_skills=True),
        Overflow(target=target, waiting=most_waiting, drops_skills=True),
        Overflow(target=target, longest_wait_s=900.0, strategies=(1,), drops_skills=True),
        Overflow(target=target, expected_wait_s=1800.0, least_level=1, drops_skills=True),
        Overflow(target=Target(kind=TargetKind.VOICEMAIL), agents_all=()),
        Overflow(target=Target(kind=TargetKind.BUSY), is_closed=True),
    )


def queues_of(
    queues: int, *, wrap_up_s: float, priorities: int = 3, most_waiting: int = 40
) -> list[QueueDefined]:
    """Queues that differ in strategy and in one of so many priorities; with more waiting, newcomers overflow."""
    return [
        QueueDefined(
            queue=queue_name(number),
            limit=10**6,
            wrap_up_s=wrap_up_s,
            strategy=RING_ALL
            if number % RING_ALL_EVERY == RING_ALL_EVERY - 1
            else STRATEGIES[number % len(STRATEGIES)],
            ring_most=3,
            priority=number % priorities,
            ageing_s=60.0,
            promotion_s=300.0,
            widening=WIDENING,
            level_rules=LEVEL_RULES,
            overflow=_overflow(number, queues, most_waiting),
            no_answer_returns_s=(30.0,),
            resume_s=60.0,
        )
        for number in range(queues)
    ]


def agents_of(agents: int, queues: int, chance: random.Random) -> list[AgentLoggedIn]:
    """Agents with five skills at some level each, who serve the queues of those skills, half of them by shares."""
    found = []
    for number in range(agents):
        skills = chance.sample(range(min(SKILLS, queues)), SKILLS_PER_AGENT)
        skills[0] = number % min(SKILLS, queues)  # every queue has somebody, and everybody a queue
        able = sorted(set(skills))
        found.append(
            AgentLoggedIn(
                agent=_agent_name(number),
                queues=tuple(queue_name(queue) for queue in range(queues) if queue % SKILLS in able),
                skills=tuple(
                    SkillLevel(skill=SkillName(f"s{skill:02}"), level=chance.randint(1, LEVELS))
                    for skill in able
                ),
                rank=number,
                selection=SELECTIONS[number % len(SELECTIONS)],
                shares=SHARES[number % len(SHARES)],
            )
        )
    return found


def _agent_name(number: int) -> AgentId:
    return AgentId(f"a{number:05}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What callers are like: one of each of these, all equally often.

    `tables` of 100 bring a table of three lines, `wishes` of 100 wait for one of `agents` agents first.
    """

    skill_levels: tuple[int, ...] = (1, 2, 3)
    levels: tuple[int, ...] = (0, 0, 0, 1, 2)
    regions: tuple[str, ...] = ("", *REGIONS)
    histories: tuple[CallerHistory, ...] = (
        *(CallerHistory() for _ in range(7)),
        CallerHistory(calls=4),
        CallerHistory(calls=1, abandoned=1),
        CallerHistory(calls=2, lists=("known",)),
    )
    tables: int = 10
    wishes: int = 10
    agents: int = 0


def contacts_of(queues: int, chance: random.Random, mix: Mix) -> Iterator[ContactQueued]:
    """Callers without end, for any queue."""
    for serial in count():
        number = chance.randrange(queues)
        skills = _skills_for(number, chance.choice(mix.skill_levels))
        routes: tuple[Route, ...] = ()
        lot = chance.randrange(100)
        if lot < mix.tables:
            second, third = (number + 1) % queues, (number + 2) % queues
            routes = (
                Route(skills=skills),
                Route(queue=queue_name(second), skills=_skills_for(second, 1)),
                Route(queue=queue_name(third), skills=_skills_for(third, 1), after_s=20.0),
            )
        elif lot < mix.tables + mix.wishes:
            wanted = _agent_name(chance.randrange(mix.agents))
            routes = (Route(agent=wanted, until_s=20.0), Route(skills=skills, after_s=20.0))
        yield ContactQueued(
            contact=ContactId(f"c{serial}"),
            queue=queue_name(number),
            level=chance.choice(mix.levels),
            skills=() if routes else skills,
            routes=routes,
            caller=chance.choice(mix.histories),
            strategy=serial % 3,
            region=chance.choice(mix.regions),
            number=f"139{serial:08}",
        )


def _skills_for(queue: int, level: int) -> tuple[SkillLevel, ...]:
    """What callers of a queue need."""
    return (SkillLevel(skill=SkillName(f"s{queue % SKILLS:02}"), level=level),)


def callers_of(
    contacts: Iterator[ContactQueued],
    number: int,
    *,
    at_once: int,
    gap_s: Callable[[], float],
    talk_s: Callable[[], float],
    patience_s: Callable[[], float],
) -> Iterator[Caller]:
    """So many callers: some together at the beginning, the others one after the other."""
    at = 0.0
    for serial in range(number):
        at += gap_s() if serial >= at_once else 0.0
        yield Caller(at=at, wants=next(contacts), talk_s=talk_s(), patience_s=patience_s(), answer_s=3.0)


def played(facts: list[Event], callers: Iterator[Caller]) -> list[Happening]:
    """Play it through once, and return all that the engine was told."""
    told: list[Happening] = []

    def hear(event: Event, _: tuple[Command, ...], now: float) -> None:
        told.append((event, now))

    opening: list[Fact] = [(0.0, fact) for fact in facts]
    simulation = Simulation(Engine(), opening, callers, hear)
    simulation.run()
    assert not simulation.refused
    return told
