"""A contact's level, raised and lowered by rules."""

from collections.abc import Callable

import pytest

from acd.errors import InvalidValue, UnknownContact
from acd.events import CallerRecalled, ContactLevelChanged, QueueDefined
from acd.levels import CallerHistory, DayOfCalls, Gain, LevelRule, Raises, gains_of, rises_of
from acd.names import ContactId
from acd.skills import Widening
from tests.acd.hotline import MAIN, Hotline

C1 = ContactId("c1")
OFTEN_OF_OLD = (
    DayOfCalls(days_ago=0, calls=2),
    DayOfCalls(days_ago=6, calls=1, abandoned=1),
    DayOfCalls(days_ago=7, calls=6, abandoned=1),
)


@pytest.mark.parametrize(
    "build",
    [
        lambda: CallerHistory(calls=-1),
        lambda: CallerHistory(abandoned=-1),
        lambda: DayOfCalls(days_ago=-1, calls=1),
        lambda: LevelRule(add=1, calls=1, days=-1),
        lambda: LevelRule(add=1, waited_s=-1.0),
        lambda: LevelRule(add=1, calls=-1),
    ],
)
def test_what_cannot_be_true_cannot_be_built(build: Callable[[], object]) -> None:
    """Refused with the field."""
    with pytest.raises(InvalidValue):
        build()


def test_rules_that_follow_one_another_raise_each_in_its_time() -> None:
    """The second set counts from when it came; what the first would have added later is not added."""
    first, second = (Gain(10.0, 1), Gain(60.0, 5)), (Gain(20.0, 2),)
    assert rises_of((Raises(first),), 100.0) == ((110.0, 1), (160.0, 5))
    assert rises_of((Raises(first, 130.0), Raises(second)), 100.0) == ((110.0, 1), (150.0, 2))
    assert rises_of((), 100.0) == ()


@pytest.mark.parametrize(
    ("rule", "caller", "adds"),
    [
        (LevelRule(add=2), CallerHistory(), 2),
        (LevelRule(add=2, calls=3), CallerHistory(calls=2), 0),
        (LevelRule(add=2, calls=3), CallerHistory(calls=3), 2),
        (LevelRule(add=1, abandoned=1), CallerHistory(calls=9), 0),
        (LevelRule(add=1, abandoned=1), CallerHistory(abandoned=1), 1),
        (LevelRule(add=-3, listed="nuisance"), CallerHistory(lists=("vip", "nuisance")), -3),
        (LevelRule(add=-3, listed="nuisance"), CallerHistory(lists=("vip",)), 0),
        (LevelRule(add=1, waited_s=30.0), CallerHistory(), 0),
        (LevelRule(add=2, calls=3, days=2), CallerHistory(calls=9, abandoned=2, days=OFTEN_OF_OLD), 0),
        (LevelRule(add=2, calls=3, days=7), CallerHistory(calls=9, abandoned=2, days=OFTEN_OF_OLD), 2),
        (LevelRule(add=2, abandoned=2, days=7), CallerHistory(calls=9, abandoned=2, days=OFTEN_OF_OLD), 0),
        (LevelRule(add=2, abandoned=2, days=8), CallerHistory(calls=9, abandoned=2, days=OFTEN_OF_OLD), 2),
    ],
)
def test_a_rule_adds_while_all_its_conditions_hold(rule: LevelRule, caller: CallerHistory, adds: int) -> None:
    """Past calls, abandoned ones, lists, the wait."""
    assert sum(gain.add for gain in gains_of((rule,), caller) if gain.waited_s <= 29.9) == adds


def hotline(*rules: LevelRule) -> Hotline:
    """One queue with these rules."""
    return Hotline(QueueDefined(queue=MAIN, level_rules=rules))


def test_what_is_known_of_a_caller_decides_the_place() -> None:
    """The sum of all rules that hold is added to the level that was given."""
    line = hotline(
        LevelRule(add=1, abandoned=1), LevelRule(add=2, calls=3), LevelRule(add=-9, listed="nuisance")
    )
    line.call("c1", 1.0)
    line.call("c2", 2.0, caller=CallerHistory(abandoned=1))
    line.call("c3", 3.0, caller=CallerHistory(calls=3, abandoned=2))
    line.call("c4", 4.0, level=5, caller=CallerHistory(lists=("nuisance",)))
    assert line.line() == ["c3", "c2", "c1", "c4"]
    assert line.reported_contact("c4").level == -4


