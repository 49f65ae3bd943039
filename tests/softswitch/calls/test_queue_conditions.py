"""Who may not join a queue or wait on in it, and how callers go on from one queue to another."""

from dataclasses import replace

import pytest

from softswitch.calls.announcements import BUSY_LATER
from softswitch.settings.distribution import DistributionSettings, SkillSettings
from softswitch.settings.overflow import OverflowSettings, OverflowTo
from softswitch.settings.queues import QueueSettings
from softswitch.settings.routes import RouteSettings
from softswitch.store.entries import CallEnded, CallQueued, EndReason
from tests.softswitch.calls.node import QUEUE, Node, done

AT_LAW = RouteSettings(number="12345", queue="law", greeting="")


def hotline(**ways: tuple[str, ...]) -> Node:
    """A queue with such conditions, without a greeting."""
    return Node(greeting="", queue=replace(QUEUE, distribution=DistributionSettings(**ways)))  # type: ignore[arg-type]


def assert_turned_away(node: Node, leg_id: str = "in1") -> None:
    """The caller is told that all are busy, and then the call ends as one that found no place."""
    assert node.plane.prompts_of(leg_id)[-1] == BUSY_LATER
    node.plane.play_to_the_end(leg_id)
    node.settle()
    assert [entry.end_reason for entry in node.entries(CallEnded)] == [EndReason.QUEUE_FULL]
    node.assert_nothing_is_left()


def test_nobody_joins_a_queue_where_nobody_is_signed_in() -> None:
    """As soon as somebody is, even away from the phone, callers may wait."""
    node = hotline(refuses_when=("nobody",))
    node.dial("in1")
    node.sip.acknowledge("in1")
    node.settle()
    assert_turned_away(node)
    node.login(state="not_ready")
    assert node.waits(node.call_in("in2")) == 1


def test_whoever_waits_goes_when_the_last_agent_is_away() -> None:
    """Not while one of them is in a talk: who talks comes back."""
    node = hotline(dismisses_when=("not_ready", "unreachable"))
    node.login()
    node.talk("in1")
    waits = node.call_in("in2")
    assert node.waits(waits) == 1
    done(node.seats.not_ready("1001", "break"))
    node.settle()
    assert node.waits(waits) == 1
    node.sip.leave("in1")
    node.settle()
    node.pass_time(QUEUE.wrap_up_s + 1)
    assert node.waits(waits) is None
    assert node.plane.prompts_of("in2")[-1] == BUSY_LATER


@pytest.mark.parametrize("drops_skills", [False, True])
def test_a_caller_goes_on_with_the_skills_that_are_needed_or_without(*, drops_skills: bool) -> None:
    """Agents of the hotline know no law."""
    rule = OverflowSettings(to=OverflowTo.QUEUE, name="hotline", waited_s=5.0, drops_skills=drops_skills)
    law = QueueSettings(
        name="law",
        overflow=(rule,),
        distribution=DistributionSettings(skills=(SkillSettings(name="law"),)),
    )
    node = Node(route=AT_LAW, more_queues=(law,))
    node.login()
    call_id = node.call_in("in1")
    node.pass_time(5.0)
    assert node.call(call_id).route.queue == "hotline"
    assert bool(node.call(call_id).offered) is drops_skills


@pytest.mark.parametrize(("most_visits", "queues"), [(1, ["law", "hotline"]), (2, ["law", "hotline"] * 2)])
def test_a_caller_goes_round_as_often_as_the_rules_say_and_no_more(
    most_visits: int, queues: list[str]
) -> None:
    """Each queue sends on to the other after five seconds."""
    onwards = OverflowSettings(to=OverflowTo.QUEUE, name="hotline", waited_s=5.0, most_visits=most_visits)
    back = replace(onwards, name="law")
    law = QueueSettings(name="law", overflow=(onwards,))
    node = Node(route=AT_LAW, queue=replace(QUEUE, overflow=(back,)), more_queues=(law,))
    call_id = node.call_in("in1")
    node.pass_time(60.0)
    assert [entry.queue for entry in node.entries(CallQueued)] == queues
    assert node.waits(call_id) == 1
