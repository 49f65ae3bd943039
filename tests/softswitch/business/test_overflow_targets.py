"""Where callers can overflow to: every target is checked as a whole, before it is taken."""

from typing import Any

import pytest

from softswitch.business.whole import BusinessFaults, Machine, whole_of

MACHINE = Machine(trunks=frozenset({"city"}), prompts=frozenset(), music=frozenset({"waiting"}))
RULE = {"name": "mobile", "pattern": r"1[3-9]\d{9}", "trunk": "city"}


def faults_of(*rules: dict[str, Any]) -> list[str]:
    """The places of what is wrong with a queue of these overflow rules."""
    documents: dict[tuple[str, str], Any] = {
        ("queues", "main"): {"name": "main", "overflow": list(rules)},
        ("outbound", "mobile"): RULE,
    }
    try:
        whole_of(documents, MACHINE)
    except BusinessFaults as error:
        return [fault.path for fault in error.faults]
    return []


@pytest.mark.parametrize(
    "rule",
    [
        {"to": "external", "name": "13900000002", "waited_s": 60},
        {"to": "callback", "waited_s": 60},
        {"to": "voicemail", "when_agents": ["not_ready", "unreachable"]},
        {"to": "busy", "when_agents": ["nobody"]},
        {"to": "queue", "name": "main", "waited_s": 5, "drops_skills": True, "most_visits": 2},
    ],
    ids=["external", "callback", "voicemail", "busy", "queue"],
)
def test_every_target_can_be_taken(rule: dict[str, Any]) -> None:
    assert faults_of(rule) == []


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ({"to": "external", "name": "110"}, "name"),
        ({"to": "external"}, "name"),
        ({"to": "callback", "name": "x"}, "name"),
        ({"to": "queue", "name": "gone"}, "name"),
        ({"to": "flow", "name": "gone"}, "name"),
        ({"to": "busy", "drops_skills": True}, "drops_skills"),
        ({"to": "busy", "when_agents": ["asleep"]}, "when_agents[0]"),
    ],
    ids=["no rule", "no number", "a name", "no queue", "no flow", "skills", "state"],
)
def test_what_cannot_be_is_refused_with_its_place(rule: dict[str, Any], key: str) -> None:
    assert faults_of(rule) == [f"queues.main.overflow[0].{key}"]
