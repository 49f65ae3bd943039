"""The contact's table: every state meets every trigger."""

import itertools

import pytest

from acd.contact_state import CONTACT_TRANSITIONS, ContactState, ContactTrigger, next_state
from acd.errors import InvalidTransition


@pytest.mark.parametrize(("state", "trigger"), list(itertools.product(ContactState, ContactTrigger)))
def test_each_pair_follows_the_table_or_is_refused(state: ContactState, trigger: ContactTrigger) -> None:
    """What is not in the row is refused with both named."""
    expected = CONTACT_TRANSITIONS[state].get(trigger)
    if expected is None:
        with pytest.raises(InvalidTransition) as caught:
            next_state(state, trigger)
        assert (caught.value.state, caught.value.trigger) == (state, trigger)
    else:
        assert next_state(state, trigger) is expected


def test_the_ends_are_ends() -> None:
    """Nothing happens to a contact that is gone."""
    assert [state for state in ContactState if not CONTACT_TRANSITIONS[state]] == [
        ContactState.LEFT,
        ContactState.ENDED,
    ]


def test_every_living_state_can_end() -> None:
    """A caller can hang up whenever."""
    for state, row in CONTACT_TRANSITIONS.items():
        if row:
            assert not CONTACT_TRANSITIONS[row[ContactTrigger.LEFT]], state


def test_every_trigger_is_in_the_table() -> None:
    """A trigger in no row could never happen."""
    assert {trigger for row in CONTACT_TRANSITIONS.values() for trigger in row} == set(ContactTrigger)
