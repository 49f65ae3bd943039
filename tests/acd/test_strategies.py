"""Ways to choose among free agents."""

import pytest

from acd.agent import Agent
from acd.agent_state import Presence
from acd.criteria import STRATEGIES, Routing
from acd.errors import UnknownStrategy
from acd.events import AgentRestored, QueueDefined, QueueRemoved
from acd.names import AgentId
from acd.strategies import key_getter, key_of, order_named
from tests.acd.hotline import MAIN, Hotline, skilled

ORDERS = tuple(tuple(each for each in order if each is not Routing.SKILL) for order in STRATEGIES.values())


def agent(name: str, since: float) -> Agent:
    """An agent who is idle since then."""
    return Agent(AgentId(name), (), now=since)


def test_longest_idle_puts_the_earliest_first_and_names_break_ties() -> None:
    """A total order."""
    people = [agent("cid", 5.0), agent("ben", 5.0), agent("ana", 9.0)]
    assert [each.id for each in sorted(people, key=lambda each: key_of((Routing.IDLE,), each, MAIN))] == [
        "ben",
        "cid",
        "ana",
    ]


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy_tells_agents_apart(name: str) -> None:
    """Its key never depends on anything but the agent, and is never the same for two."""
    order = tuple(each for each in order_named(name, {}) if each is not Routing.SKILL)
    ana, ben = (key_of(order, agent(each, 1.0), MAIN) for each in ("ana", "ben"))
    assert ana == key_of(order, agent("ana", 1.0), MAIN)
    assert ana != ben


@pytest.mark.parametrize("order", [(), (Routing.TURN,), (Routing.CALLS, Routing.TURN), *ORDERS])
def test_keys_are_the_same_however_they_are_made(order: tuple[Routing, ...]) -> None:
    """One by one by criterion, or all at once where the queue has no say."""
    one = agent("ana", 3.0)
    one.turns[MAIN] = 7
    assert key_getter(order, MAIN)(one) == key_of(order, one, MAIN)
    assert key_of(order, one, MAIN)[-1] == "ana"


def test_an_unknown_one_is_named_with_those_that_exist() -> None:
    """So that a mistyped name is found at once."""
    with pytest.raises(UnknownStrategy, match="'best_smile' is not known, there are: fewest_calls, least_"):
        order_named("best_smile", {})


def hotline(strategy: str) -> Hotline:
    """A queue without wrap-up; ana, ben and cid sit down at 0, 1 and 2."""
    line = Hotline(QueueDefined(queue=MAIN, strategy=strategy, wrap_up_s=0))
    for serial, name in enumerate(("ana", "ben", "cid")):
        line.login(name, float(serial), rank=3 - serial)
    return line


def served_by(line: Hotline, contact: str, at: float, talk_s: float) -> str:
    """Who gets a call that comes now and lasts so long; it is over when this returns."""
    line.call(contact, at)
    ((_, agent),) = line.offered()
    line.accept(contact)
    line.end(contact, at + talk_s)
    return agent


def test_longest_idle_goes_by_the_end_of_the_last_call() -> None:
    """Who talked long stands behind who talked early."""
    line = hotline("longest_idle")
    served = [served_by(line, f"c{n}", 10.0 * (n + 1), 5.0) for n in range(4)]
    assert served == ["ana", "ben", "cid", "ana"]


def test_round_robin_goes_on_from_the_last_one_whoever_was_idle_how_long() -> None:
    """A pause does not cost the turn, nor does it win one; a decline was a turn too."""
    line = hotline("round_robin")
    assert served_by(line, "c1", 10.0, 5.0) == "ana"
    line.not_ready("ben", at=20.0)
    line.ready("ben", 25.0)
    line.call("c2", 30.0)
    assert line.offered() == [("c2", "ben")]
    line.decline("c2")
    assert line.offered() == [("c2", "cid")]
    line.accept("c2")
    line.end("c2", 40.0)
    line.wait(45.0)  # ben has rested
    assert [served_by(line, f"c{n}", 50.0 + n, 0.5) for n in (3, 4, 5)] == ["ana", "ben", "cid"]


def test_turns_of_a_queue_that_was_removed_are_forgotten() -> None:
    """One of the same name counts its offers from the first: nobody stands behind for those of the old one."""
    line = hotline("round_robin")
    for number in range(4):
        served_by(line, f"c{number}", 10.0 * (number + 1), 5.0)
    line.tell(QueueRemoved(queue=MAIN))
    line.tell(QueueDefined(queue=MAIN, strategy="round_robin", wrap_up_s=0))
    for agent in ("cid", "ben", "ana"):
        line.reassign(agent)
    assert [served_by(line, f"d{number}", 100.0 + number, 0.5) for number in range(3)] == [
        "ana",
        "ben",
        "cid",
    ]


