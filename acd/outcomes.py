"""What became of each contact and how the agents spent their time, gathered from the engine's answers.

A ledger is told every event with the engine's answer to it.  It asks the engine nothing, so it serves the running
engine, a journal that is played back and a simulation alike.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from acd.agent_state import Activity, Presence
from acd.commands import Command, DismissContact, RefuseContact, ReportAgent, ReportContact
from acd.contact_state import ContactState
from acd.events import ContactLeft, ContactQueued, Event
from acd.names import AgentId, ContactId, QueueName


class Ending(StrEnum):
    """What became of a contact; the first that applies, once and for all, but for those who are still here."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOWED = "overflowed"  # taken on elsewhere: voicemail, a flow, an outside number
    DISMISSED = "dismissed"  # sent away: nobody was there for it
    REFUSED = "refused"  # never let in: the queue was full
    WAITING = "waiting"  # still in line, or being offered


ABANDONED_CAUSE = "abandoned"
"""The cause of `ContactLeft` when the caller hung up; every other one means that somebody else took over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One contact.

    `wait_s` runs from its arrival in the queue to its first answer or its end, with all rings that nobody answered;
    of one that still waits, until now.  `answered_at` and `ended_at` are None until then.
    """

    contact: ContactId
    queue: QueueName
    level: int
    arrived_at: float
    ending: Ending
    wait_s: float
    region: str = ""
    agent: AgentId | None = None
    answered_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTimes:
    """How an agent's time since the login was spent, in seconds: busy with calls, away, or free.

    Busy is ring, talk (hold included), other calls and wrap-up.
    """

    agent: AgentId
    busy_s: float = 0.0
    away_s: float = 0.0
    free_s: float = 0.0

    @property
    def logged_in_s(self) -> float:
        """All of it."""
        return self.busy_s + self.away_s + self.free_s


class Ledger:
    """Outcomes and times, as they come about."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._open: dict[ContactId, Outcome] = {}
        self._regions: dict[ContactId, str] = {}  # of those who are here
        self._closed: list[Outcome] = []
        self._times: defaultdict[AgentId, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        self._doing: dict[AgentId, tuple[int, float]] = {}  # what kind of time, and since when

    def take(self, event: Event, answer: Iterable[Command], now: float) -> None:
        """Note what an event at `now` led to."""
        if isinstance(event, ContactQueued):
            self._regions[event.contact] = event.region
        is_elsewhere = isinstance(event, ContactLeft) and event.cause != ABANDONED_CAUSE
        leaving = Ending.OVERFLOWED if is_elsewhere else Ending.ABANDONED
        sent_away: dict[ContactId, Ending] = {}
        for command in answer:
            if isinstance(command, ReportContact):
                self._see_contact(command, sent_away.get(command.contact, leaving), now)
            elif isinstance(command, DismissContact):
                sent_away[command.contact] = Ending.DISMISSED
            elif isinstance(command, ReportAgent):
                self._see_agent(command, now)
            elif isinstance(command, RefuseContact):
                sent_away[command.contact] = Ending.REFUSED
                self._see_refusal(command, now)

    def outcomes(self, now: float) -> tuple[Outcome, ...]:
        """Every contact: those that are over in the order they ended, then those that are still here."""
        here = (
            each if each.answered_at is not None else replace(each, wait_s=now - each.arrived_at)
            for each in self._open.values()
        )
        return (*self._closed, *here)

    def times(self, now: float) -> tuple[AgentTimes, ...]:
        """Every agent who was ever logged in, by id."""
        found = []
        for agent, spent in sorted(self._times.items()):
            sums = list(spent)
            if agent in self._doing:
                kind, since = self._doing[agent]
                sums[kind] += now - since
            busy_s, away_s, free_s = sums
            found.append(AgentTimes(agent=agent, busy_s=busy_s, away_s=away_s, free_s=free_s))
        return tuple(found)

    def _see_contact(self, seen: ReportContact, leaving: Ending, now: float) -> None:
        known = self._open.get(seen.contact)
        answered_at = None if known is None else known.answered_at
        if answered_at is None and seen.state is ContactState.CONNECTED:
            answered_at = now
        if answered_at is not None:
            ending, wait_s = Ending.ANSWERED, answered_at - seen.arrived_at
        elif seen.state is ContactState.LEFT:
            ending, wait_s = leaving, now - seen.arrived_at
        else:
            ending, wait_s = Ending.WAITING, now - seen.arrived_at
        is_over = seen.state is ContactState.LEFT or seen.state is ContactState.ENDED
        outcome = Outcome(
            contact=seen.contact,
            queue=seen.queue,
            level=seen.level,
            arrived_at=seen.arrived_at,
            ending=ending,
            wait_s=wait_s,
            region=self._regions.get(seen.contact, ""),
            agent=seen.agent if seen.agent is not None or known is None else known.agent,
            answered_at=answered_at,
            ended_at=now if is_over else None,
        )
        if is_over:
            self._open.pop(seen.contact, None)
            self._regions.pop(seen.contact, None)
            self._closed.append(outcome)
        else:
            self._open[seen.contact] = outcome

    def _see_refusal(self, seen: RefuseContact, now: float) -> None:
        if seen.contact not in self._open:  # one that was here already stays as it was
            self._closed.append(
                Outcome(
                    contact=seen.contact,
                    queue=seen.queue,
                    level=0,
                    arrived_at=now,
                    ending=Ending.REFUSED,
                    wait_s=0.0,
                    region=self._regions.pop(seen.contact, ""),
                    ended_at=now,
                )
            )

    def _see_agent(self, seen: ReportAgent, now: float) -> None:
        spent = self._times[seen.agent]
        before = self._doing.pop(seen.agent, None)
        if before is not None:
            spent[before[0]] += now - before[1]
        if seen.presence is not Presence.LOGGED_OUT:
            self._doing[seen.agent] = (_kind_of(seen), now)


_BUSY, _AWAY, _FREE = range(3)


def _kind_of(seen: ReportAgent) -> int:
    if seen.activity is not Activity.IDLE or seen.tasks or seen.presence is Presence.WRAP_UP:
        return _BUSY
    return _AWAY if seen.presence is Presence.NOT_READY else _FREE
