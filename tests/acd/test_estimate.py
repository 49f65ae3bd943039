"""The expected wait: against Fisher's distribution, against what then happened, and after a change of the floor."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from acd.agent_state import Presence
from acd.commands import Command
from acd.engine import Engine
from acd.estimate import Band, Completions, Paces
from acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentRestored,
    ContactQueued,
    ContactRequeued,
    Event,
    QueueDefined,
    QueuePaceRestored,
)
from acd.names import AgentId, ContactId, QueueName
from acd.simulate import Caller, Fact, Simulation
from tests.acd.hotline import MAIN, Hotline


def completions(count: int, busy_s: float, ring_s: float = 0.0) -> Completions:
    """So many alike."""
    found = Completions()
    for _ in range(count):
        found.add(busy_s, ring_s)
    return found


@pytest.mark.parametrize(
    ("position", "count", "low", "high"),
    [
        # F with 2 × position and 2 × count degrees of freedom at 10 % and 90 %, from tables
        (1, 2, 0.108, 4.32),
        (1, 50, 0.105, 2.36),
        (5, 10, 0.454, 1.94),
        (30, 50, 0.731, 1.34),
    ],
)
def test_the_band_is_fishers(position: int, count: int, low: float, high: float) -> None:
    """One agent, a minute each: the band around so many minutes."""
    found = completions(count, 60.0).expected_wait(position, agents=1)
    assert found is not None
    assert found.low_s / position / 60 == pytest.approx(low, abs=0.015)
    assert found.high_s / position / 60 == pytest.approx(high, rel=0.02)


def test_nothing_is_said_without_knowledge() -> None:
    """Two completions at least, and somebody who works."""
    assert completions(1, 60.0).expected_wait(1, agents=3) is None
    assert completions(9, 60.0).expected_wait(1, agents=0) is None
    assert Paces().expected_wait(MAIN, 1, agents=3) is None


def test_an_agent_who_goes_counts_at_once() -> None:
    """Half the agents, twice the wait: no past wait has to tell it first."""
    known = completions(20, 180.0)
    many, few = known.expected_wait(10, agents=10), known.expected_wait(10, agents=5)
    assert many is not None
    assert few == Band(2 * many.low_s, 2 * many.high_s)


def test_the_phone_rings_before_it_is_answered() -> None:
    """The next caller waits for that at the least."""
    found = completions(20, 180.0, ring_s=4.0).expected_wait(1, agents=1000)
    assert found is not None
    assert 4.0 < found.low_s < found.high_s < 5.0


def test_old_completions_are_forgotten() -> None:
    """The last fifty make the rate."""
    known = completions(40, 1000.0)
    for _ in range(50):
        known.add(10.0, 0.0)
    assert known.expected_wait(3, agents=1) == completions(50, 10.0).expected_wait(3, agents=1)


class Watched(Hotline):
    """A hotline whose paces are kept."""

    def __init__(self, *queues: QueueDefined) -> None:
        """Keep them from the first definition on."""
        self.paces = Paces()
        super().__init__(*queues)

    def tell(self, event: Event, at: float | None = None) -> tuple[Command, ...]:
        """Let something happen and note it."""
        answer = super().tell(event, at)
        self.paces.take(answer, self.now)
        return answer

    def wait(self, until: float) -> tuple[Command, ...]:
        """Let time pass and note what it brought."""
        answer = super().wait(until)
        self.paces.take(answer, self.now)
        return answer


def test_completions_come_from_the_engines_answers() -> None:
    """From the offer through ring, talk and wrap-up until free; a ring in vain is none, nor is a restored call."""
    floor = Watched()
    floor.login("ana")
    for begin in (100.0, 200.0):
        floor.call(f"c{begin}", at=begin)
        floor.accept(f"c{begin}", at=begin + 5.0)
        floor.end(f"c{begin}", at=begin + 50.0)
        floor.wait(begin + 60.0)  # the wrap-up is over
    floor.call("c3", at=300.0)
    floor.wait(320.0)  # rang out
    assert floor.paces.expected_wait(MAIN, 2, 1) == completions(2, 60.0, 5.0).expected_wait(2, 1)


def test_an_agent_who_goes_from_caller_to_caller_completes_too() -> None:
    """Free and offered the next in one step: never reported idle, and free all the same."""
    floor = Watched(QueueDefined(queue=MAIN, wrap_up_s=0.0))
    floor.login("ana")
    for name in ("c1", "c2", "c3"):
        floor.call(name, at=10.0)
    for name, begin in (("c1", 10.0), ("c2", 70.0)):
        floor.accept(name, at=begin + 5.0)
        floor.end(name, at=begin + 60.0)
    assert floor.paces.expected_wait(MAIN, 1, 1) == completions(2, 60.0, 5.0).expected_wait(1, 1)


def test_a_call_of_before_a_restart_counts_from_the_restart() -> None:
    """When it was offered is not known any more."""
    floor = Watched(QueueDefined(queue=MAIN, wrap_up_s=0.0))
    for name in ("ana", "ben"):
        floor.tell(
            AgentRestored(
                agent=AgentId(name),
                queues=(MAIN,),
                presence=Presence.READY,
                idle_since=-100.0,
                contact=ContactId(name),
                contact_queue=MAIN,
                contact_arrived_at=-200.0,
            ),
            at=50.0,
        )
    for name in ("ana", "ben"):
        floor.end(name, at=90.0)
    assert floor.paces.expected_wait(MAIN, 1, 1) == completions(2, 40.0, 0.0).expected_wait(1, 1)


def test_a_leg_that_was_lost_is_a_completion_too() -> None:
    """The agent is free of that caller, whatever the reason."""
    floor = Watched(QueueDefined(queue=MAIN, wrap_up_s=0.0))
    floor.login("ana")
    for begin in (100.0, 200.0):
        floor.talk(f"c{begin}", at=begin)
        floor.tell(ContactRequeued(contact=ContactId(f"c{begin}")), at=begin + 30.0)
        floor.hang_up(f"c{begin}", at=begin + 40.0)
    assert floor.paces.expected_wait(MAIN, 1, 1) is not None


def test_what_was_known_before_a_restart_is_known_again() -> None:
    """The next callers are told what they would have been told; and nobody else of it."""
    floor = Watched(QueueDefined(queue=MAIN, wrap_up_s=0.0))
    floor.login("ana")
    for begin in (100.0, 200.0):
        floor.talk(f"c{begin}", at=begin)
        floor.hang_up(f"c{begin}", at=begin + 40.0)
    paces = Paces()
    paces.restore(QueuePaceRestored(queue=MAIN, busy_s=(1.0,), ring_s=(1.0,)))
    assert paces.expected_wait(MAIN, 1, 1) is None, "one is too few"
    paces.restore(QueuePaceRestored(queue=MAIN, busy_s=(40.0, 40.0), ring_s=(0.0, 0.0)))
    assert paces.expected_wait(MAIN, 3, 2) == floor.paces.expected_wait(MAIN, 3, 2) is not None
    assert paces.expected_wait(QueueName("other"), 1, 1) is None


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller was told, and what came of it."""

    band: Band
    wait_s: float


