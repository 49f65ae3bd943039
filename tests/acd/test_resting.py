"""Agents who did not take an offer, and callers who come again."""

from collections.abc import Callable

import pytest

from acd.agent_state import Activity, Presence
from acd.commands import ReportNoAnswer
from acd.errors import InvalidValue
from acd.events import AgentDisengaged, AgentEngaged, ContactLeft, DeclineCause, QueueDefined
from acd.levels import LevelRule
from acd.names import AgentId, ContactId
from tests.acd.hotline import MAIN, Hotline

ANA = AgentId("ana")
READY = (Presence.READY, Activity.IDLE, "")
AWAY = (Presence.NOT_READY, Activity.IDLE, "no_answer")


@pytest.mark.parametrize(
    "build",
    [
        lambda: QueueDefined(queue=MAIN, busy_delay_s=-1.0),
        lambda: QueueDefined(queue=MAIN, resume_s=-1.0),
        lambda: QueueDefined(queue=MAIN, no_answer_returns_s=(30.0, 0.1)),
    ],
)
def test_what_cannot_be_true_cannot_be_built(build: Callable[[], object]) -> None:
    """Refused with the field."""
    with pytest.raises(InvalidValue):
        build()


@pytest.mark.parametrize(
    ("cause", "after_s"),
    [
        (DeclineCause.BUSY, 9.0),
        (DeclineCause.DECLINED, 3.0),
        (DeclineCause.UNREACHABLE, 3.0),
        (DeclineCause.FAILED, 3.0),
    ],
)
def test_busy_and_declined_have_delays_of_their_own(cause: DeclineCause, after_s: float) -> None:
    """The next offer comes to the second."""
    line = Hotline(QueueDefined(queue=MAIN, decline_delay_s=3.0, busy_delay_s=9.0))
    line.login("ana")
    line.call("c1", 1.0)
    line.decline("c1", 2.0, cause)
    assert line.engine.next_deadline() == 2.0 + after_s
    line.wait(2.0 + after_s)
    assert line.offered() == [("c1", "ana")]


class TestNoAnswer:
    """The ladder: away for longer each time."""

    def hotline(self) -> Hotline:
        """Ana lets it ring out at 21.0, with returns after 30 and 300 s."""
        line = Hotline(QueueDefined(queue=MAIN, no_answer_returns_s=(30.0, 300.0)))
        line.login("ana")
        line.call("c1", 1.0)
        line.wait(21.0)
        return line

    def alarm(self, line: Hotline, in_a_row: int, returns_at: float | None) -> None:
        """The last answer tells of it."""
        told = ReportNoAnswer(
            agent=ANA, contact=ContactId("c1"), queue=MAIN, in_a_row=in_a_row, returns_at=returns_at
        )
        assert line.orders(ReportNoAnswer) == [told]

    def test_each_time_in_a_row_the_agent_is_away_for_longer_and_at_last_for_good(self) -> None:
        """An alarm each time; the caller keeps the place."""
        line = self.hotline()
        self.alarm(line, 1, 51.0)
        assert line.state("ana") == AWAY
        line.wait(51.0)
        assert line.offered() == [("c1", "ana")]
        line.wait(71.0)
        self.alarm(line, 2, 371.0)
        line.wait(371.0)
        line.wait(391.0)
        self.alarm(line, 3, None)
        line.wait(9999.0)
        assert line.state("ana") == AWAY

    def test_an_answer_begins_the_ladder_anew(self) -> None:
        """One forgotten phone a day is no habit."""
        line = self.hotline()
        line.wait(51.0)
        line.accept("c1", 52.0)
        line.end("c1", 60.0)
        line.ready("ana", 61.0)
        line.call("c1", 62.0)
        line.wait(82.0)
        self.alarm(line, 1, 112.0)

    @pytest.mark.parametrize("verb", ["ready", "lunch", "logout"])
    def test_whoever_says_something_is_not_brought_back(self, verb: str) -> None:
        """The deadline is gone with the reason."""
        line = self.hotline()
        if verb == "ready":
            line.hang_up("c1")
            line.ready("ana", 22.0)
        elif verb == "lunch":
            line.not_ready("ana", "lunch", 22.0)
        else:
            line.logout("ana", 22.0)
        assert line.engine.next_deadline() is None

    def test_without_a_phone_nobody_comes_back(self) -> None:
        """The alarm stands."""
        line = self.hotline()
        line.phone("ana", reachable=False, at=30.0)
        line.wait(51.0)
        assert line.state("ana")[0] is Presence.NOT_READY

    def test_a_call_of_the_agents_own_is_not_disturbed(self) -> None:
        """They are ready after it, unless they asked for something else."""
        line = self.hotline()
        line.hang_up("c1")
        line.tell(AgentEngaged(agent=ANA), 40.0)
        line.wait(51.0)
        assert line.agent("ana").pending is Presence.READY
        line.tell(AgentDisengaged(agent=ANA), 60.0)
        assert line.state("ana") == READY
        line = self.hotline()
        line.tell(AgentEngaged(agent=ANA), 40.0)
        line.not_ready("ana", "lunch", 45.0)
        line.wait(51.0)
        line.tell(AgentDisengaged(agent=ANA), 60.0)
        assert line.state("ana")[2] == "lunch"


class TestResuming:
    """Who gives up and comes again."""

    def hotline(self) -> Hotline:
        """One caller gave up at 50.0 after 40 s; another one waits since 20.0."""
        line = Hotline(
            QueueDefined(queue=MAIN, resume_s=60.0, level_rules=(LevelRule(add=1, waited_s=500.0),)),
        )
        line.call("c1", 10.0, number="555")
        line.call("c2", 20.0)
        line.hang_up("c1", 50.0)
        return line

    def test_they_have_the_old_place(self) -> None:
        """Once."""
        line = self.hotline()
        line.call("c3", 109.0, number="555")
        assert line.line() == ["c3", "c2"]
        assert line.engine.statistics().tally.resumed == 1
        line.call("c4", 109.0, number="555")
        assert line.line() == ["c3", "c2", "c4"]

    def test_after_the_time_the_place_is_gone(self) -> None:
        """To the second, with its deadline."""
        line = self.hotline()
        assert line.engine.next_deadline() == 110.0
        line.wait(110.0)
        line.call("c3", 110.0, number="555")
        assert line.line() == ["c2", "c3"]

    def test_an_arrival_that_is_given_counts(self) -> None:
        """And another caller has nothing of it."""
        line = self.hotline()
        line.call("c3", 60.0, number="555", arrived_at=30.0)
        line.call("c4", 61.0, number="556")
        line.call("c5", 62.0)
        assert line.line() == ["c2", "c3", "c4", "c5"]

    @pytest.mark.parametrize("way", ["answered", "taken elsewhere", "no number", "no rule"])
    def test_nobody_else_keeps_a_place(self, way: str) -> None:
        """Whoever talked, was taken elsewhere, is not known, or called where no places are kept."""
        line = Hotline(QueueDefined(queue=MAIN, resume_s=None if way == "no rule" else 60.0))
        line.call("c1", 10.0, number="" if way == "no number" else "555")
        if way == "answered":
            line.login("ana")
            line.accept("c1")
        line.tell(
            ContactLeft(contact=ContactId("c1"), cause="overflow" if "else" in way else "abandoned"), 20.0
        )
        line.call("c2", 30.0, number="555")
        snapshot = line.engine.contact(ContactId("c2"))
        assert snapshot is not None
        assert snapshot.arrived_at == 30.0
