"""The one door through which the business changes: whole or not at all, written before it is taken."""

import asyncio
import copy
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.faults import NotFound, Outdated, Refused
from api.schemas import InvalidRequest
from softswitch.business.changes import Change, applied, between, differences, from_text, to_text
from softswitch.business.desk import BusinessDesk
from softswitch.business.seed import from_file
from softswitch.calls.numbers import normalise
from softswitch.store.entries import BusinessChanged
from softswitch.store.writer import Store
from tests.softswitch.business.conftest import NOW, Taken, city_file, make_desk
from tests.softswitch.store.samples import open_store

WHO: dict[str, Any] = {"by": "li", "reason": "test"}


def places(refused: pytest.ExceptionInfo[InvalidRequest]) -> list[str]:
    """Where the faults are; each is told in both languages."""
    assert all(" / " in fault.detail for fault in refused.value.faults)
    return [fault.field for fault in refused.value.faults]


async def test_the_example_city_is_whole(desk: BusinessDesk) -> None:
    """77 agents in 6 groups, 5 county regions, 8 services; regions by numbers as they come."""
    counts = {kind.kind: kind.count for kind in await desk.kinds()}
    assert (counts["agents"], counts["groups"], counts["regions"], counts["services"]) == (77, 6, 5, 8)
    assert desk.version == 1
    assert sorted(agent.groups[0] for agent in desk.business.agents if agent.role == "supervisor") == [
        f"g{number}" for number in range(1, 7)
    ]
    assert [agent.id for agent in desk.business.agents if agent.role == "admin"] == ["1077"]
    groups = [agent.groups for agent in desk.business.agents]
    assert {groups.count((f"g{number}",)) for number in range(1, 7)} == {12, 13}
    assert desk.business.region_of(normalise("+86 510 8123 4567", "0510")) == "east"
    assert desk.business.region_of(normalise("86234567", "0510")) == ""
    assert desk.business.flows["main"].start == "blocked"


async def test_a_change_is_a_version_with_who_when_and_what(desk: BusinessDesk, taken: Taken) -> None:
    before = await desk.get("queues", "consult")
    after = await desk.put("queues", "consult", before.data | {"limit": 99}, expected=before.version, **WHO)
    assert (after.version, after.changed_by, after.changed_at) == (2, "li", NOW)
    assert taken == [(2, ["queues/consult"])]
    detail = await desk.version_of(2)
    assert (detail.version.by, detail.version.reason) == ("li", "test")
    [change] = detail.changes
    [difference] = change.differences
    assert (change.action, difference.path) == ("changed", "limit")
    assert (difference.before, difference.after) == ({"value": 256}, {"value": 99})
    limits = {queue.name: queue.limit for queue in desk.business.queues}
    assert (limits["consult"], limits["help"]) == (99, 256)


async def test_two_administrators_at_once_the_second_is_told(desk: BusinessDesk, taken: Taken) -> None:
    """Nothing is overwritten, made twice or removed unseen."""
    view = await desk.get("agents", "1001")
    await desk.put("agents", "1001", view.data | {"name": "甲"}, expected=view.version, **WHO)
    for expected in (view.version, None):
        with pytest.raises(Outdated) as outdated:
            await desk.put("agents", "1001", view.data | {"name": "乙"}, expected=expected, **WHO)
        assert outdated.value.current == "2"
    with pytest.raises(Outdated):
        await desk.remove("agents", "1001", expected=view.version, **WHO)
    with pytest.raises(Outdated):
        await desk.put("agents", "2001", {"id": "2001", "queues": []}, expected=1, **WHO)
    assert [version for version, _ in taken] == [2]
    assert (await desk.get("agents", "1001")).data["name"] == "甲"


async def test_changes_that_come_together_are_taken_one_after_the_other(desk: BusinessDesk) -> None:
    """Of ten who changed the same version one is taken."""
    view = await desk.get("queues", "help")
    results = await asyncio.gather(
        *(
            desk.put("queues", "help", view.data | {"limit": number}, expected=view.version, **WHO)
            for number in range(1, 11)
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, Outdated) for result in results) == 9


