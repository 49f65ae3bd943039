"""The boundary: tokens, scopes, bodies, problems, what is logged and what is not."""

import json
import re
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.route import OPEN, Route
from api.routes import ROUTES
from tests.api.city import WORDS, City

KNOWN_IDS = {"agent_id": "1001", "call_id": "c1", "recording_id": "r1"}


def filled(path: str) -> str:
    """A path of the table with ids of the city."""
    return re.sub(r"{(\w+)}", lambda name: KNOWN_IDS.get(name[1], "x1"), path)


WRONG_HEADERS = (None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic cmVhZDpyZWFk", WORDS["read"])
ROUTES_WITH_TOKEN = pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.scopes], ids=lambda route: route.path
)


@ROUTES_WITH_TOKEN
async def test_without_a_known_token_every_endpoint_answers_alike(city: City, route: Route) -> None:
    """401 with one text, whatever was wrong with the token; a browser's WebSocket may send it later."""
    for header in WRONG_HEADERS[1:] if route.is_upgrade else WRONG_HEADERS:
        headers = {} if header is None else {"Authorization": header}
        async with city.client.request(route.method, filled(route.path), headers=headers) as answer:
            problem = await answer.json(content_type=None)
            assert answer.status == 401, header
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="softswitch"'
            assert answer.content_type == "application/problem+json"
            assert problem["code"] == "unauthenticated"


@pytest.mark.parametrize("scheme", ["Bearer", "bEARER", "bearer "])
async def test_the_scheme_of_the_header_is_written_in_any_case(city: City, scheme: str) -> None:
    """RFC 9110 section 11.1."""
    headers = {"Authorization": f"{scheme} {WORDS['admin']}"}
    async with city.client.get("/v1/agents", headers=headers) as answer:
        assert answer.status == 200


@ROUTES_WITH_TOKEN
async def test_a_token_without_the_scope_is_forbidden(city: City, route: Route) -> None:
    """Each token may do what its scopes say and nothing else; admin may do everything."""
    for who in ("none", "read", "agent", "supervisor", "admin"):
        async with city.client.request(route.method, filled(route.path), headers=city.auth(who)) as answer:
            allowed = who == "admin" or who in route.scopes
            assert (answer.status != 403) == allowed, who
            if not allowed:
                problem = await answer.json(content_type=None)
                assert (problem["code"], problem["needed"]) == ("forbidden", sorted(route.scopes))


async def test_only_health_and_the_document_ask_for_no_token(city: City) -> None:
    """A new endpoint cannot be open by oversight."""
    assert [route.path for route in ROUTES if route.scopes == OPEN] == ["/v1/session", "/health"]
    for path in ("/health", "/openapi.json"):
        async with city.client.get(path) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe{}",
        b'{"reason": NaN}',
        b'{"reason": "a", "reason": "b"}',
        b'{"reason": ' + b"[" * 5000,
        b'{"reason": ' + b"9" * 5000 + b"}",
    ],
)
async def test_a_body_that_is_no_json_is_malformed(city: City, body: bytes) -> None:
    """400, never 500."""
    headers = {**city.auth(), "Content-Type": "application/json"}
    async with city.client.post("/v1/agents/1001/not-ready", data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b'"ready"', b"null", b"7"])
async def test_a_body_that_is_no_object_is_refused(city: City, body: bytes) -> None:
    """422 says that an object was expected."""
    headers = {**city.auth(), "Content-Type": "application/json"}
    async with city.client.post("/v1/agents/1001/ready", data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (422, "invalid_request")


async def test_a_body_in_another_type_or_compressed_is_not_taken(city: City) -> None:
    """A form of a foreign page, and a bomb, stay outside."""
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ):
        async with city.client.post(
            "/v1/agents/1001/not-ready", data=b'{"reason":"x"}', headers={**city.auth(), **headers}
        ) as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["code"]) == (415, "unsupported_media_type")


async def test_a_body_that_is_too_large_is_refused(city: City) -> None:
    """413, with a length and without one."""

    async def pieces() -> Any:
        for _ in range(70):
            yield b"x" * 1024

    headers = {**city.auth(), "Content-Type": "application/json"}
    for data in (b"x" * 70_000, pieces()):
        async with city.client.post("/v1/agents/1001/ready", data=data, headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (413, "body_too_large")


async def test_unknown_paths_and_methods_are_problems_too(city: City) -> None:
    """With the methods that are allowed."""
    assert (await city.ask("GET", "/v2/everything"))[1]["code"] == "no_such_path"
    async with city.client.delete("/v1/calls/c1", headers=city.auth()) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
        assert (await answer.json(content_type=None))["code"] == "method_not_allowed"


async def test_nothing_of_an_inner_fault_is_shown(city: City) -> None:
    """500 with an id that stands in the log beside the trace."""
    with capture_logs() as logs:
        status, problem = await city.ask("GET", "/v1/agents/boom")
    assert (status, problem["code"]) == (500, "internal_error")
    assert "secret inner detail" not in json.dumps(problem)
    assert [log["incident"] for log in logs if log["event"] == "http.failed"] == [problem["incident"]]


async def test_a_broken_link_inside_is_not_taken_for_a_reader_that_left(city: City) -> None:
    """The reader is there and gets its 500."""
    status, problem = await city.ask("GET", "/v1/agents/unlinked")
    assert (status, problem["code"]) == (500, "internal_error")


async def test_a_part_that_is_not_there_says_when_to_ask_again(city: City) -> None:
    """503 with Retry-After."""
    async with city.client.get("/v1/agents/starting", headers=city.auth()) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
        assert (await answer.json(content_type=None))["code"] == "engine_starting"


async def test_requests_are_logged_without_tokens_and_queries(city: City) -> None:
    """By the token's name, not by its text."""
    with capture_logs() as logs:
        await city.ask("GET", f"/v1/calls?cursor={WORDS['read']}", "read")
        await city.client.get("/health")
    requests = [log for log in logs if log["event"] == "http.request"]
    assert [(log["path"], log["status"], log["who"]) for log in requests] == [
        ("/v1/calls", 200, "read"),
        ("/health", 200, ""),
    ]
    assert not any(word in str(logs) for word in WORDS.values())


async def test_every_answer_carries_security_headers(city: City) -> None:
    """Also problems; the server does not say what it is made of."""
    for path in ("/health", "/v1/agents", "/nowhere"):
        async with city.client.get(path) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "Server" not in answer.headers


async def test_health_is_503_when_calls_cannot_be_taken(city: City) -> None:
    """The body says why, either way."""
    assert (await city.ask("GET", "/health"))[0] == 200
    city.health.ready = False
    status, view = await city.ask("GET", "/health")
    assert (status, view["reasons"], view["parts"][0]["ok"]) == (503, ["plane_lost"], False)
    assert view["version"] == "1.2.3"
