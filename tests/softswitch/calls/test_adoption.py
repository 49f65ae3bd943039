"""What becomes of each call when control comes back."""

from itertools import product
from typing import Any

import pytest

from softswitch.calls.adoption import Adoption, Fate, decide
from softswitch.calls.call import CallState


def record(state: CallState, *, agent: bool) -> dict[str, Any]:
    """A call as it was written down."""
    talks = state in (CallState.INTRODUCED, CallState.TALKING)
    parties = [{"leg": {"leg_id": "customer"}, "role": "customer", "joined_at": 1.0}]
    if agent:
        parties.append({"leg": {"leg_id": "agent"}, "role": "agent", "joined_at": 2.0 if talks else None})
    return {"call_id": "c1", "state": state.value, "queue": "hotline", "parties": parties}


BOTH = frozenset({"customer", "agent"})


def fate(found: Adoption) -> tuple[Fate, tuple[str, ...]]:
    return found.fate, found.ended_legs


@pytest.mark.parametrize("state", [CallState.INTRODUCED, CallState.TALKING])
def test_two_living_legs_go_on_talking(state: CallState) -> None:
    assert fate(decide(record(state, agent=True), BOTH, BOTH)) == (Fate.TALKS, ())


def test_a_phone_that_rang_is_hung_up_and_the_caller_waits_on() -> None:
    """Who answered while nobody decided cannot be told any more: the phone is let go."""
    assert fate(decide(record(CallState.WAITING, agent=True), BOTH, BOTH)) == (Fate.WAITS, ("agent",))


@pytest.mark.parametrize("state", [CallState.ARRIVED, CallState.GREETED, CallState.WAITING])
def test_a_caller_alone_waits_on(state: CallState) -> None:
    assert fate(decide(record(state, agent=False), BOTH, BOTH)) == (Fate.WAITS, ())


@pytest.mark.parametrize(("in_cells", "in_plane"), [({"customer"}, BOTH), (BOTH, {"customer"})])
def test_a_caller_whose_agent_was_lost_on_either_side_waits(in_cells: set[str], in_plane: set[str]) -> None:
    found = decide(record(CallState.TALKING, agent=True), in_cells, in_plane)
    assert fate(found) == (Fate.WAITS, ("agent",))


@pytest.mark.parametrize(("in_cells", "in_plane"), [({"agent"}, BOTH), (BOTH, {"agent"}), ((), ())])
def test_without_the_callers_leg_all_is_over(in_cells: set[str], in_plane: set[str]) -> None:
    found = decide(record(CallState.TALKING, agent=True), in_cells, in_plane)
    assert fate(found) == (Fate.IS_OVER, ("customer", "agent"))


def test_a_call_that_never_had_a_leg_is_over() -> None:
    found = decide({**record(CallState.ARRIVED, agent=False), "parties": []}, BOTH, BOTH)
    assert fate(found) == (Fate.IS_OVER, ())


def test_every_leg_of_a_record_is_kept_or_ended_and_only_living_ones_are_kept() -> None:
    some = [frozenset[str](), frozenset({"customer"}), frozenset({"agent"}), BOTH]
    for state, agent, in_cells, in_plane in product(CallState, [True, False], some, some):
        found = decide(record(state, agent=agent), in_cells, in_plane)
        legs = {"customer", "agent"} if agent else {"customer"}
        kept = legs - set(found.ended_legs)
        assert set(found.ended_legs) <= legs
        assert kept <= in_cells & in_plane
        expected = {Fate.IS_OVER: set[str](), Fate.WAITS: {"customer"}, Fate.TALKS: {"customer", "agent"}}
        assert kept == expected[found.fate]


def test_a_dialled_call_has_no_line_to_go_back_to() -> None:
    dialled = {**record(CallState.TALKING, agent=True), "queue": ""}
    assert fate(decide(dialled, {"customer"}, BOTH)) == (Fate.IS_OVER, ("customer", "agent"))


def test_a_call_that_an_agent_left_to_an_outsider_goes_on_without_agents() -> None:
    handed = record(CallState.TALKING, agent=False)
    handed["parties"].append({"leg": {"leg_id": "outsider"}, "role": "consultee", "joined_at": 3.0})
    both = {"customer", "outsider"}
    assert fate(decide(handed, both, both)) == (Fate.TALKS, ())


def test_whom_a_lost_agent_asked_is_let_go() -> None:
    asked = record(CallState.TALKING, agent=True)
    asked["parties"].append({"leg": {"leg_id": "asked"}, "role": "consultee", "joined_at": 3.0})
    living = {"customer", "asked"}
    assert fate(decide(asked, living, living)) == (Fate.WAITS, ("agent", "asked"))


def test_a_caller_who_was_answered_and_has_not_acknowledged_goes_on_from_there() -> None:
    answered = {**record(CallState.ARRIVED, agent=False), "answered_at": 1.0}
    assert fate(decide(answered, (), BOTH, {"customer"})) == (Fate.ARRIVES, ())
    assert decide(answered, (), BOTH, {"customer"}).kept_legs == {"customer"}
    assert fate(decide(answered, (), {"agent"}, {"customer"})) == (Fate.IS_OVER, ("customer",))
    assert fate(decide({**answered, "answered_at": None}, (), BOTH, {"customer"}))[0] is Fate.IS_OVER
    assert fate(decide(answered, BOTH, BOTH, ())) == (Fate.WAITS, ())  # the ACK came while nobody decided
