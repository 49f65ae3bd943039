"""The state of a contact of another medium, and what a restart is left of it."""

import itertools

import pytest

from softswitch.contacts.contact import WORK_TRANSITIONS, IllegalWorkState, MediaContact, WorkState


def contact(state: WorkState = WorkState.WAITING) -> MediaContact:
    """A chat in some state."""
    return MediaContact(contact_id="ct-1", medium="chat", queue="hotline", arrived_at=5.0, state=state)


@pytest.mark.parametrize(("before", "after"), [*itertools.product(WorkState, WorkState)])
def test_only_what_the_table_names_can_follow(before: WorkState, after: WorkState) -> None:
    """Everything else is refused and changes nothing."""
    one = contact(before)
    if after is before or after in WORK_TRANSITIONS[before]:
        one.become(after)
        assert one.state is after
    else:
        with pytest.raises(IllegalWorkState, match=f"from {before} to {after}"):
            one.become(after)
        assert one.state is before


def test_what_is_written_down_reads_back_and_an_offer_ends_with_the_process() -> None:
    """Who was only shown it has it no more."""
    one = contact(WorkState.OFFERED)
    one.offers["1001"] = "o1"
    found = MediaContact.restored(one.to_record())
    assert (found.state, found.offers, found.arrived_at) == (WorkState.WAITING, {}, 5.0)
    with pytest.raises(ValueError, match="lost"):
        MediaContact.restored(one.to_record() | {"state": "lost"})
