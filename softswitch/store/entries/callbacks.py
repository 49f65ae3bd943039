"""What becomes of customers who asked to be called back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequested:
    """A customer wants to be called back at `number` by an agent of the queue; `origin` is the call, `by` who asked."""

    at: float
    callback_id: str
    number: str
    queue: str
    origin: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTried:
    """An agent took the callback, and the customer's number was rung in this call; `cause` says why in vain."""

    at: float
    callback_id: str
    call_id: str
    agent: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackClosed:
    """The customer is not to be called any more: `done`, `failed` or `cancelled`, `by` whom where somebody said so."""

    at: float
    callback_id: str
    state: str
    by: str
