"""Requests and responses as objects: accessors, writing, responses to requests."""

import pytest

from softswitch.sip.message import CSeq, Headers, MalformedMessage, Request, Response, parse, response_to


def request(**changes: str) -> Request:
    """Return an INVITE with some headers replaced."""
    headers = Headers()
    headers.add("Via", "SIP/2.0/UDP 127.61.0.2;branch=z9hG4bK2, SIP/2.0/UDP 127.61.0.3;branch=z9hG4bK1")
    headers.add("From", "<sip:a@127.61.0.2>;tag=f")
    headers.add("To", "sip:12345@127.61.0.1")
    headers.add("Call-ID", "c1")
    headers.add("CSeq", "7 INVITE")
    headers.add("Timestamp", "54")
    for name, value in changes.items():
        headers.set(name.replace("_", "-"), value)
    return Request("INVITE", "sip:12345@127.61.0.1", headers=headers, body=b"v=0\r\n")


def test_content_length_is_always_that_of_the_body() -> None:
    """Whatever the headers claim."""
    wrong = request(Content_Length="999")
    assert b"Content-Length: 5\r\n\r\nv=0\r\n" in wrong.serialise()
    assert wrong.serialise().count(b"Content-Length") == 1
    assert parse(wrong.serialise()).body == b"v=0\r\n"


def test_a_start_line_cannot_become_a_header() -> None:
    """Line ends in the Request-URI or the reason are refused."""
    bad = request()
    bad.uri = "sip:a@b SIP/2.0\r\nX: y"
    with pytest.raises(MalformedMessage):
        bad.serialise()
    with pytest.raises(MalformedMessage):
        Response(200, "OK\nX: y", headers=Headers()).serialise()


def test_a_response_echoes_what_names_the_transaction() -> None:
    """Via stack, From, To with our tag, Call-ID and CSeq; nothing else."""
    response = response_to(request(), 486, to_tag="t", headers=[("Retry-After", "5")])
    assert (response.status, response.reason) == (486, "Busy Here")
    assert [name for name, _ in response.headers] == ["Via", "From", "To", "Call-ID", "CSeq", "Retry-After"]
    assert response.to.tag == "t"
    assert response.from_.tag == "f"
    assert response.cseq == CSeq(7, "INVITE")
    assert [via.host for via in response.vias] == ["127.61.0.2", "127.61.0.3"]
    assert response.body == b""


def test_a_tag_that_is_there_stays() -> None:
    """In-dialog requests keep theirs."""
    answered = response_to(request(To="<sip:12345@127.61.0.1>;tag=old"), 200, "Fine", to_tag="new")
    assert answered.to.tag == "old"
    assert answered.reason == "Fine"


def test_trying_carries_the_timestamp() -> None:
    """RFC 3261 section 8.2.6.1."""
    assert response_to(request(), 100).headers.get("Timestamp") == "54"
    assert response_to(request(), 180).headers.get("Timestamp") is None


def test_what_is_missing_is_said() -> None:
    """An accessor of a header that is not there raises the typed error."""
    bare = Request("INVITE", "sip:a@b", headers=Headers())
    for name in ("call_id", "cseq", "from_", "to", "top_via"):
        with pytest.raises(MalformedMessage):
            getattr(bare, name)
    assert bare.contacts == () and bare.routes == () and bare.vias == ()
    assert bare.expires is None and bare.content_type == ""


def test_numbers_and_types_are_read() -> None:
    """Expires that is no number counts as an hour (RFC 3261 section 20.19)."""
    message = request(Expires="60", Max_Forwards="0070", Content_Type="Application/SDP; charset=utf-8")
    assert (message.expires, message.content_type) == (60, "application/sdp")
    assert request(Expires="never").expires == 3600
    assert request(Expires="9" * 40).expires == 3600


def test_a_star_contact_is_its_own_answer() -> None:
    """`*` alone, or an error."""
    assert request(Contact="*").contacts == "*"
    with pytest.raises(MalformedMessage):
        request(Contact="*, <sip:a@b>").contacts  # noqa: B018


def test_routes_are_read_in_order() -> None:
    """Both sets."""
    message = request(Route="<sip:a;lr>, <sip:b;lr>", Record_Route="<sip:c;lr>")
    assert [str(route.uri) for route in message.routes] == ["sip:a;lr", "sip:b;lr"]
    assert [str(route.uri) for route in message.record_routes] == ["sip:c;lr"]


def test_a_copy_changes_alone() -> None:
    """Headers are not shared."""
    one = request()
    other = one.copy()
    other.headers.set("Subject", "x")
    assert "Subject" not in one.headers
    assert one.method == other.method and one.body == other.body
    assert response_to(one, 200).copy() == response_to(one, 200)
