"""A restart goes on where it was: the time in a queue, the queues that were visited, and nobody sent away meanwhile."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.commands import DismissContact, DivertContact, ReportOverflow
from acd.errors import InvalidValue
from acd.events import ContactQueued, QueueDefined
from acd.names import ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from acd.stay import FloorRestored, Stay, Visit
from tests.acd.hotline import MAIN, Hotline

TAX, BACK = QueueName("tax"), QueueName("back")
QUEUES = (MAIN, TAX, BACK)
VOICEMAIL = Target(kind=TargetKind.VOICEMAIL)


def to(queue: QueueName, **conditions: object) -> Overflow:
    """A rule that leads into a queue."""
    return Overflow(target=Target(kind=TargetKind.QUEUE, name=queue), **conditions)  # type: ignore[arg-type]


def went(line: Hotline) -> list[tuple[str, str]]:
    """Who went where in the last answer."""
    moved = [(str(order.contact), str(order.target)) for order in line.orders(ReportOverflow)]
    return moved + [(order.contact, order.target.kind.value) for order in line.orders(DivertContact)]


def restored(*queues: QueueDefined) -> Hotline:
    """A new engine at 1000.0 that was told the rules."""
    line = Hotline(*queues)
    line.now = 1000.0
    return line


def test_a_rule_counts_the_wait_in_the_queue_over_a_restart() -> None:
    """Not the time since the restart, nor that since the arrival."""
    line = restored(QueueDefined(queue=MAIN, overflow=(to(TAX, waited_s=60.0),)), QueueDefined(queue=TAX))
    line.call("c1", arrived_at=300.0, stay=Stay(since=950.0))
    line.tell(FloorRestored())
    assert line.engine.next_deadline() == 1010.0
    line.wait(1010.0)
    assert went(line) == [("c1", "tax")]


def test_what_came_due_while_nothing_ran_is_done_when_all_are_back() -> None:
    """In the answer to that, not before."""
    line = restored(QueueDefined(queue=MAIN, overflow=(to(TAX, waited_s=60.0),)), QueueDefined(queue=TAX))
    line.call("c1", stay=Stay(since=900.0))
    assert went(line) == []
    line.tell(FloorRestored())
    assert went(line) == [("c1", "tax")]
    line.tell(FloorRestored())
    assert went(line) == []


def test_a_queue_that_was_visited_is_so_over_a_restart() -> None:
    """Two queues that send callers to each other send them once."""
    rules = (
        QueueDefined(queue=MAIN, overflow=(to(TAX, waited_s=10.0),)),
        QueueDefined(queue=TAX, overflow=(to(MAIN, waited_s=10.0),)),
    )
    line = Hotline(*rules)
    line.call("c1")
    line.wait(10.0)
    before = line.engine.contact(ContactId("c1"))
    assert before is not None
    assert (before.given, before.given_at, before.visits) == (TAX, 10.0, ((MAIN, 1), (TAX, 1)))
    line = restored(*rules)
    line.call("c1", queue=TAX, stay=Stay(since=995.0, visits=(Visit(queue=MAIN), Visit(queue=TAX))))
    line.tell(FloorRestored())
    line.wait(1100.0)
    assert went(line) == []
    after = line.engine.contact(ContactId("c1"))
    assert after is not None
    assert (after.given_at, after.visits) == (995.0, ((TAX, 1), (MAIN, 1)))


@pytest.mark.parametrize(
    "rules",
    [
        {"refuses_when": ()},
        {"dismisses_when": ()},
        {"overflow": (Overflow(target=VOICEMAIL, agents_all=()),)},
    ],
    ids=["joins", "stays", "goes on"],
)
def test_nobody_is_sent_away_while_the_agents_are_still_to_come_back(rules: dict[str, object]) -> None:
    """They come after the callers: the queue only seems to have nobody."""
    line = restored(QueueDefined(queue=MAIN, **rules))  # type: ignore[arg-type]
    line.call("c1", stay=Stay(since=990.0))
    assert (line.refused(), line.orders(DismissContact), went(line)) == ([], [], [])
    line.login("ana")
    assert line.offered() == [("c1", "ana")]
    line.tell(FloorRestored())
    assert line.answer == ()


def test_when_nobody_came_back_the_rules_hold() -> None:
    """For everybody who waits, but for who went meanwhile."""
    line = restored(QueueDefined(queue=MAIN, dismisses_when=()))
    line.call("c1", stay=Stay(since=990.0))
    line.call("c2", stay=Stay(since=991.0))
    line.hang_up("c1")
    line.tell(FloorRestored())
    assert [order.contact for order in line.orders(DismissContact)] == ["c2"]


def test_who_waited_is_no_newcomer() -> None:
    """More may have come than a rule or the limit now allows: they stood there already."""
    line = restored(
        QueueDefined(queue=MAIN, limit=1, overflow=(Overflow(target=VOICEMAIL, waiting=0),)),
    )
    for name in ("c1", "c2"):
        line.call(name, stay=Stay(since=990.0))
    line.tell(FloorRestored())
    assert (went(line), line.line()) == ([], ["c1", "c2"])
    line.call("c3")
    assert went(line) == [("c3", "voicemail")]


def test_who_moves_before_all_are_back_is_looked_at_as_ever() -> None:
    """The move is of now."""
    line = restored(
        QueueDefined(queue=MAIN), QueueDefined(queue=TAX, overflow=(Overflow(target=VOICEMAIL, waiting=0),))
    )
    line.call("c0", queue=TAX)
    line.call("c1", stay=Stay(since=990.0))
    line.call("c1", queue=TAX)
    assert went(line) == [("c1", "voicemail")]


def test_a_stay_that_began_later_than_now_begins_now() -> None:
    """The clock was set back."""
    line = restored(QueueDefined(queue=MAIN, overflow=(to(TAX, waited_s=5.0),)), QueueDefined(queue=TAX))
    line.call("c1", stay=Stay(since=2000.0))
    assert line.engine.next_deadline() == 1005.0


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Stay(since=float("nan")), "since"),
        (lambda: Stay(since=1.0, visits=(Visit(queue=MAIN), Visit(queue=MAIN, times=2))), "visits"),
        (lambda: Visit(queue=MAIN, times=0), "times"),
        (lambda: Visit(queue=QueueName("")), "queue"),
    ],
)
def test_a_stay_that_cannot_be_is_refused(build: Callable[[], object], field: str) -> None:
    """With the field."""
    with pytest.raises(InvalidValue) as refused:
        build()
    assert refused.value.field == field


RULES = st.lists(
    st.builds(
        to, st.sampled_from(QUEUES), waited_s=st.sampled_from((5.0, 7.0, 20.0)), most_visits=st.integers(1, 3)
    ),
    max_size=3,
)


def days(line: Hotline, until: float) -> Iterator[tuple[float, str, str]]:
    """Who goes where, and when, by time alone."""
    while (due := line.engine.next_deadline()) is not None and due <= until:
        line.wait(due)
        yield from ((due, contact, target) for contact, target in went(line))


@settings(max_examples=60, deadline=None)
@given(
    rules=st.tuples(RULES, RULES, RULES),
    calls=st.lists(st.tuples(st.sampled_from(QUEUES), st.integers(0, 3)), min_size=1, max_size=5),
    restart_at=st.sampled_from((12.0, 18.5, 31.0)),
)
def test_overflow_goes_on_as_if_there_had_been_no_restart(
    rules: tuple[list[Overflow], ...], calls: list[tuple[QueueName, int]], restart_at: float
) -> None:
    """Each goes to the same queues at the same moments."""
    defined = [
        QueueDefined(queue=queue, overflow=tuple(each)) for queue, each in zip(QUEUES, rules, strict=True)
    ]
    line = Hotline(*defined)
    for serial, (queue, pause_s) in enumerate(calls):
        line.call(f"c{serial}", line.now + pause_s, queue=queue)
    list(days(line, restart_at))
    after = Hotline(*defined)
    for serial in range(len(calls)):
        here = line.engine.contact(ContactId(f"c{serial}"))
        assert here is not None
        visits = tuple(Visit(queue=name, times=times) for name, times in here.visits)
        after.tell(
            ContactQueued(
                contact=here.contact,
                queue=here.given,
                arrived_at=here.arrived_at,
                stay=Stay(since=here.given_at, visits=visits),
            ),
            restart_at,
        )
    after.tell(FloorRestored())
    assert went(after) == []
    assert sorted(days(after, 500.0)) == sorted(days(line, 500.0))
