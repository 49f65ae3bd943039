"""The business and its calendars over HTTP, as an administrator's page or an integrator uses them."""

import copy
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from api.app import make_app
from api.server import serve
from softswitch.business.desk import BusinessDesk
from softswitch.calendars.desk import CalendarDesk
from tests.api.city import TOKENS, WORDS
from tests.softswitch.business.conftest import city_file, ports_with

ADDRESS = "127.63.0.6"
NOON_OF_A_WORKDAY = 1_795_752_000.0  # Friday, 27 November 2026, 12:00 in China
QUEUE = "/v1/business/documents/queues/consult"


@dataclass
class Page:
    """An administrator's page: every request with its answer."""

    client: aiohttp.ClientSession

    async def ask(
        self, method: str, path: str, who: str = "admin", tag: str = "", **more: Any
    ) -> tuple[int, Any, str]:
        """Status, JSON and ETag."""
        headers = {"Authorization": f"Bearer {WORDS[who]}"} | ({"If-Match": tag} if tag else {})
        async with self.client.request(method, path, headers=headers, **more) as answer:
            shown = await answer.json(content_type=None) if answer.status != 204 else None
            return answer.status, shown, answer.headers.get("ETag", "")


@pytest.fixture
async def page(desk: BusinessDesk, tmp_path: Path) -> AsyncIterator[Page]:
    """A server over the example city."""
    ports = ports_with(
        tmp_path,
        business=desk,
        calendars=CalendarDesk(desk, lambda: NOON_OF_A_WORKDAY),
    )
    async with AsyncExitStack() as stack:
        server = await serve(make_app(ports, TOKENS), ADDRESS, 0)
        stack.push_async_callback(server.close)
        client = aiohttp.ClientSession(f"http://{ADDRESS}:{server.port}")
        yield Page(await stack.enter_async_context(client))


async def test_a_document_is_read_changed_and_removed_with_its_tag(page: Page) -> None:
    status, view, tag = await page.ask("GET", QUEUE)
    assert (status, view["version"], tag) == (200, 1, '"1"')
    body = {"data": view["data"] | {"limit": 30}, "reason": "较少座席"}
    status, changed, new_tag = await page.ask("PUT", QUEUE, tag=tag, json=body)
    assert (status, changed["data"]["limit"], changed["changed_by"], new_tag) == (200, 30, "admin", '"2"')
    status, problem, _ = await page.ask("PUT", QUEUE, tag=tag, json=body)
    assert (status, problem["code"]) == (412, "document_changed")
    status, problem, _ = await page.ask("PUT", QUEUE, json=body)
    assert status == 412
    new = {"data": {"id": "sign_language", "name": "手语"}}
    path = "/v1/business/documents/skills/sign_language"
    status, _, tag = await page.ask("PUT", path, json=new)
    assert (status, tag) == (201, '"3"')
    assert (await page.ask("DELETE", path, tag='"2"'))[0] == 412
    assert (await page.ask("DELETE", path, tag=tag))[0] == 204
    assert (await page.ask("GET", path))[0] == 404


async def test_what_cannot_be_is_told_field_by_field_in_both_languages(page: Page) -> None:
    body = {"data": {"name": "consult", "limit": "many", "music": "loud", "x": 1}}
    status, problem, _ = await page.ask("PUT", QUEUE, tag='"1"', json=body)
    assert (status, problem["code"]) == (422, "invalid_request")
    fields = {error["field"]: error["detail"] for error in problem["errors"]}
    assert fields.keys() == {"queues.consult.limit", "queues.consult.x"}
    assert all(" / " in detail for detail in fields.values())


