"""The engine as its user sees it: what happens, and what is ordered then."""

import math

import pytest

from acd.agent_state import Activity, Presence
from acd.commands import (
    OfferContact,
    RefuseContact,
    ReportAgent,
    ReportContact,
    ReportNoAnswer,
    WithdrawOffer,
)
from acd.contact_state import ContactState
from acd.engine import Engine
from acd.errors import (
    InvalidEvent,
    QueueOccupied,
    UnknownAgent,
    UnknownContact,
    UnknownQueue,
    UnknownStrategy,
)
from acd.events import (
    AgentDisengaged,
    AgentEngaged,
    AgentMadeReady,
    AgentRestored,
    ContactQueued,
    ContactRequeued,
    DeclineCause,
    OfferAccepted,
    OfferDeclined,
    PhoneRang,
    QueueDefined,
    QueueRemoved,
)
from acd.names import AgentId, ContactId, OfferId, QueueName
from tests.acd.hotline import MAIN, Hotline

ANA, BEN = AgentId("ana"), AgentId("ben")
C1 = ContactId("c1")


class TestOneCall:
    """A caller from the first ring to the end of the wrap-up."""

    def test_whole_life_order_by_order(self) -> None:
        """Every answer, complete and in order, with exact times."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        offer = OfferId("o1")

        def report(presence: Presence, activity: Activity, since: float, **more: object) -> ReportAgent:
            values = {"reason": "", "contact": C1, "reachable": True, **more}
            return ReportAgent(agent=ANA, presence=presence, activity=activity, since=since, **values)  # type: ignore[arg-type]

        def contact(state: ContactState, agent: AgentId | None) -> ReportContact:
            return ReportContact(contact=C1, state=state, queue=MAIN, level=0, agent=agent, arrived_at=3.0)

        hotline.call("c1", 3.0)
        hotline.assert_answer(
            OfferContact(offer=offer, contact=C1, agent=ANA, queue=MAIN, ring_until=23.0),
            contact(ContactState.OFFERED, ANA),
            report(Presence.READY, Activity.RESERVED, 3.0),
        )
        hotline.ring("c1", 3.5)
        hotline.assert_answer(
            report(Presence.READY, Activity.RINGING, 3.5),
        )
        hotline.accept("c1", 7.0)
        hotline.assert_answer(
            contact(ContactState.CONNECTED, ANA),
            report(Presence.READY, Activity.TALKING, 7.0),
        )
        assert hotline.engine.next_deadline() is None
        hotline.end("c1", 60.0)
        hotline.assert_answer(
            contact(ContactState.ENDED, None),
            report(Presence.WRAP_UP, Activity.IDLE, 60.0, contact=None, wrap_up_until=70.0),
        )
        assert hotline.engine.next_deadline() == 70.0
        hotline.wait(70.0)
        hotline.assert_answer(report(Presence.READY, Activity.IDLE, 70.0, contact=None))
        assert hotline.engine.next_deadline() is None

    def test_caller_waits_until_somebody_is_there(self) -> None:
        """With nobody on duty the caller waits; whoever comes takes the call at once."""
        hotline = Hotline()
        hotline.call("c1", 1.0)
        assert hotline.answer == (hotline.reported_contact("c1"),)
        assert hotline.reported_contact("c1").state is ContactState.WAITING
        hotline.login("ana", 2.0)
        assert hotline.offered() == [("c1", "ana")]

    def test_offer_ids_begin_with_the_run(self) -> None:
        """Two starts of the process never use the same id."""
        engine = Engine("r7-")
        engine.handle(QueueDefined(queue=MAIN), 0.0)
        engine.handle(ContactQueued(contact=C1, queue=MAIN), 0.0)
        offer = engine.handle(
            AgentRestored(agent=ANA, queues=(MAIN,), presence=Presence.READY, idle_since=-5.0), 0.0
        )[0]
        assert isinstance(offer, OfferContact)
        assert offer.offer == "r7-o1"


class TestOffersThatComeToNothing:
    """No answer, a refusal, a caller or an agent who goes: the caller keeps the place."""

    def test_ring_timeout_takes_the_agent_out_and_tries_the_next(self) -> None:
        """Exactly at the end of the ring time, in one answer."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.call("c1", 3.0)
        assert hotline.engine.next_deadline() == 23.0
        assert hotline.wait(22.999) == ()
        hotline.wait(23.0)
        assert hotline.withdrawn() == [("ana", "ring_timeout")]
        assert hotline.offered() == [("c1", "ben")]
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "no_answer")
        assert hotline.engine.next_deadline() == 43.0

    def test_caller_keeps_place_when_nobody_answers(self) -> None:
        """Back at the head, before those who came later."""
        hotline = Hotline()
        hotline.login("ana")
        for contact in ("c1", "c2", "c3"):
            hotline.call(contact)
        hotline.wait(20.0)
        assert hotline.line() == ["c1", "c2", "c3"]
        hotline.ready("ana")
        assert hotline.offered() == [("c1", "ana")]

    def test_an_answer_before_the_engine_was_woken_still_counts(self) -> None:
        """The phone was picked up at 20.5, the timer came late: they talk."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.call("c1")
        hotline.accept("c1", 20.5)
        assert hotline.contact_state("c1") is ContactState.CONNECTED
        assert hotline.wait(20.6) == ()

    def test_declined_call_goes_to_the_next_agent_and_the_first_rests_a_while(self) -> None:
        """The delay of the queue keeps the next offer away, to the exact second."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.call("c1", 3.0)
        hotline.decline("c1", 4.0, DeclineCause.BUSY)
        assert hotline.withdrawn() == []
        assert hotline.offered() == [("c1", "ben")]
        hotline.call("c2", 5.0)
        assert hotline.offered() == []
        assert hotline.engine.next_deadline() == 6.0
        hotline.wait(6.0)
        assert hotline.offered() == [("c2", "ana")]

    def test_a_decline_delay_of_nothing_is_still_a_short_one(self) -> None:
        """A phone that always says no is not called in circles."""
        hotline = Hotline(QueueDefined(queue=MAIN, decline_delay_s=0))
        hotline.login("ana")
        hotline.call("c1", 1.0)
        hotline.decline("c1")
        assert hotline.offered() == []
        assert hotline.engine.next_deadline() == 1.2

    def test_one_who_declined_stands_last_among_the_idle(self) -> None:
        """The next caller goes to somebody else."""
        hotline = Hotline()
        for name in ("ana", "ben", "cid"):
            hotline.login(name)
        hotline.call("c1", 1.0)
        hotline.decline("c1", 2.0)
        hotline.wait(10.0)
        hotline.call("c2")
        assert hotline.offered() == [("c2", "cid")]
        hotline.call("c3")
        assert hotline.offered() == [("c3", "ana")]

    def test_caller_hangs_up_while_a_phone_rings(self) -> None:
        """The phone stops in the same answer; the agent keeps the place among the idle."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.call("c1", 3.0)
        hotline.ring("c1")
        hotline.hang_up("c1", 8.0)
        assert hotline.withdrawn() == [("ana", "contact_left")]
        assert hotline.reported_contact("c1").state is ContactState.LEFT
        assert hotline.engine.next_deadline() is None
        hotline.call("c2", 9.0)
        assert hotline.offered() == [("c2", "ana")]

    @pytest.mark.parametrize("going", ["not_ready", "logout", "phone", "engaged"])
    def test_agent_goes_while_the_phone_rings(self, going: str) -> None:
        """Whatever takes the agent away, the offer is taken back once and the next agent is tried."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.call("c1", 3.0)
        hotline.ring("c1")
        match going:
            case "not_ready":
                hotline.not_ready("ana")
            case "logout":
                hotline.logout("ana")
            case "phone":
                hotline.phone("ana", reachable=False)
            case _:
                hotline.tell(AgentEngaged(agent=ANA))
        assert hotline.withdrawn() == [("ana", "agent_gone")]
        assert hotline.offered() == [("c1", "ben")]
        assert hotline.reported("ana").activity is (Activity.ENGAGED if going == "engaged" else Activity.IDLE)

    def test_late_answers_are_ignored_and_counted(self) -> None:
        """An answer that crossed the withdrawal is no error, and nobody is joined."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.call("c1")
        offer = hotline.offer_of("c1")
        assert hotline.engine.has_offer(offer)
        hotline.hang_up("c1")
        assert not hotline.engine.has_offer(offer)
        assert hotline.tell(OfferAccepted(offer=offer)) == ()
        assert hotline.tell(PhoneRang(offer=offer)) == ()
        assert hotline.tell(OfferDeclined(offer=offer, cause=DeclineCause.BUSY)) == ()
        assert hotline.engine.statistics().tally.stale_answers == 3
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")


class TestQueues:
    """Defining, changing, removing; limits."""

    def test_a_full_queue_refuses(self) -> None:
        """The limit counts those who wait."""
        hotline = Hotline(QueueDefined(queue=MAIN, limit=2))
        for contact in ("c1", "c2", "c3"):
            hotline.call(contact)
        assert hotline.refused() == [("c3", "queue_full")]
        assert hotline.contact_state("c3") is None
        hotline.hang_up("c1")
        hotline.call("c3")
        assert hotline.line() == ["c2", "c3"]

    def test_a_free_agent_takes_a_caller_where_nobody_may_wait(self) -> None:
        """With a limit of 0 there is no waiting, only being served at once."""
        hotline = Hotline(QueueDefined(queue=MAIN, limit=0))
        hotline.login("ana")
        hotline.call("c1")
        assert hotline.offered() == [("c1", "ana")]
        hotline.call("c2")
        assert hotline.refused() == [("c2", "queue_full")]
        hotline.wait(20.0)
        assert hotline.line() == ["c1"]

    def test_an_unknown_queue_refuses(self) -> None:
        """With the cause named."""
        hotline = Hotline()
        hotline.call("c1", queue="nowhere")
        assert hotline.answer == (
            RefuseContact(
                contact=C1, queue=QueueName("nowhere"), cause=hotline.orders(RefuseContact)[0].cause
            ),
        )
        assert hotline.refused() == [("c1", "unknown_queue")]

    def test_a_smaller_limit_drops_nobody(self) -> None:
        """Who waits stays; who comes is refused."""
        hotline = Hotline()
        for contact in ("c1", "c2", "c3"):
            hotline.call(contact)
        hotline.tell(QueueDefined(queue=MAIN, limit=1))
        assert hotline.line() == ["c1", "c2", "c3"]
        hotline.call("c4")
        assert hotline.refused() == [("c4", "queue_full")]

    def test_new_rules_hold_for_the_next_offer(self) -> None:
        """A running one keeps its time."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.login("ben")
        hotline.call("c1")
        hotline.tell(QueueDefined(queue=MAIN, ring_time_s=5.0, wrap_up_s=3.0))
        hotline.call("c2")
        assert hotline.orders(OfferContact)[0].ring_until == 5.0
        hotline.accept("c1", 1.0)
        hotline.end("c1", 2.0)
        assert hotline.reported("ana").wrap_up_until == 5.0

    def test_an_unknown_strategy_is_refused_and_the_old_rules_stay(self) -> None:
        """With the names that exist."""
        hotline = Hotline()
        with pytest.raises(UnknownStrategy) as caught:
            hotline.tell(QueueDefined(queue=MAIN, strategy="best_smile", limit=1))
        assert caught.value.strategy == "best_smile"
        assert "longest_idle" in caught.value.known
        hotline.call("c1")
        hotline.call("c2")
        assert hotline.line() == ["c1", "c2"]

    def test_removing_an_occupied_queue_is_refused(self) -> None:
        """Waiting, offered and talking contacts all keep it."""
        hotline = Hotline()
        hotline.call("c1")
        with pytest.raises(QueueOccupied) as caught:
            hotline.tell(QueueRemoved(queue=MAIN))
        assert (caught.value.queue, caught.value.contacts) == (MAIN, 1)
        hotline.login("ana")
        hotline.accept("c1")
        with pytest.raises(QueueOccupied):
            hotline.tell(QueueRemoved(queue=MAIN))
        hotline.end("c1")
        hotline.tell(QueueRemoved(queue=MAIN))
        assert hotline.agent("ana").queues == ()
        with pytest.raises(UnknownQueue):
            hotline.tell(QueueRemoved(queue=MAIN))

    def test_an_agent_outlives_the_queue(self) -> None:
        """And serves the others."""
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=QueueName("tax")))
        hotline.login("ana", queues=("main", "tax", "main"))
        assert hotline.agent("ana").queues == ("main", "tax")
        hotline.tell(QueueRemoved(queue=MAIN))
        hotline.call("c1", queue="tax")
        assert hotline.offered() == [("c1", "ana")]


