"""What the engine promises after every single step, whatever happened before, as far as its public face shows it."""

import dataclasses
from collections import Counter

import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant

from acd.agent_state import Activity, AgentCondition, Presence
from acd.commands import OfferContact, ReportAgent, ReportContact
from acd.contact_state import ContactState
from acd.criteria import RING_ALL, SELECTION, Routing, Selection
from acd.decision import RecordDecision, RecordJoin
from acd.engine import Engine
from acd.events import CapacitiesDefined, QueueDefined
from acd.medium import Medium
from acd.metrics import Terms, counts_of
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.outcomes import Ledger
from acd.overflow import Overflow, Target, TargetKind
from acd.snapshots import AgentSnapshot, ContactSnapshot, Tally
from tests.acd.plain_rules import (
    can_serve,
    condition,
    fit_in,
    goes_beside,
    has_room,
    is_for,
    order,
    takes,
)
from tests.acd.recount import Caller, Recount, occupancy
from tests.acd.repertoire import AGENTS, CONTACTS

TINY_S = 1e-6  # sums of floats, each in an order of its own


class Promises(RuleBasedStateMachine):
    """What was promised, for a machine that keeps these books."""

    def __init__(self) -> None:
        """Begin with an engine, and nothing said yet."""
        super().__init__()
        self.engine = Engine("t", explains=True)
        self.record: RecordDecision | RecordJoin | None = None  # of the offer that comes next
        self.now = 1000.0
        self.behind_s: float | None = None  # by how much the clock is, at the next event
        self.is_woken = False  # just now
        self.recount = Recount()
        self.ledger = Ledger()
        self.journal: list[bytes] = []
        self.answers: list[bytes] = []
        self.offers: dict[OfferId, OfferContact] = {}  # as the phones know them
        self.offer_ids: set[OfferId] = set()
        self.diverted: dict[ContactId, Target] = {}  # the shell is to take them elsewhere
        self.refused_targets: set[tuple[ContactId, Target]] = set()
        self.defined: dict[QueueName, QueueDefined] = {}
        self.eras: dict[
            QueueName, list[tuple[QueueDefined, float]]
        ] = {}  # of its ageing, the last one endless
        self.routings: dict[str, tuple[Routing, ...]] = {}
        self.selections: dict[str, tuple[Selection, ...]] = {"": SELECTION}
        self.capacities: dict[str, CapacitiesDefined] = {}
        self.turns: dict[tuple[AgentId, QueueName], int] = {}  # when an agent had the last offer of a queue
        self.lax: set[AgentId] = set()  # who has more than the rules of now allow, and may
        self.shown_agents: dict[AgentId, ReportAgent] = {}  # as a wallboard knows them
        self.shown_contacts: dict[ContactId, ReportContact] = {}

    def here(self) -> list[ContactSnapshot]:
        """Every contact that is here."""
        found = [self.engine.contact(name) for name in CONTACTS]
        return [contact for contact in found if contact is not None]

    def defined_queues(self) -> list[QueueName]:
        """The queues that are defined."""
        return [queue.queue for queue in self.engine.statistics().queues]

    def rules_of(self, agent: AgentSnapshot) -> CapacitiesDefined:
        """What an agent may have in hand at once."""
        return self.capacities[agent.capacities]

    def has_quota_with(self, agent: AgentSnapshot, contact: ContactSnapshot) -> bool:
        """Whether an agent may be offered a contact as far as the number of callbacks in the lines they share goes."""
        under_way = {queue.queue: queue.callbacks for queue in self.engine.statistics().queues}
        mosts = {name: self.defined[name].callbacks_most for name in under_way}
        return not contact.is_callback or any(
            fit_in(agent, line) is not None
            and (
                line.agent is not None or (most := mosts[line.queue]) is None or under_way[line.queue] < most
            )
            for line in contact.lines
        )

    # ---- what must hold ----

    @invariant()
    def nobody_idles_beside_a_caller_they_may_serve(self) -> None:
        """Written anew: a ready, idle, reachable, rested agent and a waiting contact that they may serve."""
        everybody = self.engine.agents()
        on_duty = [each for each in everybody if each.presence in (Presence.READY, Presence.WRAP_UP)]
        for contact in self.here():
            if contact.state is not ContactState.WAITING:
                continue
            others = [
                each.agent
                for each in on_duty
                if each.agent not in contact.declined_by
                and can_serve(each, contact)
                and takes(self.rules_of(each), contact.medium)
            ]
            for agent in everybody:
                if (
                    has_room(agent, contact.medium, self.rules_of(agent))
                    and can_serve(agent, contact)
                    and self.has_quota_with(agent, contact)
                ):
                    assert agent.agent in contact.declined_by, f"{agent} idles beside {contact}"
                    assert others, f"nobody else is left for {contact} than {agent}"

    @invariant()
    def nobody_stays_where_nobody_is(self) -> None:
        """Where the queue dismisses them, and nobody else could serve."""
        for contact in self.here():
            conditions = self.defined[contact.given].dismisses_when
            if conditions is None or contact.state is not ContactState.WAITING:
                continue
            if contact.is_callback or contact.contact in self.recount.returned:
                continue  # nobody is there to be sent away, or agents are still to come back
            if contact.contact not in self.diverted and self.are_all_in(contact.given, conditions):
                lines = {(line.queue, line.agent) for line in contact.lines}
                assert lines != {(contact.given, None)}, f"{contact} of {self.engine.agents()}"

    @invariant()
    def nobody_idles_beside_a_caller_for_whom_all_ring(self) -> None:
        """As long as there is room for one more phone."""
        for contact in self.here():
            if not contact.offers or self.defined[contact.queue].strategy != RING_ALL:
                continue
            line = next(line for line in contact.lines if line.queue == contact.queue)
            for agent in self.engine.agents():
                is_free = has_room(agent, contact.medium, self.rules_of(agent))
                rings = any(task.contact == contact.contact for task in agent.tasks)
                if is_free and not rings and line.agent is None and fit_in(agent, line) is not None:
                    is_full = len(contact.offers) >= self.defined[contact.queue].ring_most
                    assert is_full or agent.agent in contact.declined_by, f"{agent} idles beside {contact}"

    @invariant()
    def agents_and_contacts_agree_on_who_has_whom(self) -> None:
        """Each pair both ways, in states that go together; offers as the phones know them."""
        for agent in self.engine.agents():
            joined = agent.activity in (Activity.RESERVED, Activity.RINGING, Activity.TALKING)
            assert joined == (agent.contact is not None)
            assert (agent.offer is not None) == (agent.activity in (Activity.RESERVED, Activity.RINGING))
            assert agent.reachable or agent.presence is Presence.NOT_READY
            for task in agent.tasks:
                held = self.engine.contact(task.contact)
                assert held is not None
                assert held.medium is task.medium is not Medium.VOICE
                assert (held.agent == agent.agent and not held.offers) or task.offer in held.offers
            if agent.contact is not None:
                contact = self.engine.contact(agent.contact)
                assert contact is not None
                assert contact.medium is Medium.VOICE
                if agent.offer is None:
                    assert (contact.agent, contact.offers) == (agent.agent, ())
                else:
                    assert agent.offer in contact.offers
        for name in CONTACTS:
            contact = self.engine.contact(name)
            if contact is None:
                continue
            assert (contact.state is ContactState.WAITING) == (contact.agent is None)
            assert (contact.state is ContactState.OFFERED) == (contact.offer is not None)
            assert (contact.state is ContactState.WAITING) == (contact.position is not None)
            if contact.agent is not None:
                holder = self.engine.agent(contact.agent)
                assert holder is not None
                of_phone = [(holder.contact, holder.offer)] if contact.medium is Medium.VOICE else []
                held_now = [*of_phone, *((task.contact, task.offer) for task in holder.tasks)]
                assert (name, contact.offer) in held_now
            for offer in contact.offers:
                assert self.offers[offer].contact == name
        offers = [(agent.offer, *(task.offer for task in agent.tasks)) for agent in self.engine.agents()]
        running = {offer for each in offers for offer in each if offer is not None}
        assert running == set(self.offers)
        assert all(self.engine.has_offer(offer) for offer in running)

    @invariant()
    def every_reservation_and_every_timed_wrap_up_has_a_deadline(self) -> None:
        """Nobody can be stuck: the engine asks to be woken in time for each."""
        ends = [offer.ring_until for offer in self.offers.values()]
        ends += [agent.wrap_up_until for agent in self.engine.agents() if agent.wrap_up_until is not None]
        delayed = [agent for agent in self.engine.agents() if agent.delayed]
        deadline = self.engine.next_deadline()
        assert self.engine.statistics().deadlines >= len(ends) + len(delayed)
        assert deadline is not None or (not ends and not delayed)
        for queue in self.defined_queues():
            steps = [step.after_s for step in self.defined[queue].widening]
            for contact in self.here():
                comes = [contact.arrived_at + step for step in steps if contact.arrived_at + step > self.now]
                needs = [line.need.skills for line in contact.lines if line.queue == queue]
                if (
                    comes
                    and contact.state is ContactState.WAITING
                    and any(level for skills in needs for _, level in skills)
                ):
                    assert deadline is not None
                    assert deadline <= min(comes)
        assert not ends or (deadline is not None and deadline <= min(ends))
        for agent in self.engine.agents():
            assert agent.wrap_up_until is None or agent.presence is Presence.WRAP_UP

    @invariant()
    def lines_are_in_order_and_places_count_up(self) -> None:
        """Level, then arrival; 1, 2, 3."""
        for queue in self.defined_queues():
            line = self.engine.waiting(queue)
            ranks = [order(each, self.eras[queue], self.now) for each in line]
            assert ranks == sorted(ranks)
            assert [each.position for each in line] == list(range(1, len(line) + 1))
            for each in line:
                is_first = each.lines[0].queue == queue and each.lines[0].agent is None
                assert not is_first or self.engine.position(each.contact) == each.position

    @invariant()
    def who_waits_stands_in_all_lines_and_who_does_not_in_none(self) -> None:
        """They are left at once; each contact counts in one queue."""
        found: list[tuple[ContactId, QueueName, AgentId | None]] = [
            (each.contact, queue, None)
            for queue in self.defined_queues()
            for each in self.engine.waiting(queue)
        ]
        for agent in AGENTS:
            for each in self.engine.waiting_for(agent):
                (queue,) = (line.queue for line in each.lines if line.agent == agent)
                found.append((each.contact, queue, agent))
        here = [each for each in self.here() if each.state is ContactState.WAITING]
        told = [(each.contact, line.queue, line.agent) for each in here for line in each.lines]
        assert sorted(found, key=repr) == sorted(told, key=repr)
        assert all(each.lines for each in here)

    @invariant()
    def what_was_reported_is_what_is(self) -> None:
        """A wallboard that heard every report is right about everybody."""
        people = self.engine.agents()
        assert set(self.shown_agents) == {agent.agent for agent in people}
        for agent in people:
            shown = self.shown_agents[agent.agent]
            assert (shown.presence, shown.activity, shown.reason) == (
                agent.presence,
                agent.activity,
                agent.reason,
            )
            assert (shown.contact, shown.reachable, shown.since) == (
                agent.contact,
                agent.reachable,
                agent.since,
            )
            assert (shown.pending, shown.pending_reason) == (agent.pending, agent.pending_reason)
            assert shown.wrap_up_until == agent.wrap_up_until
            assert shown.tasks == tuple(task.contact for task in agent.tasks)
            assert agent.since <= self.now
        here = {name for name in CONTACTS if self.engine.contact(name) is not None}
        assert set(self.shown_contacts) == here
        for name in here:
            contact = self.engine.contact(name)
            assert contact is not None
            told = self.shown_contacts[name]
            assert (told.state, told.queue, told.level) == (contact.state, contact.queue, contact.level)
            assert (told.agent, told.arrived_at) == (contact.agent, contact.arrived_at)
            assert (told.medium, told.is_callback) == (contact.medium, contact.is_callback)

    @invariant()
    def what_happened_is_counted(self) -> None:
        """As often as who heard it all counts it; whoever came in is here, left, or was served."""
        statistics = self.engine.statistics()
        assert statistics.now == self.recount.now == (self.now if self.journal else 0.0)
        assert dataclasses.asdict(statistics.tally) == {
            field.name: self.recount.tally[field.name] for field in dataclasses.fields(Tally)
        }
        here = len(self.recount.contacts)
        tally = statistics.tally
        came = tally.queued + tally.restored + self.recount.tally["restored_talking"]
        assert came == tally.left + tally.ended + here
        ended = tally.accepted + tally.declined + tally.rang_out + tally.withdrawn
        assert tally.offered == ended + len(self.offers)

    @invariant()
    def figures_of_queues_are_those_of_a_count_anew(self) -> None:
        """Each contact in one queue; agents in all of theirs."""
        people = self.engine.agents()
        contacts = self.recount.contacts.values()
        assert {each.queue for each in self.engine.statistics().queues} == set(self.recount.defined)
        for figures in self.engine.statistics().queues:
            name = figures.queue
            states = [each.state for each in contacts if each.queue == name]
            assert figures.limit == self.recount.defined[name].limit
            assert figures.waiting == states.count(ContactState.WAITING)
            assert figures.offered == states.count(ContactState.OFFERED)
            assert figures.connected == states.count(ContactState.CONNECTED)
            stand = [each for each in self.here() if self.stands_in(each, name)]
            assert figures.standing == len(stand)
            assert figures.longest_wait_s == max((self.now - each.arrived_at for each in stand), default=0.0)
            mine = [each for each in people if name in self.recount.seats[each.agent].queues]
            assert all(name in each.queues for each in mine)
            on_duty = [each for each in mine if each.presence in (Presence.READY, Presence.WRAP_UP)]
            assert figures.agents_on_duty == len(on_duty)
            free = [each for each in mine if any(has_room(each, one, self.rules_of(each)) for one in Medium)]
            assert figures.agents_free == len(free), f"{figures} {mine} {self.capacities}"
            back = [
                each for each in self.here() if each.contact in self.recount.callbacks and each.queue == name
            ]
            sure = [each for each in back if all(line.agent != each.agent for line in each.lines)]
            assert len(sure) <= figures.callbacks <= len(back)

    @invariant()
    def expected_waits_are_those_of_a_count_anew(self) -> None:
        """By how long callers of the queue kept their agents of late, and who is on duty now."""
        for queue in self.engine.statistics().queues:
            for place in (1, 5):
                found = self.engine.expected_band(queue.queue, place)
                counted = self.recount.band(queue.queue, place, queue.agents_on_duty)
                assert found == counted, f"of {queue}"

    @invariant()
    def a_wish_is_kept_for_the_end_of_a_call(self) -> None:
        """And over the wrap-up after it, but never at any other time; nobody is ready without a phone."""
        for agent in self.engine.agents():
            is_in_call = agent.activity in (Activity.TALKING, Activity.ENGAGED)
            assert agent.pending is None or is_in_call or agent.presence is Presence.WRAP_UP
            assert agent.reachable or agent.pending is not Presence.READY

    @invariant()
    def figures_of_agents_are_those_of_a_count_anew(self) -> None:
        """Calls, no answers, seconds of talk and how occupied, since the login."""
        assert self.engine.statistics().agents == len(self.recount.seats)
        for agent in self.engine.agents():
            seat = self.recount.seats[agent.agent]
            assert set(agent.queues) == set(seat.queues)
            assert (agent.taken, agent.no_answers) == (seat.taken, seat.no_answers)
            # Those are counted to the last change, of whatever kind:
            assert seat.talk_s - TINY_S <= agent.talk_s <= seat.talk_until(self.now) + TINY_S
            shares = [occupancy(seat.spent), occupancy(seat.until(self.now))]
            assert min(shares) - TINY_S <= agent.occupancy <= max(shares) + TINY_S

    @invariant()
    def outcomes_and_times_are_those_of_a_count_anew(self) -> None:
        """What became of everybody, and how the agents spent their time."""
        outcomes = self.ledger.outcomes(self.now)
        endings = Counter(each.ending.value for each in outcomes)
        assert endings == self.recount.all_endings()
        counts = counts_of(outcomes, Terms())
        assert counts.offered == sum(endings.values()) - endings["refused"]
        for times in self.ledger.times(self.now):
            spent = self.recount.all_spent(times.agent)
            assert times.busy_s == pytest.approx(spent["busy"])
            assert times.away_s == pytest.approx(spent["away"])
            assert times.free_s == pytest.approx(spent["free"])

    @invariant()
    def there_are_as_many_deadlines_as_something_can_be_due(self) -> None:
        """None is left over by what it was for, and none is missing."""
        agents = self.engine.agents()
        sure = len(self.offers) + len(self.recount.kept) + len(self.recount.returns_at)
        sure += sum((each.wrap_up_until is not None) + each.delayed for each in agents)
        steps = sum(each.state is ContactState.WAITING for each in self.recount.contacts.values())
        assert sure <= self.engine.statistics().deadlines <= sure + steps
        assert {each.agent for each in agents if each.delayed} == set(self.recount.rests)

    @invariant()
    def levels_and_arrivals_are_those_of_the_rules(self) -> None:
        """Those that held when a contact came, over its wait and its caller's past; once woken, to the second."""
        for contact in self.here():
            caller = self.recount.callers[contact.contact]
            assert contact.given == caller.queue
            came_at = self.recount.came_at.get(contact.contact, contact.arrived_at)
            assert contact.arrived_at == came_at
            if self.is_woken and contact.state is ContactState.WAITING:
                assert contact.level == caller.level_at(
                    contact.arrived_at, self.now, self.recount.raises[caller.queue]
                )

    @invariant()
    def nobody_waits_who_can_go_on(self) -> None:
        """By a rule of the queue over its agents, its hours and the wait, for this level and strategy number."""
        for contact in self.here():
            if contact.state is not ContactState.WAITING or contact.contact in self.diverted:
                continue
            if contact.contact in self.recount.returned:
                continue
            caller = self.recount.callers[contact.contact]
            for rule in self.defined[caller.queue].overflow:
                if rule.is_for_newcomers or not is_for(rule, contact.level, caller.strategy):
                    continue
                assert not (self.is_so(rule, caller) and self.can_go(rule, contact)), f"{contact} by {rule}"

    def is_so(self, rule: Overflow, caller: Caller) -> bool:
        """Whether the wait, the agents and the hours are as a rule says."""
        has_waited = rule.waited_s is None or (self.is_woken and caller.since + rule.waited_s <= self.now)
        is_closed = caller.queue in self.recount.closed or not rule.is_closed
        return has_waited and is_closed and self.are_all_in(caller.queue, rule.agents_all)

    def are_all_in(self, queue: QueueName, conditions: tuple[AgentCondition, ...] | None) -> bool:
        """Whether all agents of a queue are in one of these conditions, if it asks for any."""
        agents = [each for each in self.engine.agents() if queue in each.queues]
        return conditions is None or all(condition(each) in conditions for each in agents)

    def can_go(self, rule: Overflow, contact: ContactSnapshot) -> bool:
        """Whether the target of a rule takes a contact."""
        if rule.target.kind is not TargetKind.QUEUE:
            is_caller_there = contact.medium is Medium.VOICE and not contact.is_callback
            return is_caller_there and (contact.contact, rule.target) not in self.refused_targets
        name = QueueName(rule.target.name)
        target = self.defined.get(name)
        return (
            target is not None
            and name in self.recount.defined
            and self.recount.callers[contact.contact].visits[name] < rule.most_visits
            and len([each for each in self.here() if self.stands_in(each, name)]) < target.limit
            and not (target.refuses_when is not None and self.are_all_in(name, target.refuses_when))
        )

    def stands_in(self, contact: ContactSnapshot, queue: QueueName) -> bool:
        """Whether a contact waits in a line of a queue."""
        is_there = any(line.queue == queue for line in contact.lines)
        return contact.state is ContactState.WAITING and is_there

    @invariant()
    def nobody_has_more_than_their_capacities(self) -> None:
        """Of no medium more than its number, and of two media one may come beside the other."""
        for agent in self.engine.agents():
            media = [task.medium for task in agent.tasks]
            media += [Medium.VOICE] if agent.contact is not None else []
            rules = self.rules_of(agent)
            assert agent.agent in self.lax or goes_beside(media, rules), f"{agent} has {media}"

    @invariant()
    def callbacks_keep_to_their_number(self) -> None:
        """Those under way are no more than the queue allows, and each of them has an agent of its own."""
        for queue in self.engine.statistics().queues:
            most = self.defined[queue.queue].callbacks_most
            assert most is None or queue.callbacks <= most
            with_agents = [
                each for each in self.here() if each.queue == queue.queue and each.agent is not None
            ]
            assert queue.callbacks <= len(with_agents)