async def test_an_id_that_no_document_can_have_is_told_as_one(page: Page) -> None:
    """Whoever makes one by hand, or leaves it empty on a page, learns what an id is made of."""
    for path in ("/v1/business/documents/skills", "/v1/admin/skills"):
        for key in ("法 律", "a b", "?"):
            body = {"id": key} if "admin" in path else {"data": {"id": key}}
            status, problem, _ = await page.ask("PUT", f"{path}/{quote(key)}", json=body)
            assert (status, problem["errors"][0]["field"]) == (422, f"skills.{key}")
            assert problem["errors"][0]["detail"].startswith("编号须为")
            assert (await page.ask("GET", f"{path}/{quote(key)}"))[0] == 404
        body = {"id": "法律"} if "admin" in path else {"data": {"id": "法律"}}
        status, problem, _ = await page.ask("PUT", f"{path}/{quote('法律')}", json=body)
        assert (status, problem["errors"][0]["field"]) == (422, "skills.法律.id"), "its name is another field"


async def test_a_document_is_checked_without_being_taken(page: Page) -> None:
    """The same faults at the same places as saving tells, and nothing for what could be saved."""
    nodes: dict[str, Any] = {
        "a": {"type": "play", "say": ["none"], "next": "b"},
        "b": {"type": "queue", "queue": "none"},
    }
    path = "/v1/business/documents/flows/storm"
    body = {"data": {"id": "storm", "start": "a", "nodes": nodes}}
    status, checked, _ = await page.ask("POST", f"{path}/check", json=body)
    assert status == 200
    fields = [fault["field"] for fault in checked["faults"]]
    assert fields == ["flows.storm.nodes.a.say", "flows.storm.nodes.b.queue"]
    status, problem, _ = await page.ask("PUT", path, json=body)
    assert (status, problem["errors"]) == (422, checked["faults"])
    nodes["a"]["say"], nodes["b"]["queue"] = ["welcome"], "consult"
    assert await page.ask("POST", f"{path}/check", json=body) == (200, {"faults": []}, "")
    assert (await page.ask("GET", path))[0] == 404
    assert (await page.ask("POST", f"{path}/check", "supervisor", json=body))[0] == 403
    assert (await page.ask("POST", "/v1/business/documents/dances/a/check", json=body))[0] == 404


async def test_only_administrators_change_the_business(page: Page) -> None:
    for who in ("read", "supervisor", "agent"):
        assert (await page.ask("PUT", QUEUE, who, json={"data": {}}))[0] == 403
        assert (await page.ask("GET", "/v1/business/export", who))[0] == 403
        assert (await page.ask("PUT", "/v1/calendars/days/2027-01-01", who, json={"kind": "holiday"}))[
            0
        ] == 403
    assert (await page.ask("GET", QUEUE, "read"))[0] == 200


async def test_password_hashes_are_never_shown_and_stay_when_they_come_back_hidden(page: Page) -> None:
    hashed = f"scrypt$16384$8$1${'s' * 22}${'h' * 43}"
    path = "/v1/business/documents/agents/1001"
    _, view, tag = await page.ask("GET", path)
    _, view, tag = await page.ask(
        "PUT", path, tag=tag, json={"data": view["data"] | {"password_scrypt": hashed}}
    )
    assert view["data"]["password_scrypt"] == "****"
    _, view, _ = await page.ask("PUT", path, tag=tag, json={"data": view["data"] | {"name": "甲"}})
    versions = [(await page.ask("GET", f"/v1/business/versions/{number}"))[1] for number in (2, 3)]
    assert hashed not in str((view, versions))
    _, file, _ = await page.ask("GET", "/v1/business/export")
    [agent] = [agent for agent in file["documents"]["agents"] if agent["id"] == "1001"]
    assert (agent["password_scrypt"], agent["name"]) == (hashed, "甲")


