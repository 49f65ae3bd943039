"""An agent whose phone rings out is an alarm, until somebody sits there again."""

from dataclasses import asdict, replace

import pytest

from softswitch.operations.alarms import AlarmBoard
from softswitch.operations.silent_phones import hear_of_agent
from softswitch.settings.distribution import DistributionSettings
from softswitch.store import entries
from tests.softswitch.calls.node import QUEUE, Keeper, Node, done


class Watched:
    """A node, and the alarms that stand by what it says of its agents."""

    def __init__(self, returns_s: tuple[float, ...] = ()) -> None:
        ways = DistributionSettings(no_answer_returns_s=returns_s)
        self.node = Node(queue=replace(QUEUE, distribution=ways))
        self.alarms = AlarmBoard(lambda entry: None, Keeper(), lambda: 0.0)
        self._heard = 0

    def standing(self) -> list[str]:
        """The ids of the alarms, after all that was said."""
        told = self.node.entries(entries.AgentStateChanged)
        for entry in told[self._heard :]:
            hear_of_agent(self.alarms, asdict(entry))
        self._heard = len(told)
        return [alarm.alarm_id for alarm in self.alarms.standing()]

    def ring_out(self) -> None:
        """Agent 1001 lets a caller's phone ring."""
        self.node.login()
        self.node.call_in()
        assert self.standing() == []
        self.node.pass_time(16.0)


def test_a_phone_that_rings_out_is_an_alarm_until_its_agent_is_ready() -> None:
    """Then the same caller rings there again."""
    watched = Watched()
    watched.ring_out()
    assert watched.standing() == ["no_answer.1001"]
    done(watched.node.seats.ready("1001"))
    watched.node.settle()
    assert watched.standing() == []
    watched.node.pass_time(16.0)
    assert watched.standing() == ["no_answer.1001"]


@pytest.mark.parametrize("away", ["break", "signed out"])
def test_whoever_says_that_they_are_away_is_no_alarm(away: str) -> None:
    """They are there, or meant to leave."""
    watched = Watched()
    watched.ring_out()
    assert watched.standing() == ["no_answer.1001"]
    if away == "break":
        done(watched.node.seats.not_ready("1001", "break"))
    else:
        done(watched.node.seats.logout("1001"))
    assert watched.standing() == []


def test_who_is_ready_by_itself_again_is_no_alarm() -> None:
    """By the ladder of the queue."""
    watched = Watched(returns_s=(30.0,))
    watched.ring_out()
    assert watched.standing() == ["no_answer.1001"]
    watched.node.pass_time(31.0)
    assert watched.standing() == []
