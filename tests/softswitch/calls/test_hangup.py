"""Statuses and causes in, reasons out."""

import pytest

from acd.events import DeclineCause
from softswitch.calls.hangup import NETWORK_FAULTS, LegEnd, decline_cause, end_reason, reason_header
from softswitch.store.entries import EndReason


@pytest.mark.parametrize(
    ("status", "cause", "expected"),
    [
        (486, None, DeclineCause.BUSY),
        (600, None, DeclineCause.BUSY),
        (480, 17, DeclineCause.BUSY),  # what the network says goes before the status
        (603, None, DeclineCause.DECLINED),
        (302, None, DeclineCause.DECLINED),
        (480, None, DeclineCause.DECLINED),
        (408, None, DeclineCause.UNREACHABLE),
        (404, None, DeclineCause.UNREACHABLE),
        (500, None, DeclineCause.FAILED),
        (503, 34, DeclineCause.FAILED),
        (0, None, DeclineCause.FAILED),
    ],
)
def test_how_a_phone_said_no(status: int, cause: int | None, expected: DeclineCause) -> None:
    assert decline_cause(LegEnd(status=status, q850_cause=cause)) is expected


def test_a_phone_that_we_lost_ourselves_did_not_say_no() -> None:
    assert decline_cause(LegEnd(status=486, lost=True)) is DeclineCause.FAILED


@pytest.mark.parametrize("by_far_end", [True, False])
def test_a_talk_that_ends_is_completed_whoever_ends_it(by_far_end: bool) -> None:
    end = LegEnd(status=200, q850_cause=16, by_far_end=by_far_end)
    assert end_reason(end, was_connected=True) is EndReason.COMPLETED


def test_a_caller_who_leaves_before_the_answer_has_abandoned() -> None:
    assert end_reason(LegEnd(status=487, by_far_end=True), was_connected=False) is EndReason.ABANDONED


@pytest.mark.parametrize("cause", sorted(NETWORK_FAULTS))
@pytest.mark.parametrize("was_connected", [True, False])
def test_a_fault_of_the_network_is_nobodys_wish(cause: int, was_connected: bool) -> None:
    end = LegEnd(status=200, q850_cause=cause, by_far_end=True)
    assert end_reason(end, was_connected=was_connected) is EndReason.FAILED


@pytest.mark.parametrize("was_connected", [True, False])
def test_a_leg_lost_with_one_of_our_processes_is_a_failure(was_connected: bool) -> None:
    assert end_reason(LegEnd(status=200, lost=True), was_connected=was_connected) is EndReason.FAILED


def test_a_persons_hang_up_is_no_network_fault() -> None:
    """Causes 16 to 31 but 27 come from people (Q.850 table 1)."""
    assert not NETWORK_FAULTS & {16, 17, 18, 19, 21, 31}


def test_the_gateway_is_told_the_cause_in_a_reason_header() -> None:
    assert reason_header() == ("Reason", "Q.850;cause=16")
    assert reason_header(34) == ("Reason", "Q.850;cause=34")