class TestMoves:
    """A contact that is queued again."""

    @pytest.fixture
    def hotline(self) -> Hotline:
        """Two queues."""
        return Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=QueueName("tax"), limit=2))

    def test_a_move_keeps_the_time_of_arrival(self, hotline: Hotline) -> None:
        """The caller stands in the new line where the whole wait puts them."""
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0, queue="tax")
        hotline.call("c1", 3.0, queue="tax")
        assert hotline.line() == []
        assert hotline.line("tax") == ["c1", "c2"]
        assert hotline.reported_contact("c1").arrived_at == 1.0

    def test_a_move_into_a_full_queue_leaves_the_contact_where_it_was(self, hotline: Hotline) -> None:
        """Refused, and nothing is lost."""
        hotline.call("c1")
        hotline.call("c2", queue="tax")
        hotline.call("c3", queue="tax")
        hotline.call("c1", queue="tax")
        assert hotline.refused() == [("c1", "queue_full")]
        assert hotline.line() == ["c1"]

    def test_a_change_of_level_in_a_full_queue_is_no_newcomer(self, hotline: Hotline) -> None:
        """The limit is for those who come in."""
        hotline.call("c1", queue="tax")
        hotline.call("c2", queue="tax")
        hotline.call("c2", queue="tax", level=3)
        assert hotline.refused() == []
        assert hotline.line("tax") == ["c2", "c1"]

    def test_a_move_to_where_the_contact_stands_is_no_news(self, hotline: Hotline) -> None:
        """Nobody loses a place by being queued twice."""
        hotline.call("c1", 1.0)
        hotline.call("c2", 2.0)
        hotline.call("c1", 3.0)
        hotline.assert_answer()
        assert hotline.line() == ["c1", "c2"]

    def test_a_given_arrival_puts_the_contact_there(self, hotline: Hotline) -> None:
        """As after a restart; one in the future is now."""
        hotline.call("c1", 10.0)
        hotline.tell(ContactQueued(contact=ContactId("c2"), queue=MAIN, arrived_at=-30.0), 11.0)
        hotline.tell(ContactQueued(contact=ContactId("c3"), queue=MAIN, arrived_at=99.0), 12.0)
        assert hotline.reported_contact("c3").arrived_at == 12.0
        assert hotline.line() == ["c2", "c1", "c3"]
        hotline.tell(ContactQueued(contact=ContactId("c3"), queue=MAIN, arrived_at=5.0), 13.0)
        assert hotline.line() == ["c2", "c3", "c1"]

    def test_a_contact_on_offer_can_be_moved(self, hotline: Hotline) -> None:
        """The phone stops, and the new queue's agents are tried."""
        hotline.login("ana")
        hotline.login("ben", queues=("tax",))
        hotline.call("c1")
        hotline.call("c1", queue="tax")
        assert hotline.withdrawn() == [("ana", "contact_left")]
        assert hotline.offered() == [("c1", "ben")]

    def test_a_talking_contact_can_be_transferred_to_a_queue(self, hotline: Hotline) -> None:
        """The agent goes to wrap-up, the caller waits with the old arrival."""
        hotline.login("ana")
        hotline.talk("c1", 1.0)
        hotline.call("c2", 5.0, queue="tax")
        hotline.call("c1", 9.0, queue="tax")
        assert hotline.line("tax") == ["c1", "c2"]
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        assert hotline.agent("ana").contact is None


