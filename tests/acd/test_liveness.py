"""The whole engine under any history: what must hold after every single step.

A machine that knows only the public face of the engine plays phones, callers, agents and the clock, and looks for
anything that was promised and is not so.  Its own idea of who may serve whom is written anew, slowly and plainly.
"""

from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from acd.agent_state import Activity, Presence
from acd.commands import (
    DismissContact,
    RefuseCause,
    RefuseContact,
)
from acd.contact_state import ContactState
from acd.engine import Engine
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
    CallerRecalled,
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
    TimePassed,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.journal import replay
from acd.levels import CallerHistory
from acd.medium import Medium
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.queue_priority import QueuePriority
from acd.routes import Route
from acd.skills import SkillLevel
from acd.snapshots import AgentSnapshot
from acd.stay import FloorRestored, Stay, Visit
from tests.acd import rule_changes
from tests.acd.plain_rules import seen
from tests.acd.repertoire import (
    QUEUES,
    TABLES,
    agents,
    arrivals_ago_s,
    asked,
    capacities,
    contacts,
    histories,
    media,
    numbers,
    priorities,
    queues,
    ranks,
    regions,
    seconds,
    selections,
    served,
    shares,
    skills,
    wishes,
    wrap_ups,
)
from tests.acd.rule_changes import RuleChanges


