"""An agent of the business as the seats know one: who sits where, what the engine said last, and what is still to come."""

from dataclasses import dataclass
from typing import Any

from acd.agent import NO_ANSWER
from acd.agent_state import IN_CALL, Activity, Presence
from acd.commands import ReportAgent
from acd.names import QueueName
from softswitch.calls.queue_definition import queue_priorities, skill_levels
from softswitch.settings.agents import AgentSettings


@dataclass(slots=True)
class Agent:
    """An agent of the business, signed in or not."""

    agent_id: str
    settings: AgentSettings
    extension: str | None = None
    report: ReportAgent | None = None  # the engine's last word; None when signed out
    returns_at: float | None = None  # on the clock: ready by itself after a call that rang out
    is_removed: bool = False  # from the business, while signed in: gone with the next signing out
    leaves: bool = False  # signed out by force during a call: gone as soon as that is over

    @property
    def name(self) -> str:
        """What people call the agent."""
        return self.settings.name

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that the agent serves."""
        return self.settings.queues

    @property
    def assignment(self) -> dict[str, Any]:
        """Whom the agent serves and how well, as the engine's events have it."""
        return {
            "queues": tuple(QueueName(name) for name in self.queues),
            "skills": skill_levels(self.settings.skills),
            "priorities": queue_priorities(self.settings.priorities),
            "wrap_up_s": self.settings.wrap_up_s,
            "rank": self.settings.rank,
            "selection": self.settings.selection,
            "shares": self.settings.shares,
            "capacities": self.settings.capacities,
        }

    @property
    def pending(self) -> str | None:
        """The presence that was asked for during a call, and holds from its end."""
        if self.leaves:
            return Presence.LOGGED_OUT.value
        return None if self.report is None or self.report.pending is None else self.report.pending.value

    @property
    def is_free_to_go(self) -> bool:
        """Whether signing out is possible now: there is no talk, and nothing of other media in hand."""
        return self.report is None or (self.report.activity not in IN_CALL and not self.report.tasks)

    @property
    def has_done(self) -> bool:
        """Whether who leaves after a call has nothing more to do for it."""
        report = self.report
        return report is not None and (
            report.presence is not Presence.WRAP_UP and report.activity is Activity.IDLE and not report.tasks
        )

    @property
    def rang_out(self) -> bool:
        """Whether the agent is away for no other reason than a call that rang out."""
        report = self.report
        return report is not None and (
            report.presence is Presence.NOT_READY and report.reason == NO_ANSWER and report.pending is None
        )
