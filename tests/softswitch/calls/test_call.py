"""A call's states, what its legs hear, and its record."""

import json
from itertools import product

import pytest

from media.commands import SourceKind
from softswitch.calls.call import CALL_TRANSITIONS, Call, CallState, IllegalCallState, Offer
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg, LegState
from softswitch.calls.routes import Route

WAYS: dict[CallState, tuple[CallState, ...]] = {
    CallState.ARRIVED: (),
    CallState.GREETED: (CallState.GREETED,),
    CallState.WAITING: (CallState.WAITING,),
    CallState.INTRODUCED: (CallState.WAITING, CallState.INTRODUCED),
    CallState.TALKING: (CallState.WAITING, CallState.TALKING),
    CallState.TURNED_AWAY: (CallState.WAITING, CallState.TURNED_AWAY),
    CallState.ENDED: (CallState.ENDED,),
}


def make_leg(leg_id: str, role: Role, state: LegState = LegState.CONFIRMED) -> Leg:
    leg = Leg(leg_id=leg_id, call_id="c1", role=role, inbound=True, networks=(), nat_address=None)
    if state is LegState.CONFIRMED:
        leg.become(LegState.SETTING_UP)
        leg.become(LegState.CONFIRMED)
    return leg


def make_call(state: CallState = CallState.ARRIVED) -> Call:
    """A call in a state, with a caller who talks and a phone that was rung."""
    call = Call(
        call_id="c1",
        trunk="city",
        caller="13800001111",
        called="12345",
        route=Route(queue="hotline", greeting="welcome"),
        arrived_at=1000.0,
        customer=make_leg("customer", Role.CUSTOMER),
        offer=Offer(offer_id="o1", agent="1001", extension="8001", leg=make_leg("agent", Role.AGENT)),
    )
    for step in WAYS[state]:
        call.become(step)
    return call


@pytest.mark.parametrize(("before", "after"), list(product(CallState, CallState)))
def test_each_step_is_in_the_table_or_refused_with_the_call_unchanged(
    before: CallState, after: CallState
) -> None:
    call = make_call(before)
    if after is before or after in CALL_TRANSITIONS[before]:
        call.become(after)
        assert call.state is after
        return
    with pytest.raises(IllegalCallState) as refused:
        call.become(after)
    assert (refused.value.call_id, refused.value.before, refused.value.after) == ("c1", before, after)
    assert call.state is before


def test_the_table_has_a_row_for_every_state_and_every_call_can_end() -> None:
    assert CALL_TRANSITIONS.keys() == set(CallState)
    assert not CALL_TRANSITIONS[CallState.ENDED]
    assert all(
        CallState.ENDED in CALL_TRANSITIONS[state] for state in CallState if state is not CallState.ENDED
    )


@pytest.mark.parametrize("state", [CallState.GREETED, CallState.WAITING])
def test_a_phone_that_rings_is_not_yet_part_of_the_hearing(state: CallState) -> None:
    rows = make_call(state).hearing("waiting")
    assert {leg: [source.kind for source in row] for leg, row in rows.items()} == {
        "customer": [SourceKind.MUSIC]
    }


def test_caller_and_agent_hear_each_other_once_they_talk() -> None:
    rows = make_call(CallState.TALKING).hearing("waiting")
    assert {leg: row[0].name for leg, row in rows.items()} == {"customer": "agent", "agent": "customer"}


def test_a_caller_who_is_not_yet_confirmed_hears_nothing() -> None:
    call = make_call()
    call.customer = make_leg("customer", Role.CUSTOMER, LegState.OPENING)
    assert call.hearing("waiting") == {}


def test_an_announcement_for_both_covers_both() -> None:
    call = make_call(CallState.INTRODUCED)
    call.prompted = True
    rows = call.hearing("waiting")
    assert {leg: row[0].kind for leg, row in rows.items()} == {
        "customer": SourceKind.PROMPT,
        "agent": SourceKind.PROMPT,
    }


def test_the_last_playlist_is_told_apart_from_those_before() -> None:
    call = make_call()
    names = set()
    for _ in range(3):
        call.playlists += 1
        names.add(call.playlist_id)
    assert len(names) == 3


def test_a_call_comes_back_from_its_record_with_all_its_times() -> None:
    call = make_call(CallState.TALKING)
    call.answered_at, call.queued_at, call.connected_at = 1001.0, 1002.0, 1003.0
    call.recording_id, call.recording_path, call.playlists = "r1", "/recordings/r1.wav", 4
    record = json.loads(json.dumps(call.to_record()))
    again = Call.restored(record)
    assert (again.state, again.customer, again.offer) == (CallState.WAITING, None, None)
    legs = {"customer": record["customer"], "offer": record["offer"], "state": record["state"]}
    assert {**again.to_record(), **legs} == record


def test_a_record_holds_what_adoption_asks_for_when_no_phone_rings() -> None:
    call = make_call(CallState.WAITING)
    call.offer = None
    record = call.to_record()
    assert (record["offer"], record["state"]) == (None, "waiting")