async def test_versions_are_listed_compared_and_brought_back(page: Page) -> None:
    _, view, tag = await page.ask("GET", QUEUE)
    await page.ask("PUT", QUEUE, tag=tag, json={"data": view["data"] | {"limit": 3}, "reason": "试"})
    _, listed, _ = await page.ask("GET", "/v1/business/versions")
    assert [(one["version"], one["by"], one["reason"]) for one in listed["items"]] == [
        (2, "admin", "试"),
        (1, "settings", "seed"),
    ]
    _, detail, _ = await page.ask("GET", "/v1/business/versions/2")
    assert detail["changes"][0]["differences"] == [
        {"path": "limit", "before": {"value": 256}, "after": {"value": 3}}
    ]
    restore = "/v1/business/versions/1/restore"
    status, problem, _ = await page.ask("POST", restore, tag='"1"', json={})
    assert (status, problem["code"]) == (412, "business_changed")
    status, restored, _ = await page.ask("POST", restore, tag='"2"', json={})
    assert (status, restored["version"]["version"]) == (200, 3)
    assert (await page.ask("GET", QUEUE))[1]["data"]["limit"] == 256
    for number in ("0", "99", "x"):
        assert (await page.ask("GET", f"/v1/business/versions/{number}"))[0] == 404


async def test_the_whole_is_exported_tried_and_imported(page: Page) -> None:
    _, file, exported = await page.ask("GET", "/v1/business/export")
    file["documents"]["skills"] += [{"id": f"s{number}", "name": "很长的名字" * 20} for number in range(400)]
    status, tried, _ = await page.ask("POST", "/v1/business/import", json={"file": file, "dry_run": True})
    assert (status, tried["version"], len(tried["changes"])) == (200, 1, 400)
    assert exported == '"1"'
    status, done, _ = await page.ask("POST", "/v1/business/import", tag='"1"', json={"file": file})
    assert (status, done["version"]) == (200, 2)
    _, kinds, _ = await page.ask("GET", "/v1/business")
    assert {kind["kind"]: kind["count"] for kind in kinds["items"]}["skills"] == 407
    assert (await page.ask("POST", "/v1/business/import", tag='"1"', json={"file": city_file()}))[0] == 412
    broken = copy.deepcopy(file)
    broken["documents"]["queues"] = []
    status, problem, _ = await page.ask("POST", "/v1/business/import", tag='"2"', json={"file": broken})
    assert (status, len(problem["errors"]) > 77) == (422, True)


async def test_nobody_changes_much_at_once_without_saying_which_version_they_looked_at(page: Page) -> None:
    """Files, roll-backs, days: told in both languages, and nothing is changed; a try needs none."""
    file = city_file()
    file["documents"]["skills"] = []
    csv = {"csv": "date,kind,name\n2027-02-08,holiday,春节\n"}
    await page.ask("PUT", "/v1/admin/skills/new", json={"id": "new"})
    for path, body in (
        ("/v1/business/import", {"file": file}),
        ("/v1/business/versions/1/restore", {}),
        ("/v1/calendars/days/import", csv),
    ):
        status, problem, _ = await page.ask("POST", path, json=body)
        assert (status, problem["code"]) == (428, "version_needed")
        assert "须说明所见的版本:If-Match" in problem["detail"]
        assert " / say which version was looked at: If-Match" in problem["detail"]
        assert (await page.ask("POST", path, tag='"1"', json=body))[0] == 412
    assert (await page.ask("POST", "/v1/calendars/days/import", json=csv | {"dry_run": True}))[0] == 200
    peopled = {"file": file | {"customers": "numbers,name\n"}}
    status, problem, _ = await page.ask("POST", "/v1/business/import", tag='"2"', json=peopled)
    assert (status, "customers_version" in problem["detail"]) == (428, True)
    assert (await page.ask("GET", "/v1/business/export"))[2] == '"2"'


# ---- calendars ---------------------------------------------------------------------------------------


async def test_opening_hours_now_and_at_a_moment(page: Page) -> None:
    _, listed, _ = await page.ask("GET", "/v1/calendars", "read")
    shown = {one["calendar_id"]: one for one in listed["items"]}
    assert shown["always"]["is_open"]
    assert shown["always"]["next_change"] is None
    office = shown["office"]
    assert (office["is_open"], office["spans"]) == (False, ["08:30-12:00", "13:30-17:30"])
    _, then, _ = await page.ask("GET", "/v1/calendars/office", params={"at": "2026-10-10T10:00:00+08:00"})
    assert then["is_open"]
    assert (await page.ask("GET", "/v1/calendars/none"))[0] == 404


