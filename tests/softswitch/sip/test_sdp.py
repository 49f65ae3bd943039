"""Session descriptions: those of real peers, our own, and those built to hurt."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.sip.errors import MalformedSdp
from softswitch.sip.message import parse
from softswitch.sip.sdp import Direction, Encoding, MediaDescription, Origin, SessionDescription

DATA = Path(__file__).parents[2] / "data"

# What SIPp's `uac_pcap` scenario sends.
SIPP = (
    b"v=0\r\no=user1 53655765 2353687637 IN IP4 127.61.0.2\r\ns=-\r\nc=IN IP4 127.61.0.2\r\nt=0 0\r\n"
    b"m=audio 6000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
    b"a=fmtp:101 0-11,16\r\n"
)


def audio(*lines: str, port: int = 6000, formats: str = "8", head: str = "") -> bytes:
    """Return a description with one audio stream and these lines under it."""
    return "\r\n".join(
        ["v=0", "o=- 1 1 IN IP4 127.61.0.2", "s=-", "c=IN IP4 127.61.0.2", "t=0 0"]
        + ([head] if head else [])
        + [f"m=audio {port} RTP/AVP {formats}", *lines, ""]
    ).encode()


def test_sipp_offer_is_read() -> None:
    """One codec and digits."""
    session = SessionDescription.parse(SIPP)
    (media,) = session.media
    assert (media.kind, media.port, media.protocol, media.formats) == ("audio", 6000, "RTP/AVP", ("8", "101"))
    assert session.address_of(media) == "127.61.0.2"
    assert session.direction_of(media) is Direction.SENDRECV
    assert media.ptime_ms is None
    assert media.encodings == (
        Encoding(payload_type=8, name="PCMA", clock_rate_hz=8000),
        Encoding(payload_type=101, name="TELEPHONE-EVENT", clock_rate_hz=8000, parameters="0-11,16"),
    )


def test_pjsua2_offer_is_read() -> None:
    """Many codecs, c= under the stream, three rates of telephone-event."""
    message = parse((DATA / "peers" / "pjsua2_invite.dat").read_bytes())
    session = SessionDescription.parse(message.body)
    (media,) = session.media
    assert session.connection is None and media.connection is not None
    assert session.direction_of(media) is Direction.SENDRECV
    names = [(encoding.name, encoding.payload_type, encoding.clock_rate_hz) for encoding in media.encodings]
    assert ("PCMU", 0, 8000) in names and ("PCMA", 8, 8000) in names
    assert ("TELEPHONE-EVENT", 121, 8000) in names
    assert len(names) == 11


@pytest.mark.parametrize("name", ["ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"])
def test_ipv6_descriptions_of_rfc_5118_are_read(name: str) -> None:
    """An address of either family at either level."""
    session = SessionDescription.parse(parse((DATA / "rfc5118" / f"{name}.dat").read_bytes()).body)
    addresses = [session.address_of(media) for media in session.media]
    assert (
        addresses
        == {
            "ipv6-in-sdp": ["2001:db8::20"] * 2,
            "mult-ip-in-sdp": ["192.0.2.1", "2001:db8::1"],
            "ipv4-mapped-ipv6": ["::ffff:192.0.2.2"] * 2,
        }[name]
    )


def test_static_types_need_no_map_and_a_map_counts_before_them() -> None:
    """RFC 3551's numbers, unless the description says otherwise."""
    media = SessionDescription.parse(
        audio("a=rtpmap:96 pcma/8000/1", "a=rtpmap:0 X/8000", formats="0 8 13 96 97")
    ).media[0]
    assert [(encoding.payload_type, encoding.name) for encoding in media.encodings] == [
        (0, "X"),
        (8, "PCMA"),
        (13, "CN"),
        (96, "PCMA"),
    ]


def test_directions_of_session_and_stream() -> None:
    """The stream's own counts first."""
    for lines, head, expected in (
        ((), "", "sendrecv"),
        ((), "a=sendonly", "sendonly"),
        (("a=inactive",), "a=sendonly", "inactive"),
        (("a=recvonly",), "", "recvonly"),
        (("a=sendonly:1",), "", "sendrecv"),
    ):
        session = SessionDescription.parse(audio(*lines, head=head))
        assert session.direction_of(session.media[0]) is Direction(expected)


def test_direction_is_made_of_sending_and_receiving() -> None:
    """All four."""
    for direction in Direction:
        assert Direction.of(sends=direction.sends, receives=direction.receives) is direction


def test_packet_times_are_read() -> None:
    """In ms; a decimal part is cut off."""
    media = SessionDescription.parse(audio("a=ptime:30", "a=maxptime:150.5")).media[0]
    assert (media.ptime_ms, media.maxptime_ms) == (30, 150)


def test_bare_line_feeds_and_missing_times_are_tolerated() -> None:
    """Some devices write so; RFC 4475's own mismatch02 has neither s= nor t=."""
    text = "v=0\no=- 1 1 IN IP4 127.61.0.2\nc=IN IP4 127.61.0.2\nm=audio 6000 RTP/AVP 8\n"
    assert SessionDescription.parse(text.encode()).media[0].port == 6000


