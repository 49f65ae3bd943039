"""What becomes of contacts of other media than voice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQueued:
    """A contact came, of a customer at `address`; `by` is the integrator who brought it."""

    at: float
    contact_id: str
    medium: str
    queue: str
    address: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOffered:
    """An agent is shown it."""

    at: float
    contact_id: str
    medium: str
    queue: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWithdrawn:
    """It is not theirs to take any more."""

    at: float
    contact_id: str
    medium: str
    queue: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAccepted:
    """The agent took it."""

    at: float
    contact_id: str
    medium: str
    queue: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactClosed:
    """It is over: `completed` by its agent, `cancelled` or `refused`; `by` whom where somebody said so."""

    at: float
    contact_id: str
    queue: str
    agent: str
    state: str
    by: str