async def test_calendars_come_in_pages(page: Page) -> None:
    _, whole, _ = await page.ask("GET", "/v1/calendars", "read")
    ids = [one["calendar_id"] for one in whole["items"]]
    assert (len(ids) > 1, whole["next_cursor"]) == (True, None)
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        _, one, _ = await page.ask("GET", "/v1/calendars", "read", params={"limit": 1, "cursor": cursor})
        assert len(one["items"]) == 1
        found.append(one["items"][0]["calendar_id"])
        cursor = one["next_cursor"]
    assert found == ids
    assert (await page.ask("GET", "/v1/calendars", "read", params={"limit": 0}))[0] == 422


async def test_a_year_at_a_glance_and_a_day_that_is_changed_and_given_back(page: Page) -> None:
    """Spring Festival of a year that nobody has published yet."""
    _, year, tag = await page.ask("GET", "/v1/calendars/years/2027")
    assert (len(year["days"]), year["version"], tag) == (365, 0, '"0"')
    path = "/v1/calendars/days/2027-02-08"
    status, year, tag = await page.ask("PUT", path, tag=tag, json={"kind": "holiday", "name": "春节"})
    [day] = [day for day in year["days"] if day["date"] == "2027-02-08"]
    assert (status, day["kind"], day["source"], tag) == (200, "holiday", "operator", '"2"')
    assert (await page.ask("PUT", path, tag='"0"', json={"kind": "workday"}))[0] == 412
    _, then, _ = await page.ask("GET", "/v1/calendars/office", params={"at": "2027-02-08T10:00:00+08:00"})
    assert not then["is_open"]
    assert (await page.ask("DELETE", path))[0] == 412
    assert (await page.ask("DELETE", path, tag=tag))[0] == 200
    assert (await page.ask("DELETE", path))[0] == 404
    for wrong in ("2027-02-30", "2027-13-01"):
        assert (await page.ask("PUT", f"/v1/calendars/days/{wrong}", json={"kind": "holiday"}))[0] == 422
    assert (await page.ask("PUT", "/v1/calendars/days/today", json={"kind": "holiday"}))[0] == 404


async def test_two_who_change_days_at_once_the_second_is_told_and_nothing_is_overwritten(page: Page) -> None:
    """A year at a time with the tag that both read; without one a day that somebody entered stays, another is taken."""
    _, year, tag = await page.ask("GET", "/v1/calendars/years/2027")
    first, second = "/v1/calendars/days/2027-02-08", "/v1/calendars/days/2027-02-20"
    assert (await page.ask("PUT", first, tag=tag, json={"kind": "holiday", "name": "春节"}))[0] == 200
    status, problem, _ = await page.ask("PUT", second, tag=tag, json={"kind": "make_up"})
    assert (status, problem["code"]) == (412, "year_changed")
    assert (await page.ask("PUT", first, json={"kind": "workday"}))[0] == 412
    assert (await page.ask("PUT", second, json={"kind": "make_up"}))[0] == 200
    _, year, tag = await page.ask("GET", "/v1/calendars/years/2027")
    days = {day["date"]: (day["kind"], day["name"]) for day in year["days"]}
    assert (days["2027-02-08"], days["2027-02-20"]) == (("holiday", "春节"), ("make_up", ""))
    assert (await page.ask("PUT", first, tag=tag, json={"kind": "workday"}))[0] == 200


