"""Cutting a stream into messages."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.sip.framing import BrokenStream, KeepAlive, StreamFramer
from softswitch.sip.message import MalformedMessage, MessageLimits, Request, parse

TORTURE = Path(__file__).parents[2] / "data" / "rfc4475"


def message(body: bytes, name: bytes = b"Content-Length") -> bytes:
    """Return something that has headers and a body."""
    return b"MESSAGE sip:a@b SIP/2.0\r\nSubject: x\r\n" + name + b": %d\r\n\r\n" % len(body) + body


def broken(data: bytes) -> BrokenStream:
    """Feed data of which the last frame must be a fault."""
    framer = StreamFramer()
    frames = framer.feed(data)
    assert framer.is_broken
    assert framer.feed(message(b"later")) == []
    assert framer.pending_bytes == 0
    fault = frames[-1]
    assert isinstance(fault, BrokenStream)
    return fault


parts = st.lists(
    st.one_of(
        st.builds(
            message, st.binary(max_size=40), st.sampled_from([b"Content-Length", b"l", b"CONTENT-length "])
        ),
        st.just(b"\r\n\r\n"),
    ),
    max_size=6,
)


@given(parts, st.lists(st.integers(0, 400), max_size=12))
def test_messages_come_out_whole_however_the_stream_is_cut(pieces: list[bytes], cuts: list[int]) -> None:
    """Every message and every keep-alive once, in order, nothing left over."""
    stream = b"".join(pieces)
    framer = StreamFramer()
    frames = []
    edges = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    for begin, end in pairwise(edges):
        frames += framer.feed(stream[begin:end])
    assert frames == [KeepAlive() if piece == b"\r\n\r\n" else piece for piece in pieces]
    assert framer.pending_bytes == 0
    assert not framer.is_broken


def test_a_single_blank_line_between_messages_is_passed_over() -> None:
    """It is no ping, even if another follows the next message."""
    framer = StreamFramer()
    assert framer.feed(b"\r\n" + message(b"") + b"\r\n" + message(b"")) == [message(b"")] * 2


def test_two_requests_in_one_segment_are_two_requests() -> None:
    """RFC 4475 section 3.1.1.8, over TCP."""
    frames = StreamFramer().feed((TORTURE / "dblreq.dat").read_bytes())
    assert [parse(frame, stream=True).cseq.method for frame in frames if isinstance(frame, bytes)] == [
        "REGISTER",
        "INVITE",
    ]


def test_a_body_that_has_not_come_is_waited_for() -> None:
    """RFC 4475 section 3.1.2.3: 9999 octets are announced."""
    framer = StreamFramer()
    data = (TORTURE / "clerr.dat").read_bytes()
    assert framer.feed(data) == []
    assert framer.pending_bytes == len(data)


def test_a_length_that_cannot_be_told_breaks_the_stream() -> None:
    """Negative, doubled or absent: an answer is possible, then the connection ends."""
    for name in ("ncl", "mcl01"):
        fault = broken((TORTURE / f"{name}.dat").read_bytes())
        assert fault.status == 400
        with pytest.raises(MalformedMessage) as refused:
            parse(fault.head, stream=True)
        assert isinstance(refused.value.partial, Request)
    assert "needs" in broken(b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n").reason
    assert "bad" in broken(message(b"").replace(b"0\r\n\r\n", b"0, 5\r\n\r\n")).reason
    assert "needs" in broken(message(b"").replace(b"\r\nContent", b"\r\nX-Content")).reason


def test_a_giant_body_is_refused_before_it_is_held() -> None:
    """The headers alone decide."""
    for length in (b"65537", b"9" * 11, b"9" * 5000):
        fault = broken(message(b"").replace(b": 0\r\n", b": " + length + b"\r\n"))
        assert (fault.status, fault.reason) == (513, "message is too large")


def test_headers_without_an_end_are_not_collected_for_ever() -> None:
    """A start line and a header block have a size."""
    assert broken(b"X" * 5000).status == 414
    framer = StreamFramer(MessageLimits(message_bytes=1000))
    assert framer.feed(b"OPTIONS sip:a SIP/2.0\r\n") == []
    frames = framer.feed(b"X: y\r\n" * 200)
    assert [type(frame) for frame in frames] == [BrokenStream]


def test_a_byte_at_a_time_is_read_once() -> None:
    """A slow sender costs no more than a fast one: what was searched is not searched again."""
    framer = StreamFramer()
    data = message(b"body") * 2
    frames = [frame for at in range(len(data)) for frame in framer.feed(data[at : at + 1])]
    assert frames == [message(b"body")] * 2


def test_a_folded_length_is_found_and_a_look_alike_is_not() -> None:
    """The value may stand on the next line; a continuation line never names a header."""
    framer = StreamFramer()
    folded = b"MESSAGE sip:a SIP/2.0\r\nSubject: a\r\n l: 9\r\nContent-Length :\r\n  2\r\n\r\nok"
    assert framer.feed(folded) == [folded]
