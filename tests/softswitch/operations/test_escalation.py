"""Whom to ring next: in order, one after the other, from the first again, and at once for what is new."""

import json

import pytest

from softswitch.operations.escalation import Escalation, Pace

PACE = Pace(next_after_s=60.0, again_after_s=600.0)
ROSTER = ("wang", "li")


def rung(escalation: Escalation, now: float, roster: tuple[str, ...] = ROSTER) -> str | None:
    """Who is rung at a moment, in vain."""
    person = escalation.next_of(roster, now)
    if person is not None:
        escalation.begin(person)
        assert escalation.due_at is None
        escalation.end(roster, now)
    return person


def test_the_roster_is_asked_in_order_and_from_the_first_again() -> None:
    escalation = Escalation(PACE)
    assert escalation.due_at is None
    escalation.settle(100.0, 100.0)
    assert rung(escalation, 100.0) == "wang"
    assert rung(escalation, 159.0) is None
    assert rung(escalation, 160.0) == "li"
    assert escalation.due_at == 760.0
    assert rung(escalation, 759.0) is None
    assert [rung(escalation, 760.0), rung(escalation, 820.0)] == ["wang", "li"]


def test_who_acknowledges_ends_it_and_the_next_alarm_begins_with_the_first() -> None:
    escalation = Escalation(PACE)
    escalation.settle(100.0, 100.0)
    assert rung(escalation, 100.0) == "wang"
    escalation.settle(None, 110.0)
    assert escalation.due_at is None
    escalation.settle(120.0, 120.0)
    assert rung(escalation, 120.0) == "wang"


def test_a_new_alarm_does_not_wait_for_the_pause_after_the_last_one() -> None:
    escalation = Escalation(PACE)
    escalation.settle(100.0, 100.0)
    assert [rung(escalation, 100.0), rung(escalation, 160.0)] == ["wang", "li"]
    escalation.settle(100.0, 170.0)
    assert rung(escalation, 170.0) is None
    escalation.settle(180.0, 180.0)
    assert rung(escalation, 180.0) == "wang"


def test_a_new_alarm_does_not_overtake_the_one_who_comes_next() -> None:
    escalation = Escalation(PACE)
    escalation.settle(100.0, 100.0)
    assert rung(escalation, 100.0) == "wang"
    escalation.settle(110.0, 110.0)
    assert rung(escalation, 110.0) is None
    assert rung(escalation, 160.0) == "li"


def test_nobody_on_duty_is_looked_for_again() -> None:
    escalation = Escalation(PACE)
    escalation.settle(100.0, 100.0)
    assert rung(escalation, 100.0, ()) is None
    assert escalation.due_at == 160.0
    assert rung(escalation, 160.0) == "wang"


def test_a_round_in_which_no_phone_could_be_rung_is_no_round() -> None:
    escalation = Escalation(PACE)
    escalation.settle(100.0, 100.0)
    for now, person in ((100.0, "wang"), (160.0, "li"), (220.0, "wang")):
        assert escalation.next_of(ROSTER, now) == person
        escalation.begin(person)
        escalation.end(ROSTER, now, was_rung=False)
        assert escalation.due_at == now + PACE.next_after_s
    assert [rung(escalation, 280.0), escalation.due_at] == ["li", 880.0]


def test_a_restart_goes_on_with_the_one_whose_call_it_cut_off() -> None:
    before = Escalation(PACE)
    before.settle(100.0, 100.0)
    assert rung(before, 100.0) == "wang"
    assert before.next_of(ROSTER, 160.0) == "li"
    before.begin("li")
    after = Escalation(PACE, json.loads(json.dumps(before.to_record())))
    after.settle(100.0, 170.0)
    assert rung(after, 170.0) == "li"
    assert after.due_at == 770.0


@pytest.mark.parametrize("record", [{}, {"asked": 1, "due_at": None}, {"asked": [], "due_at": "x"}])
def test_a_record_that_is_none_is_refused(record: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Escalation(PACE, record)


@pytest.mark.parametrize("by_s", [3_600.0, -3_600.0])
def test_a_clock_that_is_set_makes_no_pause_longer_or_shorter(by_s: float) -> None:
    escalation = Escalation(PACE)
    escalation.clock_set(by_s)
    assert escalation.due_at is None
    escalation.settle(100.0, 100.0)
    assert rung(escalation, 100.0) == "wang"
    escalation.clock_set(by_s)
    assert rung(escalation, 159.0 + by_s) is None
    assert rung(escalation, 160.0 + by_s) == "li"
    escalation.clock_set(-by_s)
    assert rung(escalation, 759.0) is None
    assert rung(escalation, 760.0) == "wang"
