"""A supervisor sees what belongs to their groups and nothing else: in every list, in the figures, by WebSocket and SSE."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.desk_phones import Manner
from tests.e2e.test_sign_in import TERMS, browser
from tests.peers import CALLER, peers
from tests.stand import stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

Json = dict[str, Any]
LAW = """
[[queues]]
name = "law"
wrap_up_s = 0.0
announce_agent = false

[[routes]]
number = "12346"
queue = "law"
greeting = ""

[[agents]]
id = "1101"
name = "法律"
queues = ["law"]
groups = ["north"]
"""
LISTS = ("/v1/calls", "/v1/recordings", "/v1/agents", "/v1/callbacks", "/v1/contacts", "/v1/ledger")


async def test_another_group_is_out_of_sight_in_every_list_and_stream(tmp_path: Path) -> None:
    """One call of the own queue, one of a queue that no agent of the supervisor's groups serves."""
    async with (
        stand(tmp_path / "stand", replace(TERMS, extra=LAW)) as here,
        peers(here, Manner(), Manner()) as around,
        browser(here) as supervisor,
    ):
        api = here.api
        assert await supervisor.sign_in(3) == 201
        line = await supervisor.live()
        stream = await supervisor.session.get("/v1/events/stream")
        await here.login(1)
        await api.login("1101", here.extension(2), "ready", "")
        own, own_id = await around.call()
        since = len(here.events)
        foreign = await around.trunk.call("12346", CALLER)
        assert await foreign.answered == 200
        foreign_id = str((await here.wait_event("CallConnected", since=since, agent="1101"))["call_id"])
        await api.post(f"/v1/calls/{foreign_id}/hang-up", {"reason": "test"})
        await here.wait_call(foreign_id)
        await around.trunk.hang_up(own)
        await here.wait_call(own_id)

        seen = {path: (await supervisor.ask("GET", path))[1]["items"] for path in LISTS}
        everything = {path: (await api.get(path))["items"] for path in LISTS}
        for path, kind in (("/v1/calls", "call_id"), ("/v1/recordings", "call_id")):
            assert [row[kind] for row in seen[path]] == [own_id]
            assert {row[kind] for row in everything[path]} == {own_id, foreign_id}
        assert [row["agent_id"] for row in seen["/v1/agents"]] == [here.agent(1), here.agent(3)]
        assert (len(seen["/v1/ledger"]), len(everything["/v1/ledger"])) == (0, 1)
        assert "1101" not in json.dumps(seen)
        since_day = "/v1/figures?from=2020-01-01T00:00:00Z"
        for path, offered in ((since_day, 1), (f"{since_day}&queue=law", 0)):
            assert (await supervisor.ask("GET", path))[1]["offered"] == offered
        assert (await api.get("/v1/figures", **{"from": "2020-01-01T00:00:00Z"}))["offered"] == 2
        for path in (
            f"/v1/calls/{foreign_id}",
            f"/v1/calls/{foreign_id}/explain",
            "/v1/agents/1101",
            "/metrics",
        ):
            assert (await supervisor.ask("GET", path))[0] == 403, path
        recording = everything["/v1/recordings"][
            0 if everything["/v1/recordings"][0]["call_id"] == foreign_id else 1
        ]
        assert (await supervisor.ask("GET", f"/v1/recordings/{recording['recording_id']}/meta"))[0] == 403

        await api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        await api.not_ready(here.agent(1), "the last event")
        by_socket: list[Json] = []
        by_stream: list[Json] = []
        async with asyncio.timeout(10):
            while not _is_last(by_socket):
                by_socket.append(await line.receive_json())
            async for text in stream.content:
                if text.startswith(b"data:"):
                    by_stream.append(json.loads(text.removeprefix(b"data:")))
                    if _is_last(by_stream):
                        break
        told = [event for event in by_socket if event["type"] == "event"]
        assert told == [event for event in by_stream if event["type"] == "event"]
        assert {event["data"]["call_id"] for event in told if event["data"].get("call_id")} >= {own_id}
        tail = [event["kind"] for event in told if event["data"].get("call_id") == foreign_id]
        assert set(tail) <= {"call.arrived", "call.answered", "recording.started"}, "until it has a queue"
        assert not [event for event in told if "1101" in json.dumps(event["data"])]
        shown = next(event for event in by_stream if event["type"] == "snapshot")["data"]
        assert [row["queue"] for row in shown["queues"]] == ["hotline"]
        stream.close()


def _is_last(events: list[Json]) -> bool:
    return bool(events) and (events[-1].get("data") or {}).get("reason") == "the last event"
