"""What the engine orders: imperatives, frozen.  The shell carries them out and tells the outcome as events.

One answer holds the deeds first, in the order they were decided, then one report for each contact and each agent
whose state changed.
"""

from dataclasses import dataclass
from enum import StrEnum

from acd.agent_state import Activity, Presence
from acd.contact_state import ContactState
from acd.decision import RecordDecision, RecordJoin
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.overflow import Overflow, Target


class WithdrawCause(StrEnum):
    """Why an offer is taken back."""

    RING_TIMEOUT = "ring_timeout"
    CONTACT_LEFT = "contact_left"
    AGENT_GONE = "agent_gone"  # not ready, logged out, phone lost, in another call
    ANSWERED_ELSEWHERE = "answered_elsewhere"  # several rang together, and another was first


class RefuseCause(StrEnum):
    """Why a contact may not wait."""

    QUEUE_FULL = "queue_full"
    UNKNOWN_QUEUE = "unknown_queue"
    NOBODY_THERE = "nobody_there"  # by the queue's `refuses_when`


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferContact:
    """Ring the agent's phone for the contact, or show it to them where its medium is not voice; answer with
    `OfferAccepted` or `OfferDeclined`.  In a callback there is nobody on the line: who accepts it calls.

    At `ring_until` (monotonic seconds) the engine withdraws the offer by itself.  Where a queue rings all, there are
    several offers of one contact, one each agent; the first that is accepted counts, the others are withdrawn.
    """

    offer: OfferId
    contact: ContactId
    agent: AgentId
    queue: QueueName
    ring_until: float
    medium: Medium = Medium.VOICE
    is_callback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawOffer:
    """Stop ringing; an answer that crosses this order is to be hung up."""

    offer: OfferId
    contact: ContactId
    agent: AgentId
    cause: WithdrawCause


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseContact:
    """The contact may not wait in this queue; one that was already here stays as it was."""

    contact: ContactId
    queue: QueueName
    cause: RefuseCause


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNoAnswer:
    """An alarm: the agent let the phone ring out, `in_a_row` times since the last answer, and is not ready.

    At `returns_at` (monotonic seconds) the agent is ready again by itself; None until the agent says so.
    """

    agent: AgentId
    contact: ContactId
    queue: QueueName
    in_a_row: int
    returns_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWidening:
    """From now on the skill levels that the contact asked for are lower by `lowered_by`, by the rules of the queue.

    Given in the order of the deeds, before the offer that it may have made possible.
    """

    contact: ContactId
    queue: QueueName
    lowered_by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOverflow:
    """The contact went from one queue to another by an overflow rule; its arrival is kept."""

    contact: ContactId
    queue: QueueName
    target: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertContact:
    """Take the contact out of the queue to this target, and say so with `ContactLeft`; or answer `DiversionRefused`.

    Until then it keeps its place.  `rule` is the one that held.
    """

    contact: ContactId
    queue: QueueName
    target: Target
    rule: Overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissContact:
    """The contact may not wait on in this queue: nobody is there for it, by the queue's `dismisses_when`.  It has left."""

    contact: ContactId
    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContact:
    """The contact's state, place or agent changed.  `left` and `ended` are the last report of a contact."""

    contact: ContactId
    state: ContactState
    queue: QueueName
    level: int
    agent: AgentId | None
    arrived_at: float
    medium: Medium = Medium.VOICE
    is_callback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAgent:
    """The agent's state changed.  `logged_out` is the last report of an agent.

    `since` is when presence, activity or reason took their present values; `pending` is what was asked for during a
    call; `wrap_up_until` is None unless a timed wrap-up runs.  `activity` and `contact` are the phone's, `tasks` the
    contacts of other media that the agent is offered or has in hand.
    """

    agent: AgentId
    presence: Presence
    activity: Activity
    reason: str
    contact: ContactId | None
    reachable: bool
    since: float
    pending: Presence | None = None
    pending_reason: str = ""
    wrap_up_until: float | None = None
    tasks: tuple[ContactId, ...] = ()


Command = (
    OfferContact
    | RecordDecision
    | RecordJoin
    | WithdrawOffer
    | RefuseContact
    | DivertContact
    | DismissContact
    | ReportNoAnswer
    | ReportWidening
    | ReportOverflow
    | ReportContact
    | ReportAgent
)