@pytest.mark.parametrize(
    ("kind", "key", "data", "wrong"),
    [
        ("agents", "1001", {"id": "1001", "queues": ["none"]}, ["agents.1001.queues"]),
        ("agents", "1001", {"id": "1002", "queues": []}, ["agents.1001"]),
        ("agents", "1001", {"id": "1001", "queues": [], "shoe": 43}, ["agents.1001.shoe"]),
        (
            "queues",
            "consult",
            {"name": "consult", "limit": 0, "ring_time_s": 0},
            ["queues.consult.limit"] * 1,
        ),
        ("queues", "consult", {"name": "consult", "music": "loud"}, ["queues.consult.music"]),
        ("routes", "12345", {"number": "12345", "queue": "none", "flow": "none"}, ["routes.12345.queue"] * 1),
        ("agents", "1001", {"id": "1001", "queues": [], "groups": ["g9"]}, ["agents.1001.groups"]),
        ("regions", "east", {"id": "east", "prefixes": ["051082"]}, ["regions.south.prefixes"]),
        (
            "hours",
            "office",
            {"id": "office", "monday": ["08:00-12:00", "11:00-13:00"]},
            ["hours.office.monday"],
        ),
        ("services", "help", {"id": "help", "queue": "help", "hours": "never"}, ["services.help.hours"]),
        ("flows", "main", {"id": "main", "start": "a", "nodes": {}}, ["flows.main.nodes"]),
        (
            "queues",
            "help",
            {
                "name": "help",
                "hours": "never",
                "overflow": [{"to": "flow", "name": "none"}, {"to": "busy", "name": "x"}],
            },
            ["queues.help.overflow[1].name"],
        ),
        (
            "routes",
            "12345",
            {"number": "12345", "queue": "help", "callers": [{"add": 1, "listed": "none"}]},
            ["routes.12345.callers"],
        ),
        (
            "routes",
            "12345",
            {"number": "12345", "queue": "help", "table": [{"queue": "none"}, {"agent": "none"}]},
            ["routes.12345.table[0].queue", "routes.12345.table[1].agent"],
        ),
        (
            "queues",
            "help",
            {"name": "help", "distribution": {"level_rules": [{"add": 1, "listed": "none"}]}},
            ["queues.help.distribution.level_rules"],
        ),
        (
            "queues",
            "help",
            {"name": "help", "hours": "never", "overflow": [{"to": "flow", "name": "none", "waited_s": 5}]},
            ["queues.help.hours", "queues.help.overflow[0].name"],
        ),
        (
            "services",
            "enterprise",
            {"id": "enterprise", "queue": "enterprise"},
            ["queues.enterprise.overflow[0].when_closed"],
        ),
        (
            "services",
            "help",
            {"id": "help", "queue": "security", "hours": "always"},
            ["services.security.hours"],
        ),
    ],
)
async def test_what_would_not_be_whole_is_refused_with_every_field(
    desk: BusinessDesk, taken: Taken, kind: str, key: str, data: dict[str, Any], wrong: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await desk.put(kind, key, data, expected=1, **WHO)
    assert places(refused)[: len(wrong)] == wrong
    assert (desk.version, taken) == (1, [])


async def test_a_queue_that_others_name_cannot_go(desk: BusinessDesk) -> None:
    """Everybody who names it is told."""
    with pytest.raises(InvalidRequest) as refused:
        await desk.remove("queues", "security", expected=1, **WHO)
    assert "services.security.queue" in places(refused)
    assert "agents.1053.queues" in places(refused)
    with pytest.raises(NotFound):
        await desk.remove("queues", "none", expected=1, **WHO)
    with pytest.raises(NotFound):
        await desk.get("shoes", "1")


@pytest.mark.parametrize(
    ("switch", "wrong"),
    [
        ({"is_on": True}, "emergency.switch.notice"),
        ({"is_on": True, "notice": ["none"]}, "emergency.switch.notice"),
        ({"is_on": True, "flow": "none"}, "emergency.switch.flow"),
        ({"id": "other"}, "emergency.switch.id"),
    ],
)
async def test_an_emergency_switch_that_could_do_nothing_is_refused(
    desk: BusinessDesk, switch: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await desk.put("emergency", "switch", switch, expected=None, **WHO)
    assert places(refused) == [wrong]


async def test_null_says_that_a_key_is_absent_and_is_not_kept(desk: BusinessDesk) -> None:
    """What is shown fits the shape that it is described by, in lists of lists too."""
    view = await desk.get("skills", "law")
    kept = await desk.put("skills", "law", {"id": "law", "name": None}, expected=view.version, **WHO)
    assert kept.data == {"id": "law"}
    data = {"id": "fax", "media": [{"medium": "fax", "beside": None}]}
    made = await desk.put("capacities", "fax", data, expected=None, **WHO)
    assert (
        made.data == (await desk.get("capacities", "fax")).data == {"id": "fax", "media": [{"medium": "fax"}]}
    )


async def test_lists_come_in_pages(desk: BusinessDesk) -> None:
    cursor, seen = "", list[str]()
    while True:
        page = await desk.list("agents", cursor, 30)
        seen += [item.id for item in page.items]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == [str(number) for number in range(1001, 1078)]


async def test_versions_come_in_pages_newest_first(desk: BusinessDesk) -> None:
    for number in range(5):
        view = await desk.get("skills", "law")
        await desk.put("skills", "law", {"id": "law", "name": str(number)}, expected=view.version, **WHO)
    first = await desk.versions("", 4)
    assert [version.version for version in first.items] == [6, 5, 4, 3]
    second = await desk.versions(first.next_cursor or "", 4)
    assert [version.version for version in second.items] == [2, 1]
    assert second.next_cursor is None
    with pytest.raises(Refused):
        await desk.versions("x", 4)
    with pytest.raises(NotFound):
        await desk.version_of(7)


async def test_a_version_is_brought_back_as_a_whole(desk: BusinessDesk, taken: Taken) -> None:
    """Removed documents come back, new ones go; and that can be taken back too."""
    whole = await desk.export()
    view = await desk.get("lists", "vip")
    await desk.put(
        "lists", "vip", view.data | {"numbers": [{"number": "13800000000"}]}, expected=view.version, **WHO
    )
    await desk.remove("reasons", "rest", expected=1, **WHO)
    await desk.put("skills", "dance", {"id": "dance"}, expected=None, **WHO)
    changed = await desk.export()
    detail = await desk.restore(1, expected=None, **WHO)
    assert {change.id: change.action for change in detail.changes} == {
        "vip": "changed",
        "rest": "made",
        "dance": "removed",
    }
    assert await desk.export() == whole
    await desk.restore(4, expected=None, **WHO)
    assert await desk.export() == changed
    assert [version for version, _ in taken] == [2, 3, 4, 5, 6]
    with pytest.raises(NotFound):
        await desk.restore(99, expected=None, **WHO)


async def test_the_business_is_one_file(desk: BusinessDesk, taken: Taken) -> None:
    """Out and in again is no change; a dry run says what would change and changes nothing."""
    file = await desk.export()
    options: dict[str, Any] = {"expected": None, **WHO}
    same = await desk.load(file, dry_run=False, **options)
    assert (same.version, same.changes, taken) == (1, (), [])
    file["documents"]["agents"][0]["name"] = "新人"
    dry = await desk.load(copy.deepcopy(file), dry_run=True, **options)
    assert (dry.version, [change.id for change in dry.changes], taken) == (1, ["1001"], [])
    with pytest.raises(Outdated):
        await desk.load(file, dry_run=False, expected=7, **WHO)
    done = await desk.load(file, dry_run=False, expected=1, **WHO)
    assert done.version == 2
    assert taken == [(2, ["agents/1001"])]


@pytest.mark.parametrize(
    ("file", "wrong"),
    [
        ({}, ["format"]),
        (city_file() | {"documents": []}, ["documents"]),
        (city_file() | {"documents": {"shoes": []}}, ["documents.shoes"]),
        (
            city_file() | {"documents": {"agents": [1, {"id": "1"}, {"id": "1"}]}},
            ["documents.agents[0]", "documents.agents.1"],
        ),
    ],
)
async def test_a_file_that_is_none_of_ours_is_refused(
    desk: BusinessDesk, file: dict[str, Any], wrong: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await desk.load(file, dry_run=True, expected=None, **WHO)
    assert places(refused) == wrong


Maker = Callable[[], Awaitable[BusinessDesk]]


@asynccontextmanager
async def on_disk(folder: Path) -> AsyncIterator[tuple[Store, Maker]]:
    """The store of a folder and a maker of desks over it; all is closed with the block, also when a test fails in it."""
    async with AsyncExitStack() as stack:
        store = await open_store(folder)
        stack.push_async_callback(store.close)

        async def make() -> BusinessDesk:
            made, reader = await make_desk(store, folder)
            stack.push_async_callback(reader.close)
            return made

        yield store, make


async def test_what_was_taken_stands_after_a_restart(tmp_path: Path) -> None:
    """What was removed stays away, though it is in the file that seeds an empty database."""
    async with on_disk(tmp_path) as (_, make):
        desk = await make()
        await desk.open(from_file(city_file()))
        view = await desk.get("agents", "1001")
        await desk.put("agents", "1001", view.data | {"name": "甲"}, expected=1, **WHO)
        await desk.remove("reasons", "rest", expected=1, **WHO)
        whole = await desk.export()
    async with on_disk(tmp_path) as (_, make):
        again = await make()
        await again.open(from_file(city_file()))
        assert again.version == 3
        assert await again.export() == whole
        assert (await again.get("agents", "1001")).version == 2
        assert again.business.agents == desk.business.agents


async def test_documents_that_lost_what_they_name_do_not_stop_a_start(tmp_path: Path) -> None:
    """A prompt's file was deleted: its flow is left out and so is the route to it; the rest works."""
    async with on_disk(tmp_path) as (_, make):
        desk, poorer = await make(), await make()
        await desk.open(from_file(city_file()))
        poorer._machine = type(desk._machine)(
            trunks=desk._machine.trunks,
            prompts=desk._machine.prompts - {"menu_all_services"},
            music=desk._machine.music,
        )
        await poorer.open({})
        assert set(poorer.business.flows) == {"main", "enterprise", "english", "dialect"}
        assert [route.number for route in poorer.business.routes] == ["12345", "12346", "12349", "12351"]
        assert len(poorer.business.agents) == 77
        assert (await poorer.get("flows", "menu")).version == 1


async def test_names_that_nobody_looked_at_were_legal_once(tmp_path: Path) -> None:
    """Who was stored with one is there after a restart and can be changed; nobody may begin with one."""
    async with on_disk(tmp_path) as (store, make):
        desk = await make()
        await desk.open(from_file(city_file()))
        dances = [{"name": "dance", "level": 1}]
        ranked = [{"queue": "gone", "priority": 1}]
        before = desk.documents()["agents", "1001"]
        change = Change(
            kind="agents", id="1001", before=before, after=before | {"skills": dances, "priorities": ranked}
        )
        # By a program that did not look at them.
        store.record(BusinessChanged(at=NOW, version=2, by="li", reason="", changes=to_text((change,))))
        again = await make()
        with structlog.testing.capture_logs() as logs:
            await again.open({})
        assert len(again.business.agents) == 77
        told = [entry["place"] for entry in logs if entry["event"] == "business.once_legal"]
        assert told == ["agents.1001.priorities", "agents.1001.skills"]
        view = await again.get("agents", "1001")
        await again.put("agents", "1001", view.data | {"name": "甲"}, expected=2, **WHO)
        other = await again.get("agents", "1002")
        with pytest.raises(InvalidRequest) as refused:
            await again.put("agents", "1002", other.data | {"skills": dances}, expected=1, **WHO)
        assert places(refused) == ["agents.1002.skills"]


async def test_who_goes_away_in_the_middle_leaves_no_half(desk: BusinessDesk, taken: Taken) -> None:
    """The request is cancelled while the disk works: what was written down is taken all the same."""
    view = await desk.get("skills", "law")
    task = asyncio.create_task(
        desk.put("skills", "law", {"id": "law", "name": "法"}, expected=view.version, **WHO)
    )
    while not desk._tasks and not task.done():
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, *desk._tasks, return_exceptions=True)
    assert (desk.version, taken) == (2, [(2, ["skills/law"])])
    assert (await desk.get("skills", "law")).data["name"] == "法"


# ---- the rules of changes ------------------------------------------------------------------------------

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_documents = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["1", "2", "3"])),
    st.dictionaries(st.text(max_size=3), _json, max_size=3),
    max_size=5,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(_documents, _documents)
