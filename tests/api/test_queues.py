"""Queues as they stand now, asked for over HTTP."""

from typing import Any

from tests.api.city import City

ROWS: list[dict[str, Any]] = [
    {
        "queue": queue,
        "limit": 256,
        "waiting": waiting,
        "longest_wait_s": 1.5 * waiting,
        "agents_free": 2 - waiting,
        "expected_wait_s": [5.0, 20.0] if waiting else [],
    }
    for queue, waiting in (("general", 2), ("law", 0))
]


async def test_queues_are_shown_as_the_snapshot_has_them(city: City) -> None:
    """All of them to a program, on one page."""
    city.snapshot["queues"] = ROWS
    assert await city.ask("GET", "/v1/queues", "read") == (200, {"items": ROWS, "next_cursor": None})


async def test_a_supervisor_sees_those_of_their_groups(city: City) -> None:
    """As by the live stream; an agent is not shown the lines."""
    city.snapshot["queues"] = ROWS
    async with city.client.get("/v1/queues", headers=await city.bearer_of("2001")) as answer:
        assert [row["queue"] for row in (await answer.json())["items"]] == ["general"]
    async with city.client.get("/v1/queues", headers=await city.bearer_of("1001")) as answer:
        assert answer.status == 403
