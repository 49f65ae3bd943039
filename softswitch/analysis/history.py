"""A journal as what would have happened anyway: who came, how long they talked and waited, who was at work.

The journal holds what people did under the policy of that day.  Under another one they meet other agents at other
times, so what is theirs is separated from what was decided:

* a caller comes as recorded, and talks as long as recorded; one who was never answered talks as long as some caller of
  the queue who was, taken by chance;
* one who gave up does so after the same wait; one who was answered would have waited on, for an exponential time at the
  rate at which people of the queue gave up that day (those who gave up ÷ all time waited);
* agents answer as fast and wrap up as long as they did for that caller; a ring that nobody answered is not repeated;
* logins, pauses and other calls of agents stay where they were.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import get_args

from acd.agent_state import Presence
from acd.commands import Command, OfferContact, ReportAgent, ReportContact
from acd.contact_state import ContactState
from acd.engine import Engine
from acd.errors import AcdError
from acd.events import (
    AgentEvent,
    AgentLoggedIn,
    AgentMadeReady,
    AgentRestored,
    ContactEnded,
    ContactLeft,
    ContactLevelChanged,
    ContactQueued,
    Event,
    OfferAccepted,
    QueueDefined,
    QueueEvent,
    TimePassed,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.outcomes import Ending, Ledger
from acd.simulate import Caller, Fact
from softswitch.analysis.policies import Order, Policy, place_of

_OF_THE_FLOOR = tuple(
    each
    for each in (*get_args(QueueEvent), *get_args(AgentEvent))
    if each not in {WrapUpEnded, WrapUpExtended}
)


@dataclass(slots=True)
class _Visit:
    """A caller as recorded."""

    at: float
    wants: ContactQueued
    answer_s: float | None = None
    wrap_up_s: float | None = None


@dataclass(slots=True)
class History:
    """A day that was, taken apart."""

    ledger: Ledger = field(default_factory=Ledger)
    refused: int = 0
    began: float = math.inf
    ended: float = -math.inf
    _facts: list[Fact] = field(default_factory=list)
    _visits: dict[ContactId, _Visit] = field(default_factory=dict)
    _offered: dict[OfferId, tuple[ContactId, float]] = field(default_factory=dict)
    _served: dict[AgentId, ContactId] = field(default_factory=dict)  # the last caller of each agent
    _restored: set[ContactId] = field(default_factory=set)  # who talked when the journal began
    _wrapping: dict[AgentId, float] = field(default_factory=dict)  # since when

    @classmethod
    def of(cls, events: Iterable[tuple[Event, float]], engine: Engine) -> "History":
        """Play a journal through a fresh engine and take it apart."""
        history = cls()
        for event, now in events:
            history.began = min(history.began, now)
            history.ended = max(history.ended, now)
            is_wrapping = isinstance(event, AgentMadeReady) and event.agent in history._wrapping
            try:
                answer = engine.handle(event, now)
            except AcdError:
                history.refused += 1
                continue
            history.ledger.take(event, answer, now)
            history._note(event, answer, now, is_wrapping=is_wrapping)
        return history

    def facts(self, policy: Policy | None = None) -> list[Fact]:
        """What happens whatever is decided, under another policy if one is given.

        Queues, agents and orders that only the policy knows are there from the beginning.
        """
        if policy is None:
            return self._facts
        defined = [(at, policy.over(event)) for at, event in self._facts]
        known: dict[str, Event] = {}
        for _, event in defined:
            known.setdefault(place_of(event), event)
        new = [each for place, each in policy.rules.items() if place not in known]
        # What is new may name any order, and a new agent serve any queue: those come first, whenever they were defined.
        orders = [each for each in (*known.values(), *new) if isinstance(each, Order)] if policy.rules else []
        seats = [each for each in new if isinstance(each, AgentLoggedIn)]
        queues = [each for each in (*known.values(), *new) if isinstance(each, QueueDefined)]
        if not seats:
            queues = [each for each in new if isinstance(each, QueueDefined)]
        return [*((self.began, each) for each in (*orders, *queues, *seats)), *defined]

    def callers(self, seed: int) -> Iterator[Caller]:
        """Who came; what was never seen of them is drawn, the same for the same seed."""
        outcomes = {each.contact: each for each in self.ledger.outcomes(self.ended)}
        talks: defaultdict[QueueName, list[float]] = defaultdict(list)
        waited: defaultdict[QueueName, float] = defaultdict(float)
        gave_up: defaultdict[QueueName, int] = defaultdict(int)
        for each in outcomes.values():
            waited[each.queue] += each.wait_s
            gave_up[each.queue] += each.ending is Ending.ABANDONED
            if each.answered_at is not None and each.ended_at is not None:
                talks[each.queue].append(each.ended_at - each.answered_at)
        everywhere = [talk for known in talks.values() for talk in known]
        answers = [each.answer_s for each in self._visits.values() if each.answer_s is not None]
        usual_answer_s = median(answers) if answers else 0.0
        wrap_ups = [each.wrap_up_s for each in self._visits.values() if each.wrap_up_s is not None]
        for visit in self._visits.values():
            outcome = outcomes.get(visit.wants.contact)
            if outcome is None:
                continue
            queue = visit.wants.queue
            chance = random.Random(f"{seed} {visit.wants.contact}")  # noqa: S311  chance that can be had again
            talk_s = chance.choice(talks[queue] or everywhere or [0.0])
            if outcome.answered_at is not None and outcome.ended_at is not None:
                talk_s = outcome.ended_at - outcome.answered_at
            patience_s = max(0.0, outcome.arrived_at + outcome.wait_s - visit.at)
            if outcome.ending is not Ending.ABANDONED:
                rate = gave_up[queue] / waited[queue] if waited[queue] else 0.0
                patience_s += chance.expovariate(rate) if rate else math.inf
            wrap_up_s = visit.wrap_up_s
            if wrap_up_s is None and outcome.answered_at is None and wrap_ups:
                wrap_up_s = chance.choice(wrap_ups)
            yield Caller(
                at=visit.at,
                wants=visit.wants,
                talk_s=talk_s,
                patience_s=patience_s,
                answer_s=usual_answer_s if visit.answer_s is None else visit.answer_s,
                wrap_up_s=math.inf if wrap_up_s is None else wrap_up_s,
            )

    def _note(self, event: Event, answer: tuple[Command, ...], now: float, *, is_wrapping: bool) -> None:
        if isinstance(event, ContactQueued):
            self._visits.setdefault(event.contact, _Visit(at=now, wants=event))
        elif isinstance(event, OfferAccepted):
            offer = self._offered.pop(event.offer, None)
            if offer is not None and offer[0] in self._visits:
                self._visits[offer[0]].answer_s = now - offer[1]
        elif self._is_fact(event) and not is_wrapping:
            self._facts.append((now, event))
        if isinstance(event, AgentRestored) and event.contact is not None:
            self._restored.add(event.contact)
        for command in answer:
            if isinstance(command, OfferContact):
                self._offered[command.offer] = (command.contact, now)
            elif isinstance(command, ReportContact):
                if command.state is ContactState.CONNECTED and command.agent is not None:
                    self._served[command.agent] = command.contact
            elif isinstance(command, ReportAgent):
                self._note_agent(event, command, now)

    def _is_fact(self, event: Event) -> bool:
        """Whether it would have happened anyway: of the floor, or the end of a talk that began before the journal."""
        if isinstance(event, ContactEnded | ContactLeft):
            return event.contact in self._restored
        return isinstance(event, (*_OF_THE_FLOOR, ContactLevelChanged))

    def _note_agent(self, event: Event, seen: ReportAgent, now: float) -> None:
        if seen.presence is Presence.WRAP_UP:
            self._wrapping.setdefault(seen.agent, now)
            return
        since = self._wrapping.pop(seen.agent, None)
        visit = self._visits.get(self._served.get(seen.agent, ContactId("")))
        if since is not None and visit is not None and not isinstance(event, TimePassed):
            visit.wrap_up_s = now - since
