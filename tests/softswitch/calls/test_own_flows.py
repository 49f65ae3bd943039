"""What the emergency switch does to callers: a notice, a number that rings first, and the usual way behind both."""

from typing import Any

import pytest

from softswitch.business.whole import Business, BusinessFaults, whole_of
from softswitch.calls.adoption import Fate, decide
from softswitch.calls.call import Call, CallState
from softswitch.calls.own_flows import LEAVE_MESSAGE, OFFER_CALLBACK, callback_of, voicemail_of
from softswitch.settings.routes import RouteSettings
from tests.softswitch.calls.test_flow import FLOW, MACHINE, FlowNode, business_of

DUTY = "13900000002"


def business(**switch: Any) -> Business:
    """The hotline with its switch on; mobiles can be called, and there is one seat."""
    return whole_of(
        {
            ("queues", "hotline"): {"name": "hotline", "limit": 4},
            ("flows", "main"): FLOW,
            ("outbound", "mobile"): {"name": "mobile", "pattern": r"1[3-9]\d{9}", "trunk": "city"},
            ("accounts", "phone1"): {
                "username": "phone1",
                "password": "Q7-zt9w-1",
                "extension": "8001",
                "media_networks": ["127.0.0.0/8"],
            },
            ("emergency", "switch"): {"id": "switch", "is_on": True, **switch},
        },
        MACHINE,
    )


def in_emergency(flow: str = "main", **switch: Any) -> tuple[FlowNode, str]:
    """A caller while the switch is on."""
    node = FlowNode()
    node.standing.business = business(**switch)
    node.board._arrivals._routes.take([RouteSettings(number="12345", queue="hotline", flow=flow)])
    return node, node.enter()


@pytest.mark.parametrize("flow", ["main", ""])
def test_all_calls_ring_at_the_number_behind_the_notice(flow: str) -> None:
    """The caller hears the notice, then the ringing; whoever answers has the caller."""
    node, call_id = in_emergency(flow, notice=["welcome"], number=DUTY)
    assert node.plane.prompts_of("in1") == ("welcome",)
    assert not node.ringing()
    node.listen()
    [duty] = node.ringing()
    assert duty.number == DUTY
    assert [source.name for source in node.plane.legs["in1"].hearing] == ["ringback"]
    node.sip.pick_up(duty.leg_id)
    node.settle()
    assert (node.plane.hears("in1"), node.call(call_id).state) == ({duty.leg_id}, CallState.TALKING)


@pytest.mark.parametrize("flow", ["main", ""])
def test_who_is_not_answered_there_goes_the_usual_way(flow: str) -> None:
    """Nobody is lost because a telephone of the emergency is busy."""
    node, call_id = in_emergency(flow, number=DUTY)
    [duty] = node.ringing()
    node.sip.refuse(duty.leg_id, 486)
    node.settle()
    if flow:
        assert node.plane.prompts_of("in1") == ("menu",)
    else:
        assert node.call(call_id).state is CallState.WAITING


def restarted(node: FlowNode, call_id: str, record: dict[str, Any] | None = None) -> FlowNode:
    """The next control: phones that rang are let go, and the caller goes on in the flow of before."""
    record = node.call(call_id).to_record() if record is None else record
    adoption = decide(record, {"in1"}, {"in1"})
    assert (adoption.fate, set(adoption.kept_legs)) == (Fate.WAITS, {"in1"})
    assert set(adoption.ended_legs) == {leg.leg_id for leg in node.ringing()}
    for leg in node.ringing():
        node.sip.refuse(leg.leg_id, 487)
    node.sip.edge_news.clear()
    node.sip.cell_news.clear()
    after = FlowNode(before=node, keeper=node.keeper, journal=node.journal)
    call = Call.restored(record, adoption.kept_legs)
    for party in call.parties:
        after.legs.adopt(party.leg)
        call.rows[party.leg_id] = node.plane.legs[party.leg_id].hearing
    after.board.adopt(call)
    assert after.board.resume_flow(call)
    after.settle()
    return after


@pytest.mark.parametrize("flow", ["main", ""])
def test_a_restart_during_the_notice_says_it_again_and_skips_nothing(flow: str) -> None:
    node, call_id = in_emergency(flow, notice=["welcome"], number=DUTY)
    after = restarted(node, call_id)
    assert after.plane.prompts_of("in1") == ("welcome",)
    after.listen()
    assert [leg.number for leg in after.ringing()] == [DUTY]


@pytest.mark.parametrize("flow", ["main", ""])
def test_a_restart_while_the_number_rings_rings_once_more_and_no_second_phone(flow: str) -> None:
    """The phone that rang is let go with the control that rang it."""
    node, call_id = in_emergency(flow, number=DUTY)
    [before] = node.ringing()
    after = restarted(node, call_id)
    [duty] = after.ringing()
    assert (duty.number, duty.leg_id == before.leg_id) == (DUTY, False)
    after.sip.pick_up(duty.leg_id)
    after.settle()
    assert after.call(call_id).state is CallState.TALKING


@pytest.mark.parametrize(
    ("name", "flow", "said"),
    [
        ("!voicemail", "", LEAVE_MESSAGE),
        ("voicemail", "", LEAVE_MESSAGE),
        ("callback", "", OFFER_CALLBACK),
        ("!voicemail", "voicemail", LEAVE_MESSAGE),
        ("voicemail", "voicemail", "menu"),
    ],
)
def test_a_flow_of_an_operator_and_one_of_the_system_are_told_apart(name: str, flow: str, said: str) -> None:
    """Also over a restart; one that was begun before the system's had names of their own goes on, too."""
    node = FlowNode()
    flows = {} if not flow else {flow: FLOW | {"id": flow}}
    node.standing.business = business_of(main=FLOW, **flows)
    call_id = node.enter()
    own = callback_of("hotline") if "callback" in name else voicemail_of("hotline")
    start = own.start if said != "menu" else "menu"
    record = node.call(call_id).to_record()
    record["flow"] |= {"flow": name, "node": start, "version": 0}
    assert restarted(node, call_id, record).plane.prompts_of("in1") == (said,)


@pytest.mark.parametrize(
    ("switch", "place"),
    [
        ({}, "notice"),
        ({"is_on": False, "phones": ["8001"]}, "notice"),
        ({"number": "0085212345678"}, "number"),
        ({"number": DUTY, "flow": "main"}, "number"),
        ({"notice": ["welcome"], "phones": ["8009"]}, "phones"),
        ({"notice": ["welcome"], "code_on": "*990"}, "code_off"),
        ({"notice": ["welcome"], "code_on": "99"}, "code_on"),
        ({"notice": ["missing"]}, "notice"),
        ({"is_on": False, "notice": ["text: "]}, "notice"),
        ({"flow": "nowhere"}, "flow"),
    ],
)
def test_a_switch_that_would_do_nothing_or_two_things_is_refused(switch: dict[str, Any], place: str) -> None:
    """Also while it is off: it is needed in a hurry."""
    with pytest.raises(BusinessFaults) as refused:
        business(**switch)
    assert [fault.path.removeprefix("emergency.switch.") for fault in refused.value.faults] == [place]


def test_a_seat_of_the_hotline_may_be_the_number() -> None:
    """And a notice may be a text that a voice speaks."""
    assert business(number="8001", notice=["text:今天有台风"], phones=["8001"]).emergency is not None
