"""A caller enters a password that the agent must not hear: on real phones, with what everybody hears and what is recorded."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bench.running_server import Json
from tests import spectrum
from tests.conversation import MUSIC, TONES_HZ, conversation
from tests.e2e.test_flows import ask
from tests.e2e.test_listening import HEADERS, Listener, url_of

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PASSWORD: Json = {
    "id": "password",
    "start": "pin",
    "nodes": {
        "pin": {
            "type": "collect",
            "say": ["enter_order"],
            "into": "pin",
            "masked": True,
            "most": 4,
            "timeout_s": 30,
            "next": "checked",
            "otherwise": "back",
        },
        "checked": {"type": "set", "data": {"checked": "yes"}, "next": "back"},
        "back": {"type": "hang_up", "say": []},
    },
}
FAREWELL: Json = {
    "id": "farewell",
    "start": "bye",
    "nodes": {"bye": {"type": "hang_up", "say": ["leave_message"]}},
}


@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "control is killed"])
async def test_a_password_is_entered_while_the_agent_hears_music(tmp_path: Path, is_killed: bool) -> None:
    """Neither the agent, nor who listens, nor the recording has a sound of it; both talk again afterwards.

    Control may be killed in the middle: the caller types it anew, and the agent waits on.  At last the agent hands the
    caller over to a flow that says farewell and hangs up.
    """
    async with (
        conversation(tmp_path / "stand", agents=1) as talk,
        aiohttp.ClientSession(headers=HEADERS) as client,
    ):
        here = talk.here
        await ask(here, "PUT", "/v1/business/documents/flows/password", json={"data": PASSWORD})
        assert [one["flow"] for one in (await here.api.get("/v1/flows"))["items"]] == ["password"]
        await talk.begin()
        await talk.wait_heard(one={"caller"}, caller={"one"})
        socket = await client.ws_connect(url_of(talk))
        await socket.receive_json(timeout=5)
        page = Listener(socket)
        following = asyncio.ensure_future(page.follow())
        await page.wait_hears({"caller", "one"})
        began = await talk.operate(1, "to-flow", {"flow": "password"})
        assert "reconnect" in began["allowed"]
        await talk.wait_heard(one={MUSIC}, caller=set())  # once the flow has said what it wants
        await page.wait_hears(set())
        if is_killed:
            await talk.phones["caller"].send_dtmf("47", by="rfc4733")
            since = len(here.events)
            here.server.kill("control")
            await here.wait_snapshot(since=since)
            assert "reconnect" in (await here.api.agent(here.agent(1)))["allowed"]
            await talk.wait_heard(one={MUSIC})
        for digit in "4711":
            await talk.phones["caller"].send_dtmf(digit, by="rfc4733")
            await asyncio.sleep(0.2)
        back = await here.wait_event("CallBackFromFlow", call_id=talk.call_id)
        assert back["cause"] == "completed"
        await talk.wait_heard(one={"caller"}, caller={"one"})
        assert (await here.api.call(talk.call_id))["call"]["data"] == {"checked": "yes"}
        if not is_killed:  # else the page would have to connect again
            await page.wait_hears({"caller", "one"})
        await ask(here, "PUT", "/v1/business/documents/flows/farewell", json={"data": FAREWELL})
        await talk.operate(1, "transfer", {"kind": "flow", "to": "farewell"})
        handed = await here.wait_event("CallTransferred", call_id=talk.call_id, to="farewell")
        assert (handed["agent"], handed["kind"]) == (here.agent(1), "flow")
        await talk.phones["one"].wait_for("disconnected")
        await here.wait_agent(1, presence="wrap_up", call_id=None)
        await talk.phones["caller"].wait_for("disconnected")
        heard = await talk.phones["caller"].recording()
        _, left_at = spectrum.find_tone_spans(heard, TONES_HZ["one"])[-1]
        farewell = heard[round(8000 * left_at) :]
        assert len(farewell) > 8000, "the caller stays after the agent"
        assert spectrum.level_dbfs(farewell) > -40, "and is told something"
        detail = await here.wait_call(talk.call_id)
        (left, _), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        level = [spectrum.level_dbfs(left[at : at + 4000]) for at in range(0, len(left) - 4000, 4000)]
        spoken = [at for at, dbfs in enumerate(level) if dbfs > -40]
        silent = [at for at, dbfs in enumerate(level) if dbfs < -60]
        assert spoken[0] < silent[0] < silent[-1] < spoken[-1], "the caller, the secret, the caller again"
        following.cancel()
        assert "4711" not in (here.folder / "server.log").read_text()
