"""The business is changed while calls run: nobody who waits is moved, and a killed control knows the new one."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.desk_phones import Manner
from bench.scratch_config import TOKEN
from tests.peers import peers
from tests.stand import Stand, Terms, stand

pytestmark = pytest.mark.e2e

TERMS = Terms(seats=2, greeting="", announce_agent=False, wrap_up_s=0.0)


async def ask(here: Stand, method: str, path: str, tag: str = "", **more: Any) -> tuple[int, Any, str]:
    """One request of an administrator."""
    headers = {"Authorization": f"Bearer {TOKEN}"} | ({"If-Match": tag} if tag else {})
    url = f"{here.api.base}{path}"
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, url, headers=headers, **more) as answer,
    ):
        return answer.status, await answer.json(content_type=None), answer.headers.get("ETag", "")


async def test_a_waiting_caller_keeps_the_place_while_queue_and_agents_change(tmp_path: Path) -> None:
    """A new queue, a new agent, another limit: all of it holds for the call that waited before."""
    async with stand(tmp_path / "stand", TERMS) as here, peers(here, Manner(), Manner()) as around:
        _, kinds, _ = await ask(here, "GET", "/v1/business")
        counts = {kind["kind"]: kind["count"] for kind in kinds["items"]}
        assert (counts["agents"], counts["queues"], counts["routes"]) == (2, 1, 1)
        _, queues, _ = await ask(here, "GET", "/v1/business/documents/queues")
        [queue] = queues["items"]
        path = f"/v1/business/documents/queues/{queue['id']}"

        first, first_id = await around.call()
        await here.wait_event("CallQueued", call_id=first_id)
        status, _, tag = await ask(
            here, "PUT", path, f'"{queue["version"]}"', json={"data": queue["data"] | {"limit": 1}}
        )
        assert status == 200
        await here.wait_event("business_changed", version=2)
        second, second_id = await around.call()
        await here.wait_event("CallEnded", call_id=second_id, end_reason="queue_full")
        status, _, _ = await ask(here, "PUT", path, tag, json={"data": queue["data"] | {"limit": 9}})
        assert status == 200
        third, third_id = await around.call()
        await here.wait_event("CallQueued", call_id=third_id)

        new = {"id": "1077", "name": "新人", "queues": [queue["id"]]}
        status, _, _ = await ask(here, "PUT", "/v1/business/documents/agents/1077", json={"data": new})
        assert status == 201
        await here.api.login("1077", here.extension(1), "ready", "")
        await here.wait_event("CallConnected", call_id=first_id, agent="1077")
        await around.trunk.hang_up(first)
        await here.wait_event("CallConnected", call_id=third_id, agent="1077")
        await around.trunk.hang_up(third)
        await here.wait_call(third_id)
        assert second is not first


@pytest.mark.long
async def test_control_that_is_killed_comes_back_with_the_new_business(tmp_path: Path) -> None:
    """The configuration file seeds an empty database only."""
    async with stand(tmp_path / "stand", TERMS) as here:
        new = {"id": "1077", "name": "新人", "queues": []}
        status, _, _ = await ask(here, "PUT", "/v1/business/documents/agents/1077", json={"data": new})
        assert status == 201
        here.server.kill("control")
        await here.server.wait_ready()
        assert (await here.api.agent("1077"))["name"] == "新人"
        status, problem, _ = await ask(
            here, "PUT", "/v1/business/documents/agents/1077", '"1"', json={"data": new}
        )
        assert (status, problem["code"]) == (412, "document_changed")
