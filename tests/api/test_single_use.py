"""`Idempotency-Key`: done once, answered as often as asked."""

import asyncio
from pathlib import Path

import pytest

from api.document import make_document
from api.faults import Conflict, Refused
from api.routes import ROUTES
from api.self_check_port import SelfCheckView
from api.single_use import KEPT_S, Answer, SingleUse
from api.views import Page, WallTime
from tests.api.city import City, Keeper, Wall, running_city

DONE = Answer(status=202, text='{"call_id":"c1"}')


class Work:
    """Something that must not be done twice."""

    def __init__(self) -> None:
        self.times = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> Answer:
        self.times += 1
        await self.may_end.wait()
        return DONE


async def test_asked_again_it_is_answered_and_not_done() -> None:
    """The same answer; another caller's key is another key."""
    work, once = Work(), SingleUse(Keeper(), Wall())
    for _ in range(3):
        assert await once.do("a", "k", "dial 1", work) == DONE
    assert work.times == 1
    await once.do("b", "k", "dial 1", work)
    assert work.times == 2


async def test_asked_again_while_it_is_done_it_waits_for_the_one_answer() -> None:
    """A page that lost its connection in the middle."""
    work, once = Work(), SingleUse(Keeper(), Wall())
    work.may_end.clear()
    first, second = (asyncio.ensure_future(once.do("a", "k", "dial 1", work)) for _ in range(2))
    await asyncio.sleep(0)
    work.may_end.set()
    assert (await first, await second, work.times) == (DONE, DONE, 1)


async def test_a_key_serves_one_request() -> None:
    """Another one under it is a mistake of the caller."""
    work, once = Work(), SingleUse(Keeper(), Wall())
    await once.do("a", "k", "dial 1", work)
    with pytest.raises(Refused) as reused:
        await once.do("a", "k", "dial 2", work)
    assert reused.value.code == "idempotency_key_reused"
    assert work.times == 1


async def test_what_was_refused_may_be_asked_again() -> None:
    """Nothing was done: the key is free."""
    once = SingleUse(Keeper(), Wall())

    async def refuse() -> Answer:
        raise Conflict("no_call", "no call")

    with pytest.raises(Conflict):
        await once.do("a", "k", "hold", refuse)
    assert await once.do("a", "k", "hold", Work()) == DONE


async def test_answers_outlive_a_restart_and_what_was_cut_short_is_not_done_again() -> None:
    """Nobody knows what came of it: better to say so than to dial twice."""
    keeper, work = Keeper(), Work()
    once = SingleUse(keeper, Wall())
    await once.do("a", "done", "dial 1", work)
    work.may_end.clear()
    cut = asyncio.ensure_future(once.do("a", "cut", "dial 2", work))
    await asyncio.sleep(0)
    after = SingleUse(keeper, Wall())
    assert await after.do("a", "done", "dial 1", work) == DONE
    with pytest.raises(Conflict) as unknown:
        await after.do("a", "cut", "dial 2", work)
    assert unknown.value.code == "outcome_unknown"
    assert work.times == 2
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)


async def test_a_key_is_forgotten_after_a_day() -> None:
    """The database does not grow for ever."""
    keeper, wall, work = Keeper(), Wall(), Work()
    once = SingleUse(keeper, wall)
    await once.do("a", "k", "dial 1", work)
    wall.now += KEPT_S + 1
    await once.do("a", "k2", "dial 1", work)
    assert len(keeper.tables["idempotency"]) == 1


