"""What a restart of control does not undo: the time after which an agent is ready again, and places that are kept."""

from dataclasses import replace

import pytest

from acd.events import AgentEngaged
from acd.names import AgentId
from softswitch.calls.kept_places import TABLE, KeptPlaces
from softswitch.calls.seats import TABLE as SEATED
from softswitch.settings.distribution import DistributionSettings
from tests.softswitch.calls.node import CALLER, EPOCH, QUEUE, Keeper, Node, done

LADDER = replace(QUEUE, distribution=DistributionSettings(no_answer_returns_s=(60.0, 300.0)))
RESUMES = replace(QUEUE, distribution=DistributionSettings(resume_s=120.0))
OTHER = "13900002222"


def rung_out() -> Node:
    """The agent's phone has rung in vain, and control dies ten seconds later."""
    node = Node(greeting="", queue=LADDER)
    node.login()
    node.call_in("in1")
    node.pass_time(QUEUE.ring_time_s)
    assert node.agent() == ("not_ready", "idle", "no_answer")
    node.sip.leave("in1")
    node.settle()
    node.pass_time(10.0)
    return node


def next_control(node: Node) -> Node:
    """The control after it, which has seated everybody."""
    after = Node(greeting="", queue=LADDER, before=node, keeper=node.keeper, journal=node.journal)
    after.seats.restore({})
    after.settle()
    return after


def test_an_agent_who_let_it_ring_out_is_ready_again_in_time() -> None:
    """Fifty seconds are left of the minute; a second restart changes nothing of it."""
    after = next_control(next_control(rung_out()))
    assert after.agent() == ("not_ready", "idle", "no_answer")
    after.pass_time(49.0)
    assert after.agent()[0] == "not_ready"
    after.pass_time(1.5)
    assert after.agent()[0] == "ready"


def test_the_ladder_goes_on_where_it_was() -> None:
    """The second call in a row that rings out is the second, whatever was restarted between; an answer begins anew."""
    after = next_control(rung_out())
    after.pass_time(50.5)
    call_id = after.call_in("in2")
    after.pass_time(QUEUE.ring_time_s)
    assert after.agent() == ("not_ready", "idle", "no_answer")
    after.pass_time(299.0)
    assert after.agent()[0] == "not_ready"
    after.pass_time(1.5)
    assert after.agent()[1] == "reserved"
    assert after.keeper.load(SEATED)["1001"]["no_answers"] == 2
    after.answer(after.leg_of_agent(call_id))
    assert after.keeper.load(SEATED)["1001"]["no_answers"] == 0


def test_what_was_counted_since_the_login_counts_on() -> None:
    """Calls taken and talked, by which some queues choose among agents."""
    node = Node(greeting="")
    node.login()
    node.talk()
    node.pass_time(30.0)
    node.sip.leave("in1")
    node.settle()
    after = Node(greeting="", before=node, keeper=node.keeper, journal=node.journal)
    after.seats.restore({})
    found = after.engine.agent(AgentId("1001"))
    assert found is not None
    assert (found.taken, round(found.talk_s)) == (1, 30)


def test_a_break_lasts_since_it_began() -> None:
    """However often control was restarted meanwhile."""
    node = Node(greeting="")
    node.login()
    done(node.seats.not_ready("1001", "lunch"))
    node.settle()
    began_at = done(node.seats.get("1001")).since
    node.pass_time(2400.0)
    seen = done(next_control(next_control(node)).seats.get("1001"))
    assert (seen.presence, seen.reason) == ("not_ready", "lunch")
    assert seen.since == pytest.approx(began_at, abs=0.01)


def test_a_break_that_was_asked_for_in_a_call_begins_though_the_call_died_with_control() -> None:
    """Nothing is left to wait for: else the agent were rung until the end of another call."""
    node = Node(greeting="")
    node.login()
    node.dispatcher.tell(AgentEngaged(agent=AgentId("1001")))
    done(node.seats.not_ready("1001", "lunch"))
    assert node.keeper.load(SEATED)["1001"]["pending"] == "not_ready"
    after = next_control(node)
    assert after.agent() == ("not_ready", "idle", "lunch")
    call_id = after.call_in("in1")
    assert after.waits(call_id) == 1


def test_an_agent_who_took_a_break_meanwhile_stays_away() -> None:
    after = next_control(rung_out())
    done(after.seats.not_ready("1001", "lunch"))
    after.settle()
    after.pass_time(60.0)
    assert after.agent() == ("not_ready", "idle", "lunch")


def test_a_time_that_is_over_at_the_restart_counts_at_once() -> None:
    node = rung_out()
    node.clock._loop.hands += 100.0  # type: ignore[attr-defined]
    after = next_control(node)
    after.pass_time(0.1)
    assert after.agent()[0] == "ready"


def gave_up(node: Node) -> None:
    """A caller hangs up in the line after ten seconds."""
    node.call_in("in1")
    node.pass_time(10.0)
    node.sip.leave("in1")
    node.settle()


@pytest.mark.parametrize("restarts", [False, True], ids=["the same control", "the next one"])
@pytest.mark.parametrize(
    ("later_s", "places"), [(60.0, (2, 1)), (150.0, (1, 2))], ids=["in time", "too late"]
)
def test_who_gives_up_and_comes_again_has_the_old_place(
    later_s: float, places: tuple[int, int], *, restarts: bool
) -> None:
    node = Node(greeting="", queue=RESUMES)
    gave_up(node)
    if restarts:
        node = Node(greeting="", queue=RESUMES, before=node, keeper=node.keeper, journal=node.journal)
    other = node.call_in("in2", caller=OTHER)
    node.pass_time(later_s)
    again = node.call_in("in3")
    assert (node.waits(other), node.waits(again)) == places
    assert node.keeper.load(TABLE) == {}


def test_a_place_counts_once_and_is_forgotten_when_it_is_over() -> None:
    keeper = Keeper()
    places = KeptPlaces(keeper)
    places.keep("main", CALLER, EPOCH, EPOCH + 60.0, EPOCH)
    places.keep("main", OTHER, EPOCH, EPOCH + 90.0, EPOCH + 61.0)
    assert list(keeper.load(TABLE)) == [f"main|{OTHER}"]
    keeper.put(TABLE, "main|wrong", {"arrived_at": "?"})
    again = KeptPlaces(keeper)
    assert again.take("main", OTHER, EPOCH + 62.0) == EPOCH
    assert again.take("main", OTHER, EPOCH + 62.0) is None
    assert again.take("main", "wrong", EPOCH + 62.0) is None
