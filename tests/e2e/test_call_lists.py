"""A call list on real phones: who answers talks with the agent, and a tone says what came of the others."""

import asyncio
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.running_server import Json
from media.g711 import LAW_A, encode
from tests import spectrum
from tests.conversation import Conversation, conversation, outbound_terms
from tests.sipp.runner import sipp_running

pytestmark = pytest.mark.e2e

NUMBERS = [f"1390000000{place}" for place in range(1, 6)]


RESULTS = {
    "13900000180": ("no_answer", 408),  # we ended it
    "13900000403": ("rejected", 403),
    "13900000603": ("rejected", 603),
    "13900000404": ("invalid_number", 404),
    "13900000484": ("invalid_number", 484),
    "13900000480": ("unreachable", 480),
    "13900000500": ("network_failure", 500),
    "13900000503": ("network_failure", 503),
    "13900000183": ("network_failure", 487),  # the tone of congestion: nobody waits for more
}
"""What the network of `network_by_number.xml` makes of each number, and the final status."""
MAILBOX = "13900000200"


def _a_law(*sounds: spectrum.Samples) -> bytes:
    whole = np.concatenate(sounds)
    return encode((whole * 32767).astype(np.int16), LAW_A).tobytes()


def _tone(hz: float, seconds: float) -> spectrum.Samples:
    return 0.25 * np.sin(2 * np.pi * hz * np.arange(round(8000 * seconds)) / 8000)


def _sounds_of_the_network() -> dict[str, bytes]:
    """The tone of congestion (450 Hz, 0.7 s on and off), and a mailbox: speech, its beep, and silence."""
    speech = spectrum.read_channels(Path("config/prompts/zh/welcome.wav"))[0][0][: 2 * 8000]
    quiet = np.zeros(3 * 8000)
    return {
        "tone.alaw": _a_law(_tone(450, 0.7), quiet[: round(0.7 * 8000)]),
        "mailbox.alaw": _a_law(speech, quiet[:1600], _tone(1000, 0.4), quiet),
    }


async def _result_of(talk: Conversation, number: str, result: str) -> Json:
    told = await talk.here.wait_event("call.dial_result", number=number, result=result, within_s=20.0)
    return dict((await talk.here.api.call(told["call_id"]))["call"])


@pytest.mark.long
async def test_a_list_dials_by_itself_and_knows_what_came_of_each_call(tmp_path: Path) -> None:
    """Answered; a busy tone before the answer; no such number; one on the do-not-call list; a fax."""
    async with conversation(tmp_path / "stand", outbound_terms(), agents=1, outside=True) as talk:
        here, outside = talk.here, talk.phones["outside"]
        answered, busy, invalid, asked_not_to, fax = NUMBERS
        made = await here.api.post(
            "/v1/call-lists",
            {"name": "回访", "queue": "hotline", "mode": "progressive", "window": "00:00-24:00"},
        )
        path = f"/v1/call-lists/{made['list_id']}"
        bad = await here.api.post(f"{path}/numbers", {"csv": f"number,name\n{answered},a\nnone,b\n"})
        assert (bad["taken"], [line["line"] for line in bad["bad_lines"]]) == (False, [3])
        csv = f"number,name\n{answered},n1\n"
        assert (await here.api.post(f"{path}/numbers", {"csv": csv}))["taken"]
        assert (await here.api.post(f"{path}/start"))["state"] == "running"
        assert not here.seen("CallDialled"), "there is no free agent"

        await here.login(1)
        connected = await here.wait_event("CallConnected", agent=here.agent(1))
        talk.call_id = str(connected["call_id"])
        await talk.wait_heard(one={"outside"}, outside={"one"})
        record = await _result_of(talk, answered, "answered")
        assert (record["caller"], record["called"], record["queue"]) == ("12345", answered, "hotline")
        assert record["data"] == {"name": "n1", "call_list": made["list_id"], "record": "000001"}
        assert record["dial_result"] == "answered"
        assert len(here.seen("CallDialled")) == 1, "the agent talks"

        await outside.speak_before_answering()
        await outside.play_tone(450, on_ms=350, off_ms=350)
        await outside.hang_up()
        await here.wait_call(talk.call_id)
        await here.api.post(f"/v1/agents/{here.agent(1)}/wrap-up/end")
        await here.api.post(f"{path}/numbers", {"numbers": [busy]})
        assert (await _result_of(talk, busy, "busy"))["answered_at"] is None
        await here.wait_event("call.progress", number=busy, progress="busy")

        await outside.decline(404)
        await here.api.post(f"{path}/numbers", {"numbers": [invalid]})
        await _result_of(talk, invalid, "invalid_number")

        listed = {"id": "do_not_call", "name": "免打扰", "numbers": [{"number": asked_not_to}]}
        await here.api.put("/v1/business/documents/lists/do_not_call", {"data": listed, "reason": "test"})
        await here.api.post(f"{path}/numbers", {"numbers": [asked_not_to]})
        await here.wait_event("call_list.record_changed", number=asked_not_to, state="barred")

        await outside.auto_answer(0.1)
        await outside.play_tone(2100)
        await talk.phones["one"].ring_only()
        await here.api.post(f"{path}/numbers", {"numbers": [fax]})
        await _result_of(talk, fax, "fax")
        rows = (await here.api.get(f"{path}/records"))["items"]
        assert [row["state"] for row in rows] == ["reached", "waiting", "given_up", "barred", "given_up"]
        view = await here.api.post(f"{path}/stop")
        assert (view["state"], view["results"]["fax"]) == ("stopped", 1)


