"""The result of a call to the outside is written down once it is known, and once more when a machine gives itself away."""

import pytest

from media.progress import Progress
from softswitch.calls.operations import Operations
from softswitch.store import entries
from tests.softswitch.calls.node import Node, done
from tests.softswitch.calls.test_outgoing import dial


def results(node: Node) -> list[str]:
    return [entry.result for entry in node.entries(entries.DialResulted)]


def test_an_answered_call_is_listened_to_for_a_while(node: Node, bar: Operations) -> None:
    _, own, target = dial(node, bar)
    assert node.plane.listened == {target}
    node.sip.pick_up(target)
    node.settle()
    assert (results(node), node.plane.listened) == (["answered"], {target})
    node.plane.hear(target, Progress.ANNOUNCEMENT)  # somebody speaks
    node.pass_time(46.0)
    assert (results(node), node.plane.listened) == (["answered"], set())
    assert not node.entries(entries.ProgressHeard)
    node.sip.leave(own)
    node.assert_nothing_is_left()
    assert results(node) == ["answered"]


@pytest.mark.parametrize(("progress", "expected"), [(Progress.FAX, "fax"), (Progress.BEEP, "voicemail")])
def test_a_machine_that_answers_gives_itself_away(
    node: Node, bar: Operations, progress: Progress, expected: str
) -> None:
    _, _, target = dial(node, bar)
    node.sip.pick_up(target)
    node.settle()
    node.plane.hear(target, progress)
    node.settle()
    assert results(node) == ["answered", expected]
    node.sip.leave(target)
    node.assert_nothing_is_left()


def test_a_voice_of_the_network_reaches_the_agent_and_the_final_status_decides(
    node: Node, bar: Operations
) -> None:
    _, own, target = dial(node, bar)
    node.sip.announce(target)
    node.settle()
    assert node.plane.hears(own) == {target}
    node.plane.hear(target, Progress.SPECIAL_INFORMATION)
    node.plane.hear(target, Progress.ANNOUNCEMENT)
    node.settle()
    heard = [(each.number, each.progress) for each in node.entries(entries.ProgressHeard)]
    assert heard == [("13900000002", "special_information"), ("13900000002", "announcement")]
    assert not results(node)
    node.sip.refuse(target, 480, 20)
    node.settle()
    [result] = node.entries(entries.DialResulted)
    assert (result.result, result.sip_status, result.q850_cause) == ("unreachable", 480, 20)
    node.assert_nothing_is_left()


def test_a_phone_that_rings_and_rings_is_no_answer(node: Node, bar: Operations) -> None:
    _, _, target = dial(node, bar)
    node.sip.ring(target)
    node.pass_time(31.0)
    assert results(node) == ["no_answer"]
    node.assert_nothing_is_left()


def test_a_busy_tone_decides_when_nobody_ever_says_more(node: Node, bar: Operations) -> None:
    _, _, target = dial(node, bar)
    node.sip.announce(target)
    node.settle()
    node.plane.hear(target, Progress.BUSY)
    node.pass_time(31.0)
    assert results(node) == ["busy"]
    node.assert_nothing_is_left()


def test_an_agent_who_gives_up_has_cancelled_and_a_lost_plane_is_a_failure(
    node: Node, bar: Operations
) -> None:
    _, own, _ = dial(node, bar)
    node.sip.leave(own)
    node.settle()
    assert results(node) == ["cancelled"]
    done(bar.dial("1003", "13900000002", {}))
    node.settle()
    node.sip.pick_up(node.ringing()[0].leg_id)
    node.settle()
    node.lose_plane()
    assert results(node) == ["cancelled", "network_failure"]
    node.assert_nothing_is_left()


def test_a_call_to_a_colleague_has_no_result(node: Node, bar: Operations) -> None:
    node.login("1002", "8002")
    dial(node, bar, "1002")
    assert not node.plane.listened
    assert not results(node)
