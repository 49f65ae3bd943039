"""An agent who is logged in, as the engine keeps it."""

from acd.agent_state import IDLE_RESTARTS, Activity, AgentTrigger, Presence, next_state
from acd.commands import ReportAgent
from acd.names import AgentId, ContactId, OfferId, QueueName

PHONE_LOST = "phone_lost"
"""Reason of an agent whose phone is not reachable."""

NO_ANSWER = "no_answer"
"""Reason of an agent who let the phone ring out."""


class Agent:
    """One agent.  State changes through `apply` alone."""

    __slots__ = (
        "activity",
        "contact",
        "id",
        "idle_since",
        "is_delayed",
        "offer",
        "pending",
        "pending_reason",
        "presence",
        "queues",
        "reachable",
        "reason",
        "reported",
        "since",
        "wrap_up_s",
    )

    def __init__(
        self, agent: AgentId, queues: tuple[QueueName, ...], *, now: float, wrap_up_s: float | None
    ) -> None:
        """Begin as somebody who is logged out, with a phone that is reachable."""
        self.id = agent
        self.queues = tuple(dict.fromkeys(queues))
        self.presence = Presence.LOGGED_OUT
        self.activity = Activity.IDLE
        self.reason = ""
        self.pending: Presence | None = None
        self.pending_reason = ""
        self.reachable = True
        self.is_delayed = False  # after a declined offer, for a while
        self.offer: OfferId | None = None
        self.contact: ContactId | None = None
        self.since = now
        self.idle_since = now
        self.wrap_up_s = wrap_up_s
        self.reported: ReportAgent | None = None

    @property
    def state(self) -> str:
        """Both fields in words."""
        return f"{self.presence}, {self.activity}"

    @property
    def is_available(self) -> bool:
        """Whether an offer may be made now."""
        return (
            self.presence is Presence.READY
            and self.activity is Activity.IDLE
            and self.reachable
            and not self.is_delayed
        )

    @property
    def is_on_duty(self) -> bool:
        """Whether the agent takes calls, now or after what keeps them busy."""
        return self.presence is Presence.READY or self.presence is Presence.WRAP_UP

    def apply(self, trigger: AgentTrigger, now: float, reason: str = "") -> None:
        """Change the state as the tables say; raises `InvalidTransition` and changes nothing."""
        presence, activity = next_state(self.presence, self.activity, trigger)
        if presence is not Presence.NOT_READY:
            reason = ""
        elif not reason or (trigger is AgentTrigger.PHONE_LOST and self.presence is Presence.NOT_READY):
            reason = self.reason  # who is away already keeps the reason that was given
        if trigger in IDLE_RESTARTS or (presence is Presence.READY and self.presence is not Presence.READY):
            self.idle_since = now
        if (presence, activity, reason) != (self.presence, self.activity, self.reason):
            self.since = now
        self.presence, self.activity, self.reason = presence, activity, reason

    def __repr__(self) -> str:
        """Name and state."""
        return f"<Agent {self.id} {self.state}>"