def test_a_wait_changes_the_level_to_the_second() -> None:
    """Reported; up and down, each from its own time on."""
    line = hotline(LevelRule(add=3, waited_s=30.0), LevelRule(add=-1, waited_s=60.0))
    line.call("c1", 10.0)
    line.call("c2", 20.0, level=2)
    assert line.line() == ["c2", "c1"]
    assert line.engine.next_deadline() == 40.0
    line.wait(40.0)
    assert line.reported_contact("c1").level == 3
    assert line.line() == ["c1", "c2"]
    line.wait(70.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [5, 2]


def test_somebody_can_give_another_level_during_the_call() -> None:
    """The rules add to it; one on offer has it when it waits again."""
    line = hotline(LevelRule(add=1))
    line.call("c1", 1.0)
    line.call("c2", 2.0)
    line.tell(ContactLevelChanged(contact=ContactId("c2"), level=4), 3.0)
    assert line.line() == ["c2", "c1"]
    assert line.reported_contact("c2").level == 5
    line.login("ana", 4.0)
    line.tell(ContactLevelChanged(contact=ContactId("c2"), level=-4), 5.0)
    line.decline("c2", 6.0)
    assert line.line() == ["c1", "c2"]
    with pytest.raises(UnknownContact):
        line.tell(ContactLevelChanged(contact=ContactId("c9"), level=4))


def test_what_comes_to_light_of_a_caller_counts_from_then_on() -> None:
    """At once for one who waits; for one on offer when it waits again."""
    line = hotline(LevelRule(add=2, abandoned=1))
    line.call("c1", 1.0)
    line.call("c2", 2.0)
    line.tell(CallerRecalled(contact=ContactId("c2"), caller=CallerHistory(abandoned=1)), 3.0)
    assert line.line() == ["c2", "c1"]
    line.login("ana", 4.0)
    line.tell(CallerRecalled(contact=ContactId("c2"), caller=CallerHistory()), 5.0)
    line.decline("c2", 6.0)
    assert line.line() == ["c1", "c2"]
    with pytest.raises(UnknownContact):
        line.tell(CallerRecalled(contact=ContactId("c9"), caller=CallerHistory()))


def test_changed_rules_are_for_those_who_come_and_move_nobody_who_waits() -> None:
    """Not when another rule of the queue changes either, nor after an offer in vain; who is moved comes anew."""
    line = hotline()
    line.call("c1", 1.0)
    line.call("c2", 2.0, caller=CallerHistory(calls=1))
    line.login("ana", 2.5)
    assert line.offered() == [("c1", "ana")]
    line.call("c3", 2.6)
    line.call("c4", 2.7, caller=CallerHistory(calls=1))
    before = line.line()
    for widening in ((), (Widening(after_s=9.0),)):
        rules = (LevelRule(add=1, calls=1),)
        line.tell(QueueDefined(queue=MAIN, level_rules=rules, widening=widening), 3.0)
        assert line.line() == before
    line.call("c5", 3.5, caller=CallerHistory(calls=1))
    assert line.line() == ["c5", *before]
    line.decline("c1", 4.0)
    assert line.line() == ["c5", "c1", *before]
    line.call("c4", 5.0, caller=CallerHistory(calls=1))
    assert line.line() == ["c4", "c5", "c1", *[name for name in before if name != "c4"]]


RAISE = LevelRule(add=2, waited_s=10.0)


def test_a_new_rule_that_raises_who_waits_long_holds_for_those_who_wait_from_the_change_on() -> None:
    """Else whoever comes later would pass them; one on offer too, and nobody more than once."""
    line = hotline()
    line.login("ana")
    line.call("c0", 0.0)
    line.call("c1", 1.0)
    line.tell(QueueDefined(queue=MAIN, level_rules=(RAISE,)), 5.0)
    line.call("c2", 6.0)
    assert line.engine.next_deadline() == 15.0
    line.wait(15.0)
    assert [(each.contact, each.level) for each in line.engine.waiting(MAIN)] == [("c1", 2), ("c2", 0)]
    line.decline("c0", 15.5)
    line.tell(QueueDefined(queue=MAIN, level_rules=(RAISE,), ring_time_s=9.0), 15.6)
    line.wait(30.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [2, 2]


def test_what_waiting_won_by_rules_that_are_gone_is_kept_and_no_more_is_won_by_them() -> None:
    """The next ones count from where they begin."""
    line = hotline(RAISE, LevelRule(add=3, waited_s=20.0))
    line.call("c1", 0.0)
    line.tell(QueueDefined(queue=MAIN), 12.0)
    line.wait(25.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [2]
    line.tell(QueueDefined(queue=MAIN, level_rules=(RAISE,)), 30.0)
    line.wait(39.9)
    assert [each.level for each in line.engine.waiting(MAIN)] == [2]
    line.wait(40.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [4]


def test_who_comes_with_an_old_arrival_has_what_those_have_who_waited_since() -> None:
    """Not the whole wait by rules that came in the middle of it."""
    line = hotline()
    line.call("c1", 0.0)
    line.tell(QueueDefined(queue=MAIN, level_rules=(RAISE,)), 20.0)
    line.call("c2", 21.0, arrived_at=5.0)
    assert line.line() == ["c1", "c2"]
    line.wait(30.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [2, 2]
    line.call("c3", 31.0, arrived_at=20.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [2, 2, 2]


@pytest.mark.parametrize(
    "rule",
    [
        LevelRule(add=2),
        LevelRule(add=-2, waited_s=10.0),
        LevelRule(add=2, waited_s=10.0, calls=1),
        LevelRule(add=2, waited_s=10.0, abandoned=1),
        LevelRule(add=2, waited_s=10.0, listed="vip"),
    ],
)
def test_other_new_rules_are_for_those_who_come(rule: LevelRule) -> None:
    """They would turn people about who wait already."""
    line = hotline()
    line.call("c1", 1.0, caller=CallerHistory(calls=1, abandoned=1, lists=("vip",)))
    line.tell(QueueDefined(queue=MAIN, level_rules=(rule,)), 5.0)
    line.wait(100.0)
    assert [each.level for each in line.engine.waiting(MAIN)] == [0]
