"""A new version reaches the next call that goes out or comes in: the trunk's number rules, and the hours of outbound rules."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from api.faults import Denied
from softswitch.calls.call import CallState
from softswitch.calls.operations import Operations
from tests.softswitch.business.test_strategies import PLAIN, Documents, Town
from tests.softswitch.calls.node import ACCOUNTS, done

MOBILE = "13900000002"
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SEATS: Documents = {
    ("accounts", each.username): json.loads(json.dumps(asdict(each) | {"outbound": ["mobile"]}))
    for each in ACCOUNTS
}
CALLS_OUT: Documents = {
    **SEATS,
    ("agents", "1003"): {"id": "1003", "queues": ["hotline"]},
    ("outbound", "mobile"): {"name": "mobile", "trunk": "city", "pattern": r"1[3-9]\d{9}"},
}


def rules(**more: Any) -> Documents:
    """Number rules of the trunk."""
    return {("trunk_numbers", "city"): {"id": "city", **more}}


def hours(*spans: str) -> Documents:
    """The rule holds in these hours of every day."""
    open_then = {"id": "day", "observes_holidays": False, **{day: list(spans) for day in DAYS}}
    rule = CALLS_OUT["outbound", "mobile"] | {"hours": "day"}
    return {("hours", "day"): open_then, ("outbound", "mobile"): rule}


@pytest.fixture
def town() -> Town:
    """1003 sits at a seat that may call mobiles."""
    town = Town(PLAIN, CALLS_OUT)
    town.node.login("1003", "8003", "not_ready")
    return town


def dialled(town: Town) -> tuple[str, str, str]:
    """1003 calls a mobile, whose phone rings: the call, and the number and the caller that the trunk is told."""
    node = town.node
    call_id = done(Operations(node.board, node.seats).dial("1003", MOBILE, {}))
    node.settle()
    node.sip.pick_up(node.ringing()[0].leg_id)
    node.settle()
    (outside,) = node.ringing()
    return call_id, outside.number, outside.from_user


def hang_up(town: Town) -> None:
    """The agent ends the call."""
    done(Operations(town.node.board, town.node.seats).hang_up_own("1003"))
    town.node.settle()


def test_a_call_that_goes_out_after_the_change_uses_the_new_rules_and_one_that_rings_stays(
    town: Town,
) -> None:
    call_id, *told = dialled(town)
    assert told == [MOBILE, "12345"]
    town.take(rules(outbound_prefix="9", presented_number="12300"))
    assert town.node.call(call_id).state is not CallState.ENDED
    hang_up(town)
    assert dialled(town)[1:] == (f"9{MOBILE}", "12300")
    hang_up(town)
    town.remove(("trunk_numbers", "city"))
    assert dialled(town)[1:] == (MOBILE, "12345")


def test_a_call_that_comes_in_after_the_change_is_read_by_the_new_rules(town: Town) -> None:
    assert town.node.dial("in1", "77712345") == "", "no such number"
    town.take(rules(inbound_prefixes_stripped=["777"]))
    call_id = town.node.dial("in2", "77712345")
    assert town.node.call(call_id).called == "12345"


def test_an_outbound_rule_holds_in_the_hours_that_are_taken(town: Town) -> None:
    """Shut, open and shut again, by changes alone; the clock stands."""
    bar = Operations(town.node.board, town.node.seats)
    for spans, may_call in (((), False), (("00:00-24:00",), True), ((), False)):
        town.take(hours(*spans))
        if may_call:
            dialled(town)
            hang_up(town)
        else:
            with pytest.raises(Denied) as denied:
                done(bar.dial("1003", MOBILE, {}))
            assert (denied.value.code, denied.value.rule) == ("outside_hours", "mobile")
