"""The whole engine under any history: what must hold after every single step.

A machine that knows only the public face of the engine plays phones, callers, agents and the clock, and looks for
anything that was promised and is not so.  Its own idea of who may serve whom is written anew, slowly and plainly.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from acd.agent_state import Activity, AgentCondition, Presence
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
from acd.criteria import RING_ALL, STRATEGIES
from acd.decision import RecordDecision, faults
from acd.engine import Engine
from acd.errors import AcdError
from acd.events import (
    AgentDisengaged,
    AgentEngaged,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentMadeNotReady,
    AgentMadeReady,
    AgentReachabilityChanged,
    AgentReassigned,
    AgentRestored,
    ContactEnded,
    ContactLeft,
    ContactLevelChanged,
    ContactQueued,
    ContactRequeued,
    DeclineCause,
    DiversionRefused,
    Event,
    OfferAccepted,
    OfferDeclined,
    PhoneRang,
    QueueDefined,
    QueueHoursChanged,
    QueuePriority,
    QueueRemoved,
    TimePassed,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.journal import encode_command, encode_event, replay
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.overflow import Overflow, Target
from acd.routes import Route
from acd.skills import SkillLevel, Widening
from acd.snapshots import AgentSnapshot, ContactSnapshot, Tally
from tests.acd.plain_rules import can_serve, fit_in, is_free, is_in, order, preference, readiness, seen
from tests.acd.repertoire import (
    AGENTS,
    CITIES,
    CONTACTS,
    MORE_RULES,
    OVERFLOW,
    QUEUES,
    TABLES,
    WIDENING,
    absences,
    ageings,
    agents,
    asked,
    contacts,
    priorities,
    queues,
    regions,
    seconds,
    served,
    shares,
    skills,
    strategies,
)


class Floor(RuleBasedStateMachine):
    """Phones, callers, agents and the clock."""

    def __init__(self) -> None:
        """Begin with an engine, and nothing said yet."""
        super().__init__()
        self.engine = Engine("t", explains=True)
        self.record: RecordDecision | None = None  # of the offer that comes next
        self.now = 1000.0
        self.restored_talking = 0
        self.ageing: dict[str, Any] = {}
        self.journal: list[bytes] = []
        self.answers: list[bytes] = []
        self.offers: dict[OfferId, OfferContact] = {}  # as the phones know them
        self.offer_ids: set[OfferId] = set()
        self.diverted: dict[ContactId, Target] = {}  # the shell is to take them elsewhere
        self.defined: dict[QueueName, QueueDefined] = {}
        self.rings_all: set[QueueName] = set()  # queues where all ring together, and always did
        self.shown_agents: dict[AgentId, ReportAgent] = {}  # as a wallboard knows them
        self.shown_contacts: dict[ContactId, ReportContact] = {}

    # ---- one step ----

    def tell(self, event: Event, later_s: float = 0.0) -> tuple[Command, ...]:
        """Let something happen, and look at the answer."""
        self.now += later_s
        before = self.picture()
        waiting = {
            each.contact: each for queue in self.defined_queues() for each in self.engine.waiting(queue)
        }
        free = [agent for agent in self.engine.agents() if is_free(agent)]
        try:
            answer = self.engine.handle(event, self.now)
        except AcdError as error:
            assert self.picture() == before, f"{event} was refused and changed something"
            self.journal.append(encode_event(event, self.now))
            self.answers.append(type(error).__name__.encode())
            return ()
        self.journal.append(encode_event(event, self.now))
        self.answers.extend(encode_command(command) for command in answer)
        if isinstance(event, QueueDefined):
            self.defined[event.queue] = event
        self.look_at_order(answer)
        for command in answer:
            self.take_in(command)
        for command in answer:
            if isinstance(command, OfferContact):
                self.look_at_choice(command, waiting, free)
        return answer

    def look_at_order(self, answer: tuple[Command, ...]) -> None:
        """Deeds before reports, and one report for each."""
        kinds = [isinstance(command, ReportAgent | ReportContact) for command in answer]
        assert kinds == sorted(kinds)
        reports = [c for c in answer if isinstance(c, ReportAgent | ReportContact)]
        names = [c.agent if isinstance(c, ReportAgent) else c.contact for c in reports]
        assert len(names) == len(set(names))

    def take_in(self, command: Command) -> None:
        """Do what a shell does."""
        match command:
            case OfferContact():
                assert command.offer not in self.offer_ids, "an offer id was used twice"
                assert command.ring_until > self.now
                record, self.record = self.record, None
                if record is not None:  # who rings along with others has none
                    decision = record.decision
                    assert record.offer == command.offer
                    assert (decision.contact, decision.agent) == (command.contact, command.agent)
                    assert faults(decision) == ()
                for other in self.offers.values():
                    assert other.agent != command.agent, "two offers for one agent"
                    assert other.contact != command.contact or command.queue in self.rings_all, (
                        "two offers of one contact"
                    )
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
            case ReportNoAnswer():
                assert command.returns_at is None or command.returns_at > self.now
            case ReportWidening():
                assert command.lowered_by > 0
            case RecordDecision():
                self.record = command
            case ReportOverflow():
                assert command.queue != command.target
            case DivertContact():
                self.diverted[command.contact] = command.target
            case DismissContact():
                assert self.engine.contact(command.contact) is None
            case RefuseContact():
                pass

    def look_at_choice(
        self,
        offer: OfferContact,
        waiting: dict[ContactId, ContactSnapshot],
        free: Iterable[AgentSnapshot],
    ) -> None:
        """First come first served, longest idle first: among those who were there before and are there still."""
        taken = self.engine.contact(offer.contact)
        taker = self.engine.agent(offer.agent)
        if taken is None or taker is None or taken.offer != offer.offer:
            return  # a later moment of the same answer took the offer back
        for name, was in waiting.items():
            still = self.engine.contact(name)
            if (
                still is not None
                and still.state is ContactState.WAITING
                and can_serve(taker, still)
                and taker.agent not in still.declined_by
                and (was.level, was.arrived_at, was.lines) == (still.level, still.arrived_at, still.lines)
            ):
                first, second = (preference(taker, each, self.defined, self.now) for each in (taken, still))
                looked_at = 3 if taker.shares else 5  # then comes the region's turn
                assert first[:looked_at] <= second[:looked_at], f"{still} was passed over for {taken}"
        for agent in free:
            now = self.engine.agent(agent.agent)
            if (
                now == agent
                and all(self.defined[line.queue].strategy == "longest_idle" for line in taken.lines)
                and can_serve(now, taken)
                and now.agent not in taken.declined_by
                and taker.agent not in taken.declined_by
            ):
                assert readiness(taker, taken) < readiness(now, taken), f"{now} was passed over for {taker}"

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

    def here(self) -> list[ContactSnapshot]:
        """Every contact that is here."""
        found = [self.engine.contact(name) for name in CONTACTS]
        return [contact for contact in found if contact is not None]

    def defined_queues(self) -> list[QueueName]:
        """The queues that are defined."""
        return [queue.queue for queue in self.engine.statistics().queues]

    # ---- what can happen ----

    @initialize(
        wrap_up_s=st.sampled_from((None, 0.0, 5.0)),
        limit=st.sampled_from((0, 2, 256)),
        here=st.sets(agents),
        waiting=st.lists(contacts, unique=True, max_size=4),
        ageing=ageings,
        strategy=strategies,
        overflows=st.booleans(),
        absence=absences,
    )
    def open(
        self,
        wrap_up_s: float | None,
        limit: int,
        here: set[AgentId],
        waiting: list[ContactId],
        ageing: dict[str, Any],
        strategy: str,
        overflows: bool,
        absence: tuple[AgentCondition, ...] | None,
    ) -> None:
        """Two queues, and perhaps somebody there already."""
        if strategy == RING_ALL:
            self.rings_all.add(QUEUES[1])
        self.ageing = ageing
        for event in (
            QueueDefined(
                queue=QUEUES[0],
                wrap_up_s=wrap_up_s,
                ring_time_s=15.0,
                widening=WIDENING,
                overflow=OVERFLOW[QUEUES[0]] if overflows else (),
                dismisses_when=absence,
                **self.ageing,
            ),
            QueueDefined(
                queue=QUEUES[1],
                limit=limit,
                ring_time_s=5.0,
                decline_delay_s=0.0,
                priority=1,
                strategy=strategy,
                ring_most=2,
                overflow=OVERFLOW[QUEUES[1]] if overflows else (),
                **self.ageing,
            ),
        ):
            self.tell(event)
        self.tell(CITIES)
        for contact in waiting:
            self.tell(ContactQueued(contact=contact, queue=QUEUES[0]), 1.0)
        for agent in sorted(here):
            self.tell(AgentLoggedIn(agent=agent, queues=QUEUES))

    @rule(
        queue=queues,
        limit=st.integers(0, 4),
        ring_time_s=st.sampled_from((1.0, 15.0)),
        priority=st.integers(0, 2),
        strategy=st.sampled_from(sorted(STRATEGIES.keys() - {RING_ALL})),
        widening=st.sampled_from(((), WIDENING, WIDENING[:1])),
        overflow=st.sampled_from((OVERFLOW, ())),
        absence=absences,
    )
    def define(
        self,
        queue: QueueName,
        limit: int,
        ring_time_s: float,
        priority: int,
        strategy: str,
        widening: tuple[Widening, ...],
        overflow: Mapping[QueueName, tuple[Overflow, ...]],
        absence: tuple[AgentCondition, ...] | None,
    ) -> None:
        """A queue's rules change; where all ring together they go on so."""
        if queue in self.rings_all:
            strategy = RING_ALL
        self.tell(
            QueueDefined(
                queue=queue,
                limit=limit,
                ring_time_s=ring_time_s,
                wrap_up_s=3.0,
                priority=priority,
                strategy=strategy,
                ring_most=2,
                widening=widening,
                overflow=overflow[queue] if overflow else (),
                dismisses_when=absence,
                refuses_when=absence,
                **MORE_RULES,
                **self.ageing,
            )
        )

    @rule(queue=queues, is_open=st.booleans())
    def hours(self, queue: QueueName, is_open: bool) -> None:
        """A queue opens or closes."""
        self.tell(QueueHoursChanged(queue=queue, is_open=is_open))

    @rule(contact=contacts, level=st.integers(0, 2))
    def judge(self, contact: ContactId, level: int) -> None:
        """Somebody gives a contact another level."""
        self.tell(ContactLevelChanged(contact=contact, level=level))

    @precondition(lambda self: self.diverted)
    @rule(data=st.data(), is_refused=st.booleans(), later_s=seconds)
    def divert(self, data: st.DataObject, is_refused: bool, later_s: float) -> None:
        """The shell takes somebody elsewhere, or cannot."""
        contact = data.draw(st.sampled_from(sorted(self.diverted)))
        target = self.diverted.pop(contact)
        refused = DiversionRefused(contact=contact, target=target)
        self.tell(refused if is_refused else ContactLeft(contact=contact, cause="overflow"), later_s)

    @rule(queue=queues)
    def remove(self, queue: QueueName) -> None:
        """A queue is taken away (mostly refused)."""
        self.tell(QueueRemoved(queue=queue))

    @rule(
        agent=agents,
        queues=served,
        is_ready=st.booleans(),
        reachable=st.booleans(),
        skills=skills,
        priorities=priorities,
        shares=shares,
        later_s=seconds,
    )
    def login(
        self,
        agent: AgentId,
        queues: tuple[QueueName, ...],
        is_ready: bool,
        reachable: bool,
        skills: tuple[SkillLevel, ...],
        priorities: tuple[QueuePriority, ...],
        shares: str,
        later_s: float,
    ) -> None:
        """Somebody sits down."""
        self.tell(
            AgentLoggedIn(
                agent=agent,
                queues=queues,
                presence=Presence.READY if is_ready else Presence.NOT_READY,
                reason="new",
                reachable=reachable,
                skills=skills,
                priorities=priorities,
                shares=shares,
            ),
            later_s,
        )

    @rule(agent=agents, queues=served, skills=skills, priorities=priorities)
    def reassign(
        self,
        agent: AgentId,
        queues: tuple[QueueName, ...],
        skills: tuple[SkillLevel, ...],
        priorities: tuple[QueuePriority, ...],
    ) -> None:
        """Somebody learns, or is sent elsewhere."""
        self.tell(AgentReassigned(agent=agent, queues=queues, skills=skills, priorities=priorities))

    @rule(
        agent=agents,
        presence=st.sampled_from((Presence.READY, Presence.NOT_READY, Presence.WRAP_UP)),
        reachable=st.booleans(),
        contact=st.one_of(st.none(), contacts),
        queue=queues,
    )
    def restore(
        self,
        agent: AgentId,
        presence: Presence,
        reachable: bool,
        contact: ContactId | None,
        queue: QueueName,
    ) -> None:
        """Somebody is found after a restart, perhaps talking."""
        is_talking = contact is not None and presence is not Presence.WRAP_UP
        answer = self.tell(
            AgentRestored(
                agent=agent,
                queues=QUEUES,
                presence=presence,
                reason="old",
                reachable=reachable,
                idle_since=self.now - 50.0,
                wrap_up_until=self.now + 2.0,
                contact=contact if is_talking else None,
                contact_queue=queue,
                contact_arrived_at=-3.0,
            )
        )
        self.restored_talking += bool(is_talking and answer)

    @rule(agent=agents)
    def logout(self, agent: AgentId) -> None:
        """Somebody leaves."""
        self.tell(AgentLoggedOut(agent=agent))

    @rule(agent=agents, later_s=seconds)
    def ready(self, agent: AgentId, later_s: float) -> None:
        """Somebody is ready."""
        self.tell(AgentMadeReady(agent=agent), later_s)

    @rule(agent=agents, reason=st.sampled_from(("lunch", "training")))
    def not_ready(self, agent: AgentId, reason: str) -> None:
        """Somebody is not."""
        self.tell(AgentMadeNotReady(agent=agent, reason=reason))

    @rule(agent=agents, reachable=st.booleans())
    def phone(self, agent: AgentId, reachable: bool) -> None:
        """A phone is lost or back."""
        self.tell(AgentReachabilityChanged(agent=agent, reachable=reachable))

    @rule(agent=agents, begins=st.booleans())
    def other_call(self, agent: AgentId, begins: bool) -> None:
        """Somebody dials, or hangs up after dialling."""
        self.tell(AgentEngaged(agent=agent) if begins else AgentDisengaged(agent=agent))

    @rule(agent=agents, more=st.one_of(st.none(), seconds))
    def wrap_up(self, agent: AgentId, more: float | None) -> None:
        """Somebody ends the wrap-up, or needs more of it."""
        self.tell(WrapUpEnded(agent=agent) if more is None else WrapUpExtended(agent=agent, seconds=more))

    @rule(
        contact=contacts,
        queue=queues,
        level=st.integers(0, 2),
        skills=asked,
        table=st.sampled_from(((), (), *TABLES)),
        region=regions,
        later_s=seconds,
    )
    def call(
        self,
        contact: ContactId,
        queue: QueueName,
        level: int,
        skills: tuple[SkillLevel, ...],
        table: tuple[Route, ...],
        region: str,
        later_s: float,
    ) -> None:
        """A caller comes, or one who is here is moved."""
        self.now += later_s
        here = self.engine.contact(contact)
        needed = () if table else skills
        answer = self.tell(
            ContactQueued(
                contact=contact,
                queue=queue,
                level=level,
                skills=needed,
                routes=table,
                region=region,
                number=contact,
            )
        )
        kinds = {type(command) for command in answer}
        if not kinds & {DivertContact, RefuseContact}:
            self.diverted.pop(contact, None)
        after = self.engine.contact(contact)
        if here is not None and DismissContact not in kinds:
            assert after is not None
            assert after.arrived_at == here.arrived_at
        if any(isinstance(command, RefuseContact) for command in answer):
            assert seen(after) == seen(here)

    @rule(contact=contacts, later_s=seconds)
    def leave(self, contact: ContactId, later_s: float) -> None:
        """A caller hangs up, wherever they are: out of every line at once."""
        self.tell(ContactLeft(contact=contact), later_s)
        assert self.engine.contact(contact) is None
        assert all(
            contact != each.contact for queue in self.defined_queues() for each in self.engine.waiting(queue)
        )

    @rule(contact=contacts, is_lost=st.booleans(), later_s=seconds)
    def end_talk(self, contact: ContactId, is_lost: bool, later_s: float) -> None:
        """A conversation ends, or the agent's leg is lost."""
        here = self.engine.contact(contact)
        event = ContactRequeued(contact=contact) if is_lost else ContactEnded(contact=contact)
        answer = self.tell(event, later_s)
        if is_lost and answer and here is not None:
            after = self.engine.contact(contact)
            assert after is not None
            assert after.arrived_at == here.arrived_at

    @rule(data=st.data(), later_s=seconds)
    def answer_phone(self, data: st.DataObject, later_s: float) -> None:
        """A phone that rings, or rang once, rings, is answered, or says no."""
        if not self.offer_ids:
            return
        name = data.draw(st.sampled_from(sorted(self.offer_ids)))
        words: tuple[Event, ...] = (
            PhoneRang(offer=name),
            OfferAccepted(offer=name),
            *(OfferDeclined(offer=name, cause=cause) for cause in DeclineCause),
        )
        event = data.draw(st.sampled_from(words))
        self.phone_says(event, name, later_s)

    @precondition(lambda self: self.offers)
    @rule(data=st.data(), accepts=st.booleans())
    def answer_ringing_phone(self, data: st.DataObject, accepts: bool) -> None:
        """A phone that rings now is answered or says no."""
        name = data.draw(st.sampled_from(sorted(self.offers)))
        event = OfferAccepted(offer=name) if accepts else OfferDeclined(offer=name, cause=DeclineCause.BUSY)
        self.phone_says(event, name, 0.5)

    def phone_says(self, event: Event, name: OfferId, later_s: float) -> None:
        """A late word changes nothing; one in time ends the offer."""
        offer = self.offers.get(name)
        if offer is not None and not isinstance(event, PhoneRang):
            del self.offers[name]
        answer = self.tell(event, later_s)
        if offer is None:
            assert answer == ()
        elif isinstance(event, OfferAccepted):
            taken = self.engine.contact(offer.contact)
            assert taken is not None
            assert (taken.state, taken.agent) == (ContactState.CONNECTED, offer.agent)

    @rule(later_s=st.sampled_from((0.2, 1.0, 30.0)))
    def time_passes(self, later_s: float) -> None:
        """The engine is woken, perhaps late."""
        self.tell(TimePassed(), later_s)
        deadline = self.engine.next_deadline()
        assert deadline is None or deadline > self.now

    @precondition(lambda self: self.engine.next_deadline() is not None)
    @rule()
    def deadline_comes(self) -> None:
        """The engine is woken exactly when it asked for it."""
        deadline = self.engine.next_deadline()
        assert deadline is not None
        self.now = max(self.now, deadline)
        self.tell(TimePassed())

    @rule(back_s=st.floats(0.5, 1e4))
    def clock_steps_back(self, back_s: float) -> None:
        """The clock is wrong for a moment; nothing falls due again, nothing is dated back."""
        seen = self.engine.statistics()
        self.journal.append(encode_event(TimePassed(), self.now - back_s))
        answer = self.engine.handle(TimePassed(), self.now - back_s)
        self.answers.extend(encode_command(command) for command in answer)
        for command in answer:
            self.take_in(command)
        after = self.engine.statistics()
        assert after.now == seen.now
        assert after.tally.clock_steps_back == seen.tally.clock_steps_back + 1

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
                if each.agent not in contact.declined_by and can_serve(each, contact)
            ]
            for agent in everybody:
                if is_free(agent) and can_serve(agent, contact):
                    assert agent.agent in contact.declined_by, f"{agent} idles beside {contact}"
                    assert others, f"nobody else is left for {contact} than {agent}"

    @invariant()
    def nobody_stays_where_nobody_is(self) -> None:
        """Where the queue dismisses them, and nobody else could serve."""
        for contact in self.here():
            conditions = self.defined[contact.given].dismisses_when
            if conditions is None or contact.state is not ContactState.WAITING:
                continue
            agents = [each for each in self.engine.agents() if contact.given in each.queues]
            if contact.contact not in self.diverted and all(is_in(each, conditions) for each in agents):
                assert {(line.queue, line.agent) for line in contact.lines} != {(contact.given, None)}

    @invariant()
    def nobody_idles_beside_a_caller_for_whom_all_ring(self) -> None:
        """As long as there is room for one more phone."""
        for contact in self.here():
            if not contact.offers or contact.queue not in self.rings_all:
                continue
            line = next(line for line in contact.lines if line.queue == contact.queue)
            for agent in self.engine.agents():
                if is_free(agent) and line.agent is None and fit_in(agent, line) is not None:
                    has_room = len(contact.offers) < self.defined[contact.queue].ring_most
                    assert not has_room or agent.agent in contact.declined_by, (
                        f"{agent} idles beside {contact}"
                    )

    @invariant()
    def agents_and_contacts_agree_on_who_has_whom(self) -> None:
        """Each pair both ways, in states that go together; offers as the phones know them."""
        for agent in self.engine.agents():
            joined = agent.activity in (Activity.RESERVED, Activity.RINGING, Activity.TALKING)
            assert joined == (agent.contact is not None)
            assert (agent.offer is not None) == (agent.activity in (Activity.RESERVED, Activity.RINGING))
            assert agent.reachable or agent.presence is Presence.NOT_READY
            if agent.contact is not None:
                contact = self.engine.contact(agent.contact)
                assert contact is not None
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
                assert (holder.contact, holder.offer) == (name, contact.offer)
            for offer in contact.offers:
                assert self.offers[offer].contact == name
        running = {agent.offer for agent in self.engine.agents() if agent.offer is not None}
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
            ranks = [order(each, self.defined[queue], self.now) for each in line]
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
            assert agent.since <= self.now
        here = {name for name in CONTACTS if self.engine.contact(name) is not None}
        assert set(self.shown_contacts) == here
        for name in here:
            contact = self.engine.contact(name)
            assert contact is not None
            told = self.shown_contacts[name]
            assert (told.state, told.queue, told.level) == (contact.state, contact.queue, contact.level)
            assert (told.agent, told.arrived_at) == (contact.agent, contact.arrived_at)

    @invariant()
    def counts_add_up(self) -> None:
        """Whoever came in is here, left, or was served; each offer ended one way or runs."""
        statistics = self.engine.statistics()
        tally: Tally = statistics.tally
        here = sum(queue.waiting + queue.offered + queue.connected for queue in statistics.queues)
        assert tally.queued + self.restored_talking == tally.left + tally.ended + here
        ended = tally.accepted + tally.declined + tally.rang_out + tally.withdrawn
        assert tally.offered == ended + len(self.offers)
        assert tally.offered == len(self.offer_ids)

    def teardown(self) -> None:
        """The same journal gives the same bytes."""
        played = [
            line if not line.startswith(b'{"refused"') else line.split(b'"')[7]
            for line in replay(self.journal, Engine("t", explains=True))
        ]
        assert played == self.answers


TestFloor = Floor.TestCase
TestFloor.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
