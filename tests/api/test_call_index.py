"""Whose business a call is, learned from the events themselves."""

from typing import Any

import pytest

from api.call_index import ENDED_KEPT, CallIndex, Concern, plain_kind
from api.reach import Reach


def index_over(*calls: dict[str, Any]) -> CallIndex:
    """One that begins with these calls."""
    return CallIndex(lambda: {"calls": calls})


def of_call(agents: str = "", queues: str = "", *, discreet: bool = False) -> Concern:
    """A call's concern."""
    return Concern(
        agents=frozenset(agents.split()),
        queues=frozenset(queues.split()),
        is_discreet=discreet,
    )


def test_a_call_concerns_its_queue_and_whoever_it_was_offered_to() -> None:
    """From one event to the next; also after its end, when its recording closes."""
    index = index_over()
    told = [
        ("call.arrived", {"call_id": "c"}, of_call()),
        ("call.queued", {"call_id": "c", "queue": "law"}, of_call("", "law")),
        ("call.offered", {"call_id": "c", "agent": "1"}, of_call("1", "law")),
        ("call.offered", {"call_id": "c", "agent": "2"}, of_call("1 2", "law")),
        ("call.ended", {"call_id": "c"}, of_call("1 2", "law")),
        ("recording.closed", {"call_id": "c"}, of_call("1 2", "law")),
    ]
    for kind, data, concern in told:
        assert index.take(kind, data)[0] == concern, kind
    assert index.concern_of("c") == of_call("1 2", "law")
    assert index.concern_of("other") is None


def test_the_consulted_and_the_one_who_takes_over_are_concerned() -> None:
    """A queue or a number is nobody."""
    index = index_over()
    index.take("consult.started", {"call_id": "c", "agent": "1", "kind": "agent", "to": "2"})
    index.take("call.transferred", {"call_id": "c", "agent": "1", "kind": "queue", "to": "law"})
    assert index.concern_of("c") == of_call("1 2")


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("supervision.started", {"supervisor": "9", "mode": "monitor"}),
        ("forced", {"who": "9", "agent": None, "action": "supervise"}),
        ("party.dropped", {"role": "supervisor", "party": "9", "agent": ""}),
        ("recording.segment_started", {"left": "1", "right": "1, 9"}),
    ],
)
def test_what_tells_of_supervision_is_discreet(kind: str, data: dict[str, Any]) -> None:
    """And makes nobody a party of the call for the others."""
    index = index_over()
    index.take("call.offered", {"call_id": "c", "agent": "1"})
    assert index.take(kind, {"call_id": "c", **data})[0].is_discreet
    assert index.concern_of("c") == of_call("1")


def test_a_listening_supervisor_s_own_state_is_not_the_agent_s_business() -> None:
    """It names the call, which would give it away."""
    index = index_over()
    index.take("call.offered", {"call_id": "c", "agent": "1"})
    concern, _ = index.take("agent.state_changed", {"agent": "9", "activity": "engaged", "call_id": "c"})
    assert concern == Concern(agents=frozenset({"9"}))
    assert index.concern_of("c") == of_call("1")


def test_who_is_rung_is_told_what_is_known_of_the_call() -> None:
    """Caller, called, queue and the attached data, which the journal has as text."""
    index = index_over()
    index.take("call.arrived", {"call_id": "c", "caller": "139", "called": "12345", "sip_call_id": "x"})
    index.take("call.queued", {"call_id": "c", "queue": "law"})
    index.take("call.data_changed", {"call_id": "c", "data": '{"order": 7}'})
    _, data = index.take("call.offered", {"call_id": "c", "agent": "1"})
    assert data["call"] == {"caller": "139", "called": "12345", "queue": "law", "data": {"order": 7}}
    _, data = index.take("call.connected", {"call_id": "c", "agent": "1"})
    assert "call" not in data


