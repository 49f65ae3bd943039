"""Messages of calls are kept without their secrets; old ones make room."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from media.events import LegStatistics
from softswitch.clock import Clock
from softswitch.operations.sip_trace import SipTrace, folder_of

NOW = 1_700_000_000.0
PEER = "udp:192.0.2.1:5060"
INVITE = (
    b"INVITE sip:12345@hotline SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\ni: abc@far\r\nCSeq: 1 INVITE\r\n"
    b'Authorization: Digest username="8001", response="0123456789abcdef"\r\nReason: Q.850;cause=16\r\n'
    b"X-Leg: in1\r\n\r\nv=0\r\nCall-ID: of-the-body\r\n"
)


def clock(wall: float = NOW) -> Clock:
    return Clock(asyncio.get_running_loop(), lambda: wall)


def lines(data_dir: Path) -> list[dict[str, Any]]:
    files = sorted(folder_of(data_dir).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


async def test_of_a_message_the_start_line_and_the_dialog_are_kept_and_no_credential(tmp_path: Path) -> None:
    trace = SipTrace(tmp_path, clock())
    trace.note_outside("in", INVITE, PEER)
    await trace.close()
    (line,) = lines(tmp_path)
    assert line == {
        "at": NOW,
        "kind": "sip",
        "way": "in",
        "peer": PEER,
        "line": "INVITE sip:12345@hotline SIP/2.0",
        "sip": "abc@far",
        "cseq": "1 INVITE",
        "reason": "Q.850;cause=16",
        "size": len(INVITE),
    }
    (file,) = folder_of(tmp_path).iterdir()
    assert "0123456789abcdef" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.name == "2023111422.jsonl"


async def test_inside_only_the_name_of_a_leg_is_kept(tmp_path: Path) -> None:
    trace = SipTrace(tmp_path, clock())
    trace.note_inside("out", INVITE, "")
    trace.note_inside("in", b"SIP/2.0 200 OK\r\nCall-ID: x\r\n\r\n", "")
    trace.note_sound("in1", LegStatistics(packets_lost=3))
    await trace.close()
    leg, sound = lines(tmp_path)
    assert (leg["kind"], leg["leg"], leg["sip"]) == ("leg", "in1", "abc@far")
    assert (sound["kind"], sound["leg"], sound["packets_lost"]) == ("sound", "in1", 3)


async def test_pings_registrations_and_junk_are_no_calls(tmp_path: Path) -> None:
    trace = SipTrace(tmp_path, clock())
    for method in (b"OPTIONS", b"REGISTER"):
        trace.note_outside("in", b"%s sip:x SIP/2.0\r\nCSeq: 4 %s\r\n\r\n" % (method, method), PEER)
        trace.note_outside("out", b"SIP/2.0 200 OK\r\nCSeq: 4 %s\r\n\r\n" % method, PEER)
    for junk in (b"", b"\r\n", os.urandom(80)):
        trace.note_outside("in", junk, PEER)
    await trace.close()
    assert all(line["line"] for line in lines(tmp_path))
    assert not any("200 OK" in line["line"] for line in lines(tmp_path))


async def test_the_oldest_hours_make_room(tmp_path: Path) -> None:
    for hour in range(5):
        trace = SipTrace(tmp_path, clock(NOW + 3600 * hour), kept_hours=3)
        trace.note_outside("in", INVITE, PEER)
        await trace.close()
    names = sorted(file.name for file in folder_of(tmp_path).iterdir())
    assert names == ["2023111500.jsonl", "2023111501.jsonl", "2023111502.jsonl"]


async def test_a_disk_that_refuses_costs_the_trace_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sip_trace").write_text("no folder")
    trace = SipTrace(tmp_path, clock())
    trace.note_outside("in", INVITE, PEER)
    await trace.close()
    assert trace.lines == 0
