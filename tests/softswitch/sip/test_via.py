"""Via values."""

import pytest

from softswitch.sip.message import MalformedMessage, Via


def test_parts_are_found() -> None:
    """Transport, sent-by and parameters, whatever spaces stand between."""
    via = Via.parse("SIP / 2.0 / udp   first.example.com : 4000 ; ttl=16 ; branch = z9hG4bKa7")
    assert (via.transport, via.host, via.port) == ("UDP", "first.example.com", 4000)
    assert (via.branch, via.params["ttl"]) == ("z9hG4bKa7", "16")
    assert str(via) == "SIP/2.0/UDP first.example.com:4000;ttl=16;branch=z9hG4bKa7"


def test_what_a_receiver_saw_is_added_behind_what_the_sender_wrote() -> None:
    """RFC 3581 section 4: the sender asks with an empty rport."""
    via = Via.parse("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1;rport")
    assert via.wants_rport
    assert not Via.parse("SIP/2.0/UDP h").wants_rport
    seen = via.with_param("received", "127.61.0.2").with_param("rport", "6000")
    assert str(seen) == "SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1;rport=6000;received=127.61.0.2"


def test_ipv6_hosts_lose_and_regain_their_brackets() -> None:
    """Inside they are addresses."""
    via = Via.parse("SIP/2.0/TCP [2001:db8::9:1]:6050;received=[2001:db8::2]")
    assert (via.host, via.port) == ("2001:db8::9:1", 6050)
    assert str(via) == "SIP/2.0/TCP [2001:db8::9:1]:6050;received=[2001:db8::2]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 h",
        "UDP h",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:65536",
        "SIP/2.0/UDP h;;branch=1",
        "SIP/2.0/UDP h;branch=1;branch=2",
        "SIP/2.0/UDP h branch=1",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP ::1",
        "SIP/2.0/UDP h,h",
        "SIP/2.0/UDP 1.2.3.4;;,;,,",
    ],
)
def test_what_is_no_via_is_refused(text: str) -> None:
    """With the one typed error."""
    with pytest.raises(MalformedMessage):
        Via.parse(text)
