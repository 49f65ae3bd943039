"""One client that runs wild waits, and nobody else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.actors import Actor, Role
from api.leaky_buckets import KEPT_MOST
from api.problems import TooManyRequests
from api.request_pace import RequestLimits, RequestPace
from tests.api.city import running_city

PROGRAM = Actor(name="orders", role=Role.INTEGRATOR, scopes=frozenset())
PERSON = Actor(name="1001", role=Role.AGENT, scopes=frozenset(), session="s1")


@pytest.mark.parametrize("actor", [None, PROGRAM, PERSON])
def test_a_burst_is_taken_and_then_one_at_a_time(actor: Actor | None) -> None:
    """What was refused is not counted: who waits as told is let in."""
    pace = RequestPace(RequestLimits(per_s=2.0, at_once=3))
    for _ in range(3):
        pace.admit(actor, "198.51.100.1", 10.0)
    for _ in range(5):
        with pytest.raises(TooManyRequests) as refusal:
            pace.admit(actor, "198.51.100.1", 10.0)
        assert refusal.value.retry_after_s == 1
    pace.admit(actor, "198.51.100.1", 10.5)
    with pytest.raises(TooManyRequests):
        pace.admit(actor, "198.51.100.1", 10.5)


def test_clients_behind_one_address_do_not_slow_each_other() -> None:
    """A colleague, a program and a stranger each have their own; so has a stranger elsewhere."""
    pace = RequestPace(RequestLimits(per_s=1.0, at_once=1))
    others = (None, PROGRAM, replace(PROGRAM, name="wallboard"), replace(PERSON, session="s2"))
    pace.admit(PERSON, "proxy", 0.0)
    for actor in others:
        pace.admit(actor, "proxy", 0.0)
    pace.admit(None, "elsewhere", 0.0)
    for actor in (PERSON, *others):
        with pytest.raises(TooManyRequests):
            pace.admit(actor, "proxy", 0.0)


def test_what_is_remembered_is_bounded() -> None:
    """However many addresses ask."""
    pace = RequestPace(RequestLimits())
    for number in range(KEPT_MOST + 50):
        pace.admit(None, f"source {number}", 0.0)
    assert len(pace._buckets._full_until) == KEPT_MOST


async def test_over_http_a_guesser_of_tokens_is_slowed_and_a_program_is_not(tmp_path: Path) -> None:
    """429 with `Retry-After` hides whether the token was right; the program behind the same address goes on."""
    async with running_city(tmp_path, request_limits=RequestLimits(per_s=0.1, at_once=5)) as city:
        guess = {"Authorization": "Bearer guess"}
        statuses = []
        for _ in range(7):
            async with city.client.get("/v1/agents", headers=guess) as answer:
                statuses.append(answer.status)
        assert statuses == [401] * 5 + [429] * 2
        assert 1 <= int(answer.headers["Retry-After"]) <= 10
        for _ in range(5):
            assert (await city.ask("GET", "/v1/agents", "read"))[0] == 200
        status, problem = await city.ask("GET", "/v1/agents", "read")
        assert (status, problem["code"]) == (429, "too_many_requests")
        assert (await city.ask("GET", "/v1/agents", "admin"))[0] == 200
