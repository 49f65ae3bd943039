"""Call flows with real callers: keys by RFC 4733 and SIP INFO, what is heard proven by its spectrum, messages, secrets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile
from aiohttp import web

from bench.running_server import ROOT, Json
from bench.scratch_config import TOKEN
from tests import spectrum
from tests.phones.handset import Handset, handset
from tests.sipp.runner import sipp
from tests.stand import HOTLINE, Stand, Terms, stand

pytestmark = pytest.mark.e2e

CALLER_HZ, AGENT_HZ = 440, 1000
MUSIC = ROOT / "config" / "music" / "waiting.wav"
SILENCE_S = 2.5
TONES = {
    "menu_services": 650,
    "leave_message": 1250,
    "message_kept": 1850,
    "rate_us": 2250,
    "enter_order": 850,
    "busy_later": 1500,
}
"""What each prompt of the flow sounds like here."""

FLOW: Json = {
    "id": "main",
    "start": "menu",
    "nodes": {
        "menu": {
            "type": "menu",
            "say": ["menu_services"],
            "keys": {"1": "people", "2": "message", "3": "pin"},
            "otherwise": "people",
        },
        "people": {"type": "queue", "queue": "hotline", "after": "rate"},
        "message": {
            "type": "voicemail",
            "say": ["leave_message"],
            "silence_s": SILENCE_S,
            "box": "night",
            "longest_s": 20,
            "next": "kept",
        },
        "kept": {"type": "hang_up", "say": ["message_kept"]},
        "pin": {
            "type": "collect",
            "say": ["enter_order"],
            "into": "pin",
            "masked": True,
            "next": "look",
            "otherwise": "people",
        },
        "look": {
            "type": "look_up",
            "url": "http://127.63.0.8:{port}/orders/{pin}",
            "take": {"state": "order"},
            "next": "people",
            "on_error": "message",
        },
        "rate": {"type": "survey", "say": ["rate_us"], "keys": {"1": "good"}},
    },
}


@dataclass
class Orders:
    """A back office that knows orders."""

    asked: list[str] = field(default_factory=list)
    port: int = 0


@asynccontextmanager
async def orders() -> AsyncIterator[Orders]:
    """A web service on this machine."""
    found = Orders()

    async def show(request: web.Request) -> web.Response:
        found.asked.append(request.match_info["order"])
        return web.json_response({"state": "办理中", "days": 3})

    app = web.Application()
    app.router.add_get("/orders/{order}", show)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.63.0.8", 0)
    await site.start()
    found.port = runner.addresses[0][1]
    try:
        yield found
    finally:
        await runner.cleanup()


def terms(folder: Path) -> Terms:
    """Two seats; the prompts of the flow are tones."""
    prompts = folder / "prompts"
    prompts.mkdir(parents=True)
    for name, hz in TONES.items():
        time = np.arange(8000 * 2) / 8000
        soundfile.write(prompts / f"{name}.wav", 0.3 * np.sin(2 * np.pi * hz * time), 8000, subtype="PCM_16")
    return Terms(
        seats=1,
        announce_agent=False,
        wrap_up_s=0.5,
        media_extra=f'prompt_dirs = ["{ROOT / "config/prompts/zh"}", "{prompts}"]',
        extra='[flows]\nlookup_hosts = ["127.63.0.8"]\nlookup_private = true\n',
    )


async def ask(here: Stand, method: str, path: str, tag: str = "", **more: Any) -> Json:
    """One request of an administrator that must be answered."""
    headers = {"Authorization": f"Bearer {TOKEN}"} | ({"If-Match": tag} if tag else {})
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, f"{here.api.base}{path}", headers=headers, **more) as answer,
    ):
        shown: Json = await answer.json(content_type=None)
        assert answer.status < 300, shown
        return shown


@asynccontextmanager
async def running(folder: Path, port: int = 1) -> AsyncIterator[tuple[Stand, Handset]]:
    """A softswitch whose hotline has the flow, and a caller at the trunk."""
    async with (
        stand(folder / "stand", terms(folder)) as here,
        handset(here.trunk_address, tone_hz=CALLER_HZ, account="13800000001") as caller,
    ):
        flow = json.loads(json.dumps(FLOW).replace("{port}", str(port)))
        await ask(here, "PUT", "/v1/business/documents/flows/main", json={"data": flow})
        path = f"/v1/business/documents/routes/{HOTLINE}"
        route = await ask(here, "GET", path)
        await ask(here, "PUT", path, f'"{route["version"]}"', json={"data": route["data"] | {"flow": "main"}})
        yield here, caller


async def hears(caller: Handset, hz: float, within_s: float = 6.0) -> None:
    """The caller hears this tone now."""
    heard = np.zeros(0)
    for _ in range(round(within_s / 0.25)):
        await asyncio.sleep(0.25)
        heard = await caller.recording()
        if spectrum.tone_level_dbfs(heard[-1600:], hz) > -25:
            return
    raise AssertionError(f"no {hz} Hz but {spectrum.dominant_tone(heard[-1600:])} Hz within {within_s} s")


@pytest.mark.parametrize("by", ["rfc4733", "info", "silence"])
@pytest.mark.long
async def test_a_caller_leaves_a_message(tmp_path: Path, by: str) -> None:
    """Menu, key, announcement, beep, message, key or silence, thanks; the message is the caller's voice and nothing else."""
    async with running(tmp_path) as (here, caller):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        await caller.send_dtmf("2", by="info" if by == "info" else "rfc4733")
        await hears(caller, TONES["leave_message"])
        started = await here.wait_event("VoicemailStarted", box="night", within_s=8)
        await asyncio.sleep(3.0)
        if by == "silence":
            await caller.play_tone(CALLER_HZ, level=60)  # what is left is the noise of a line
        else:
            await caller.send_dtmf("#", by=by)
        await hears(caller, TONES["message_kept"], within_s=10)
        ended = await here.wait_event("CallEnded", call_id=started["call_id"], within_s=8)
        assert (ended["end_reason"], ended["ended_by"]) == ("served", "system")
        [message] = (await ask(here, "GET", "/v1/voicemails"))["items"]
        assert message["caller"].endswith("13800000001")
        assert message["duration_s"] == pytest.approx(3.0 + (SILENCE_S if by == "silence" else 0), abs=1.0)
        (left, right), _ = spectrum.read_channels(
            next((here.server.data_dir / "voicemail").rglob(f"{message['voicemail_id']}.wav"))
        )
        assert spectrum.dominant_tone(left[4000:12000]) == pytest.approx(CALLER_HZ, abs=15)
        assert spectrum.level_dbfs(right) < -60
        sound, ((music,), _) = await caller.recording(), spectrum.read_channels(MUSIC)
        for name in ("menu_services", "leave_message", "message_kept"):
            begin, end = spectrum.find_tone_spans(sound, TONES[name])[0]
            said = sound[round((begin + 0.1) * 8000) : round((end - 0.1) * 8000)]
            likeness = spectrum.likeness(spectrum.without_tone(said, TONES[name]), music)
            assert likeness < 0.5, f"music under {name}"
        done = await ask(here, "POST", f"/v1/voicemails/{message['voicemail_id']}/handled", json={})
        assert done["handled_by"] == "test"


