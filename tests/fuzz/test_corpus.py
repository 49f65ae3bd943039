"""Everything that ever led a fuzzer to new ground goes through its door again; a short hunt runs as well."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.doors import DOORS, LONGEST, seeds_of, target_of
from tests.fuzz.soak import fuzz

HOW_MANY = 30


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What the edge says of each broken message is of no use here."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


def inputs(name: str) -> list[bytes]:
    """Everything that a target begins with."""
    found = [file.read_bytes() for folder in seeds_of(name) for file in sorted(folder.iterdir())]
    assert found
    assert max(map(len, found)) <= LONGEST
    return found


@pytest.mark.parametrize("name", DOORS)
def test_the_kept_corpus_breaks_nothing(name: str) -> None:
    for data in inputs(name):
        target_of(name)(data)


@pytest.mark.parametrize("name", DOORS)
def test_damaged_pieces_of_the_corpus_break_nothing(name: str) -> None:
    """Cut, joined and struck anywhere, as chance (seeded by hypothesis) would have it."""
    seeds = inputs(name)

    @settings(max_examples=HOW_MANY)
    @given(
        st.sampled_from(seeds),
        st.sampled_from(seeds),
        st.floats(0, 1),
        st.floats(0, 1),
        st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), max_size=4),
    )
    def damaged(
        one: bytes, other: bytes, head: float, tail: float, strikes: list[tuple[float, bytes]]
    ) -> None:
        data = one[: round(len(one) * head)] + other[round(len(other) * tail) :]
        for place, what in strikes:
            at = round(len(data) * place)
            data = data[:at] + what + data[at + len(what) :]
        target_of(name)(data[:LONGEST])

    damaged()


@pytest.mark.long
@pytest.mark.parametrize("name", DOORS)
def test_a_short_hunt_by_coverage_finds_nothing(name: str, tmp_path: Path) -> None:
    """Ten seconds a door; `make soak` takes ten minutes."""
    assert fuzz(name, 10, tmp_path), (tmp_path / f"{name}.log").read_text(errors="replace")[-4000:]
