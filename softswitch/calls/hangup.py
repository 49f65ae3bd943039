"""Why calls end: SIP statuses and Q.850 causes in, end reasons and Reason headers out.

Sources: ITU-T Q.850 table 1, RFC 3398 section 8.2 (mapping), RFC 3326 (Reason header).
"""

from dataclasses import dataclass
from typing import Final

from acd.events import DeclineCause
from softswitch.store.entries import EndReason

NORMAL_CLEARING: Final = 16
USER_BUSY: Final = 17
RECOVERY_ON_TIMER: Final = 102

NETWORK_FAULTS: Final = frozenset({27, 34, 38, 41, 42, 44, 47, 58, 63, 88, 95, 102, 111, 127})
"""Q.850 causes that say that the network, not a person, ended the call."""

TRUNK_FAULTS: Final = frozenset({408, 500, 502, 503, 504})
"""Statuses that, before anybody rang, say that this trunk did not take a call; another one may (RFC 3263 section 4.3)."""

_BUSY: Final = frozenset({486, 600})
_DECLINED: Final = frozenset({302, 301, 305, 403, 480, 487, 603})
_UNREACHABLE: Final = frozenset({404, 408, 410, 481, 604})


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnd:
    """How a leg ended.  `status` 0 when there was none.

    `lost` when one of our processes died under it, `gave_up` when we had let it ring for long enough.
    """

    status: int = 0
    q850_cause: int | None = None
    reason: str = ""
    by_far_end: bool = False
    lost: bool = False
    gave_up: bool = False


def decline_cause(end: LegEnd) -> DeclineCause:
    """Say how a phone did not take an offer."""
    if end.lost:
        return DeclineCause.FAILED
    if end.status in _BUSY or end.q850_cause == USER_BUSY:
        return DeclineCause.BUSY
    if end.status in _UNREACHABLE:
        return DeclineCause.UNREACHABLE
    if end.status in _DECLINED:
        return DeclineCause.DECLINED
    return DeclineCause.FAILED


def end_reason(end: LegEnd, *, was_connected: bool) -> EndReason:
    """Say why a call is over, from how the leg that ended it went.

    A network fault ends a call as `failed` even in a conversation; without one, a caller who leaves before an
    agent answered has abandoned.
    """
    if end.lost or end.q850_cause in NETWORK_FAULTS:
        return EndReason.FAILED
    return EndReason.COMPLETED if was_connected else EndReason.ABANDONED


def reason_header(cause: int = NORMAL_CLEARING) -> tuple[str, str]:
    """Return the Reason header (RFC 3326) that tells a gateway the Q.850 cause."""
    return ("Reason", f"Q.850;cause={cause}")


def failure_cause(end: LegEnd) -> str:
    """Say why somebody who was rung did not come: `busy`, `no_answer`, `declined`, `unreachable`, `invalid` or `failed`."""
    if end.lost:
        return "failed"
    if end.status in _BUSY or end.q850_cause == USER_BUSY:
        return "busy"
    if end.status in (404, 484, 604) or end.q850_cause in (1, 28):
        return "invalid"
    if end.status in (408, 480, 487) or end.q850_cause in (18, 19):
        return "no_answer"
    if end.status in _DECLINED:
        return "declined"
    return "unreachable" if end.status in _UNREACHABLE or end.q850_cause == 20 else "failed"
