"""Skills and needs, and how callers with needs meet agents with skills."""

from collections.abc import Callable

import pytest

from acd.commands import ReportWidening
from acd.errors import InvalidValue
from acd.events import AgentReassigned, ContactQueued, QueueDefined
from acd.medium import Medium
from acd.names import AgentId, ContactId, QueueName, SkillName
from acd.routes import Route
from acd.skills import (
    ANYBODY,
    Need,
    SkillLevel,
    Widening,
    fit,
    lowered,
    need_of,
    widened,
)
from tests.acd.hotline import MAIN, Hotline, skilled

TAX, LAW = SkillName("tax"), SkillName("law")
WIDENING = (Widening(after_s=30.0), Widening(after_s=60.0, lower_by=9))


class TestNeeds:
    """The arithmetic."""

    def test_a_need_does_not_depend_on_the_order_it_is_told_in(self) -> None:
        """So that equal needs are one kind of contact."""
        assert need_of(skilled(tax=2, law=1)) == need_of(skilled(law=1, tax=2)) == Need(((LAW, 1), (TAX, 2)))
        assert need_of(()) is ANYBODY

    def test_equal_needs_are_one_object(self) -> None:
        """However they were made; what is in them tells them apart."""
        need = Need(((LAW, 1), (TAX, 2)))
        assert need is need_of(skilled(tax=2, law=1))
        assert len({need, need_of(skilled(tax=2, law=1)), need_of(skilled(tax=2)), ANYBODY}) == 3
        assert need is not need_of(skilled(tax=2, law=1), Medium.CHAT)
        assert repr(ANYBODY) == "Need((), <Medium.VOICE: 'voice'>)"

    def test_a_bare_need_asks_for_the_skills_at_whatever_level(self) -> None:
        """That of a bare need is itself."""
        need = need_of(skilled(tax=2, law=1), Medium.CHAT)
        assert need.bare is Need(((LAW, 0), (TAX, 0)), Medium.CHAT)
        assert need.bare.bare is need.bare
        assert ANYBODY.bare is ANYBODY

    def test_fit_is_the_sum_of_the_levels_asked_for(self) -> None:
        """Other skills do not count; one too low, and there is no fit."""
        skills = {TAX: 3, LAW: 1, SkillName("dog tax"): 9}
        assert fit(skills, ANYBODY) == 0
        assert fit(skills, need_of(skilled(tax=2))) == 3
        assert fit(skills, need_of(skilled(tax=2, law=1))) == 4
        assert fit(skills, need_of(skilled(tax=2, law=2))) is None
        assert fit({}, Need(((TAX, 0),))) == 0

    def test_lowered_needs_end_at_nothing(self) -> None:
        """The skill still says who goes first."""
        assert lowered(need_of(skilled(tax=3, law=1)), 2) == Need(((LAW, 0), (TAX, 1)))

    def test_widening_goes_by_the_wait(self) -> None:
        """The step that lowers most of those reached; the next is one that lowers more."""
        found = [widened(WIDENING, 0, 5.0, now) for now in (5.0, 34.9, 35.0, 65.0)]
        assert found == [(0, 35.0), (0, 35.0), (1, 65.0), (9, None)]
        assert widened(WIDENING[::-1], 0, 5.0, 5.0) == (0, 35.0)

    def test_what_was_lowered_stays_so(self) -> None:
        """Whatever the rules say by now."""
        assert widened(WIDENING, 4, 5.0, 35.0) == (4, 65.0)
        assert widened((), 4, 5.0, 35.0) == (4, None)

    @pytest.mark.parametrize(
        "build",
        [
            lambda: SkillLevel(skill=TAX, level=0),
            lambda: SkillLevel(skill=SkillName("")),
            lambda: Widening(after_s=-1.0),
            lambda: Widening(after_s=1.0, lower_by=0),
        ],
    )
    def test_what_cannot_be_true_cannot_be_built(self, build: Callable[[], object]) -> None:
        """Refused with the field."""
        with pytest.raises(InvalidValue):
            build()


