"""Agents whose phone is gone for a while: what they were before, once it answers again, and no more than that.

A phone that is lost makes its agent not ready, through no doing of theirs.  A brief absence (a bad line, a cable, a restart
of the phone or of control) gives back what was; after a long one nobody knows whether somebody sits there.  The last write
wins: whatever is said of the agent meanwhile, by whomever, stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from acd.agent import PHONE_LOST
from acd.agent_state import Presence
from acd.commands import ReportAgent
from softswitch.calls.chronicle import Chronicle
from softswitch.clock import Clock
from softswitch.store.entries import AgentReturned
from softswitch.store.state import StateKeeper

log = structlog.get_logger(__name__)

TABLE: Final = "phone_absence"


@dataclass(frozen=True, slots=True)
class Absence:
    """A phone that is lost since `lost_at`, of an agent who would be ready from `ready_at`; seconds on the clock."""

    lost_at: float
    ready_at: float


def ready_from(
    presence: Presence, pending: Presence | None, wrap_up_until: float | None, now: float
) -> float | None:
    """When an agent would be ready without doing anything more; None for one who would not."""
    if (pending or presence) is Presence.READY:
        return now
    if pending is None and presence is Presence.WRAP_UP and wrap_up_until is not None:
        return max(now, wrap_up_until)
    return None


def is_for_the_phone_alone(report: ReportAgent | None) -> bool:
    """Whether an agent is not ready for no other reason than the phone."""
    return (
        report is not None
        and report.presence is Presence.NOT_READY
        and report.reason == PHONE_LOST
        and report.pending is None
    )


class PhoneAbsences:
    """The absences of all phones whose agents would be ready.  `make_ready` tells the engine."""

    def __init__(
        self,
        keeper: StateKeeper,
        clock: Clock,
        chronicle: Chronicle,
        make_ready: Callable[[str], object],
    ) -> None:
        """Begin with none."""
        self._keeper = keeper
        self._clock = clock
        self._chronicle = chronicle
        self._make_ready = make_ready
        self._absences: dict[str, Absence] = {}

    def begin(self, agent: str, ready_at: float | None) -> None:
        """The phone of an agent is lost, who would be ready at `ready_at` on the clock; None for one who would not."""
        if ready_at is not None:
            self._absences[agent] = Absence(self._clock.now(), ready_at)
            self._keep(agent)

    def clock_set(self) -> None:
        """The wall clock was set: no absence is longer or shorter for it."""
        for agent in self._absences:
            self._keep(agent)

    def end(
        self, agent: str, extension: str | None, within_s: float, report: Callable[[], ReportAgent | None]
    ) -> None:
        """The phone can be rung again: its agent is ready, now or when the wrap-up would have ended.

        Not after more than `within_s`.  `report` asks for the engine's last word on the agent.
        """
        absence = self._absences.get(agent)
        if absence is None:
            return
        away_s = self._clock.now() - absence.lost_at
        if away_s > within_s:
            self.forget(agent)
            return

        def ready() -> None:
            seen = report()
            if self._absences.get(agent) is not absence or seen is None or not seen.reachable:
                return
            self.forget(agent)
            if is_for_the_phone_alone(seen):
                at = self._clock.wall()
                away = round(away_s, 1)
                self._chronicle.record(AgentReturned(at=at, agent=agent, extension=extension, away_s=away))
                self._make_ready(agent)

        if absence.ready_at > self._clock.now():
            self._clock.at(absence.ready_at, ready)
        else:
            ready()

    def seen(self, report: ReportAgent) -> None:
        """The engine says something of an agent: what is not for the phone alone ends what is remembered."""
        if report.agent in self._absences and not is_for_the_phone_alone(report):
            self.forget(report.agent)

    def forget(self, agent: str) -> None:
        """Somebody said what the agent is to be."""
        if self._absences.pop(agent, None) is not None:
            self._keeper.remove(TABLE, agent)

    def restore(self) -> None:
        """Remember what was written before a restart; what nobody can read is forgotten."""
        for agent, record in self._keeper.load(TABLE).items():
            try:
                self._absences[agent] = _read(record, self._clock)
            except (KeyError, TypeError, ValueError):
                log.exception("absence.unreadable", agent=agent)
                self._keeper.remove(TABLE, agent)

    def _keep(self, agent: str) -> None:
        absence, wall_at = self._absences[agent], self._clock.wall_at
        record = {"lost_at": wall_at(absence.lost_at), "ready_at": wall_at(absence.ready_at)}
        self._keeper.put(TABLE, agent, record)

    def __contains__(self, agent: str) -> bool:
        """Whether the phone of an agent who would be ready is away."""
        return agent in self._absences

    def __repr__(self) -> str:
        """How many there are."""
        return f"<PhoneAbsences away={len(self._absences)}>"


def _read(record: dict[str, Any], clock: Clock) -> Absence:
    return Absence(clock.moment_of(float(record["lost_at"])), clock.moment_of(float(record["ready_at"])))
