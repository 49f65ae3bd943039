"""Name-addr values."""

import pytest

from softswitch.sip.message import MalformedMessage, NameAddr


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("sip:a@b", "", "sip:a@b", {}),
        ("sip:a@b;tag=1", "", "sip:a@b", {"tag": "1"}),
        ("<sip:a@b;lr>;tag=1", "", "sip:a@b;lr", {"tag": "1"}),
        ("caller<sip:a@b>", "caller", "sip:a@b", {}),
        ("A. Bell <sip:a@b>", "A. Bell", "sip:a@b", {}),
        ("张三 <sip:a@b>", "张三", "sip:a@b", {}),
        ('"Bell, \\"A\\"" <sip:a@b> ; tag = x', 'Bell, "A"', "sip:a@b", {"tag": "x"}),
        ('"<sip:x@y>" <sip:a@b>', "<sip:x@y>", "sip:a@b", {}),
        (
            '"" <sip:a@b>;q=0.3;+sip.instance="<urn:uuid:1>"',
            "",
            "sip:a@b",
            {"q": "0.3", "+sip.instance": '"<urn:uuid:1>"'},
        ),
        ("<tel:+86510>;cause=[::1]", "", "tel:+86510", {"cause": "[::1]"}),
    ],
)
def test_parts_are_found(text: str, display: str, uri: str, params: dict[str, str]) -> None:
    """Display name, URI and the header's own parameters."""
    address = NameAddr.parse(text)
    assert (address.display, str(address.uri), dict(address.params)) == (display, uri, params)
    assert NameAddr.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "Bell, A <sip:a@b>",
        '"Bell <sip:a@b>',
        "<sip:a@b",
        "< sip:a@b >",
        "<sip:a@b> tag=1",
        "<sip:a@b>;",
        "<sip:a@b>;tag=1;;x",
        "<sip:a@b>;tag=1;TAG=2",
        '<sip:a@b>;tag="1',
        "<sip:a@b>;tag=1 2",
        "sip:a@b?Route=x",
        "sip:a,b@c",
        '"x" sip:a@b',
        "<<sip:a@b>>",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With the one typed error."""
    with pytest.raises(MalformedMessage):
        NameAddr.parse(text)


def test_a_tag_is_added_on_a_copy() -> None:
    """Tags are parameters of the header."""
    address = NameAddr.parse("Bob <sip:b@c>")
    assert address.tag is None
    assert str(address.with_param("tag", "7")) == "Bob <sip:b@c>;tag=7"
    assert address.with_param("tag", "7").without_param("tag") == address