def test_fewest_calls_goes_by_those_taken_since_the_login() -> None:
    """A declined one does not count; a new login begins at nothing."""
    line = hotline("fewest_calls")
    line.not_ready("ben", at=3.0)
    line.not_ready("cid", at=3.0)
    assert [served_by(line, f"c{n}", 10.0 + 5 * n, 1.0) for n in range(2)] == ["ana", "ana"]
    line.ready("ben", 30.0)
    line.ready("cid", 31.0)
    assert [served_by(line, f"d{n}", 40.0 + 5 * n, 1.0) for n in range(4)] == ["ben", "cid", "ben", "cid"]
    line.logout("ana", 70.0)
    line.login("ana", 71.0)
    assert served_by(line, "e1", 72.0, 1.0) == "ana"


def test_least_talk_time_goes_by_the_seconds_talked() -> None:
    """Two short calls before a third long one."""
    line = hotline("least_talk_time")
    talks = (30.0, 5.0, 12.0, 4.0, 4.0)
    served = [served_by(line, f"c{n}", 100.0 * (n + 1), talk_s) for n, talk_s in enumerate(talks)]
    assert served == ["ana", "ben", "cid", "ben", "ben"]
    assert line.agent("ben").talk_s == 13.0


def test_least_occupied_goes_by_the_part_of_the_time_on_duty() -> None:
    """Of ana's 40 s on duty 10 were busy, of ben's 10 s none; what happens off duty does not count."""
    line = hotline("least_occupied")
    line.not_ready("ben", at=2.0)
    line.not_ready("cid", at=2.0)
    assert served_by(line, "c1", 30.0, 10.0) == "ana"
    assert line.agent("ana").occupancy == 0.25
    line.ready("ben", 40.0)
    line.call("c2", 49.0)
    assert line.offered() == [("c2", "ben")]
    line.hang_up("c2", 59.0)
    assert line.agent("ben").occupancy == 10.0 / 20.0
    line.call("c3", 61.0)
    assert line.offered() == [("c3", "ana")]


def test_wrap_up_counts_as_busy() -> None:
    """Talk and what comes after it."""
    line = Hotline(QueueDefined(queue=MAIN, strategy="least_occupied", wrap_up_s=30.0))
    line.login("ana", 0.0)
    served_by(line, "c1", 40.0, 10.0)
    line.wait(80.0)
    assert line.agent("ana").occupancy == 0.5


def test_linear_goes_by_rank_always() -> None:
    """Cid has the smallest; the next one only when cid is not free."""
    line = hotline("linear")
    assert [served_by(line, f"c{n}", 10.0 + n, 0.5) for n in range(2)] == ["cid", "cid"]
    line.call("c3")
    line.call("c4")
    assert line.offered() == [("c4", "ben")]


def test_in_a_fixed_order_nobody_who_cannot_be_rung_holds_the_queue_up() -> None:
    """Whoever of the order is away, without a phone or resting after a decline is passed over, the last one too."""
    line = hotline("linear")
    line.phone("cid", reachable=False)
    line.not_ready("ben")
    line.call("c1", 10.0)
    assert line.offered() == [("c1", "ana")]
    line.call("c2", 11.0)
    line.decline("c1", 12.0)
    assert line.line() == ["c1", "c2"]
    line.ready("ben", 13.0)
    assert line.offered() == [("c1", "ben")]
    line.wait(14.5)
    assert line.offered() == [("c2", "ana")]


def test_each_wrap_up_ends_by_itself() -> None:
    """Of two who talked, whoever is done first has the caller who waits at once, however long the other still writes."""
    line = Hotline(QueueDefined(queue=MAIN, wrap_up_s=30.0))
    for name in ("ana", "ben"):
        line.login(name)
    line.talk("c1", 1.0)
    line.talk("c2", 2.0)
    line.call("c3", 3.0)
    line.end("c1", 10.0)
    line.end("c2", 20.0)
    line.wait(40.0)
    assert line.offered() == [("c3", "ana")]
    assert line.state("ben")[0] is Presence.WRAP_UP


def test_skill_goes_before_the_strategy() -> None:
    """The strategy chooses among agents of equal skill."""
    line = hotline("linear")
    line.reassign("ana", skills=skilled(tax=2), rank=9)
    line.reassign("ben", skills=skilled(tax=2), rank=1)
    line.call("c1", 10.0, skills=skilled(tax=1))
    assert line.offered() == [("c1", "ben")]
    line.call("c2", skills=skilled(tax=1))
    assert line.offered() == [("c2", "ana")]


def test_counts_of_before_a_restart_go_on() -> None:
    """So that the fairest order is kept."""
    line = Hotline(QueueDefined(queue=MAIN, strategy="fewest_calls"))
    for name, taken in (("ana", 5), ("ben", 3)):
        line.tell(
            AgentRestored(
                agent=AgentId(name), queues=(MAIN,), presence=Presence.READY, idle_since=-9.0, taken=taken
            )
        )
    line.call("c1")
    assert line.offered() == [("c1", "ben")]
    assert line.agent("ana").taken == 5
