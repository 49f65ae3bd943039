"""Which stream, codec, address and packet time we take from a description."""

import pytest

from softswitch.sip.errors import NotAcceptable
from softswitch.sip.events import RemoteMedia
from softswitch.sip.media_choice import LocalMedia, choose
from softswitch.sip.sdp import SessionDescription
from tests.softswitch.sip.test_sdp import audio

LOCAL = LocalMedia(address="127.61.0.1", port=20000, session_id=7)
NETWORKS = ("127.61.0.2/32", "127.61.8.0/24", "2001:db8::/64")


def taken(body: bytes, *, local: LocalMedia = LOCAL, previous: RemoteMedia | None = None) -> RemoteMedia:
    """Return what is taken from an offer."""
    return choose(SessionDescription.parse(body), local, NETWORKS, previous).media


def refused(body: bytes, *, local: LocalMedia = LOCAL) -> NotAcceptable:
    """Return why an offer is refused."""
    with pytest.raises(NotAcceptable) as caught:
        taken(body, local=local)
    assert caught.value.status == 488
    assert caught.value.warning.startswith(caught.value.warning[:3] + ' hotline "')
    return caught.value


def test_the_first_offered_codec_that_is_allowed_is_taken() -> None:
    """The order is theirs, the choice within ours."""
    assert taken(audio(formats="18 0 8")).codec == "PCMU"
    assert taken(audio(formats="8 0")).codec == "PCMA"
    a_law_only = LocalMedia(address="127.61.0.1", port=20000, session_id=7, codecs=("PCMA",))
    assert taken(audio(formats="0 8"), local=a_law_only).codec == "PCMA"
    assert refused(audio(formats="0"), local=a_law_only).warning == '305 hotline "codecs here: PCMA"'


def test_dynamic_numbers_are_taken_as_they_are_named() -> None:
    """Payload types of codec, digits and comfort noise are the offer's."""
    media = taken(
        audio(
            "a=rtpmap:97 PCMA/8000",
            "a=rtpmap:98 telephone-event/16000",
            "a=rtpmap:99 telephone-event/8000",
            "a=rtpmap:100 CN/8000",
            formats="97 98 99 100",
        )
    )
    assert (media.codec, media.payload_type) == ("PCMA", 97)
    assert (media.dtmf_payload_type, media.comfort_noise_payload_type) == (99, 100)
    assert taken(audio(formats="8 13")).comfort_noise_payload_type == 13
    assert taken(audio()).dtmf_payload_type is None
    assert refused(audio("a=rtpmap:97 PCMA/16000", formats="97")).warning.startswith("305")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), 20),
        (("a=ptime:10",), 10),
        (("a=ptime:30",), 30),
        (("a=ptime:25",), 20),
        (("a=ptime:120",), 60),
        (("a=ptime:60", "a=maxptime:40"), 40),
        (("a=maxptime:10",), 10),
        (("a=maxptime:0",), 20),
        (("a=maxptime:5",), 10),
        (("a=ptime:20", "a=maxptime:150"), 20),
    ],
)
def test_packet_time_is_theirs_within_ours(lines: tuple[str, ...], expected: int) -> None:
    """Whole 10 ms from 10 to 60."""
    assert taken(audio(*lines)).ptime_ms == expected


@pytest.mark.parametrize(
    ("line", "may_send", "may_receive", "held"),
    [
        ("a=sendrecv", True, True, False),
        ("a=sendonly", False, True, True),
        ("a=recvonly", True, False, False),
        ("a=inactive", False, False, True),
    ],
)
def test_directions_are_seen_from_our_side(line: str, may_send: bool, may_receive: bool, held: bool) -> None:
    """What they only send is hold."""
    media = taken(audio(line))
    assert (media.may_send, media.may_receive, media.held) == (may_send, may_receive, held)


def test_a_null_address_is_hold_and_keeps_the_old_one() -> None:
    """RFC 2543's way to hold: nothing is sent, and the address that held is not forgotten."""
    before = taken(audio(port=7000))
    body = audio().replace(b"c=IN IP4 127.61.0.2", b"c=IN IP4 0.0.0.0")
    media = taken(body, previous=before)
    assert (media.address, media.port, media.may_send, media.may_receive, media.held) == (
        "127.61.0.2",
        7000,
        False,
        True,
        True,
    )
    assert not taken(body).may_send


@pytest.mark.parametrize(
    "address",
    [
        "127.61.0.9",
        "224.0.0.1",
        "255.255.255.255",
        "media.example.com",
        "127.61.0.1",
        "127.61.0.256",
        "10.0.0.1",
    ],
)
def test_media_go_to_the_peers_networks_only(address: str) -> None:
    """Never at a stranger, a group, a name, or ourselves."""
    reason = refused(audio().replace(b"c=IN IP4 127.61.0.2", f"c=IN IP4 {address}".encode())).reason
    assert "address" in reason


def test_our_own_socket_is_no_destination() -> None:
    """Even when our address lies in the peer's networks: that would be a loop."""
    local = LocalMedia(address="127.61.8.1", port=6000, session_id=7)
    body = audio().replace(b"c=IN IP4 127.61.0.2", b"c=IN IP4 127.61.8.1")
    assert "our own" in refused(body, local=local).reason
    assert taken(body).address == "127.61.8.1"


def test_low_ports_are_no_destination() -> None:
    """A call is never a way to reach a name server."""
    assert "port 53" in refused(audio(port=53)).reason


def test_ipv6_and_the_streams_own_address_count() -> None:
    """c= under m= before the session's."""
    local = LocalMedia(address="2001:db8::1", port=20000, session_id=7)
    assert taken(audio("c=IN IP6 2001:DB8:0::7"), local=local).address == "2001:db8::7"
    assert "networks" in refused(audio("c=IN IP6 2001:db8:1::7"), local=local).reason
    assert "own" in refused(audio("c=IN IP6 2001:db8::0001", port=20000), local=local).reason
    without = audio().replace(b"c=IN IP4 127.61.0.2\r\n", b"")
    assert "c=" in refused(without).reason


def test_a_stream_of_the_other_ip_version_is_refused_with_its_warning() -> None:
    """301 (RFC 3261 section 20.43): a leg of ours listens on one version."""
    local = LocalMedia(address="2001:db8::1", port=20000, session_id=7)
    assert refused(audio("c=IN IP6 2001:db8::7")).warning == '301 hotline "media here is IPv4"'
    assert refused(audio(), local=local).warning == '301 hotline "media here is IPv6"'


def test_secure_profiles_and_other_kinds_are_refused_with_their_reason() -> None:
    """302 for the profile, 304 without audio."""
    assert refused(audio().replace(b"RTP/AVP", b"RTP/SAVP")).warning.startswith("302")
    assert refused(audio().replace(b"m=audio", b"m=video")).warning.startswith("304")
    assert refused(audio(port=0)).warning.startswith("304")


def test_a_later_stream_is_taken_when_the_first_does_not_fit() -> None:
    """By index, so that the others can be refused in place."""
    body = audio("m=audio 6002 RTP/AVP 0").replace(b"RTP/AVP 8", b"RTP/SAVP 8")
    choice = choose(SessionDescription.parse(body), LOCAL, NETWORKS, None)
    assert (choice.index, choice.media.port, choice.media.codec) == (1, 6002, "PCMU")


def test_local_media_survive_being_written_down() -> None:
    """As JSON types."""
    assert LocalMedia.from_record(LOCAL.to_record()) == LOCAL
