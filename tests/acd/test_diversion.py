"""Callers who do not wait on where they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agent_state import AgentCondition, Presence
from acd.commands import (
    DismissContact,
    DivertContact,
    RefuseCause,
    ReportOverflow,
)
from acd.contact_state import ContactState
from acd.errors import InvalidEvent
from acd.events import ContactLevelChanged, DiversionRefused, QueueDefined, QueueHoursChanged
from acd.names import AgentId, ContactId, QueueName
from acd.overflow import Overflow, Target, TargetKind
from acd.routes import Route
from tests.acd.hotline import MAIN, Hotline, skilled

TAX, LAW = QueueName("tax"), QueueName("law")
VOICEMAIL, BUSY = Target(kind=TargetKind.VOICEMAIL), Target(kind=TargetKind.BUSY)


def to(queue: QueueName, **more: Any) -> Overflow:
    """A rule that leads to a queue."""
    return Overflow(target=Target(kind=TargetKind.QUEUE, name=queue), **more)


def hotline(*rules: Overflow, **more: Any) -> Hotline:
    """Queue main with these rules; tax and law without."""
    return Hotline(
        QueueDefined(queue=MAIN, overflow=rules, **more), QueueDefined(queue=TAX), QueueDefined(queue=LAW)
    )


def diverted(line: Hotline) -> list[tuple[str, Target]]:
    """Whom the last answer sends elsewhere."""
    return [(order.contact, order.target) for order in line.orders(DivertContact)]


def moved(line: Hotline) -> list[tuple[str, str]]:
    """Whom the last answer moved to another queue."""
    return [(order.contact, order.target) for order in line.orders(ReportOverflow)]


class TestConditions:
    """When a rule is followed."""

    def test_the_own_wait_counts_to_the_second(self) -> None:
        """In this queue; the arrival is kept in the next."""
        line = hotline(to(TAX, waited_s=30.0))
        line.call("c1", 10.0)
        line.call("c2", 20.0, queue="tax")
        assert line.engine.next_deadline() == 40.0
        line.wait(40.0)
        assert moved(line) == [("c1", "tax")]
        assert line.line("tax") == ["c1", "c2"]
        assert line.engine.next_deadline() is None

    def test_more_than_so_many_who_wait(self) -> None:
        """Looked at when one comes; who waits already stays."""
        line = hotline(to(TAX, waiting=2))
        for name in ("c1", "c2", "c3", "c4"):
            line.call(name)
        assert (line.line(), line.line("tax")) == (["c1", "c2", "c3"], ["c4"])

    def test_the_longest_wait_of_the_queue(self) -> None:
        """Others wait too long already: the newcomer goes."""
        line = hotline(to(TAX, longest_wait_s=60.0))
        line.call("c1", 0.0)
        line.call("c2", 59.9)
        line.call("c3", 60.0)
        assert (line.line(), line.line("tax")) == (["c1", "c2"], ["c3"])

    def test_the_expected_wait(self) -> None:
        """From how fast agents came free of late; with too little known nobody goes for it."""
        line = hotline(to(TAX, expected_wait_s=100.0), wrap_up_s=0)
        line.login("ana")
        for serial in range(3):
            line.talk(f"old{serial}", serial * 200.0)
            line.end(f"old{serial}", serial * 200.0 + 150.0)
        line.talk("c0", 600.0)
        expected_s = line.engine.expected_wait_s(MAIN)
        assert expected_s is not None and 100.0 < expected_s < 300.0
        assert line.engine.expected_wait_s(TAX) is None
        next_one, third = line.engine.expected_band(MAIN, 1), line.engine.expected_band(MAIN, 3)
        assert next_one is not None and third is not None
        assert next_one.low_s < expected_s < next_one.high_s, "nobody stands before who comes now"
        assert third.low_s > next_one.low_s and third.high_s > next_one.high_s
        assert line.engine.expected_band(TAX, 1) is None
        line.call("c1")
        assert line.line("tax") == ["c1"]

    def test_nobody_logged_in(self) -> None:
        """As they come, and when the last one leaves."""
        line = hotline(Overflow(target=VOICEMAIL, agents_all=()))
        line.call("c1")
        assert diverted(line) == [("c1", VOICEMAIL)]
        line.hang_up("c1")
        line.login("ana", 1.0)
        line.not_ready("ana")
        line.call("c2", 2.0)
        assert diverted(line) == []
        line.logout("ana", 3.0)
        assert diverted(line) == [("c2", VOICEMAIL)]

    def test_nobody_ready(self) -> None:
        """Who talks or rests is on duty, who is away is not."""
        away = (AgentCondition.NOT_READY, AgentCondition.UNREACHABLE)
        line = hotline(Overflow(target=VOICEMAIL, agents_all=away))
        line.login("ana")
        line.login("ben", queues=("tax",))
        line.talk("c0")
        line.call("c1", 1.0)
        assert diverted(line) == []
        line.not_ready("ana", at=2.0)
        line.end("c0", 3.0)
        assert diverted(line) == []
        line.wait(13.0)
        assert diverted(line) == [("c1", VOICEMAIL)]

    def test_an_agent_of_several_queues_moves_those_whose_rules_regard_agents(self) -> None:
        """Who waits in another queue of theirs waits on."""
        line = hotline(Overflow(target=VOICEMAIL, agents_all=(AgentCondition.NOT_READY,)))
        line.login("ana", queues=(TAX, MAIN))
        line.talk("c0")
        line.call("c1")
        line.call("c2", queue=TAX)
        line.not_ready("ana")
        line.end("c0", 1.0)
        assert diverted(line) == []
        line.wait(11.0)  # the wrap-up is over
        assert diverted(line) == [("c1", VOICEMAIL)]
        assert line.line("tax") == ["c2"]

    def test_a_lost_phone_is_a_condition_of_its_own(self) -> None:
        """And stronger than the presence that it makes."""
        line = hotline(Overflow(target=VOICEMAIL, agents_all=(AgentCondition.UNREACHABLE,)))
        line.login("ana")
        line.talk("c0")
        line.call("c1", 1.0)
        line.phone("ana", reachable=False, at=2.0)
        assert diverted(line) == [("c1", VOICEMAIL)]

    def test_outside_the_hours(self) -> None:
        """From closing to opening."""
        line = hotline(Overflow(target=BUSY, is_closed=True))
        line.call("c1")
        line.tell(QueueHoursChanged(queue=MAIN, is_open=False), 1.0)
        assert diverted(line) == [("c1", BUSY)]
        line.tell(QueueHoursChanged(queue=MAIN, is_open=True), 2.0)
        line.call("c2")
        assert diverted(line) == []

    def test_only_who_would_have_to_wait(self) -> None:
        """A free agent takes the caller first."""
        line = hotline(to(TAX, waiting=0), to(TAX, agents_all=(AgentCondition.FREE,)))
        line.login("ana")
        line.call("c1")
        assert line.offered() == [("c1", "ana")]
        assert moved(line) == []

    def test_rules_by_strategy_number_and_level(self) -> None:
        """The first that fits is followed."""
        line = hotline(
            to(TAX, waited_s=5.0, strategies=(1,), least_level=2),
            Overflow(target=BUSY, waited_s=5.0, strategies=(1,)),
            to(LAW, waited_s=9.0),
        )
        line.call("c1", level=2, strategy=1)
        line.call("c2", level=1, strategy=1)
        line.call("c3", level=2, strategy=2)
        line.wait(5.0)
        assert (moved(line), diverted(line)) == ([("c1", "tax")], [("c2", BUSY)])
        line.wait(9.0)
        assert moved(line) == [("c3", "law")]

    def test_changed_rules_hold_for_those_who_wait(self) -> None:
        """Those too who have waited for longer already."""
        line = hotline()
        line.call("c1", 0.0)
        line.tell(QueueDefined(queue=MAIN, overflow=(to(TAX, waited_s=30.0),)), 50.0)
        assert moved(line) == [("c1", "tax")]


class TestTargets:
    """Where they go."""

    def test_the_need_is_kept_unless_the_rule_drops_it(self) -> None:
        """A general queue may do."""
        line = hotline(to(TAX, waited_s=1.0, least_level=1), to(LAW, waited_s=1.0, drops_skills=True))
        line.call("c1", level=1, skills=skilled(tax=3))
        line.call("c2", skills=skilled(tax=3))
        line.wait(1.0)
        needs = [line.engine.waiting(queue)[0].lines[0].need.skills for queue in (TAX, LAW)]
        assert needs == [(("tax", 3),), ()]

    def test_a_target_that_is_full_or_unknown_or_forsaken_is_passed_over(self) -> None:
        """The next rule is looked at."""
        line = hotline(to(QueueName("moon"), waiting=0), to(TAX, waiting=0), to(LAW, waiting=0))
        line.tell(QueueDefined(queue=TAX, limit=0))
        line.call("c1")
        line.call("c2")
        assert moved(line) == [("c2", "law")]
        line.tell(QueueDefined(queue=LAW, refuses_when=()))
        line.call("c3")
        assert line.line() == ["c1", "c3"]

    def test_who_is_sent_elsewhere_keeps_the_place_until_they_are_gone(self) -> None:
        """And is told of once."""
        line = hotline(Overflow(target=VOICEMAIL, waited_s=5.0))
        line.call("c1")
        line.wait(5.0)
        assert diverted(line) == [("c1", VOICEMAIL)]
        assert line.line() == ["c1"]
        line.wait(50.0)
        assert line.answer == ()
        line.hang_up("c1", 51.0)
        assert line.line() == []

    def test_a_target_that_the_shell_refuses_is_not_tried_again(self) -> None:
        """The next rule is; with none the caller waits on."""
        line = hotline(Overflow(target=VOICEMAIL, waited_s=5.0), Overflow(target=BUSY, waited_s=5.0))
        line.call("c1")
        line.wait(5.0)
        line.tell(DiversionRefused(contact=ContactId("c1"), target=VOICEMAIL))
        assert diverted(line) == [("c1", BUSY)]
        line.tell(DiversionRefused(contact=ContactId("c1"), target=BUSY))
        assert diverted(line) == []
        assert line.line() == ["c1"]
        with pytest.raises(InvalidEvent):
            line.tell(DiversionRefused(contact=ContactId("c1"), target=BUSY))

    def test_who_comes_to_a_full_queue_goes_on_at_once_where_a_rule_says_so(self) -> None:
        """To a queue, or elsewhere; and is turned away when elsewhere is nowhere."""
        line = hotline(Overflow(target=VOICEMAIL, waiting=0, least_level=1), to(TAX, waiting=0), limit=1)
        line.call("c1")
        line.call("c2")
        assert (moved(line), line.refused()) == ([("c2", "tax")], [])
        line.tell(QueueDefined(queue=TAX, limit=0))
        line.call("c3", level=1)
        assert (diverted(line), line.refused()) == ([("c3", VOICEMAIL)], [])
        line.tell(DiversionRefused(contact=ContactId("c3"), target=VOICEMAIL))
        assert line.refused() == [("c3", RefuseCause.QUEUE_FULL)]
        assert line.contact_state("c3") is None
        line.call("c4")
        assert line.refused() == [("c4", RefuseCause.QUEUE_FULL)]

    def test_an_offer_meanwhile_ends_the_matter(self) -> None:
        """Who rings is not turned away because the shell cannot take them elsewhere."""
        line = hotline(Overflow(target=VOICEMAIL, waiting=0), limit=0)
        line.tell(QueueDefined(queue=MAIN, limit=1, overflow=(Overflow(target=VOICEMAIL, waiting=0),)))
        line.call("c1")
        line.call("c2")
        line.login("ana")
        line.login("ben")
        line.tell(DiversionRefused(contact=ContactId("c2"), target=VOICEMAIL))
        assert line.contact_state("c2") is ContactState.OFFERED


class TestRoom:
    """Who found the target without room goes when it has some, first come, first served."""

    @pytest.fixture
    def line(self) -> Hotline:
        """After 5 s they go from main to tax, where one may wait and does; c1 and c2 have waited so long."""
        line = hotline(to(TAX, waited_s=5.0))
        line.tell(QueueDefined(queue=TAX, limit=1))
        line.call("first", queue="tax")
        line.call("c1", 0.0)
        line.call("c2", 1.0)
        line.wait(5.0)
        line.wait(6.0)
        assert (moved(line), line.line()) == ([], ["c1", "c2"])
        return line

    def test_one_goes_for_one_who_leaves(self, line: Hotline) -> None:
        """Whatever the way they leave; who is gone has no claim."""
        line.hang_up("first", 10.0)
        assert moved(line) == [("c1", "tax")]
        line.hang_up("c2", 11.0)
        line.login("ana", 12.0, queues=("tax",))
        assert (moved(line), line.offered()) == ([], [("c1", "ana")])
        line.call("c3", 13.0)
        line.wait(18.0)
        assert moved(line) == [("c3", "tax")]

    def test_a_larger_limit_is_room(self, line: Hotline) -> None:
        """For as many as it is larger."""
        line.tell(QueueDefined(queue=TAX, limit=2), 10.0)
        assert moved(line) == [("c1", "tax")]
        line.tell(QueueDefined(queue=TAX, limit=9), 11.0)
        assert moved(line) == [("c2", "tax")]

    def test_who_has_a_reason_no_more_stays(self, line: Hotline) -> None:
        """The place goes to the next."""
        line.tell(ContactLevelChanged(contact=ContactId("c1"), level=1))
        line.tell(QueueDefined(queue=MAIN, overflow=(to(TAX, waited_s=5.0, most_level=0),)))
        line.hang_up("first", 10.0)
        assert moved(line) == [("c2", "tax")]
        assert line.line() == ["c1"]

    def test_a_forsaken_one_has_room_when_somebody_comes(self) -> None:
        """And only then."""
        line = hotline(to(TAX, agents_all=()))
        line.tell(QueueDefined(queue=TAX, refuses_when=(AgentCondition.NOT_READY,)))
        line.call("c1")
        line.call("c2")
        line.login("ana", 5.0, queues=("tax",), presence=Presence.NOT_READY, reason="new")
        assert moved(line) == []
        line.ready("ana", 6.0)
        assert moved(line) == [("c1", "tax"), ("c2", "tax")]
        assert line.offered() == [("c1", "ana")]

    def test_a_queue_that_comes_to_be_has_room(self) -> None:
        """A rule may name one that is defined later."""
        line = Hotline(QueueDefined(queue=MAIN, overflow=(to(TAX, agents_all=()),)))
        line.call("c1")
        line.tell(QueueDefined(queue=TAX), 9.0)
        assert moved(line) == [("c1", "tax")]


class TestEnd:
    """No chain goes on for ever."""

    def test_each_queue_is_visited_once(self) -> None:
        """Round in a circle, and then the wait."""
        line = hotline(to(TAX, agents_all=()))
        line.tell(QueueDefined(queue=TAX, overflow=(to(LAW, agents_all=()),)))
        line.tell(QueueDefined(queue=LAW, overflow=(to(MAIN, agents_all=()),)))
        line.call("c1")
        assert moved(line) == [("c1", "tax"), ("c1", "law")]
        assert line.line("law") == ["c1"]

    def test_or_as_often_as_is_configured(self) -> None:
        """By the rule that leads there."""
        line = hotline(to(TAX, agents_all=(), most_visits=2))
        line.tell(QueueDefined(queue=TAX, overflow=(to(MAIN, agents_all=(), most_visits=3),)))
        line.call("c1")
        assert [target for _, target in moved(line)] == ["tax", "main", "tax", "main"]

    @given(data=st.data())
    def test_any_rules_come_to_an_end(self, data: st.DataObject) -> None:
        """After at most as many steps as there are visits to make."""
        queues = (MAIN, TAX, LAW)
        targets = st.sampled_from(queues)
        rule = st.builds(
            to,
            targets,
            most_visits=st.integers(1, 3),
            agents_all=st.sampled_from((None, ())),
            waited_s=st.sampled_from((None, 0.0, 5.0)),
        )
        line = Hotline()
        for queue in queues:
            rules = data.draw(st.lists(rule, max_size=3))
            line.tell(QueueDefined(queue=queue, overflow=tuple(rules)))
        line.call("c1")
        steps = len(moved(line))
        line.wait(5.0)
        line.wait(10.0)
        assert steps + len(moved(line)) <= 3 * len(queues)
        assert sum("c1" in line.line(queue) for queue in queues) == 1


class TestNobodyThere:
    """Joining refused, leaving forced."""

    def test_nobody_joins_where_all_are_away(self) -> None:
        """By the list of conditions of the queue."""
        line = hotline(refuses_when=(AgentCondition.NOT_READY,))
        line.call("c1")
        assert line.refused() == [("c1", RefuseCause.NOBODY_THERE)]
        line.login("ana")
        line.talk("c2")
        line.call("c3")
        assert line.line() == ["c3"]

    def test_those_who_wait_are_dismissed_when_the_last_one_goes(self) -> None:
        """In the same step; they have left."""
        line = hotline(dismisses_when=())
        line.login("ana")
        line.not_ready("ana")
        line.call("c1")
        line.call("c2")
        line.logout("ana", 1.0)
        assert line.orders(DismissContact) == [
            DismissContact(contact=ContactId(name), queue=MAIN) for name in ("c1", "c2")
        ]
        assert [line.contact_state(name) for name in ("c1", "c2")] == [None, None]
        assert line.engine.statistics().tally.left == 2

    def test_who_can_be_served_elsewhere_stays(self) -> None:
        """In another line, or by one agent."""
        line = hotline(dismisses_when=(), refuses_when=())
        line.login("ana", queues=("tax",))
        line.not_ready("ana")
        line.call("c1", routes=(Route(), Route(queue=TAX)))
        line.call("c2", routes=(Route(agent=AgentId("ana")),))
        assert [line.contact_state(name) for name in ("c1", "c2")] == [ContactState.WAITING] * 2

    def test_overflow_comes_before_dismissal_and_refusal(self) -> None:
        """Going on is better than going away."""
        line = hotline(to(TAX, agents_all=()), dismisses_when=(), refuses_when=())
        line.call("c1")
        assert moved(line) == [("c1", "tax")]
        assert line.orders(DismissContact) == []


def test_whoever_loses_a_row_by_another_level_is_looked_at_anew() -> None:
    """The agent's row was for higher levels; in the queue that is left nobody is."""
    line = Hotline(QueueDefined(queue=MAIN, dismisses_when=(AgentCondition.NOT_READY,)))
    line.login("ana", 0.0, queues=(), presence=Presence.NOT_READY, reason="lunch")
    line.login("ben", 0.0, presence=Presence.NOT_READY, reason="lunch")
    rows = (Route(queue=MAIN), Route(agent=AgentId("ana"), least_level=1))
    line.call("c1", 1.0, level=1, routes=rows)
    assert line.line() == ["c1"]
    line.tell(ContactLevelChanged(contact=ContactId("c1"), level=0), 2.0)
    assert line.line() == []
    assert [order.contact for order in line.orders(DismissContact)] == ["c1"]
