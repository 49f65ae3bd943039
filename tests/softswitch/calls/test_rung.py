"""Whoever is rung is told whose call it is before the answer, however the call comes to that phone."""

from collections.abc import Callable
from typing import Any

import pytest

from api.event_stream import StreamSubscription
from api.ports import SuperviseMode, Target, TargetKind
from api.reach import Reach
from api.views import StreamEvent
from softswitch.calls.operations import Operations
from tests.softswitch.calls.node import CALLER, Node, done

COLLEAGUE = Target(kind=TargetKind.AGENT, to="1002")
THEIRS = Reach(agents=frozenset({"1002"}))
Way = Callable[[Operations, str], None]


def told(reader: StreamSubscription) -> list[StreamEvent]:
    """What is in the reader's buffer; that ends it."""

    async def all_of() -> list[StreamEvent]:
        return [event async for event in reader]

    reader.close()
    return done(all_of())


class Screen:
    """What the page of agent 1002 is told from now on."""

    def __init__(self, node: Node) -> None:
        self._reader = node.stream.subscribe(100)

    def rung(self) -> list[dict[str, Any]]:
        """The data of what said that the phone rings for a call."""
        return [
            event.data
            for event in told(self._reader)
            if event.kind == "call.rung" and THEIRS.has(event.concern)
        ]


def talk(node: Node) -> str:
    """A caller with attached data talks with 1001, and 1002 is at the seat."""
    node.login()
    node.talk("in1")
    node.login("1002", "8002", "not_ready")
    return node.board.calls()[0].call_id


def only_ringing(node: Node) -> str:
    node.settle()
    (leg,) = node.ringing()
    return leg.leg_id


def is_shown(node: Node, call_id: str) -> bool:
    concern = node.stream.concern_of(call_id)
    return concern is not None and THEIRS.has(concern)


@pytest.mark.parametrize(
    "way",
    [
        lambda bar, call_id: done(bar.consult("1001", COLLEAGUE)),
        lambda bar, call_id: done(bar.transfer("1001", COLLEAGUE)),
    ],
    ids=["consult", "blind transfer"],
)
def test_a_colleague_sees_number_and_data_while_the_phone_rings(
    node: Node, bar: Operations, way: Way
) -> None:
    call_id = talk(node)
    done(bar.set_data(call_id, {"order": 7}))
    assert not is_shown(node, call_id)
    screen = Screen(node)
    way(bar, call_id)
    node.sip.ring(only_ringing(node))
    (seen,) = screen.rung()
    assert (seen["call_id"], seen["agent"], seen["extension"]) == (call_id, "1002", "8002")
    assert (seen["call"]["caller"], seen["call"]["queue"]) == (CALLER, "hotline")
    assert seen["call"]["data"] == {"order": 7}
    assert is_shown(node, call_id)
    assert done(node.seats.get("1002")).call_id == call_id


def test_who_is_given_a_caller_by_a_key_of_the_desk_phone_is_told_as_well(node: Node) -> None:
    call_id = talk(node)
    screen = Screen(node)
    own = next(party.leg_id for party in node.call(call_id).parties if party.agent == "1001")
    node.sip.refer(own, "<sip:8002@hotline>")
    node.sip.ring(only_ringing(node))
    (seen,) = screen.rung()
    assert (seen["call_id"], seen["agent"], seen["call"]["caller"]) == (call_id, "1002", CALLER)


def test_who_takes_a_waiting_caller_is_told_before_the_answer(node: Node, bar: Operations) -> None:
    call_id = node.call_in("in1")
    node.login("1002", "8002", "not_ready")
    screen = Screen(node)
    done(bar.pick_up("1002", call_id, "known to us"))
    node.sip.ring(only_ringing(node))
    (seen,) = screen.rung()
    assert (seen["call_id"], seen["call"]["caller"]) == (call_id, CALLER)


def test_a_called_colleague_is_told_and_the_own_phone_of_who_dials_is_not(
    node: Node, bar: Operations
) -> None:
    node.login("1001", "8001", "not_ready")
    node.login("1002", "8002", "not_ready")
    screen = Screen(node)
    call_id = done(bar.dial("1001", "8002", {"order": 7}))
    node.sip.pick_up(only_ringing(node))
    node.sip.ring(only_ringing(node))
    (seen,) = screen.rung()
    assert (seen["call_id"], seen["agent"]) == (call_id, "1002")
    assert (seen["call"]["caller"], seen["call"]["data"]) == ("8001", {"order": 7})


def test_who_gets_a_dialled_call_out_of_a_queue_sees_the_data_that_it_was_dialled_with(
    node: Node, bar: Operations
) -> None:
    node.login("1003", "8003")
    done(bar.dial("1003", "13900000002", {"order": 7}))
    for _ in range(2):  # the own phone, then the number
        node.sip.pick_up(only_ringing(node))
        node.settle()
    node.login("1002", "8002")
    reader = node.stream.subscribe(100)
    done(bar.transfer("1003", Target(kind=TargetKind.QUEUE, to="hotline")))
    node.settle()
    (offer,) = [event.data for event in told(reader) if event.kind == "call.offered"]
    assert (offer["agent"], offer["call"]["data"]) == ("1002", {"order": 7})


def test_a_supervisor_s_phone_tells_nobody(node: Node, bar: Operations) -> None:
    call_id = talk(node)
    screen = Screen(node)
    done(bar.supervise("1002", call_id, SuperviseMode.MONITOR, "training"))
    node.sip.ring(only_ringing(node))
    assert screen.rung() == []
    assert not is_shown(node, call_id)
