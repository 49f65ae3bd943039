"""The door: under which names the server is asked, and whose pages may use it."""

import asyncio
import socket
from pathlib import Path

import pytest

from tests.api.city import ADDRESS, City, running_city

CRM = "https://crm.example.cn"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (ADDRESS, 200),
        (f"{ADDRESS}:8080", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("hotline.example.cn", 200),
        ("HOTLINE.example.cn:443", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
async def test_only_our_own_names_are_answered(tmp_path: Path, host: str, status: int) -> None:
    """An address cannot be rebound to another server, a name can."""
    async with (
        running_city(tmp_path, hosts=("hotline.example.cn",)) as city,
        city.client.get("/health", headers={"Host": host}) as answer,
    ):
        assert answer.status == status
        if status == 421:
            assert (await answer.json(content_type=None))["code"] == "wrong_host"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://crm.example.cn.evil.example", ""])
async def test_a_change_from_a_foreign_page_is_refused(tmp_path: Path, origin: str) -> None:
    """Whatever token it has; looking is harmless, since its browser keeps the answer from it."""
    async with running_city(tmp_path, embedders=(CRM,)) as city:
        headers = {**city.auth(), "Origin": origin}
        async with city.client.post("/v1/agents/1001/hold", headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (403, "origin_refused")
        async with city.client.get("/v1/agents", headers=headers) as answer:
            assert answer.status == 200
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert city.control.asked == []


async def test_our_own_pages_and_the_named_sites_may_change_things(tmp_path: Path) -> None:
    """The answer is shown to the named site's scripts, never with cookies."""
    async with running_city(tmp_path, embedders=(CRM,)) as city:
        for origin in (city.origin, CRM):
            headers = {**city.auth(), "Origin": origin}
            async with city.client.post("/v1/agents/1001/hold", headers=headers) as answer:
                assert answer.status == 200
                assert answer.headers.get("Access-Control-Allow-Origin") == (CRM if origin == CRM else None)
                assert "Access-Control-Allow-Credentials" not in answer.headers
                assert answer.headers["Vary"] == "Origin"


async def test_a_browser_of_a_named_site_is_told_what_it_may_ask(tmp_path: Path) -> None:
    """The preflight of the Fetch standard; for others it is a method that is not allowed."""
    async with running_city(tmp_path, embedders=(CRM,)) as city:
        for origin, status in ((CRM, 204), ("http://evil.example", 405)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            async with city.client.options("/v1/agents/1001/hold", headers=headers) as answer:
                assert answer.status == status
                assert ("Access-Control-Allow-Methods" in answer.headers) == (status == 204)


async def test_without_named_sites_no_header_speaks_of_any(city: City) -> None:
    """The default is to let in nobody."""
    async with city.client.get("/health", headers={"Origin": CRM}) as answer:
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


async def test_a_request_without_a_host_is_answered_at_once(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 9112 wants one (section 3.2); no name service is asked what it might have been."""

    def never() -> str:
        raise AssertionError("a name service was asked")

    monkeypatch.setattr(socket, "getfqdn", never)
    for version, status in (("1.1", b"400"), ("1.0", b"421")):
        reader, writer = await asyncio.open_connection(ADDRESS, city.port)
        writer.write(f"GET /health HTTP/{version}\r\nConnection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert answer.split()[1] == status
