"""A supervisor listens in the browser: the sound arrives and follows the call, and nobody hears who listens."""

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest

from bench.running_server import ApiProblem
from bench.scratch_config import TOKEN
from tests import spectrum
from tests.conversation import HEARD_DBFS, MUSIC, TONES_HZ, Conversation, conversation
from tests.peers import alaw_samples

pytestmark = pytest.mark.e2e

HEADERS = {"Authorization": f"Bearer {TOKEN}"}


class Listener:
    """A page that listens: everything that arrived, as samples."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.coded = bytearray()

    async def follow(self) -> None:
        """Keep every frame until the server closes."""
        async for message in self.socket:
            assert message.type is aiohttp.WSMsgType.BINARY
            assert len(message.data) == 160
            self.coded += message.data

    async def wait_hears(self, wanted: set[str], within_s: float = 15.0) -> None:
        """Until the newest second holds just the tones of these."""
        until, heard = time.monotonic() + within_s, set[str]()
        while time.monotonic() < until:
            await asyncio.sleep(0.3)
            newest = alaw_samples(bytes(self.coded[-8000:]))
            heard = {
                name for name, hz in TONES_HZ.items() if spectrum.tone_level_dbfs(newest, hz) > HEARD_DBFS
            }
            if len(newest) == 8000 and heard == wanted:
                return
        raise AssertionError(f"wanted {wanted}, heard {heard} in {len(self.coded)} bytes")


def url_of(talk: Conversation, reason: str = "training") -> str:
    return f"{talk.here.api.base}/v1/calls/{talk.call_id}/listen?reason={reason}"


async def test_what_is_said_arrives_in_the_browser_and_who_listens_is_heard_by_nobody(tmp_path: Path) -> None:
    """Caller and agent; the held caller is silent; a colleague who is asked is heard; the end is the end."""
    async with conversation(tmp_path / "stand") as talk, aiohttp.ClientSession(headers=HEADERS) as client:
        here = talk.here
        await talk.begin()
        await here.login(2, state="not_ready")
        async with client.ws_connect(url_of(talk)) as socket:
            head = await socket.receive_json(timeout=5)
            assert (head["type"], head["codec"], head["sample_rate_hz"], head["frame_ms"]) == (
                "listening",
                "PCMA",
                8000,
                20,
            )
            page = Listener(socket)
            following = asyncio.ensure_future(page.follow())
            await here.wait_event("SupervisionStarted", call_id=talk.call_id, mode="monitor")
            await page.wait_hears({"caller", "one"})
            await talk.wait_heard(caller={"one"}, one={"caller"})

            await talk.operate(1, "consult", {"kind": "agent", "to": here.agent(2)})
            await here.wait_event("ConsultAnswered", to=here.agent(2))
            await page.wait_hears({"one", "two"})
            await talk.wait_heard(caller={MUSIC}, one={"two"}, two={"one"})
            await talk.operate(1, "conference")
            await page.wait_hears({"caller", "one", "two"})
            await talk.operate(1, "mute")
            await page.wait_hears({"caller", "two"})

            await talk.phones["caller"].hang_up()
            await asyncio.wait_for(following, 10)
            assert socket.close_code == 1000
        await here.wait_event("SupervisionEnded", call_id=talk.call_id)
        [entry] = (await here.api.get("/v1/ledger"))["items"]
        assert (entry["action"], entry["call_id"], entry["reason"]) == ("listen", talk.call_id, "training")
        assert entry["agent"] == here.agent(1)
        with pytest.raises(aiohttp.WSServerHandshakeError) as over:
            await client.ws_connect(url_of(talk))
        assert over.value.status in (404, 409)


@pytest.mark.long
async def test_listening_ends_with_the_page_and_with_control_and_the_talk_goes_on(tmp_path: Path) -> None:
    """A reason is needed; control that comes back knows nothing of it, and is asked again."""
    async with conversation(tmp_path / "stand") as talk, aiohttp.ClientSession(headers=HEADERS) as client:
        here = talk.here
        await talk.begin()
        with pytest.raises(ApiProblem, match="bad_request"):
            await here.api.get(f"/v1/calls/{talk.call_id}/listen", reason="x")
        with pytest.raises(aiohttp.WSServerHandshakeError) as unsaid:
            await client.ws_connect(url_of(talk, ""))
        assert unsaid.value.status == 422
        async with client.ws_connect(url_of(talk)) as socket:
            await socket.receive_json(timeout=5)
        await here.wait_event("SupervisionEnded", call_id=talk.call_id, cause="left")

        socket = await client.ws_connect(url_of(talk))
        await socket.receive_json(timeout=5)
        page = Listener(socket)
        following = asyncio.ensure_future(page.follow())
        await page.wait_hears({"caller", "one"})
        here.server.kill("control")
        await asyncio.gather(following, return_exceptions=True)
        await here.wait_ready()
        await talk.wait_heard(caller={"one"}, one={"caller"})
        async with client.ws_connect(url_of(talk)) as again:
            await again.receive_json(timeout=5)
            page = Listener(again)
            following = asyncio.ensure_future(page.follow())
            await page.wait_hears({"caller", "one"})
        await asyncio.gather(following, return_exceptions=True)
