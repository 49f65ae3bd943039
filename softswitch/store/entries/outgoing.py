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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallListChanged:
    """A call list was made, got numbers (`added`), or is worked through, paused or stopped; `by` is who asked."""

    at: float
    list_id: str
    queue: str
    state: str
    by: str
    added: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecordShown:
    """An agent looks at a number of a call list before dialling it."""

    at: float
    list_id: str
    queue: str
    record_id: str
    number: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecordChanged:
    """What has become of a number of a call list (`softswitch.campaigns.records`); `tries` are the calls made so far."""

    at: float
    list_id: str
    queue: str
    record_id: str
    number: str
    state: str
    tries: int
    result: str
    call: str  # the id of the last one
    agent: str
