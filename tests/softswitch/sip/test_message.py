"""The reader of messages: RFC 4475 and RFC 5118 as data, limits, and any message we can write."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.sip.message import (
    CSeq,
    Headers,
    MalformedMessage,
    MessageLimits,
    NameAddr,
    Request,
    Response,
    SipUri,
    Via,
    parse,
    response_to,
)

DATA = Path(__file__).parents[2] / "data"

# RFC 4475 by its own names: what becomes of each message before anybody looks at its meaning.
ACCEPTED = [
    "badbranch",
    "baddate",
    "bcast",
    "bext01",
    "cparam01",
    "cparam02",
    "dblreq",
    "esc01",
    "esc02",
    "escnull",
    "intmeth",
    "inv2543",
    "invut",
    "longreq",
    "lwsdisp",
    "mpart01",
    "noreason",
    "novelsc",
    "regaut01",
    "regescrt",
    "sdp01",
    "semiuri",
    "transports",
    "unkscm",
    "unksm2",
    "unreason",
    "wsinv",
    "zeromf",
]
ANSWERED_400 = [
    "badaspec",
    "baddn",
    "badinv01",
    "clerr",
    "escruri",
    "insuf",
    "ltgtruri",
    "lwsruri",
    "lwsstart",
    "mcl01",
    "mismatch01",
    "mismatch02",
    "multi01",
    "ncl",
    "quotbal",
    "regbadct",
    "scalar02",
    "trws",
]
SILENCE = ["bigcode", "scalarlg", "test"]

INVITE = (
    b"INVITE sip:12345@127.61.0.1 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.61.0.2:5062;branch=z9hG4bK-1;rport\r\n"
    b"From: <sip:051085551234@127.61.0.2>;tag=a\r\n"
    b"To: <sip:12345@127.61.0.1>\r\n"
    b"Call-ID: 1@127.61.0.2\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Contact: <sip:trunk@127.61.0.2:5062>\r\n"
    b"Max-Forwards: 70\r\n"
    b"Content-Length: 0\r\n"
    b"\r\n"
)


def torture(name: str) -> bytes:
    """Return one message of RFC 4475."""
    return (DATA / "rfc4475" / f"{name}.dat").read_bytes()


def refusal(data: bytes, **options: object) -> MalformedMessage:
    """Return why a message is refused."""
    with pytest.raises(MalformedMessage) as caught:
        parse(data, **options)  # type: ignore[arg-type]
    return caught.value


def test_every_torture_message_is_judged_here() -> None:
    """No file of RFC 4475 is left out."""
    files = {path.stem for path in (DATA / "rfc4475").glob("*.dat")}
    assert files == {*ACCEPTED, *ANSWERED_400, *SILENCE, "badvers"}


@pytest.mark.parametrize("name", ACCEPTED)
def test_valid_torture_messages_are_read_and_survive_being_written(name: str) -> None:
    """What is well formed is accepted, and accepted again after we wrote it."""
    message = parse(torture(name))
    again = parse(message.serialise())
    for either in (message, again):
        either.headers.remove("Content-Length")  # its place, its zeros, or that there was none
    assert again == message


@pytest.mark.parametrize("name", ANSWERED_400)
def test_broken_torture_requests_can_be_answered_400(name: str) -> None:
    """What is broken is refused, with enough of it read to say so."""
    fault = refusal(torture(name))
    assert fault.status == 400
    assert isinstance(fault.partial, Request)
    answer = parse_loosely(response_to(fault.partial, fault.status, to_tag="x").serialise())
    assert answer.startswith(b"SIP/2.0 400 Bad Request\r\n")
    assert b"\r\nVia: SIP/2.0/" in answer


@pytest.mark.parametrize("name", SILENCE)
def test_broken_responses_and_what_is_not_sip_get_silence(name: str) -> None:
    """A response is never answered, nor what has no Via."""
    assert refusal(torture(name)).partial is None


def test_another_version_is_answered_505() -> None:
    """SIP/7.0 is told that we speak 2.0."""
    fault = refusal(torture("badvers"))
    assert fault.status == 505
    assert fault.partial.call_id == "badvers.31417@c.example.com"


@pytest.mark.parametrize("path", sorted((DATA / "rfc5118").glob("*.dat")), ids=lambda path: path.stem)
def test_ipv6_messages_are_read_as_rfc_5118_says(path: Path) -> None:
    """Only the address without brackets is refused; the three colons are tolerated."""
    if path.stem == "ipv6-bad":
        assert refusal(path.read_bytes()).status == 400
        return
    message = parse(path.read_bytes())
    assert isinstance(message, Request)
    message.vias, message.contacts, message.to, SipUri.parse(message.uri)


def test_ipv6_text_becomes_an_address() -> None:
    """Brackets go, an ambiguous port is part of the address, `received` is read with and without them."""
    assert SipUri.parse(five118("port-ambiguous").uri).address_of(5060) == ("2001:db8::10:5070", 5060)
    assert SipUri.parse(five118("port-unambiguous").uri).address_of(5060) == ("2001:db8::10", 5070)
    assert SipUri.parse(five118("ipv6-bug-abnf-3-colons").uri).host == "2001:db8::192.0.2.1"
    for name in ("via-received-param-no-delim", "via-received-param-with-delim"):
        assert (five118(name).top_via.params["received"] or "").strip("[]") == "2001:db8::9:255"


def five118(name: str) -> Request:
    """Return one request of RFC 5118."""
    message = parse((DATA / "rfc5118" / f"{name}.dat").read_bytes())
    assert isinstance(message, Request)
    return message


def test_tortuous_invite_means_what_it_says() -> None:
    """Folds, spaces, compact names and lists of RFC 4475 section 3.1.1.1."""
    message = parse(torture("wsinv"))
    assert isinstance(message, Request)
    assert message.to.tag == "1918181833n"
    assert message.from_.display == 'J Rosenberg \\"'
    assert message.from_.tag == "98asjd8"
    assert message.headers.get("Max-Forwards") == "0068"
    assert message.cseq == CSeq(9, "INVITE")
    assert [(via.transport, via.host) for via in message.vias] == [
        ("UDP", "192.0.2.2"),
        ("TCP", "spindle.example.com"),
        ("UDP", "192.168.255.111"),
    ]
    assert message.vias[2].branch == "z9hG4bK30239"
    assert message.headers.get("Subject") == ""
    assert message.headers.get("NewFangledHeader") == "newfangled value continued newfangled value"
    assert message.contacts[0].params["q"] == "0.33"  # type: ignore[union-attr]
    assert len(message.body) == 150


def test_escaped_control_characters_leave_the_display_name() -> None:
    """A quoted BEL, NUL or DEL is legal and reaches nobody."""
    message = parse(torture("intmeth"))
    assert message.to.display == "BEL: NUL: DEL:"
    assert message.from_.display == "token1~` token2'+_ token3*%!.-"
    assert message.from_.params["fromparam''~+*_!.-%"] == '"работающий"'


def test_only_the_first_message_of_a_datagram_counts() -> None:
    """Octets behind Content-Length are ignored."""
    message = parse(torture("dblreq"))
    assert isinstance(message, Request)
    assert (message.method, message.body) == ("REGISTER", b"")


def test_escaped_nulls_make_two_different_contacts() -> None:
    """%00 and %00%00 are two users."""
    contacts = parse(torture("escnull")).contacts
    assert contacts != "*"
    first, second = (contact.uri for contact in contacts)
    assert isinstance(first, SipUri) and isinstance(second, SipUri)
    assert not first.is_equivalent(second)


def test_unknown_contact_parameter_belongs_where_the_brackets_say() -> None:
    """Without brackets it is the header's, with brackets the URI's."""
    outside, inside = (parse(torture(name)).contacts[0] for name in ("cparam01", "cparam02"))
    assert isinstance(outside, NameAddr) and isinstance(inside, NameAddr)
    assert isinstance(outside.uri, SipUri) and isinstance(inside.uri, SipUri)
    assert "unknownparam" in outside.params and "unknownparam" not in outside.uri.params
    assert "unknownparam" in inside.uri.params and "unknownparam" not in inside.params


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"Max-Forwards: 70", b"Max-Forwards: 256", "Max-Forwards"),
        (b"Max-Forwards: 70", b"Max-Forwards: -1", "Max-Forwards"),
        (b"CSeq: 1 INVITE", b"CSeq: 2147483648 INVITE", "CSeq"),
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE", "another method"),
        (b"CSeq: 1 INVITE", b"CSeq: 1", "CSeq"),
        (b"tag=a", b"tag=a;tag=b", "stands twice"),
        (b"Content-Length: 0", b"Content-Length: 1", "shorter"),
        (b"Content-Length: 0", b"Content-Length: 0\r\nl: 0", "stands twice"),
        (b"Content-Length: 0", b"Subject: a\x00b", "control"),
        (b"Content-Length: 0", b"Subject: a\nRoute: <sip:x>", "control"),
        (b"Content-Length: 0", b"Subject: a\rb", "control"),
        (b"Content-Length: 0", b'Subject: "\\\x07" \x07', "control"),
        (b"Content-Length: 0", b"Route: sip:proxy", "angle brackets"),
        (b"Content-Length: 0", b"Contact: *", "alone"),
        (b"Contact: <sip:trunk@127.61.0.2:5062>", b"Contact: *", "REGISTER"),
        (b"Content-Length: 0", b"Bad Name: x", "header name"),
        (b"Content-Length: 0", b"no colon", "colon"),
        (b"Call-ID: 1@127.61.0.2", b"Call-ID: 1 2", "Call-ID"),
        (b"sip:12345@127.61.0.1 SIP", b"sip:12345@127.61.0.1:99999 SIP", "port"),
        (b"sip:12345@127.61.0.1 SIP", b"sip:12345%4@127.61.0.1 SIP", "escape"),
        (b"sip:12345@127.61.0.1 SIP", b"sip:1\x012@127.61.0.1 SIP", "control"),
    ],
)
def test_one_mistake_in_a_good_invite_is_named(before: bytes, after: bytes, reason: str) -> None:
    """Each is answerable, and its reason says what was wrong."""
    fault = refusal(INVITE.replace(before, after, 1))
    assert reason in fault.reason
    assert fault.partial is not None


def test_headers_without_an_end_are_refused() -> None:
    """A cut datagram is not taken for a whole message."""
    assert "empty line" in refusal(INVITE[:-2]).reason


def test_a_stream_message_needs_its_content_length() -> None:
    """On TCP a body without Content-Length has no end."""
    data = INVITE.replace(b"Content-Length: 0\r\n", b"") + b"v=0"
    assert parse(data).body == b"v=0"
    assert "Content-Length" in refusal(data, stream=True).reason


def test_limits_are_checked_before_the_message_is_read() -> None:
    """Size, start line, header lines, Vias and contacts are all bounded."""
    assert refusal(INVITE + b"x" * 65_536).status == 513
    assert refusal(INVITE.replace(b"12345@", b"1" * 4_100 + b"@", 1)).status == 414
    many = INVITE.replace(b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\r\n" + b"X-A: 1\r\n" * 60)
    assert "header lines" in refusal(many).reason
    assert isinstance(parse(many, MessageLimits(header_lines=100)), Request)
    vias = INVITE.replace(
        b"Max-Forwards", b"Via: " + b", ".join([b"SIP/2.0/UDP h"] * 40) + b"\r\nMax-Forwards"
    )
    assert "Via" in refusal(vias).reason
    long = INVITE.replace(b"Max-Forwards", b"X-A: " + b"1" * 8_192 + b"\r\nMax-Forwards")
    assert "X-A" in refusal(long).reason
    contacts = INVITE.replace(b"Contact: ", b"Contact: " + b"<sip:a@b>," * 64)
    assert "list" in refusal(contacts).reason


@pytest.mark.parametrize(
    "line",
    [
        b"X: " + b'"\\' * 30_000 + b"\x01",
        b'X: "' + b"\\\x01" * 30_000,
        b'X: "' + b'\\"' * 30_000 + b"\\",
        b'Contact: "' + b"\\a" * 30_000,
        b"Contact: " + b'"",' * 20_000,
        b"Contact: " + b"<," * 30_000,
        b"Contact: <sip:" + b"a:" * 30_000 + b">",
        b"Contact: <sip:a@b" + b";a" * 30_000 + b">",
        b"Via: SIP/2.0/UDP h" + b"; " * 30_000,
        b"Via: SIP" + b" /" * 30_000,
        b"Route: " + b"<sip:a>," * 8_000,
        b"Subject: a" + b"\r\n " * 20_000,
    ],
)
def test_the_longest_nastiest_line_costs_little(line: bytes) -> None:
    """Reading is linear: even without the limit of a line, no 60 kB of any shape hold up the others."""
    limits = MessageLimits(header_line_bytes=65_536, list_values=10_000)
    began = time.process_time()
    with contextlib.suppress(MalformedMessage):
        parse(INVITE.replace(b"Max-Forwards", line + b"\r\nMax-Forwards"), limits)
    assert time.process_time() - began < 0.2


def test_octets_that_are_not_utf_8_survive() -> None:
    """A name in GBK goes out as it came in."""
    data = INVITE.replace(b"From: ", 'From: "无锡" '.encode("gbk"))
    assert '"无锡"'.encode("gbk") in parse(data).serialise()


def test_status_line_is_strict() -> None:
    """Three digits from 100 to 699, any reason or none."""
    head, rest = b"SIP/2.0 ", INVITE.split(b"\r\n", 1)[1]
    assert parse(head + b"180\r\n" + rest) == parse(head + b"180 \r\n" + rest)
    for status in (b"099", b"700", b"20", b"2000", b"2 0", b"+20"):
        assert refusal(head + status + b" OK\r\n" + rest).partial is None


tokens = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-.!%*_+`'~", min_size=1, max_size=12)
hosts = st.one_of(
    st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z]{1,5}){0,2}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
)
ports = st.one_of(st.none(), st.integers(1, 65535))
displays = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=12).map(
    str.strip
)
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(
    lambda text: text.strip(" \t")
)


@st.composite
def sip_uris(draw: st.DrawFn) -> SipUri:
    """A SIP URI of any shape."""
    user = draw(st.one_of(st.none(), st.from_regex(r"[A-Za-z0-9+*#._~!]{1,12}", fullmatch=True)))
    uri = SipUri(scheme=draw(st.sampled_from(["sip", "sips"])), user=user, host=draw(hosts), port=draw(ports))
    for name in draw(st.lists(st.sampled_from(["transport", "lr", "user", "ob", "x-y"]), unique=True)):
        uri = uri.with_param(
            name, draw(st.one_of(st.none(), st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)))
        )
    return uri


@st.composite
def name_addrs(draw: st.DrawFn) -> NameAddr:
    """A name-addr of any shape."""
    address = NameAddr(draw(sip_uris()), draw(displays))
    for name in draw(st.lists(st.sampled_from(["tag", "expires", "q", "+sip.instance"]), unique=True)):
        address = address.with_param(name, draw(st.one_of(st.none(), tokens, st.just('"<urn:uuid:1;,>"'))))
    return address


@st.composite
def messages(draw: st.DrawFn) -> Request | Response:
    """A message of any shape that we could write."""
    method = draw(tokens)
    headers = Headers()
    for _ in range(draw(st.integers(1, 3))):
        via = Via("UDP", draw(hosts), draw(ports)).with_param("branch", "z9hG4bK" + draw(tokens))
        headers.add("Via", str(via.with_param("rport") if draw(st.booleans()) else via))
    headers.add("From", str(draw(name_addrs())))
    headers.add("To", str(draw(name_addrs())))
    headers.add("Call-ID", draw(tokens))
    headers.add("CSeq", f"{draw(st.integers(0, 2**31 - 1))} {method}")
    contacts = draw(st.lists(name_addrs(), max_size=3))
    if contacts:
        headers.add("Contact", ", ".join([str(contact) for contact in contacts]))
    for at, value in enumerate(draw(st.lists(values, max_size=4))):
        headers.add(f"X-Header-{at}", value)
    body = draw(st.binary(max_size=60))
    if draw(st.booleans()):
        return Request(method, str(draw(sip_uris())), headers=headers, body=body)
    return Response(draw(st.integers(100, 699)), draw(values), headers=headers, body=body)


@settings(max_examples=150, deadline=None)
@given(messages())
def test_what_we_write_is_what_we_read(message: Request | Response) -> None:
    """Any message survives the wire: the same lines, the same body, the same meaning."""
    again = parse(message.serialise())
    assert again.headers.get("Content-Length") == str(len(message.body))
    again.headers.remove("Content-Length")
    assert again == message
    assert (again.from_, again.to, again.vias, again.contacts) == (
        message.from_,
        message.to,
        message.vias,
        message.contacts,
    )
    for address in (message.from_, message.to):
        assert NameAddr.parse(str(address)) == address


@settings(max_examples=150, deadline=None)
@given(messages(), st.data())
def test_damage_gives_a_message_or_one_typed_error(message: Request | Response, data: st.DataObject) -> None:
    """Octets changed, cut or repeated anywhere: nothing but MalformedMessage ever comes out."""
    wire = bytearray(message.serialise())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(wire) - 1))
        how = data.draw(st.sampled_from(["change", "cut", "repeat", "insert"]))
        if how == "change":
            wire[at] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del wire[at : at + data.draw(st.integers(1, 10))]
        elif how == "repeat":
            wire[at:at] = wire[at : at + 40]
        else:
            wire[at:at] = data.draw(
                st.sampled_from([b"\r\n", b'"', b"<", b",", b";", b"\\", b"\xff", b"%", b" "])
            )
        if not wire:
            break
    try:
        read = parse(bytes(wire))
    except MalformedMessage as fault:
        if fault.partial is not None:
            assert_answer_finds_its_way(response_to(fault.partial, fault.status))
        return
    assert read.vias and read.call_id and str(read.cseq)
    assert all(str(address) for address in (read.from_, read.to, *read.contacts))
    assert parse(read.serialise()) is not None


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    """Random octets never pass and never raise anything else."""
    with pytest.raises(MalformedMessage):
        parse(noise)


def assert_answer_finds_its_way(answer: Response) -> None:
    """Check that a response to a broken request can be written and sent."""
    assert answer.top_via.host
    assert answer.serialise().startswith(b"SIP/2.0 ")


def parse_loosely(data: bytes) -> bytes:
    """Check that what we wrote has an end of headers, and return it."""
    assert data.endswith(b"\r\n\r\n")
    return data
