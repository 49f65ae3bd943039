"""Phones that stay off the hook: one leg from signing in to signing out, and calls that come to it and leave it."""

from dataclasses import replace

import pytest

from api.faults import Conflict
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from softswitch.calls.standing_lines import AGAIN_S, JOIN_S, RING_TIME_S, TABLE, TONE, TONE_EVERY_S
from softswitch.store import entries
from tests.softswitch.calls.node import ACCOUNTS, Node, done


def hotline(way: str = "line", before: Node | None = None) -> Node:
    """A hotline whose seat 8001 has a standing line."""
    accounts = tuple(
        replace(account, answers_by=way) if account.extension == "8001" else account for account in ACCOUNTS
    )
    if before is None:
        return Node(greeting="", accounts=accounts)
    return Node(greeting="", accounts=accounts, before=before, keeper=before.keeper, journal=before.journal)


def bar(node: Node) -> Operations:
    return Operations(node.board, node.seats)


def line_of(node: Node) -> str:
    """The phone's leg."""
    (leg,) = [leg.leg_id for leg in node.legs.all() if leg.is_standing]
    return leg


def sit_down(node: Node, state: str = "ready") -> str:
    """The agent signs in and picks the phone up, which rings; the line."""
    node.login(state=state)
    line = line_of(node)
    node.sip.ring(line)
    node.sip.pick_up(line)
    node.settle()
    return line


def invites(node: Node, leg: str) -> list[str]:
    return [word for word, _, _ in node.outside(leg).told]


def assert_nothing_else_is_left(node: Node, line: str) -> None:
    """The agent signs out as well: the phone gets its BYE."""
    assert line_of(node) == line
    done(node.seats.logout("1001"))
    node.settle()
    assert invites(node, line) == ["INVITE", "BYE"]
    assert node.keeper.load(TABLE) == {}
    node.assert_nothing_is_left()


def test_signing_in_rings_the_phone_and_who_picks_it_up_is_ready() -> None:
    node = hotline()
    node.login()
    assert node.agent() == ("not_ready", "idle", "line_down")
    line = line_of(node)
    node.sip.ring(line)
    node.sip.pick_up(line)
    node.settle()
    assert node.agent() == ("ready", "idle", "")
    assert node.plane.hears(line) == set()
    assert_nothing_else_is_left(node, line)


def test_who_wants_a_break_while_it_rings_is_not_made_ready() -> None:
    node = hotline()
    node.login()
    done(node.seats.not_ready("1001", "lunch"))
    node.sip.pick_up(line_of(node))
    node.settle()
    assert node.agent() == ("not_ready", "idle", "lunch")


def test_a_phone_that_nobody_picks_up_leaves_the_agent_not_ready_until_asked_again() -> None:
    node = hotline()
    node.login()
    node.pass_time(RING_TIME_S)
    assert not node.legs.all()
    assert node.agent() == ("not_ready", "idle", "line_down")
    done(node.seats.ready("1001"))
    node.settle()
    node.sip.pick_up(line_of(node))
    node.settle()
    assert node.agent()[:2] == ("ready", "idle")


@pytest.mark.parametrize("way", ["line", "line_auto"])
def test_a_call_is_told_by_a_tone_and_joined_and_leaves_the_line_standing(way: str) -> None:
    node = hotline(way)
    line = sit_down(node)
    call_id = node.call_in("in1")
    node.pass_time(0.1)
    assert node.agent()[1] == "ringing"
    assert (node.plane.hears(line), node.plane.prompts_of(line)) == ({"prompt"}, (TONE,))
    assert node.plane.hears("in1") == {"music"} or node.plane.hears("in1") == {"prompt", "music"}
    if way == "line":
        node.pass_time(TONE_EVERY_S + JOIN_S)
        assert node.agent()[1] == "ringing"
        done(bar(node).answer("1001"))
        node.settle()
    else:
        node.pass_time(JOIN_S)
    node.plane.play_to_the_end("in1")  # the agent's number
    node.settle()
    assert (node.plane.hears(line), node.plane.hears("in1")) == ({"in1"}, {line})
    (recording,) = node.plane.recordings.values()
    assert (recording.left, recording.right) == (("in1",), (line,))
    done(bar(node).hang_up_own("1001"))
    node.settle()
    assert node.agent()[0] == "wrap_up"
    assert node.plane.hears(line) == set()
    assert invites(node, line) == ["INVITE"], "the phone was never rung again"
    assert call_id not in {call.call_id for call in node.board.calls()}
    assert_nothing_else_is_left(node, line)


def test_a_caller_who_gives_up_or_is_declined_ends_the_tone_and_the_next_one_is_heard_again() -> None:
    node = hotline()
    line = sit_down(node)
    node.call_in("in1")
    node.pass_time(0.1)
    node.sip.leave("in1")
    node.settle()
    assert node.plane.hears(line) == set()
    node.call_in("in2")
    node.pass_time(0.1)
    assert node.plane.hears(line) == {"prompt"}
    done(bar(node).hang_up_own("1001"))
    node.settle()
    assert node.plane.hears(line) == set()
    node.pass_time(2.5)  # the rest after a declined offer
    assert node.plane.hears(line) == {"prompt"}, "the same caller comes again, with the tone"
    done(bar(node).answer("1001"))
    node.settle()
    assert node.agent()[1] == "talking"


