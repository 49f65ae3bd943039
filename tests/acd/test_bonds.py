"""Wrap-up, wishes during a call, and phones that come and go."""

import pytest

from acd.agent_state import Activity, Presence
from acd.commands import OfferContact
from acd.contact_state import ContactState
from acd.errors import InvalidEvent, UnknownQueue
from acd.events import (
    AgentDisengaged,
    AgentEngaged,
    DeclineCause,
    OfferAccepted,
    OfferDeclined,
    QueueDefined,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.names import AgentId, ContactId, OfferId, QueueName
from acd.routes import Route
from tests.acd.hotline import MAIN, Hotline, skilled
from tests.acd.repertoire import CAPACITIES

ANA = AgentId("ana")


@pytest.fixture
def hotline() -> Hotline:
    """Ana has talked from 1.0 to 10.0 and is in wrap-up until 20.0."""
    hotline = Hotline()
    hotline.login("ana")
    hotline.talk("c1", 1.0)
    hotline.end("c1", 10.0)
    return hotline


class TestWrapUp:
    """After a conversation."""

    def test_it_ends_by_itself_to_the_second(self, hotline: Hotline) -> None:
        """And the next caller is offered in the same answer."""
        hotline.call("c2", 12.0)
        assert hotline.engine.next_deadline() == 20.0
        hotline.wait(20.0)
        assert hotline.offered() == [("c2", "ana")]

    def test_the_agent_can_end_it(self, hotline: Hotline) -> None:
        """The deadline is gone with it."""
        hotline.tell(WrapUpEnded(agent=ANA), 13.0)
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")
        assert hotline.agent("ana").idle_since == 13.0
        assert hotline.engine.next_deadline() is None

    def test_ready_ends_it_too(self, hotline: Hotline) -> None:
        """The button that agents press."""
        hotline.ready("ana", 13.0)
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")
        assert hotline.engine.next_deadline() is None

    def test_not_ready_ends_it_at_once(self, hotline: Hotline) -> None:
        """Nothing is left to wait for."""
        hotline.not_ready("ana", "lunch", 13.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")
        assert hotline.engine.next_deadline() is None

    def test_it_can_be_extended(self, hotline: Hotline) -> None:
        """From its end, not from now; reported."""
        hotline.tell(WrapUpExtended(agent=ANA, seconds=30.0), 13.0)
        assert hotline.reported("ana").wrap_up_until == 50.0
        assert hotline.engine.next_deadline() == 50.0

    def test_a_manual_one_has_no_deadline_and_nothing_to_extend(self) -> None:
        """It ends when the agent says so."""
        hotline = Hotline(QueueDefined(queue=MAIN, wrap_up_s=None))
        hotline.login("ana")
        hotline.talk("c1")
        hotline.end("c1", 5.0)
        assert hotline.state("ana")[0] is Presence.WRAP_UP
        assert hotline.tell(WrapUpExtended(agent=ANA, seconds=30.0)) == ()
        assert hotline.engine.next_deadline() is None
        hotline.tell(WrapUpEnded(agent=ANA), 500.0)
        assert hotline.state("ana")[0] is Presence.READY

    def test_none_follows_where_the_queue_wants_none(self) -> None:
        """The next caller is offered with the end of the last conversation."""
        hotline = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0))
        hotline.login("ana")
        hotline.talk("c1")
        hotline.call("c2")
        hotline.end("c1", 5.0)
        assert hotline.offered() == [("c2", "ana")]

    @pytest.mark.parametrize(("own_s", "until"), [(3.0, 8.0), (0.0, None), (None, 15.0)])
    def test_an_agent_can_have_a_time_of_their_own(self, own_s: float | None, until: float | None) -> None:
        """In place of the queue's."""
        hotline = Hotline()
        hotline.login("ana", wrap_up_s=own_s)
        hotline.talk("c1")
        hotline.end("c1", 5.0)
        assert hotline.agent("ana").wrap_up_until == until

    def test_a_caller_who_hangs_up_ends_the_conversation_too(self, hotline: Hotline) -> None:
        """Wrap-up, whoever was first."""
        hotline.ready("ana")
        hotline.talk("c2", 30.0)
        hotline.hang_up("c2", 40.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        assert hotline.engine.statistics().tally.ended == 2

    @pytest.mark.parametrize("event", [WrapUpEnded(agent=ANA), WrapUpExtended(agent=ANA, seconds=5.0)])
    def test_without_one_there_is_nothing_to_end_or_extend(
        self, hotline: Hotline, event: WrapUpEnded | WrapUpExtended
    ) -> None:
        """Refused with the state."""
        hotline.ready("ana")
        with pytest.raises(InvalidEvent, match="'ana': ready, idle"):
            hotline.tell(event)

    def test_logging_out_ends_it(self, hotline: Hotline) -> None:
        """No deadline outlives the agent."""
        hotline.logout("ana", 13.0)
        assert hotline.engine.next_deadline() is None


class TestWishesDuringACall:
    """The last one counts, and it can be taken back."""

    @pytest.fixture
    def hotline(self) -> Hotline:
        """Ana talks since 1.0."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1", 1.0)
        return hotline

    def test_not_ready_holds_after_the_wrap_up(self, hotline: Hotline) -> None:
        """The wrap-up is the agent's; then the wish."""
        hotline.not_ready("ana", "lunch", 5.0)
        report = hotline.reported("ana")
        assert (report.presence, report.pending, report.pending_reason) == (
            Presence.READY,
            Presence.NOT_READY,
            "lunch",
        )
        hotline.end("c1", 10.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        hotline.call("c2")
        hotline.wait(20.0)
        assert hotline.offered() == []
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")
        assert hotline.agent("ana").pending is None

    def test_without_wrap_up_it_holds_at_once(self) -> None:
        """No offer slips in between."""
        hotline = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0))
        hotline.login("ana")
        hotline.talk("c1")
        hotline.call("c2")
        hotline.not_ready("ana", "lunch")
        hotline.end("c1")
        assert hotline.offered() == []
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")

    def test_the_last_wish_counts(self, hotline: Hotline) -> None:
        """Whatever was asked for before."""
        hotline.not_ready("ana", "lunch")
        hotline.not_ready("ana", "training")
        hotline.end("c1", 10.0)
        hotline.wait(20.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "training")

    def test_ready_takes_it_back(self, hotline: Hotline) -> None:
        """Then all goes on as if nothing had been asked for."""
        hotline.not_ready("ana", "lunch")
        hotline.ready("ana")
        assert hotline.reported("ana").pending is None
        hotline.end("c1", 10.0)
        hotline.wait(20.0)
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")

    def test_a_wish_outlives_a_call_of_ones_own_in_the_wrap_up(self, hotline: Hotline) -> None:
        """The wrap-up runs out during an outgoing call; the wish holds after it."""
        hotline.not_ready("ana", "lunch")
        hotline.end("c1", 10.0)
        hotline.tell(AgentEngaged(agent=ANA), 15.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.ENGAGED, "")
        hotline.wait(20.0)
        assert hotline.state("ana") == (Presence.READY, Activity.ENGAGED, "")
        hotline.tell(AgentDisengaged(agent=ANA), 25.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")

    def test_ready_in_a_call_of_ones_own_ends_the_wrap_up_with_it(self, hotline: Hotline) -> None:
        """Kept until the call is over, then it holds."""
        hotline.end("c1", 10.0)
        hotline.tell(AgentEngaged(agent=ANA), 11.0)
        hotline.ready("ana")
        assert hotline.agent("ana").pending is Presence.READY
        hotline.tell(AgentDisengaged(agent=ANA), 12.0)
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")
        assert hotline.engine.next_deadline() is None


class TestCallsHandedOver:
    """A call that the engine did not offer, in which the agent came to talk with a caller of a queue."""

    def test_it_is_wrapped_up_like_any_conversation_of_that_queue(self) -> None:
        """And nobody is offered before that is over."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.tell(AgentEngaged(agent=ANA), 1.0)
        hotline.call("c1", 2.0)
        hotline.tell(AgentDisengaged(agent=ANA, served=MAIN), 5.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        assert hotline.offered() == []
        hotline.wait(15.0)
        assert hotline.offered() == [("c1", "ana")]

    def test_what_was_asked_for_meanwhile_follows_the_wrap_up(self) -> None:
        """As after any conversation."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.tell(AgentEngaged(agent=ANA), 1.0)
        hotline.not_ready("ana", "lunch")
        hotline.tell(AgentDisengaged(agent=ANA, served=MAIN), 5.0)
        hotline.wait(15.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")

    @pytest.mark.parametrize(
        ("first_s", "second_s", "until"),
        [(10.0, 10.0, 28.0), (30.0, 10.0, 40.0), (None, 10.0, None), (10.0, None, None), (10.0, 0.0, 20.0)],
    )
    def test_a_wrap_up_that_runs_still_goes_on_until_both_are_over(
        self, first_s: float | None, second_s: float | None, until: float | None
    ) -> None:
        """A caller taken over in it neither ends nor shortens it, and what was asked for follows both."""
        far = QueueName("far")
        hotline = Hotline(
            QueueDefined(queue=MAIN, wrap_up_s=first_s), QueueDefined(queue=far, wrap_up_s=second_s)
        )
        hotline.login("ana")
        hotline.talk("c1")
        hotline.end("c1", 10.0)
        hotline.tell(AgentEngaged(agent=ANA), 12.0)
        if second_s != 0:
            hotline.not_ready("ana", "lunch")
        hotline.tell(AgentDisengaged(agent=ANA, served=far), 18.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")
        assert hotline.agent("ana").wrap_up_until == until
        hotline.tell(WrapUpEnded(agent=ANA), 19.0)
        assert hotline.agent("ana").presence is (Presence.READY if second_s == 0 else Presence.NOT_READY)

    def test_a_queue_that_is_not_there_is_refused_and_nothing_changes(self) -> None:
        """The agent stays in the call."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.tell(AgentEngaged(agent=ANA), 1.0)
        with pytest.raises(UnknownQueue):
            hotline.tell(AgentDisengaged(agent=ANA, served=QueueName("nowhere")), 2.0)
        assert hotline.state("ana") == (Presence.READY, Activity.ENGAGED, "")


class TestPhones:
    """A phone that is lost makes its agent not ready in the same answer."""

    def test_a_lost_phone_when_idle(self) -> None:
        """Not ready, and reported as not reachable."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.phone("ana", reachable=False, at=5.0)
        report = hotline.reported("ana")
        assert (report.presence, report.reason, report.reachable) == (
            Presence.NOT_READY,
            "phone_lost",
            False,
        )
        hotline.call("c1")
        assert hotline.offered() == []

    def test_a_phone_that_is_back_does_not_make_its_agent_ready(self) -> None:
        """Whether somebody sits there is for the agent to say."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.phone("ana", reachable=False)
        hotline.phone("ana", reachable=True)
        assert hotline.reported("ana").reachable is True
        assert hotline.state("ana")[0] is Presence.NOT_READY
        hotline.ready("ana")
        hotline.call("c1")
        assert hotline.offered() == [("c1", "ana")]

    def test_the_reason_of_one_who_is_away_is_kept(self) -> None:
        """Lunch is still lunch."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.not_ready("ana", "lunch", 1.0)
        hotline.phone("ana", reachable=False, at=2.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")
        assert hotline.agent("ana").since == 1.0

    def test_losing_a_lost_phone_is_no_news(self) -> None:
        """Nothing is reported twice."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.phone("ana", reachable=False, at=2.0)
        hotline.phone("ana", reachable=False, at=3.0)
        assert hotline.answer == ()

    def test_a_loss_in_wrap_up_ends_it(self, hotline: Hotline) -> None:
        """And its deadline."""
        hotline.phone("ana", reachable=False, at=12.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "phone_lost")
        assert hotline.engine.next_deadline() is None

    def test_a_loss_in_a_conversation_replaces_what_was_asked_for(self) -> None:
        """The last write wins; the talk goes on."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1", 1.0)
        hotline.not_ready("ana", "lunch", 2.0)
        hotline.phone("ana", reachable=False, at=3.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.TALKING, "phone_lost")
        assert hotline.agent("ana").pending is None
        hotline.phone("ana", reachable=True, at=4.0)
        hotline.ready("ana", 5.0)
        assert hotline.agent("ana").pending is Presence.READY
        hotline.end("c1", 6.0)
        assert hotline.state("ana") == (Presence.WRAP_UP, Activity.IDLE, "")

    def test_a_loss_in_a_conversation_and_then_lunch(self) -> None:
        """The new reason holds from the end of the talk."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.talk("c1", 1.0)
        hotline.phone("ana", reachable=False)
        hotline.phone("ana", reachable=True)
        hotline.not_ready("ana", "lunch")
        hotline.end("c1", 6.0)
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "lunch")

    def test_login_without_a_phone(self) -> None:
        """Logged in, not ready; a reason that was given stays."""
        hotline = Hotline()
        hotline.login("ana", reachable=False)
        hotline.login("ben", reachable=False, presence=Presence.NOT_READY, reason="training")
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "phone_lost")
        assert hotline.state("ben") == (Presence.NOT_READY, Activity.IDLE, "training")

    def test_login_straight_into_not_ready(self) -> None:
        """No phone rings in between."""
        hotline = Hotline()
        hotline.call("c1")
        hotline.login("ana", presence=Presence.NOT_READY, reason="training")
        assert hotline.offered() == []
        assert hotline.state("ana") == (Presence.NOT_READY, Activity.IDLE, "training")


class TestDelay:
    """The rest after a declined offer."""

    def test_going_and_coming_does_not_cut_it_short(self) -> None:
        """Not ready and ready again is no way round."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.call("c1", 1.0)
        hotline.decline("c1")
        assert hotline.agent("ana").delayed
        hotline.not_ready("ana")
        hotline.ready("ana")
        assert hotline.offered() == []
        hotline.wait(3.0)
        assert not hotline.agent("ana").delayed
        assert hotline.offered() == [("c1", "ana")]

    def test_it_ends_with_the_session(self) -> None:
        """A new login begins afresh."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.call("c1", 1.0)
        hotline.decline("c1")
        hotline.logout("ana")
        assert hotline.engine.next_deadline() is None

    def test_our_own_failure_is_not_held_against_the_agent(self) -> None:
        """The delay applies, the exclusion does not."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.login("ben", presence=Presence.READY)
        hotline.talk("c0")
        hotline.call("c1", 1.0)
        hotline.decline("c1", 2.0, DeclineCause.FAILED)
        snapshot = hotline.engine.waiting(MAIN)[0]
        assert snapshot.declined_by == ()
        hotline.wait(4.0)
        assert hotline.offered() == [("c1", "ben")]


@pytest.mark.parametrize("capacities", ["", "many"])
def test_ready_in_the_wrap_up_takes_back_what_was_asked_for_in_the_call(capacities: str) -> None:
    """At once and for good: the next call comes, and after it the agent is ready still."""
    hotline = Hotline(QueueDefined(queue=MAIN))
    hotline.tell(CAPACITIES["many"])
    hotline.login("ana", capacities=capacities)
    hotline.talk("c1", 1.0)
    hotline.not_ready("ana")
    hotline.end("c1", 5.0)
    hotline.ready("ana", 6.0)
    assert (hotline.state("ana"), hotline.agent("ana").pending) == ((Presence.READY, Activity.IDLE, ""), None)
    hotline.call("c2", 7.0)
    assert hotline.offered() == [("c2", "ana")]
    hotline.accept("c2")
    hotline.end("c2", 9.0)
    hotline.wait(19.0)
    assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")


def test_ready_said_twice_changes_nothing() -> None:
    """Who is free already, and known as free, stays so."""
    hotline = Hotline()
    hotline.login("ana")
    assert hotline.engine.statistics().queues[0].agents_free == 1
    hotline.ready("ana", 5.0)
    assert hotline.answer == ()
    assert hotline.engine.statistics().queues[0].agents_free == 1


class TestRingAll:
    """All who are free ring together."""

    @pytest.fixture
    def hotline(self) -> Hotline:
        """Ana, ben and cid are free; cid does not ring, two are the most."""
        hotline = Hotline(QueueDefined(queue=MAIN, strategy="ring_all", ring_most=2))
        for serial, name in enumerate(("ana", "ben", "cid")):
            hotline.login(name, float(serial))
        hotline.call("c1", 5.0)
        return hotline

    def test_they_ring_together_the_longest_idle_first(self, hotline: Hotline) -> None:
        """An offer each, and one deadline each."""
        assert hotline.offered() == [("c1", "ana"), ("c1", "ben")]
        snapshot = hotline.engine.contact(ContactId("c1"))
        assert snapshot is not None
        assert (snapshot.agent, snapshot.offers) == ("ana", ("o1", "o2"))
        assert hotline.engine.next_deadline() == 25.0

    def test_the_first_to_answer_has_the_call_and_the_others_stop_at_once(self, hotline: Hotline) -> None:
        """In the same answer; the loser is idle and keeps the place among the idle."""
        hotline.tell(OfferAccepted(offer=OfferId("o2")), 8.0)
        assert hotline.withdrawn() == [("ana", "answered_elsewhere")]
        assert hotline.state("ben") == (Presence.READY, Activity.TALKING, "")
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")
        assert hotline.agent("ana").idle_since == 0.0
        assert hotline.reported_contact("c1").agent == "ben"

    def test_a_second_answer_never_counts(self, hotline: Hotline) -> None:
        """It crossed the order to stop: ignored, counted."""
        hotline.tell(OfferAccepted(offer=OfferId("o2")), 8.0)
        assert hotline.tell(OfferAccepted(offer=OfferId("o1"))) == ()
        assert hotline.engine.statistics().tally.stale_answers == 1
        assert hotline.state("ana") == (Presence.READY, Activity.IDLE, "")

    def test_one_who_declines_leaves_the_others_ringing(self, hotline: Hotline) -> None:
        """The caller is still on offer, and one who was free all along and had no room rings in their place."""
        hotline.tell(OfferDeclined(offer=OfferId("o1"), cause=DeclineCause.DECLINED), 8.0)
        assert hotline.contact_state("c1") is ContactState.OFFERED
        assert hotline.reported_contact("c1").agent == "ben"
        assert hotline.offered() == [("c1", "cid")]
        hotline.not_ready("cid", at=9.5)
        hotline.ready("cid", 10.0)
        assert hotline.offered() == [("c1", "cid")]

    def test_who_comes_free_rings_along_for_a_ring_time_of_their_own(self) -> None:
        """But takes a caller who waits before that, and nobody else's."""
        tax = QueueName("tax")
        hotline = Hotline(QueueDefined(queue=MAIN, strategy="ring_all"), QueueDefined(queue=tax))
        hotline.login("ana", 0.0)
        hotline.call("c1", 1.0, skills=skilled(law=1))
        hotline.call("c2", 1.0)
        hotline.call("c3", 2.0, queue="tax")
        hotline.login("ben", 4.0, queues=("main", "tax"))
        assert hotline.offered() == [("c3", "ben")]
        hotline.login("cid", 5.0)
        assert hotline.offered() == [("c2", "cid")]
        assert hotline.orders(OfferContact)[0].ring_until == 25.0
        hotline.login("dan", 6.0, queues=("tax",))
        assert hotline.offered() == []

    def test_one_who_lacks_the_skill_does_not_ring_along(self) -> None:
        """Neither at first nor later."""
        hotline = Hotline(QueueDefined(queue=MAIN, strategy="ring_all"))
        hotline.login("ana", 0.0)
        hotline.login("ben", 0.0, skills=skilled(law=1))
        hotline.call("c1", 1.0, skills=skilled(law=1))
        assert hotline.offered() == [("c1", "ben")]
        hotline.login("cid", 2.0)
        assert hotline.offered() == []

    def test_no_more_ring_once_the_queue_lets_one_ring_at_a_time(self, hotline: Hotline) -> None:
        """Those who ring already go on, and whoever answers first has the call."""
        hotline.tell(QueueDefined(queue=MAIN, strategy="longest_idle"), 6.0)
        assert hotline.offered() == hotline.withdrawn() == []
        hotline.login("dan", 7.0)
        assert hotline.offered() == []
        hotline.tell(OfferDeclined(offer=OfferId("o1"), cause=DeclineCause.DECLINED), 8.0)
        assert hotline.offered() == []
        hotline.tell(OfferAccepted(offer=OfferId("o2")), 9.0)
        assert hotline.state("ben")[1] is Activity.TALKING

    def test_once_all_ring_those_who_are_free_ring_along_for_who_is_on_offer(self) -> None:
        """At once, and as many as may; not for one who is offered to a designated agent."""
        hotline = Hotline()
        for name in ("ana", "ben", "cid"):
            hotline.login(name)
        hotline.call("c1", 1.0)
        hotline.call("c2", 1.0, routes=(Route(agent=AgentId("ben")),))
        assert hotline.offered() == [("c2", "ben")]
        hotline.tell(QueueDefined(queue=MAIN, strategy="ring_all"), 2.0)
        assert hotline.offered() == [("c1", "cid")]
        hotline.login("dan", 3.0)
        assert hotline.offered() == [("c1", "dan")]
        hotline.accept("c1", 4.0)
        assert hotline.withdrawn() == [("cid", "answered_elsewhere"), ("dan", "answered_elsewhere")]

    def test_when_nobody_answers_the_one_who_did_not_ring_does(self, hotline: Hotline) -> None:
        """As soon as there is room."""
        hotline.wait(25.0)
        assert hotline.withdrawn() == [("ana", "ring_timeout"), ("ben", "ring_timeout")]
        assert hotline.offered() == [("c1", "cid")]
        assert hotline.state("ana")[2] == hotline.state("ben")[2] == "no_answer"

    def test_a_caller_who_hangs_up_stops_them_all(self, hotline: Hotline) -> None:
        """In one answer."""
        hotline.hang_up("c1", 8.0)
        assert hotline.withdrawn() == [("ana", "contact_left"), ("ben", "contact_left")]
        assert [hotline.state(name)[1] for name in ("ana", "ben")] == [Activity.IDLE, Activity.IDLE]
        assert not hotline.engine._floor.queues[MAIN].ringing

    def test_a_caller_who_is_moved_stops_them_all(self, hotline: Hotline) -> None:
        """And is offered by the rules of the new place."""
        hotline.call("c1", 8.0, level=3)
        assert hotline.withdrawn() == [("ana", "contact_left"), ("ben", "contact_left")]
        assert hotline.offered() == [("c1", "ana"), ("c1", "ben")]