async def test_a_year_comes_in_as_a_file_and_every_bad_line_is_shown_first(page: Page) -> None:
    csv = "日期,类型,名称\n2027-02-06,节假日,春节\n2027-02-30,节假日,\n2027-02-20,调休,春节\n"
    _, tried, _ = await page.ask(
        "POST", "/v1/calendars/days/import", json={"csv": csv, "dry_run": True, "complete": True}
    )
    assert (len(tried["days"]), [bad["line"] for bad in tried["bad_lines"]], tried["taken"]) == (
        2,
        [3],
        False,
    )
    path = "/v1/calendars/days/import"
    _, refused, _ = await page.ask("POST", path, tag='"1"', json={"csv": csv})
    assert not refused["taken"]
    good = csv.replace("2027-02-30,节假日,\n", "")
    _, done, _ = await page.ask("POST", path, tag='"1"', json={"csv": good, "complete": True})
    assert done["taken"]
    _, year, _ = await page.ask("GET", "/v1/calendars/years/2027")
    kinds = {day["date"]: day["kind"] for day in year["days"]}
    assert (year["known"], kinds["2027-02-06"], kinds["2027-02-20"]) == (True, "holiday", "make_up")


async def test_a_file_of_two_years_is_one_version_and_not_taken_over_what_changed_since(page: Page) -> None:
    csv = "date,kind,name\n2027-12-31,holiday,元旦\n2028-01-01,holiday,元旦\n"
    path = "/v1/calendars/days/import"
    _, tried, _ = await page.ask("POST", path, json={"csv": csv, "dry_run": True})
    await page.ask("PUT", "/v1/calendars/days/2027-12-31", json={"kind": "workday", "name": "盘点"})
    status, problem, _ = await page.ask("POST", path, tag=f'"{tried["version"]}"', json={"csv": csv})
    assert (status, problem["code"]) == (412, "business_changed")
    _, tried, _ = await page.ask("POST", path, json={"csv": csv, "dry_run": True})
    _, done, _ = await page.ask("POST", path, tag=f'"{tried["version"]}"', json={"csv": csv})
    assert (done["taken"], done["version"]) == (True, tried["version"] + 1)
    _, version, _ = await page.ask("GET", f"/v1/business/versions/{done['version']}")
    assert [change["id"] for change in version["changes"]] == ["2027", "2028"]


async def test_a_time_limit_is_reckoned_in_working_days(page: Page) -> None:
    _, shown, _ = await page.ask("GET", "/v1/working-days", params={"from": "2026-09-29", "count": "3"})
    assert shown["date"] == "2026-10-09"
    assert (await page.ask("GET", "/v1/working-days", params={"from": "2026-02-30", "count": "3"}))[0] == 422


async def test_queues_have_chinese_names_and_what_a_seed_named_otherwise_is_changed_by_that_name(
    page: Page,
) -> None:
    """By percent-encoding, on the flat paths too; a new one may not have just any name, and is told which."""
    documents, flat = "/v1/business/documents/queues/", "/v1/admin/queues/"
    chinese = documents + "综合咨询（东区）"
    status, made, tag = await page.ask("PUT", chinese, json={"data": {"name": "综合咨询（东区）"}})
    assert (status, made["id"]) == (201, "综合咨询（东区）")
    assert (await page.ask("GET", flat + quote("综合咨询（东区）")))[1]["name"] == "综合咨询（东区）"
    changed = {"data": {"name": "综合咨询（东区）", "limit": 40}}
    assert (await page.ask("PUT", chinese, tag=tag, json=changed))[0] == 200
    assert (await page.ask("DELETE", chinese, tag=(await page.ask("GET", chinese))[2]))[0] == 204
    assert (await page.ask("GET", chinese))[0] == 404

    odd = "VIP / 企业!"
    status, problem, _ = await page.ask("PUT", flat + quote(odd, safe=""), json={"name": odd})
    assert (status, problem["errors"][0]["field"]) == (422, f"queues.{odd}")
    _, file, whole = await page.ask("GET", "/v1/business/export")
    file["documents"]["queues"].append({"name": odd})
    assert (await page.ask("POST", "/v1/business/import", tag=whole, json={"file": file}))[0] == 200
    for path, body in (
        (documents + quote(odd, safe=""), {"data": {"name": odd, "limit": 50}}),
        (flat + quote(odd, safe=""), {"name": odd, "limit": 60}),
    ):
        status, _, tag = await page.ask("GET", path)
        assert status == 200
        assert (await page.ask("PUT", path, tag=tag, json=body))[0] == 200
    assert (await page.ask("GET", flat + quote(odd, safe="")))[1]["limit"] == 60


