"""What would happen to a call: the example city, at noon, at night, on National Day, with and without keys."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from acd.engine import Engine
from api.faults import NotFound
from api.what_if_port import WhatIfView
from softswitch.business.seed import from_file
from softswitch.business.whole import Machine, whole_of
from softswitch.calendars.days import is_published
from softswitch.calendars.opening import SHANGHAI
from softswitch.calls.dispatcher import Dispatcher
from softswitch.calls.queue_definition import definition_of
from softswitch.calls.what_if import WhatIf
from softswitch.clock import Clock
from softswitch.settings.trunks import NumberSettings
from tests.softswitch.calls.node import done
from tests.softswitch.calls.test_flow import Standing
from tests.softswitch.sip.stepped_clock import SteppedLoop

CONFIG = Path(__file__).parents[3] / "config"
MACHINE = Machine(
    trunks=frozenset({"city", "reserve"}),
    prompts=frozenset(path.stem for path in (CONFIG / "prompts" / "zh").glob("*.wav")),
    music=frozenset({"waiting"}),
)
TRUNKS = {"city": NumberSettings(), "reserve": NumberSettings(inbound_prefixes_stripped=("9",))}


def city(*more: tuple[str, dict[str, Any]]) -> WhatIf:
    """The example city with more documents, or others, of these kinds."""
    file = json.loads((CONFIG / "business" / "city.json").read_text(encoding="utf-8"))
    for kind, document in more:
        file["documents"].setdefault(kind, []).append(document)
    business = whole_of(from_file(file), MACHINE)
    clock = Clock(SteppedLoop(), lambda: at("2026-11-27T10:00"))
    dispatcher = Dispatcher(Engine(run="t"), clock, lambda order: None)
    for queue in business.queues:
        dispatcher.tell(definition_of(queue))
    return WhatIf(Standing(business), dispatcher, clock, "0510", TRUNKS.__getitem__)


@pytest.fixture
def what_if() -> WhatIf:
    return city()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def ask(
    what_if: WhatIf, number: str, when: str = "", keys: str = "", caller: str = "13800000001"
) -> WhatIfView:
    return done(what_if.ask(number, "city", caller, at(when) if when else None, keys))


def test_the_hotline_goes_straight_to_people_at_any_time(what_if: WhatIf) -> None:
    for when in ("", "2026-10-01T03:00", "2031-01-01T12:00"):
        way = ask(what_if, "12345", when)
        assert (way.flow, way.queue, way.nodes) == (
            "main",
            "consult",
            ("blocked", "welcome", "level", "people"),
        )


def test_a_service_with_hours_takes_messages_outside_of_them(what_if: WhatIf) -> None:
    assert ask(what_if, "12346", "2026-11-27T10:00").queue == "enterprise"
    for closed in ("2026-11-27T12:30", "2026-10-01T10:00", "2026-11-28T10:00"):
        way = ask(what_if, "12346", closed)
        assert (way.queue, way.box, way.nodes) == ("", "enterprise", ("blocked", "hours", "closed"))
    assert ask(what_if, "12346", "2026-10-10T10:00").queue == "enterprise"  # worked for National Day


def test_a_year_that_nobody_has_published_breaks_no_call(what_if: WhatIf) -> None:
    """Its weekends and the holidays of fixed date are closed, all other days are worked."""
    year = next(year for year in range(2026, 2100) if not is_published(year))
    first = date(year, 3, 1)
    monday = first + timedelta(days=-first.weekday() % 7)
    assert ask(what_if, "12346", f"{monday}T10:00").queue == "enterprise"
    for closed in (f"{monday + timedelta(days=5)}T10:00", f"{year}-10-01T10:00", f"{year}-01-01T10:00"):
        assert ask(what_if, "12346", closed).box == "enterprise"


def test_keys_are_pressed_where_the_flow_waits_for_them(what_if: WhatIf) -> None:
    assert ask(what_if, "12347", keys="3").queue == "complaint"
    assert ask(what_if, "12347", keys="92").queue == "help"
    assert ask(what_if, "12347").nodes == ("blocked", "menu", "consult")


def test_a_number_that_leads_nowhere_is_told(what_if: WhatIf) -> None:
    with pytest.raises(NotFound):
        ask(what_if, "99999")


def test_who_is_on_the_block_list_is_refused_at_every_number() -> None:
    """A list blocks where a flow asks it, so the flow of each number does."""
    what_if = city()
    numbers = [route.number for route in what_if._desk.business.routes]
    file = json.loads((CONFIG / "business" / "city.json").read_text(encoding="utf-8"))
    [blocked] = [each for each in file["documents"]["lists"] if each["id"] == "blocked"]
    blocked["numbers"] = [{"number": "13800000009"}]
    documents = from_file(file)
    what_if._desk = Standing(whole_of(documents, MACHINE))
    assert len(numbers) == 5
    for number in numbers:
        way = ask(what_if, number, "2026-11-27T10:00", caller="13800000009")
        assert (way.nodes, way.queue, way.box) == (("blocked", "refuse"), "", ""), number
        assert ask(what_if, number, "2026-11-27T10:00").queue, number


def test_a_trunk_that_there_is_not_is_told(what_if: WhatIf) -> None:
    with pytest.raises(NotFound):
        done(what_if.ask("12345", "ctiy", "13800000001", None, ""))


def test_a_route_of_one_trunk_goes_before_that_of_all() -> None:
    """The number comes as that trunk sends it."""
    what_if = city(("routes", {"number": "12345", "trunk": "reserve", "queue": "help", "greeting": ""}))
    own = done(what_if.ask("912345", "reserve", "913800000001", None, ""))
    assert (own.number, own.flow, own.queue) == ("12345", "", "help")
    for trunk in ("city", ""):
        way = done(what_if.ask("12345", trunk, "13800000001", None, ""))
        assert (way.flow, way.queue) == ("main", "consult")
    with pytest.raises(NotFound):
        done(what_if.ask("912345", "city", "13800000001", None, ""))


def test_while_the_emergency_switch_is_on_its_number_has_every_call() -> None:
    switch = {"id": "switch", "is_on": True, "number": "13900000002"}
    mobiles = {"name": "mobile", "pattern": r"1[3-9]\d{9}", "trunk": "city"}
    what_if = city(("emergency", switch), ("outbound", mobiles))
    for number in ("12345", "12346"):
        way = ask(what_if, number)
        assert way.put_through == "13900000002"


def test_what_the_queue_adds_at_once_counts_for_the_level() -> None:
    """Not what the wait or the caller's past may add: nobody knows of it yet."""
    rules = [
        {"add": 3},
        {"add": 5, "listed": "some"},
        {"add": 10, "waited_s": 60},
        {"add": 20, "calls": 2},
    ]
    what_if = city(
        ("queues", {"name": "lift", "distribution": {"level_rules": rules}}),
        ("lists", {"id": "some", "numbers": [{"number": "13800000002"}]}),
        ("routes", {"number": "12360", "queue": "lift", "greeting": "", "level": 1}),
    )
    assert ask(what_if, "12360").level == 4
    assert ask(what_if, "12360", caller="13800000002").level == 9


