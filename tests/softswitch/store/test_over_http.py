"""The store behind the HTTP interface: what was recorded is what an integrator reads."""

from dataclasses import replace
from pathlib import Path

import aiohttp

from api.app import make_app
from api.event_stream import EventStream
from api.ports import Ports
from api.server import serve
from softswitch.store.calls import StoredCalls
from softswitch.store.entries import RecordingClosed
from softswitch.store.reader import Reader
from softswitch.store.recordings import StoredRecordings
from tests.api.city import TOKENS, WORDS, Agents, Health
from tests.softswitch.store.samples import CALLER, open_store, whole_call
from tests.softswitch.store.test_calls import hang_up

ADDRESS = "127.63.0.2"


async def test_a_recorded_call_is_found_by_its_number_and_heard(tmp_path: Path) -> None:
    """From the entries of one call to its sound, through the database and the wire."""
    (tmp_path / "r.wav").write_bytes(b"RIFF" + bytes(1000))
    store = await open_store(tmp_path)
    for entry in whole_call(start=1_764_000_000.0):
        moved = replace(entry, path=str(tmp_path / "r.wav")) if isinstance(entry, RecordingClosed) else entry
        store.record(moved)
    await store.committed()
    reader = await Reader.open(tmp_path / "hotline.db")
    ports = Ports(
        agents=Agents(),
        calls=StoredCalls(reader, hang_up),
        recordings=StoredRecordings(reader),
        health=Health(),
        events=EventStream("s", lambda: 0.0, dict),
    )
    server = await serve(make_app(ports, TOKENS), ADDRESS, 0)
    headers = {"Authorization": f"Bearer {WORDS['read']}"}
    async with aiohttp.ClientSession(f"http://{ADDRESS}:{server.port}", headers=headers) as client:
        query = {"number": CALLER, "from": "2025-11-24T16:00:00Z", "agent": "1001"}
        async with client.get("/v1/recordings", params=query) as answer:
            [recording] = (await answer.json())["items"]
        assert (recording["recording_id"], recording["agents"], recording["left_dbfs"]) == (
            "r-c1",
            ["1001"],
            -20.5,
        )
        async with client.get(f"/v1/calls/{recording['call_id']}") as answer:
            detail = await answer.json()
        assert (detail["call"]["wait_s"], detail["call"]["talk_s"], len(detail["events"])) == (29.0, 56.0, 11)
        assert str(tmp_path) not in str(detail)
        async with client.get("/v1/recordings/r-c1", headers={"Range": "bytes=0-3"}) as answer:
            assert (answer.status, await answer.read()) == (206, b"RIFF")
        async with client.get("/v1/calls", params={"cursor": "none"}) as answer:
            assert (answer.status, (await answer.json(content_type=None))["code"]) == (422, "bad_cursor")
    await server.close()
    await reader.close()
    await store.close()
