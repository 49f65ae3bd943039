"""What came of a call: the final status and its cause first, tones where these say nothing, a voice never guessed at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.progress import Progress
from softswitch.calls.dial_results import DialResult, result_of
from softswitch.calls.hangup import LegEnd

R, P = DialResult, Progress


@pytest.mark.parametrize(
    ("status", "cause", "alerted", "expected"),
    [
        (486, None, True, R.BUSY),
        (600, None, False, R.BUSY),
        (603, None, True, R.REJECTED),
        (403, 21, False, R.REJECTED),
        (404, 1, False, R.INVALID_NUMBER),
        (484, None, False, R.INVALID_NUMBER),
        (410, 22, False, R.INVALID_NUMBER),
        (404, 3, False, R.NETWORK_FAILURE),  # the cause says more than the status: no route
        (480, 20, False, R.UNREACHABLE),
        (480, 19, True, R.NO_ANSWER),
        (480, 18, False, R.NO_ANSWER),
        (480, 31, True, R.NO_ANSWER),  # it rang
        (480, None, False, R.UNREACHABLE),
        (502, 27, False, R.UNREACHABLE),
        (408, None, False, R.NETWORK_FAILURE),  # the trunk said nothing at all
        (408, None, True, R.NO_ANSWER),
        (503, 34, False, R.NETWORK_FAILURE),
        (503, None, True, R.NETWORK_FAILURE),
        (488, None, False, R.NETWORK_FAILURE),
        (480, 17, False, R.BUSY),
    ],
)
def test_status_and_cause_decide(status: int, cause: int | None, alerted: bool, expected: DialResult) -> None:
    assert result_of(LegEnd(status=status, q850_cause=cause), (), alerted=alerted) is expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ((), R.NO_ANSWER),
        ((P.RINGBACK,), R.NO_ANSWER),
        ((P.BUSY,), R.BUSY),
        ((P.ANNOUNCEMENT, P.BUSY), R.BUSY),
        ((P.CONGESTION,), R.NETWORK_FAILURE),
        ((P.SPECIAL_INFORMATION, P.ANNOUNCEMENT), R.ANNOUNCEMENT),
        ((P.ANNOUNCEMENT,), R.ANNOUNCEMENT),
    ],
)
def test_sound_decides_where_the_status_says_nothing(
    heard: tuple[Progress, ...], expected: DialResult
) -> None:
    given_up = LegEnd(status=408, q850_cause=102, gave_up=True)
    assert result_of(given_up, heard, alerted=False) is expected
    assert result_of(LegEnd(status=480, q850_cause=31), heard, alerted=True) is expected


@given(heard=st.sets(st.sampled_from(list(Progress))), alerted=st.booleans())
def test_no_sound_overrules_a_status_that_says_something(heard: set[Progress], alerted: bool) -> None:
    assert result_of(LegEnd(status=404, q850_cause=1), heard, alerted=alerted) is R.INVALID_NUMBER
    assert result_of(LegEnd(status=486), heard, alerted=alerted) is R.BUSY
    assert result_of(LegEnd(lost=True), heard, alerted=alerted) is R.NETWORK_FAILURE
