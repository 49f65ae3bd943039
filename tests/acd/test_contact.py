"""A contact's record."""

import pytest

from acd.contact import TIMELESS, Ageing, Contact, Place
from acd.contact_state import ContactState, ContactTrigger
from acd.errors import InvalidTransition
from acd.names import ContactId, QueueName


def contact(serial: int, level: int = 0, arrived_at: float = 0.0) -> Contact:
    """A contact."""
    place = Place(QueueName("main"))
    return Contact(ContactId(f"c{serial}"), (place,), level=level, arrived_at=arrived_at, serial=serial)


def test_arrival_tells_any_two_apart() -> None:
    """Equal times go by the order of the events."""
    people = [contact(1, arrived_at=5.0), contact(2, arrived_at=5.0), contact(3, arrived_at=1.0)]
    assert [each.serial for each in sorted(people, key=lambda each: each.arrival)] == [3, 1, 2]


def test_waiting_adds_levels_and_steps_of_priority_whole_ones_only() -> None:
    """Each after its own time; a clock that is behind the arrival adds nothing."""
    one = contact(1, level=2, arrived_at=100.0)
    ageing = Ageing(level_s=10.0, priority_s=60.0)
    assert [one.urgency(ageing, now) for now in (90.0, 100.0, 109.9, 110.0, 165.0)] == [
        (0, 2),
        (0, 2),
        (0, 2),
        (0, 3),
        (1, 8),
    ]
    assert one.urgency(TIMELESS, 1e9) == (0, 2)


def test_a_refused_trigger_changes_nothing() -> None:
    """It still waits."""
    one = contact(1)
    with pytest.raises(InvalidTransition):
        one.apply(ContactTrigger.ACCEPTED)
    assert one.state is ContactState.WAITING


def test_it_shows_name_state_and_queue() -> None:
    """Fit for a log line."""
    assert repr(contact(1)) == "<Contact c1 waiting in main>"
