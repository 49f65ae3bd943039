"""Every endpoint as a phone bar, a supervisor and an integrator use it, on a server that carries a real call."""

import asyncio
from pathlib import Path

import pytest

from bench.desk_phones import Manner
from bench.running_server import ApiProblem, Json
from tests.peers import CALLER, peers
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=3, greeting="", announce_agent=False, wrap_up_s=30.0, spare_legs=16)


async def refused(wanted: str, work: "asyncio.Future[Json] | object") -> ApiProblem:
    """The problem with which a request must end: `409 seat_taken`."""
    with pytest.raises(ApiProblem) as caught:
        await work  # type: ignore[misc]
    problem = caught.value
    assert f"{problem.status} {problem.code}" == wanted, problem.problem
    assert problem.problem["title"]
    return problem


async def test_an_agent_s_day(tmp_path: Path) -> None:
    """Sign in, be refused what does not fit, talk, ask for a break during the call, wrap up, leave."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(), Manner()) as around:
        api, agent, seat = here.api, here.agent(1), here.extension(1)
        bare = f"/v1/agents/{agent}"
        await refused("422 reason_needed", api.login(agent, seat, "not_ready"))
        await refused("422 unknown_extension", api.login(agent, "7999"))
        await refused("422 invalid_request", api.login(agent, seat, "asleep"))
        await refused("404 agent_not_found", api.login("9999", seat))
        await refused("409 logged_out", api.ready(agent))
        seated = await api.login(agent, seat, "not_ready", "training")
        assert (seated["presence"], seated["reason"], seated["extension"]) == ("not_ready", "training", seat)
        await refused("409 already_logged_in", api.login(agent, here.extension(2)))
        taken = await refused("409 seat_taken", api.login(here.agent(2), seat))
        assert agent in str(taken.problem["detail"])
        await refused("409 not_allowed", api.post(f"{bare}/wrap-up/end"))

        assert (await api.ready(agent))["presence"] == "ready"
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        talking = await here.wait_agent(1, activity="talking", call_id=call_id)
        assert talking["pending_presence"] is None
        state = await refused("409 not_allowed", api.logout(agent))
        assert "not-ready" in state.problem["allowed"]
        assert (await api.not_ready(agent, "lunch"))["pending_presence"] == "not_ready"
        await around.trunk.hang_up(call)
        # Wrap-up comes first; what was asked for during the call follows it.
        after = await here.wait_agent(1, presence="wrap_up", activity="idle")
        assert (after["call_id"], after["pending_presence"]) == (None, "not_ready")
        at_lunch = await api.post(f"{bare}/wrap-up/end")
        assert (at_lunch["presence"], at_lunch["reason"]) == ("not_ready", "lunch")

        await api.ready(agent)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        forced = await api.post(f"{bare}/force", {"state": "logged_out", "reason": "night"})
        assert (forced["activity"], forced["pending_presence"]) == ("talking", "logged_out")
        await here.wait_event("forced", action="force_state", agent=agent, reason="night")
        await around.trunk.hang_up(call)
        leaving = await here.wait_agent(1, presence="wrap_up")
        assert leaving["pending_presence"] == "logged_out"
        await api.post(f"{bare}/wrap-up/end")
        await here.wait_agent(1, presence="logged_out", extension=None)

        await api.login(agent, seat)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        await around.trunk.hang_up(call)
        await here.wait_agent(1, presence="wrap_up")
        assert (await api.post(f"{bare}/wrap-up/end"))["presence"] == "ready"
        assert (await api.logout(agent))["presence"] == "logged_out"
        await refused("409 logged_out", api.logout(agent))
        lost = await api.login(here.agent(3), here.extension(3))
        assert (lost["presence"], lost["reason"]) == ("not_ready", "phone_lost"), (
            "no phone is registered there"
        )
        await refused("409 phone_lost", api.ready(here.agent(3)))
        everyone = (await api.get("/v1/agents"))["items"]
        assert [row["agent_id"] for row in everyone] == [here.agent(number) for number in (1, 2, 3)]


async def test_a_supervisor_sees_calls_and_ends_one_and_finds_what_was_recorded(tmp_path: Path) -> None:
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner()) as around:
        api = here.api
        await here.login(1)
        call, call_id = await around.call()
        await here.wait_event("CallConnected", call_id=call_id)
        (active,) = await here.active_calls()
        assert (active["call_id"], active["agent"], active["ended_at"]) == (call_id, here.agent(1), None)
        (recording_id,) = (await api.call(call_id))["recordings"]
        status, _ = await api.download(f"/v1/recordings/{recording_id}")
        assert status == 409, "a file that is being written is not served"
        await asyncio.sleep(1.0)
        await api.post(f"/v1/calls/{call_id}/hang-up", {"reason": "abuse"})
        async with asyncio.timeout(3):
            await call.ended
        record = (await here.wait_call(call_id))["call"]
        assert (record["end_reason"], record["ended_by"]) == ("forced", "system")
        await refused("409 call_ended", api.post(f"/v1/calls/{call_id}/hang-up", {"reason": "again"}))
        await refused("404 call_not_found", api.call("nothing"))

        since, until = record["arrived_at"], "2099-01-01T00:00:00Z"
        for query in (
            {"from": since, "to": until},
            {"agent": here.agent(1)},
            {"number": CALLER},
            {"number": HOTLINE},
        ):
            page = await api.get("/v1/recordings", **query)
            assert [row["recording_id"] for row in page["items"]] == [recording_id], query
        for query in ({"agent": here.agent(2)}, {"number": "13900000000"}, {"from": until}):
            assert (await api.get("/v1/recordings", **query))["items"] == []
        path = f"/v1/recordings/{recording_id}"
        whole = await api.download(path)
        assert whole[1] == here.wav(recording_id).read_bytes()
        assert await api.download(path, "bytes=44-143") == (206, whole[1][44:144])
        assert (await api.download(path, f"bytes={len(whole[1])}-"))[0] == 416
        health = await api.health()
        assert health is not None
        assert {part["name"] for part in health["parts"]} >= {"edge", "cells", "plane-0", "store"}
        assert _numbers_without_a_gap(here)


def _numbers_without_a_gap(here: Stand) -> bool:
    """Whether the live stream was a snapshot and then events numbered one by one from it; beats lie in between."""
    first, *rest = [message for message in here.events if message["type"] != "heartbeat"]
    assert first["type"] == "snapshot"
    assert {"agents", "calls", "queues", "trunks"} <= first["data"].keys()
    return [event["number"] for event in rest] == [first["number"] + 1 + index for index in range(len(rest))]
