"""A leg's states, and its record."""

import json
from itertools import product

import pytest

from softswitch.calls.hearing import Role
from softswitch.calls.leg import LEG_TRANSITIONS, IllegalLegState, Leg, LegState


def make_leg(state: LegState = LegState.OPENING) -> Leg:
    """A leg in a state, by the shortest way there."""
    leg = Leg(
        leg_id="leg1",
        call_id="c1",
        role=Role.CUSTOMER,
        inbound=True,
        networks=("127.65.0.0/24",),
        nat_address="127.65.0.3",
    )
    ways = {
        LegState.OPENING: (),
        LegState.SETTING_UP: (LegState.SETTING_UP,),
        LegState.RINGING: (LegState.SETTING_UP, LegState.RINGING),
        LegState.CONFIRMED: (LegState.SETTING_UP, LegState.CONFIRMED),
        LegState.ENDING: (LegState.ENDING,),
        LegState.ENDED: (LegState.ENDED,),
    }
    for step in ways[state]:
        leg.become(step)
    return leg


@pytest.mark.parametrize(("before", "after"), list(product(LegState, LegState)))
def test_each_step_is_in_the_table_or_refused_with_the_leg_unchanged(
    before: LegState, after: LegState
) -> None:
    leg = make_leg(before)
    if after in LEG_TRANSITIONS[before]:
        leg.become(after)
        assert leg.state is after
        return
    with pytest.raises(IllegalLegState) as refused:
        leg.become(after)
    assert (refused.value.leg_id, refused.value.before, refused.value.after) == ("leg1", before, after)
    assert leg.state is before


def test_the_table_has_a_row_for_every_state_and_the_end_has_no_way_out() -> None:
    assert LEG_TRANSITIONS.keys() == set(LegState)
    assert not LEG_TRANSITIONS[LegState.ENDED]
    assert all(LegState.ENDED in row for state, row in LEG_TRANSITIONS.items() if state is not LegState.ENDED)


def test_only_a_confirmed_leg_talks_and_an_ordered_end_counts_as_over() -> None:
    assert [state for state in LegState if make_leg(state).is_talking] == [LegState.CONFIRMED]
    assert [state for state in LegState if make_leg(state).is_over] == [LegState.ENDING, LegState.ENDED]


def test_a_leg_comes_back_from_its_record_confirmed_and_with_sound() -> None:
    leg = make_leg(LegState.CONFIRMED)
    leg.holding = True
    again = Leg.restored(json.loads(json.dumps(leg.to_record())), "c1")
    assert again.to_record() == leg.to_record()
    assert (again.state, again.has_media, again.call_id) == (LegState.CONFIRMED, True, "c1")
