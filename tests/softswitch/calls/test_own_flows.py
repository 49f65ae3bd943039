"""What the emergency switch does to callers: a notice, a number that rings first, and the usual way behind both."""

from typing import Any

import pytest

from softswitch.business.whole import Business, BusinessFaults, whole_of
from softswitch.calls.call import CallState
from softswitch.settings.routes import RouteSettings
from tests.softswitch.calls.test_flow import FLOW, MACHINE, FlowNode

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