async def test_a_time_limit_is_reckoned_in_the_hours_of_a_service(page: Page) -> None:
    """Of a calendar, and of the service that has it; whoever asks for both, or for none, is told so."""
    path = "/v1/deadlines"
    noon = {"from": "2026-09-30T12:00:00+08:00"}
    asked = noon | {"calendar": "office", "working_days": "1"}
    status, shown, _ = await page.ask("GET", path, "read", params=asked)
    assert (status, shown["calendar_id"], shown["start"]) == (200, "office", "2026-09-30T04:00:00.000+00:00")
    assert shown["deadline"] == "2026-10-08T09:30:00.000+00:00", "17:30 in China"
    by_service = noon | {"service": "enterprise", "working_days": "1"}
    assert (await page.ask("GET", path, params=by_service))[1] == shown
    _, minutes, _ = await page.ask(
        "GET", path, params=noon | {"service": "enterprise", "working_minutes": "0"}
    )
    assert (minutes["working_days"], minutes["working_minutes"]) == (None, 0)

    for query, fields in (
        ({}, ["calendar", "working_days"]),
        (asked | by_service | {"working_minutes": "5"}, ["calendar", "working_days"]),
        (noon | {"calendar": "x", "working_minutes": "600001"}, ["working_minutes"]),
        (asked | {"from": "0001-01-01T00:00:00+14:00"}, ["from"]),
        (asked | {"from": "9999-12-31T23:59:59-14:00"}, ["from"]),
    ):
        status, problem, _ = await page.ask("GET", path, params=query)
        assert (status, [each["field"] for each in problem["errors"]]) == (422, fields)
    for query in ({"calendar": "no"}, {"service": "no"}):
        assert (await page.ask("GET", path, params=query | {"working_days": "1"}))[0] == 404
    await page.ask("PUT", "/v1/business/documents/hours/never", json={"data": {"id": "never"}})
    never = {"calendar": "never", "working_minutes": "1"}
    status, problem, _ = await page.ask("GET", path, params=never)
    assert (status, problem["code"]) == (422, "never_reached")


async def test_everybody_is_told_whether_the_emergency_switch_is_on(page: Page) -> None:
    status, shown, _ = await page.ask("GET", "/v1/emergency", "read")
    assert (status, shown["is_on"]) == (200, False)
    path = "/v1/business/documents/emergency/switch"
    tag = (await page.ask("GET", path))[2]
    body = {"data": {"id": "switch", "is_on": True, "notice": ["busy_later"]}, "reason": "暴雨"}
    assert (await page.ask("PUT", path, tag=tag, json=body))[0] in (200, 201)
    for who in ("read", "agent", "supervisor"):
        status, shown, _ = await page.ask("GET", "/v1/emergency", who)
        assert (status, shown["is_on"], shown["by"]) == (200, True, "admin")
        assert shown["what"]["notice"] == ["busy_later"]


async def test_the_appeal_of_a_blocked_number_is_kept_versioned_and_exported(page: Page) -> None:
    """Why it stands there, what its owner holds against that, and how long it counts."""
    path = "/v1/business/documents/lists/blocked"
    _, view, tag = await page.ask("GET", path)
    entry = {"number": "13800000001", "note": "一日拨打 300 次", "until": "2027-03-31"}
    _, view, tag = await page.ask("PUT", path, tag=tag, json={"data": view["data"] | {"numbers": [entry]}})
    appealed = entry | {"appeal": "本人来函:号码已过户,待复核"}
    body = {"data": view["data"] | {"numbers": [appealed]}, "reason": "申诉"}
    status, view, _ = await page.ask("PUT", path, tag=tag, json=body)
    assert (status, view["data"]["numbers"]) == (200, [appealed])
    _, detail, _ = await page.ask("GET", f"/v1/business/versions/{view['version']}")
    [change] = detail["changes"]
    assert (detail["version"]["reason"], detail["version"]["by"]) == ("申诉", "admin")
    assert "本人来函:号码已过户,待复核" in str([one["after"] for one in change["differences"]])
    assert "本人来函" not in str([one["before"] for one in change["differences"]])
    _, file, _ = await page.ask("GET", "/v1/business/export")
    [blocked] = [each for each in file["documents"]["lists"] if each["id"] == "blocked"]
    assert blocked["numbers"] == [appealed]


