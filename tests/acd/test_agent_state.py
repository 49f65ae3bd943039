"""The agent's tables: every state meets every trigger."""

import itertools

import pytest

from acd.agent_state import (
    ACTIVITY_TRANSITIONS,
    APPLIED_LATER,
    DEFERRED,
    IN_CALL,
    PRESENCE_TRANSITIONS,
    Activity,
    AgentTrigger,
    Presence,
    next_state,
)
from acd.errors import InvalidTransition


def test_every_state_has_a_row() -> None:
    """A missing row would be a state that was forgotten."""
    assert set(PRESENCE_TRANSITIONS) == set(Presence)
    assert set(ACTIVITY_TRANSITIONS) == set(Activity)


def test_every_trigger_is_in_a_table() -> None:
    """A trigger in no row would silently mean nothing."""
    rows = [*PRESENCE_TRANSITIONS.values(), *ACTIVITY_TRANSITIONS.values()]
    assert {trigger for row in rows for trigger in row} == set(AgentTrigger)


@pytest.mark.parametrize(
    ("presence", "activity", "trigger"), list(itertools.product(Presence, Activity, AgentTrigger))
)
def test_each_pair_follows_both_tables_or_is_refused(
    presence: Presence, activity: Activity, trigger: AgentTrigger
) -> None:
    """A trigger leads where both tables say; absent from the row of a table that knows it, it is refused."""
    expected: list[object] = []
    for value, table in ((presence, PRESENCE_TRANSITIONS), (activity, ACTIVITY_TRANSITIONS)):
        is_concerned = any(trigger in row for row in table.values())
        expected.append(table[value].get(trigger) if is_concerned else value)  # type: ignore[index]
    if None in expected:
        with pytest.raises(InvalidTransition) as caught:
            next_state(presence, activity, trigger)
        assert caught.value.state == f"{presence}, {activity}"
        assert caught.value.trigger == trigger
    else:
        assert next_state(presence, activity, trigger) == tuple(expected)


def test_logged_out_has_only_the_way_in() -> None:
    """Somebody who is not there can do nothing but log in."""
    assert set(PRESENCE_TRANSITIONS[Presence.LOGGED_OUT]) == {
        AgentTrigger.LOGGED_IN_READY,
        AgentTrigger.LOGGED_IN_NOT_READY,
    }


def test_only_a_ready_idle_agent_can_be_reserved() -> None:
    """Every other state refuses an offer."""
    able = [
        (presence, activity)
        for presence, activity in itertools.product(Presence, Activity)
        if _fits(presence, activity, AgentTrigger.RESERVED)
    ]
    assert able == [(Presence.READY, Activity.IDLE)]


def test_a_lost_phone_never_refuses_and_never_leaves_somebody_ready() -> None:
    """It is a fact of nature for whoever is logged in, and a conversation goes on."""
    for presence, activity in itertools.product(Presence, Activity):
        if presence is not Presence.LOGGED_OUT:
            after = next_state(presence, activity, AgentTrigger.PHONE_LOST)
            assert after[0] is Presence.NOT_READY
            assert after[1] is (activity if activity in IN_CALL else Activity.IDLE)


def test_wishes_in_a_call_are_deferred_not_refused() -> None:
    """The tables refuse exactly what `DEFERRED` keeps for later."""
    for activity in IN_CALL:
        for trigger in DEFERRED:
            assert not _fits(Presence.READY, activity, trigger)
    assert {APPLIED_LATER[presence] for presence in DEFERRED.values()} == set(DEFERRED)


def _fits(presence: Presence, activity: Activity, trigger: AgentTrigger) -> bool:
    try:
        next_state(presence, activity, trigger)
    except InvalidTransition:
        return False
    return True
