"""Messages over the store and the wire: found, heard in parts, and dealt with by somebody."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from api.app import make_app
from api.event_stream import EventStream
from api.faults import NotFound
from api.ports import Ports
from api.reach import Reach
from api.server import serve
from api.voicemail_views import VoicemailsQuery
from softswitch.business.whole import whole_of
from softswitch.calls.voicemail_desk import VoicemailDesk
from softswitch.store.calls import StoredCalls
from softswitch.store.entries import (
    RecordingDeleted,
    RecordingStarted,
    VoicemailDiscarded,
    VoicemailStarted,
)
from softswitch.store.reader import Reader
from softswitch.store.voicemails import StoredVoicemails
from softswitch.store.writer import Store
from tests.api.city import TOKENS, WORDS, Agents, Calls, Health, Recordings
from tests.softswitch.business.test_strategies import MACHINE
from tests.softswitch.calls.node import Node
from tests.softswitch.store.samples import CALLER, closed, open_store, whole_call
from tests.softswitch.store.test_calls import hang_up

ADDRESS = "127.63.0.7"
START = 1_764_000_000.0
SOUND = bytes(range(200))
WAY = {"reason": "flow", "flow": "main", "node": "message"}


async def no_dial(agent: str, number: str, data: dict[str, Any], caller_id: str) -> str:
    """Nobody has a phone here."""
    raise NotFound("agent", agent)


def leave(store: Store, number: int, box: str = "main", caller: str = CALLER, conditions: str = "") -> None:
    """A caller begins a message, led by a flow or by a rule whose conditions are given."""
    by = {"reason": "overflow", "conditions": conditions} if conditions else WAY
    at, name = START + number, f"m{number}"
    call_id = f"c{number}"
    store.record(VoicemailStarted(at=at, voicemail_id=name, call_id=call_id, box=box, caller=caller, **by))
    store.record(RecordingStarted(at=at, recording_id=name, call_id=f"c{number}", path=f"/data/{name}.wav"))


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Three messages; the first is finished."""
    (tmp_path / "m1.wav").write_bytes(SOUND)
    async with AsyncExitStack() as stack:
        store = await open_store(tmp_path)
        stack.push_async_callback(store.close)
        leave(store, 1)
        store.record(replace(closed("m1", "c1", START + 21), path=str(tmp_path / "m1.wav"), duration_s=20.0))
        leave(store, 2, box="night", conditions="waiting:50 when_nobody")
        leave(store, 3, caller="+8613800000000")
        await store.committed()
        reader = await Reader.open(tmp_path / "hotline.db", store.committed)
        stack.push_async_callback(reader.close)
        node = Node()
        board = node.board
        node.chronicle._store = store
        ports = Ports(
            agents=Agents(),
            calls=Calls(),
            recordings=Recordings(tmp_path),
            health=Health(),
            events=EventStream("s", lambda: 0.0, dict),
            voicemails=VoicemailDesk(
                StoredVoicemails(reader), board.contacts, board.table, no_dial, lambda: whole_of({}, MACHINE)
            ),
        )
        server = await serve(make_app(ports, TOKENS), ADDRESS, 0)
        stack.push_async_callback(server.close)
        headers = {"Authorization": f"Bearer {WORDS['supervisor']}"}
        session = aiohttp.ClientSession(f"http://{ADDRESS}:{server.port}", headers=headers)
        yield await stack.enter_async_context(session)


async def found(client: aiohttp.ClientSession, **query: str) -> list[str]:
    """The ids of the messages that a query finds."""
    async with client.get("/v1/voicemails", params=query) as answer:
        assert answer.status == 200, await answer.text()
        return [item["voicemail_id"] for item in (await answer.json())["items"]]


async def test_messages_are_found_by_box_number_time_and_state(client: aiohttp.ClientSession) -> None:
    assert await found(client) == ["m3", "m2", "m1"]
    assert await found(client, box="night") == ["m2"]
    assert await found(client, number=CALLER) == ["m2", "m1"]
    assert await found(client, handled="true") == []
    assert await found(client, **{"from": "2025-11-24T16:00:02Z"}) == ["m3", "m2"]
    assert await found(client, to="2025-11-24T16:00:02Z") == ["m1"]