def test_the_region_is_the_one_that_the_caller_will_count_for() -> None:
    """What the flow says, else the number, else the route point; a branch of the flow asks the same."""
    asks = {
        "type": "branch",
        "cases": [{"fact": "region", "value": "east", "next": "said"}],
        "otherwise": "line",
    }
    flow = {
        "id": "county",
        "start": "asks",
        "nodes": {
            "asks": asks,
            "said": {"type": "set", "region": "west", "next": "line"},
            "line": {"type": "queue", "queue": "consult"},
        },
    }
    what_if = city(
        ("regions", {"id": "far", "prefixes": ["0999"]}),
        ("flows", flow),
        ("routes", {"number": "12361", "queue": "consult", "flow": "county", "region": "east"}),
        ("routes", {"number": "12362", "queue": "consult", "greeting": "", "region": "east"}),
        ("routes", {"number": "12363", "queue": "consult", "greeting": ""}),
    )
    far = "099912345678"
    assert (ask(what_if, "12361").nodes, ask(what_if, "12361").region) == (("asks", "said", "line"), "west")
    assert ask(what_if, "12361", caller=far).region == "far"
    assert [ask(what_if, number).region for number in ("12362", "12363")] == ["east", ""]
    assert ask(what_if, "12362", caller=far).region == "far"


