"""Customers over HTTP, as a phone bar, a supervisor's page and an administrator's spreadsheet use them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from api.app import make_app
from api.server import serve
from softswitch.customers.desk import CustomerDesk
from tests.api.city import PASSWORD, TOKENS, WORDS, People
from tests.softswitch.business.conftest import ports_with

ADDRESS = "127.63.0.8"
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def client(desk: CustomerDesk, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A server over the table, and an administrator's program."""
    ports = ports_with(
        tmp_path,
        people=People(),
        customers=desk,
    )
    async with AsyncExitStack() as stack:
        server = await serve(make_app(ports, TOKENS), ADDRESS, 0)
        stack.push_async_callback(server.close)
        headers = {"Authorization": f"Bearer {WORDS['admin']}"}
        session = aiohttp.ClientSession(f"http://{ADDRESS}:{server.port}", headers=headers)
        yield await stack.enter_async_context(session)


async def test_a_customer_is_made_changed_and_removed_with_their_tag(client: aiohttp.ClientSession) -> None:
    body = {"numbers": ["138-1234-5678"], "name": "李", "level": 3, "notes": "一\n二"}
    async with client.post("/v1/customers", json=body) as answer:
        assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
        made = await answer.json()
    assert (made["customer_id"], made["numbers"], made["fields"]) == (1, ["13812345678"], {})
    for tag, status in ((None, 412), ('"9"', 412), ('"1"', 200)):
        headers = {"If-Match": tag} if tag else {}
        async with client.put("/v1/customers/1", json=body | {"name": "李四"}, headers=headers) as answer:
            assert answer.status == status
    async with client.get("/v1/customers/1/versions") as answer:
        assert [one["customer"]["name"] for one in (await answer.json())["items"]] == ["李四", "李"]
    async with client.delete("/v1/customers/1", headers={"If-Match": '"2"'}) as answer:
        assert answer.status == 204
    for path in ("/v1/customers/1", "/v1/customers/x", "/v1/customers/import"):
        async with client.get(path) as answer:
            assert answer.status == 404
    async with client.post("/v1/customers/1/restore", json={"version": 1}) as answer:
        assert ((await answer.json())["name"], answer.headers["ETag"]) == ("李", '"4"')


async def test_a_customer_whose_answer_was_lost_is_there_once(client: aiohttp.ClientSession) -> None:
    """Asked again under its key it is the same customer, with the tag by which it is changed."""
    for _ in range(2):
        async with client.post(
            "/v1/customers", json={"numbers": ["13812345678"]}, headers={"Idempotency-Key": "c-1"}
        ) as answer:
            assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
            assert (await answer.json())["customer_id"] == 1
    async with client.get("/v1/customers?number=13812345678") as answer:
        assert len((await answer.json())["items"]) == 1


async def test_wrong_fields_are_all_named(client: aiohttp.ClientSession) -> None:
    wrong: dict[str, object] = {"numbers": "138", "level": 2000, "fields": {"village": 3}}
    async with client.post("/v1/customers", json=wrong) as answer:
        told = {fault["field"]: fault["code"] for fault in (await answer.json(content_type=None))["errors"]}
    assert told == {"numbers": "wrong_type", "level": "not_allowed"}
    others: tuple[dict[str, object], ...] = (
        {"numbers": ["1"] * 11},
        {"numbers": ["12345"], "fields": {"village": 3}},
    )
    for other in others:
        async with client.post("/v1/customers", json=other) as answer:
            assert answer.status == 422


async def test_a_file_comes_in_and_goes_out(client: aiohttp.ClientSession) -> None:
    """As bytes of a spreadsheet; anything but CSV is not taken."""
    file = "号码,姓名\n13812345678,李\nx,王\n".encode("gb18030")
    async with client.post("/v1/customers/import?dry_run=true", data=file, headers=CSV) as answer:
        shown = await answer.json()
    assert (shown["taken"], shown["made"]) == (False, 1)
    [bad] = shown["bad_cells"]
    assert (bad["line"], bad["column"], bad["value"]) == (3, "numbers", "x")
    async with client.post("/v1/customers/import", json={}) as answer:
        assert answer.status == 415
    async with client.post("/v1/customers/import", data=file[:-5], headers=CSV) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (428, "version_needed")
    async with client.post(
        "/v1/customers/import", data=file[:-5], headers=CSV | {"If-Match": '"9"'}
    ) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (412, "customers_changed")
    async with client.post(
        "/v1/customers/import", data=file[:-5], headers=CSV | {"If-Match": '"0"'}
    ) as answer:
        assert (await answer.json())["taken"]
    async with client.get("/v1/customers/export") as answer:
        assert answer.content_type == "text/csv"
        assert "13812345678,李," in await answer.text("utf-8-sig")
    async with client.post("/v1/customers/changes/1/undo", json={}) as answer:
        assert (await answer.json())["customers"] == 1
    async with client.get("/v1/customers/changes") as answer:
        assert [one["version"] for one in (await answer.json())["items"]] == [2, 1]


async def test_agents_look_for_a_number_and_never_through_the_town(client: aiohttp.ClientSession) -> None:
    await client.post("/v1/customers", json={"numbers": ["13812345678"], "name": "李"})
    cookies = aiohttp.CookieJar(unsafe=True)  # the host is an address
    async with aiohttp.ClientSession(client._base_url, cookie_jar=cookies) as page:
        await page.post("/v1/session", json={"agent_id": "1001", "password": PASSWORD})
        async with page.get("/v1/customers", params={"number": "13812345678"}) as answer:
            assert [one["name"] for one in (await answer.json())["items"]] == ["李"]
        for path in ("/v1/customers", "/v1/customers?name=李", "/v1/customers/1", "/v1/customers/export"):
            async with page.get(path) as answer:
                assert answer.status == 403
