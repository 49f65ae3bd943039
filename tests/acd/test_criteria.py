"""Combined strategies: orders of criteria that are data."""

from collections.abc import Callable

import pytest

from acd.agent_state import Presence
from acd.criteria import Routing, Selection
from acd.errors import InvalidValue, UnknownStrategy
from acd.events import AgentReassigned, QueueDefined, RoutingDefined, SelectionDefined
from acd.names import AgentId, QueueName
from acd.routes import Route
from tests.acd.hotline import MAIN, Hotline, skilled

TAX = QueueName("tax")
S, R = Selection, Routing


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (lambda: SelectionDefined(name="x", criteria=()), r"criteria is \(\), expected one at least"),
        (
            lambda: SelectionDefined(name="x", criteria=(S.LEVEL, S.LEVEL)),
            r"criteria\[1\] is .*decided before",
        ),
        (
            lambda: SelectionDefined(name="x", criteria=(S.ARRIVAL, S.LEVEL)),
            r"criteria\[1\].*nothing after arrival",
        ),
        (lambda: RoutingDefined(name="x", criteria=(R.IDLE, R.SKILL, R.IDLE)), r"criteria\[2\]"),
        (lambda: RoutingDefined(name="linear", criteria=(R.IDLE,)), "name is 'linear'"),
        (lambda: RoutingDefined(name="", criteria=(R.IDLE,)), "name"),
    ],
)
def test_an_order_is_refused_whole_with_the_place_and_the_reason(
    build: Callable[[], object], complaint: str
) -> None:
    """Empty, twice the same, or with a part that could never decide."""
    with pytest.raises(InvalidValue, match=complaint):
        build()


def waiting() -> Hotline:
    """Somebody of each kind waits, who would be first by one criterion each."""
    line = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX, priority=1))
    line.call("early", 1.0)
    line.call("level", 2.0, level=5)
    line.call("skill", 3.0, skills=skilled(tax=1))
    line.call("priority", 4.0, queue="tax")
    line.login("busy", 4.5, queues=())
    line.login("ana", queues=())
    line.not_ready("ana")
    line.call("own", 5.0, routes=(Route(agent=AgentId("ana")),))
    return line


@pytest.mark.parametrize(
    ("criteria", "first"),
    [
        ((), "own"),
        ((S.OWN, S.ARRIVAL), "own"),
        ((S.PRIORITY, S.OWN), "priority"),
        ((S.LEVEL, S.PRIORITY, S.OWN), "level"),
        ((S.SKILL,), "skill"),
        ((S.ARRIVAL,), "early"),
        ((S.REGION,), "early"),
    ],
)
def test_an_agent_looks_at_contacts_in_the_order_of_the_selection(
    criteria: tuple[Selection, ...], first: str
) -> None:
    """Without one, in the order of all criteria."""
    line = waiting()
    if criteria:
        line.tell(SelectionDefined(name="own way", criteria=criteria))
    name = "own way" if criteria else ""
    line.reassign("ana", queues=(MAIN, TAX), skills=skilled(tax=3), selection=name)
    line.ready("ana", 9.0)
    assert line.offered() == [(first, "ana")]
    assert line.agent("ana").selection == name


@pytest.mark.parametrize(
    ("criteria", "first"), [((S.OWN, S.LEVEL), "level"), ((S.OWN, S.SKILL), "skill")], ids=["level", "skill"]
)
def test_who_is_behind_in_what_leads_is_passed_over_before_and_after_the_first(
    criteria: tuple[Selection, ...], first: str
) -> None:
    """Whichever kind of contact is looked at first, with nobody who waits for this agent alone."""
    for order in (("level", "skill", "plain"), ("plain", "skill", "level"), ("skill", "level", "plain")):
        line = Hotline()
        line.tell(SelectionDefined(name="own way", criteria=criteria))
        line.login("ana", presence=Presence.NOT_READY, skills=skilled(bus=1, tax=3), selection="own way")
        for at, name in enumerate(order, start=1):
            need = skilled(tax=1) if name == "skill" else skilled(bus=1)
            line.call(name, float(at), level=5 if name == "level" else 0, skills=need)
        line.ready("ana", 9.0)
        assert line.offered() == [(first, "ana")]


def test_an_order_can_be_changed_while_running() -> None:
    """For one name, and for all who have none."""
    line = waiting()
    line.reassign("ana", queues=(MAIN, TAX))
    line.tell(SelectionDefined(name="", criteria=(S.LEVEL,)))
    line.ready("ana", 9.0)
    assert line.offered() == [("level", "ana")]


def test_a_queue_can_look_at_agents_in_an_order_of_its_own() -> None:
    """Skill after idle time, say; changed while agents are free."""
    line = Hotline()
    line.tell(RoutingDefined(name="fair", criteria=(R.CALLS, R.SKILL)))
    line.tell(QueueDefined(queue=MAIN, strategy="fair", wrap_up_s=0))
    line.login("ana", skills=skilled(tax=1))
    line.login("ben", skills=skilled(tax=3))
    line.call("c1", 1.0, skills=skilled(tax=1))
    assert line.offered() == [("c1", "ben")]
    line.accept("c1")
    line.end("c1", 2.0)
    line.call("c2", 3.0, skills=skilled(tax=1))
    assert line.offered() == [("c2", "ana")]
    line.hang_up("c2")
    line.tell(RoutingDefined(name="fair", criteria=(R.SKILL, R.RANK)))
    line.call("c3", 4.0, skills=skilled(tax=1))
    assert line.offered() == [("c3", "ben")]


def test_a_name_that_is_not_defined_is_refused_with_those_that_are() -> None:
    """Of a routing, a selection or shares; nothing changes."""
    line = Hotline()
    line.tell(SelectionDefined(name="fair", criteria=(S.ARRIVAL,)))
    with pytest.raises(UnknownStrategy, match="fewest_calls"):
        line.tell(QueueDefined(queue=MAIN, strategy="fair"))
    with pytest.raises(UnknownStrategy):
        line.login("ana", selection="unfair")
    with pytest.raises(UnknownStrategy):
        line.login("ana", shares="cities")
    line.login("ana", selection="fair")
    with pytest.raises(UnknownStrategy, match="fair"):
        line.tell(AgentReassigned(agent=AgentId("ana"), queues=(MAIN,), selection="unfair"))
    assert line.agent("ana").selection == "fair"