@pytest.mark.long
async def test_a_caller_stays_in_the_version_of_the_flow_over_a_kill_of_control(tmp_path: Path) -> None:
    """While a caller hears the menu, the menu is taken out of the flow and control dies: the caller's key still counts."""
    async with running(tmp_path) as (here, caller):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        path = "/v1/business/documents/flows/main"
        document = await ask(here, "GET", path)
        short = {"id": "main", "start": "people", "nodes": {"people": {"type": "queue", "queue": "hotline"}}}
        changed = await ask(here, "PUT", path, f'"{document["version"]}"', json={"data": short})
        here.server.kill("control")
        await here.wait_ready()
        await hears(caller, TONES["menu_services"], within_s=10)
        await caller.send_dtmf("2")
        await hears(caller, TONES["leave_message"])
        await here.wait_event("VoicemailStarted", box="night", within_s=8)
        assert (await ask(here, "GET", path))["version"] == changed["version"] > document["version"]


@pytest.mark.long
async def test_a_caller_talks_with_an_agent_and_rates_the_talk(tmp_path: Path) -> None:
    """The agent hangs up, the caller stays, hears the question and answers it by a key."""
    async with running(tmp_path) as (here, caller):
        user, password = here.account(1)
        async with handset(
            here.phone_address, account=user, password=password, registrar=here.registrar, tone_hz=AGENT_HZ
        ) as phone:
            assert await phone.register() == 200
            await phone.auto_answer(0.0)
            await here.login(1)
            await caller.call(here.hotline)
            await hears(caller, TONES["menu_services"])
            await caller.send_dtmf("1")
            call_id = (await here.wait_event("CallConnected"))["call_id"]
            await hears(caller, AGENT_HZ)
            await phone.hang_up()
            await hears(caller, TONES["rate_us"])
            await here.wait_agent(1, presence="ready", within_s=5)
            await caller.send_dtmf("1")
            answer = await here.wait_event("SurveyAnswered", call_id=call_id)
            assert (answer["name"], answer["answer"]) == ("satisfaction", "good")
            ended = await here.wait_event("CallEnded", call_id=call_id)
            assert ended["end_reason"] == "completed"
            detail = await here.wait_call(call_id)
            assert detail["call"]["talk_s"] > 0.5
            assert detail["call"]["data"] == {"satisfaction": "good"}


