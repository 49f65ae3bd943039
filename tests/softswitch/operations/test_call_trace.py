"""A call put together from the database and the files of its messages."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from softswitch.clock import Clock
from softswitch.operations.call_trace import UnknownCall, read_trace
from softswitch.operations.ladder import as_svg, as_text
from softswitch.operations.sip_trace import SipTrace
from softswitch.store.entries import CallArrived, CallDataChanged
from softswitch.store.writer import Store

NOW = 1_700_000_000.0
PEER = "udp:192.0.2.1:5060"
BYE = b"BYE sip:12345@hotline SIP/2.0\r\nCall-ID: abc@far\r\nCSeq: 2 BYE\r\nReason: SIP;text=\x1b[2J\x00gone\r\n\r\n"


async def test_what_strangers_wrote_neither_commands_a_terminal_nor_breaks_the_picture(
    tmp_path: Path,
) -> None:
    store = await Store.open(
        tmp_path / "hotline.sqlite", key_path=tmp_path / "recording.key", wall=lambda: NOW
    )
    arrived = CallArrived(
        at=NOW, call_id="c1", trunk="city", caller="\x1b]0;13800138000", called="12345", sip_call_id="abc@far"
    )
    store.record(arrived)
    store.record(CallDataChanged(at=NOW, call_id="c1", data='{"pin": "typed by the caller"}'))
    await store.close()
    messages = SipTrace(tmp_path, Clock(asyncio.get_running_loop(), lambda: NOW))
    messages.note_outside("in", BYE, PEER)
    await messages.close()
    trace = read_trace(tmp_path, "c1")
    text = as_text(trace.steps, trace.title, trace.sound)
    assert "BYE [SIP;text=" in text
    assert "gone]" in text
    assert "CallDataChanged" in text
    assert "typed by the caller" not in text, "a trace is shown to carriers"
    assert all(letter.isprintable() for line in text.splitlines() for letter in line)
    ET.fromstring(as_svg(trace.steps, trace.title, trace.sound))  # noqa: S314  our own
    with pytest.raises(UnknownCall):
        read_trace(tmp_path, "c2")
