"""The business is changed while calls run: nobody who waits is moved, and a killed control knows the new one."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bench.desk_phones import DeskPhone, Manner
from bench.peers.rtp_stream import Pacer
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
        await here.wait_ready()
        assert (await here.api.agent("1077"))["name"] == "新人"
        status, problem, _ = await ask(
            here, "PUT", "/v1/business/documents/agents/1077", '"1"', json={"data": new}
        )
        assert (status, problem["code"]) == (412, "document_changed")


@pytest.mark.long
async def test_a_seat_made_and_removed_over_http_while_its_phone_talks(tmp_path: Path) -> None:
    """Its phone registers at once and is rung; removed under a call it goes when its agent signs out, not before."""
    path = "/v1/business/documents/accounts/8077"
    seat = {
        "username": "8077",
        "password": "secret-77",
        "extension": "8077",
        "media_networks": ["127.0.0.0/8"],
    }
    async with stand(tmp_path / "stand", TERMS) as here, peers(here) as around:
        status, made, tag = await ask(here, "PUT", path, json={"data": seat})
        assert (status, made["data"]["password"]) == (201, "****")
        phone = await DeskPhone.start(
            "8077",
            "secret-77",
            address=here.phone_address,
            registrar=here.sip,
            pacer=Pacer(),
            manner=Manner(),
        )
        try:
            assert await phone.register() == 200
            await here.api.login("1001", "8077", "ready", "")
            call, call_id = await around.call()
            await here.wait_event("CallConnected", call_id=call_id, extension="8077")
            url = f"{here.api.base}{path}"
            headers = {"Authorization": f"Bearer {TOKEN}", "If-Match": tag}
            async with aiohttp.ClientSession() as client, client.delete(url, headers=headers) as answer:
                assert answer.status == 204
            assert [one["call_id"] for one in await here.active_calls()] == [call_id]
            assert (await here.api.agent("1001"))["reachable"]
            await around.trunk.hang_up(call)
            await here.wait_agent(1, presence="ready", activity="idle")
            await here.api.logout("1001")
            assert await phone.register() >= 400
        finally:
            await phone.close()
        status, problem, _ = await ask(
            here, "POST", "/v1/agents/1001/login", json={"extension": "8077", "initial_state": "ready"}
        )
        assert (status, problem["code"]) == (422, "unknown_extension")