def test_changes_lead_from_one_state_to_the_other_and_back(
    before: dict[tuple[str, str], dict[str, Any]], after: dict[tuple[str, str], dict[str, Any]]
) -> None:
    changes = between(before, after)
    assert applied(before, changes) == after
    assert applied(after, [change.inverse for change in changes]) == before
    assert from_text(to_text(changes)) == changes
    for change in changes:
        if change.before is not None and change.after is not None:
            assert differences(change.before, change.after)
    assert between(before, before) == ()


def test_a_difference_is_named_by_its_way() -> None:
    change = Change(kind="flows", id="f", before={"a": {"b": 1, "c": [1]}}, after={"a": {"b": 2, "c": [1]}})
    [found] = differences(change.before, change.after)
    assert (found.path, found.before, found.after) == ("a.b", 1, 2)


# ---- seats ---------------------------------------------------------------------------------------------


def account(name: str, extension: str, **more: Any) -> dict[str, Any]:
    """A SIP account of a seat."""
    return {
        "username": name,
        "password": "secret",
        "extension": extension,
        "media_networks": ["192.0.2.0/24"],
        **more,
    }


async def test_a_seat_has_one_account_whose_password_is_not_shown_again(desk: BusinessDesk) -> None:
    made = await desk.put("accounts", "8001", account("8001", "8001"), expected=None, **WHO)
    assert made.data["password"] == "****"
    await desk.put("accounts", "8001", made.data | {"nat": True}, expected=made.version, **WHO)
    assert [(one.password, one.nat) for one in desk.business.accounts] == [("secret", True)]
    with pytest.raises(InvalidRequest) as refused:
        await desk.put("accounts", "8002", account("8002", "8001", outbound=["none"]), expected=None, **WHO)
    assert places(refused) == ["accounts.8002.outbound", "accounts.8002.extension"]