def test_a_queue_that_is_closed_leads_elsewhere() -> None:
    """By the hours of its service; the first rule for callers of that level counts."""
    city_ = city(("routes", {"number": "12348", "queue": "security"}))
    way = ask(city_, "12348", "2026-11-27T10:00")
    assert (way.queue, way.is_open, way.overflow) == ("security", True, "")
    way = ask(city_, "12348", "2026-11-28T10:00")
    assert (way.queue, way.is_open, way.overflow) == ("security", False, "voicemail")
    assert ask(city_, "12345", "2026-11-28T03:00").is_open


def test_rules_by_the_load_are_told_and_not_followed() -> None:
    """Those for the caller's level, in order, and with the hours where the queue is closed at that moment."""
    rules = [
        {"to": "voicemail", "waiting": 50, "when_nobody": True},
        {"to": "queue", "name": "help", "waited_s": 120},
        {"to": "external", "name": "051085551234", "longest_wait_s": 300, "least_level": 9},
        {"to": "callback", "when_closed": True, "when_nobody": True},
        {"to": "busy", "when_closed": True},
    ]
    city_ = city(
        ("queues", {"name": "law", "hours": "office", "overflow": rules}),
        ("routes", {"number": "12348", "queue": "law"}),
        ("outbound", {"name": "local", "trunk": "city", "pattern": r"0510\d{8}"}),
    )
    always = [(("waiting:50", "when_nobody"), "voicemail"), (("waited_s:120",), "queue help")]
    way = ask(city_, "12348", "2026-11-27T10:00")
    assert (way.is_open, way.overflow) == (True, "")
    assert [(rule.conditions, rule.to) for rule in way.by_load] == always
    way = ask(city_, "12348", "2026-11-28T10:00")
    assert (way.is_open, way.overflow) == (False, "busy")
    closed = (("when_nobody", "when_closed"), "callback")
    assert [(rule.conditions, rule.to) for rule in way.by_load] == [*always, closed]


def test_the_emergency_switch_is_in_front_while_it_is_on() -> None:
    """Its notice, and then the usual way; or the number that it rings."""
    on = {"id": "switch", "is_on": True}
    way = ask(city(("emergency", on | {"notice": ["welcome"]})), "12345")
    assert (way.nodes[:2], way.queue) == (("!notice", "blocked"), "consult")
    way = ask(city(("emergency", on | {"flow": "menu"})), "12346", "2026-11-28T10:00")
    assert (way.flow, way.nodes) == ("menu", ("blocked", "menu", "consult"))


def test_the_lines_of_a_routing_table_are_told() -> None:
    table = [{}, {"queue": "help", "after_s": 30}, {"queue": "report", "least_level": 10}]
    city_ = city(("routes", {"number": "12348", "queue": "consult", "table": table}))
    assert ask(city_, "12348").lines == ("consult", "help")
    assert ask(city_, "12345").lines == ()


def test_the_lines_of_a_group_are_told_to_who_is_of_it() -> None:
    table = [{"queue": "help", "listed": "some"}, {"queue": "report", "prefix": "0999"}, {}]
    city_ = city(
        ("lists", {"id": "some", "numbers": [{"number": "099900000001"}]}),
        ("routes", {"number": "12348", "queue": "consult", "table": table}),
    )
    assert ask(city_, "12348").lines == ("consult",)
    assert ask(city_, "12348", caller="099900000002").lines == ("report", "consult")
    assert ask(city_, "12348", caller="099900000001").lines == ("help", "report", "consult")
