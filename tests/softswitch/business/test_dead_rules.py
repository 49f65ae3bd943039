"""Rules that would never have a say are refused with their place, wherever they come from."""

from typing import Any

import pytest

from softswitch.business.documents import KINDS
from softswitch.business.whole import EMPTY, BusinessFaults, Machine, once_legal, whole_of
from softswitch.calendars.days import Days
from softswitch.calendars.hours import DifferentDay, Hours
from softswitch.calendars.opening import Opening

MACHINE = Machine(trunks=frozenset({"city"}), prompts=frozenset(), music=frozenset({"waiting"}))
Row = tuple[str, dict[str, Any]]
BUSY, VOICEMAIL = {"to": "busy"}, {"to": "voicemail"}
BACK = {"to": "queue", "name": "back"}
PAUSE = {"to": "flow", "name": "pause"}
DAY = [f"{name}day" for name in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")]


def documents_of(*rows: Row) -> dict[tuple[str, str], Any]:
    """A queue to overflow to, a flow, three route points, and these."""
    around: tuple[Row, ...] = (
        ("queues", {"name": "back"}),
        ("flows", {"id": "pause", "start": "bye", "nodes": {"bye": {"type": "hang_up"}}}),
        ("routes", {"number": "12345", "queue": "hotline", "greeting": ""}),
        ("routes", {"number": "12346", "queue": "hotline", "greeting": "", "strategy": 3}),
        ("routes", {"number": "12347", "queue": "hotline", "greeting": "", "strategy": 4}),
    )
    documents: dict[tuple[str, str], Any] = {}
    for kind, data in (*around, *rows):
        value, faults = KINDS[kind].value(data, kind)
        assert not faults, faults
        documents[kind, KINDS[kind].id_of(value)] = data
    return documents


def wrong(*rows: Row) -> list[str]:
    """The places that are refused."""
    try:
        whole_of(documents_of(*rows), MACHINE)
    except BusinessFaults as refused:
        return [fault.path for fault in refused.faults]
    return []


def sends(*rules: dict[str, Any], **more: Any) -> Row:
    """The hotline with these overflow rules."""
    return "queues", {"name": "hotline", "overflow": list(rules), **more}


@pytest.mark.parametrize("end", [BUSY, VOICEMAIL], ids=["busy", "voicemail"])
@pytest.mark.parametrize(
    ("first", "rule"),
    [
        ({}, PAUSE),
        ({}, {**BACK, "waited_s": 30}),
        ({}, {"to": "callback", "when_nobody": True}),
        ({"waiting": 3}, {**PAUSE, "waiting": 5}),
        ({"longest_wait_s": 30}, {**PAUSE, "longest_wait_s": 30, "waiting": 2}),
        ({"expected_wait_s": 60}, {**PAUSE, "expected_wait_s": 90}),
        ({"when_agents": ["not_ready", "wrap_up"]}, {**PAUSE, "when_agents": ["wrap_up"]}),
        ({"when_agents": ["not_ready"]}, {**PAUSE, "when_nobody": True}),
        ({"when_agents": ["nobody"]}, {**PAUSE, "when_nobody": True, "waited_s": 9}),
        (
            {"strategies": [3, 4], "least_level": 2},
            {**PAUSE, "strategies": [4], "least_level": 2, "most_level": 5},
        ),
        ({"most_level": 5}, {**PAUSE, "most_level": 4}),
    ],
)
def test_a_rule_behind_one_that_takes_all_of_its_callers_is_refused(
    end: dict[str, Any], first: dict[str, Any], rule: dict[str, Any]
) -> None:
    """Whatever it asks for, the one before asks for less; behind it a rule that asks for nothing is only sooner."""
    assert wrong(sends({**end, **first}, rule)) == ["queues.hotline.overflow[1]"]
    is_sooner = not first and "waited_s" in rule
    assert wrong(sends(rule, {**end, **first})) == (["queues.hotline.overflow[0]"] if is_sooner else [])


@pytest.mark.parametrize(
    ("first", "rule"),
    [
        ({**BUSY, "waited_s": 60}, {**PAUSE, "waited_s": 30}),
        ({**BUSY, "waiting": 3}, {**PAUSE, "waited_s": 30}),
        ({**BUSY, "waiting": 3}, PAUSE),
        ({**BUSY, "longest_wait_s": 40}, {**PAUSE, "waiting": 3}),
        ({**BUSY, "expected_wait_s": 40}, {**PAUSE, "waiting": 3}),
        ({**BUSY, "strategies": [3]}, PAUSE),
        ({**BUSY, "strategies": [3]}, {**PAUSE, "strategies": [3, 4]}),
        ({**BUSY, "least_level": 3}, {**PAUSE, "least_level": 2}),
        ({**BUSY, "least_level": 3}, PAUSE),
        ({**BUSY, "most_level": 3}, {**PAUSE, "most_level": 4}),
        ({**BUSY, "most_level": 3}, PAUSE),
        ({**BUSY, "when_nobody": True}, {**PAUSE, "when_agents": ["not_ready"]}),
        ({**BUSY, "when_nobody": True}, PAUSE),
        ({**BACK}, {**PAUSE}),
        ({**PAUSE}, {**BACK}),
        ({"to": "callback"}, {**PAUSE}),
        ({**BACK, "waited_s": 30}, {**BACK, "waiting": 3}),
        ({**BACK}, {**BACK, "most_visits": 2}),
    ],
)
def test_a_rule_that_some_callers_come_to_is_taken(first: dict[str, Any], rule: dict[str, Any]) -> None:
    """Those whom the one before is not for, those who find its target full, and those who were there already."""
    assert wrong(sends(first, rule)) == []


def test_one_that_takes_callers_outside_the_hours_leaves_those_within() -> None:
    """And the other way round not."""
    day = ("hours", {"id": "day", "monday": ["09:00-17:00"]})
    closed = {**BUSY, "when_closed": True}
    assert wrong(day, sends(closed, PAUSE, hours="day")) == []
    assert wrong(day, sends(closed, {**PAUSE, "when_closed": True, "waited_s": 9}, hours="day")) == [
        "queues.hotline.overflow[1]"
    ]


@pytest.mark.parametrize(
    "rule",
    [PAUSE, {**BACK, "waited_s": 20}, {"to": "callback", "when_nobody": True}, {**BUSY, "waiting": 4}],
    ids=["flow", "queue", "callback", "busy"],
)
def test_the_same_rule_twice_is_refused_once(rule: dict[str, Any]) -> None:
    """Who could not go by the first cannot by the second."""
    assert wrong(sends(rule, rule)) == ["queues.hotline.overflow[1]"]
    if rule["to"] == "queue":
        assert wrong(sends(rule, {**rule, "drops_skills": True})) == ["queues.hotline.overflow[1]"]


def test_who_goes_sooner_by_a_later_rule_never_comes_to_an_earlier_one() -> None:
    """Time alone brings it, for everybody of those callers."""
    late, soon = {**VOICEMAIL, "waited_s": 120, "strategies": [3]}, {**BUSY, "waited_s": 60}
    assert wrong(sends(late, soon)) == ["queues.hotline.overflow[0]"]
    assert wrong(sends(late, {**soon, "strategies": [3, 4]})) == ["queues.hotline.overflow[0]"]
    for taken in ({"strategies": [4]}, {"least_level": 1}, {"when_nobody": True}, {"waited_s": 120}):
        assert wrong(sends(late, {**soon, **taken})) == [], taken
    assert wrong(sends({**BACK, "waited_s": 120}, {**BACK, "waited_s": 60})) == ["queues.hotline.overflow[0]"]
    assert wrong(sends({**BACK, "waited_s": 120, "drops_skills": True}, {**BACK, "waited_s": 60})) == []


def test_chats_go_on_where_calls_never_come() -> None:
    """Busy is for calls: where agents take other media, a queue behind it is theirs."""
    desk = ("capacities", {"id": "desk", "media": [{"medium": "voice"}, {"medium": "chat", "most": 2}]})
    assert wrong(desk, sends(BUSY, BACK)) == []
    assert wrong(desk, sends(BUSY, PAUSE)) == ["queues.hotline.overflow[1]"]
    phones = ("capacities", {"id": "phones", "media": [{"medium": "voice"}]})
    assert wrong(phones, sends(BUSY, BACK)) == ["queues.hotline.overflow[1]"]


def test_a_strategy_number_that_no_route_point_has_is_refused() -> None:
    """Each of them; 0 is that of whoever came by none."""
    rule = {**PAUSE, "strategies": [0, 3, 77, 78]}
    place = "queues.hotline.overflow[0].strategies"
    assert wrong(sends(rule)) == [place, place]
    assert wrong(sends({**PAUSE, "strategies": [0, 3, 4]})) == []


@pytest.mark.parametrize(
    ("changed", "never"),
    [
        ({}, True),
        ({"monday": ("00:00-23:00",)}, False),
        ({"sunday": ()}, False),
        ({"monday": ("00:00-12:00", "12:00-24:00")}, True),
        ({"holiday": ()}, False),
        ({"holiday": (), "observes_holidays": False}, True),
        ({"exceptions": (DifferentDay(date="2026-10-01"),)}, False),
        ({"exceptions": (DifferentDay(date="2026-10-01", open=("00:00-24:00",)),)}, True),
    ],
)
def test_hours_that_never_close(changed: dict[str, Any], never: bool) -> None:
    """Every day, and every day that differs."""
    always = dict.fromkeys((*DAY, "holiday"), ("00:00-24:00",))
    assert Opening(Hours(**{"id": "day", **always, **changed}), Days({})).never_closes is never


def test_a_rule_for_closed_hours_needs_hours_that_close() -> None:
    """Those of the queue."""
    always = {"id": "always", **{name: ["00:00-24:00"] for name in (*DAY, "holiday")}}
    queue = sends({**VOICEMAIL, "when_closed": True}, hours="always")
    assert wrong(("hours", always), queue) == ["queues.hotline.overflow[0].when_closed"]
    assert wrong(("hours", {**always, "holiday": []}), queue) == []


@pytest.mark.parametrize("says", ["agent", "group", "nobody"])
@pytest.mark.parametrize("criteria", [["own", "arrival"], ["region", "arrival"]], ids=["without", "with"])
def test_shares_need_an_order_that_looks_at_regions(says: str, criteria: list[str]) -> None:
    """The agent's own, or that of the group; who has none has the usual one."""
    selection = {"selection": "plain"}
    rows: list[Row] = [
        ("selections", {"id": "plain", "criteria": criteria}),
        ("regions", {"id": "north", "prefixes": ["0510"]}),
        ("regions", {"id": "south", "prefixes": ["0511"]}),
        (
            "shares",
            {"id": "county", "parts": [{"region": "north", "share": 2}, {"region": "south", "share": 1}]},
        ),
        ("groups", {"id": "days", **(selection if says == "group" else {})}),
        (
            "agents",
            {
                "id": "1001",
                "queues": ["hotline"],
                "groups": ["days"],
                "shares": "county",
                **(selection if says == "agent" else {}),
            },
        ),
        ("agents", {"id": "1002", "queues": ["hotline"], "selection": "plain"}),
    ]
    is_dead = says != "nobody" and "region" not in criteria
    assert wrong(("queues", {"name": "hotline"}), *rows) == (["agents.1001.shares"] if is_dead else [])


def test_levels_that_change_nothing_are_refused() -> None:
    """Nothing to add, and days of nothing."""
    rules = {"level_rules": [{"add": 1, "days": 7}, {"add": 1, "days": 7, "calls": 2}]}
    assert wrong(sends(distribution=rules)) == ["queues.hotline.distribution.level_rules[0].days"]
    route = {"number": "12399", "queue": "hotline", "greeting": "", "callers": [{"add": 0, "prefix": "05"}]}
    assert wrong(("queues", {"name": "hotline"}), ("routes", route)) == ["routes.12399.callers[0].add"]


def test_what_is_stored_so_is_taken_and_named_and_a_new_one_beside_it_is_not() -> None:
    """Nothing is lost of a business that an earlier program took; what is wrong is said in both languages."""
    documents = documents_of(sends(BUSY, VOICEMAIL, PAUSE))
    stored = whole_of(documents, MACHINE, EMPTY, stored=True)
    told = [str(fault) for fault in once_legal(stored, MACHINE)]
    assert [each.partition(" = ")[0] for each in told] == [
        "queues.hotline.overflow[1]",
        "queues.hotline.overflow[2]",
    ]
    assert "永不生效 / rule 1 always takes them first" in told[0]
    more = documents_of(sends(BUSY, VOICEMAIL, PAUSE), ("queues", {"name": "tax", "overflow": [BUSY, BUSY]}))
    with pytest.raises(BusinessFaults) as refused:
        whole_of(more, MACHINE, stored)
    assert [fault.path for fault in refused.value.faults] == ["queues.tax.overflow[1]"]