class TestSkilledAgents:
    """Best-skilled first, both ways."""

    def test_the_best_skilled_agent_gets_the_call(self) -> None:
        """However long others have been idle; among equals the longest idle."""
        hotline = Hotline()
        hotline.login("ana", 0.0, skills=skilled(tax=1))
        hotline.login("ben", 1.0, skills=skilled(tax=3))
        hotline.login("cid", 2.0, skills=skilled(tax=3))
        hotline.login("dan", 3.0, skills=skilled(law=9))
        for contact in ("c1", "c2", "c3"):
            hotline.call(contact, skills=skilled(tax=1))
        assert [hotline.agent(name).contact for name in ("ben", "cid", "ana", "dan")] == [
            "c1",
            "c2",
            "c3",
            None,
        ]

    def test_an_agent_takes_first_what_they_can_best(self) -> None:
        """Among calls of one level; a higher level still goes before it."""
        hotline = Hotline()
        hotline.call("c1", 0.0)
        hotline.call("c2", 1.0, skills=skilled(law=1))
        hotline.call("c3", 2.0, skills=skilled(tax=2))
        hotline.call("c4", 3.0, skills=skilled(tax=2))
        hotline.call("c5", 4.0, level=1)
        served = []
        for serial in range(5):
            hotline.login(f"a{serial}", 5.0, skills=skilled(tax=5, law=1))
            served += [contact for contact, _ in hotline.offered()]
        assert served == ["c5", "c3", "c4", "c2", "c1"]

    def test_one_whom_nobody_there_can_serve_keeps_the_place_and_blocks_nobody(self) -> None:
        """Stepped over, first in line still."""
        hotline = Hotline()
        hotline.call("c1", 0.0, skills=skilled(tax=4))
        hotline.call("c2", 1.0)
        hotline.login("ana", 2.0, skills=skilled(tax=3))
        assert hotline.offered() == [("c2", "ana")]
        assert hotline.line() == ["c1"]
        hotline.login("ben", 3.0, skills=skilled(tax=4))
        assert hotline.offered() == [("c1", "ben")]

    def test_a_full_line_lets_in_whom_a_free_agent_can_take_and_nobody_else(self) -> None:
        """A free agent without the skill is no reason to let somebody in."""
        hotline = Hotline(QueueDefined(queue=MAIN, limit=0))
        hotline.login("ana", skills=skilled(tax=3))
        hotline.call("c1", skills=skilled(law=1))
        assert hotline.refused() == [("c1", "queue_full")]
        hotline.call("c2", skills=skilled(tax=1))
        assert hotline.offered() == [("c2", "ana")]

    def test_a_skill_twice_is_refused(self) -> None:
        """With agents and with contacts."""
        twice = (*skilled(tax=1), *skilled(tax=2))
        for build in (
            lambda: ContactQueued(contact=ContactId("c1"), queue=MAIN, skills=twice),
            lambda: AgentReassigned(agent=AgentId("ana"), queues=(MAIN,), skills=twice),
        ):
            with pytest.raises(InvalidValue, match="each name once"):
                build()


class TestReassignment:
    """Agents whose queues and skills change while they work."""

    def test_new_skills_hold_at_once(self) -> None:
        """The caller who waited for them is offered in the same answer."""
        hotline = Hotline()
        hotline.login("ana")
        hotline.call("c1", 1.0, skills=skilled(tax=2))
        hotline.reassign("ana", skills=skilled(tax=2))
        assert hotline.offered() == [("c1", "ana")]

    def test_new_queues_hold_at_once_and_idle_time_is_kept(self) -> None:
        """Out of the old ones, into the new."""
        law = QueueName("law")
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=law))
        hotline.login("ana", 0.0)
        hotline.login("ben", 1.0, queues=("law",))
        hotline.reassign("ana", 2.0, queues=("law",))
        hotline.call("c1", 3.0)
        assert hotline.line() == ["c1"]
        hotline.call("c2", queue="law")
        assert hotline.offered() == [("c2", "ana")]

    def test_in_a_conversation_they_hold_after_it(self) -> None:
        """The conversation goes on."""
        hotline = Hotline(QueueDefined(queue=MAIN, wrap_up_s=0))
        hotline.login("ana")
        hotline.talk("c1")
        hotline.call("c2", skills=skilled(tax=1))
        hotline.reassign("ana", skills=skilled(tax=1))
        assert hotline.offered() == []
        hotline.end("c1", 5.0)
        assert hotline.offered() == [("c2", "ana")]

    def test_who_was_declined_by_the_others_is_offered_when_the_last_one_is_taken_away(self) -> None:
        """Nobody else of the queue is left to wait for."""
        law = QueueName("law")
        hotline = Hotline(QueueDefined(queue=MAIN), QueueDefined(queue=law))
        hotline.login("ben", 0.0)
        hotline.login("ana", 0.5)
        hotline.talk("c0", 1.0)
        hotline.call("c1", 1.5)
        hotline.decline("c1", 2.0)
        hotline.wait(4.0)
        assert hotline.offered() == []
        hotline.reassign("ben", 5.0, queues=("law",))
        assert hotline.offered() == [("c1", "ana")]