class Floor(RuleChanges):
    """Phones, callers, agents and the clock."""

    # ---- what can happen ----

    @rule(contact=contacts, level=st.integers(0, 2))
    def judge(self, contact: ContactId, level: int) -> None:
        """Somebody gives a contact another level."""
        self.tell(ContactLevelChanged(contact=contact, level=level))

    @rule(contact=contacts, caller=histories)
    def recall(self, contact: ContactId, caller: CallerHistory) -> None:
        """What is known of somebody comes to light."""
        self.tell(CallerRecalled(contact=contact, caller=caller))

    @precondition(lambda self: self.diverted)
    @rule(data=st.data(), is_refused=st.booleans(), later_s=seconds)
    def divert(self, data: st.DataObject, is_refused: bool, later_s: float) -> None:
        """The shell takes somebody elsewhere, or cannot."""
        contact = data.draw(st.sampled_from(sorted(self.diverted)))
        target = self.diverted.pop(contact)
        refused = DiversionRefused(contact=contact, target=target)
        self.refused_targets |= {(contact, target)} if is_refused else set()
        self.tell(refused if is_refused else ContactLeft(contact=contact, cause="overflow"), later_s)

    @rule(
        agent=agents,
        queues=served,
        is_ready=st.booleans(),
        reachable=st.booleans(),
        skills=skills,
        priorities=priorities,
        shares=shares,
        capacities=capacities,
        selection=selections,
        rank=ranks,
        wrap_up_s=wrap_ups,
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
        selection: str,
        rank: int,
        wrap_up_s: float | None,
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
                selection=selection,
                rank=rank,
                wrap_up_s=wrap_up_s,
            ),
            later_s,
        )

    @rule(
        agent=agents,
        queues=served,
        skills=skills,
        priorities=priorities,
        shares=shares,
        capacities=capacities,
        selection=selections,
        rank=ranks,
        wrap_up_s=wrap_ups,
    )
    def reassign(
        self,
        agent: AgentId,
        queues: tuple[QueueName, ...],
        skills: tuple[SkillLevel, ...],
        priorities: tuple[QueuePriority, ...],
        shares: str,
        capacities: str,
        selection: str,
        rank: int,
        wrap_up_s: float | None,
    ) -> None:
        """Somebody learns, or is sent elsewhere."""
        self.lax.add(agent)
        self.tell(
            AgentReassigned(
                agent=agent,
                queues=queues,
                skills=skills,
                priorities=priorities,
                shares=shares,
                capacities=capacities,
                selection=selection,
                rank=rank,
                wrap_up_s=wrap_up_s,
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
        self.tell(event, later_s)
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
        level=st.integers(0, 1),
        taken=st.integers(0, 2),
        talk_s=st.sampled_from((0.0, 30.0)),
        pending=wishes,
        since_s=st.sampled_from((None, 40.0, -7.0)),
        wrap_up_s=wrap_ups,
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
        level: int,
        taken: int,
        talk_s: float,
        pending: Presence | None,
        since_s: float | None,
        wrap_up_s: float | None,
    ) -> None:
        """Somebody is found after a restart, perhaps talking, perhaps with a chat in hand."""
        is_talking = contact is not None and presence is not Presence.WRAP_UP
        tasks: tuple[ContactRestored, ...] = ()
        if is_talking or task is not None:
            self.lax.add(agent)
        if task is not None and task != contact:
            tasks = (
                ContactRestored(contact=task, queue=queue, agent=agent, medium=Medium.CHAT, arrived_at=-3.0),
            )
        answer = self.tell(
            AgentRestored(
                agent=agent,
                queues=QUEUES,
                presence=presence,
                reason="old" if presence is Presence.NOT_READY else "",
                reachable=reachable,
                idle_since=self.now - 50.0,
                wrap_up_until=self.now + 2.0,
                contact=contact if is_talking else None,
                contact_queue=queue,
                contact_arrived_at=-3.0,
                contact_level=level,
                no_answers=no_answers,
                taken=taken,
                talk_s=talk_s,
                pending=pending,
                pending_reason="" if pending is not Presence.NOT_READY else "lunch",
                since=None if since_s is None else self.now - since_s,
                wrap_up_s=wrap_up_s,
                tasks=tasks,
            )
        )
        after = self.engine.agent(agent)
        if answer and after is not None and after.activity is Activity.IDLE and not after.tasks:
            self.look_at_restored(after, presence, pending, self.now - max(since_s or 0.0, 0.0))

    def look_at_restored(
        self, agent: AgentSnapshot, presence: Presence, pending: Presence | None, since: float
    ) -> None:
        """Who is in no call any more has what was asked for in it, unless the phone is gone; a state that is as it was is as
        old as it was.
        """
        keeps_it = presence is Presence.WRAP_UP and agent.reachable
        assert agent.pending is (pending if keeps_it else None)
        if not agent.reachable:
            assert agent.presence is Presence.NOT_READY
        else:
            assert agent.presence is (presence if keeps_it else pending or presence)
        is_same = agent.presence is presence and agent.reason in ("old", "")
        assert agent.since == (since if is_same else self.now)

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

    @rule(agent=agents, begins=st.booleans(), served=st.one_of(st.none(), queues))
    def other_call(self, agent: AgentId, begins: bool, served: QueueName | None) -> None:
        """Somebody dials, or hangs up after dialling, perhaps with a caller who was brought into that call."""
        self.tell(AgentEngaged(agent=agent) if begins else AgentDisengaged(agent=agent, served=served))

    @precondition(lambda self: self.wrapping())
    @rule(data=st.data(), served=queues, asks=st.booleans(), later_s=seconds)
    def take_over(self, data: st.DataObject, served: QueueName, asks: bool, later_s: float) -> None:
        """Somebody comes to talk with a caller of another's in the wrap-up, and perhaps asks for a break."""
        agent = data.draw(st.sampled_from(self.wrapping()))
        self.tell(AgentEngaged(agent=agent))
        if asks:
            self.tell(AgentMadeNotReady(agent=agent, reason="lunch"))
        self.tell(AgentDisengaged(agent=agent, served=served), later_s)

    def wrapping(self) -> list[AgentId]:
        """Who is in wrap-up, and in no call meanwhile."""
        return [
            each.agent
            for each in self.engine.agents()
            if each.presence is Presence.WRAP_UP and each.activity is Activity.IDLE
        ]

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
        caller=histories,
        strategy=numbers,
        ago_s=arrivals_ago_s,
        stay_s=st.sampled_from((None, None, None, 3.0, 70.0)),
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
        caller: CallerHistory,
        strategy: int,
        ago_s: float | None,
        stay_s: float | None,
        later_s: float,
    ) -> None:
        """A caller or a message comes, perhaps one of before a restart, or one who is here is moved."""
        visits = () if queue == QUEUES[0] else (Visit(queue=QUEUES[0]),)
        here = self.engine.contact(contact)
        medium = medium if here is None or later_s == 20.0 else here.medium
        needed = () if table else skills
        arrived_at = None if ago_s is None else self.now - ago_s
        answer = self.tell(
            ContactQueued(
                contact=contact,
                queue=queue,
                level=level,
                arrived_at=arrived_at,
                skills=needed,
                routes=table,
                region=region,
                number=contact,
                caller=caller,
                strategy=strategy,
                medium=medium,
                is_callback=is_callback and medium is Medium.VOICE,
                stay=None if stay_s is None else Stay(since=self.now - stay_s, visits=visits),
            ),
            later_s,
        )
        after = self.engine.contact(contact)
        if here is not None and not any(isinstance(command, DismissContact) for command in answer):
            assert after is not None
            assert arrived_at is not None or after.arrived_at == here.arrived_at
        if any(isinstance(command, RefuseContact) for command in answer):
            assert seen(after) == seen(here)
            causes = {command.cause for command in answer if isinstance(command, RefuseContact)}
            assert stay_s is None or causes == {RefuseCause.UNKNOWN_QUEUE}

    @rule()
    def all_are_back(self) -> None:
        """After a restart."""
        self.tell(FloorRestored())

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

    @precondition(lambda self: self.engine.next_deadline() is not None)
    @rule()
    def deadline_comes(self) -> None:
        """The engine is woken exactly when it asked for it."""
        deadline = self.engine.next_deadline()
        assert deadline is not None
        self.tell(TimePassed(), at=max(self.now, deadline))

    @rule(behind_s=st.floats(0.5, 1e4))
    def clock_steps_back(self, behind_s: float) -> None:
        """The clock is wrong for a moment, at whatever happens next: nothing falls due again, nothing is dated back."""
        self.behind_s = behind_s

    def teardown(self) -> None:
        """The same journal gives the same bytes."""
        played = [
            line if not line.startswith(b'{"refused"') else line.split(b'"')[7]
            for line in replay(self.journal, Engine("t", explains=True))
        ]
        assert played == self.answers


TestFloor = Floor.TestCase
TestFloor.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)


@pytest.mark.long
def test_the_promises_hold_over_many_histories() -> None:
    """Five hundred others, each time new ones."""
    run_state_machine_as_test(
        Floor, settings=settings(max_examples=500, stateful_step_count=50, deadline=None)
    )


def test_the_machine_tells_the_engine_whatever_it_can_be_told() -> None:
    """An event that is new must have a rule here: the linter sees that what is imported is used."""
    told = vars(rule_changes).keys() | globals().keys()
    assert {event.__name__ for event in get_args(Event)} <= told
