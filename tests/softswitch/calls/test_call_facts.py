"""What flows ask of the world, asked of a real engine and a real calendar, and the way that callers take by it."""

from typing import Any

import pytest

from acd.events import QueueRemoved
from acd.names import QueueName
from softswitch.business.whole import Business, whole_of
from softswitch.calls.call_facts import CallFacts
from tests.softswitch.calls.test_flow import MACHINE, FlowNode, node

__all__ = ["node"]

OFFICE = {"id": "office", **{day: ["09:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday")}}
WEDNESDAY_NOON, NATIONAL_DAY_NOON = 1_795_579_200.0, 1_790_827_200.0
"""2026-11-25 and 2026-10-01, in China."""


def business(**case: Any) -> Business:
    """The hotline with hours, a list, and a flow that branches once."""
    nodes = {
        "ask": {"type": "branch", "cases": [case | {"next": "yes"}], "otherwise": "no"},
        "yes": {"type": "hang_up", "say": ["thanks"]},
        "no": {"type": "hang_up", "say": ["wrong"]},
    }
    return whole_of(
        {
            ("queues", "hotline"): {"name": "hotline", "limit": 4},
            ("hours", "office"): OFFICE,
            ("lists", "vip"): {
                "id": "vip",
                "numbers": [{"number": "13800000001"}, {"number": "9", "until": "2020-01-01"}],
            },
            ("flows", "main"): {"id": "main", "start": "ask", "nodes": nodes},
        },
        MACHINE,
    )


def facts(node: FlowNode, caller: str = "13800000001", at: float | None = None) -> CallFacts:
    """Of this node, for a caller, at a moment."""
    return CallFacts(node.dispatcher, node.clock, business(fact="level", value="0"), caller, at)


def test_calendars_and_lists_are_those_of_the_business(node: FlowNode) -> None:
    """By the moment and by the caller."""
    noon, holiday = facts(node, at=WEDNESDAY_NOON), facts(node, "9", at=NATIONAL_DAY_NOON)
    assert (noon.fact("open", "office"), noon.fact("holiday", "")) == (True, False)
    assert (holiday.fact("open", "office"), holiday.fact("holiday", "")) == (False, True)
    assert facts(node, at=WEDNESDAY_NOON + 6 * 3600).fact("open", "office") is False
    assert (noon.fact("listed", "vip"), holiday.fact("listed", "vip")) == (True, False)
    assert (noon.fact("open", "nothing"), noon.fact("listed", "nothing")) == (False, False)


def test_a_queue_tells_who_waits_who_is_ready_and_how_long_it_takes(node: FlowNode) -> None:
    """With nothing known yet the first in line is the measure; with a free agent and nobody there it is nothing."""
    asked = facts(node)

    def state() -> tuple[object, ...]:
        return tuple(asked.fact(name, "hotline") for name in ("waiting", "ready", "expected_wait_s"))

    assert state() == (0.0, 0.0, 0.0)
    node.enter()
    node.press("1")
    node.pass_time(5.0)
    assert state() == (1.0, 0.0, pytest.approx(5.0, abs=0.5))
    node.sip.leave("in1")
    node.settle()
    node.login()
    assert state() == (0.0, 1.0, 0.0)
    node.login("1002", "8002", "not_ready")
    assert state()[1] == 1.0


def test_a_queue_that_is_gone_is_one_where_nobody_waits(node: FlowNode) -> None:
    """A caller who finishes an older flow hears of it without any harm."""
    node.dispatcher.tell(QueueRemoved(queue=QueueName("hotline")))
    assert [facts(node).fact(name, "hotline") for name in ("waiting", "ready", "expected_wait_s")] == [
        0.0
    ] * 3


@pytest.mark.parametrize(
    ("case", "way"),
    [
        ({"fact": "ready", "of": "hotline", "test": "at_least", "value": "1"}, "thanks"),
        ({"fact": "waiting", "of": "hotline", "test": "at_least", "value": "1"}, "wrong"),
        ({"fact": "expected_wait_s", "of": "hotline", "test": "at_most", "value": "30"}, "thanks"),
        ({"fact": "listed", "of": "vip", "value": "false"}, "thanks"),
        ({"fact": "called", "value": "12345"}, "thanks"),
        ({"fact": "trunk", "test": "is_not", "value": "city"}, "wrong"),
        ({"fact": "level", "value": "0"}, "thanks"),
        ({"fact": "data", "of": "order", "value": ""}, "thanks"),
    ],
)
def test_a_caller_takes_the_way_of_the_fact(node: FlowNode, case: dict[str, Any], way: str) -> None:
    """Asked as the caller comes to the branch."""
    node.login()
    node.standing.business = business(**case)
    node.enter()
    assert node.plane.prompts_of("in1") == (way,)