class TestLostLegs:
    """The agent's leg dies in the conversation."""

    def test_the_caller_waits_again_at_the_head(self) -> None:
        """With the arrival time kept, and is offered to the next agent at once."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1", 1.0)
        hotline.call("c2", 2.0)
        hotline.tell(ContactRequeued(contact=C1), 30.0)
        assert hotline.line() == ["c1", "c2"]
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        hotline.login("ben")
        assert hotline.offered() == [("c1", "ben")]

    def test_with_the_phone_lost_the_agent_stays_away(self) -> None:
        """Not ready, phone_lost, before and after the end of the talk."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1", 1.0)
        hotline.phone("ana", reachable=False)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.TALKING, "phone_lost")
        hotline.tell(ContactRequeued(contact=C1), 30.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "phone_lost")
        assert hotline.line() == ["c1"]

    def test_a_full_line_takes_the_caller_back(self) -> None:
        """The limit is for newcomers."""
        hotline = Hotline(QueueDefined(queue=MAIN, limit=1))
        hotline.login("ana")
        hotline.talk("c1")
        hotline.call("c2")
        hotline.tell(ContactRequeued(contact=C1), 30.0)
        assert hotline.line() == ["c1", "c2"]


class TestOtherCalls:
    """Calls of an agent that the engine did not offer."""

    def test_an_engaged_agent_gets_no_offer_until_it_is_over(self) -> None:
        """And no wrap-up follows."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.tell(AgentEngaged(agent=ANA), 1.0)
        hotline.call("c1", 2.0)
        assert hotline.offered() == []
        hotline.tell(AgentDisengaged(agent=ANA), 3.0)
        assert hotline.offered() == [("c1", "ana")]

    def test_what_was_asked_for_in_the_call_holds_after_it(self) -> None:
        """Not ready, and no offer in between."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.tell(AgentEngaged(agent=ANA), 1.0)
        hotline.not_ready("ana", "lunch", 2.0)
        hotline.call("c1")
        hotline.tell(AgentDisengaged(agent=ANA), 3.0)
        assert hotline.offered() == []
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")


