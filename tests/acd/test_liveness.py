"""The whole engine under any history: what must hold after every single step.

A machine that knows only the public face of the engine plays phones, callers, agents and the clock, and looks for
anything that was promised and is not so.  Its own idea of who may serve whom is written anew, slowly and plainly.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from acd.agent_state import AgentCondition, Presence
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
from acd.decision import RecordDecision, RecordJoin, faults
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
    CallbackReached,
    ContactEnded,
    ContactLeft,
    ContactLevelChanged,
    ContactQueued,
    ContactRequeued,
    ContactRestored,
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
from acd.levels import LevelRule
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.overflow import Overflow
from acd.routes import Route
from acd.skills import SkillLevel, Widening
from acd.snapshots import AgentSnapshot, ContactSnapshot
from tests.acd.plain_rules import can_serve, has_room, preference, readiness, seen, takes
from tests.acd.promises import Promises
from tests.acd.repertoire import (
    CALLBACKS_MOST,
    CAPACITIES,
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
    capacities,
    contacts,
    media,
    priorities,
    queues,
    regions,
    seconds,
    served,
    shares,
    skills,
    strategies,
)


class Floor(Promises):
    """Phones, callers, agents and the clock."""

    # ---- one step ----

    def tell(self, event: Event, later_s: float = 0.0) -> tuple[Command, ...]:
        """Let something happen, and look at the answer."""
        self.now += later_s
        before = self.picture()
        waiting = {
            each.contact: each for queue in self.defined_queues() for each in self.engine.waiting(queue)
        }
        free = self.engine.agents()
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
            case RecordDecision() | RecordJoin():
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
                and self.could_have_come(taker, taken, still)
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
                and has_room(now, taken.medium, self.rules_of(now))
                and all(self.defined[line.queue].strategy == "longest_idle" for line in taken.lines)
                and can_serve(now, taken)
                and now.agent not in taken.declined_by
                and taker.agent not in taken.declined_by
            ):
                assert readiness(taker, taken) < readiness(now, taken), f"{now} was passed over for {taker}"

    def could_have_come(self, taker: AgentSnapshot, taken: ContactSnapshot, still: ContactSnapshot) -> bool:
        """Whether there was room for the one, too, when the other was chosen."""
        has_only_this = (taker.contact is None) + len(taker.tasks) == (
            1 if taken.medium is Medium.VOICE else 2
        )
        is_alike = still.medium is taken.medium or (has_only_this and not taker.pending)
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
                callbacks_most=CALLBACKS_MOST[QUEUES[0]],
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
        for rules in CAPACITIES.values():
            self.tell(rules)
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
        levels=st.sampled_from((MORE_RULES["level_rules"], ())),
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
        levels: tuple[LevelRule, ...],
    ) -> None:
        """A queue's rules change, and nobody who waits in a line is behind others than before; where all ring together
        they go on so.
        """
        if queue in self.rings_all:
            strategy = RING_ALL
        self.tell(TimePassed())
        before = {
            each.queue: [one.contact for one in self.engine.waiting(each.queue)]
            for each in self.engine.statistics().queues
        }
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
                callbacks_most=CALLBACKS_MOST[queue],
                **{**MORE_RULES, "level_rules": levels},
                **self.ageing,
            )
        )
        for name, line in before.items():
            still = [each.contact for each in self.engine.waiting(name) if each.contact in line]
            assert still == [contact for contact in line if contact in still], f"turned about in {name}"

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
        capacities=capacities,
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
        capacities: str,
        later_s: float,
    ) -> None:
        """Somebody sits down."""
        if self.engine.agent(agent) is None:
            self.lax.discard(agent)
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
                capacities=capacities,
            ),
            later_s,
        )

    @rule(agent=agents, queues=served, skills=skills, priorities=priorities, capacities=capacities)
    def reassign(
        self,
        agent: AgentId,
        queues: tuple[QueueName, ...],
        skills: tuple[SkillLevel, ...],
        priorities: tuple[QueuePriority, ...],
        capacities: str,
    ) -> None:
        """Somebody learns, or is sent elsewhere."""
        self.lax.add(agent)
        self.tell(
            AgentReassigned(
                agent=agent, queues=queues, skills=skills, priorities=priorities, capacities=capacities
            )
        )

    @rule(agent=agents, contact=contacts, queue=queues, medium=media)
    def restore_task(self, agent: AgentId, contact: ContactId, queue: QueueName, medium: Medium) -> None:
        """Somebody has a message in hand since before a restart."""
        if medium is not Medium.VOICE:
            self.lax.add(agent)
            self.tell(
                ContactRestored(contact=contact, queue=queue, agent=agent, medium=medium, arrived_at=-3.0)
            )

    @rule(contact=contacts, later_s=seconds)
    def call_back(self, contact: ContactId, later_s: float) -> None:
        """Somebody who hung up to be called back is reached."""
        event = CallbackReached(contact=contact)
        here = self.engine.contact(contact)
        if self.tell(event, later_s):
            self.diverted.pop(contact, None)
        after = self.engine.contact(contact)
        assert here is None or after is None or after.arrived_at == here.arrived_at

    @rule(
        agent=agents,
        presence=st.sampled_from((Presence.READY, Presence.NOT_READY, Presence.WRAP_UP)),
        reachable=st.booleans(),
        contact=st.one_of(st.none(), contacts),
        queue=queues,
        task=st.one_of(st.none(), contacts),
        no_answers=st.integers(0, 2),
    )
    def restore(
        self,
        agent: AgentId,
        presence: Presence,
        reachable: bool,
        contact: ContactId | None,
        queue: QueueName,
        task: ContactId | None,
        no_answers: int,
    ) -> None:
        """Somebody is found after a restart, perhaps talking, perhaps with a chat in hand."""
        is_talking = contact is not None and presence is not Presence.WRAP_UP
        tasks: tuple[ContactRestored, ...] = ()
        if task is not None and task != contact:
            self.lax.add(agent)
            tasks = (
                ContactRestored(contact=task, queue=queue, agent=agent, medium=Medium.CHAT, arrived_at=-3.0),
            )
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
                no_answers=no_answers,
                tasks=tasks,
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
        medium=media,
        is_callback=st.sampled_from((False, False, False, True)),
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
        medium: Medium,
        is_callback: bool,
        later_s: float,
    ) -> None:
        """A caller or a message comes, or one who is here is moved."""
        self.now += later_s
        here = self.engine.contact(contact)
        medium = medium if here is None or later_s == 20.0 else here.medium
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
                medium=medium,
                is_callback=is_callback and medium is Medium.VOICE,
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
            if after is None:  # nobody was there any more
                assert DismissContact(contact=contact, queue=here.given) in answer
            else:
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

    def teardown(self) -> None:
        """The same journal gives the same bytes."""
        played = [
            line if not line.startswith(b'{"refused"') else line.split(b'"')[7]
            for line in replay(self.journal, Engine("t", explains=True))
        ]
        assert played == self.answers


TestFloor = Floor.TestCase
TestFloor.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
