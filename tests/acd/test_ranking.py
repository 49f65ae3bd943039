"""A ranking against a sorted list."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.ranking import Ranking


def test_items_come_in_the_order_of_their_keys_whatever_order_they_joined_in() -> None:
    """First, last, and in between."""
    ranking: Ranking[str] = Ranking()
    for key in (3, 1, 4, 2):
        ranking.add((key,), f"item {key}")
    assert list(ranking) == ["item 1", "item 2", "item 3", "item 4"]
    assert len(ranking) == 4
    assert ranking.head(2) == ["item 1", "item 2"]
    assert ranking.head(9) == list(ranking)
    for end, count in ((1, 0), (3, 2), (5, 4)):
        assert ranking.count_while(f"item {end}".__gt__) == count


def test_a_key_can_be_taken_only_once() -> None:
    """Two items with one key could not be told apart."""
    ranking: Ranking[str] = Ranking()
    ranking.add((1,), "a")
    with pytest.raises(ValueError, match="taken"):
        ranking.add((1,), "b")
    assert list(ranking) == ["a"]


@pytest.mark.parametrize("key", [0, 2, 9])
def test_a_key_that_is_not_there_is_an_error(key: int) -> None:
    """Before, between and behind."""
    ranking: Ranking[str] = Ranking()
    ranking.add((1,), "a")
    ranking.add((3,), "b")
    with pytest.raises(KeyError):
        ranking.remove((key,))


def test_it_can_be_emptied_and_used_again() -> None:
    """The last one out leaves nothing behind."""
    ranking: Ranking[str] = Ranking()
    for _ in range(2):
        ranking.add((1,), "a")
        ranking.remove((1,))
        assert list(ranking) == []
        assert len(ranking) == 0


@given(st.integers(600, 2500), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_with_many_chunks_it_is_a_sorted_list(count: int, seed: int) -> None:
    """Thousands join and leave in any order; what stays is in order and ranked right."""
    chance = random.Random(seed)
    keys = chance.sample(range(10_000), count)
    ranking: Ranking[int] = Ranking()
    for key in keys:
        ranking.add((key,), key)
    gone = set(chance.sample(keys, count * 2 // 3))
    for key in gone:
        ranking.remove((key,))
    left = sorted(set(keys) - gone)
    assert list(ranking) == left
    assert len(ranking) == len(left)
    assert [ranking.count_while(key.__gt__) for key in left] == list(range(len(left)))