class TestRestart:
    """A new engine is told what was."""

    def test_idle_agents_keep_their_order(self) -> None:
        """Times before the restart are negative on the new clock."""
        hotline = Hotline()
        for agent, since in ((ANA, -5.0), (BEN, -60.0)):
            hotline.tell(
                AgentRestored(agent=agent, queues=(MAIN,), presence=Presence.READY, idle_since=since), 1.0
            )
        hotline.call("c1")
        assert hotline.offered() == [("c1", "ben")]

    def test_a_conversation_goes_on(self) -> None:
        """It ends like any other."""
        hotline = Hotline()
        hotline.tell(
            AgentRestored(
                agent=ANA,
                queues=(MAIN,),
                presence=Presence.READY,
                idle_since=-100.0,
                contact=C1,
                contact_queue=MAIN,
                contact_level=2,
                contact_arrived_at=-80.0,
                pending=Presence.NOT_READY,
                pending_reason="lunch",
            )
        )
        assert hotline.reported_contact("c1") == ReportContact(
            contact=C1, state=ContactState.CONNECTED, queue=MAIN, level=2, agent=ANA, arrived_at=-80.0
        )
        assert hotline.state("ana") == (Presence.READY, Activity.TALKING, "")
        hotline.end("c1", 5.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        hotline.wait(15.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")

    @pytest.mark.parametrize(
        ("presence", "reachable", "reason"),
        [
            (Presence.READY, False, ""),
            (Presence.NOT_READY, True, "phone_lost"),
            (Presence.NOT_READY, False, ""),
        ],
    )
    def test_a_conversation_on_a_lost_phone_goes_on_too(
        self, presence: Presence, reachable: bool, reason: str
    ) -> None:
        """The agent is not ready behind it."""
        hotline = Hotline()
        hotline.tell(
            AgentRestored(
                agent=ANA,
                queues=(MAIN,),
                presence=presence,
                reason=reason,
                reachable=reachable,
                idle_since=0.0,
                contact=C1,
                contact_queue=MAIN,
            )
        )
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.TALKING, "phone_lost")
        assert hotline.agent("ana").reachable is reachable

    def test_a_wrap_up_goes_on_to_its_end(self) -> None:
        """One that should be over is over with the next advance; a manual one stays."""
        hotline = Hotline()
        hotline.call("c1")
        for agent, until in ((ANA, -3.0), (BEN, None)):
            hotline.tell(
                AgentRestored(
                    agent=agent,
                    queues=(MAIN,),
                    presence=Presence.WRAP_UP,
                    idle_since=0.0,
                    wrap_up_until=until,
                )
            )
        assert hotline.engine.next_deadline() == -3.0
        hotline.wait(0.5)
        assert hotline.offered() == [("c1", "ana")]
        assert hotline.state("ben") == (Presence.WRAP_UP, Activity.IDLE, "")

    @pytest.mark.parametrize("presence", [Presence.READY, Presence.WRAP_UP])
    def test_an_agent_without_a_phone_is_not_ready(self, presence: Presence) -> None:
        """Whatever the records say; an old wrap-up time means nothing then."""
        hotline = Hotline()
        hotline.tell(
            AgentRestored(
                agent=ANA,
                queues=(MAIN,),
                presence=presence,
                reachable=False,
                idle_since=0.0,
                wrap_up_until=9.0,
            )
        )
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "phone_lost")
        assert hotline.engine.next_deadline() is None

    def test_a_contact_cannot_be_restored_twice(self) -> None:
        """The second agent is refused and not there."""
        hotline = Hotline()
        hotline.call("c1")
        with pytest.raises(InvalidEvent, match="'c1': waiting"):
            hotline.tell(
                AgentRestored(
                    agent=ANA,
                    queues=(MAIN,),
                    presence=Presence.READY,
                    idle_since=0.0,
                    contact=C1,
                    contact_queue=MAIN,
                )
            )
        assert hotline.engine.agents() == ()

    def test_a_contact_of_an_unknown_queue_cannot_be_restored(self) -> None:
        """Named in the error."""
        hotline = Hotline()
        with pytest.raises(UnknownQueue, match="nowhere"):
            hotline.tell(
                AgentRestored(
                    agent=ANA,
                    queues=(MAIN,),
                    presence=Presence.READY,
                    idle_since=0.0,
                    contact=C1,
                    contact_queue=QueueName("nowhere"),
                )
            )
        assert hotline.engine.agents() == ()


