"""A large floor for the benches of the distributor: many queues with policies of their own, agents with skills."""

import random
from collections.abc import Callable, Iterator
from itertools import count

from acd.commands import Command
from acd.engine import Engine
from acd.events import AgentLoggedIn, ContactQueued, Event, QueueDefined
from acd.names import AgentId, ContactId, QueueName, SkillName
from acd.simulate import Caller, Fact, Simulation
from acd.skills import SkillLevel, Widening

SKILLS = 20
SKILLS_PER_AGENT = 5
LEVELS = 5  # of a skill
STRATEGIES = ("longest_idle", "round_robin", "fewest_calls", "least_talk_time", "least_occupied", "linear")
WIDENING = (Widening(after_s=60.0), Widening(after_s=180.0, lower_by=3))

Happening = tuple[Event, float]
"""An event and when it was told."""


def queue_name(number: int) -> QueueName:
    """Queue 1, 2, …"""
    return QueueName(f"q{number:02}")


def queues_of(queues: int, *, wrap_up_s: float, priorities: int = 3) -> list[QueueDefined]:
    """Queues that differ in strategy and in one of so many priorities; all age, promote and widen."""
    return [
        QueueDefined(
            queue=queue_name(number),
            limit=10**6,
            wrap_up_s=wrap_up_s,
            strategy=STRATEGIES[number % len(STRATEGIES)],
            priority=number % priorities,
            ageing_s=60.0,
            promotion_s=300.0,
            widening=WIDENING,
        )
        for number in range(queues)
    ]


def agents_of(agents: int, queues: int, chance: random.Random) -> list[AgentLoggedIn]:
    """Agents with five skills at some level each, who serve the queues of those skills."""
    found = []
    for number in range(agents):
        skills = chance.sample(range(min(SKILLS, queues)), SKILLS_PER_AGENT)
        skills[0] = number % min(SKILLS, queues)  # every queue has somebody, and everybody a queue
        able = sorted(set(skills))
        found.append(
            AgentLoggedIn(
                agent=AgentId(f"a{number:05}"),
                queues=tuple(queue_name(queue) for queue in range(queues) if queue % SKILLS in able),
                skills=tuple(
                    SkillLevel(skill=SkillName(f"s{skill:02}"), level=chance.randint(1, LEVELS))
                    for skill in able
                ),
                rank=number,
            )
        )
    return found


def contacts_of(
    queues: int,
    chance: random.Random,
    *,
    skill_levels: tuple[int, ...] = (1, 2, 3),
    levels: tuple[int, ...] = (0, 0, 0, 1, 2),
) -> Iterator[ContactQueued]:
    """Callers without end: any queue, the skill of the queue at one of these levels, one of these levels of their own."""
    for serial in count():
        queue = chance.randrange(queues)
        skill = SkillLevel(skill=SkillName(f"s{queue % SKILLS:02}"), level=chance.choice(skill_levels))
        yield ContactQueued(
            contact=ContactId(f"c{serial}"),
            queue=queue_name(queue),
            level=chance.choice(levels),
            skills=(skill,),
        )


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
