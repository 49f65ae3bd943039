"""Rules that lead callers straight back are refused with their place; those that lead anywhere else are not."""

from typing import Any

import pytest

from config.faults import Fault
from softswitch.business.whole import EMPTY, BusinessFaults, Machine, whole_of

MACHINE = Machine(trunks=frozenset({"city"}), prompts=frozenset({"busy"}), music=frozenset({"waiting"}))
BACK: dict[str, Any] = {"type": "queue", "queue": "consult"}
MESSAGE: dict[str, Any] = {"type": "voicemail", "say": ["busy"], "box": "night"}
MENU: dict[str, Any] = {"type": "menu", "say": ["busy"], "keys": {"1": "message"}, "otherwise": "back"}
CLOSED: dict[str, Any] = {
    "type": "branch",
    "cases": [{"fact": "caller", "value": "13800001111", "next": "message"}],
    "otherwise": "back",
}


def documents_of(nodes: dict[str, Any], rule: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """A queue that overflows into a flow, which begins with the first of these nodes."""
    flow = {"id": "straight", "start": next(iter(nodes)), "nodes": nodes}
    overflow = [{"to": "busy", "waiting": 9}, {"to": "flow", "name": "straight", **rule}]
    return {
        ("queues", "consult"): {"name": "consult", "overflow": overflow},
        ("queues", "other"): {"name": "other"},
        ("flows", "straight"): flow,
    }


def faults_of(nodes: dict[str, Any], **rule: Any) -> list[str]:
    """Where these are at fault, in both languages."""
    found: tuple[Fault, ...] = ()
    try:
        whole_of(documents_of(nodes, rule), MACHINE)
    except BusinessFaults as error:
        found = error.faults
    assert all(" / " in fault.expected for fault in found)
    return [fault.path for fault in found]


@pytest.mark.parametrize(
    "nodes",
    [
        {"back": BACK},
        {"say": {"type": "play", "say": ["busy"], "next": "back"}, "back": BACK},
        {"menu": MENU, "back": BACK, "message": MESSAGE},
    ],
    ids=["straight", "after words", "unless a key is pressed"],
)
def test_a_flow_that_only_leads_back_is_no_target_of_a_rule_without_a_wait(nodes: dict[str, Any]) -> None:
    assert faults_of(nodes, when_nobody=True) == ["queues.consult.overflow[1].name"]
    assert faults_of(nodes, waited_s=60) == []


@pytest.mark.parametrize(
    "nodes",
    [
        {"line": {"type": "queue", "queue": "other"}},
        {"branch": CLOSED, "back": BACK, "message": MESSAGE},
        {"message": MESSAGE},
    ],
    ids=["another queue", "some go elsewhere", "a message"],
)
def test_a_flow_that_leads_anywhere_else_is_a_target(nodes: dict[str, Any]) -> None:
    assert faults_of(nodes, when_nobody=True) == []


def test_what_is_stored_with_such_a_rule_is_taken() -> None:
    """The caller waits there; nothing else of the business is lost for it."""
    documents = documents_of({"back": BACK}, {"when_nobody": True})
    stored = whole_of(documents, MACHINE, EMPTY, stored=True)
    assert [queue.name for queue in stored.queues] == ["consult", "other"]
