"""What waiting is worth changes while callers wait: each keeps what they won, and all win the same from then on."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from acd.contact import Ageing, Contact, Era, Place
from acd.events import QueueDefined
from acd.levels import LevelRule
from acd.names import ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from acd.routes import Route
from acd.waiting_line import WaitingLine
from tests.acd.hotline import MAIN, Hotline

TAX = QueueName("tax")
BOTH = (Route(queue=MAIN), Route(queue=TAX))


def levels(line: Hotline, queue: str = MAIN) -> list[str]:
    """Who waits, in order, before and after a probe of level 3: what ageing made of their levels."""
    line.call("probe", line.now, queue=queue, level=3)
    found = line.line(queue)
    line.hang_up("probe", line.now)
    return found


def test_an_era_counts_for_itself_and_the_next_one_from_its_end_on() -> None:
    """Whole spans only, in each; the next step is due by the last one."""
    before = (Era(10.0, None, 125.0), Era(None, 4.0, 135.0))
    ageing = Ageing(level_s=5.0, priority_s=20.0, before=before)
    place = Place(MAIN, ageing=ageing)
    one = Contact(ContactId("c1"), (place,), level=1, arrived_at=100.0, serial=1)
    assert one.won_in(before) == (135.0, 2, 3)
    assert [one.urgency(ageing, now) for now in (135.0, 139.9, 140.0, 155.0)] == [
        (2, 3),
        (2, 3),
        (2, 4),
        (3, 7),
    ]
    line = WaitingLine()
    line.join(one, place)
    assert [line.fronts(now)[0][:2] for now in (136.0, 139.9, 140.0, 155.0)] == [
        (-2, -3),
        (-2, -3),
        (-2, -4),
        (-3, -7),
    ]


def test_who_waited_when_ageing_was_switched_on_is_not_overtaken_by_those_who_came_after() -> None:
    """For as long as more come than are served: two hours, one call a minute in and one out."""
    rules = {"queue": MAIN, "wrap_up_s": 0, "limit": 10_000}
    line = Hotline(QueueDefined(**rules))  # type: ignore[arg-type]
    line.login("ana")
    line.talk("t0", 0.0)
    for serial in range(10):
        line.call(f"old{serial}", 1.0 + serial)
    line.tell(QueueDefined(**rules, ageing_s=30.0), 12.0)  # type: ignore[arg-type]
    talking, served = "t0", []
    for serial in range(120):
        line.call(f"new{serial}", line.now + 1.0)
        line.end(talking, line.now + 59.0)
        ((talking, _),) = line.offered()
        line.accept(talking)
        served.append(talking)
    assert served == [*(f"old{serial}" for serial in range(10)), *(f"new{serial}" for serial in range(110))]


def test_switched_off_what_was_won_is_kept() -> None:
    """And nothing is added to it."""
    line = Hotline(QueueDefined(queue=MAIN, ageing_s=10.0))
    line.call("c1", 0.0)
    line.tell(QueueDefined(queue=MAIN), 40.0)
    line.call("c2", 41.0)
    line.wait(1000.0)
    assert levels(line) == ["c1", "probe", "c2"]


def test_other_rules_leave_the_count_alone() -> None:
    """It does not begin anew when something else of the queue changes, or nothing."""
    line = Hotline(QueueDefined(queue=MAIN, ageing_s=10.0))
    line.call("c1", 0.0)
    line.tell(QueueDefined(queue=MAIN, ageing_s=10.0, ring_time_s=5.0), 25.0)
    line.wait(29.0)
    assert levels(line) == ["probe", "c1"]
    line.wait(40.0)
    assert levels(line) == ["c1", "probe"]


def test_a_caller_on_offer_wins_by_the_changed_rules_too() -> None:
    """The phone may ring out, and the caller stands in line again."""
    line = Hotline(QueueDefined(queue=MAIN))
    line.login("ana")
    line.call("c1", 0.0)
    line.tell(QueueDefined(queue=MAIN, ageing_s=2.0), 5.0)
    line.wait(20.0)
    assert levels(line) == ["c1", "probe"]


def test_of_a_table_the_rows_for_the_queue_count_anew_and_no_others() -> None:
    """The caller stands in both lines, and each counts by its own queue."""
    line = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=TAX, ageing_s=10.0))
    line.call("c1", 0.0, routes=BOTH)
    line.tell(QueueDefined(queue=MAIN, ageing_s=10.0), 25.0)
    line.wait(41.0)
    assert levels(line) == ["probe", "c1"]
    assert levels(line, TAX) == ["c1", "probe"]


def test_who_comes_from_another_queue_counts_as_if_they_had_waited_here_all_the_time() -> None:
    """The arrival is kept, and nobody who came later, or as late, is behind them by a change that both lived through."""
    overflow = (Overflow(target=Target(kind=TargetKind.QUEUE, name=TAX), waited_s=30.0),)
    line = Hotline(QueueDefined(queue=MAIN, overflow=overflow), QueueDefined(queue=TAX))
    line.call("here", 0.0, queue=TAX)
    line.call("moves", 1.0)
    line.tell(QueueDefined(queue=TAX, ageing_s=10.0), 25.0)
    line.wait(31.0)
    for now in (34.0, 35.5, 52.0, 56.0):
        line.wait(now)
        assert line.line(TAX) == ["here", "moves"]


ageing = st.fixed_dictionaries(
    {"ageing_s": st.sampled_from((None, 2.0, 7.0)), "promotion_s": st.sampled_from((None, 5.0))}
)


@given(st.lists(st.one_of(st.just("call"), st.floats(0.1, 30.0), ageing), max_size=30))
@settings(max_examples=100, deadline=None)
def test_equals_stay_in_the_order_they_came_whatever_ageing_comes_and_goes(
    steps: list[str | float | dict[str, float | None]],
) -> None:
    """First come, first served, at every moment."""
    line = Hotline(QueueDefined(queue=MAIN))
    came: list[str] = []
    for step in steps:
        if isinstance(step, str):
            came.append(f"c{len(came)}")
            line.call(came[-1], line.now + 0.01)
        elif isinstance(step, float):
            line.wait(line.now + step)
        else:
            line.tell(QueueDefined(queue=MAIN, ageing_s=step["ageing_s"], promotion_s=step["promotion_s"]))
        assert line.line() == came


RAISES = (LevelRule(add=1, waited_s=6.0), LevelRule(add=2, waited_s=15.0))
changed = st.builds(
    QueueDefined,
    queue=st.just(MAIN),
    limit=st.just(10_000),
    ageing_s=st.sampled_from((None, 2.0, 7.0)),
    promotion_s=st.sampled_from((None, 5.0, 16.0)),
    level_rules=st.sampled_from(((), RAISES, RAISES[:1])),
)


@given(st.lists(st.one_of(st.integers(0, 3), st.floats(0.1, 30.0), changed), max_size=30), st.randoms())
@settings(max_examples=100, deadline=None)
def test_who_is_told_the_changes_and_then_who_waits_has_the_same_order_then_and_later(
    steps: list[int | float | QueueDefined], chance: Random
) -> None:
    """A restart: the rules each at its time, then those who wait in any order, each with the arrival."""
    line = Hotline(QueueDefined(queue=MAIN, limit=10_000))
    came: list[tuple[str, float, int]] = []
    changes: list[tuple[QueueDefined, float]] = []
    for step in steps:
        if isinstance(step, QueueDefined):
            changes.append((step, line.now))
            line.tell(step)
        elif isinstance(step, float):
            line.wait(line.now + step)
        else:
            came.append((f"c{len(came)}", line.now + 0.01, step))
            line.call(came[-1][0], line.now + 0.01, level=step)
    after = Hotline(QueueDefined(queue=MAIN, limit=10_000))
    for rules, at in changes:
        after.tell(rules, at)
    chance.shuffle(came)
    for name, arrived_at, level in came:
        after.call(name, line.now, level=level, arrived_at=arrived_at)
    for later_s in (0.0, 3.0, 50.0):
        line.wait(line.now + later_s)
        after.wait(line.now)
        assert after.line() == line.line()
