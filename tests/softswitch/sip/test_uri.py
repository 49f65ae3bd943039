"""URIs: what is taken apart, what is refused, what is equal."""

import pytest

from softswitch.sip.message import MalformedMessage, OtherUri, SipUri, parse_uri


def test_every_part_of_a_uri_is_found() -> None:
    """User, password, host, port, parameters and headers."""
    uri = SipUri.parse("SIP:alice:secret@Example.com:5070;Transport=TCP;lr?subject=x&priority=urgent")
    assert (uri.scheme, uri.user, uri.password) == ("sip", "alice", "secret")
    assert (uri.host, uri.port) == ("Example.com", 5070)
    assert dict(uri.params) == {"transport": "TCP", "lr": None}
    assert uri.headers == "subject=x&priority=urgent"
    assert uri.transport == "tcp"
    assert uri.is_loose and uri.is_sip
    assert str(uri) == "sip:alice:secret@Example.com:5070;transport=TCP;lr?subject=x&priority=urgent"


@pytest.mark.parametrize(
    "text",
    [
        "sip:127.61.0.1",
        "sip:12345@127.61.0.1:5060",
        "sips:a@[2001:db8::1]:5061;transport=tls",
        "sip:+8651085551234;phone-context=x@gw.example.com;user=phone",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com",
        "sip:sips%3Auser%40example.com@example.net",
        "sip:a@under_score.example.com",
        "tel:+86-510-8555-1234;ext=1",
        "urn:service:sos",
    ],
)
def test_text_of_a_good_uri_is_kept(text: str) -> None:
    """What was parsed prints as it came."""
    assert str(parse_uri(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        "sip:",
        "sip:@host",
        "sip:a@",
        "sip:a@b@c",
        "sip:a@host:0",
        "sip:a@host:65536",
        "sip:a@host:x",
        "sip:a b@host",
        "sip:a@ho st",
        " sip:a@b",
        "<sip:a@b>",
        "sip:a@[::g]",
        "sip:a@[1:2:3]",
        "sip:2001:db8::10",
        "sip:a@host;x=1;x=2",
        "sip:a@host;=1",
        "sip:a%4@host",
        "sip:a@host;x=%zz",
        "sip:a@-host",
        "sip:a\r\nb@host",
        "sip:a@host\n",
        "sip:" + "a" * 3000 + "@host",
        "tel:<1>",
    ],
)
def test_a_bad_uri_is_refused(text: str) -> None:
    """Each with the one typed error."""
    with pytest.raises(MalformedMessage):
        parse_uri(text)


def test_other_schemes_are_not_sip() -> None:
    """They are known, but nothing can be sent to them: 416."""
    uri = parse_uri("TEL:+1234")
    assert isinstance(uri, OtherUri) and not uri.is_sip
    assert (uri.scheme, uri.rest) == ("tel", "+1234")
    with pytest.raises(MalformedMessage) as caught:
        SipUri.parse("tel:+1234")
    assert caught.value.status == 416


def test_where_to_send_is_host_and_port() -> None:
    """The maddr counts before the host; the default port fills in."""
    assert SipUri.parse("sip:a@h").address_of(5061) == ("h", 5061)
    assert SipUri.parse("sip:a@h:7000").address_of(5061) == ("h", 7000)
    assert SipUri.parse("sip:a@h;maddr=127.61.0.9").address_of() == ("127.61.0.9", 5060)
    assert SipUri.parse("sip:[::1]").address_of() == ("::1", 5060)


def test_parameters_are_changed_on_a_copy() -> None:
    """A parsed URI is shared and never changes."""
    uri = SipUri.parse("sip:a@h;lr")
    assert str(uri.with_param("transport", "tcp")) == "sip:a@h;lr;transport=tcp"
    assert str(uri.without_param("LR")) == "sip:a@h"
    assert str(uri) == "sip:a@h;lr"
    with pytest.raises(TypeError):
        uri.params["x"] = "1"
    assert {uri: 1}[SipUri.parse("sip:a@h;lr")] == 1


# RFC 3261 section 19.1.4.
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        ("sip:alice@atlanta.com?subject=a&priority=b", "sip:alice@atlanta.com?priority=b&subject=a"),
    ],
)
def test_uris_that_mean_the_same_are_equivalent(one: str, other: str) -> None:
    """Both ways round."""
    assert SipUri.parse(one).is_equivalent(SipUri.parse(other))
    assert SipUri.parse(other).is_equivalent(SipUri.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtlanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:bob@biloxi.com;transport=udp", "sip:bob@biloxi.com;transport=tcp"),
        ("sip:carol@chicago.com;user=phone", "sip:carol@chicago.com"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next"),
        ("sip:%00@h", "sip:%00%00@h"),
        ("sip:a%40b@h", "sip:ab@h"),
    ],
)
def test_uris_that_differ_are_not_equivalent(one: str, other: str) -> None:
    """Both ways round."""
    assert not SipUri.parse(one).is_equivalent(SipUri.parse(other))
    assert not SipUri.parse(other).is_equivalent(SipUri.parse(one))


def test_an_escaped_parameter_name_is_read() -> None:
    """`%6C%72` is lr, and the value keeps its escapes."""
    uri = SipUri.parse("sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31")
    assert dict(uri.params) == {"lr": None, "name": "v%61lue%25%34%31"}
    assert uri.decoded_user == "caller"