async def test_dialling_twice_with_one_key_dials_once(city: City) -> None:
    """Over HTTP, with the header; a key of strange letters is refused by name."""
    headers = {**city.auth(), "Idempotency-Key": "d-1"}
    for _ in range(2):
        async with city.client.post("/v1/agents/1001/dial", json={"number": "1"}, headers=headers) as answer:
            assert (answer.status, await answer.json()) == (202, {"call_id": "c9"})
    assert len(city.control.asked) == 1
    async with city.client.post("/v1/agents/1001/dial", json={"number": "2"}, headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (
            422,
            "idempotency_key_reused",
        )
    headers["Idempotency-Key"] = "a b"
    async with city.client.post("/v1/agents/1001/dial", json={"number": "2"}, headers=headers) as answer:
        assert (await answer.json(content_type=None))["errors"][0]["field"] == "Idempotency-Key"


async def test_force_after_a_restart_is_not_done_again(tmp_path: Path) -> None:
    """The key outlives the server; the ledger has the action once."""
    keeper, body = Keeper(), {"state": "ready", "reason": "x"}
    for times in (1, 0):
        async with running_city(tmp_path, keeper=keeper) as city:
            headers = {**city.auth(), "Idempotency-Key": "f-1"}
            async with city.client.post("/v1/agents/1001/force", json=body, headers=headers) as answer:
                assert answer.status == 200
            assert len(city.control.asked) == len(city.ledger.actions) == times


class SelfChecks:
    """A node that counts its checks."""

    def __init__(self) -> None:
        self.done: list[SelfCheckView] = []

    async def newest(self, cursor: str, limit: int) -> Page[SelfCheckView]:
        return Page(items=tuple(self.done[-limit:]), next_cursor=cursor or None)

    async def page(self, check_id: str) -> str:
        return check_id

    async def check(self) -> SelfCheckView:
        number = len(self.done) + 1
        self.done.append(
            SelfCheckView(
                check_id=f"s{number}", started_at=WallTime(0.0), is_well=True, fault="", text="well"
            )
        )
        return self.done[-1]


async def test_a_self_check_whose_answer_was_lost_rings_the_hotline_once(tmp_path: Path) -> None:
    """Asked again with the key it is the same check; without one it is another."""
    checks = SelfChecks()
    async with running_city(tmp_path, self_checks=checks) as city:
        for headers, check_id in (
            ({"Idempotency-Key": "s-1"}, "s1"),
            ({"Idempotency-Key": "s-1"}, "s1"),
            ({}, "s2"),
        ):
            async with city.client.post("/v1/self-checks", headers={**city.auth(), **headers}) as answer:
                assert (answer.status, (await answer.json())["check_id"]) == (200, check_id)
    assert len(checks.done) == 2


def test_what_rings_people_or_the_hotline_by_order_heeds_the_key() -> None:
    """A drill that is asked for twice would ring the roster twice."""
    heeding = {route.path for route in ROUTES if route.method == "POST" and route.is_done_once}
    assert {"/v1/alarms/test", "/v1/self-checks", "/v1/callbacks"} <= heeding
    assert "/v1/voicemails/{voicemail_id}/call-back" in heeding
    assert {"dial", "consult", "transfer", "dial_record"} <= {r.command for r in ROUTES if r.is_done_once}


WITHOUT_A_KEY = {
    "/v1/session": "its answer is a secret, which is written nowhere",
    "/v1/session/password": "asks for the password of before",
    "/v1/admin/agents/{agent_id}/password": "again, it is the same password",
    "/v1/tickets": "its answer is a secret, which is written nowhere",
    "/v1/business/documents/{kind}/{document_id}/check": "changes nothing",
    "/v1/business/versions/{version}/restore": "names the version that was looked at",
    "/v1/business/import": "names the version that was looked at",
    "/v1/calendars/days/import": "names the version that was looked at",
    "/v1/customers/import": "names the version that was looked at",
    "/v1/customers/changes/{version}/undo": "412 once it is undone",
    "/v1/customers/{customer_id}/restore": "names the version that was looked at",
    "/v1/alarms/{alarm_id}/acknowledge": "again, it is acknowledged by the same",
}
"""Every POST that may be repeated without a key, and why."""


def test_every_other_post_heeds_the_key() -> None:
    """A new one has to, or has to be told of here: with a line that is cut nobody knows whether it was done."""
    keyless = {route.path for route in ROUTES if route.method == "POST" and not route.is_done_once}
    assert keyless == WITHOUT_A_KEY.keys()


def test_the_document_names_the_header() -> None:
    """Code generators pass it on."""
    for path, methods in make_document("1")["paths"].items():
        for method, operation in methods.items():
            [route] = [one for one in ROUTES if (one.path, one.method) == (path, method.upper())]
            headers = [one["name"] for one in operation["parameters"] if one["in"] == "header"]
            assert ("Idempotency-Key" in headers) == route.is_done_once, path
            assert ("If-Match" in headers) == (412 in route.faults), path


async def test_a_wrap_up_and_keys_that_are_asked_for_again_come_once(city: City) -> None:
    """Both change something each time: so many seconds more, and a key pressed twice."""
    for verb, body in (("wrap-up/extend", {"seconds": 60}), ("digits", {"digits": "1"}), ("alternate", {})):
        city.control.asked.clear()
        for key in (f"{verb}-1", f"{verb}-1", f"{verb}-2"):
            headers = {**city.auth(), "Idempotency-Key": key.replace("/", ".")}
            async with city.client.post(f"/v1/agents/1001/{verb}", json=body, headers=headers) as answer:
                assert answer.status == 200
        assert len(city.control.asked) == 2


def test_what_is_forced_heeds_the_key_and_is_named_whole() -> None:
    """Every action over others is done once per key; a new one has to be added here, with its row in the ledger."""
    forced = {route.command: route for route in ROUTES if route.is_forced and not route.is_upgrade}
    assert forced.keys() == {
        "force_state",
        "supervise",
        "intercept",
        "force_hang_up",
        "pick_up",
        "move",
        "set_level",
    }
    assert [name for name, route in forced.items() if not route.is_done_once] == []
