"""A call's states, what its legs hear, and its record."""

import json
from itertools import product

import pytest

from media.commands import SourceKind
from softswitch.calls.call import CALL_TRANSITIONS, Call, CallState, IllegalCallState
from softswitch.calls.hearing import Role
from softswitch.calls.leg import Leg, LegState
from softswitch.calls.party import CallParty, Errand
from softswitch.calls.routes import Route

WAYS: dict[CallState, tuple[CallState, ...]] = {
    CallState.ARRIVED: (),
    CallState.DIALLING: (CallState.DIALLING,),
    CallState.GREETED: (CallState.GREETED,),
    CallState.IN_FLOW: (CallState.IN_FLOW,),
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
        parties=[
            CallParty(leg=make_leg("customer", Role.CUSTOMER), role=Role.CUSTOMER, errand=Errand.CALLER),
            CallParty(
                leg=make_leg("agent", Role.AGENT),
                agent="1001",
                extension="8001",
                offer_id="o1",
                contact="c1",
                joined_at=1003.0 if state in (CallState.INTRODUCED, CallState.TALKING) else None,
            ),
        ],
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


def test_a_caller_in_a_flow_hears_what_is_said_without_music_and_a_masked_one_is_not_recorded() -> None:
    call = make_call(CallState.IN_FLOW)
    call.prompted = True
    assert [source.kind for source in call.hearing("waiting")["customer"]] == [SourceKind.PROMPT]
    assert call.voices() == (("customer",), ())
    call.masked = True
    assert call.voices() == ((), ())


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
    call.parties[0].leg = make_leg("customer", Role.CUSTOMER, LegState.OPENING)
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
    again = Call.restored(record, ())
    assert (again.state, again.parties) == (CallState.WAITING, [])
    assert {**again.to_record(), "parties": record["parties"], "state": record["state"]} == record


def test_the_parties_whose_legs_live_come_back_with_all_their_flags() -> None:
    call = make_call(CallState.TALKING)
    call.parties[1].muted = True
    call.parties[0].held, call.parties[0].joined_at = True, 1001.0
    record = json.loads(json.dumps(call.to_record()))
    again = Call.restored(record, {"customer", "agent"})
    assert [party.to_record() for party in again.parties] == record["parties"]
    assert [party.leg_id for party in Call.restored(record, {"customer"}).parties] == ["customer"]


def test_a_caller_who_was_held_for_a_consult_that_is_lost_is_out_of_hold() -> None:
    call = make_call(CallState.TALKING)
    call.parties[0].held = True
    call.parties.append(
        CallParty(
            leg=make_leg("asked", Role.CONSULTEE), role=Role.CONSULTEE, errand=Errand.CONSULT, by="agent"
        )
    )
    record = json.loads(json.dumps(call.to_record()))
    lost = Call.restored(record, {"customer", "agent"}).customer
    kept = Call.restored(record, {"customer", "agent", "asked"}).customer
    assert lost is not None
    assert kept is not None
    assert (lost.held, kept.held) == (False, True)


def test_the_agents_channel_holds_who_works_for_the_hotline_and_can_be_heard() -> None:
    call = make_call(CallState.TALKING)
    assert call.voices() == (("customer",), ("agent",))
    call.parties[1].muted = True
    assert call.voices() == (("customer",), ())
    call.recording_paused = True
    assert call.voices() == ((), ())
