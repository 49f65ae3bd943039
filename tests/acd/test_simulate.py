"""The real engine in a time of its own, against the theory of waiting lines and against a pencil."""

import math
import random
from collections.abc import Iterator

import pytest

from acd.agent_state import Presence
from acd.commands import Command
from acd.engine import Engine
from acd.events import AgentLoggedIn, AgentLoggedOut, AgentMadeNotReady, ContactQueued, Event, QueueDefined
from acd.metrics import mean_of_batches
from acd.names import AgentId, ContactId, QueueName
from acd.outcomes import Ending, Outcome
from acd.overflow import Overflow, Target, TargetKind
from acd.simulate import Caller, Fact, Simulation
from acd.staffing import Traffic, forecast

MAIN = QueueName("main")
ANA, BEN = AgentId("ana"), AgentId("ben")

ERLANG_C = [
    # calls an hour, handle time, agents, answered within
    (60, 180, 4, 20),
    (100, 180, 7, 20),
    (360, 180, 22, 20),
    (360, 180, 20, 20),
    (1200, 240, 90, 20),
    (1200, 240, 85, 20),
    (3600, 240, 255, 20),
    (1000, 180, 56, 15),
    (1000, 210, 65, 20),
    (300, 180, 19, 15),
    (600, 240, 46, 15),
]
FOR_95 = [
    # the seats that 95 % in time ask for, and what the seats of the contract carry then
    (1000, 180, 61, 15),
    (1000, 210, 69, 20),
    (300, 180, 22, 15),
    (600, 240, 50, 15),
    (1318, 180, 77, 15),
    (1122, 210, 77, 15),
    (776, 300, 77, 15),
]
ERLANG_A = [
    # as above, and the mean patience
    (1000, 180, 50, 15, 120),
    (360, 180, 18, 20, 300),
    (2400, 210, 77, 15, 60),  # nearly twice what they can carry
]


def opening(agents: int) -> list[Fact]:
    """One queue without bounds, and agents who are there all the time."""
    return [
        (0.0, QueueDefined(queue=MAIN, limit=10**6, wrap_up_s=0.0)),
        *((0.0, AgentLoggedIn(agent=AgentId(f"a{number:03}"), queues=(MAIN,))) for number in range(agents)),
    ]


def markovian(traffic: Traffic, count: int, seed: int) -> Iterator[Caller]:
    """Callers as the theory has them: all times exponential."""
    chance = random.Random(seed)
    at = 0.0
    for serial in range(count):
        at += chance.expovariate(traffic.calls_per_hour / 3600)
        yield Caller(
            at=at,
            wants=ContactQueued(contact=ContactId(f"c{serial}"), queue=MAIN),
            talk_s=chance.expovariate(1 / traffic.handle_s),
            patience_s=math.inf if traffic.patience_s is None else chance.expovariate(1 / traffic.patience_s),
        )