async def test_a_page_goes_on_where_the_one_before_ended(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/voicemails", params={"limit": "2"}) as answer:
        page = await answer.json()
    assert len(page["items"]) == 2
    assert await found(client, cursor=page["next_cursor"]) == ["m1"]


async def test_a_message_is_heard_in_parts_once_it_is_finished(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/voicemails/m1/sound", headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status, await answer.read()) == (206, SOUND[10:20])
    async with client.get("/v1/voicemails/m2/sound") as answer:
        assert answer.status == 409
    async with client.get("/v1/voicemails/none/sound") as answer:
        assert answer.status == 404
    async with client.get("/v1/voicemails/m1") as answer:
        shown = await answer.json()
    assert (shown["duration_s"], shown["state"], shown["handled_by"]) == (20.0, "done", None)
    assert (shown["reason"], shown["flow"], shown["node"], shown["conditions"]) == (
        "flow",
        "main",
        "message",
        [],
    )
    async with client.get("/v1/voicemails/m2") as answer:
        other = await answer.json()
    assert (other["reason"], other["flow"], other["node"]) == ("overflow", None, None)
    assert other["conditions"] == ["waiting:50", "when_nobody"]
    assert "path" not in shown


async def test_somebody_deals_with_a_message(client: aiohttp.ClientSession) -> None:
    async with client.post("/v1/voicemails/m1/handled", json={"note": "已回电"}) as answer:
        shown = await answer.json()
    assert (answer.status, shown["handled_by"], shown["note"]) == (200, "supervisor", "已回电")
    assert await found(client, handled="false") == ["m3", "m2"]
    async with client.post("/v1/voicemails/none/handled", json={}) as answer:
        assert answer.status == 404


async def test_agents_are_given_a_message_and_its_caller_is_called(client: aiohttp.ClientSession) -> None:
    """Over the wire: what is wrong with either is told as everywhere."""
    for path, body, code in (
        ("m1/hand-over", {"queue": "hotline"}, "no_capacity"),
        ("none/hand-over", {}, "voicemail_not_found"),
        ("m1/hand-over", {"agent": "1999"}, "agent_not_found"),
        ("m1/hand-over", {}, "queue_needed"),
        ("m1/call-back", {}, "agent_needed"),
        ("m1/call-back", {"agent": "1999"}, "agent_not_found"),
    ):
        async with client.post(f"/v1/voicemails/{path}", json=body) as answer:
            assert (await answer.json())["code"] == code


async def test_a_message_belongs_to_the_queue_in_which_its_caller_stood(tmp_path: Path) -> None:
    """One that was left before any queue belongs to every supervisor."""
    store = await open_store(tmp_path)
    for entry in whole_call("c1", START):
        store.record(entry)
    leave(store, 1)
    leave(store, 2)
    await store.committed()
    reader = await Reader.open(tmp_path / "hotline.db", store.committed)
    messages = StoredVoicemails(reader)
    queue = (await StoredCalls(reader, hang_up).get("c1")).call.queue
    assert queue is not None
    for queues, seen in (({queue}, ["m2", "m1"]), ({"other"}, ["m2"]), (set(), ["m2"])):
        page = await messages.list(VoicemailsQuery(), Reach(queues=frozenset(queues), sees_queued=True))
        assert [one.voicemail_id for one in page.items] == seen
    await reader.close()
    await store.close()


async def test_a_control_that_starts_learns_which_files_of_discarded_messages_are_left(
    tmp_path: Path,
) -> None:
    """The one before it was killed after the caller had spoken anew; what is deleted already is not told again."""
    store = await open_store(tmp_path)
    for number in (1, 2, 3):
        leave(store, number)
    for number in (1, 2):
        store.record(closed(f"m{number}", f"c{number}", START + 21))
    for number in (1, 2, 3):
        store.record(VoicemailDiscarded(at=START + 22, voicemail_id=f"m{number}", call_id=f"c{number}"))
    store.record(RecordingDeleted(at=START + 23, recording_id="m1", call_id="c1", reason="spoken_anew"))
    orphans = await store.close_orphans(START + 30, ())
    assert orphans.discarded == (("m2", "c2", "/data/m2.wav"),)
    await store.close()