class TestWidening:
    """Levels that come down with the wait."""

    def hotline(self) -> Hotline:
        """Ana has tax 2; after 30 s a level less is asked for, after 60 s none."""
        hotline = Hotline(QueueDefined(queue=MAIN, widening=WIDENING))
        hotline.login("ana", skills=skilled(tax=2))
        return hotline

    def test_it_comes_to_the_second_and_is_told(self) -> None:
        """The widening first, then the offer that it made possible."""
        hotline = self.hotline()
        hotline.call("c1", 10.0, skills=skilled(tax=3))
        assert hotline.engine.next_deadline() == 40.0
        hotline.wait(40.0)
        assert hotline.answer[0] == ReportWidening(contact=ContactId("c1"), queue=MAIN, lowered_by=1)
        assert hotline.offered() == [("c1", "ana")]

    def test_it_goes_on_until_nobody_is_left_out(self) -> None:
        """And has no deadline after the last step."""
        hotline = self.hotline()
        hotline.call("c1", 10.0, skills=skilled(law=5))
        hotline.wait(40.0)
        assert hotline.offered() == []
        assert hotline.engine.next_deadline() == 70.0
        hotline.wait(70.0)
        assert hotline.offered() == [("c1", "ana")]
        hotline.accept("c1")
        assert hotline.engine.next_deadline() is None

    def test_the_place_is_kept(self) -> None:
        """Widening is not queueing again."""
        hotline = self.hotline()
        hotline.not_ready("ana")
        hotline.call("c1", 10.0, skills=skilled(tax=3))
        hotline.call("c2", 11.0)
        hotline.wait(45.0)
        assert hotline.line() == ["c1", "c2"]

    def test_the_rules_are_read_live_and_what_is_lowered_stays_so(self) -> None:
        """New rules hold for those who wait; nobody is made to wait for more than before."""
        hotline = self.hotline()
        hotline.call("c1", 10.0, skills=skilled(tax=4))
        hotline.wait(40.0)
        hotline.tell(QueueDefined(queue=MAIN), 45.0)
        assert hotline.engine.next_deadline() is None
        snapshot = hotline.engine.contact(ContactId("c1"))
        assert snapshot is not None
        assert snapshot.lines[0].need == need_of(skilled(tax=3))
        hotline.tell(QueueDefined(queue=MAIN, widening=(Widening(after_s=20.0, lower_by=2),)), 50.0)
        assert hotline.offered() == [("c1", "ana")]

    def test_no_deadline_outlives_the_wait(self) -> None:
        """Offered, or gone."""
        hotline = self.hotline()
        hotline.call("c1", 10.0, skills=skilled(tax=3))
        hotline.hang_up("c1", 12.0)
        assert hotline.engine.next_deadline() is None

    def test_with_an_early_arrival_it_holds_at_once(self) -> None:
        """A caller who was here before needs no second wait."""
        hotline = self.hotline()
        hotline.tell(
            ContactQueued(contact=ContactId("c1"), queue=MAIN, arrived_at=0.0, skills=skilled(tax=3)), 35.0
        )
        assert hotline.offered() == [("c1", "ana")]


def test_a_queue_can_ask_for_skills_itself() -> None:
    """Of callers who ask for none; a caller's own need goes before, and so does a table."""
    hotline = Hotline(QueueDefined(queue=MAIN, skills=skilled(tax=2)))
    hotline.login("ana", skills=skilled(law=1))
    hotline.call("c1", 1.0)
    assert hotline.line() == ["c1"]
    hotline.call("c2", 2.0, skills=skilled(law=1))
    assert hotline.offered() == [("c2", "ana")]
    hotline.hang_up("c2", 3.0)
    hotline.call("c3", 4.0, routes=(Route(),))
    assert hotline.offered() == [("c3", "ana")]


def test_who_declined_is_held_back_only_for_colleagues_with_the_skill() -> None:
    """Ben is on duty and cannot serve it: so Ana gets it again after her rest."""
    hotline = Hotline()
    hotline.login("ana", skills=skilled(tax=2))
    hotline.login("ben", skills=skilled(law=2))
    hotline.call("c1", 1.0, skills=skilled(tax=1))
    hotline.decline("c1", 2.0)
    hotline.wait(4.0)
    assert hotline.offered() == [("c1", "ana")]
