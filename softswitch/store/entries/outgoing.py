"""What comes of calls to the outside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressHeard:
    """The network says something by sound before the called answers, or a machine answers (`media.progress`)."""

    at: float
    call_id: str
    number: str
    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialResulted:
    """What came of calling a number (`softswitch.calls.dial_results`); the last one of a call counts.

    `sip_status` 0 and `q850_cause` None when there was none.
    """

    at: float
    call_id: str
    number: str
    result: str
    sip_status: int = 0
    q850_cause: int | None = None