def test_calls_from_before_the_start_are_known_from_the_snapshot() -> None:
    """Control came back while they talked."""
    index = index_over({"call_id": "c", "queue": "law", "agent": "1", "caller": "139"})
    assert index.concern_of("c") == of_call("1", "law")
    concern, data = index.take("consult.started", {"call_id": "c", "agent": "1", "kind": "agent", "to": "2"})
    assert concern == of_call("1 2", "law")
    assert data["call"] == {"caller": "139", "queue": "law"}


def test_who_talks_with_the_caller_is_known_from_connection_to_connection() -> None:
    """Not who was offered the call, nor who is asked beside it; nobody talks with one who waits."""
    index = index_over()
    told = [
        ("call.queued", {"queue": "law"}, None),
        ("call.offered", {"agent": "1"}, None),
        ("call.connected", {"agent": "2"}, "2"),
        ("consult.started", {"agent": "2", "kind": "agent", "to": "3"}, "2"),
        ("call.transferred", {"agent": "2", "kind": "agent", "to": "3"}, None),
        ("call.connected", {"agent": "3"}, "3"),
        ("call.intercepted", {"agent": "3", "supervisor": "9"}, "9"),
        ("call.requeued", {"cause": "agent_leg_lost"}, None),
        ("call.connected", {"agent": "1"}, "1"),
        ("call.ended", {}, None),
    ]
    for kind, data, talking in told:
        index.take(kind, {"call_id": "c", **data})
        concern = index.concern_of("c")
        assert concern is not None
        assert concern.talking == talking, kind
    parties = [
        {"agent_id": "9", "role": "supervisor", "state": "talking"},
        {"agent_id": "1", "role": "agent", "state": "talking"},
        {"agent_id": "2", "role": "agent", "state": "ringing"},
    ]
    concern = index_over({"call_id": "d", "parties": parties}).concern_of("d")
    assert concern is not None
    assert concern.talking == "1"


def test_after_a_start_a_call_concerns_whoever_is_in_it_but_not_who_listens() -> None:
    """The consulted keeps what was shown before; a supervisor does not become one of the call's agents."""
    parties = [
        {"agent_id": None, "role": "customer"},
        {"agent_id": "1", "role": "agent"},
        {"agent_id": "2", "role": "consultee"},
        {"agent_id": "9", "role": "supervisor"},
    ]
    index = index_over({"call_id": "c", "queue": "law", "agent": "1", "parties": parties})
    assert index.concern_of("c") == of_call("1 2", "law")


def test_ended_calls_are_forgotten_in_time() -> None:
    """The index does not grow with the day."""
    index = index_over()
    for number in range(ENDED_KEPT + 1):
        index.take("call.ended", {"call_id": f"c{number}"})
    assert index.concern_of("c0") is None
    assert index.concern_of("c1") is not None


def test_kinds_of_stream_and_journal_are_one_word() -> None:
    """`call.offered` and `CallOffered`."""
    assert {plain_kind("call.offered"), plain_kind("CallOffered"), plain_kind("call_offered")} == {
        "call_offered"
    }


def test_everybody_is_told_of_the_emergency_switch() -> None:
    concern, _ = index_over().take("emergency.switched", {"is_on": True})
    assert Reach(agents=frozenset({"1"})).has(concern)
    other, _ = index_over().take("business.changed", {"version": 2})
    assert not Reach(agents=frozenset({"1"})).has(other)


def test_who_serves_a_queue_is_told_of_its_call_lists() -> None:
    """Though they are told of no call in it that is not theirs."""
    index = index_over()
    concern, _ = index.take("call_list.changed", {"list_id": "l", "queue": "law", "state": "running"})
    assert Reach(agents=frozenset({"1"}), queues=frozenset({"law"})).has(concern)
    assert not Reach(agents=frozenset({"1"}), queues=frozenset({"tax"})).has(concern)
    concern, _ = index.take("call_list.record_changed", {"list_id": "l", "queue": "law", "agent": "2"})
    assert not Reach(agents=frozenset({"1"}), queues=frozenset({"law"})).has(concern)
