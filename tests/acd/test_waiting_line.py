"""A line of contacts: levels, arrival, places."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.contact import TIMELESS, Ageing, Contact, Place
from acd.names import ContactId, QueueName
from acd.waiting_line import Bucket, Front, WaitingLine, order


def contact(serial: int, level: int = 0, arrived_at: float = 0.0, ageing: Ageing = TIMELESS) -> Contact:
    """A contact."""
    place = Place(QueueName("main"), ageing=ageing)
    return Contact(ContactId(f"c{serial}"), (place,), level=level, arrived_at=arrived_at, serial=serial)


def test_positions_count_from_one_for_the_next() -> None:
    """Over all levels."""
    line = WaitingLine()
    low, first, second = contact(1), contact(2, level=9), contact(3, level=9)
    for each in (low, second, first):
        line.join(each, each.place)
    assert [line.position(each, each.place, 0.0) for each in (first, second, low)] == [1, 2, 3]


def test_who_is_not_there_cannot_leave() -> None:
    """Neither an empty line nor one with others."""
    line = WaitingLine()
    one = contact(1)
    with pytest.raises(KeyError):
        line.leave(one, one.place)
    other = contact(2)
    line.join(other, other.place)
    with pytest.raises(KeyError):
        line.leave(one, one.place)
    assert list(line) == [other]


def test_an_empty_level_is_forgotten() -> None:
    """However many levels there were."""
    line = WaitingLine()
    for level in range(50):
        one = contact(level, level=level)
        line.join(one, one.place)
        line.leave(one, one.place)
    assert len(line) == 0
    assert line._buckets == {}


def test_a_kind_that_is_gone_leaves_nothing_to_the_collector() -> None:
    """Else it would run, for milliseconds, in front of a caller."""
    line = WaitingLine()
    gc.collect()
    gc.disable()
    try:
        before = buckets()
        for level in range(50):
            one = contact(level, level=level)
            line.join(one, one.place)
            assert len(line.fronts(1.0)) == 1
            line.leave(one, one.place)
        assert buckets() == before
    finally:
        gc.enable()


def buckets() -> int:
    """How many buckets the process holds, in use or not."""
    return sum(type(each) is Bucket for each in gc.get_objects())


def in_order(line: WaitingLine, now: float) -> list[Front]:
    """The kinds by the urgency of their first, worked out anew."""
    found = []
    for bucket in line.buckets():
        steps, level = bucket.contacts.first.urgency(bucket.ageing, now)
        found.append((-steps, -level, bucket.serial, bucket))
    return sorted(found)


AGEINGS = (TIMELESS, Ageing(level_s=10.0), Ageing(level_s=25.0, priority_s=40.0))


@given(
    st.lists(
        st.tuples(st.integers(-2, 2), st.floats(0, 100), st.sampled_from(AGEINGS), st.booleans()), max_size=60
    ),
    st.floats(100, 300),
)
def test_it_is_the_list_sorted_by_urgency_arrival_and_entry(
    people: list[tuple[int, float, Ageing, bool]], now: float
) -> None:
    """Whoever leaves, the rest is in order and counted right, at any time."""
    line = WaitingLine()
    everybody = [contact(serial, level, at, ageing) for serial, (level, at, ageing, _) in enumerate(people)]
    for each in everybody:
        line.join(each, each.place)
    stay = []
    for each, (_, _, _, leaves) in zip(everybody, people, strict=True):
        if leaves:
            line.leave(each, each.place)
        else:
            stay.append(each)
    stay.sort(key=lambda each: order(each, each.place.ageing, now))
    assert line.in_order(now) == stay
    assert sorted(each.serial for each in line) == sorted(each.serial for each in stay)
    assert len(line) == len(stay)
    assert [line.position(each, each.place, now) for each in stay] == list(range(1, len(stay) + 1))


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 50)), min_size=1, max_size=30), st.floats(50, 200))
def test_the_head_of_a_bucket_is_its_most_urgent(people: list[tuple[int, float]], now: float) -> None:
    """That is what lets a decision look at heads only."""
    line = WaitingLine()
    for serial, (level, at) in enumerate(people):
        one = contact(serial, level, at, AGEINGS[2])
        line.join(one, one.place)
    heads = [next(iter(bucket.contacts)) for bucket in line.buckets()]
    assert min(heads, key=lambda each: order(each, AGEINGS[2], now)) is line.in_order(now)[0]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 50), st.sampled_from(AGEINGS)), min_size=2, max_size=12
    ),
    st.lists(st.floats(0, 9), min_size=1, max_size=12),
)
def test_the_kinds_lie_by_the_urgency_of_their_first_at_any_time(
    people: list[tuple[int, float, Ageing]], spans_s: list[float]
) -> None:
    """Though it is worked out anew only when somebody goes or a step of waiting may be reached."""
    line = WaitingLine()
    everybody = [contact(serial, level, at, ageing) for serial, (level, at, ageing) in enumerate(people)]
    for each in everybody:
        line.join(each, each.place)
    now = 50.0
    for span_s in spans_s:
        now += span_s
        assert line.fronts(now) == in_order(line, now)
        if len(line) > 1:
            leaver = everybody.pop()
            line.leave(leaver, leaver.place)
            assert line.fronts(now) == in_order(line, now)