BASE = audio()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "v=0"),
        (b"v=1\r\n", "v=0"),
        (b"hello", "v=0"),
        (b"v=0\r\ns=-\r\n", "o="),
        (BASE.replace(b"o=- 1 1", b"o=- x 1"), "o="),
        (BASE.replace(b"o=- 1 1", b"o=- 1 -1"), "o="),
        (BASE.replace(b"o=- 1 1", b"o=- 1 " + b"9" * 21), "o="),
        (BASE + b"", ""),
        (BASE.replace(b"s=-", b"o=- 1 1 IN IP4 1.2.3.4"), "twice"),
        (BASE.replace(b"c=IN IP4", b"c=IN IP5"), "c="),
        (BASE.replace(b"c=IN IP4 127.61.0.2", b"c=IN IP4 224.0.0.1/127"), "c="),
        (BASE.replace(b"s=-", b"s=\x00"), "control"),
        (BASE.replace(b"s=-", b"x"), "bad line"),
        (BASE.replace(b"6000", b"65536"), "m="),
        (BASE.replace(b"6000", b"-1"), "m="),
        (BASE.replace(b"RTP/AVP 8", b"RTP/AVP"), "m="),
        (BASE.replace(b"RTP/AVP 8", b"RTP/AVP 128"), "payload type"),
        (BASE.replace(b"RTP/AVP 8", b"RTP/AVP x"), "payload type"),
        (BASE.replace(b"RTP/AVP 8", b"RTP/SAVP 999999"), "payload type"),
        (audio("a=rtpmap:128 PCMA/8000"), "above 127"),
        (audio("a=fmtp:99999999999999999999 x"), "above 127"),
        (audio("a=ptime:0"), "ptime"),
        (audio("a=ptime:9"), "ptime"),
        (audio("a=ptime:121"), "ptime"),
        (audio("a=ptime"), "ptime"),
        (audio("a=ptime:-20"), "ptime"),
        (audio(formats=" ".join(["8"] * 33)), "formats"),
        (audio(*["a=x"] * 65), "attributes"),
        (audio(head="\r\n".join(["a=x"] * 65)), "attributes"),
        (audio(*["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x"] * 9), "crypto"),
        (audio(*["m=audio 6000 RTP/AVP 8"] * 16), "m= lines"),
        (BASE + b"a=" + b"x" * 9000, "too large"),
    ],
)
def test_a_description_that_could_hurt_is_refused(body: bytes, reason: str) -> None:
    """Each with its reason; the plain one in the middle is fine."""
    if not reason:
        assert SessionDescription.parse(body).media
        return
    with pytest.raises(MalformedSdp) as caught:
        SessionDescription.parse(body)
    assert reason in caught.value.reason


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=12)
addresses = st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
names = st.from_regex(r"[a-z][a-z\-]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("ptime", "rtpmap", "fmtp", "crypto")
)
attributes = st.lists(st.tuples(names, st.one_of(st.none(), texts)), max_size=4).map(tuple)


@st.composite
def descriptions(draw: st.DrawFn) -> SessionDescription:
    """Any description that we could write."""
    number = st.integers(0, 10**18)
    media = [
        MediaDescription(
            kind=draw(st.sampled_from(["audio", "video", "image"])),
            port=draw(st.integers(0, 65535)),
            protocol=draw(st.sampled_from(["RTP/AVP", "RTP/SAVPF", "udptl", "TCP/MSRP"])),
            formats=tuple(draw(st.lists(st.integers(0, 127).map(str), min_size=1, max_size=5))),
            connection=draw(st.one_of(st.none(), addresses)),
            attributes=draw(attributes),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return SessionDescription(
        origin=Origin(session_id=draw(number), version=draw(number), address=draw(addresses)),
        name=draw(texts) or "-",
        connection=draw(st.one_of(st.none(), addresses)),
        attributes=draw(attributes),
        media=tuple(media),
    )


@given(descriptions())
def test_what_we_write_is_what_we_read(description: SessionDescription) -> None:
    """Any description survives the wire."""
    assert SessionDescription.parse(description.serialise()) == description


@given(descriptions(), st.data())
def test_damage_gives_a_description_or_one_typed_error(
    description: SessionDescription, data: st.DataObject
) -> None:
    """Octets changed or cut anywhere: nothing but MalformedSdp comes out, and what is read can be used."""
    wire = bytearray(description.serialise())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(wire) - 1))
        if data.draw(st.booleans()):
            wire[at] = data.draw(st.integers(0, 255))
        else:
            wire[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=3))
        if not wire:
            break
    try:
        read = SessionDescription.parse(bytes(wire))
    except MalformedSdp:
        return
    for media in read.media:
        assert isinstance(media.encodings, tuple)
        assert read.direction_of(media) in Direction
