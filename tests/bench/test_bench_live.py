"""Figures of the live bench are told only where its screens saw what they are measured by."""

import pytest

from bench.bench_live import EVENTS_OF_CALL, HollowFigures, Screen, check_screens


def screens() -> list[Screen]:
    """A bar whose agent took the one call, a bar that had nothing to see, and two wallboards."""
    boards = [
        Screen("", token="x", delays_ms=[3.0] * EVENTS_OF_CALL, talkers=["1001"], snapshots=1) for _ in "ab"
    ]
    return [Screen("", agent="1001", delays_ms=[2.0] * 5, asked=5), Screen("", agent="1002"), *boards]


def test_screens_that_saw_their_calls_are_measured() -> None:
    check_screens(screens(), 1)


@pytest.mark.parametrize(
    ("screen", "field", "value", "fault"),
    [
        (0, "closed", 1, "lost its line"),
        (0, "delays_ms", [], "nothing of its own call"),
        (0, "asked", 0, "nothing of its own call"),
        (0, "delays_ms", [-30.0], "before its event"),
        (2, "delays_ms", [3.0] * 2, "different numbers of events"),
        (3, "talkers", [], "not every call was connected"),
    ],
)
def test_figures_of_screens_that_missed_something_are_refused(
    screen: int, field: str, value: object, fault: str
) -> None:
    shown = screens()
    setattr(shown[screen], field, value)
    with pytest.raises(HollowFigures, match=fault):
        check_screens(shown, 1)


def test_wallboards_that_saw_too_little_and_an_hour_without_calls_are_refused() -> None:
    with pytest.raises(HollowFigures, match=f"at least {EVENTS_OF_CALL} events; not every call"):
        check_screens(screens(), 2)
    with pytest.raises(HollowFigures, match="nobody called"):
        check_screens(screens(), 0)