async def test_a_seat_calls_by_rules_that_there_are(desk: BusinessDesk) -> None:
    rule = {"name": "mobile", "pattern": r"1[3-9]\d{9}", "trunk": "city"}
    await desk.put("outbound", "mobile", rule, expected=None, **WHO)
    await desk.put("accounts", "8001", account("8001", "8001", outbound=["mobile"]), expected=None, **WHO)
    with pytest.raises(InvalidRequest) as refused:
        await desk.remove("outbound", "mobile", expected=2, **WHO)
    assert places(refused) == ["accounts.8001.outbound"]
    with pytest.raises(InvalidRequest) as refused:
        await desk.put("outbound", "mobile", rule | {"trunk": "x", "pattern": "("}, expected=2, **WHO)
    assert places(refused) == ["outbound.mobile.pattern"]


async def test_a_file_says_nothing_of_kinds_that_it_does_not_name(desk: BusinessDesk) -> None:
    """The example business has no phones: those of the settings stay."""
    await desk.put("accounts", "8001", account("8001", "8001"), expected=None, **WHO)
    file = city_file()
    assert "accounts" not in file["documents"]
    done = await desk.load(file, dry_run=False, expected=None, **WHO)
    assert ([change.kind for change in done.changes], len(desk.business.accounts)) == ([], 1)


async def test_a_database_from_before_the_accounts_is_given_those_of_the_settings(tmp_path: Path) -> None:
    async with on_disk(tmp_path) as (_, make):
        await (await make()).open(from_file(city_file()))
        seed = {("accounts", "8001"): account("8001", "8001"), ("skills", "dance"): {"id": "dance"}}
        for version in (2, 2):
            again = await make()
            await again.open(seed)
            assert (again.version, [one.extension for one in again.business.accounts]) == (version, ["8001"])
            assert "dance" not in again.business.names_of("skills")