def assert_agrees(traffic: Traffic, agents: int, within_s: float, count: int, seed: int) -> None:
    """Who waits, how long, who is in time and who gives up: within the 99 % interval of batch means."""
    callers = list(markovian(traffic, count, seed))
    simulation = Simulation(Engine(), opening(agents), callers)
    before = simulation.run(until=callers[count // 10].at).times(simulation.now)  # the engine began empty
    after = simulation.run(until=callers[-1].at).times(simulation.now)
    by_arrival = sorted(simulation.run().outcomes(simulation.now), key=lambda each: each.arrived_at)
    settled = by_arrival[count // 10 :]
    theory = forecast(traffic, agents, within_s)
    assert simulation.refused == 0

    answered = [each for each in settled if each.ending is Ending.ANSWERED]
    measured = {
        "waiting": mean_of_batches([float(each.wait_s > 0) for each in settled]),
        "answered_in_time": mean_of_batches(
            [float(each.ending is Ending.ANSWERED and each.wait_s <= within_s) for each in settled]
        ),
        "mean_wait_s": mean_of_batches([each.wait_s for each in answered]),
        "abandoned": mean_of_batches([float(each.ending is Ending.ABANDONED) for each in settled]),
    }
    wrong = {
        name: (estimate, getattr(theory, name))
        for name, estimate in measured.items()
        if getattr(theory, name) not in estimate
    }
    assert not wrong
    busy_s, all_s = (
        sum(getattr(each, name) for each in after) - sum(getattr(each, name) for each in before)
        for name in ("busy_s", "logged_in_s")
    )
    assert busy_s / all_s == pytest.approx(theory.occupancy, rel=0.03)


def test_it_agrees_with_erlang_c() -> None:
    """A small group, in short."""
    assert_agrees(Traffic(calls_per_hour=300, handle_s=180), 19, 15, count=20_000, seed=11)


def test_it_agrees_with_erlang_a() -> None:
    """Overload, where most that matters is patience, in short."""
    assert_agrees(Traffic(calls_per_hour=2400, handle_s=210, patience_s=60), 77, 15, count=20_000, seed=12)


@pytest.mark.long
@pytest.mark.parametrize(("calls", "handle_s", "agents", "within_s"), ERLANG_C)
def test_it_agrees_with_erlang_c_on_every_row(
    calls: float, handle_s: float, agents: int, within_s: float
) -> None:
    """All rows of the published tables."""
    assert_agrees(Traffic(calls_per_hour=calls, handle_s=handle_s), agents, within_s, count=150_000, seed=1)


@pytest.mark.long
@pytest.mark.parametrize(("calls", "handle_s", "agents", "within_s"), FOR_95)
def test_it_agrees_with_erlang_c_where_nearly_all_are_answered_in_time(
    calls: float, handle_s: float, agents: int, within_s: float
) -> None:
    """The other column of the table, and the size of the hotline: few wait, so fewer callers tell as much."""
    traffic = Traffic(calls_per_hour=calls, handle_s=handle_s)
    assert forecast(traffic, agents, within_s).answered_in_time >= 0.95
    assert_agrees(traffic, agents, within_s, count=40_000, seed=3)


@pytest.mark.long
@pytest.mark.parametrize(("calls", "handle_s", "agents", "within_s", "patience_s"), ERLANG_A)
def test_it_agrees_with_erlang_a_in_three_cases(
    calls: float, handle_s: float, agents: int, within_s: float, patience_s: float
) -> None:
    """Some load, much load, overload."""
    traffic = Traffic(calls_per_hour=calls, handle_s=handle_s, patience_s=patience_s)
    assert_agrees(traffic, agents, within_s, count=150_000, seed=2)


def caller(name: str, at: float, talk_s: float = 60.0, **more: float) -> Caller:
    """A caller who talks for a minute."""
    return Caller(at=at, wants=ContactQueued(contact=ContactId(name), queue=MAIN), talk_s=talk_s, **more)


def played(facts: list[Fact], *callers: Caller, until: float = math.inf) -> tuple[Simulation, list[Outcome]]:
    """Let it happen."""
    simulation = Simulation(Engine(), facts, callers)
    return simulation, sorted(simulation.run(until).outcomes(simulation.now), key=lambda each: each.contact)


def seated(*agents: AgentId, wrap_up_s: float | None = 10.0, limit: int = 256) -> list[Fact]:
    """A queue with a wrap-up, and these agents."""
    queue = QueueDefined(queue=MAIN, wrap_up_s=wrap_up_s, limit=limit)
    return [(0.0, queue), *((0.0, AgentLoggedIn(agent=agent, queues=(MAIN,))) for agent in agents)]


def test_times_add_up() -> None:
    """Ring, talk and wrap-up of the first, then the second, who waited for all of it."""
    simulation, (first, second) = played(
        seated(ANA), caller("c1", 100.0, answer_s=3.0), caller("c2", 110.0, answer_s=2.0)
    )
    assert (first.wait_s, first.ended_at) == (3.0, 163.0)
    assert (second.answered_at, second.ended_at) == (175.0, 235.0)
    assert simulation.now == 245.0  # the wrap-up is over
    (times,) = simulation.ledger.times(simulation.now)
    assert (times.busy_s, times.free_s) == (145.0, 100.0)


def test_whoever_loses_patience_leaves_the_line() -> None:
    """But not the conversation, and not while they were already answered at that moment."""
    _, (first, second) = played(
        seated(ANA), caller("c1", 0.0, patience_s=30.0), caller("c2", 10.0, patience_s=20.0)
    )
    assert (first.ending, first.ended_at) == (Ending.ANSWERED, 60.0)
    assert (second.ending, second.wait_s) == (Ending.ABANDONED, 20.0)


def test_nobody_at_the_phone_is_the_next_ones_call() -> None:
    """An answer that never comes lets the phone ring out; the agent is not ready, and the next one is tried."""
    simulation, (lost,) = played(
        seated(ANA, BEN), caller("c1", 0.0, answer_s=math.inf, patience_s=30.0), until=500.0
    )
    assert (lost.ending, lost.wait_s, lost.agent) == (Ending.ABANDONED, 30.0, BEN)
    assert simulation.engine.statistics().tally.rang_out == 1


def test_an_answer_that_comes_too_late_is_none() -> None:
    """The ring time is over before the agent gets to the phone."""
    simulation, (lost,) = played(seated(ANA), caller("c1", 0.0, answer_s=25.0, patience_s=40.0))
    assert (lost.ending, lost.wait_s) == (Ending.ABANDONED, 40.0)
    assert simulation.engine.statistics().tally.stale_answers == 0


@pytest.mark.parametrize(
    ("timed_s", "taken_s", "lasts_s"),
    [(None, 45.0, 45.0), (10.0, 45.0, 10.0), (60.0, 45.0, 45.0), (10.0, math.inf, 10.0)],
)
def test_a_wrap_up_ends_with_its_time_or_by_the_agent(
    timed_s: float | None, taken_s: float, lasts_s: float
) -> None:
    """Whichever is first."""
    _, (_, second) = played(
        seated(ANA, wrap_up_s=timed_s), caller("c1", 0.0, wrap_up_s=taken_s), caller("c2", 10.0)
    )
    assert second.answered_at == 60.0 + lasts_s


def test_nobody_idles_for_a_second_while_somebody_waits() -> None:
    """Over a busy hour in which each agent's wrap-up ends with its own time, whatever others' do."""
    chance = random.Random(4)
    seats = [AgentId(f"a{number:02}") for number in range(20)]
    facts: list[Fact] = [
        (0.0, QueueDefined(queue=MAIN)),
        *(
            (0.0, AgentLoggedIn(agent=seat, queues=(MAIN,), wrap_up_s=chance.uniform(1, 90)))
            for seat in seats
        ),
    ]
    spent = {"idle beside a caller": 0.0, "somebody waits": 0.0, "in wrap-up while somebody waits": 0.0}
    last_at, kinds = 0.0, frozenset[str]()

    def hear(_event: Event, _answer: tuple[Command, ...], now: float) -> None:
        nonlocal last_at, kinds
        for kind in kinds:
            spent[kind] += now - last_at
        (queue,) = simulation.engine.statistics().queues
        wraps_up = any(each.presence is Presence.WRAP_UP for each in simulation.engine.agents())
        found = {
            "idle beside a caller": queue.waiting and queue.agents_free,
            "somebody waits": queue.waiting,
            "in wrap-up while somebody waits": queue.waiting and wraps_up,
        }
        last_at, kinds = now, frozenset(kind for kind, is_so in found.items() if is_so)

    callers = markovian(Traffic(calls_per_hour=400, handle_s=140), 400, seed=4)
    simulation = Simulation(Engine(), facts, callers, hear)
    simulation.run()
    assert spent["idle beside a caller"] == 0.0
    assert spent["somebody waits"] > 600.0
    assert spent["in wrap-up while somebody waits"] > 600.0


def test_who_wants_to_go_home_ends_the_call_first() -> None:
    """A logout in a call is kept until the call is over; one in the wrap-up needs no keeping."""
    facts: list[Fact] = [*seated(ANA), (30.0, AgentLoggedOut(agent=ANA))]
    simulation, (first, second) = played(facts, caller("c1", 0.0), caller("c2", 10.0), until=500.0)
    assert first.ended_at == 60.0
    assert second.ending is Ending.WAITING
    assert simulation.engine.agents() == ()
    assert simulation.refused == 0


def test_a_fact_that_does_not_fit_is_counted() -> None:
    """Whatever is planned for somebody who is not there."""
    simulation, _ = played(
        [*seated(ANA), (5.0, AgentMadeNotReady(agent=BEN, reason="lunch")), (6.0, AgentLoggedOut(agent=BEN))]
    )
    assert simulation.refused == 2
    assert simulation.fault is None


def test_a_rule_that_cannot_hold_is_told() -> None:
    """The first of them, with the reason: whoever wrote it wants to know, whatever else the day brought."""
    lost = AgentLoggedIn(agent=BEN, queues=(QueueName("nowhere"),))
    simulation, _ = played([*seated(ANA), (5.0, lost), (6.0, QueueDefined(queue=MAIN, strategy="typo"))])
    assert simulation.refused == 2
    assert simulation.fault is not None
    event, error = simulation.fault
    assert event is lost
    assert "nowhere" in str(error)


def test_a_full_queue_refuses() -> None:
    """And the caller's patience means nothing afterwards."""
    _, (_, second) = played(
        seated(limit=1), caller("c1", 0.0), caller("c2", 1.0, patience_s=10.0), until=100.0
    )
    assert (second.ending, second.ended_at) == (Ending.REFUSED, 1.0)


def test_overflow_takes_callers_elsewhere() -> None:
    """Every target takes whom it is sent; who was answered before does not go."""
    rule = Overflow(target=Target(kind=TargetKind.VOICEMAIL), waited_s=20.0)
    facts: list[Fact] = [
        (0.0, QueueDefined(queue=MAIN, overflow=(rule,))),
        (0.0, AgentLoggedIn(agent=ANA, queues=(MAIN,))),
    ]
    _, (first, second) = played(facts, caller("c1", 0.0), caller("c2", 10.0, patience_s=30.0))
    assert (first.ending, first.ended_at) == (Ending.ANSWERED, 60.0)
    assert (second.ending, second.wait_s) == (Ending.OVERFLOWED, 20.0)


def test_contacts_that_are_facts_are_let_be() -> None:
    """What is offered to an agent without a caller behind it just rings."""
    facts: list[Fact] = [*seated(ANA), (5.0, ContactQueued(contact=ContactId("x"), queue=MAIN))]
    simulation, (found,) = played(facts, until=10.0)
    assert found.ending is Ending.WAITING
    assert simulation.now == 5.0


def test_the_same_callers_give_the_same_outcomes() -> None:
    """Nothing is left to chance."""
    traffic = Traffic(calls_per_hour=1000, handle_s=180, patience_s=120)
    once, twice = (
        Simulation(Engine(), opening(50), markovian(traffic, 2000, seed=3)).run().outcomes(0.0)
        for _ in range(2)
    )
    assert once == twice
