"""A key leads to the same place whoever presses it and however it comes, and its caller hears what is there."""

import asyncio
import struct
from pathlib import Path

import pytest

from bench.peers.rtp_stream import ALAW_PAYLOAD_TYPE
from tests import spectrum
from tests.e2e.test_flows import TONES, hears, running
from tests.e2e.test_keys_in_band import pair_of, pressed
from tests.peers import alaw_samples
from tests.phones.handset import handset
from tests.sipp.overheard import overheard
from tests.sipp.runner import FOLDER, sipp

pytestmark = [pytest.mark.e2e, pytest.mark.long]

PRESSES = """<nop>
    <action>
      <exec play_pcap_audio="/usr/share/sip-tester/dtmf_2833_2.pcap"/>
    </action>
  </nop>"""
SAYS = PRESSES.replace("/usr/share/sip-tester/dtmf_2833_2.pcap", "key.pcap")
ASKS = """<send retrans="500">
    <![CDATA[
      INFO [next_url] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport
      [routes]
      From: <sip:[caller]@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 2 INFO
      Contact: <sip:[caller]@[local_ip]:[local_port]>
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal=2
      Duration=160
    ]]>
  </send>
  <recv response="200"/>"""
SPEAKS_OF_EVENTS = ("      a=rtpmap:101 telephone-event/8000\n", "      a=fmtp:101 0-15\n")


def capture(coded: bytes) -> bytes:
    """A-law as a file of packets that SIPp plays: each is one of RTP in UDP in IP in Ethernet, 20 ms after the other."""
    file = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, start in enumerate(range(0, len(coded), 160)):
        sound = coded[start : start + 160]
        rtp = struct.pack("!BBHII", 0x80, ALAW_PAYLOAD_TYPE, number, number * 160, 0x2002) + sound
        udp = struct.pack("!HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
        ip = struct.pack("!BBHHHBBH8x", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + udp
        frame = bytes(12) + b"\x08\x00" + ip
        file += struct.pack("<IIII", 0, number * 20_000, len(frame), len(frame)) + frame
    return file


def scenario(folder: Path, by: str) -> Path:
    """Where SIPp finds the caller who presses 2 in this way, without the ending of its name."""
    folder.mkdir()
    text = (FOLDER / "caller_presses.xml").read_text(encoding="utf-8")
    assert text.count(PRESSES) == 1
    if by == "info":
        text = text.replace(PRESSES, ASKS).replace("CSeq: 2 BYE", "CSeq: 3 BYE")
    if by == "in_band":
        text = text.replace(PRESSES, SAYS).replace("AVP 8 101", "AVP 8")
        for line in SPEAKS_OF_EVENTS:
            text = text.replace(line, "")
        (folder / "key.pcap").write_bytes(capture(pressed("2")[: 160 * 30]))
    (folder / "presses.xml").write_text(text, encoding="utf-8")
    return folder / "presses"


async def test_sipp_is_led_by_every_kind_of_key_and_hears_where_it_is(tmp_path: Path) -> None:
    """Events, INFO and tones at once: each hears the menu, and after its key the next announcement, to its end."""
    ways = ("rfc4733", "info", "in_band")
    async with running(tmp_path) as (here, _):
        with overheard(here.trunk_address) as heard:
            runs = [
                sipp(
                    str(scenario(tmp_path / by, by)),
                    here.sip,
                    address=here.trunk_address,
                    port=5071 + number,
                    media_port=6000 + 10 * number,
                    pause_ms=1500,
                    caller=f"1380000000{number}",
                )
                for number, by in enumerate(ways)
            ]
            for result in await asyncio.gather(*runs):
                assert (result.successful, result.failed) == (1, 0), result.errors
        for number, by in enumerate(ways):
            sound = alaw_samples(heard.at(6000 + 10 * number))
            menu, asked = (
                spectrum.find_tone_spans(sound, TONES[name]) for name in ("menu_services", "leave_message")
            )
            assert menu, by
            assert asked, f"{by}: the key led nowhere"
            assert menu[-1][1] <= asked[0][0] + 0.1, by
            assert sum(end - start for start, end in asked) == pytest.approx(2.0, abs=0.3), by
        assert len(here.seen("VoicemailStarted")) == len(ways)


async def test_a_phone_without_telephone_events_is_led_by_its_tones(tmp_path: Path) -> None:
    """Its offer has none (pjsua2): tones that no key has are no key, then a key takes it on, and it hears so."""
    async with (
        running(tmp_path) as (here, _),
        handset(
            here.trunk_address, tone_hz=440, account="13800000002", events=False, rtp_port=31000
        ) as caller,
    ):
        await caller.call(here.hotline)
        await hears(caller, TONES["menu_services"])
        row, column = pair_of("2")
        await caller.play_tone(row, second_hz=column, on_ms=150, off_ms=10000)
        await hears(caller, TONES["leave_message"])
        await here.wait_event("VoicemailStarted", box="night", within_s=8)
        await caller.hang_up()
        await here.wait_event("CallEnded", end_reason="served")
