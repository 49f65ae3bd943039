"""A journal taken apart: what people did is kept, what was decided is not."""

import math
from collections.abc import Iterable
from pathlib import Path

import pytest

from acd.agent_state import Presence
from acd.engine import Engine
from acd.events import (
    AgentLoggedIn,
    AgentLoggedOut,
    AgentMadeNotReady,
    AgentMadeReady,
    AgentRestored,
    ContactEnded,
    ContactLeft,
    ContactLevelChanged,
    ContactQueued,
    Event,
    OfferAccepted,
    QueueDefined,
    WrapUpEnded,
)
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.simulate import Caller
from softswitch.analysis.history import History
from softswitch.analysis.policies import Policy

MAIN, TAX = QueueName("main"), QueueName("tax")
ANA = AgentId("ana")


def queued(name: str, at: float) -> tuple[Event, float]:
    """A caller comes."""
    return ContactQueued(contact=ContactId(name), queue=MAIN), at


def accepted(serial: int, at: float) -> tuple[Event, float]:
    """An offer is accepted."""
    return OfferAccepted(offer=OfferId(f"o{serial}")), at


def ended(name: str, at: float) -> tuple[Event, float]:
    """A talk is over."""
    return ContactEnded(contact=ContactId(name)), at


def left(name: str, at: float) -> tuple[Event, float]:
    """A caller hangs up."""
    return ContactLeft(contact=ContactId(name)), at


OPENING: list[tuple[Event, float]] = [
    (QueueDefined(queue=MAIN, wrap_up_s=None), 0.0),
    (AgentLoggedIn(agent=ANA, queues=(MAIN,)), 0.0),
]


def history(events: Iterable[tuple[Event, float]]) -> History:
    """Taken apart."""
    return History.of([*OPENING, *events], Engine())


def callers(events: Iterable[tuple[Event, float]], seed: int = 1) -> dict[str, Caller]:
    """Who came, by name."""
    return {each.wants.contact: each for each in history(events).callers(seed)}


SERVED = [
    queued("c1", 10.0),
    accepted(1, 13.0),
    ended("c1", 63.0),
    (WrapUpEnded(agent=ANA), 70.0),
]


def test_a_caller_who_was_served_is_served_alike() -> None:
    """Ring, talk and wrap-up as they were; how long they would have waited is unknown where nobody gave up."""
    (caller,) = callers(SERVED).values()
    assert (caller.at, caller.answer_s, caller.talk_s, caller.wrap_up_s) == (10.0, 3.0, 50.0, 7.0)
    assert caller.patience_s == math.inf


def test_a_caller_who_gave_up_gives_up_alike() -> None:
    """And would have been served as somebody else was."""
    found = callers(
        [*SERVED, (AgentMadeNotReady(agent=ANA, reason="x"), 80.0), queued("c2", 90.0), left("c2", 120.0)]
    )
    assert found["c2"].patience_s == 30.0
    assert (found["c2"].answer_s, found["c2"].talk_s, found["c2"].wrap_up_s) == (3.0, 50.0, 7.0)


def test_who_was_answered_would_have_waited_on() -> None:
    """For a time that is drawn at the rate of those who gave up: the same one each time, another one by another seed."""
    day = [*SERVED, (AgentMadeNotReady(agent=ANA, reason="x"), 80.0), queued("c2", 90.0), left("c2", 120.0)]
    once, again, other = (callers(day, seed)["c1"].patience_s for seed in (1, 1, 2))
    assert 3.0 < once == again < math.inf
    assert other != once


def test_who_still_waited_at_the_end_waits_on() -> None:
    """The journal ends, not their patience."""
    found = callers([(AgentMadeNotReady(agent=ANA, reason="x"), 5.0), queued("c1", 10.0), queued("c2", 90.0)])
    assert found["c1"].patience_s == math.inf
    assert found["c1"].talk_s == 0.0  # nobody talked that day


def test_presence_stays_and_decisions_go() -> None:
    """Wrap-ups belong to callers; ready that ended a wrap-up was the end of one."""
    day = history(
        [
            *SERVED[:3],
            (AgentMadeReady(agent=ANA), 72.0),
            (AgentMadeNotReady(agent=ANA, reason="lunch"), 80.0),
            (AgentMadeReady(agent=ANA), 90.0),
            (AgentLoggedOut(agent=ANA), 99.0),
        ]
    )
    assert [(at, type(event)) for at, event in day.facts()] == [
        (0.0, QueueDefined),
        (0.0, AgentLoggedIn),
        (80.0, AgentMadeNotReady),
        (90.0, AgentMadeReady),
        (99.0, AgentLoggedOut),
    ]
    assert [each.wrap_up_s for each in day.callers(1)] == [9.0]


def test_a_talk_that_began_before_the_journal_ends_when_it_did() -> None:
    """Its caller came before; the agent is taken all the same."""
    restored = AgentRestored(
        agent=AgentId("ben"),
        queues=(MAIN,),
        presence=Presence.READY,
        idle_since=-9.0,
        contact=ContactId("c0"),
        contact_queue=MAIN,
        contact_arrived_at=-60.0,
    )
    day = history([(restored, 1.0), ended("c0", 30.0), *SERVED[:2]])
    assert [(at, type(event)) for at, event in day.facts()[2:]] == [
        (1.0, AgentRestored),
        (30.0, ContactEnded),
    ]
    assert [each.wants.contact for each in day.callers(1)] == ["c1"]


def test_a_level_that_somebody_gave_is_given_again() -> None:
    """It was nobody's decision but theirs."""
    changed = ContactLevelChanged(contact=ContactId("c1"), level=3)
    day = history([(AgentMadeNotReady(agent=ANA, reason="x"), 5.0), queued("c1", 10.0), (changed, 12.0)])
    assert day.facts()[-1] == (12.0, changed)


def test_what_the_engine_refused_is_left_out() -> None:
    """It had no effect on the day, and has none now."""
    day = history([(AgentLoggedOut(agent=AgentId("nobody")), 5.0)])
    assert day.refused == 1
    assert len(day.facts()) == len(OPENING)


def test_another_policy_is_laid_over_and_added() -> None:
    """Known queues and agents change, unknown ones come in at the beginning, queues first."""
    policy = Policy(
        path=Path("other.toml"),
        rules={
            "queues.main": QueueDefined(queue=MAIN, limit=3),
            "queues.tax": QueueDefined(queue=TAX),
            "agents.ana": AgentLoggedIn(agent=ANA, queues=(MAIN, TAX)),
            "agents.new": AgentLoggedIn(agent=AgentId("new"), queues=(TAX, MAIN)),
        },
        given={
            "queues.main": frozenset({"queue", "limit"}),
            "queues.tax": frozenset({"queue"}),
            "agents.ana": frozenset({"agent", "queues"}),
            "agents.new": frozenset({"agent", "queues"}),
        },
    )
    facts = history(SERVED).facts(policy)
    engine = Engine()
    for at, event in facts:
        engine.handle(event, at)
    assert [each.agent for each in engine.agents()] == ["ana", "new"]
    assert engine.agents()[0].queues == (MAIN, TAX)
    assert {each.queue: each.limit for each in engine.statistics().queues} == {MAIN: 3, TAX: 256}


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_drawn_when_everything_is_known(seed: int) -> None:
    """A day on which everybody was served is the same day again, whatever the seed."""
    assert callers(SERVED, seed) == callers(SERVED, 1)