def told(agents: int, handle_s: float, count: int, chance: random.Random) -> Iterator[Said]:
    """Callers of a busy hotline, each told their band when they come; half the agents leave half way."""
    queue, names = QueueName("main"), [AgentId(f"a{number:02}") for number in range(agents)]
    gap_s = handle_s / agents / 0.98
    middle = count * gap_s / 2
    callers, at = [], 0.0
    for serial in range(count):
        at += chance.expovariate(1 / gap_s) * (2 if at > middle else 1)
        wants = ContactQueued(contact=ContactId(f"c{serial}"), queue=queue)
        callers.append(Caller(at=at, wants=wants, talk_s=chance.expovariate(1 / handle_s)))
    facts: list[Fact] = [
        (0.0, QueueDefined(queue=queue, wrap_up_s=0.0, limit=10**6)),
        *((0.0, AgentLoggedIn(agent=name, queues=(queue,))) for name in names),
        *((middle, AgentLoggedOut(agent=name)) for name in names[::2]),
    ]
    paces, engine = Paces(), Engine()
    simulation = Simulation(engine, facts, callers, lambda _, answer, now: paces.take(answer, now))
    bands = {}
    for each in callers:
        simulation.run(until=each.at)
        position = engine.position(each.wants.contact)
        if position is not None:
            band = paces.expected_wait(queue, position, engine.statistics().queues[0].agents_on_duty)
            if band is not None:
                bands[each.wants.contact] = band
    for outcome in simulation.run().outcomes(simulation.now):
        if outcome.contact in bands:
            yield Said(bands[outcome.contact], outcome.wait_s)


def test_four_of_five_waits_lie_in_the_band() -> None:
    """One of ten below, one of ten above, as it says; also across the moment when half the agents leave."""
    said = [each for seed in range(8) for each in told(12, 180.0, 1500, random.Random(seed))]
    assert len(said) > 2000
    below = sum(each.wait_s < each.band.low_s for each in said) / len(said)
    above = sum(each.wait_s > each.band.high_s for each in said) / len(said)
    assert 0.05 < below < 0.15
    assert 0.05 < above < 0.15
