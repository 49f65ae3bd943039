"""What a seat may call outside: within its hours, so many at once, so many a minute, by every way that causes a call."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from api.faults import Denied
from softswitch.calendars.days import Days
from softswitch.calendars.hours import Hours
from softswitch.calendars.opening import SHANGHAI, Opening
from softswitch.calls.call import Call
from softswitch.calls.outbound_permits import under_way
from softswitch.calls.party import CallParty
from softswitch.settings.outbound import OutboundSettings
from tests.softswitch.calls.node import ACCOUNTS, EPOCH, TRUNK, Node, account_peer

MOBILE = "13900000002"
RULE = OutboundSettings(name="mobile", pattern=r"1[3-9]\d{9}", trunk=TRUNK.name)
PERMIT = "8003/mobile"


def seated(**limits: object) -> Node:
    """An agent sits at 8003, whose one rule has these limits."""
    node = Node()
    rule = replace(RULE, **limits)  # type: ignore[arg-type]
    accounts = [replace(account, outbound=("mobile",)) for account in ACCOUNTS]
    node.board.directory.take_accounts(accounts, (rule,))
    node.login("1003", "8003")
    return node


def dial(node: Node, leg_id: str, number: str = MOBILE, seat: str = "8003") -> int:
    """Somebody dials on the keypad: the status that the phone is refused with, 0 for one that rings."""
    node.board.invited(node.sip.invite(leg_id, number, account_peer(f"phone{seat}")))
    node.settle()
    told = [status for kind, status, _ in node.outside(leg_id).told if kind == "answer" and status >= 300]
    return told[0] if told else 0


def refuse_what_rings(node: Node) -> None:
    for leg in node.ringing():
        node.sip.refuse(leg.leg_id, 486)
    node.settle()


def test_so_many_a_minute_and_then_one_for_each_that_is_a_minute_old() -> None:
    """What was refused does not count; another seat has its own."""
    node = seated(calls_per_minute=3)
    for number in range(3):
        assert dial(node, f"out{number}") == 0
        refuse_what_rings(node)
        node.pass_time(10.0)
    assert [dial(node, f"more{number}") for number in range(5)] == [403] * 5
    node.login("1002", "8002")
    assert dial(node, "other", seat="8002") == 0
    refuse_what_rings(node)
    node.pass_time(30.5)
    assert dial(node, "later") == 0
    refuse_what_rings(node)
    assert dial(node, "again") == 403
    node.assert_nothing_is_left()


def test_so_many_at_once_from_the_first_ring_on() -> None:
    node = seated(calls_at_once=1)
    assert dial(node, "out1") == 0
    assert dial(node, "out2") == 403
    (target,) = node.ringing()
    node.sip.pick_up(target.leg_id)
    node.settle()
    node.sip.acknowledge("out1")
    node.settle()
    assert dial(node, "out3") == 403
    node.sip.leave(target.leg_id)
    node.settle()
    assert dial(node, "out4") == 0


def test_a_call_counts_for_who_caused_it_after_it_was_transferred_away() -> None:
    """A stolen phone cannot make call after call and hand each to the next: two far ends, and it is over."""
    node = seated(calls_at_once=2)
    dial(node, "out1")
    (first,) = node.ringing()
    node.sip.pick_up(first.leg_id)
    node.settle()
    node.sip.acknowledge("out1")
    node.settle()
    node.sip.refer("out1", "<sip:13900000003@hotline>")
    node.settle()
    (second,) = node.ringing()
    node.sip.pick_up(second.leg_id)
    node.settle()
    (call,) = node.board.calls()
    assert node.outside("out1").told[-1][0] == "BYE"
    assert under_way(node.board.calls(), PERMIT) == 2
    assert dial(node, "out2") == 403
    restored = [CallParty.restored(party.to_record(), call.call_id) for party in call.parties]
    assert [party.permit for party in restored] == [PERMIT, PERMIT]


def test_a_call_counts_for_who_caused_it_after_both_calls_of_its_phone_were_joined() -> None:
    """REFER with Replaces: the phone has hung up, and its two far ends talk by what it was allowed."""
    node = seated(calls_at_once=2)
    ends: list[str] = []
    for own, number in (("out1", MOBILE), ("out2", "13900000003")):
        if ends:
            node.sip.hold("out1", held=True)
        assert dial(node, own, number) == 0
        (target,) = node.ringing()
        node.sip.pick_up(target.leg_id)
        node.settle()
        node.sip.acknowledge(own)
        node.settle()
        ends.append(target.leg_id)
    first, second = ends
    node.sip.refer("out1", "<sip:13900000003@hotline?Replaces=sip-out2%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    node.settle()
    assert [node.outside(own).told[-1][0] for own in ("out1", "out2")] == ["BYE", "BYE"]
    assert (node.plane.hears(first), node.plane.hears(second)) == ({second}, {first})
    assert under_way(node.board.calls(), PERMIT) == 2
    assert dial(node, "out3") == 403
    node.sip.leave(first)
    node.settle()
    assert under_way(node.board.calls(), PERMIT) == 0
    assert dial(node, "out4") == 0
    refuse_what_rings(node)
    node.assert_nothing_is_left()


def test_a_rule_holds_in_its_hours() -> None:
    """Also one whose hours were taken out of the business: then it never holds."""
    clock = datetime.fromtimestamp(EPOCH, SHANGHAI)
    node = seated(hours="day")
    assert dial(node, "out1") == 403
    day = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[clock.weekday()]
    today: dict[str, Any] = {day: ("00:00-24:00",)}
    now = Opening(Hours(id="day", observes_holidays=False, **today), Days({}))
    node.board.directory.permits.take_openings({"day": now})
    assert dial(node, "out2") == 0
    refuse_what_rings(node)
    node.board.directory.permits.take_openings({"day": Opening(Hours(id="day"), Days({}))})
    with pytest.raises(Denied) as denied:
        node.board.directory.permits.granted("8003", MOBILE)
    assert (denied.value.code, denied.value.rule) == ("outside_hours", "mobile")


def test_the_next_rule_that_takes_the_number_is_asked() -> None:
    """Two trunks by two rules: what one does not grant, the other may."""
    node = seated()
    spare = replace(RULE, name="spare", calls_at_once=1)
    accounts = [replace(account, outbound=("mobile", "spare")) for account in ACCOUNTS]
    permits = node.board.directory.permits
    permits.take(accounts, (replace(RULE, calls_at_once=1), spare))
    assert [rule.name for rule in permits.granted("8003", MOBILE)] == ["mobile", "spare"]
    assert dial(node, "out1") == 0
    assert [rule.name for rule in permits.granted("8003", MOBILE)] == ["spare"]
    assert dial(node, "out2") == 0
    assert dial(node, "out3") == 403


def test_nobody_has_anything_under_way_by_a_permit_that_nobody_holds() -> None:
    node = seated()
    dial(node, "out1")
    calls: tuple[Call, ...] = tuple(node.board.calls())
    assert (under_way(calls, PERMIT), under_way(calls, "8001/mobile"), under_way((), PERMIT)) == (1, 0, 0)