class TestBadEvents:
    """What does not fit is refused, names the state, and changes nothing."""

    def test_unknown_names_are_named(self) -> None:
        """Agent, contact and queue."""
        hotline = Hotline()
        with pytest.raises(UnknownAgent, match="'zoe'"):
            hotline.ready("zoe")
        with pytest.raises(UnknownContact, match="'c9'"):
            hotline.hang_up("c9")
        with pytest.raises(UnknownQueue, match="'nowhere'"):
            hotline.login("ana", queues=("main", "nowhere"))
        with pytest.raises(UnknownQueue, match="'nowhere'"):
            hotline.line("nowhere")
        assert hotline.engine.agents() == ()
        assert hotline.engine.statistics().tally.events_refused == 3

    def test_an_ended_contact_is_unknown(self) -> None:
        """Its end comes once."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1")
        hotline.end("c1")
        with pytest.raises(UnknownContact):
            hotline.end("c1")

    def test_an_agent_who_left_is_unknown(self) -> None:
        """Until the next login."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.logout("ana")
        assert hotline.reported("ana").presence is Presence.LOGGED_OUT
        assert hotline.engine.agent(ANA) is None
        with pytest.raises(UnknownAgent):
            hotline.ready("ana")
        hotline.login("ana")
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")

    def test_a_second_login_is_refused(self) -> None:
        """With the state that the agent is in."""
        hotline = Hotline()
        hotline.login("ana", presence=Presence.NOT_READY, reason="training")
        with pytest.raises(InvalidEvent) as caught:
            hotline.login("ana")
        assert caught.value.event == "AgentLoggedIn"
        assert caught.value.state == "not_ready, idle"

    def test_logging_out_in_a_conversation_is_refused(self) -> None:
        """The call goes on."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1")
        with pytest.raises(InvalidEvent) as caught:
            hotline.logout("ana")
        assert caught.value.state == "ready, talking"
        assert hotline.contact_state("c1") is ContactState.CONNECTED

    def test_ending_a_conversation_that_is_none_is_refused(self) -> None:
        """The caller still waits."""
        hotline = Hotline()
        hotline.call("c1")
        with pytest.raises(InvalidEvent) as caught:
            hotline.end("c1")
        assert (caught.value.event, caught.value.state) == ("ContactEnded", "waiting")
        assert hotline.line() == ["c1"]

    def test_ready_without_a_phone_is_refused(self) -> None:
        """It could not ring."""
        hotline = Hotline()
        hotline.login("ana", reachable=False)
        with pytest.raises(InvalidEvent, match="phone not reachable"):
            hotline.tell(AgentMadeReady(agent=ANA))

    def test_something_that_is_no_event_is_refused(self) -> None:
        """And says what it is."""
        with pytest.raises(InvalidEvent, match="str does not fit the engine"):
            Hotline().tell("hello")  # type: ignore[arg-type]

    def test_a_refused_event_leaves_no_order_behind(self) -> None:
        """The next answer is as if it had never come."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.call("c1")
        with pytest.raises(InvalidEvent):
            hotline.end("c1")
        assert hotline.wait(1.0) == ()