@pytest.mark.long
async def test_what_became_of_a_call_is_known_from_status_ringing_and_sound(tmp_path: Path) -> None:
    """A trunk that answers by the number: two calls at a time.  No agent is troubled, and a mailbox is not brought to one."""
    async with (
        conversation(tmp_path / "stand", outbound_terms()) as talk,
        sipp_running(
            "network_by_number",
            talk.here.sip,
            address=talk.here.trunk_address,
            port=5060,
            calls=len(RESULTS) + 1,
            files=_sounds_of_the_network(),
        ) as network,
    ):
        here = talk.here
        for agent in (1, 2):
            await here.login(agent)
        rules = {
            "name": "回访",
            "queue": "hotline",
            "mode": "progressive",
            "window": "00:00-24:00",
            "ring_s": 8,
        }
        path = f"/v1/call-lists/{(await here.api.post('/v1/call-lists', rules))['list_id']}"
        await here.api.post(f"{path}/numbers", {"numbers": list(RESULTS)})
        await here.api.post(f"{path}/start")
        for number, (result, status) in RESULTS.items():
            told = await here.wait_event("call.dial_result", number=number, within_s=25.0)
            assert (told["result"], told["sip_status"]) == (result, status), number
        heard = {told["number"]: told["progress"] for told in here.seen("call.progress")}
        assert heard == {"13900000183": "congestion"}
        assert here.seen("CallOffered") == []

        for phone in ("one", "two"):
            await talk.phones[phone].ring_only()
        await here.api.post(f"{path}/numbers", {"numbers": [MAILBOX]})
        await here.wait_event("call.dial_result", number=MAILBOX, result="answered")
        told = await here.wait_event("call.dial_result", number=MAILBOX, result="voicemail", within_s=30.0)
        await here.wait_event("CallEnded", call_id=told["call_id"])
        assert [call["call_id"] for call in here.seen("CallOffered")] == [told["call_id"]]
        counted = Counter(result for result, _ in RESULTS.values()) + Counter(voicemail=1)
        assert (await here.api.post(f"{path}/stop"))["results"] == counted
        done = await network.wait(10)
        assert (done.code, done.successful) == (0, len(RESULTS) + 1), done.errors


@pytest.mark.long
async def test_control_dies_while_a_list_rings_and_nobody_is_called_twice(tmp_path: Path) -> None:
    """The call that rang is ended and counts as a try; the number comes again only after the time of its result."""
    async with conversation(tmp_path / "stand", outbound_terms(), agents=1, outside=True) as talk:
        here, outside = talk.here, talk.phones["outside"]
        await outside.ring_only()
        rules = {"name": "回访", "queue": "hotline", "mode": "progressive", "window": "00:00-24:00"}
        made = await here.api.post("/v1/call-lists", {**rules, "retry_minutes": {"network_failure": 60}})
        path = f"/v1/call-lists/{made['list_id']}"
        await here.api.post(f"{path}/numbers", {"numbers": NUMBERS[:1]})
        await here.api.post(f"{path}/start")
        await here.login(1)
        await outside.wait_for("incoming")
        await asyncio.sleep(0.3)  # its dialog is on the disk
        old = here.server.kill("control")
        await outside.wait_for("disconnected", within_s=20.0)
        await here.wait_ready()
        assert here.server.pids()["control"] != old
        await here.wait_agent(1, presence="ready", activity="idle")
        view = await here.api.get(path)
        assert (view["state"], view["results"]) == ("running", {"network_failure": 1})
        [row] = (await here.api.get(f"{path}/records"))["items"]
        assert (row["state"], row["tries"]) == ("waiting", 1)
        await here.api.post(f"{path}/pause")
        assert len(outside.seen("incoming")) == 1


@pytest.mark.long
async def test_a_spoken_announcement_is_heard_by_the_agent_and_the_final_status_decides(
    tmp_path: Path,
) -> None:
    """An agent dials the number that a preview shows; the network says in words, and then by cause 20, why it cannot be."""
    async with (
        conversation(tmp_path / "stand", outbound_terms(), agents=1) as talk,
        sipp_running(
            "network_announces", talk.here.sip, address=talk.here.trunk_address, port=5060, pause_ms=5000
        ),
    ):
        here, own = talk.here, talk.phones["one"]
        await here.login(1)
        made = await here.api.post(
            "/v1/call-lists", {"name": "回访", "queue": "hotline", "window": "00:00-24:00"}
        )
        await here.api.post(f"/v1/call-lists/{made['list_id']}/numbers", {"numbers": NUMBERS[:1]})
        await here.api.post(f"/v1/call-lists/{made['list_id']}/start")
        path = f"/v1/agents/{here.agent(1)}/call-lists/{made['list_id']}"
        record = await here.api.post(f"{path}/next")
        assert (record["number"], record["state"]) == (NUMBERS[0], "shown")
        record = await here.api.post(f"{path}/records/{record['record_id']}/dial")
        told = await here.wait_event("call.progress", call_id=record["call_id"], progress="announcement")
        assert told["number"] == NUMBERS[0]
        await asyncio.sleep(1.0)
        heard = (await own.recording())[-8000:]
        assert spectrum.level_dbfs(heard) > -45, "the agent hears what the network says"
        result = await here.wait_event("call.dial_result", call_id=record["call_id"])
        assert (result["result"], result["sip_status"], result["q850_cause"]) == ("unreachable", 480, 20)
        await own.wait_for("disconnected")
        call = (await here.api.call(record["call_id"]))["call"]
        assert (call["dial_result"], call["agent"]) == ("unreachable", here.agent(1))
