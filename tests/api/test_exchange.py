"""Bodies that do not arrive as they should."""

import asyncio
import json
from pathlib import Path

from tests.api.city import ADDRESS, WORDS, City, running_city

HEAD = (
    f"POST /v1/agents/1001/ready HTTP/1.1\r\nHost: {ADDRESS}\r\nAuthorization: Bearer {WORDS['admin']}\r\n"
    "Content-Type: application/json\r\n"
)


async def answer_to(city: City, request: str, *, half_close: bool = False) -> tuple[int, str]:
    """Status and code of the answer to a request written by hand."""
    reader, writer = await asyncio.open_connection(ADDRESS, city.port)
    writer.write(request.encode())
    if half_close:
        writer.write_eof()
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = await asyncio.wait_for(reader.readexactly(length), 5)
    writer.close()
    return int(head.split(b" ")[1]), json.loads(body)["code"]


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    """408; nothing was changed."""
    async with running_city(tmp_path, body_timeout_s=0.05) as city:
        assert await answer_to(city, HEAD + "Content-Length: 20\r\n\r\n{") == (408, "body_timeout")


async def test_a_body_with_broken_framing_is_named(city: City) -> None:
    """400, whether the head or a later chunk is wrong."""
    request = HEAD + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nzz\r\n"
    status, _ = await answer_to(city, request)
    assert status == 400


async def test_an_id_that_no_id_can_look_like_is_not_found(city: City) -> None:
    """It never reaches a port."""
    for wanted in ("a b", "%0d%0a", "x" * 200, "%2e%2e%2f"):
        status, problem = await city.ask("GET", f"/v1/calls/{wanted}")
        assert (status, problem["code"]) == (404, "call_not_found")
