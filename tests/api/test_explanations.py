"""Why a call came to its agent, over HTTP."""

import re
from dataclasses import fields
from pathlib import Path

from api.decision_views import DecisionView
from api.document import make_document
from tests.api.city import City, running_city

PATH = "/v1/calls/{call_id}/explain"


async def test_a_decision_is_told_in_words_and_in_figures(city: City) -> None:
    """Chinese first; the candidates with what was compared, the others by reason."""
    status, shown = await city.ask("GET", "/v1/calls/c1/explain", "read")
    assert (status, shown["call_id"], shown["is_whole"], shown["why_waiting"]) == (200, "c1", True, None)
    (decision,) = shown["decisions"]
    assert list(decision)[:3] == ["at", "chinese", "english"]
    assert re.match(r"2025-11-\d\dT", decision["at"])
    assert decision["agents"][0] == {
        "agent": "1001",
        "is_chosen": True,
        "skill": 0,
        "idle_s": 60.0,
        "turn": 0,
        "calls": 2,
        "talk_s": 90.0,
        "occupancy": 0.5,
        "rank": 0,
    }
    assert decision["contacts"][0]["arrival_s"] == 3.5
    assert decision["agents_excluded"] == [{"reason": "talking", "chinese": "通话中", "number": 2}]


async def test_a_call_that_waits_says_why(city: City) -> None:
    """Agent by agent; and that earlier records are gone is said."""
    status, shown = await city.ask("GET", "/v1/calls/c2/explain", "supervisor")
    assert (status, shown["decisions"], shown["is_whole"]) == (200, [], False)
    assert shown["why_waiting"]["agents"] == [{"agent": "1001", "reason": "talking", "chinese": "通话中"}]
    assert shown["why_waiting"]["position"] == 1


async def test_a_call_that_never_was_is_not_found(city: City) -> None:
    """Like the call itself."""
    for call_id in ("c9", "%20"):
        status, problem = await city.ask("GET", f"/v1/calls/{call_id}/explain")
        assert (status, problem["code"]) == (404, "call_not_found")


async def test_supervisors_ask_and_agents_do_not(city: City) -> None:
    """It names colleagues and other callers."""
    for agent_id, expected in (("1001", 403), ("2001", 200), ("9001", 200)):
        headers = await city.bearer_of(agent_id)
        async with city.client.get("/v1/calls/c2/explain", headers=headers) as answer:
            assert answer.status == expected


async def test_a_server_without_decisions_says_so(tmp_path: Path) -> None:
    """501, as for every operation that a server lacks."""
    async with running_city(tmp_path, has_operations=False) as city:
        assert (await city.ask("GET", "/v1/calls/c1/explain"))[0] == 501


def test_the_document_describes_every_field() -> None:
    """Down to the candidates."""
    document = make_document("1")
    answer = document["paths"][PATH]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/ExplanationView"}
    decision = document["components"]["schemas"]["DecisionView"]["properties"]
    assert decision.keys() == {field.name for field in fields(DecisionView)}
    assert decision["agents"]["items"] == {"$ref": "#/components/schemas/AgentCandidateView"}


async def test_everybody_is_listed_where_it_is_asked_for(city: City) -> None:
    """With the place in the journal; without, it is null."""
    _, shown = await city.ask("GET", "/v1/calls/c1/explain", "read")
    assert shown["decisions"][0]["whole"] is None
    status, shown = await city.ask("GET", "/v1/calls/c1/explain?whole=true&offer=o1", "read")
    assert (status, shown["decisions"][0]["whole"]["line"]) == (200, 7)
    status, problem = await city.ask("GET", "/v1/calls/c1/explain?whole=perhaps", "read")
    assert (status, problem["errors"][0]["field"]) == (422, "whole")


async def test_a_server_without_contacts_explains_none(city: City) -> None:
    """It has calls alone."""
    status, problem = await city.ask("GET", "/v1/contacts/ct-1/explain", "supervisor")
    assert (status, problem["code"]) == (501, "not_built")
