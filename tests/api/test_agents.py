"""Agents over HTTP: sign in and out, ready and not ready, wrap-up."""

from dataclasses import replace

import pytest

from tests.api.city import City


async def test_an_agent_signs_in_works_and_signs_out(city: City) -> None:
    """Each step answers with the agent as it stands afterwards."""
    status, agent = await city.ask(
        "POST", "/v1/agents/1001/login", "agent", json={"extension": "8001", "initial_state": "ready"}
    )
    assert (status, agent["presence"], agent["extension"]) == (200, "ready", "8001")
    status, agent = await city.ask("POST", "/v1/agents/1001/not-ready", "agent", json={"reason": "午餐"})
    assert (status, agent["presence"], agent["reason"]) == (200, "not_ready", "午餐")
    assert (await city.ask("POST", "/v1/agents/1001/ready", "agent"))[1]["presence"] == "ready"
    city.agents.rows["1001"] = replace(city.agents.rows["1001"], presence="wrap_up")
    assert (await city.ask("POST", "/v1/agents/1001/wrap-up/end", "agent", json={}))[1]["presence"] == "ready"
    status, agent = await city.ask("POST", "/v1/agents/1001/logout", "agent")
    assert (status, agent["presence"], agent["extension"]) == (200, "logged_out", None)


async def test_agents_are_listed_and_looked_at(city: City) -> None:
    """With their zone-bearing time."""
    status, page = await city.ask("GET", "/v1/agents", "read")
    assert status == 200
    assert [agent["agent_id"] for agent in page["items"]] == ["1001", "1002", "1003", "2001"]
    assert page["next_cursor"] is None
    status, agent = await city.ask("GET", "/v1/agents/1002", "agent")
    assert (status, agent["name"], agent["queues"]) == (200, "王芳", ["general"])
    assert agent["since"].startswith("2025-11-2")
    assert agent["since"][-6] in "+-"


@pytest.mark.parametrize("verb", ["logout", "ready", "wrap-up/end"])
async def test_a_conflict_names_the_state_and_what_is_allowed(city: City, verb: str) -> None:
    """The phone bar can show the right buttons without parsing a sentence."""
    status, problem = await city.ask("POST", f"/v1/agents/1001/{verb}", "agent")
    assert (status, problem["code"]) == (409, "logged_out")
    assert (problem["state"], problem["allowed"]) == ("logged_out", ["login"])


async def test_one_agent_a_seat_and_one_seat_an_agent(city: City) -> None:
    """Both conflicts have codes of their own."""
    body = {"extension": "8001", "initial_state": "not_ready", "reason": "准备"}
    assert (await city.ask("POST", "/v1/agents/1001/login", json=body))[0] == 200
    status, problem = await city.ask("POST", "/v1/agents/1002/login", json=body)
    assert (status, problem["code"]) == (409, "seat_taken")
    status, problem = await city.ask("POST", "/v1/agents/1001/login", json={**body, "extension": "8002"})
    assert (status, problem["code"]) == (409, "already_logged_in")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"extension": "8001"}, "missing", "initial_state"),
        ({"extension": "8001", "initial_state": "asleep"}, "not_allowed", "initial_state"),
        ({"extension": 8001, "initial_state": "ready"}, "wrong_type", "extension"),
        ({"extension": None, "initial_state": "ready"}, "wrong_type", "extension"),
        ({"extension": "８００１", "initial_state": "ready"}, "not_allowed", "extension"),
        ({"extension": "8001", "initial_state": "ready", "seat": "8001"}, "unknown_field", "seat"),
        ({"extension": "8001", "initial_state": "ready", "reason": "a\r\nb"}, "not_allowed", "reason"),
        ({"extension": "8001", "initial_state": "ready", "reason": "x" * 65}, "not_allowed", "reason"),
    ],
)
async def test_wrong_fields_are_named(city: City, body: dict[str, object], code: str, field: str) -> None:
    """Nothing is changed, and every wrong field stands in `errors`."""
    status, problem = await city.ask("POST", "/v1/agents/1001/login", json=body)
    assert (status, problem["code"]) == (422, "invalid_request")
    assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [(field, code)]
    assert city.agents.rows["1001"].presence == "logged_out"


async def test_what_the_rules_of_the_hotline_refuse_has_its_own_code(city: City) -> None:
    """An unknown seat, a missing reason, an unknown agent."""
    body = {"extension": "9999", "initial_state": "ready"}
    assert (await city.ask("POST", "/v1/agents/1001/login", json=body))[1]["code"] == "unknown_extension"
    body = {"extension": "8001", "initial_state": "not_ready", "reason": "  "}
    status, problem = await city.ask("POST", "/v1/agents/1001/login", json=body)
    assert (status, problem["code"]) == (422, "reason_needed")
    assert (await city.ask("POST", "/v1/agents/1001/not-ready", json={"reason": "   "}))[0] == 422
    status, problem = await city.ask("POST", "/v1/agents/7777/ready")
    assert (status, problem["code"]) == (404, "agent_not_found")
    assert (await city.ask("GET", "/v1/agents/%00%ff"))[0] == 404


async def test_colleagues_are_those_at_a_seat_and_no_more_is_told_of_them(city: City) -> None:
    """Enough to see whom to ask: also for an agent, who sees nothing else of others."""
    await city.ask("POST", "/v1/agents/1002/login", json={"extension": "8002", "initial_state": "ready"})
    async with city.client.get("/v1/colleagues", headers=await city.bearer_of("1001")) as answer:
        assert (await answer.json())["items"] == [
            {
                "agent_id": "1002",
                "name": "王芳",
                "extension": "8002",
                "presence": "ready",
                "activity": "idle",
            }
        ]