@pytest.mark.parametrize("by", ["rfc4733", pytest.param("info", marks=pytest.mark.long)])
async def test_what_a_caller_types_masked_is_nowhere(tmp_path: Path, by: str) -> None:
    """Not in the recording, the journal, the database, the live stream or the log; only the back office hears of it."""
    secret = "90210774"
    async with orders() as office, running(tmp_path, office.port) as (here, caller):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        await caller.send_dtmf("3", by=by)
        await hears(caller, TONES["enter_order"])
        if by == "info":
            for digit in secret:
                await caller.send_dtmf(digit, by=by)
                await asyncio.sleep(
                    0.25
                )  # requests go out at once: the caller's tone has to be missed for a while
            await caller.send_dtmf("#", by=by)
        else:
            await caller.send_dtmf(f"{secret}#", by=by)
        call_id = (await here.wait_event("CallQueued", within_s=10))["call_id"]
        assert office.asked == [secret]
        await asyncio.sleep(1.0)
        await caller.hang_up()
        detail = await here.wait_call(call_id)
        (left, _), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        spans = spectrum.find_tone_spans(left, CALLER_HZ, bridge_s=0.3)
        assert len(spans) == 2, spans  # before and after what was masked
        assert spans[1][0] - spans[0][1] > 1.5
        await asyncio.sleep(0.3)
        kept = b"".join(path.read_bytes() for path in here.server.data_dir.glob("hotline.sqlite*"))
        assert call_id.encode() in kept
        assert secret.encode() not in kept
        assert secret not in here.server.log.read_text()
        assert secret not in json.dumps(here.events)
        assert detail["call"]["data"] == {"order": "办理中"}


@pytest.mark.long
async def test_control_that_dies_lets_the_caller_hear_the_node_again(tmp_path: Path) -> None:
    """The menu is said again by the new control, and its keys work."""
    async with running(tmp_path) as (here, caller):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        here.server.kill("control")
        await asyncio.sleep(2.5)
        await here.wait_ready()
        await hears(caller, TONES["menu_services"])
        since = len(here.events)
        await caller.send_dtmf("2")
        await hears(caller, TONES["leave_message"])
        await here.wait_event("VoicemailStarted", since=since, within_s=8)


@pytest.mark.long
async def test_a_key_of_another_implementation_means_the_same(tmp_path: Path) -> None:
    """SIPp plays its own RFC 4733 packets."""
    async with running(tmp_path) as (here, _):
        result = await sipp("caller_presses", here.sip, address=here.trunk_address, port=5071, pause_ms=1500)
        assert (result.successful, result.failed) == (1, 0), result.errors
        await here.wait_event("VoicemailStarted", box="night")
        ended = await here.wait_event("CallEnded", end_reason="served")
        assert ended["ended_by"] == "caller"


OVERFLOWS: tuple[tuple[Json, float, str], ...] = (
    ({"to": "voicemail", "waited_s": 2.0}, TONES["leave_message"], "served"),
    ({"to": "flow", "name": "main", "waited_s": 2.0}, TONES["menu_services"], "abandoned"),
    ({"to": "busy", "when_nobody": True}, TONES["busy_later"], "queue_full"),
)


@pytest.mark.parametrize(("rule", "hz", "reason"), OVERFLOWS, ids=[rule["to"] for rule, _, _ in OVERFLOWS])
@pytest.mark.long
async def test_whom_the_queue_cannot_serve_goes_elsewhere(
    tmp_path: Path, rule: Json, hz: float, reason: str
) -> None:
    """Nobody is signed in: the rule is taken while the server runs, and heard."""
    async with running(tmp_path) as (here, caller):
        path = "/v1/business/documents/queues/hotline"
        queue = await ask(here, "GET", path)
        await ask(
            here, "PUT", path, f'"{queue["version"]}"', json={"data": queue["data"] | {"overflow": [rule]}}
        )
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        await caller.send_dtmf("1")
        await here.wait_event("CallQueued")
        if rule["to"] == "flow":
            await asyncio.sleep(1.0)  # the tone of the first menu has ended
        await hears(caller, hz)
        if rule["to"] != "busy":
            await asyncio.sleep(3.0)
            await caller.hang_up()
        ended = await here.wait_event("CallEnded", within_s=10)
        assert ended["end_reason"] == reason
        if rule["to"] == "voicemail":
            [message] = (await ask(here, "GET", "/v1/voicemails"))["items"]
            assert (message["reason"], message["conditions"]) == ("overflow", ["waited_s:2"])
