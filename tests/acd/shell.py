"""The shell of the machine of `test_liveness`: it tells the engine what happens, does what is ordered, and looks at it."""

import math
from collections.abc import Mapping

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
    ReportWidening,
    WithdrawCause,
    WithdrawOffer,
)
from acd.contact_state import ContactState
from acd.criteria import RING_ALL, STRATEGIES, Routing, Selection
from acd.decision import RecordDecision, RecordJoin, faults
from acd.errors import AcdError
from acd.events import (
    AgentDisengaged,
    AgentLoggedIn,
    AgentRestored,
    CapacitiesDefined,
    ContactEnded,
    ContactLeft,
    ContactQueued,
    ContactRequeued,
    Event,
    QueueDefined,
    QueueRemoved,
    RoutingDefined,
    SelectionDefined,
    TimePassed,
)
from acd.journal import encode_command, encode_event
from acd.medium import Medium
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Target, TargetKind
from acd.snapshots import AgentSnapshot, ContactSnapshot
from tests.acd.plain_rules import can_serve, has_room, preference, readiness, seen, takes
from tests.acd.promises import Promises
from tests.acd.repertoire import CONTACTS


def queue_of(target: Target) -> QueueName:
    """The queue that a target is."""
    return QueueName(target.name)


class Shell(Promises):
    """Tells, does and looks."""

    def tell(self, event: Event, later_s: float = 0.0, at: float | None = None) -> tuple[Command, ...]:
        """Let something happen, and look at the answer; where the clock is wrong, at the time that it shows."""
        told = self.now + later_s if at is None else at
        if self.behind_s is not None:
            told, self.behind_s = self.now - self.behind_s, None
        self.now = max(self.now, told)
        before = self.picture()
        waiting = {
            each.contact: each for queue in self.defined_queues() for each in self.engine.waiting(queue)
        }
        free = self.engine.agents()
        talking = {each.contact: each for each in self.here() if each.state is ContactState.CONNECTED}
        self.journal.append(encode_event(event, told))
        try:
            answer = self.engine.handle(event, told)
        except AcdError as error:
            assert self.picture() == before, f"{event} was refused and changed something"
            self.answers.append(type(error).__name__.encode())
            self.recount.refuse(told)
            self.is_woken = False
            return ()
        self.answers.extend(encode_command(command) for command in answer)
        self.take_rules(event, answer)
        self.look_at_order(answer)
        self.recount.hear(event, answer, told)
        for command in answer:
            self.take_in(command)
            self.recount.see(command, event, answer)
        self.is_woken = isinstance(event, TimePassed)
        self.ledger.take(event, answer, self.now)
        self.look_at_choices(answer, waiting, {each.agent: each for each in free})
        self.look_at_wrap_up(event, talking, {each.agent: each for each in free})
        if isinstance(event, TimePassed):
            self.look_at_deadlines()
        return answer

    def take_rules(self, event: Event, answer: tuple[Command, ...]) -> None:
        """What holds from now on."""
        refused = {each.contact for each in answer if isinstance(each, RefuseContact)}
        match event:
            case QueueDefined():
                self.defined[event.queue] = event
                self.begin_era(event)
            case RoutingDefined():
                self.routings[event.name] = event.criteria
            case CapacitiesDefined():
                self.capacities[event.name] = event
            case SelectionDefined():
                self.selections[event.name] = event.criteria
            case ContactQueued() if event.contact not in refused:
                self.diverted.pop(event.contact, None)
            case QueueRemoved():
                self.turns = {key: turn for key, turn in self.turns.items() if key[1] != event.queue}
                del self.eras[event.queue]
            case AgentLoggedIn() | AgentRestored():
                self.turns = {key: turn for key, turn in self.turns.items() if key[0] != event.agent}
            case _:
                pass

    def begin_era(self, event: QueueDefined) -> None:
        """Waiting is worth something else in a queue from now on, or as much as before."""
        eras = self.eras.setdefault(event.queue, [])
        if eras:
            was, _ = eras.pop()
            if (was.ageing_s, was.promotion_s) != (event.ageing_s, event.promotion_s):
                eras.append((was, self.now))
        eras.append((event, math.inf))

    def look_at_order(self, answer: tuple[Command, ...]) -> None:
        """Deeds before reports, and one report for each."""
        kinds = [isinstance(command, ReportAgent | ReportContact) for command in answer]
        assert kinds == sorted(kinds)
        reports = [c for c in answer if isinstance(c, ReportAgent | ReportContact)]
        names = [c.agent if isinstance(c, ReportAgent) else c.contact for c in reports]
        assert len(names) == len(set(names))

    def look_at_deadlines(self) -> None:
        """Once woken, nobody holds anybody any longer than was said."""
        assert all(offer.ring_until > self.now for offer in self.offers.values())
        for agent in self.engine.agents():
            assert agent.wrap_up_until is None or agent.wrap_up_until > self.now
        deadline = self.engine.next_deadline()
        assert deadline is None or deadline > self.now

    def take_in(self, command: Command) -> None:
        """Do what a shell does."""
        match command:
            case OfferContact():
                assert command.offer not in self.offer_ids, "an offer id was used twice"
                assert command.ring_until > self.now
                record, self.record = self.record, None
                assert record is not None
                assert record.offer == command.offer
                if isinstance(record, RecordJoin):
                    assert (record.contact, record.agent) == (command.contact, command.agent)
                    assert any(other.contact == command.contact for other in self.offers.values())
                else:
                    decision = record.decision
                    assert (decision.contact, decision.agent) == (command.contact, command.agent)
                    assert faults(decision) == ()
                for other in self.offers.values():
                    assert (other.agent, other.contact) != (command.agent, command.contact), "offered twice"
                    both_calls = other.medium is command.medium is Medium.VOICE
                    assert other.agent != command.agent or not both_calls, "two calls for one agent"
                    is_for_all = self.defined[command.queue].strategy == RING_ALL
                    assert other.contact != command.contact or is_for_all, "two offers of one contact"
                self.offer_ids.add(command.offer)
                self.offers[command.offer] = command
            case WithdrawOffer():
                offer = self.offers.pop(command.offer)
                assert (offer.contact, offer.agent) == (command.contact, command.agent)
                if command.cause is WithdrawCause.RING_TIMEOUT:
                    assert self.now >= offer.ring_until
            case ReportAgent():
                assert command != self.shown_agents.get(command.agent), "nothing new was reported"
                self.shown_agents[command.agent] = command
                if command.presence is Presence.LOGGED_OUT:
                    del self.shown_agents[command.agent]
            case ReportContact():
                assert command != self.shown_contacts.get(command.contact), "nothing new was reported"
                self.shown_contacts[command.contact] = command
                if command.state in (ContactState.LEFT, ContactState.ENDED):
                    del self.shown_contacts[command.contact]
                    self.diverted.pop(command.contact, None)
                    self.refused_targets = {
                        each for each in self.refused_targets if each[0] != command.contact
                    }
            case ReportNoAnswer():
                assert command.returns_at is None or command.returns_at > self.now
            case ReportWidening():
                assert command.lowered_by > 0
            case RecordDecision() | RecordJoin():
                self.record = command
            case ReportOverflow():
                assert command.queue != command.target
                target = Target(kind=TargetKind.QUEUE, name=command.target)
                self.look_at_overflow(command.contact, command.queue, target)
            case DivertContact():
                self.look_at_overflow(command.contact, command.queue, command.target)
                self.diverted[command.contact] = command.target
            case DismissContact():
                assert self.engine.contact(command.contact) is None
            case RefuseContact():
                pass

    def look_at_wrap_up(
        self,
        event: Event,
        talking: Mapping[ContactId, ContactSnapshot],
        people: Mapping[AgentId, AgentSnapshot],
    ) -> None:
        """It follows each talk with a caller, by the agent's own time or else the queue's; one that runs becomes no shorter.

        What was asked for in the call comes after it.
        """
        match event:
            case AgentDisengaged(served=served) if served is not None:
                was, queue = people[event.agent], served
            case ContactEnded() | ContactLeft() | ContactRequeued() | ContactQueued():
                contact = talking.get(event.contact)
                after = self.engine.contact(event.contact)
                is_over = after is None or after.state is not ContactState.CONNECTED
                if contact is None or contact.medium is not Medium.VOICE or not is_over:
                    return
                assert contact.agent is not None
                was, queue = people[contact.agent], contact.queue
            case _:
                return
        own_s = self.recount.seats[was.agent].wrap_up_s
        seconds = self.defined[queue].wrap_up_s if own_s is None else own_s
        now = self.engine.agent(was.agent)
        assert now is not None
        if seconds == 0:
            assert now.presence is (was.pending or was.presence)
        elif was.presence is Presence.READY:
            until = None if seconds is None else self.now + seconds
            assert (now.presence, now.wrap_up_until) == (Presence.WRAP_UP, until)
            assert now.pending is was.pending
        elif was.presence is Presence.WRAP_UP:
            is_endless = seconds is None or was.wrap_up_until is None
            until = None if is_endless else max(was.wrap_up_until or 0.0, self.now + (seconds or 0.0))
            assert (now.presence, now.wrap_up_until) == (Presence.WRAP_UP, until)
            assert now.pending is was.pending

    def look_at_overflow(self, contact: ContactId, queue: QueueName, target: Target) -> None:
        """It is by a rule of the queue, for its strategy number, its hours and its wait, and not too often."""
        caller = self.recount.callers[contact]
        assert caller.queue == queue
        rules = [
            rule
            for rule in self.defined[queue].overflow
            if rule.target == target
            and caller.strategy in (rule.strategies or (caller.strategy,))
            and (queue in self.recount.closed or not rule.is_closed)
            and (rule.waited_s is None or caller.since + rule.waited_s <= self.now)
            and (target.kind is not TargetKind.QUEUE or caller.visits[queue_of(target)] < rule.most_visits)
        ]
        assert rules
        here = self.engine.contact(contact)
        if here is not None and here.given == target.name and all(rule.drops_skills for rule in rules):
            assert all(not line.need.skills for line in here.lines)

    def look_at_choices(
        self,
        answer: tuple[Command, ...],
        waiting: Mapping[ContactId, ContactSnapshot],
        free: Mapping[AgentId, AgentSnapshot],
    ) -> None:
        """Look at each choice that stands still; phones that ring along were not chosen."""
        offers = [each for each in answer if isinstance(each, OfferContact)]
        joined = {each.offer for each in answer if isinstance(each, RecordJoin)}
        agents = [each.agent for each in offers]
        for offer in offers:
            if offer.offer not in joined and agents.count(offer.agent) == 1:
                self.look_at_choice(offer, waiting, free, self.turns)
        for offer in offers:
            self.turns[offer.agent, offer.queue] = len(self.offer_ids)

    def look_at_choice(
        self,
        offer: OfferContact,
        waiting: Mapping[ContactId, ContactSnapshot],
        free: Mapping[AgentId, AgentSnapshot],
        turns: Mapping[tuple[AgentId, QueueName], int],
    ) -> None:
        """By the criteria of both sides: among those who were there before and are there still."""
        taken = self.engine.contact(offer.contact)
        taker = self.engine.agent(offer.agent)
        if taken is None or taker is None or taken.offer != offer.offer:
            return  # a later moment of the same answer took the offer back
        order = self.selections[taker.selection]
        if taker.shares and Selection.REGION in order:  # then comes the region's turn
            order = order[: order.index(Selection.REGION)]
        elif Selection.ARRIVAL not in order:
            order = (*order, Selection.ARRIVAL)
        for name, was in waiting.items():
            still = self.engine.contact(name)
            if (
                still is not None
                and still.state is ContactState.WAITING
                and can_serve(taker, still)
                and self.could_have_come(taker, taken, still)
                and taker.agent not in still.declined_by
                and (was.level, was.arrived_at, was.lines) == (still.level, still.arrived_at, still.lines)
            ):
                first, second = (
                    preference(taker, each, self.eras, order, self.now) for each in (taken, still)
                )
                assert first <= second, f"{still} was passed over for {taken} by {taker}"
        orders = {line.queue: self.routing_of(line.queue) for line in taken.lines}
        before = free.get(taker.agent)
        if before is None or not has_room(before, taken.medium, self.rules_of(before)):
            if any(Routing.OCCUPANCY in each for each in orders.values()):
                return  # how occupied they were when they came free is seen nowhere
            before = taker
        for agent in free.values():
            now = self.engine.agent(agent.agent)
            if (
                now == agent
                and has_room(now, taken.medium, self.rules_of(now))
                and not taken.is_callback
                and can_serve(now, taken)
                and now.agent not in taken.declined_by
                and taker.agent not in taken.declined_by
            ):
                one, other = (readiness(each, taken, orders, turns) for each in (before, now))
                assert one < other, f"{now} was passed over for {taker}"

    def routing_of(self, queue: QueueName) -> tuple[Routing, ...]:
        """What contacts of a queue look at among agents."""
        name = self.defined[queue].strategy
        return STRATEGIES.get(name) or self.routings[name]

    def could_have_come(self, taker: AgentSnapshot, taken: ContactSnapshot, still: ContactSnapshot) -> bool:
        """Whether there was room for the one, too, when the other was chosen."""
        has_only_this = (taker.contact is not None) + len(taker.tasks) == 1
        is_in_other_call = taker.activity is Activity.ENGAGED
        is_alike = still.medium is taken.medium or (
            has_only_this and not is_in_other_call and not taker.pending
        )
        return not still.is_callback and is_alike and takes(self.rules_of(taker), still.medium)

    def picture(self) -> tuple[object, ...]:
        """Everything that can be seen and does not change by waiting alone."""
        here = [self.engine.contact(name) for name in CONTACTS]
        return (
            self.engine.agents(),
            tuple(seen(contact) for contact in here),
            tuple(sorted(each.contact for each in self.engine.waiting(q)) for q in self.defined_queues()),
            self.engine.next_deadline(),
            repr(self.engine),
        )
