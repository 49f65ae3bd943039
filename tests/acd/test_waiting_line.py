"""A line of contacts: levels, arrival, places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.contact import Contact
from acd.names import ContactId, QueueName
from acd.waiting_line import WaitingLine


def contact(serial: int, level: int = 0, arrived_at: float = 0.0) -> Contact:
    """A contact."""
    return Contact(
        ContactId(f"c{serial}"), QueueName("main"), level=level, arrived_at=arrived_at, serial=serial
    )


def test_positions_count_from_one_for_the_next() -> None:
    """Over all levels."""
    line = WaitingLine()
    low, first, second = contact(1), contact(2, level=9), contact(3, level=9)
    for each in (low, second, first):
        line.join(each)
    assert [line.position(each) for each in (first, second, low)] == [1, 2, 3]


def test_who_is_not_there_has_no_place() -> None:
    """Neither in an empty line nor in one with others."""
    line = WaitingLine()
    with pytest.raises(KeyError):
        line.position(contact(1))
    line.join(contact(2))
    with pytest.raises(KeyError):
        line.position(contact(1))
    with pytest.raises(KeyError):
        line.leave(contact(1))


def test_an_empty_level_is_forgotten() -> None:
    """However many levels there were."""
    line = WaitingLine()
    for level in range(50):
        one = contact(level, level=level)
        line.join(one)
        line.leave(one)
    assert len(line) == 0
    assert line._buckets == {}
    assert line._levels == []


@given(
    st.lists(st.tuples(st.integers(-2, 2), st.floats(0, 100), st.booleans()), max_size=60),
)
def test_it_is_the_list_sorted_by_level_arrival_and_entry(people: list[tuple[int, float, bool]]) -> None:
    """Whoever leaves, the rest is in order and counted right."""
    line = WaitingLine()
    everybody = [contact(serial, level, at) for serial, (level, at, _) in enumerate(people)]
    for each in everybody:
        line.join(each)
    stay = []
    for each, (_, _, leaves) in zip(everybody, people, strict=True):
        if leaves:
            line.leave(each)
        else:
            stay.append(each)
    stay.sort(key=lambda each: (-each.level, each.arrived_at, each.serial))
    assert list(line) == stay
    assert len(line) == len(stay)
    assert [line.position(each) for each in stay] == list(range(1, len(stay) + 1))