async def test_a_page_can_ask_what_documents_look_like(page: Page) -> None:
    status, told, _ = await page.ask("GET", "/v1/business/schemas")
    assert status == 200
    assert told["kinds"]["queues"]["properties"]["limit"]["default"] == 256
    assert "busy_later" in told["machine"]["prompts"]


# ---- object by object ----------------------------------------------------------------------------------


async def test_one_object_is_read_changed_and_removed_flat(page: Page) -> None:
    path = "/v1/admin/fields/village"
    status, field, tag = await page.ask("GET", path, "read")
    assert (status, field["id"], tag) == (200, "village", '"1"')
    change = field | {"name": "村庄", "extra": None}
    assert (await page.ask("PUT", path, json=change))[0] == 412
    status, field, tag = await page.ask("PUT", f"{path}?reason=试", tag=tag, json=change)
    assert (status, field, tag) == (200, {"id": "village", "name": "村庄"}, '"2"')
    _, versions, _ = await page.ask("GET", "/v1/business/versions")
    assert (versions["items"][0]["reason"], versions["items"][0]["documents"]) == ("试", ["fields/village"])
    assert (await page.ask("DELETE", path, tag='"1"'))[0] == 412
    assert (await page.ask("DELETE", path, tag=tag))[0] == 204
    assert (await page.ask("GET", path))[0] == 404
    _, listed, _ = await page.ask("GET", "/v1/admin/skills?limit=2", "read")
    assert (len(listed["items"]), listed["next_cursor"] is None) == (2, False)


async def test_objects_that_cannot_be_are_refused(page: Page) -> None:
    deep: dict[str, Any] = {}
    for _ in range(20):
        deep = {"inner": deep}
    for path, body, status in (
        ("/v1/admin/skills/law", {"id": "other"}, 412),
        ("/v1/admin/skills/new", {"id": "other"}, 422),
        ("/v1/admin/skills/new", deep, 422),
        ("/v1/admin/skills/new", [], 422),
        ("/v1/admin/shoes/new", {}, 404),
    ):
        assert (await page.ask("PUT", path, json=body))[0] == status
    assert (await page.ask("PUT", "/v1/admin/skills/new", "supervisor", json={"id": "new"}))[0] == 403


async def test_agents_are_told_what_they_can_choose_from_to_show_busy(page: Page) -> None:
    _, shown, _ = await page.ask("GET", "/v1/reasons", "agent")
    assert {one["reason_id"]: (one["name"], one["category"]) for one in shown["items"]} == {
        "rest": ("小休", "break"),
        "meal": ("用餐", "break"),
        "training": ("培训", "work"),
        "meeting": ("会议", "work"),
        "back_office": ("整理工单", "work"),
    }


async def test_a_reason_is_a_break_unless_it_says_otherwise_and_that_of_the_system_is_nobodys_choice(
    page: Page,
) -> None:
    for body, status in (
        ({"id": "walk"}, 200),
        ({"id": "line_down", "name": "线路中断", "category": "system"}, 200),
        ({"id": "nap", "category": "sleep"}, 422),
    ):
        assert (await page.ask("PUT", f"/v1/admin/reasons/{body['id']}", json=body))[0] == status
    _, shown, _ = await page.ask("GET", "/v1/reasons", "agent")
    found = {one["reason_id"]: one["category"] for one in shown["items"]}
    assert (found["walk"], "line_down" in found, "nap" in found) == ("break", False, False)
