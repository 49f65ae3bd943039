"""A caller whose network knows no telephone events presses keys as tones: they lead through a flow, and what is masked is nowhere."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from bench.peers import call as peer_call
from bench.peers.rtp_stream import LOOP_PACKETS, RtpStream
from media.g711 import LAW_A, encode
from tests import spectrum
from tests.e2e.test_flows import FLOW, ask, orders, terms
from tests.peers import peers
from tests.stand import HOTLINE, stand

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SECRET = "9027"
ROWS_HZ, COLUMNS_HZ = (697, 770, 852, 941), (1209, 1336, 1477)
SILENCE = encode(np.zeros(8000, dtype=np.int16), LAW_A).tobytes()
KEYS = ("123", "456", "789", "*0#")


def pair_of(key: str) -> tuple[int, int]:
    """The two frequencies of a key (ITU-T Q.23)."""
    [(row, column)] = [(row, line.index(key)) for row, line in enumerate(KEYS) if key in line]
    return ROWS_HZ[row], COLUMNS_HZ[column]


def pair_heard(sound: spectrum.Samples) -> str:
    """The key whose two tones are the loudest."""
    row, column = (
        max(range(len(bank)), key=lambda at: spectrum.tone_level_dbfs(sound, bank[at]))
        for bank in (ROWS_HZ, COLUMNS_HZ)
    )
    return KEYS[row][column]


def pressed(key: str) -> bytes:
    """A second of A-law with a key of 120 ms in its middle."""
    time = np.arange(8000) / 8000
    both = sum(4000 * np.sin(2 * np.pi * hz * time) for hz in pair_of(key))
    held = (time >= 0.4) & (time < 0.52)
    return encode(np.rint(both * held).astype(np.int16), LAW_A).tobytes()


async def sent_whole(stream: RtpStream) -> None:
    """Until the second that is being sent has been sent."""
    until = stream.sent + LOOP_PACKETS - stream.sent % LOOP_PACKETS
    while stream.sent < until:
        await asyncio.sleep(0.005)


async def press(stream: RtpStream, keys: str) -> None:
    """One key a second, and silence afterwards."""
    for key in keys:
        await sent_whole(stream)
        stream._tone = pressed(key)
    await sent_whole(stream)
    stream._tone = SILENCE


def sdp_without_events(address: str, port: int, **more: object) -> str:
    """An offer of A-law and nothing else."""
    lines = SDP_OF(address, port, **more).split("\r\n")  # type: ignore[arg-type]
    return "\r\n".join(line.replace("AVP 8 101", "AVP 8") for line in lines if ":101 " not in line)


SDP_OF = peer_call.sdp_of


async def test_tones_lead_through_a_flow_and_a_secret_is_on_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the menu is on the caller's channel, as any sound is; no digit of the secret is, nor in log or database."""
    monkeypatch.setattr(peer_call, "sdp_of", sdp_without_events)
    async with orders() as office, stand(tmp_path / "stand", terms(tmp_path)) as here, peers(here) as around:
        flow = json.loads(json.dumps(FLOW).replace("{port}", str(office.port)))
        await ask(here, "PUT", "/v1/business/documents/flows/main", json={"data": flow})
        path = f"/v1/business/documents/routes/{HOTLINE}"
        route = await ask(here, "GET", path)
        await ask(here, "PUT", path, f'"{route["version"]}"', json={"data": route["data"] | {"flow": "main"}})
        call = await around.trunk.call(HOTLINE, "13800000001")
        assert await call.answered == 200
        call.stream._tone = SILENCE
        await press(call.stream, "3")
        await press(call.stream, f"{SECRET}#")
        queued = await here.wait_event("CallQueued", within_s=10)
        assert office.asked == [SECRET]
        await around.trunk.hang_up(call)
        detail = await here.wait_call(queued["call_id"])
        (left, _), _ = spectrum.read_channels(here.wav(detail["recordings"][0]))
        loud = [at for at in range(0, len(left) - 400, 400) if spectrum.level_dbfs(left[at : at + 400]) > -50]
        assert len(left) - loud[-1] > 5 * 8000, "the secret took five seconds, and nothing is heard of it"
        assert pair_heard(left[loud[-1] - 800 : loud[-1]]) == "3"
        kept = b"".join(path.read_bytes() for path in here.server.data_dir.glob("hotline.sqlite*"))
        assert SECRET.encode() not in kept
        assert SECRET not in here.server.log.read_text()
