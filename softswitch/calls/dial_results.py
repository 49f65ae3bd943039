"""What came of calling somebody: from the final SIP status, the Q.850 cause and what the network said by sound.

Sources: RFC 3261 section 21, ITU-T Q.850 table 1, RFC 3398 section 8.2.6.  The final status decides wherever it says
something; where it says only that the call is over, a tone of the network does.  What a voice says is not guessed at:
then the result is `announcement`.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from media.progress import Progress
from softswitch.calls.hangup import NETWORK_FAULTS, LegEnd


class DialResult(StrEnum):
    """The result of an outgoing call."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"  # switched off, out of coverage, not registered
    INVALID_NUMBER = "invalid_number"
    FAX = "fax"
    VOICEMAIL = "voicemail"  # a mailbox answered: its beep was heard
    NETWORK_FAILURE = "network_failure"
    ANNOUNCEMENT = "announcement"  # a voice of the network said why, and nothing else did
    CANCELLED = "cancelled"  # given up on our side before there was a result


_R = DialResult

_BY_CAUSE: Final[Mapping[int, DialResult]] = {
    1: _R.INVALID_NUMBER,  # unallocated
    17: _R.BUSY,
    18: _R.NO_ANSWER,  # no user responding
    19: _R.NO_ANSWER,  # alerted, no answer
    20: _R.UNREACHABLE,  # subscriber absent
    21: _R.REJECTED,
    22: _R.INVALID_NUMBER,  # changed
    27: _R.UNREACHABLE,  # destination out of order
    28: _R.INVALID_NUMBER,  # incomplete, or of a wrong format
    2: _R.NETWORK_FAILURE,  # no route to the transit network
    3: _R.NETWORK_FAILURE,  # no route to the destination
} | dict.fromkeys(NETWORK_FAULTS - {27}, _R.NETWORK_FAILURE)
"""A cause that is not here (16 normal clearing, 31 unspecified) says nothing."""

_BY_STATUS: Final[Mapping[int, DialResult]] = {
    **dict.fromkeys((404, 410, 484, 485, 604), _R.INVALID_NUMBER),
    **dict.fromkeys((486, 600), _R.BUSY),
    **dict.fromkeys((403, 433, 603, 607), _R.REJECTED),
}
_VAGUE: Final = frozenset({0, 408, 480, 487})
"""Statuses that say no more than that nobody came."""

_BY_SOUND: Final = (
    (Progress.BUSY, _R.BUSY),
    (Progress.CONGESTION, _R.NETWORK_FAILURE),
    (Progress.SPECIAL_INFORMATION, _R.ANNOUNCEMENT),
    (Progress.ANNOUNCEMENT, _R.ANNOUNCEMENT),
)
AFTER_ANSWER: Final[Mapping[Progress, DialResult]] = {
    Progress.FAX: _R.FAX,
    Progress.BEEP: _R.VOICEMAIL,
}
"""Machines that answer in place of a person."""


def result_of(end: LegEnd, heard: Collection[Progress], *, alerted: bool) -> DialResult:
    """Say what came of a call that nobody answered.

    `heard` is what the network said by sound; `alerted` whether it said that the phone rings (180).
    """
    if end.lost:
        return _R.NETWORK_FAILURE
    if not end.gave_up:
        told = _BY_CAUSE.get(end.q850_cause or 0) or _BY_STATUS.get(end.status)
        if told is not None:
            return told
        if end.status not in _VAGUE:
            return _R.NETWORK_FAILURE
    for sound, result in _BY_SOUND:
        if sound in heard:
            return result
    if alerted or Progress.RINGBACK in heard or end.gave_up:
        return _R.NO_ANSWER
    return _R.UNREACHABLE if end.status == 480 else _R.NETWORK_FAILURE
