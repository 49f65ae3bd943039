"""Deadlines: the earliest first, each once."""

from hypothesis import given
from hypothesis import strategies as st

from acd.deadlines import Deadlines

A, B, C = ("ring", "a"), ("ring", "b"), ("wrap_up", "a")


def test_the_earliest_is_at_hand_and_comes_out_when_it_is_due() -> None:
    """Not before its time, and exactly at its time."""
    deadlines = Deadlines()
    deadlines.set(A, 20.0)
    deadlines.set(B, 10.0)
    assert deadlines.earliest() == 10.0
    assert deadlines.pop_due(9.999) is None
    assert deadlines.pop_due(10.0) == B
    assert deadlines.earliest() == 20.0
    assert len(deadlines) == 1


def test_equal_times_come_in_the_order_they_were_set() -> None:
    """So that a replay is the same to the byte."""
    deadlines = Deadlines()
    for key in (B, A, C):
        deadlines.set(key, 5.0)
    assert [deadlines.pop_due(5.0) for _ in range(4)] == [B, A, C, None]


def test_setting_again_moves_and_cancelling_removes() -> None:
    """The old time means nothing any more."""
    deadlines = Deadlines()
    deadlines.set(A, 5.0)
    deadlines.set(A, 50.0)
    deadlines.set(B, 7.0)
    deadlines.cancel(B)
    deadlines.cancel(B)
    assert deadlines.at(A) == 50.0
    assert deadlines.at(B) is None
    assert deadlines.earliest() == 50.0
    assert deadlines.pop_due(49.0) is None


def test_nothing_is_due_when_nothing_stands() -> None:
    """Empty from the start."""
    assert Deadlines().earliest() is None
    assert Deadlines().pop_due(1e9) is None


@given(st.lists(st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 99))), max_size=400))
def test_any_history_gives_what_stands_in_order(history: list[tuple[int, int | None]]) -> None:
    """A plain dictionary says the same, however often deadlines were moved and cancelled."""
    deadlines = Deadlines()
    plain: dict[tuple[str, str], tuple[int, int]] = {}
    for serial, (name, at) in enumerate(history):
        key = ("ring", str(name))
        if at is None:
            deadlines.cancel(key)
            plain.pop(key, None)
        else:
            deadlines.set(key, at)
            plain[key] = (at, serial)
    assert len(deadlines) == len(plain)
    popped = []
    while (key_due := deadlines.pop_due(1000.0)) is not None:
        popped.append(key_due)
    assert popped == sorted(plain, key=plain.__getitem__)


def test_moving_one_deadline_for_ever_does_not_fill_the_heap() -> None:
    """The dead are swept when they outnumber the living."""
    deadlines = Deadlines()
    for at in range(10_000):
        deadlines.set(A, float(at))
    assert len(deadlines._heap) < 100
    assert deadlines.pop_due(9999.0) == A