class TestTime:
    """Time is an argument, and it never runs backwards."""

    def test_a_clock_that_steps_back_stands_still_and_is_counted(self) -> None:
        """What happens then happens at the last time known."""
        hotline = Hotline()
        hotline.login("ana", 100.0)
        hotline.call("c1", 40.0)
        assert hotline.orders(OfferContact)[0].ring_until == 120.0
        assert hotline.reported_contact("c1").arrived_at == 100.0
        assert hotline.engine.statistics().tally.clock_steps_back == 1

    @pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf])
    def test_what_is_no_time_counts_as_a_step_back(self, now: float) -> None:
        """It cannot poison what comes after it."""
        hotline = Hotline()
        hotline.login("ana", 5.0)
        hotline.engine.advance(now)
        assert hotline.engine.statistics().now == 5.0
        assert hotline.engine.statistics().tally.clock_steps_back == 1

    def test_deadlines_that_are_overdue_together_come_in_their_order(self) -> None:
        """One wake-up after a long sleep does what many would have done."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.talk("c1", 3.0)
        hotline.end("c1", 4.0)
        hotline.call("c2", 5.0)
        hotline.call("c3", 6.0)
        hotline.wait(60.0)
        # ana's wrap-up ended at 14, ben's phone rang out at 25.
        assert hotline.offered() == [("c3", "ana")]
        assert hotline.withdrawn() == [("ben", "ring_timeout")]
        assert hotline.line() == ["c2"]


class TestRepr:
    """State is legible."""

    def test_it_counts_what_there_is(self) -> None:
        """Fit for a log line."""
        hotline = Hotline()
        for name in ("ana", "ben", "cid", "dan"):
            hotline.login(name)
        hotline.talk("c1")
        hotline.talk("c2")
        hotline.end("c2")
        hotline.call("c3")
        hotline.not_ready("dan")
        hotline.call("c4")
        assert (
            repr(hotline.engine) == "<Acd queues=1 waiting=1 agents=4 free=0 ringing=1 talking=1 wrap_up=1>"
        )

    def test_reports_come_after_the_orders(self) -> None:
        """What must be done first is done first."""
        hotline = Hotline()
        hotline.login("ana", 1.0)
        hotline.login("ben", 2.0)
        hotline.call("c1", 3.0)
        hotline.wait(23.0)
        assert [type(command) for command in hotline.answer] == [
            WithdrawOffer,
            ReportNoAnswer,
            OfferContact,
            ReportContact,
            ReportAgent,
            ReportAgent,
        ]
