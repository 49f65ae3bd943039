"""One callback (回呼): a customer who hung up and keeps the place in the line, to be called when an agent is free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from softswitch.clock import Alarm


class CallbackState(StrEnum):
    """How far it has come."""

    WAITING = "waiting"  # stands in the line
    PAUSED = "paused"  # not before `due_at`: the queue is closed, or nobody answered a moment ago
    CALLING = "calling"  # an agent has it: the customer's phone rings, or they talk
    DONE = "done"
    FAILED = "failed"  # nobody answered, as often as it was tried
    CANCELLED = "cancelled"


_S = CallbackState
CALLBACK_TRANSITIONS: Mapping[CallbackState, frozenset[CallbackState]] = {
    _S.WAITING: frozenset({_S.PAUSED, _S.CALLING, _S.CANCELLED}),
    _S.PAUSED: frozenset({_S.WAITING, _S.CANCELLED}),
    _S.CALLING: frozenset({_S.PAUSED, _S.DONE, _S.FAILED}),
    _S.DONE: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
OPEN = frozenset({_S.WAITING, _S.PAUSED, _S.CALLING})


class IllegalCallbackState(Exception):
    """A callback cannot come from `before` to `after`; it is unchanged."""

    def __init__(self, callback_id: str, before: CallbackState, after: CallbackState) -> None:
        """Keep what was tried."""
        super().__init__(f"callback {callback_id} cannot go from {before} to {after}")
        self.callback_id = callback_id
        self.before = before
        self.after = after


@dataclass(slots=True, eq=False)
class Callback:
    """A callback as call control knows it.  Times are wall seconds.

    `number` is in the normal form, `line` the hotline's number that the customer is shown.  `arrived_at` is the place in
    the line; `origin` the call in which it was asked for, `call_id` the last one in which it was tried.
    """

    callback_id: str
    number: str
    queue: str
    line: str
    arrived_at: float
    requested_at: float
    level: int = 0
    region: str = ""
    origin: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    state: CallbackState = CallbackState.WAITING
    tries: int = 0
    due_at: float = 0.0
    call_id: str = ""
    agent: str = ""
    cause: str = ""  # why the last try came to nothing
    closed_at: float | None = None
    alarm: Alarm | None = None

    def become(self, state: CallbackState) -> None:
        """Assign the state; the only place that does.  Raises `IllegalCallbackState`."""
        if state not in CALLBACK_TRANSITIONS[self.state]:
            raise IllegalCallbackState(self.callback_id, self.state, state)
        self.state = state

    @property
    def is_open(self) -> bool:
        """Whether the customer is still to be called."""
        return self.state in OPEN

    def to_record(self) -> dict[str, Any]:
        """Return what a restarted control needs, in JSON types."""
        return {
            "callback_id": self.callback_id,
            "number": self.number,
            "queue": self.queue,
            "line": self.line,
            "arrived_at": self.arrived_at,
            "requested_at": self.requested_at,
            "level": self.level,
            "region": self.region,
            "origin": self.origin,
            "data": self.data,
            "state": self.state.value,
            "tries": self.tries,
            "due_at": self.due_at,
            "call_id": self.call_id,
            "agent": self.agent,
            "cause": self.cause,
            "closed_at": self.closed_at,
        }

    @classmethod
    def restored(cls, record: Mapping[str, Any]) -> "Callback":
        """Return a callback as it was written down; raises `KeyError`, `TypeError` or `ValueError` for what is none."""
        return cls(**{**record, "state": CallbackState(record["state"])})
