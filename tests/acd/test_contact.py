"""A contact's record."""

import pytest

from acd.contact import Contact
from acd.contact_state import ContactState, ContactTrigger
from acd.errors import InvalidTransition
from acd.names import ContactId, QueueName


def contact(serial: int, level: int = 0, arrived_at: float = 0.0) -> Contact:
    """A contact."""
    return Contact(
        ContactId(f"c{serial}"), QueueName("main"), level=level, arrived_at=arrived_at, serial=serial
    )


def test_order_is_level_then_arrival_then_entry() -> None:
    """A total order: no two are equal."""
    people = [contact(1, 0, 5.0), contact(2, 0, 5.0), contact(3, 0, 1.0), contact(4, 2, 9.0)]
    assert [each.serial for each in sorted(people, key=lambda each: each.order)] == [4, 3, 1, 2]


def test_a_refused_trigger_changes_nothing() -> None:
    """It still waits."""
    one = contact(1)
    with pytest.raises(InvalidTransition):
        one.apply(ContactTrigger.ACCEPTED)
    assert one.state is ContactState.WAITING


def test_it_shows_name_state_and_queue() -> None:
    """Fit for a log line."""
    assert repr(contact(1)) == "<Contact c1 waiting in main>"
