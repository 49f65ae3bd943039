"""The real engine in a time of its own: callers come, talk and give up as they were given, agents as they are told to.

Nothing is drawn here.  Each caller brings along how long they would talk and wait, so the same callers can be sent
through two policies, and what differs afterwards is the policies' doing.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush, merge

from acd.agent_state import Activity, Presence
from acd.commands import Command, DivertContact, OfferContact, RefuseContact, ReportAgent, ReportContact
from acd.contact_state import ContactState
from acd.engine import Engine
from acd.errors import AcdError, UnknownQueue, UnknownStrategy
from acd.events import (
    AgentLoggedOut,
    ContactEnded,
    ContactLeft,
    ContactQueued,
    Event,
    OfferAccepted,
    TimePassed,
    WrapUpEnded,
)
from acd.names import AgentId, ContactId
from acd.outcomes import Ledger

ENDED_STATES = frozenset({ContactState.LEFT, ContactState.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller to come.

    `wants` is what the engine is told at `at`.  The agent who is offered the caller answers after `answer_s` (later than
    the ring time: never), talks for `talk_s`, and ends the wrap-up after `wrap_up_s` if it is not over before.  Whoever
    was not answered within `patience_s` of coming hangs up.
    """

    at: float
    wants: ContactQueued
    talk_s: float
    patience_s: float = math.inf
    answer_s: float = 0.0
    wrap_up_s: float = math.inf


Fact = tuple[float, Event]
"""Something that happens at a time whatever the engine decides: a definition, a login."""

Hearer = Callable[[Event, tuple[Command, ...], float], None]
"""Called with an event, the engine's answer and the time."""


class Simulation:
    """One engine, its ledger and the time."""

    def __init__(
        self, engine: Engine, facts: Iterable[Fact], callers: Iterable[Caller], hear: Hearer | None = None
    ) -> None:
        """Begin when the engine is; facts and callers come in order of time.  `hear` is told all that happens."""
        self.engine = engine
        self._hear = hear
        self.ledger = Ledger()
        self.now = engine.statistics().now
        self.refused = 0  # facts that did not fit what had come about
        self.fault: tuple[Event, AcdError] | None = (
            None  # the first that names a queue or an order that nobody defined
        )
        self._plan = _in_order(facts, callers)
        self._coming = next(self._plan, None)
        self._agenda: list[tuple[float, int, Event]] = []
        self._agreed = 0
        self._callers: dict[ContactId, Caller] = {}  # those who are here
        self._talking: set[ContactId] = set()
        self._wrapping: dict[AgentId, float] = {}  # how long the agent's present caller is worth
        self._leaving: dict[AgentId, AgentLoggedOut] = {}  # in a call when they wanted to go

    def run(self, until: float = math.inf) -> Ledger:
        """Let everything happen up to `until`, or until nothing more can; it may be run on afterwards.

        Of things at the same moment, what somebody does comes before what falls due.
        """
        while True:
            planned_at = math.inf if self._coming is None else self._coming[0]
            agreed_at = self._agenda[0][0] if self._agenda else math.inf
            deadline = self.engine.next_deadline()
            due_at = math.inf if deadline is None else deadline
            at = min(planned_at, agreed_at, due_at)
            if at > until or at == math.inf:
                return self.ledger
            self.now = max(self.now, at)
            if agreed_at == at:
                self._happen(heappop(self._agenda)[2])
            elif planned_at == at and self._coming is not None:
                _, news = self._coming
                self._coming = next(self._plan, None)
                self._take(news)
            else:
                self._tell(TimePassed())

    def _take(self, news: Event | Caller) -> None:
        if isinstance(news, Caller):
            self._callers[news.wants.contact] = news
            if news.patience_s < math.inf:
                self._agree(news.patience_s, ContactLeft(contact=news.wants.contact))
            news = news.wants
        self._tell(news)

    def _agree(self, after_s: float, event: Event) -> None:
        self._agreed += 1
        heappush(self._agenda, (self.now + after_s, self._agreed, event))

    def _happen(self, event: Event) -> None:
        """Do what was agreed, unless it has been overtaken."""
        if isinstance(event, ContactLeft):
            is_wanted = event.contact in self._callers and event.contact not in self._talking
        elif isinstance(event, OfferAccepted):
            is_wanted = self.engine.has_offer(event.offer)
        else:
            is_wanted = True
        if is_wanted:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        try:
            answer = self.engine.handle(event, self.now)
        except AcdError as error:
            if isinstance(event, AgentLoggedOut) and event.agent in self._wrapping:
                self._leaving[event.agent] = event
            else:
                self.refused += 1
                if self.fault is None and isinstance(error, UnknownQueue | UnknownStrategy):
                    self.fault = event, error
            return
        self.ledger.take(event, answer, self.now)
        if self._hear is not None:
            self._hear(event, answer, self.now)
        for command in answer:
            self._follow(command)

    def _follow(self, command: Command) -> None:
        """Do what people do when this is ordered or reported."""
        if isinstance(command, ReportContact):
            caller = self._callers.get(command.contact)
            if command.state in ENDED_STATES:
                self._forget(command.contact)
            elif caller is not None and command.agent is not None and command.state is ContactState.CONNECTED:
                self._talking.add(command.contact)
                self._wrapping[command.agent] = caller.wrap_up_s
                self._agree(caller.talk_s, ContactEnded(contact=command.contact))
        elif isinstance(command, OfferContact):
            caller = self._callers.get(command.contact)
            if caller is not None and caller.answer_s < math.inf:
                self._agree(caller.answer_s, OfferAccepted(offer=command.offer))
        elif isinstance(command, ReportAgent):
            self._see_agent(command)
        elif isinstance(command, DivertContact):  # every target takes whom it is sent
            self._agree(0.0, ContactLeft(contact=command.contact, cause="diverted"))
        elif isinstance(command, RefuseContact):
            self._forget(command.contact)

    def _see_agent(self, seen: ReportAgent) -> None:
        if seen.activity is Activity.TALKING or seen.agent not in self._wrapping:
            return
        wrap_up_s = self._wrapping.pop(seen.agent)
        leaving = self._leaving.pop(seen.agent, None)
        if leaving is not None:
            self._agree(0.0, leaving)
        elif seen.presence is Presence.WRAP_UP and self.now + wrap_up_s < (seen.wrap_up_until or math.inf):
            self._agree(wrap_up_s, WrapUpEnded(agent=seen.agent))

    def _forget(self, contact: ContactId) -> None:
        self._callers.pop(contact, None)
        self._talking.discard(contact)


def _in_order(facts: Iterable[Fact], callers: Iterable[Caller]) -> Iterator[tuple[float, Event | Caller]]:
    """Both, by time; at the same moment facts come first."""
    return merge(facts, ((caller.at, caller) for caller in callers), key=_time_of)


def _time_of(planned: tuple[float, Event | Caller]) -> float:
    return planned[0]
