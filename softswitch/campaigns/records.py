"""One number of a call list, and what becomes of it.  Pure; moments are wall seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from softswitch.calls.dial_results import DialResult


class RecordState(StrEnum):
    """How far a number has come."""

    WAITING = "waiting"  # to be called, not before its time
    SHOWN = "shown"  # an agent looks at it
    CALLING = "calling"  # it is being called, or was just answered
    REACHED = "reached"  # somebody answered
    GIVEN_UP = "given_up"  # tried often enough, or there is no use in trying
    BARRED = "barred"  # it may not be called: the do-not-call list, or no outbound rule
    SKIPPED = "skipped"  # an agent set it aside for good


_S = RecordState
RECORD_TRANSITIONS: Final[Mapping[RecordState, frozenset[RecordState]]] = {
    _S.WAITING: frozenset({_S.SHOWN, _S.CALLING, _S.BARRED}),
    _S.SHOWN: frozenset({_S.WAITING, _S.CALLING, _S.BARRED, _S.SKIPPED}),
    _S.CALLING: frozenset({_S.WAITING, _S.REACHED, _S.GIVEN_UP, _S.BARRED}),
    _S.REACHED: frozenset({_S.WAITING, _S.GIVEN_UP}),  # what answered turned out to be a machine
    _S.GIVEN_UP: frozenset(),
    _S.BARRED: frozenset(),
    _S.SKIPPED: frozenset(),
}


class IllegalRecordState(Exception):
    """A number cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, record_id: str, before: RecordState, after: RecordState) -> None:
        """Keep what was tried."""
        super().__init__(f"record {record_id} cannot go from {before} to {after}")
        self.record_id = record_id
        self.before = before
        self.after = after


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A number with the data that goes with its call.

    `tries` counts the calls that were made, `not_before` is when the next one may be, `call_id` the last one.  `agent` looks
    at it (until `shown_until`), or made the last call.
    """

    record_id: str
    number: str
    data: Mapping[str, str] = field(default_factory=dict)
    state: RecordState = RecordState.WAITING
    tries: int = 0
    not_before: float = 0.0
    result: DialResult | None = None
    call_id: str = ""
    agent: str = ""
    shown_until: float = 0.0
    changed_at: float = 0.0

    def become(self, state: RecordState, now: float, **changes: Any) -> "Record":
        """The record in another state; the only place that assigns one.  Raises `IllegalRecordState`."""
        if state not in RECORD_TRANSITIONS[self.state]:
            raise IllegalRecordState(self.record_id, self.state, state)
        return replace(self, state=state, changed_at=now, **changes)

    def to_record(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "number": self.number,
            "data": dict(self.data),
            "state": self.state.value,
            "tries": self.tries,
            "not_before": self.not_before,
            "result": None if self.result is None else self.result.value,
            "call_id": self.call_id,
            "agent": self.agent,
            "shown_until": self.shown_until,
            "changed_at": self.changed_at,
        }

    @classmethod
    def restored(cls, record_id: str, record: Mapping[str, Any]) -> "Record":
        """What `to_record` gave."""
        result = record["result"]
        return cls(
            record_id=record_id,
            number=record["number"],
            data=record["data"],
            state=RecordState(record["state"]),
            tries=record["tries"],
            not_before=record["not_before"],
            result=None if result is None else DialResult(result),
            call_id=record["call_id"],
            agent=record["agent"],
            shown_until=record["shown_until"],
            changed_at=record["changed_at"],
        )
