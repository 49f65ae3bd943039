"""Calls over HTTP: lists, one call, hanging up by force."""

import pytest

from api.ports import CallQuery
from tests.api.city import NOW, City


async def test_calls_are_listed_with_every_filter(city: City) -> None:
    """What stands in the query string reaches the port as typed values."""
    status, page = await city.ask("GET", "/v1/calls", "read", params={"active": "true"})
    assert (status, [call["call_id"] for call in page["items"]]) == (200, ["c2"])
    await city.ask(
        "GET",
        "/v1/calls",
        params={
            "from": "2025-11-25T00:00:00+08:00",
            "to": "2025-11-24T17:00:00Z",
            "agent": "1001",
            "number": "+8651012345678",
            "queue": "general",
            "end_reason": "abandoned",
            "cursor": "x",
            "limit": "1",
        },
    )
    assert city.calls.asked == [
        CallQuery(active=True),
        CallQuery(
            since=1764000000.0,
            until=1764003600.0,
            agent="1001",
            number="+8651012345678",
            queue="general",
            end_reason="abandoned",
            cursor="x",
            limit=1,
        ),
    ]


async def test_a_plus_that_became_a_space_is_understood(city: City) -> None:
    """`+08:00` typed into a URL arrives with a space."""
    async with city.client.get(
        "/v1/calls?from=2025-11-25T00:00:00+08:00", headers=city.auth("read"), allow_redirects=False
    ) as answer:
        assert answer.status == 200
    assert city.calls.asked[0].since == NOW


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2025-11-25T00:00:00", "from"),
        ("to=99999-01-01T00:00:00Z", "to"),
        ("active=1", "active"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=9999999999999999999999", "limit"),
        ("limit=%EF%BC%91", "limit"),
        ("colour=red", "colour"),
        ("agent=1&agent=2", "agent"),
        ("cursor=" + "x" * 513, "cursor"),
        ("number=%ED%A0%80%00", "number"),
    ],
)
async def test_a_query_that_is_wrong_names_its_parameter(city: City, query: str, field: str) -> None:
    """Nothing is asked of the port."""
    status, problem = await city.ask("GET", f"/v1/calls?{query}")
    assert (status, problem["code"], problem["errors"][0]["field"]) == (422, "invalid_request", field)
    assert city.calls.asked == []


async def test_one_call_shows_its_history_with_times_in_a_zone(city: City) -> None:
    """Times are ISO 8601, durations are seconds, what has not happened is null."""
    status, detail = await city.ask("GET", "/v1/calls/c1", "supervisor")
    assert status == 200
    assert detail["call"]["talk_s"] == 56.0
    assert detail["call"]["connected_at"] is None
    assert detail["call"]["arrived_at"].startswith("2025-11-2")
    assert detail["segments"][0]["ended_at"] is None
    assert detail["recordings"] == ["r1"]
    assert (detail["events"][0]["seq"], detail["events"][0]["data"]) == (7, {"trunk": "city"})
    status, problem = await city.ask("GET", "/v1/calls/nobody")
    assert (status, problem["code"]) == (404, "call_not_found")


async def test_a_supervisor_ends_a_call_by_force(city: City) -> None:
    """Accepted, with the reason; a finished call is a conflict."""
    status, answer = await city.ask("POST", "/v1/calls/c2/hang-up", "supervisor", json={"reason": "abuse"})
    assert (status, answer) == (202, {"call_id": "c2"})
    assert city.calls.hung_up == [("c2", "abuse")]
    status, problem = await city.ask("POST", "/v1/calls/c1/hang-up", json={"reason": "abuse"})
    assert (status, problem["code"]) == (409, "call_ended")
    assert (await city.ask("POST", "/v1/calls/c9/hang-up", json={"reason": "abuse"}))[0] == 404
    assert (await city.ask("POST", "/v1/calls/c2/hang-up"))[0] == 415


async def test_pages_hand_the_cursor_on(city: City) -> None:
    """And a cursor that is none is refused."""
    assert (await city.ask("GET", "/v1/calls?limit=1"))[1]["next_cursor"] == "more"
    status, problem = await city.ask("GET", "/v1/calls?cursor=bad")
    assert (status, problem["code"]) == (422, "bad_cursor")