def test_an_offer_that_is_not_answered_goes_back_and_the_line_stands() -> None:
    node = hotline()
    line = sit_down(node)
    call_id = node.call_in("in1")
    node.pass_time(15.5)
    assert node.agent() == ("not_ready", "idle", "no_answer")
    assert node.call(call_id).state is CallState.WAITING
    assert node.plane.hears(line) == set()
    done(node.seats.ready("1001"))
    node.pass_time(0.1)
    assert node.plane.hears(line) == {"prompt"}


def test_the_phone_is_put_down_in_the_talk_and_its_agent_is_not_ready() -> None:
    node = hotline()
    line = sit_down(node)
    node.call_in("in1")
    node.pass_time(0.1)
    done(bar(node).answer("1001"))
    node.settle()
    node.plane.play_to_the_end("in1")
    node.settle()
    node.sip.leave(line)
    node.settle()
    assert node.agent() == ("not_ready", "idle", "line_down")
    assert node.entries(entries.CallEnded)[-1].ended_by is entries.EndedBy.AGENT
    node.pass_time(2 * AGAIN_S)
    assert not node.legs.all(), "whoever put it down is not rung"
    node.call_in("in2")
    assert not node.ringing()
    done(node.seats.ready("1001"))
    node.settle()
    node.sip.pick_up(line_of(node))
    node.settle()
    node.pass_time(0.1)
    assert node.agent()[1] == "ringing"


def test_the_phone_is_put_down_before_the_talk_and_the_caller_waits_on() -> None:
    node = hotline()
    line = sit_down(node)
    call_id = node.call_in("in1")
    node.pass_time(0.1)
    done(bar(node).answer("1001"))
    node.settle()
    node.sip.leave(line)
    node.settle()
    assert node.agent() == ("not_ready", "idle", "line_down")
    assert node.waits(call_id) == 1


def test_who_dials_or_is_called_by_a_colleague_has_it_on_the_line() -> None:
    node = hotline()
    line = sit_down(node)
    node.login("1002", "8002")
    done(bar(node).dial("1001", "8002", {}))
    node.pass_time(JOIN_S)
    (colleague,) = node.ringing()
    assert [source.name for source in node.plane.legs[line].hearing] == ["ringback"]
    node.sip.pick_up(colleague.leg_id)
    node.settle()
    assert node.plane.hears(line) == {colleague.leg_id}
    node.sip.leave(colleague.leg_id)
    node.settle()
    assert (node.plane.hears(line), node.agent()[1]) == (set(), "idle")
    done(bar(node).dial("1002", "8001", {}))
    node.settle()
    (own,) = node.ringing()
    node.sip.pick_up(own.leg_id)
    node.settle()
    node.pass_time(0.1)
    assert node.plane.hears(line) == {"prompt"}
    done(bar(node).answer("1001"))
    node.settle()
    assert (node.plane.hears(line), node.plane.hears(own.leg_id)) == ({own.leg_id}, {line})
    done(bar(node).hang_up_own("1002"))
    node.settle()
    assert_nothing_else_is_left(node, line)


def test_a_line_that_we_lost_is_rung_again_and_its_agent_ready_as_before() -> None:
    node = hotline()
    line = sit_down(node)
    cell = node.sip.cell_of(line)
    assert cell is not None
    node.lose_cell(cell.cell_id)
    assert node.agent() == ("not_ready", "idle", "line_down")
    node.pass_time(AGAIN_S)
    again = line_of(node)
    assert again != line
    node.sip.pick_up(again)
    node.settle()
    assert node.agent()[:2] == ("ready", "idle")


def test_a_line_that_we_lost_is_not_rung_for_an_agent_who_left() -> None:
    node = hotline()
    cell = node.sip.cell_of(sit_down(node))
    assert cell is not None
    node.lose_cell(cell.cell_id)
    done(node.seats.logout("1001"))
    node.pass_time(2 * AGAIN_S)
    assert not node.legs.all()


def test_a_phone_that_comes_back_is_rung_for_its_line() -> None:
    node = hotline()
    node.sip.reachable.discard("phone8001")
    node.login()
    assert not node.legs.all()
    assert node.agent()[2] == "phone_lost"
    with pytest.raises(Conflict):
        done(node.seats.ready("1001"))
    node.sip.reachable.add("phone8001")
    node.seats.account_changed("phone8001", True)
    node.settle()
    node.sip.pick_up(line_of(node))
    node.settle()
    done(node.seats.ready("1001"))
    assert node.agent()[:2] == ("ready", "idle")


def test_a_system_that_stops_hangs_up_what_stands() -> None:
    node = hotline()
    line = sit_down(node)
    node.board.close()
    node.settle()
    assert invites(node, line)[-1] == "BYE"
    assert not node.legs.all()
