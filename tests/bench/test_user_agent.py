"""The simulated phone and trunk of benches and demo, talking to each other over real sockets."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest

from bench.peers.call import Call
from bench.peers.rtp_stream import Pacer, RtpStream, alaw_tone, level_dbfs
from bench.peers.sip_text import Message, digest_answer, parse, response_to
from bench.peers.user_agent import UserAgent
from tests import spectrum
from tests.peers import alaw_samples


@pytest.fixture
async def pair() -> AsyncIterator[tuple[UserAgent, UserAgent]]:
    pacer = Pacer()
    caller = await UserAgent.open(pacer, alaw_tone(440), "127.64.1.2", keep_s=2)
    phone = await UserAgent.open(pacer, alaw_tone(700), "127.64.1.3", keep_s=2)
    yield caller, phone
    await caller.close()
    await phone.close()


def test_a_law_tone_is_the_tone_that_libsndfile_decodes() -> None:
    coded = alaw_tone(440)
    sound = alaw_samples(coded)
    assert spectrum.dominant_tone(sound) == pytest.approx(440, abs=0.5)
    assert spectrum.level_dbfs(sound) == pytest.approx(-15.3, abs=0.1)
    assert level_dbfs(coded) == pytest.approx(spectrum.level_dbfs(sound), abs=0.01)


async def test_a_report_that_comes_to_a_port_of_sound_is_neither_heard_nor_a_loss() -> None:
    """Ports of two streams may be neighbours; a sender report where RTP has its number would be thousands of packets."""
    stream = await RtpStream.open(Pacer(), alaw_tone(440), "127.64.1.2", keep_s=1)
    for packet in (b"\x80\x08\x00\x05", b"\x81\xc8\x00\x0c", b"\x80\x08\x00\x06", b"\x80\x08\x00\x08"):
        stream.datagram_received(packet + bytes(168), ("127.64.1.1", 20000))
    assert (stream.received, stream.lost, len(stream.heard)) == (3, 1, 480)
    stream.close()


def test_digest_matches_the_example_of_rfc_7616() -> None:
    """The computation is that of RFC 7616; cnonce is ours, so the proof is computed again by its formula."""
    challenge = 'Digest realm="r", qop="auth", algorithm=SHA-256, nonce="n0", opaque="o"'
    answer = digest_answer([challenge], "Mufasa", "Circle", "REGISTER", "sip:x")
    cnonce = re.search(r'cnonce="(\w+)"', answer)
    assert cnonce is not None

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    expected = sha(f"{sha('Mufasa:r:Circle')}:n0:00000001:{cnonce.group(1)}:auth:{sha('REGISTER:sip:x')}")
    assert f'response="{expected}"' in answer and 'opaque="o"' in answer


def test_junk_is_no_message() -> None:
    for junk in (b"", b"\r\n\r\n", b"\x00\xff", b"INVITE", b"INVITE x SIP/2.0\r\nFoo: bar\r\n\r\n"):
        assert parse(junk) is None


def test_a_message_survives_its_own_text() -> None:
    text = (
        b"INVITE sip:1@h SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bKx, SIP/2.0/UDP b;branch=z9hG4bKy\r\n"
        b"f: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\ni: id\r\nCSeq: 7\r\n INVITE\r\nl: 0\r\n\r\n"
    )
    message = parse(text)
    assert message is not None
    assert message.all("via") == ["SIP/2.0/UDP a;branch=z9hG4bKx", "SIP/2.0/UDP b;branch=z9hG4bKy"]
    assert (message.branch, message.cseq, message.method) == ("z9hG4bKx", 7, "INVITE")
    answer = parse(response_to(message, 180, "Ringing", tag="2").encode())
    assert answer is not None
    assert (answer.status, answer.get("to")) == (180, "<sip:c@d>;tag=2")


async def test_a_call_is_answered_talks_both_ways_and_ends(pair: tuple[UserAgent, UserAgent]) -> None:
    caller, phone = pair
    arrived: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    def on_invite(call: Call) -> None:
        phone.ring(call)
        phone.answer(call)
        arrived.set_result(call)

    phone.on_invite = on_invite
    call = await caller.call(f"sip:8001@{phone.contact}", "13800000001")
    async with asyncio.timeout(5):
        assert await call.answered == 200
        there = await arrived
        while there.stream.received < 25 or call.stream.received < 25:
            await asyncio.sleep(0.02)
    assert call.ringing_at is not None
    assert spectrum.dominant_tone(alaw_samples(bytes(call.stream.heard))) == pytest.approx(700, abs=2)
    assert spectrum.dominant_tone(alaw_samples(bytes(there.stream.heard))) == pytest.approx(440, abs=2)
    assert await caller.re_invite(call, "sendonly") == 200
    await phone.hang_up(there)
    async with asyncio.timeout(5):
        assert await call.ended == "far end hung up"
    assert (caller.faults, phone.faults) == ([], [])


async def test_a_busy_phone_and_a_cancelled_call_end_with_their_status(
    pair: tuple[UserAgent, UserAgent],
) -> None:
    caller, phone = pair
    call = await caller.call(f"sip:8001@{phone.contact}", "1")
    async with asyncio.timeout(5):
        assert await call.answered == 486
        phone.on_invite = phone.ring
        call = await caller.call(f"sip:8001@{phone.contact}", "1")
        while call.ringing_at is None:
            await asyncio.sleep(0.01)
        await caller.hang_up(call)
        assert await call.answered == 487
    assert not phone.calls and not caller.calls


async def test_a_lost_first_request_is_said_again(pair: tuple[UserAgent, UserAgent]) -> None:
    caller, phone = pair
    heard = phone.datagram_received
    dropped: list[bytes] = []

    def lossy(data: bytes, addr: tuple[str, int]) -> None:
        if not dropped:
            dropped.append(data)
        else:
            heard(data, addr)

    phone.datagram_received = lossy  # type: ignore[method-assign]
    message = Message("OPTIONS sip:x SIP/2.0")
    message.headers = [("From", "<sip:a>;tag=1"), ("To", "<sip:b>"), ("Call-ID", "o"), ("CSeq", "1 OPTIONS")]
    async with asyncio.timeout(5):
        response = await caller.request(message, (phone.address, phone.port))
    assert response.status == 200
    assert len(dropped) == 1
