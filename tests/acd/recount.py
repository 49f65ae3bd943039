"""All figures counted anew, from what was told and answered alone: what the engine says of itself must equal them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from acd.agent import NO_ANSWER
from acd.agent_state import Activity, Presence
from acd.commands import (
    Command,
    DismissContact,
    DivertContact,
    OfferContact,
    RefuseContact,
    ReportAgent,
    ReportContact,
    ReportNoAnswer,
    ReportOverflow,
    WithdrawCause,
    WithdrawOffer,
)
from acd.contact_state import ContactState
from acd.estimate import Band, Completions
from acd.events import (
    SHORTEST_DELAY_S,
    AgentLoggedIn,
    AgentReassigned,
    AgentRestored,
    CallerRecalled,
    ContactLeft,
    ContactLevelChanged,
    ContactQueued,
    ContactRequeued,
    ContactRestored,
    DeclineCause,
    Event,
    OfferAccepted,
    OfferDeclined,
    PhoneRang,
    QueueDefined,
    QueueHoursChanged,
    QueuePaceRestored,
    QueueRemoved,
    TimePassed,
)
from acd.levels import UNKNOWN_CALLER, CallerHistory, LevelRule
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.stay import FloorRestored

GONE = (ContactState.LEFT, ContactState.ENDED)
NOTHING = {"busy": 0.0, "away": 0.0, "free": 0.0}


class Seat:
    """An agent who is logged in, as the reports have them; the seconds are up to the last one of another kind."""

    def __init__(self, queues: tuple[QueueName, ...], now: float) -> None:
        """Sit down."""
        self.queues = queues
        self.wrap_up_s: float | None = None  # their own
        self.kind = ""
        self.counted_to = now
        self.spent = dict(NOTHING)
        self.is_talking = False
        self.talks_since = now
        self.talk_s = 0.0
        self.taken = 0
        self.no_answers = 0

    def until(self, now: float) -> dict[str, float]:
        """How the time was spent up to a moment."""
        return {
            kind: spent_s + (now - self.counted_to if kind == self.kind else 0.0)
            for kind, spent_s in self.spent.items()
        }

    def talk_until(self, now: float) -> float:
        """The seconds of talk up to a moment."""
        return self.talk_s + (now - self.talks_since if self.is_talking else 0.0)

    def see(self, report: ReportAgent, now: float) -> None:
        """From now on it is so."""
        if kind_of(report) != self.kind:
            self.spent, self.counted_to, self.kind = self.until(now), now, kind_of(report)
        is_talking = report.activity is Activity.TALKING
        if is_talking is not self.is_talking:
            self.talk_s, self.talks_since, self.is_talking = self.talk_until(now), now, is_talking


def kind_of(shown: ReportAgent) -> str:
    """What kind of time it is."""
    if shown.activity is not Activity.IDLE or shown.tasks or shown.presence is Presence.WRAP_UP:
        return "busy"
    return "away" if shown.presence is Presence.NOT_READY else "free"


def occupancy(spent: Mapping[str, float]) -> float:
    """Which part of the time on duty was busy."""
    on_duty_s = spent["busy"] + spent["free"]
    return spent["busy"] / on_duty_s if on_duty_s else 0.0


class Talk(NamedTuple):
    """An agent has a caller, or the wrap-up after one."""

    queue: QueueName
    offered_at: float
    answered_at: float


Rules = tuple[LevelRule, ...]


def raises_anybody(rule: LevelRule) -> bool:
    """Whether a rule raises whoever waits so long, and would move nobody at once."""
    return rule == LevelRule(add=rule.add, waited_s=rule.waited_s) and min(rule.add, rule.waited_s) > 0


@dataclass
class Caller:
    """What is known of a contact that is here, and the rules that it brought into its line."""

    queue: QueueName  # whose rules hold
    since: float  # they do
    rules: Rules
    level: int = 0
    number: str = ""
    strategy: int = 0
    history: CallerHistory = UNKNOWN_CALLER
    visits: Counter[QueueName] = field(default_factory=Counter)

    def has_past_of(self, rule: LevelRule) -> bool:
        """Whether what is known of the caller is as a rule says."""
        calls, abandoned = self.history.calls, self.history.abandoned
        if rule.days:
            calls = sum(day.calls for day in self.history.days if day.days_ago < rule.days)
            abandoned = sum(day.abandoned for day in self.history.days if day.days_ago < rule.days)
        is_listed = rule.listed in (*self.history.lists, "")
        return calls >= rule.calls and abandoned >= rule.abandoned and is_listed

    def level_at(self, arrived_at: float, now: float, eras: Iterable[tuple[Rules, float]]) -> int:
        """The level given, and what the rules add: those that it brought, and those that raise whoever waits, one after
        the other as they held in the queue.
        """
        since, raised = arrived_at, 0
        for rules, until in eras:
            raised += sum(rule.add for rule in rules if since + rule.waited_s <= min(now, until))
            since = max(since, until)
        return (
            raised
            + self.level
            + sum(
                rule.add
                for rule in self.rules
                if not raises_anybody(rule) and arrived_at + rule.waited_s <= now and self.has_past_of(rule)
            )
        )


class Recount:
    """The books of somebody who hears every event and every answer, and asks the engine nothing."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self.now = 0.0
        self.tally = Counter[str]()
        self.endings = Counter[str]()
        self.contacts: dict[ContactId, ReportContact] = {}
        self.answered: set[ContactId] = set()  # of those who are here
        self.offers: dict[OfferId, OfferContact] = {}
        self.callbacks: set[ContactId] = set()  # under way
        self.seats: dict[AgentId, Seat] = {}
        self.spent: dict[AgentId, dict[str, float]] = {}  # in logins that are over
        self.offered_at: dict[OfferId, float] = {}
        self.talks: dict[AgentId, Talk] = {}  # with callers, until the wrap-up is over
        self.paces: dict[QueueName, list[tuple[float, float]]] = {}  # how long each kept its agent, and rang
        self.defined: dict[QueueName, QueueDefined] = {}
        self.raises: dict[QueueName, list[tuple[Rules, float]]] = {}  # for whoever waits, and until when
        self.returns_at: dict[AgentId, float] = {}  # of who let a phone ring out, and is back by themselves
        self.callers: dict[ContactId, Caller] = {}
        self.closed: set[QueueName] = set()  # outside their hours
        self.returned: set[ContactId] = set()  # of before a restart, while not everybody is back
        self.rests: dict[AgentId, float] = {}  # of who declined, and until when
        self.came_at: dict[ContactId, float] = {}  # whoever was queued first, by the rules of who comes again
        self.kept: dict[tuple[QueueName, str], tuple[float, float]] = {}  # the old arrival, and until when

    def refuse(self, told: float) -> None:
        """An event was refused, at the time that it came with."""
        self._look_at_clock(told)
        self.tally["events_refused"] += 1

    def hear(self, event: Event, answer: tuple[Command, ...], told: float) -> None:
        """An event at the time that it came with; each command of the answer is to be seen after it."""
        self._look_at_clock(told)
        self._hear(event, answer)
        if isinstance(event, TimePassed):
            self.kept = {name: kept for name, kept in self.kept.items() if kept[1] > self.now}
            self.rests = {agent: at for agent, at in self.rests.items() if at > self.now}
            self.returns_at = {agent: at for agent, at in self.returns_at.items() if at > self.now}

    def _look_at_clock(self, told: float) -> None:
        self.tally["clock_steps_back"] += told < self.now
        self.now = max(self.now, told)

    def _hear(self, event: Event, answer: tuple[Command, ...]) -> None:
        match event:
            case QueueDefined():
                self.defined[event.queue] = event
                self._begin_era(event)
            case QueueHoursChanged():
                self.closed -= {event.queue}
                self.closed |= set() if event.is_open else {event.queue}
            case QueueRemoved():
                del self.defined[event.queue], self.raises[event.queue]
                self.closed.discard(event.queue)
                for seat in self.seats.values():
                    seat.queues = tuple(queue for queue in seat.queues if queue != event.queue)
            case QueuePaceRestored():
                self.paces[event.queue] = list(zip(event.busy_s, event.ring_s, strict=True))
            case AgentLoggedIn():
                self.seats[event.agent] = Seat(event.queues, self.now)
                self.seats[event.agent].wrap_up_s = event.wrap_up_s
            case AgentReassigned():
                self.seats[event.agent].queues = event.queues
                self.seats[event.agent].wrap_up_s = event.wrap_up_s
            case AgentRestored():
                seat = self.seats[event.agent] = Seat(event.queues, self.now)
                seat.wrap_up_s = event.wrap_up_s
                seat.taken = max(event.taken, 0 if event.contact is None else 1)
                seat.talk_s, seat.no_answers = event.talk_s, event.no_answers
                for task in event.tasks:
                    self._hear_of_task(task)
                if event.contact is not None and event.contact_queue is not None:
                    self._give(event.contact, event.contact_queue, level=event.contact_level)
                    self.talks[event.agent] = Talk(event.contact_queue, self.now, self.now)
                self.tally["restored_talking"] += event.contact is not None
            case ContactRestored():
                self._hear_of_task(event)
            case FloorRestored():
                self.returned.clear()
            case ContactQueued():
                self._hear_of_caller(event, answer)
            case ContactLevelChanged():
                self.callers[event.contact].level = event.level
            case CallerRecalled():
                self.callers[event.contact].history = event.caller
            case ContactRequeued():
                self.tally["requeued"] += 1
            case ContactLeft():
                self._hear_of_leaver(event)
            case PhoneRang() | OfferAccepted() | OfferDeclined() if event.offer not in self.offers:
                self.tally["stale_answers"] += 1
            case OfferAccepted():
                self.tally["accepted"] += 1
                offer, offered_at = self.offers.pop(event.offer), self.offered_at.pop(event.offer)
                seat = self.seats[offer.agent]
                seat.taken, seat.no_answers = seat.taken + 1, 0
                if offer.medium is Medium.VOICE:
                    self.talks[offer.agent] = Talk(offer.queue, offered_at, self.now)
            case OfferDeclined():
                self.tally["declined"] += 1
                offer = self.offers.pop(event.offer)
                del self.offered_at[event.offer]
                rules = self.defined[offer.queue]
                is_busy = event.cause is DeclineCause.BUSY and rules.busy_delay_s is not None
                delay_s = rules.busy_delay_s if is_busy else rules.decline_delay_s
                self.rests[offer.agent] = self.now + max(delay_s or 0.0, SHORTEST_DELAY_S)

    def _begin_era(self, event: QueueDefined) -> None:
        rules = tuple(rule for rule in event.level_rules if raises_anybody(rule))
        eras = self.raises.setdefault(event.queue, [])
        if eras:
            was, _ = eras.pop()
            if was != rules:
                eras.append((was, self.now))
        eras.append((rules, math.inf))

    def _give(self, contact: ContactId, queue: QueueName, **known: Any) -> Caller:
        caller = Caller(queue, self.now, self.defined[queue].level_rules, **known)
        caller.visits[queue] += 1
        self.callers[contact] = caller
        return caller

    def _hear_of_task(self, event: ContactRestored) -> None:
        self.tally["restored"] += 1
        self._give(event.contact, event.queue, level=event.level)

    def _hear_of_caller(self, event: ContactQueued, answer: tuple[Command, ...]) -> None:
        if any(isinstance(each, RefuseContact) and each.contact == event.contact for each in answer):
            return
        was = self.callers.get(event.contact)
        if event.arrived_at is not None:
            self.came_at[event.contact] = min(event.arrived_at, self.now)
        caller = self._give(
            event.contact,
            event.queue,
            level=event.level,
            number=event.number,
            strategy=event.strategy,
            history=event.caller,
        )
        self.returned -= {event.contact}
        if event.stay is not None:
            caller.since = min(event.stay.since, self.now)
            caller.visits.update({visit.queue: visit.times for visit in event.stay.visits})
            self.returned |= {event.contact}
        elif was is not None:
            caller.visits += was.visits
        if was is not None:
            self.tally["moved"] += 1
            return
        self.tally["queued"] += 1
        resumed = self.kept.pop((event.queue, event.number), None)
        self.tally["resumed"] += resumed is not None
        if event.arrived_at is None:
            self.came_at[event.contact] = self.now if resumed is None else resumed[0]

    def _hear_of_leaver(self, event: ContactLeft) -> None:
        here, caller = self.contacts[event.contact], self.callers[event.contact]
        resume_s = self.defined[caller.queue].resume_s
        is_given_up = here.state is not ContactState.CONNECTED and event.cause == "abandoned"
        if is_given_up and resume_s and caller.number:
            self.kept[caller.queue, caller.number] = (here.arrived_at, self.now + resume_s)

    def see(self, command: Command, event: Event, answer: tuple[Command, ...]) -> None:
        """One command of the answer to an event."""
        match command:
            case OfferContact():
                self.tally["offered"] += 1
                self.offers[command.offer] = command
                self.offered_at[command.offer] = self.now
                if command.medium is Medium.VOICE:
                    self._end_talk(command.agent)
                self.callbacks -= {command.contact}
                self.callbacks |= {command.contact} if command.is_callback else set()
            case WithdrawOffer():
                is_in_vain = command.cause is WithdrawCause.RING_TIMEOUT
                self.tally["rang_out" if is_in_vain else "withdrawn"] += 1
                self.seats[command.agent].no_answers += is_in_vain
                del self.offers[command.offer], self.offered_at[command.offer]
            case ReportOverflow():
                self.tally["overflowed"] += 1
                caller = self.callers[command.contact]
                caller.queue, caller.since = command.target, self.now
                caller.rules = self.defined[command.target].level_rules
                caller.visits[command.target] += 1
            case ReportNoAnswer():
                self.returns_at.pop(command.agent, None)
                if command.returns_at is not None:
                    self.returns_at[command.agent] = command.returns_at
            case DivertContact():
                self.tally["diverted"] += 1
            case RefuseContact():
                self.tally["refused"] += 1
                self.endings["refused"] += command.contact not in self.contacts
            case ReportContact():
                self._see_contact(command, event, answer)
            case ReportAgent():
                self.seats[command.agent].see(command, self.now)
                if command.activity is Activity.IDLE and command.presence is not Presence.WRAP_UP:
                    self._end_talk(command.agent)
                if command.reason != NO_ANSWER:
                    self.returns_at.pop(command.agent, None)
                if command.presence is Presence.LOGGED_OUT:
                    self.spent[command.agent] = self.all_spent(command.agent)
                    del self.seats[command.agent]
                    self.rests.pop(command.agent, None)
            case _:
                pass

    def _see_contact(self, seen: ReportContact, event: Event, answer: tuple[Command, ...]) -> None:
        if seen.state is ContactState.CONNECTED:
            self.answered.add(seen.contact)
        if seen.state is ContactState.WAITING or seen.state in GONE:
            self.callbacks.discard(seen.contact)
        if seen.state not in GONE:
            self.contacts[seen.contact] = seen
            return
        self.tally[seen.state.value] += 1
        orders = {type(each) for each in answer if getattr(each, "contact", None) == seen.contact}
        if seen.contact in self.answered:
            ending = "answered"
        elif RefuseContact in orders:
            ending = "refused"
        elif DismissContact in orders:
            ending = "dismissed"
        else:
            is_elsewhere = isinstance(event, ContactLeft) and event.cause != "abandoned"
            ending = "overflowed" if is_elsewhere else "abandoned"
        self.endings[ending] += 1
        self.answered.discard(seen.contact)
        self.contacts.pop(seen.contact, None)
        self.callers.pop(seen.contact, None)
        self.came_at.pop(seen.contact, None)
        self.returned.discard(seen.contact)

    def _end_talk(self, agent: AgentId) -> None:
        talk = self.talks.pop(agent, None)
        if talk is not None:
            kept = (self.now - talk.offered_at, talk.answered_at - talk.offered_at)
            self.paces.setdefault(talk.queue, []).append(kept)

    def band(self, queue: QueueName, place: int, agents: int) -> Band | None:
        """The band of the wait at a place, by the last fifty callers whom agents were done with."""
        completions = Completions()
        for kept in self.paces.get(queue, [])[-50:]:
            completions.add(*kept)
        return completions.expected_wait(place, agents)

    def all_endings(self) -> "Counter[str]":
        """What became of everybody, with those who wait for their first answer still."""
        here = Counter("answered" if name in self.answered else "waiting" for name in self.contacts)
        return self.endings + here

    def all_spent(self, agent: AgentId) -> dict[str, float]:
        """How an agent spent the time of all logins."""
        seat = self.seats.get(agent)
        before = self.spent.get(agent, NOTHING)
        now = NOTHING if seat is None else seat.until(self.now)
        return {kind: before[kind] + now[kind] for kind in NOTHING}
